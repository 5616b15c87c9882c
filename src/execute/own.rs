//! The user's own checks of the phase *verify*, asked after a switch. Only looks.

use std::time::Duration;

use async_trait::async_trait;

use super::step::{Context, End};
use crate::checks::{Finding, Verdict};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::exit::Exit;
use crate::plan::Step;

/// A page that is asked for the first time after a start may be late once.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Asks the droplet; `flow` knows how.
#[async_trait]
pub trait OwnChecks: Send + Sync {
    /// # Errors
    /// The droplet cannot be asked.
    async fn ask(&self, droplet: &str) -> Result<Vec<Finding>>;
}

/// A failure of a check that stops a run fails the step, and so takes the release back; others warn.
pub(super) async fn verify(cx: &Context<'_>, step: &Step) -> End {
    let mut tries = 1;
    let findings = loop {
        match cx.own.ask(&step.droplet).await {
            Ok(findings) if tries == TRIES || !findings.iter().any(Finding::blocks) => break findings,
            Ok(_) => {}
            Err(error) if tries == TRIES => {
                return End::Unknown(Box::new(error.exit(Exit::Unknown).on(&step.droplet).at(&step.id)));
            }
            Err(_) => {}
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    };
    for finding in findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Warn { .. })) {
        let text = format!("{} on {}: {}", finding.title, finding.droplet, finding.verdict.evidence());
        cx.listener.on(&Event::Warning { text });
    }
    let failed: Vec<_> = findings.iter().filter(|finding| finding.blocks()).collect();
    let Some(first) = failed.first() else { return End::Done };
    let error = Error::failed(format!("your check “{}” failed after the switch", first.title));
    let lines = |finding: &&Finding| format!("{}: {}", finding.title, finding.verdict.evidence());
    let error = error.because(first.verdict.evidence());
    let rest: Vec<String> = failed[1..].iter().map(lines).collect();
    End::Failed(Box::new(error.evidence("other checks that failed", rest).on(&step.droplet).at(&step.id)))
}
