//! What `ops exec`, `shell`, `psql` and `odoo-shell` have in common: one droplet, one program, a seat at it.
//!
//! They have no plan and take no lock: what is done there is the person's own. It stands in the audit before it
//! begins. The connection is not shared with other commands, so that none of them can end it.

use super::args::EnvArg;
use super::session::Session;
use crate::cmd::Cmd;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::event::{Event, Listener};
use crate::exit::Exit;
use crate::inventory::{Droplet, Environment};
use crate::queries::Visit;
use crate::tools::entry::Tty;
use crate::transport::{Lender, Seat};
use crate::ui::Mode;

/// What is begun, as the audit calls it.
pub struct Begun<'a> {
    pub event: &'a str,
    pub words: Vec<String>,
}

/// Leaves the one droplet that is meant: the one that was asked for, or `usual` where nobody asked.
///
/// # Errors
/// Exit 2: it could be several.
pub fn narrow(
    env: &mut Environment,
    target: &EnvArg,
    usual: impl Fn(&Environment) -> Option<&Droplet>,
) -> Result<()> {
    if target.droplets.droplet.is_empty()
        && let Some(name) = usual(env).map(|droplet| droplet.name.clone())
    {
        env.droplets.retain(|droplet| droplet.name == name);
    }
    let names: Vec<&str> = env.droplets.iter().map(|droplet| droplet.name.as_str()).collect();
    match names.as_slice() {
        [_] => Ok(()),
        _ => Err(Error::usage(format!("{} has several droplets, and this is for one", env.name))
            .because(format!("choose one of {}", names.join(", ")))
            .next(format!("--droplet {}", names[0]))),
    }
}

/// The only one there is.
pub fn only(env: &Environment) -> Option<&Droplet> {
    env.droplets.first().filter(|_| env.droplets.len() == 1)
}

/// The command line for the audit, with the place where it runs.
pub fn said(service: Option<&String>, words: &[String]) -> Vec<String> {
    let place = service.map(|service| format!("{service}:"));
    place.into_iter().chain(words.iter().cloned()).collect()
}

/// Whether the program gets a terminal.
pub fn tty(session: &Session) -> Tty {
    match session.world.terminal.stdin && session.world.terminal.stdout {
        true => Tty::Yes,
        false => Tty::No,
    }
}

/// Connects, writes it into the audit, and sits down. The program's exit code is ours.
///
/// # Errors
/// Exit 4: the droplet cannot be reached; 8: the link was lost; those of `make`.
pub async fn sit(
    session: &Session,
    env: &Environment,
    target: &EnvArg,
    begun: Begun<'_>,
    make: impl AsyncFnOnce(&Visit<'_>) -> Result<Cmd>,
) -> Result<Exit> {
    // What somebody pipes into or out of this is not interrupted by our talk.
    let listener: &dyn Listener = if session.ui.options().mode == Mode::Live { &session.ui } else { &Silent };
    let crew = Crew::connect(env, &session.world, session.connect(target, false)?, listener).await?;
    let ended = sat(session, &crew, begun, make).await;
    crew.close().await;
    ended
}

async fn sat(
    session: &Session,
    crew: &Crew<'_>,
    begun: Begun<'_>,
    make: impl AsyncFnOnce(&Visit<'_>) -> Result<Cmd>,
) -> Result<Exit> {
    let visit = Visit::new(crew).await?;
    let cmd = make(&visit).await?;
    if let Some(why) = visit.note(&session.world, begun.event, &begun.words).await? {
        session.ui.warn(&format!("this does not stand in the audit: {why}"));
    }
    session.answer_interrupts();
    let ui = session.ui.clone();
    let lender = session.world.terminal.stdin.then(|| Lender::new(move |lent| ui.lending(lent)));
    let terminal = tty(session) == Tty::Yes;
    let seat = Seat { terminal, lender: lender.as_ref() };
    let ended = tokio::select! {
        ended = visit.sit(&cmd, &seat) => ended,
        () = session.stop.soft.cancelled() => Err(interrupted()),
    };
    match ended {
        Ok(code) => Ok(Exit::Theirs(code)),
        Err(error) => {
            if terminal {
                crate::ui::sane();
            }
            Err(error)
        }
    }
}

/// Without a terminal nothing carries a Ctrl-C to the program.
fn interrupted() -> Error {
    Error::new(Exit::Theirs(Exit::Interrupted.code()), "interrupted")
        .because("the program has lost its input and output; one that uses neither goes on there")
}

struct Silent;

impl Listener for Silent {
    fn on(&self, _: &Event) {}
}
