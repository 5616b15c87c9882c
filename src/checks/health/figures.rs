//! Measured values, for those who draw curves: only what was seen, and times instead of ages.

use jiff::Timestamp;
use serde::Serialize;

use crate::checks::Subject;
use crate::record::moment;

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// As Prometheus calls it, without `ops_`.
    pub name: &'static str,
    /// A label and its value, where there are several of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<(&'static str, String)>,
    pub value: f64,
    pub unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// 0 to 1.
    Ratio,
    Bytes,
    Seconds,
    /// Seconds since the epoch.
    Time,
    Number,
}

/// What there is of a droplet.
pub fn figures(subject: &Subject<'_>) -> Vec<Figure> {
    let mut all = Vec::new();
    host(subject, &mut all);
    database(subject, &mut all);
    site(subject, &mut all);
    if let Ok(schedule) = &subject.facts.schedule {
        let taken = schedule.newest.as_deref().and_then(moment).and_then(|at| at.parse::<Timestamp>().ok());
        all.extend(
            taken.map(|at| plain("backup_last_success_timestamp_seconds", at.as_second(), Unit::Time)),
        );
    }
    all
}

fn host(subject: &Subject<'_>, all: &mut Vec<Figure>) {
    for mount in subject.facts.mounts.iter().flatten() {
        let label = Some(("mount", mount.mount_point.clone()));
        let value = ratio(mount.free, mount.usable());
        all.push(Figure { name: "disk_free_ratio", label: label.clone(), value, unit: Unit::Ratio });
        if mount.inodes > 0 {
            let value = ratio(mount.inodes_free, mount.inodes);
            all.push(Figure { name: "inodes_free_ratio", label, value, unit: Unit::Ratio });
        }
    }
    if let Ok(memory) = &subject.facts.memory {
        let value = ratio(memory.available, memory.total);
        all.push(Figure { name: "memory_available_ratio", label: None, value, unit: Unit::Ratio });
    }
    if let Some(Ok(machine)) = subject.facts.vitals.as_deref().map(|vitals| &vitals.machine) {
        all.push(Figure { name: "load5", label: None, value: machine.load, unit: Unit::Number });
    }
}

fn database(subject: &Subject<'_>, all: &mut Vec<Figure>) {
    if let Ok(Some(database)) = &subject.facts.database {
        all.push(plain("pg_database_bytes", signed(database.bytes), Unit::Bytes));
    }
    let sessions = subject.facts.vitals.as_deref().map(|vitals| &vitals.sessions);
    if let Some(Ok(Some(sessions))) = sessions {
        all.push(plain("pg_connections", signed(sessions.used), Unit::Number));
        all.push(plain("pg_connections_max", signed(sessions.max), Unit::Number));
        all.push(plain("pg_blocked_sessions", signed(sessions.blocked), Unit::Number));
    }
    if let Some(Ok(Some(odoo))) = subject.facts.vitals.as_deref().map(|vitals| &vitals.odoo)
        && let Some(crons) = &odoo.crons
    {
        all.push(plain("odoo_crons_overdue", signed(crons.overdue), Unit::Number));
    }
}

fn site(subject: &Subject<'_>, all: &mut Vec<Figure>) {
    let Some(vitals) = subject.facts.vitals.as_deref() else { return };
    let pages = [("inside", &vitals.inside), ("proxy", &vitals.proxied)];
    for (way, page) in pages.into_iter().filter_map(|(way, page)| Some((way, page.as_ref().ok()?.as_ref()?)))
    {
        if page.status.is_some() {
            let (label, value) = (Some(("way", way.to_owned())), float(signed(page.millis)) / 1000.0);
            all.push(Figure { name: "web_answer_seconds", label, value, unit: Unit::Seconds });
        }
    }
    if let Ok(Some(tls)) = &vitals.tls {
        all.extend(tls.until.map(|until| plain("tls_cert_not_after_timestamp_seconds", until, Unit::Time)));
    }
}

fn plain(name: &'static str, value: i64, unit: Unit) -> Figure {
    Figure { name, label: None, value: float(value), unit }
}

fn ratio(part: u64, whole: u64) -> f64 {
    float(signed(part)) / float(signed(whole.max(1)))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to nine thousand terabytes")]
fn float(number: i64) -> f64 {
    number as f64
}
