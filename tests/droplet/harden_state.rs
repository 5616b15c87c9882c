//! Everything of a droplet that a change of `ops harden` may touch, for a comparison.

use crate::sandbox::Sandbox;

/// Everything that a fix changes, as text: files with their modes, links and sums; units; rules; the kernel.
pub fn state(sandbox: &mut Sandbox) -> String {
    let all = "cd / && { find etc home root usr/local/sbin var/log stubs/units stubs/kernel stubs/*.rules -path etc/alternatives -prune -o -printf '%p %y %m %l\\n'
        find etc home root usr/local/sbin stubs/units stubs/kernel stubs/*.rules -path etc/alternatives -prune -o -type f -exec sha256sum {} +; } | sort";
    sandbox.sh(all).exits(0).out
}

/// Fails where the droplet is not as it was, and names what differs.
#[track_caller]
pub fn unchanged(sandbox: &mut Sandbox, before: &str, what: &str) {
    let now = state(sandbox);
    let only = |one: &str, other: &str| {
        let lines = one.lines().filter(|line| !other.lines().any(|there| there == *line));
        lines.map(|line| format!("  {line}\n")).collect::<String>()
    };
    let shell = sandbox.shell();
    assert!(
        now == before,
        "{what} ({shell:?})\nbefore only:\n{}now only:\n{}",
        only(before, &now),
        only(&now, before)
    );
}
