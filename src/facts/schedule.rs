//! What a schedule left on the droplet: its files, its timer, and how it went.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Probe;
use super::fields::Fields;
use super::lookout::{Lookout, lookout};
use crate::cmd::Cmd;
use crate::program::Program;
use crate::record::BackupStatus;
use crate::tools::schedule::UNITS;

/// What there is of a schedule, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// Names of its files, units included, and their sha256.
    pub files: BTreeMap<String, String>,
    /// The names that the addresses are kept under which hear of it.
    pub pings: Vec<String>,
    /// The timer begins with the droplet.
    pub enabled: bool,
    /// The timer runs.
    pub active: bool,
    /// A scheduled run is at work, or waits for the lock.
    pub working: bool,
    /// When the timer elapses next, in seconds since the epoch.
    pub next: Option<i64>,
    /// The id of the newest verified backup, whoever made it.
    pub newest: Option<String>,
    pub status: Option<BackupStatus>,
    pub health: Lookout,
}

// Of secrets only the names that they are kept under.
pub(super) const PROBE: Program = Program::shell(
    "facts.schedule",
    &[r#"
[ -n "$OPS_STATE" ] && cd "$OPS_STATE" 2>/dev/null || exit 0
unit=ops-backup-$OPS_PROJECT
for file in schedule/night schedule/plan.json schedule/sections "$1/$unit.service" "$1/$unit.timer" "$1/$unit-failed.service"; do
    [ ! -f "$file" ] || printf 'file\t%s\t%s\n' "$(sha256sum <"$file" | cut -d' ' -f1)" "${file##*/}"
done
[ ! -f schedule/ping ] || awk -F= '/^PING_[0-9a-f]*=/ { print "ping\t" $1 }' schedule/ping
for file in backup/[0-9]*t[0-9]*z.json; do [ ! -f "$file" ] || newest=${file##*/}; done
[ -z "${newest:-}" ] || printf 'newest\t%s\n' "${newest%.json}"
[ ! -f backup/status.json ] || printf 'status\t%s\n' "$(head -c 65536 backup/status.json | tr '\n\t' '  ')"
lookout=ops-health-$OPS_PROJECT
for file in schedule/inventory.yaml "$1/$lookout.service" "$1/$lookout.timer"; do
    [ ! -f "$file" ] || printf 'lookout-file\t%s\t%s\n' "$(sha256sum <"$file" | cut -d' ' -f1)" "${file##*/}"
done
[ ! -x schedule/ops ] || printf 'lookout-program\t%s\n' "$(head -c 200 schedule/program | tr '\n\t' '  ')"
[ ! -f schedule/notify ] || awk -F= '/^NOTIFY_[0-9a-f]*=/ { print "lookout-address\t" $1 }' schedule/notify
command -v systemctl >/dev/null || exit 0
if [ -f "$1/$lookout.timer" ]; then
    systemctl is-enabled --quiet "$lookout.timer" && printf 'lookout-enabled\tyes\n'
    systemctl is-active --quiet "$lookout.timer" && printf 'lookout-active\tyes\n'
    systemctl show -p ExecMainExitTimestamp -p ExecMainStatus "$lookout.service" | while IFS='=' read -r name value; do
        case $name:$value in
            ExecMainStatus:*) printf 'lookout-code\t%s\n' "$value" ;;
            ExecMainExitTimestamp:[A-Z]*) printf 'lookout-ended\t%s\n' "$(date -d "$value" +%s)" ;;
        esac
    done
fi
[ -f "$1/$unit.timer" ] || exit 0
systemctl is-enabled --quiet "$unit.timer" && printf 'enabled\tyes\n'
systemctl is-active --quiet "$unit.timer" && printf 'active\tyes\n'
case $(systemctl show -p ActiveState --value "$unit.service") in activating | active | deactivating) printf 'working\tyes\n' ;; esac
next=$(systemctl show -p NextElapseUSecRealtime --value "$unit.timer")
case $next in [A-Z][a-z][a-z]\ *) printf 'next\t%s\n' "$(date -d "$next" +%s)" ;; esac
exit 0
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [UNITS])
}

pub(super) fn parse(text: &str) -> Probe<Schedule> {
    let fields = Fields::read(text);
    Ok(Schedule {
        files: files(&fields, "file"),
        pings: fields.all("ping").map(str::to_owned).collect(),
        enabled: fields.flag("enabled"),
        active: fields.flag("active"),
        working: fields.flag("working"),
        next: fields.number("next").ok(),
        newest: fields.text("newest"),
        status: fields.get("status").and_then(|json| serde_json::from_str(json).ok()),
        health: lookout(&fields),
    })
}

pub(super) fn files(fields: &Fields, name: &str) -> BTreeMap<String, String> {
    let file = |value: &str| value.split_once('\t').map(|(sum, name)| (name.to_owned(), sum.to_owned()));
    fields.all(name).filter_map(file).collect()
}
