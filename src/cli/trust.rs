//! Commands that an inventory names run only after somebody looked at them once.

use super::desk::ask_yes;
use super::session::Session;
use crate::error::{Error, Result};
use crate::execute::Secrets;
use crate::exit::Exit;
use crate::inventory::trust::{self, Trust};
use crate::inventory::{self, Inventory, Source};
use crate::plan::{Action, Content, EnvValue, Plan};
use crate::runbooks::schedule::is_kept_as;
use crate::secret::Secret;

/// Asks before a plan that runs commands of the inventory: hooks, or one whose output it needs. Any other
/// plan asks nothing.
///
/// # Errors
/// Exit 3: not trusted, and nobody is there to ask, or declined. Exit 2: the file may not be trusted.
pub fn before(plan: &Plan, inventory: &Inventory, session: &Session) -> Result<()> {
    let runs = plan.has_hooks() || needs_commands(plan);
    if runs { ask(inventory, session) } else { Ok(()) }
}

/// The same before secrets are read that are wanted for the plan itself.
///
/// # Errors
/// As [`before`].
pub fn before_reading<'a>(
    mut secrets: impl Iterator<Item = &'a Source>,
    inventory: &Inventory,
    session: &Session,
) -> Result<()> {
    let runs = secrets.any(|source| matches!(source, Source::Cmd(_)));
    if runs { ask(inventory, session) } else { Ok(()) }
}

fn ask(inventory: &Inventory, session: &Session) -> Result<()> {
    if trust::state(inventory, &session.world)? != Trust::Ask {
        return Ok(());
    }
    let file = crate::text::printable(&inventory.file.display().to_string());
    let commands = trust::commands(inventory);
    let refused = |why: &str| {
        let error = Error::new(Exit::NotApproved, format!("{file} is not trusted to run commands"))
            .because(why)
            .next("read it, then run this command once at a terminal");
        error.evidence("it would run", commands.clone())
    };
    if !session.ui.asks() {
        return Err(refused("there is no terminal to ask on"));
    }
    let list: String = commands.iter().map(|command| format!("  {command}\n")).collect();
    let question = format!("{file} runs these:\n{list}Trust it, as it is now? [y/N] ");
    match tokio::task::block_in_place(|| ask_yes(&session.ui, &question, &session.stop.soft))? {
        true => trust::record(inventory, &session.world),
        false => Err(refused("you did not say yes")),
    }
}

fn needs_commands(plan: &Plan) -> bool {
    let is_command = |value: &EnvValue| matches!(value, EnvValue::Secret(Source::Cmd(_)));
    plan.steps().flat_map(|step| &step.actions).any(|action| match action {
        Action::Put { content: Content::EnvFile(values), .. } => {
            values.iter().any(|(_, value)| is_command(value))
        }
        _ => false,
    })
}

/// The inventory's references, resolved when a step needs them.
pub struct InventorySecrets<'a> {
    pub inventory: &'a Inventory,
    pub session: &'a Session,
}

/// The inventory's secrets, and one that is no affair of the inventory: [`EnvValue::Drawn`].
pub struct WithOne<'a> {
    pub inventory: InventorySecrets<'a>,
    pub one: Option<Secret>,
}

impl Secrets for WithOne<'_> {
    fn resolve(&self, source: &Source) -> Result<Secret> {
        self.inventory.resolve(source)
    }

    fn address(&self, name: &str) -> Result<Secret> {
        self.inventory.address(name)
    }

    fn drawn(&self) -> Result<Secret> {
        self.one.clone().ok_or_else(|| Error::failed("nothing was drawn"))
    }
}

impl Secrets for InventorySecrets<'_> {
    fn resolve(&self, source: &Source) -> Result<Secret> {
        let trust = trust::state(self.inventory, &self.session.world)?;
        let work = inventory::resolve(source, &self.session.world, trust);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
    }

    fn address(&self, name: &str) -> Result<Secret> {
        let channels = self.inventory.environments.values().flat_map(|env| &env.notify);
        let mut values = channels.flat_map(inventory::Notify::values);
        let found = values.find_map(|value| match value {
            inventory::Value::Plain(text) if is_kept_as(name, value) => Some(Secret::new(text.clone())),
            _ => None,
        });
        found.ok_or_else(|| {
            Error::failed("an address of `notify` has changed in the inventory since this was planned")
                .because(format!("none of them is {name} any more"))
                .next("ops schedule install ENV   # plans it anew")
        })
    }
}
