//! The end of a recovery: what its exit code means, and what was reached.

use super::{Names, Road};
use crate::error::Error;
use crate::event::Outcome;
use crate::execute::Report;
use crate::exit::Exit;
use crate::record::{LedgerRow, RECOVERY_SCHEMA, Recovered};
use crate::runbooks::recover::Found;

/// `interrupted`: by a first Ctrl-C, which ends it early.
pub(super) fn judged(mut report: Report, env: &str, interrupted: bool) -> Report {
    let Some(error) = report.error.take() else { return report };
    let bare = "what it had brought was removed again: the droplet is as bare as it was";
    let again = format!("ops recover {env} --onto DROPLET   # once more, here or on another one");
    let looked = |row: &LedgerRow| row.step.starts_with("verify.") && row.outcome == Outcome::Failed;
    let error = match report.exit {
        Exit::Failed | Exit::PutBack | Exit::Interrupted if interrupted => {
            Error::new(Exit::Interrupted, "interrupted: the recovery ended early").because(bare)
        }
        Exit::Failed | Exit::PutBack => {
            let why = report.ledger.iter().any(looked).then_some("Odoo did not serve what came back");
            why.into_iter().fold(error, Error::because).because(bare).next(again)
        }
        _ => error,
    };
    report.exit = error.exit;
    Report { error: Some(error), ..report }
}

/// What a recovery came to that is done.
pub(super) fn told(road: &Road<'_>, names: &Names, found: &Found) -> Recovered {
    let took = road.world.now().as_second() - found.began.as_second();
    let env = &road.env.name;
    let next = [
        format!("name the new droplet in the inventory: host of {env}"),
        "point the site's name in DNS to it; certificates are renewed from there".to_owned(),
        format!("ops preflight {env}"),
        format!("ops backup {env}"),
        format!("ops schedule install {env}   # no timer came with the backup"),
    ];
    Recovered {
        schema: RECOVERY_SCHEMA.into(),
        env: env.clone(),
        droplet: road.env.home().name.clone(),
        run: names.run.clone(),
        backup: found.manifest.id.clone(),
        place: found.place.clone(),
        taken: found.manifest.taken.clone(),
        rpo_seconds: found.age(),
        rto_seconds: u64::try_from(took).unwrap_or_default(),
        next: next.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit: Exit, interrupted: bool) -> Error {
        let report =
            Report { exit, ledger: Vec::new(), error: Some(Error::new(exit, "it failed")), detached: false };
        judged(report, "prod", interrupted).error.unwrap()
    }

    #[test]
    fn what_is_said_to_be_bare_is_so() {
        assert!(ended(Exit::PutBack, false).why[0].contains("as bare as it was"));
        assert_eq!(ended(Exit::Failed, true).exit, Exit::Interrupted);
        for left in [Exit::Mixed, Exit::Unknown] {
            assert_eq!((ended(left, true).exit, ended(left, false).why.len()), (left, 0));
        }
    }
}
