//! Somebody's backup, or an ops, goes to the droplet, once it is approved what becomes of it. Into ops' own directory, and
//! before the lock is taken: it may take hours, and nobody has to wait for it.

use camino::Utf8Path;

use super::moving::Moving;
use super::parcel::open;
use super::{Order, Road};
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::plan::Plan;
use crate::runbooks::backup::Ground;
use crate::runbooks::import::{Kind, Parcel};
use crate::runbooks::schedule::{PROGRAM, Program};
use crate::text::{printable, size};
use crate::transport::freight::{Freight, Stuck, send as ship};

/// What goes there.
struct Cargo<'a> {
    file: &'a Utf8Path,
    folder: bool,
    /// On the droplet, with its size and sum.
    freight: Freight,
}

/// What the plan wants to find there, if it wants anything.
fn cargo<'a>(order: &'a Order, plan: &Plan, ground: &Ground<'_>) -> Option<Cargo<'a>> {
    match order {
        Order::Import(parcel) => {
            let Parcel { file, kind, bytes, sha256, .. } = parcel;
            let freight = Freight { path: parcel.place(ground), bytes: *bytes, sha256: sha256.clone() };
            Some(Cargo { file, folder: *kind == Kind::Folder, freight })
        }
        Order::Schedule { program: Some(program), .. } if plan.steps().any(|step| step.id == PROGRAM) => {
            let Program { file, bytes, sha256, .. } = program;
            let freight = Freight { path: program.place(ground), bytes: *bytes, sha256: sha256.clone() };
            Some(Cargo { file, folder: false, freight })
        }
        _ => None,
    }
}

/// # Errors
/// Exit 4: the way broke, 1: there is no room, 130: interrupted. What is there is gone on with.
pub(super) async fn send(
    road: &Road<'_>,
    crew: &Crew<'_>,
    facts: Option<&Facts>,
    order: &Order,
    plan: &Plan,
) -> Result<()> {
    if !matches!(order, Order::Import(_) | Order::Schedule { .. }) {
        return Ok(());
    }
    let ground = Ground::new(road.env, facts)?;
    let Some(Cargo { file, folder, freight }) = cargo(order, plan, &ground) else { return Ok(()) };
    let droplet = ground.droplet.name.as_str();
    let link = crew.links.get(droplet).ok_or_else(|| Error::failed("not connected").on(droplet))?;
    let shown = printable(file.as_str());
    let unread = |error| Error::failed(format!("{shown} cannot be read")).because(error);
    let (mut source, bytes) = open(file.as_std_path(), folder).map_err(unread)?;
    if bytes != freight.bytes {
        return Err(Error::failed(format!("{shown} has changed meanwhile")));
    }
    let mut moving =
        Moving::start(road.listener, "send", droplet, bytes, format!("send {} of {shown}", size(bytes)));
    let answer = ship(link.as_ref(), &freight, &mut source, &road.stop.soft, &mut |at| moving.tell(at)).await;
    moving.end(answer.is_ok());
    answer.map_err(|stuck| told(stuck, droplet, &shown))
}

fn told(stuck: Stuck, droplet: &str, shown: &str) -> Error {
    let failed = |exit, what: &str| Error::new(exit, format!("{shown} {what}")).on(droplet);
    let again = |error: Error| {
        error.because("what is there stays for two days, and the same command goes on with it")
    };
    match stuck {
        Stuck::Link(error) => {
            let why = error.to_string();
            again(failed(Exit::Unreachable, "is not all there: the link broke").because(why))
        }
        Stuck::Interrupted => again(failed(Exit::Interrupted, "is not all there: interrupted")),
        Stuck::Room { wanted, free } => {
            let room = format!("{} are wanted, and {} are free", size(wanted), size(free));
            failed(Exit::Failed, "has no room there").because(room)
        }
        Stuck::Refused(lines) => failed(Exit::Failed, "cannot be written there").evidence("droplet", lines),
        Stuck::File(error) => failed(Exit::Failed, "cannot be read").because(error),
        Stuck::Other | Stuck::Damaged => failed(Exit::Failed, "did not arrive as it was read")
            .because("nothing of it was kept; it may have changed meanwhile"),
    }
}
