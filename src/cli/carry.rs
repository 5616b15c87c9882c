//! One order for one environment: from the inventory to the end of its run.
//!
//! Deliberately absent: commands that look into the environment before they know their order (`deploy`, `rehearse`,
//! `install-modules`, `recover`, `import`): they set up their own desk.

use super::args::EnvArg;
use super::consent::RunArgs;
use super::desk::Desk;
use super::session::Session;
use super::trust::{InventorySecrets, WithOne};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::{self, Order};
use crate::secret::Secret;

/// # Errors
/// Exit 2: no such environment. Everything that keeps the order from being planned, approved or carried out.
pub async fn carry(session: &Session, target: &EnvArg, run: &RunArgs, order: Order) -> Result<Exit> {
    carry_with(session, target, run, None, order).await
}

/// `one`: a secret that is no affair of the inventory ([`crate::plan::EnvValue::Drawn`]).
///
/// # Errors
/// As [`carry`].
pub async fn carry_with(
    session: &Session,
    target: &EnvArg,
    run: &RunArgs,
    one: Option<Secret>,
    order: Order,
) -> Result<Exit> {
    let inventory = session.inventory()?;
    let mut env = session.environment(&inventory, target)?;
    // The users' pages before and after a restore are those of different data: comparing them says nothing.
    if matches!(order, Order::Restore(_)) {
        env.deploy.watch = None;
    }
    let desk = Desk::new(session, &inventory, &env, run);
    let secrets = WithOne { inventory: InventorySecrets { inventory: &inventory, session }, one };
    let road = desk.road(&secrets, session.connect(target, false)?);
    flow::carry(&road, &order, run.patience()).await
}
