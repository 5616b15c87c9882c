//! A droplet whose ways in were changed waits for a new login, and goes back where none comes; the laptop tries to log in
//! anew until it may or the droplet went back.

use std::time::Duration;

use super::section::Context;
use crate::cmd::Cmd;
use crate::error::Error;
use crate::event::Event;
use crate::plan::{Section, Step};
use crate::text;
use crate::transport::{Call, TransportError};

/// Between two tries, twice as long each time: a droplet that refuses logins also bans whoever insists.
const PAUSE: Duration = Duration::from_secs(3);
const LONGEST: Duration = Duration::from_secs(60);
/// So often a login that is refused, not only lost, is tried: whoever fails five times is banned as a rule.
const REFUSALS: u32 = 3;
const ANSWER: Duration = Duration::from_secs(30);

/// Never ends: dropped when the droplet does not wait any more. A proof that came before it waited is brought again.
pub(super) async fn prove(cx: &Context<'_>, step: &Step, proof: &Cmd, ports: &[u16]) {
    let (mut last, mut pause, mut refusals) = (String::new(), PAUSE, 0);
    loop {
        if let Err(failure) = bring(cx, step, proof, ports).await {
            if failure.why != last {
                let text = format!("{}: no new login yet: {}", step.droplet, text::printable(&failure.why));
                cx.listener.on(&Event::Warning { text });
                last = failure.why;
            }
            refusals += u32::from(failure.refused);
            if refusals == REFUSALS {
                let text =
                    format!("{}: not tried again, so that nobody is banned: it goes back", step.droplet);
                cx.listener.on(&Event::Warning { text });
                return std::future::pending().await;
            }
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LONGEST);
    }
}

/// Why there is no proof yet.
struct Failure {
    why: String,
    /// Somebody answered, and said no.
    refused: bool,
}

impl Failure {
    fn lost(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), refused: false }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self { why: error.to_string(), refused: !error.may_pass() }
    }
}

/// A login that wants a person, for a passphrase for one, would never be a proof: nothing is changed then.
pub(super) async fn can_prove(cx: &Context<'_>, section: &Section) -> Result<(), Error> {
    if !section.waits_for_proof() {
        return Ok(());
    }
    let refused = |why: String| {
        Error::failed(
            "nobody can log in anew without a person, so that nobody could prove that it still works",
        )
        .on(&section.droplet)
        .because(text::printable(&why))
        .next("ssh-add   # an agent that holds the key, then again")
    };
    match tokio::time::timeout(ANSWER, cx.post.link.anew()).await {
        Ok(Ok(link)) => {
            link.close().await;
            Ok(())
        }
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(_) => Err(refused("nobody answers".to_owned())),
    }
}

/// One login, one command. Its own answer says what is not as it was to be.
async fn bring(cx: &Context<'_>, step: &Step, proof: &Cmd, ports: &[u16]) -> Result<(), Failure> {
    if !ports.is_empty() {
        cx.own.knock(&step.droplet, ports).await.map_err(Failure::lost)?;
    }
    let login = tokio::time::timeout(ANSWER, cx.post.link.anew()).await;
    let link = login.map_err(|_| Failure::lost("nobody answers"))??;
    let answer = link.run(Call::new(proof).timeout(ANSWER)).await;
    link.close().await;
    match answer? {
        output if output.code == 0 => Ok(()),
        output => {
            let said = text::tail(&output.stdout, 1).pop();
            Err(Failure::lost(said.unwrap_or_else(|| format!("code {}", output.code))))
        }
    }
}
