//! Who was refused, and which ways in are new since somebody looked before.
//!
//! What is new is known by comparing with what was there: [`Entrances`] is what one machine remembers. Deliberately absent:
//! whether a way in is a good one (`ops harden`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{NEW, above, vitals};
use crate::checks::{Check, Finding, Subject, Verdict, known, some_of};
use crate::facts::{Entrance, Facts};
use crate::inventory::{Role, Severity};

pub(super) const ALL: &[Check] = &[
    Check { id: "access.ssh", title: "refused logins", severity: Severity::Low, judge: ssh },
    Check { id: "access.odoo", title: "logins that Odoo refused", severity: Severity::Medium, judge: odoo },
];

fn ssh(subject: &Subject<'_>) -> Verdict {
    let access = match vitals(subject).and_then(|vitals| known(&vitals.access)) {
        Ok(Some(access)) => access,
        Ok(None) => return Verdict::skip("only root sees who was refused"),
        Err(verdict) => return verdict,
    };
    let Some(refused) = access.refused else { return Verdict::skip("there is no journal to read") };
    above(
        refused,
        subject.env.health.logins,
        format!("{refused} refused over ssh in the last hour"),
        "on the droplet: sudo journalctl --since -1h -t sshd -t sshd-session | grep preauth; fail2ban, or a firewall that lets only your addresses in, ends it",
    )
}

fn odoo(subject: &Subject<'_>) -> Verdict {
    if !subject.has(Role::Web) {
        return Verdict::skip("this droplet has no web service");
    }
    let refused = match vitals(subject).and_then(|vitals| known(&vitals.log)) {
        Ok(Some(log)) => log.refused,
        Ok(None) => return Verdict::skip("no web container is here"),
        Err(verdict) => return verdict,
    };
    above(
        refused,
        subject.env.health.odoo_logins,
        format!("{refused} in the last quarter of an hour"),
        "Odoo's log says `Login failed for db:` with name and address; limit_req of nginx on /web/login slows it down",
    )
}

/// So long something counts as new, in seconds.
const DAY: i64 = 86_400;
/// What was gone for less than this is not new when it is back: a service that is started again, an account restored.
const GONE: i64 = 7 * DAY;

/// When something was seen, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Moments {
    /// 0, where it was there at the first look.
    first: i64,
    last: i64,
}

type Kinds = BTreeMap<Entrance, BTreeMap<String, Moments>>;

/// The entrances of each droplet, and since when they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrances {
    schema: String,
    droplets: BTreeMap<String, Kinds>,
}

impl Entrances {
    const SCHEMA: &str = "ops.entrances/1";

    /// Written by this version.
    pub fn is_ours(&self) -> bool {
        self.schema == Self::SCHEMA
    }

    /// Compares, and remembers. What could not be seen this time stays as it was.
    pub fn look(&mut self, droplet: &str, facts: &Facts, now: i64) -> Finding {
        Self::SCHEMA.clone_into(&mut self.schema);
        let known = self.droplets.entry(droplet.to_owned()).or_default();
        let verdict = match seen(facts) {
            Ok(seen) => {
                for (way, there) in seen {
                    remember(known, way, there, now);
                }
                judge(known, now)
            }
            Err(verdict) => verdict,
        };
        let (id, title) = (NEW.to_owned(), "entrances".to_owned());
        Finding { id, title, severity: Severity::Medium, droplet: droplet.to_owned(), verdict }
    }
}

/// A kind that nobody had looked at before is as it is.
fn remember(known: &mut Kinds, way: Entrance, there: BTreeSet<String>, now: i64) {
    let first = if known.contains_key(&way) { now } else { 0 };
    let rows = known.entry(way).or_default();
    for text in there {
        rows.entry(text).or_insert(Moments { first, last: now }).last = now;
    }
    rows.retain(|_, row| now.saturating_sub(row.last) < GONE);
}

fn judge(known: &Kinds, now: i64) -> Verdict {
    let all = known.iter().flat_map(|(way, rows)| rows.iter().map(move |(text, row)| (way, text, row)));
    let there: Vec<_> = all.filter(|(_, _, row)| row.last == now).collect();
    let is_new = |row: &Moments| row.first > 0 && now.saturating_sub(row.first) < DAY;
    let new = there.iter().filter(|(_, _, row)| is_new(row));
    let new: Vec<String> = new.map(|(way, text, _)| format!("{} {text}", way.key())).collect();
    match new.is_empty() {
        true => Verdict::pass(format!("{}, none that is new", there.len())),
        false => Verdict::warn(
            format!("new within a day: {}", some_of(new, 4)),
            "was that you or a colleague? Then it is no news tomorrow; else: who has come in, and what else did they change?",
        ),
    }
}

/// What could be seen.
fn seen(facts: &Facts) -> Result<Vec<(Entrance, BTreeSet<String>)>, Verdict> {
    let vitals =
        facts.vitals.as_deref().ok_or_else(|| Verdict::unknown("the droplet's answer ended before"))?;
    let access = match known(&vitals.access)? {
        Some(access) => access,
        None => return Err(Verdict::skip("only root sees who could come in")),
    };
    let mut all: Vec<_> = access.entrances.iter().map(|(way, there)| (*way, there.clone())).collect();
    if let Ok(ports) = &facts.listeners {
        all.push((Entrance::Port, ports.iter().filter_map(port).collect()));
    }
    let admins = vitals.odoo.as_ref().ok().and_then(Option::as_ref).and_then(|odoo| odoo.admins.as_ref());
    all.extend(
        admins
            .map(|admins| (Entrance::Admin, admins.iter().map(|login| format!("{login} of Odoo")).collect())),
    );
    Ok(all)
}

/// One that others reach. Those that the kernel hands out change by themselves.
fn port(one: &crate::facts::Listening) -> Option<String> {
    let ip: std::net::IpAddr = one.address.parse().ok()?;
    (!ip.is_loopback() && one.port < 32_768).then(|| {
        match one.process.as_deref().and_then(|name| name.split_once('(')) {
            Some((name, _)) => format!("{} on {ip}: {name}", one.port),
            None => format!("{} on {ip}", one.port),
        }
    })
}
