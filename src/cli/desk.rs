//! What a run shows and asks: the questions, in words.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::consent::{ConsentArgs, RunArgs};
use super::session::Session;
use crate::approve::{ApprovedPlan, Given, Question, approve, settle};
use crate::checks::Finding;
use crate::error::{Error, Result};
use crate::execute::{Interrupted, Laptop, Secrets};
use crate::exit::Exit;
use crate::flow::{self, Road};
use crate::inventory::{Environment, Inventory};
use crate::notify::Told;
use crate::plan::Plan;
use crate::record::{Recovered, Rehearsal, Sheet};
use crate::text::printable;
use crate::transport::ConnectOptions;
use crate::ui::{Answer, Ui};

/// How often a name may be mistyped.
const TRIES: usize = 3;

pub struct Desk<'a> {
    pub session: &'a Session,
    pub inventory: &'a Inventory,
    pub env: &'a Environment,
    pub consent: &'a ConsentArgs,
    pub dry_run: bool,
}

impl<'a> Desk<'a> {
    pub fn new(
        session: &'a Session,
        inventory: &'a Inventory,
        env: &'a Environment,
        run: &'a RunArgs,
    ) -> Self {
        Self { session, inventory, env, consent: &run.consent, dry_run: run.dry_run }
    }

    /// The one road, with this desk at it.
    pub fn road<'b>(&'b self, secrets: &'b dyn Secrets, connect: ConnectOptions) -> Road<'b> {
        Road {
            world: &self.session.world,
            env: self.env,
            listener: &self.session.ui,
            desk: self,
            secrets,
            laptop: Laptop { hooks: &self.env.hooks, vars: &self.session.world.env },
            connect,
            stop: self.session.stop.clone(),
        }
    }
}

impl Desk<'_> {
    fn given(&self) -> Given {
        Given {
            env: self.env.name.clone(),
            protected: self.env.protected,
            yes: self.consent.yes,
            confirm: self.consent.confirm.clone(),
            can_ask: self.session.ui.asks(),
            command: said_again(&self.session.typed),
        }
    }

    /// Asks about what has no plan. `by_name`: the environment's name is wanted.
    ///
    /// # Errors
    /// Exit 3: declined, or nobody is there to ask.
    pub fn settle(&self, by_name: bool, what: &str) -> Result<()> {
        let env = &self.env.name;
        let (ui, stop) = (&self.session.ui, &self.session.stop.soft);
        tokio::task::block_in_place(|| {
            settle(by_name, &self.given(), |question| match question {
                Question::YesNo => ask_yes(ui, &format!("{what}? [y/N] "), stop),
                Question::TypeName => ask_name(ui, &format!("{what}? Type {env} to do it: "), env, stop),
            })
        })
    }
}

#[async_trait]
impl flow::Desk for Desk<'_> {
    fn findings(&self, findings: &[Finding]) {
        let at = self.session.world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.session.ui.findings(self.env, findings, &at);
    }

    fn rehearsed(&self, found: &Rehearsal) {
        self.session.ui.rehearsal(found);
    }

    fn sheet(&self, sheet: &Sheet, text: &str) {
        let ui = &self.session.ui;
        ui.sheet(sheet);
        match super::sheets::save(&self.session.world, &sheet.run, text) {
            Ok(path) => ui.say(&format!("Result sheet: {}", printable(&path.display().to_string()))),
            Err(error) => ui.warn(&format!("the result sheet is not on this laptop: {error}")),
        }
    }

    fn recovered(&self, done: &Recovered) {
        self.session.ui.recovered(done);
    }

    async fn tell(&self, told: Told) {
        super::notify::told(self.session, self.inventory, self.env, told).await;
    }

    async fn approve(&self, plan: Plan) -> Result<Option<ApprovedPlan>> {
        let ui = self.session.ui.clone();
        ui.plan(&plan, ui.asks() && !self.dry_run);
        if self.dry_run {
            ui.say("Dry run: nothing was changed.");
            return Ok(None);
        }
        super::trust::before(&plan, self.inventory, self.session)?;
        let given = self.given();
        let stop = self.session.stop.soft.clone();
        let words = Words::of(&plan, &given);
        let asked = tokio::task::spawn_blocking(move || {
            approve(plan, &given, |question| words.ask(question, &ui, &stop))
        });
        let approved = asked.await.map_err(|error| Error::failed("the question broke").because(error))??;
        self.session.answer_interrupts();
        Ok(Some(approved))
    }

    fn interrupted(&self) -> Interrupted {
        let ui = &self.session.ui;
        if !ui.asks() {
            return Interrupted::Leave;
        }
        tokio::task::block_in_place(|| ask_interrupted(ui, &self.session.stop.hard))
    }
}

