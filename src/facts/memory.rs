//! Memory and swap, and what the running web container takes of it.

use serde::Serialize;

use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Memory {
    pub total: u64,
    pub available: u64,
    pub swap_total: u64,
    pub swap_free: u64,
    /// What the processes of the running web container take; None where none runs or it cannot be read.
    pub web: Option<u64>,
}

// Pages that workers share are counted once (Pss) where that may be read; else every worker's own count.
pub(super) const PROBE: Program = Program::shell(
    "facts.memory",
    &[r#"
grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo || exit
[ -n "$OPS_WEB" ] || exit 0
pids=$(docker top "$OPS_WEB" -eo pid 2>/dev/null | sed 1d) || exit 0
for pid in $pids; do
    { [ -r "/proc/$pid/smaps_rollup" ] && grep '^Pss:' "/proc/$pid/smaps_rollup"; } 2>/dev/null ||
        grep '^VmRSS:' "/proc/$pid/status" 2>/dev/null
done | awk '{ sum += $2 } END { if (sum) print "Web: " sum " kB" }'
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Memory> {
    let bytes = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.map(|kib| kib.saturating_mul(1024))
            .ok_or_else(|| ProbeFailure::new(format!("/proc/meminfo does not tell {key}")))
    };
    let web = bytes("Web").ok();
    Ok(Memory {
        total: bytes("MemTotal")?,
        available: bytes("MemAvailable")?,
        swap_total: bytes("SwapTotal")?,
        swap_free: bytes("SwapFree")?,
        web,
    })
}
