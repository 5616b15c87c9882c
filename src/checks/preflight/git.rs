//! The code: can the ref be fetched, would it take commits away, was something changed by hand?

use super::disk;
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::inventory::Severity;
use crate::runbooks::deploy::{Code, Commit};
use crate::text::count;

pub(super) const REACHABLE: Check =
    Check { id: "git.ref", title: "git remote and ref", severity: Severity::Critical, judge: reachable };

pub(super) const DOWNGRADE: Check = Check {
    id: "git.downgrade",
    title: "commits that would be dropped",
    severity: Severity::High,
    judge: downgrade,
};

pub(in crate::checks) const CLEAN: Check =
    Check { id: "git.clean", title: "changes made by hand", severity: Severity::Low, judge: clean };

fn reachable(subject: &Subject<'_>) -> Verdict {
    let code = match fetched(subject) {
        Ok(code) => code,
        Err(verdict) => return verdict,
    };
    let incoming = match &code.running {
        Some(_) => format!(", {}", count(code.incoming.len(), "new commit")),
        None => String::new(),
    };
    Verdict::pass(format!("{} is {} “{}”{incoming}", code.r#ref, short(&code.sha), code.subject))
}

/// What was fetched, or the verdict of `git.ref`.
fn fetched<'a>(subject: &Subject<'a>) -> Result<&'a Code, Verdict> {
    let Some(staged) = subject.staged else { return Err(Verdict::skip("nothing was fetched")) };
    match &staged.code {
        Some(Ok(code)) => Ok(code),
        Some(Err(failure)) => {
            if let Some(mount) = disk::full(subject, "state") {
                return Err(Verdict::fail(&failure.why, format!("make room first: {}", disk::advice(mount))));
            }
            let remote = subject.env.stack.git.as_ref().map_or("REMOTE", |git| git.remote.as_str());
            let fix = format!(
                "on the droplet, as the owner of the stack: git ls-remote {}; a deploy key must open it and the ref must exist",
                quote(remote)
            );
            Err(Verdict::fail(&failure.why, fix))
        }
        None => {
            Err(Verdict::skip("no git remote in the inventory: the files in the stack's path are deployed"))
        }
    }
}

fn downgrade(subject: &Subject<'_>) -> Verdict {
    let Ok(code) = fetched(subject) else { return Verdict::skip("no ref was fetched") };
    if code.dropped.is_empty() {
        return match &code.running {
            Some(running) => Verdict::pass(format!("none: {} holds {}", short(&code.sha), short(running))),
            None if subject.is_first() => Verdict::pass("none: nothing runs yet"),
            None if subject.facts.containers.is_err() => Verdict::unknown("what runs here could not be read"),
            None => Verdict::warn(
                "what runs is no commit of this remote",
                "compare by hand what runs with the ref before you deploy it",
            ),
        };
    }
    let line = |commit: &Commit| format!("{} {}", short(&commit.sha), commit.subject);
    let evidence = format!(
        "{} lacks {} that run now: {}",
        code.r#ref,
        count(code.dropped.len(), "commit"),
        some_of(code.dropped.iter().map(line), 5)
    );
    if subject.allow_downgrade {
        return Verdict::warn(evidence, "they are dropped, as --allow-downgrade says");
    }
    Verdict::fail(evidence, "merge them into the ref, or drop them with --allow-downgrade")
}

fn clean(subject: &Subject<'_>) -> Verdict {
    let stack = match known(&subject.facts.stack) {
        Ok(stack) => stack,
        Err(verdict) => return verdict,
    };
    let Some(git) = &stack.git else { return Verdict::skip("the stack's path is no checkout") };
    if git.dirty.is_empty() {
        return Verdict::pass(format!("none at {}", short(&git.head)));
    }
    // The first two letters are git's.
    let files = git.dirty.iter().map(|line| line.get(3..).unwrap_or(line));
    Verdict::warn(
        format!(
            "{} in {}: {}",
            count(git.dirty.len(), "changed file"),
            subject.env.stack.path,
            some_of(files, 5)
        ),
        "the files stay as they are, and a release does not contain them: commit what should be deployed",
    )
}

fn short(sha: &str) -> &str {
    sha.get(..8).unwrap_or(sha)
}
