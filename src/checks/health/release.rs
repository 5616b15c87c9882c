//! What runs is the release on record, unchanged, and the same on every droplet.

use std::collections::{BTreeMap, BTreeSet};

use super::{MIXED, preflight, vitals};
use crate::checks::{Check, Finding, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::facts::Facts;
use crate::inventory::{Environment, Severity};

pub(super) const ALL: &[Check] = &[
    preflight::DRIFT,
    Check { id: "release.compose", title: "compose file", severity: Severity::Medium, judge: compose },
    preflight::CLEAN,
    preflight::RECORDS,
];

fn compose(subject: &Subject<'_>) -> Verdict {
    let Some(release) = subject.facts.current_release() else { return Verdict::skip("no release on record") };
    let kept = match vitals(subject).and_then(|vitals| known(&vitals.kept)) {
        Ok(kept) => kept,
        Err(verdict) => return verdict,
    };
    let fix = format!("a deploy writes it anew: ops deploy {}", quote(&subject.env.name));
    match &kept.compose {
        _ if release.compose_hash.is_empty() => Verdict::skip("the release has no sum of it"),
        None => Verdict::warn(format!("release {} has lost its compose file", release.id), fix),
        Some(sum) if *sum == release.compose_hash => Verdict::pass("as ops wrote it"),
        Some(_) => Verdict::warn(
            format!("that of release {} was changed by hand", release.id),
            format!("put the change into the compose file of the ref; {fix}"),
        ),
    }
}

/// The commit, and the image of the web service.
type Running = (Option<String>, Option<String>);

/// A finding where web droplets run different code or images. Only those that were reached are compared.
pub fn mixed(env: &Environment, facts: &BTreeMap<String, Facts>) -> Option<Finding> {
    let of = |facts: &Facts| -> Option<Running> {
        let release = facts.current_release()?;
        let image = release.images.get(&env.stack.web).map(|image| image.id.clone());
        Some((release.sha.clone(), image))
    };
    let web: Vec<_> = env.web().filter_map(|one| Some((&one.name, of(facts.get(&one.name)?)))).collect();
    if web.len() < 2 {
        return None;
    }
    let different: BTreeSet<_> = web.iter().map(|(_, what)| what).collect();
    let said = |(name, what): &(&String, Option<Running>)| {
        let sha = what.as_ref().and_then(|(sha, _)| sha.as_deref());
        format!("{name} {}", sha.map_or("something else", |sha| sha.get(..8).unwrap_or(sha)))
    };
    let verdict = match different.len() {
        1 => Verdict::pass(format!("{} run the same", some_of(web.iter().map(|(name, _)| name.as_str()), 4))),
        _ => Verdict::fail(
            format!("droplets run different releases: {}", some_of(web.iter().map(said), 6)),
            format!("ops deploy {} brings all to one", quote(&env.name)),
        ),
    };
    let (id, title) = (MIXED.to_owned(), "the same everywhere".to_owned());
    Some(Finding { id, title, severity: Severity::High, droplet: env.home().name.clone(), verdict })
}
