//! Every image of the release can be had.

use crate::checks::{Check, Subject, Verdict, some_of};
use crate::inventory::Severity;
use crate::runbooks::deploy::Resolved;
use crate::text::size;

pub(super) const CHECK: Check =
    Check { id: "images", title: "registry and images", severity: Severity::Critical, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let Some(staged) = subject.staged else { return Verdict::skip("nothing was fetched") };
    if staged.images.is_empty() {
        return Verdict::skip("no image is pulled");
    }
    let faults = staged.images.iter().filter_map(|(service, image)| {
        image.as_ref().err().map(|failure| format!("{service}: {}", failure.why))
    });
    let faults: Vec<String> = faults.collect();
    if !faults.is_empty() {
        return Verdict::fail(
            some_of(faults, 3),
            "on the droplet: docker pull IMAGE says the same; docker login REGISTRY where it wants one",
        );
    }
    let known = || staged.images.iter().filter_map(|(service, image)| Some((service, image.as_ref().ok()?)));
    let unanswered = known().filter_map(|(service, image)| {
        image
            .registry_fault
            .as_ref()
            .map(|fault| format!("{service}: {} from the droplet's own copy ({fault})", image.reference))
    });
    let unanswered: Vec<String> = unanswered.collect();
    if !unanswered.is_empty() {
        return Verdict::warn(
            some_of(unanswered, 3),
            "the droplet's copy may not be what the tag means by now; wait for the registry to be sure",
        );
    }
    Verdict::pass(some_of(known().map(|(service, image)| line(service, image)), 8))
}

fn line(service: &str, image: &Resolved) -> String {
    let digest = image.digest.as_deref().and_then(|digest| digest.strip_prefix("sha256:")?.get(..12));
    let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
    let bytes = image.layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.bytes));
    let todo = match (image.present, bytes) {
        (true, _) => "on the droplet already".to_owned(),
        (false, 0) => "to pull".to_owned(),
        (false, bytes) => format!("{} to pull", size(bytes)),
    };
    format!("{service}: {}{digest}, {todo}", image.reference)
}
