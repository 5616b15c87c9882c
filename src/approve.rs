//! Who may say yes to what: the only maker of an [`ApprovedPlan`].
//!
//! `--yes` answers y/N. It never covers a protected environment or a loss of data: those want the
//! environment's name typed, or `--confirm NAME`. Deliberately absent: the prompt itself (`ui`).

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::plan::{self, Plan};

/// A plan somebody said yes to. Nothing else executes.
#[derive(Debug)]
pub struct ApprovedPlan(Plan);

impl ApprovedPlan {
    pub fn plan(&self) -> &Plan {
        &self.0
    }
}

/// What was said beforehand, on the command line and in the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub env: String,
    pub protected: bool,
    pub yes: bool,
    pub confirm: Option<String>,
    /// A terminal is there and asking is allowed.
    pub can_ask: bool,
    /// The command line that says yes, for whoever cannot be asked.
    pub command: String,
}

/// What still has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    YesNo,
    TypeName,
}

/// Asks where it must. `ask` shows the question and says whether the answer was yes.
///
/// # Errors
/// The plan breaks a rule of `plan::lint`; nobody is there to ask (exit 3, naming the command);
/// declined (exit 3).
pub fn approve(
    plan: Plan,
    given: &Given,
    ask: impl FnOnce(Question) -> Result<bool>,
) -> Result<ApprovedPlan> {
    let faults = plan::lint(&plan);
    if !faults.is_empty() {
        let error = Error::failed("this plan breaks a rule of ops itself; nothing was changed");
        return Err(faults
            .iter()
            .fold(error, |e, fault| e.because(format!("{}: {}", fault.step, fault.what))));
    }
    settle(given.protected || plan.data_loss.is_some(), given, ask)?;
    Ok(ApprovedPlan(plan))
}

/// The question alone, for what has no plan; `by_name`: `--yes` is not enough.
///
/// # Errors
/// Exit 3: nobody is there to ask, or declined.
pub fn settle(by_name: bool, given: &Given, ask: impl FnOnce(Question) -> Result<bool>) -> Result<()> {
    let Some(question) = question(by_name, given)? else { return Ok(()) };
    if !given.can_ask {
        return Err(nobody_to_ask(question, given));
    }
    match ask(question)? {
        true => Ok(()),
        false => Err(Error::new(Exit::NotApproved, "declined; nothing was changed")),
    }
}

fn question(by_name: bool, given: &Given) -> Result<Option<Question>> {
    match &given.confirm {
        Some(name) if *name == given.env => return Ok(None),
        Some(name) => {
            let what = format!(
                "--confirm says {}, and the environment is {}",
                crate::text::printable(name),
                given.env
            );
            return Err(Error::new(Exit::NotApproved, what));
        }
        None => {}
    }
    Ok(match (by_name, given.yes) {
        (true, _) => Some(Question::TypeName),
        (false, true) => None,
        (false, false) => Some(Question::YesNo),
    })
}

fn nobody_to_ask(question: Question, given: &Given) -> Error {
    let flag = match question {
        Question::YesNo => "--yes".to_owned(),
        Question::TypeName => format!("--confirm {}", given.env),
    };
    Error::new(Exit::NotApproved, "nobody is there to say yes; nothing was changed")
        .because("there is no terminal to ask on")
        .next(match given.command.split_once(" -- ") {
            // What stands behind it is somebody else's.
            Some((ours, theirs)) => format!("{ours} {flag} -- {theirs}"),
            None => format!("{} {flag}", given.command),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(data_loss: Option<&str>) -> Plan {
        Plan {
            schema: plan::SCHEMA.into(),
            env: "prod".into(),
            command: "deploy".into(),
            title: "t".into(),
            sections: Vec::new(),
            notes: Vec::new(),
            on_failure: Vec::new(),
            data_loss: data_loss.map(Into::into),
        }
    }

    fn given() -> Given {
        Given {
            env: "prod".into(),
            protected: false,
            yes: false,
            confirm: None,
            can_ask: true,
            command: "ops deploy prod".into(),
        }
    }

    fn asked(plan: Plan, given: &Given) -> Option<Question> {
        let mut seen = None;
        let answer = approve(plan, given, |question| {
            seen = Some(question);
            Ok(true)
        });
        answer.unwrap();
        seen
    }

    #[test]
    fn yes_never_covers_a_protected_environment_or_a_loss_of_data() {
        assert_eq!(asked(plan(None), &given()), Some(Question::YesNo));
        assert_eq!(asked(plan(None), &Given { yes: true, ..given() }), None);
        assert_eq!(asked(plan(Some("rows")), &Given { yes: true, ..given() }), Some(Question::TypeName));
        let protected = Given { yes: true, protected: true, ..given() };
        assert_eq!(asked(plan(None), &protected), Some(Question::TypeName));
        assert_eq!(asked(plan(None), &Given { confirm: Some("prod".into()), ..protected }), None);
    }

    #[test]
    fn without_anybody_to_ask_the_exact_command_is_named() {
        let alone = Given { can_ask: false, protected: true, yes: true, ..given() };
        let error = approve(plan(None), &alone, |_| unreachable!()).unwrap_err();
        assert_eq!(
            (error.exit, error.next),
            (Exit::NotApproved, vec!["ops deploy prod --confirm prod".to_owned()])
        );
        let wrong = Given { confirm: Some("staging".into()), ..given() };
        assert_eq!(approve(plan(None), &wrong, |_| unreachable!()).unwrap_err().exit, Exit::NotApproved);
        assert_eq!(approve(plan(None), &given(), |_| Ok(false)).unwrap_err().exit, Exit::NotApproved);
    }
}
