//! Load, pressure, clock, the wish for a reboot, and what the kernel killed.

use std::collections::BTreeMap;

use super::Machine;
use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

// A container's clock is its machine's, which sets it.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.machine",
    &[r#"
read -r _ five _ </proc/loadavg && printf 'load\t%s\n' "$five"
read -r up _ </proc/uptime && printf 'up\t%s\n' "${up%%.*}"
for kind in cpu memory io; do
    awk -v kind="$kind" '$1 == "full" { sub(/avg60=/, "", $3); print "pressure\t" kind "\t" $3 }' "/proc/pressure/$kind" 2>/dev/null
done
if [ -e /run/reboot-required ]; then
    pkgs=$(sort -u /run/reboot-required.pkgs 2>/dev/null | head -n 5 | tr '\n' ' ')
    if [ -n "$pkgs" ]; then printf 'reboot\tfor %s\n' "$pkgs"; else printf 'reboot\tby the system\n'; fi
fi
if command -v timedatectl >/dev/null 2>&1 && ! systemd-detect-virt -cq 2>/dev/null; then
    printf 'time\t%s\n' "$(timeout 5 timedatectl show -p NTPSynchronized --value 2>/dev/null)"
fi
if [ "$(id -u)" = 0 ] && command -v journalctl >/dev/null 2>&1; then
    printf 'killed\t%s\n' "$(timeout 10 journalctl -kq --no-pager -o cat -S -24h 2>/dev/null | grep -c 'Out of memory: Killed process')"
fi
exit 0
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Machine> {
    let fields = Fields::read(text);
    let mut pressure = BTreeMap::new();
    for (kind, share) in fields.all("pressure").filter_map(|line| line.split_once('\t')) {
        pressure.insert(kind.to_owned(), finite("pressure", share)?);
    }
    Ok(Machine {
        load: finite("load", fields.need("load")?)?,
        up: fields.number("up")?,
        pressure,
        in_time: match fields.get("time") {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            _ => None,
        },
        reboot: fields.text("reboot"),
        killed: fields.get("killed").and_then(|count| count.parse().ok()),
    })
}

fn finite(what: &str, text: &str) -> Probe<f64> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| ProbeFailure::new(format!("{what} is no number: {text}")))
}
