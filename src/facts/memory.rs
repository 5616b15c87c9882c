//! Memory and swap.

use super::{Memory, Probe, ProbeFailure};
use crate::cmd::Cmd;

pub(super) fn probe() -> Cmd {
    Cmd::new("grep").args(["-E", "^(MemTotal|MemAvailable|SwapTotal|SwapFree):", "/proc/meminfo"])
}

pub(super) fn parse(text: &str) -> Probe<Memory> {
    let bytes = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.map(|kib| kib.saturating_mul(1024))
            .ok_or_else(|| ProbeFailure::new(format!("/proc/meminfo does not tell {key}")))
    };
    Ok(Memory {
        total: bytes("MemTotal")?,
        available: bytes("MemAvailable")?,
        swap_total: bytes("SwapTotal")?,
        swap_free: bytes("SwapFree")?,
    })
}
