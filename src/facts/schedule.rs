//! What a schedule left on the droplet: its files, its timer, and how it went.

use super::fields::Fields;
use super::{Probe, Schedule};
use crate::cmd::Cmd;
use crate::tools::schedule::UNITS;

// Of secrets only the names that they are kept under.
const PROBE: &str = r#"
[ -n "$OPS_STATE" ] && cd "$OPS_STATE" 2>/dev/null || exit 0
unit=ops-backup-$OPS_PROJECT
for file in schedule/night schedule/plan.json schedule/sections "$1/$unit.service" "$1/$unit.timer" "$1/$unit-failed.service"; do
    [ ! -f "$file" ] || printf 'file\t%s\t%s\n' "$(sha256sum <"$file" | cut -d' ' -f1)" "${file##*/}"
done
[ ! -f schedule/ping ] || awk -F= '/^PING_[0-9a-f]*=/ { print "ping\t" $1 }' schedule/ping
for file in backup/[0-9]*t[0-9]*z.json; do [ ! -f "$file" ] || newest=${file##*/}; done
[ -z "${newest:-}" ] || printf 'newest\t%s\n' "${newest%.json}"
[ ! -f backup/status.json ] || printf 'status\t%s\n' "$(head -c 4096 backup/status.json | tr '\n\t' '  ')"
[ -f "$1/$unit.timer" ] && command -v systemctl >/dev/null || exit 0
systemctl is-enabled --quiet "$unit.timer" && printf 'enabled\tyes\n'
systemctl is-active --quiet "$unit.timer" && printf 'active\tyes\n'
case $(systemctl show -p ActiveState --value "$unit.service") in activating | active | deactivating) printf 'working\tyes\n' ;; esac
next=$(systemctl show -p NextElapseUSecRealtime --value "$unit.timer")
case $next in [A-Z][a-z][a-z]\ *) printf 'next\t%s\n' "$(date -d "$next" +%s)" ;; esac
exit 0
"#;

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [UNITS])
}

pub(super) fn parse(text: &str) -> Probe<Schedule> {
    let fields = Fields::read(text);
    let file = |value: &str| value.split_once('\t').map(|(sum, name)| (name.to_owned(), sum.to_owned()));
    Ok(Schedule {
        files: fields.all("file").filter_map(file).collect(),
        pings: fields.all("ping").map(str::to_owned).collect(),
        enabled: fields.flag("enabled"),
        active: fields.flag("active"),
        working: fields.flag("working"),
        next: fields.number("next").ok(),
        newest: fields.text("newest"),
        status: fields.get("status").and_then(|json| serde_json::from_str(json).ok()),
    })
}