/// The command line, once more, for whoever has to add a flag to it.
pub fn said_again(typed: &[String]) -> String {
    typed.iter().map(|word| printable(&crate::cmd::quote(word))).collect::<Vec<_>>().join(" ")
}

/// What a question has to name.
struct Words {
    command: String,
    env: String,
    droplets: String,
    why: String,
}

impl Words {
    fn of(plan: &Plan, given: &Given) -> Self {
        let why = match &plan.data_loss {
            Some(loss) => format!("Data is lost: {}.", printable(loss)),
            None => format!("{} is protected.", given.env),
        };
        Self { command: plan.command.clone(), env: given.env.clone(), droplets: droplets(plan), why }
    }

    fn ask(&self, question: Question, ui: &Ui, stop: &CancellationToken) -> Result<bool> {
        let Self { command, env, droplets, why } = self;
        match question {
            Question::YesNo => {
                ask_yes(ui, &format!("Carry out this plan: {command} {env} on {droplets}? [y/N] "), stop)
            }
            Question::TypeName => {
                let what = match command.as_str() {
                    "deploy" => "deploy it",
                    "rollback" => "roll it back",
                    _ => "carry this out",
                };
                let question =
                    format!("{why}\nType {env} to {what} on {droplets} (anything else declines): ");
                ask_name(ui, &question, env, stop)
            }
        }
    }
}

pub fn ask_yes(ui: &Ui, question: &str, stop: &CancellationToken) -> Result<bool> {
    Ok(matches!(answer(ui, question, stop)?.to_lowercase().as_str(), "y" | "yes"))
}

fn ask_name(ui: &Ui, question: &str, name: &str, stop: &CancellationToken) -> Result<bool> {
    let mut question = question.to_owned();
    for _ in 0..TRIES {
        match answer(ui, &question, stop)?.as_str() {
            typed if typed == name => return Ok(true),
            "" => return Ok(false),
            _ => question = format!("That is not {name}. Once more, or Enter to leave it: "),
        }
    }
    Ok(false)
}

/// The line that was typed; the end of the input declines.
fn answer(ui: &Ui, question: &str, stop: &CancellationToken) -> Result<String> {
    match ui.ask(question, stop) {
        Answer::Line(line) => Ok(line),
        Answer::End => Ok(String::new()),
        Answer::Interrupted => Err(Error::new(Exit::Interrupted, "interrupted before anything changed")),
    }
}

/// The question after a first Ctrl-C. A second one, or no answer, leaves things as they are.
fn ask_interrupted(ui: &Ui, stop: &CancellationToken) -> Interrupted {
    let question = "Stopped after a step. [u]ndo what was done, [l]eave it as it is, [c]ontinue? ";
    for _ in 0..TRIES {
        match ui.ask(question, stop) {
            Answer::Line(line) => match line.to_lowercase().as_str() {
                "u" | "undo" => return Interrupted::Undo,
                "l" | "leave" => return Interrupted::Leave,
                "c" | "continue" => return Interrupted::Continue,
                _ => {}
            },
            Answer::End | Answer::Interrupted => break,
        }
    }
    Interrupted::Leave
}

fn droplets(plan: &Plan) -> String {
    let mut names: Vec<String> = Vec::new();
    for step in plan.steps() {
        let name = printable(&step.droplet);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.len() {
        0..=4 => names.join(", "),
        many => format!("{} and {} others", names[..3].join(", "), many - 3),
    }
}
