//! The user's own checks of the phase *verify*, asked after a switch. Only looks.

use std::time::Duration;

use async_trait::async_trait;

use super::section::{Context, End, Left};
use crate::error::{Error, Result};
use crate::event::{Event, Outcome};
use crate::exit::Exit;
use crate::plan::{Section, Step};
use crate::record::LedgerRow;

/// A page that is asked for the first time after a start may be late once.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// What a check that did not pass means for the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Warns,
    TakesBack,
}

/// A check that did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub check: String,
    pub evidence: String,
    pub weight: Weight,
}

impl Complaint {
    fn takes_back(&self) -> bool {
        self.weight == Weight::TakesBack
    }
}

/// Asks the droplet and judges; whoever knows facts and checks does it.
#[async_trait]
pub trait OwnChecks: Send + Sync {
    /// # Errors
    /// The droplet cannot be asked.
    async fn ask(&self, droplet: &str) -> Result<Vec<Complaint>>;

    /// That these ports of the droplet open to this laptop, as they did before.
    ///
    /// # Errors
    /// Which does not.
    async fn knock(&self, droplet: &str, ports: &[u16]) -> Result<()>;
}

/// Asks step by step, and says so.
pub(super) async fn verify(cx: &Context<'_>, section: &Section, rows: &mut [LedgerRow]) -> End {
    for (step, row) in section.steps.iter().zip(rows) {
        let started = tokio::time::Instant::now();
        let (id, droplet) = (step.id.clone(), step.droplet.clone());
        cx.listener.on(&Event::StepStarted {
            step: id.clone(),
            droplet: droplet.clone(),
            title: step.title.clone(),
            phase: step.phase.to_string(),
            attempt: 1,
            undo: false,
        });
        let end = judge(cx, step).await;
        row.millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        row.outcome = match &end {
            End::Done | End::Halted => Outcome::Done,
            End::Failed(..) => Outcome::Failed,
            End::Unknown(_) => Outcome::Unknown,
        };
        let (outcome, millis) = (row.outcome, row.millis);
        cx.listener.on(&Event::StepEnded { step: id, droplet, outcome, millis, undo: false });
        if !matches!(end, End::Done) {
            return end;
        }
    }
    End::Done
}

/// A failure of a check that stops a run fails the step, and so takes the release back; others warn.
async fn judge(cx: &Context<'_>, step: &Step) -> End {
    let mut tries = 1;
    let complaints = loop {
        match cx.own.ask(&step.droplet).await {
            Ok(all) if tries == TRIES || !all.iter().any(Complaint::takes_back) => break all,
            Ok(_) => {}
            Err(error) if tries == TRIES => {
                return End::Unknown(Box::new(error.exit(Exit::Unknown).on(&step.droplet).at(&step.id)));
            }
            Err(_) => {}
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    };
    let (failed, warned): (Vec<_>, Vec<_>) = complaints.iter().partition(|one| one.takes_back());
    for Complaint { check, evidence, .. } in warned {
        let text = format!("{check} on {}: {evidence}", step.droplet);
        cx.listener.on(&Event::Warning { text });
    }
    let Some(first) = failed.first() else { return End::Done };
    let error = Error::failed(format!("your check “{}” failed after the switch", first.check));
    let rest = failed[1..].iter().map(|one| format!("{}: {}", one.check, one.evidence)).collect();
    let error = error.because(&first.evidence).evidence("other checks that failed", rest);
    End::Failed(Box::new(error.on(&step.droplet).at(&step.id)), Left::Begun)
}
