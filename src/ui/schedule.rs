//! `ops schedule status`: whether it is as it should be, how the last backup went, and when the next begins.

use jiff::Timestamp;
use serde_json::json;

use super::lists::List;
use super::words;
use crate::record::{BackupStatus, Fresh, Kept, LookoutState, ScheduleState};
use crate::text::lasting;

/// How it stands, and each place against what was promised of it, as far as the droplet remembers.
#[derive(Debug, Clone, Copy)]
pub struct Stand<'a> {
    pub state: &'a ScheduleState,
    pub kept: &'a [Kept],
}

/// `ops.schedule/1`.
pub fn state(env: &str, stand: &Stand<'_>, now: Timestamp) -> List {
    let ago = |at: &Option<String>| at.as_deref().map_or("-".to_owned(), |at| words::ago_text(at, now));
    let plain = |at: &Option<String>| at.clone().unwrap_or_else(|| "-".to_owned());
    let mut json = json!(stand.state);
    json["places"] = json!(stand.kept);
    json["schema"] = json!("ops.schedule/1");
    json["env"] = json!(env);
    List::pairs(rows(env, stand, ago), rows(env, stand, plain), json)
}

fn rows(env: &str, stand: &Stand<'_>, at: impl Fn(&Option<String>) -> String) -> Vec<[String; 2]> {
    let state = stand.state;
    let installed = match (state.installed, state.drift.is_empty()) {
        (false, _) => format!("no: ops schedule install {env}"),
        (true, true) => "as this ops would install it".to_owned(),
        (true, false) => format!("another than this ops would install: ops schedule install {env}"),
    };
    let mut rows = vec![["installed".to_owned(), installed]];
    rows.extend(state.drift.iter().map(|drift| ["differs".to_owned(), drift.clone()]));
    rows.push(["schedule".to_owned(), state.schedule.clone()]);
    let next =
        if state.working { "now: it is at work, or waits for the lock".to_owned() } else { at(&state.next) };
    rows.push(["next".to_owned(), next]);
    if let Some(last) = &state.last {
        rows.push(["last".to_owned(), at(&Some(last.started.clone()))]);
        rows.push(["it".to_owned(), ended(last, state.working)]);
    }
    let newest =
        state.newest.as_deref().map_or("none".to_owned(), |id| format!("{id}, {}", at(&state.taken)));
    rows.push(["newest verified backup".to_owned(), newest]);
    rows.extend(state.health.as_ref().map(|health| ["health".to_owned(), looks(health, &at)]));
    rows.extend(stand.kept.iter().map(|one| {
        let newest = one.newest.as_ref().map_or("none".to_owned(), |id| format!("{id}, {}", at(&one.taken)));
        let rpo = match one.rpo {
            Some(Fresh::Kept) => "; the RPO is kept",
            Some(Fresh::Soon) => "; the RPO is SOON LOST",
            Some(Fresh::Lost) => "; the RPO is LOST",
            None => "",
        };
        [format!("at {}", one.place), format!("{newest}{rpo}")]
    }));
    rows
}

fn looks(health: &LookoutState, at: &impl Fn(&Option<String>) -> String) -> String {
    let Some(every) = health.every else { return "looked at there, and health.every is not".to_owned() };
    let every = format!("a look every {}", lasting(every));
    let program = health.program.as_deref().unwrap_or("ops");
    let last = match (health.active, &health.looked, health.code) {
        (false, ..) => return format!("{every} is wanted, and no timer runs"),
        (true, None, _) => return format!("{every} by {program}"),
        (true, Some(_), Some(0)) => "all was well",
        (true, Some(_), Some(9)) => "something is wrong",
        (true, Some(_), Some(4)) => "it could not see",
        (true, Some(_), _) => "it FAILED",
    };
    format!("{every} by {program}; the last {}: {last}", at(&health.looked))
}

fn ended(last: &BackupStatus, working: bool) -> String {
    let took = last.seconds.map(|seconds| words::millis(seconds.saturating_mul(1000))).unwrap_or_default();
    match (last.ok, &last.why) {
        (Some(true), _) => format!("was verified after {took} (run {})", last.run),
        (Some(false), why) => {
            format!("FAILED: {} (run {})", why.as_deref().unwrap_or("for no reason given"), last.run)
        }
        (None, _) if working => "is at work".to_owned(),
        (None, _) => "never ended: the droplet lost its power".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(state_of: ScheduleState) -> String {
        let kept = Kept {
            place: "spaces".into(),
            asked: true,
            newest: None,
            taken: None,
            rpo: Some(Fresh::Lost),
            gaps: Vec::new(),
        };
        let stand = Stand { state: &state_of, kept: &[kept] };
        state("prod", &stand, "2026-11-21T12:00:00Z".parse().unwrap()).tsv()
    }

    #[test]
    fn every_state_has_words() {
        let none = ScheduleState {
            installed: false,
            drift: Vec::new(),
            schedule: "02:30".into(),
            next: None,
            working: false,
            last: None,
            newest: None,
            taken: None,
            health: None,
        };
        assert!(said(none.clone()).contains("no: ops schedule install prod"));
        assert!(said(none.clone()).contains("at spaces\tnone; the RPO is LOST"));
        let last = BackupStatus {
            schema: "ops.backup-status/1".into(),
            env: "prod".into(),
            project: "odoo".into(),
            run: "prod-20261121T023000Z-night".into(),
            started: "2026-11-21T02:30:00Z".into(),
            ended: None,
            ok: None,
            exit: None,
            why: None,
            seconds: None,
            backup: None,
            bytes: None,
            added: None,
        };
        let there = ScheduleState { installed: true, last: Some(last.clone()), ..none };
        assert!(said(there.clone()).contains("never ended"));
        assert!(said(ScheduleState { working: true, ..there.clone() }).contains("is at work"));
        let failed =
            BackupStatus { ok: Some(false), why: Some("backup.dump failed with code 1".into()), ..last };
        let said = said(ScheduleState { drift: vec!["x is another".into()], last: Some(failed), ..there });
        assert!(
            said.contains("FAILED: backup.dump failed with code 1") && said.contains("differs\tx is another"),
            "{said}"
        );
    }
}
