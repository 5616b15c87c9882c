//! Where secrets lie open. Places are named, never what is there.

use super::{Rule, base, none, posture, seen};
use crate::checks::{Subject, Verdict, known};
use crate::facts::Secrets;
use crate::inventory::Severity::{High, Medium};

pub(super) const ALL: &[Rule] = &[
    base("secrets.files", "files with secrets", High, |s| judged(s, files)),
    base("secrets.git", "secrets in git", High, |s| judged(s, git)),
    base("secrets.history", "secrets in git's history", High, |s| judged(s, history)),
    base("secrets.env", "secrets in environments", Medium, env),
];

fn judged(subject: &Subject<'_>, judge: fn(&Secrets) -> Verdict) -> Verdict {
    seen(subject, |posture| &posture.secrets, judge)
}

fn files(secrets: &Secrets) -> Verdict {
    none(
        secrets.loose.clone(),
        "only their owner reads them",
        "others may read",
        "chmod 600 (odoo.conf: 640, with Odoo's group)",
    )
}

fn git(secrets: &Secrets) -> Verdict {
    none(
        secrets.tracked.clone(),
        "none",
        "tracked",
        "git rm --cached, .gitignore, and new secrets: everybody with a clone has the old ones",
    )
}

fn history(secrets: &Secrets) -> Verdict {
    let gone = secrets
        .committed
        .iter()
        .filter(|line| !secrets.tracked.iter().any(|file| line.ends_with(&format!(" {file}"))));
    none(
        gone.cloned().collect(),
        "none",
        "once committed",
        "new secrets: everybody with a clone has the old ones",
    )
}

/// Whoever may run `docker inspect` is root anyway; what is read there ends in logs and tickets.
fn env(subject: &Subject<'_>) -> Verdict {
    let all = match posture(subject).and_then(|posture| known(&posture.sandboxes)) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let named =
        all.iter().flat_map(|one| one.secrets.iter().map(move |name| format!("{name} of {}", one.service)));
    none(
        named.collect(),
        "none",
        "docker inspect shows",
        "NAME_FILE with a secret of Compose, where the image reads one",
    )
}
