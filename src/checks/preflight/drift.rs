//! What runs is what the last release says, unless somebody changed it by hand.

use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::facts::Container;
use crate::inventory::Severity;
use crate::record::{Image, Release};

pub(in crate::checks) const CHECK: Check =
    Check { id: "release.drift", title: "what runs is the last release", severity: Severity::Medium, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    if let Err(verdict) = known(&subject.facts.state) {
        return verdict;
    }
    if let Err(verdict) = known(&subject.facts.containers) {
        return verdict;
    }
    let Some(release) = subject.facts.current_release() else {
        let why = if subject.is_first() {
            "nothing runs yet: this is the first deploy"
        } else {
            "no release on record: the first deploy takes over what runs as release 0"
        };
        return Verdict::skip(why);
    };
    let changed = changed(subject, release);
    if changed.is_empty() {
        return Verdict::pass(format!("release {}", release.id));
    }
    let env = quote(&subject.env.name);
    Verdict::warn(
        format!("not release {}: {}", release.id, some_of(changed, 4)),
        format!(
            "a deploy replaces it; to keep it, put the image into the compose file of the ref; ops releases list {env} shows what can be restored"
        ),
    )
}

fn changed(subject: &Subject<'_>, release: &Release) -> Vec<String> {
    let mut changed = Vec::new();
    let web = subject.env.stack.web.as_str();
    for (service, image) in &release.images {
        let container =
            if service == web { subject.facts.web(web) } else { subject.facts.container(service) };
        match container {
            None => changed.push(format!("{service} has no container")),
            Some(container) if container.image_id != image.id => changed.push(other_image(container, image)),
            Some(_) => {}
        }
    }
    // What was taken over as release 0 may still be the containers that were made by hand.
    if release.id != "0"
        && let Some(container) = subject.facts.web(web)
        && !container.config_files.iter().any(|file| file.contains(&format!("/releases/{}/", release.id)))
    {
        changed.push(format!("{web} was made from {}", some_of(container.config_files.clone(), 3)));
    }
    changed
}

fn other_image(container: &Container, image: &Image) -> String {
    let (service, id, wanted) = (&container.service, short(&container.image_id), short(&image.id));
    format!("{service} runs {} ({id}) instead of {} ({wanted})", container.image, image.name)
}

fn short(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..12).unwrap_or(id)
}
