//! `harden`: how far an audit goes, what it lets pass, and how long a new login is waited for.

use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::node::Node;
use super::raw::Located;
use super::resolved::wait;
use super::words::{Phrase, Title, duration, show};

/// Who a rule is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Everybody.
    #[default]
    Base,
    /// Those who pay for more safety with more care.
    Strict,
}

/// A rule that may fail, for a reason and for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    pub id: String,
    pub reason: String,
    /// The last day on which it counts.
    pub until: Date,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Harden {
    pub profile: Profile,
    pub waive: Vec<Waiver>,
    /// So long a new login may take after a change of who gets in; then the change goes back.
    pub guard: Duration,
}

impl Default for Harden {
    fn default() -> Self {
        Self { profile: Profile::default(), waive: Vec::new(), guard: GUARD }
    }
}

const GUARD: Duration = Duration::from_secs(180);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    profile: Option<Profile>,
    waive: Option<Vec<Located<RawWaiver>>>,
    guard: Option<Guard>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWaiver {
    id: Title,
    reason: Phrase,
    until: Day,
}

/// `2027-03-31`.
#[derive(Debug, Clone, Copy)]
struct Day(Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let why = || serde::de::Error::custom("a waiver ends: a day, for example \"2027-03-31\"");
        text.parse().map(Day).map_err(|_| why())
    }
}

/// `3m`.
#[derive(Debug, Clone, Copy)]
struct Guard(Duration);

impl<'de> Deserialize<'de> for Guard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = duration(&text).map_err(serde::de::Error::custom)?;
        match time.as_secs() {
            10..=3600 => Ok(Guard(time)),
            _ => Err(serde::de::Error::custom(format!("{} is not between 10s and 1h", show(&text)))),
        }
    }
}

pub(super) fn resolve(raw: Raw) -> Harden {
    let waiver = |Located { value: RawWaiver { id, reason, until }, .. }| Waiver {
        id: id.0,
        reason: reason.0,
        until: until.0,
    };
    Harden {
        profile: raw.profile.unwrap_or_default(),
        waive: raw.waive.unwrap_or_default().into_iter().map(waiver).collect(),
        guard: raw.guard.map_or(GUARD, |guard| guard.0),
    }
}

impl Harden {
    /// With the keys of the inventory.
    pub(super) fn node(&self) -> Node<'_> {
        let waiver = |one: &Waiver| {
            Node::map([
                ("id", json!(one.id).into()),
                ("reason", json!(one.reason).into()),
                ("until", json!(one.until.to_string()).into()),
            ])
        };
        Node::map([
            ("profile", json!(self.profile).into()),
            ("guard", wait(self.guard)),
            ("waive", self.waive.iter().map(waiver).collect()),
        ])
    }
}
