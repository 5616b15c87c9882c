//! What is promised of backups: how much may be lost, how long a way back may take, and what a deploy wants to have.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::node::Node;
use super::raw;
use super::words::{Age, Checked, show};

/// What was promised to people; None: nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Targets {
    /// So much of the latest work may be lost, at most.
    pub rpo: Option<Duration>,
    /// So long a way back may take.
    pub rto: Option<Duration>,
}

/// What a deploy wants of backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Beforehand {
    pub before: Before,
    /// A verified backup of that age will do.
    pub max_age: Duration,
    /// So long ago the last drill may be.
    pub drill_max_age: Duration,
}

/// Which deploys want one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Before {
    Always,
    /// Those that update modules in the database, or take a stack over that was made by hand.
    Migrating,
    Never,
}

const DAY: u64 = 24 * 3600;

impl Default for Beforehand {
    fn default() -> Self {
        let days = |days| Duration::from_secs(days * DAY);
        Self { before: Before::Never, max_age: days(1), drill_max_age: days(30) }
    }
}

impl Targets {
    pub(super) fn node(&self) -> Node<'_> {
        let given = |age: Option<Duration>| age.map(self::age_node).unwrap_or_default();
        Node::map([("rpo", given(self.rpo)), ("rto", given(self.rto))])
    }
}

impl Beforehand {
    pub(super) fn node(&self) -> Node<'_> {
        Node::map([
            ("before", json!(self.before).into()),
            ("max_age", age_node(self.max_age)),
            ("drill_max_age", age_node(self.drill_max_age)),
        ])
    }
}

/// The largest unit that is exact.
fn age_node(age: Duration) -> Node<'static> {
    let seconds = age.as_secs();
    let (unit, name) = match seconds {
        // As people say it of one day.
        DAY => (3600, "h"),
        seconds if seconds.is_multiple_of(DAY) => (DAY, "d"),
        seconds if seconds.is_multiple_of(3600) => (3600, "h"),
        _ => (60, "m"),
    };
    json!(format!("{}{name}", seconds / unit)).into()
}

pub(super) fn targets(raw: Option<raw::Targets>) -> Targets {
    let raw = raw.unwrap_or_default();
    Targets { rpo: raw.rpo.map(|age| age.0), rto: raw.rto.map(|age| age.0) }
}

/// `made`: the environment says something of backups, so that there are some; `droplets`: of how many is the environment.
/// Who never thought of backups is not kept from deploying, and of several droplets there can be none.
pub(super) fn beforehand(own: raw::Before, others: raw::Before, made: bool, droplets: usize) -> Beforehand {
    let usual = Beforehand::default();
    let before = if made && droplets == 1 { Before::Migrating } else { Before::Never };
    let age = |own: Option<Age>, other: Option<Age>, usual| own.or(other).map_or(usual, |age| age.0);
    Beforehand {
        before: own.before.or(others.before).unwrap_or(before),
        max_age: age(own.max_age, others.max_age, usual.max_age),
        drill_max_age: age(own.drill_max_age, others.drill_max_age, usual.drill_max_age),
    }
}

/// `45m`, `24h`, `30d`: a whole number and one unit, from a minute to ten years.
pub(super) fn age(text: &str) -> Checked<Duration> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        _ => 0,
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(seconds) if (60..=3650 * DAY).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "{} is no age\na whole number and its unit: `45m`, `24h`, `30d`; at least a minute, at most ten years",
            show(text)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_and_a_unit_and_can_be_written_again() {
        for (text, again) in
            [("60m", "1h"), ("24h", "24h"), ("1d", "24h"), ("48h", "2d"), ("30d", "30d"), ("90m", "90m")]
        {
            let read = age(text).unwrap();
            assert_eq!(Node::map([("age", age_node(read))]).yaml().trim(), format!("age: {again}"), "{text}");
            assert_eq!(age(again).unwrap(), read);
        }
        for wrong in
            ["", "0h", "30", "h", "30s", "-1d", "1.5h", "4000d", "99999999999999999999d", "1d2h", "1 d"]
        {
            assert!(age(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_deploy_wants_a_backup_where_the_environment_says_something_of_backups() {
        let before = |made, droplets| {
            beforehand(raw::Before::default(), raw::Before::default(), made, droplets).before
        };
        assert_eq!(
            [before(false, 1), before(true, 1), before(true, 3)],
            [Before::Never, Before::Migrating, Before::Never]
        );
    }
}
