//! The timer of backups: its units, and what puts it there.

use super::timer::{File, Timer, content, kept_as, removed, section, step};
use crate::inventory::NotifyKind;
use crate::plan::{Action, Section};
use crate::runbooks::backup::Ground;
use crate::tools::schedule::UNITS;

/// `files`: the program and what it reads, by their names.
pub(super) fn timer<'a>(
    ground: &'a Ground<'a>,
    files: impl IntoIterator<Item = (&'static str, String)>,
) -> Timer<'a> {
    let unit = format!("ops-backup-{}", ground.project());
    let dir = format!("{}/schedule", ground.dir());
    let own = |(name, text)| File { path: format!("{dir}/{name}"), mode: 0o600, text };
    let mut files: Vec<_> = files.into_iter().map(own).collect();
    files.extend(units(ground, &unit));
    let heard = ground.env.notify.iter().filter(|one| one.kind == NotifyKind::Healthchecks);
    let addresses = heard.map(|one| (kept_as("PING", &one.url), content(&one.url))).collect();
    Timer { ground, unit, files, secrets: format!("{dir}/ping"), addresses }
}

/// The sections that put it there; `other`: the droplet keeps other addresses.
pub(super) fn put(timer: &Timer<'_>, change: &str, other: bool) -> Vec<Section> {
    let (tool, backup) = (timer.tool(change), &timer.ground.env.backup);
    let drop_addresses = other && timer.addresses.is_empty();
    let mut paths = timer.paths();
    let check = tool.check(&backup.calendar(), backup.textfile.as_ref().map(|path| path.as_str()));
    let mut actions = vec![Action::Run(check)];
    if drop_addresses {
        paths.push(timer.secrets.clone());
    }
    actions.push(Action::Run(tool.aside(&paths)));
    actions.extend(timer.puts());
    actions.extend(drop_addresses.then(|| Action::Run(removed(std::slice::from_ref(&timer.secrets)))));
    let title = format!("write the nightly program and its units ({}.timer)", timer.unit);
    let undo = timer.undo(change, &paths);
    let put = step(timer.ground, "put", title, actions, undo.clone());
    let title = format!("start the timer: {} ({})", backup.schedule, backup.calendar());
    let start = step(timer.ground, "start", title, vec![Action::Run(tool.settle())], undo);
    let mut sections = Vec::new();
    if other && !drop_addresses {
        sections.push(timer.put_addresses("ping", change));
    }
    sections.push(section(timer.ground, "schedule", true, vec![put, start]));
    sections
}

/// The service, what comes after its failure, and the timer. All names in them are dull, and the directory was looked at.
fn units(ground: &Ground<'_>, unit: &str) -> [File; 3] {
    let (env, dir, calendar) = (&ground.env.name, ground.dir(), ground.env.backup.calendar());
    let night = format!("/bin/sh '{dir}/schedule/night'");
    let file = |name: String, text: String| File { path: format!("{UNITS}/{name}"), mode: 0o644, text };
    let service = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops backup {env}, by schedule\n\
         Wants=network-online.target\nAfter=network-online.target docker.service\nOnFailure={unit}-failed.service\n\n\
         [Service]\nType=oneshot\nExecStart={night} work\n# It ends by itself when its steps did, which have limits.\n\
         TimeoutStartSec=infinity\nTimeoutStopSec=10min\nKillMode=mixed\n\
         # Of the steps as well: the runner hands it on.\nNice=10\n"
    );
    let failed = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops backup {env} failed: tells those who are to hear of it\n\n\
         [Service]\nType=oneshot\nExecStart={night} failed\nSyslogLevel=err\nTimeoutStartSec=10min\n"
    );
    let timer = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops backup {env}, by schedule\n\n[Timer]\n\
         OnCalendar={calendar}\nPersistent=true\nRandomizedDelaySec=15m\nAccuracySec=1m\n\n[Install]\nWantedBy=timers.target\n"
    );
    [
        file(format!("{unit}.service"), service),
        file(format!("{unit}-failed.service"), failed),
        file(format!("{unit}.timer"), timer),
    ]
}
