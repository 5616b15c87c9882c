//! Faults of the machine under the lab, by name. A lab command that met one is tried again; nothing else is.

/// A fault: what Docker prints of it, and what happened. The command itself did not start.
const FAULTS: [(&str, &str); 2] = [
    (
        "OCI runtime exec failed",
        "docker exec raced with a change of the droplet's cgroups; seen once in some ten thousand calls",
    ),
    ("failed to create shim task", "containerd could not start the process of a container that is up"),
];

/// How often a command is tried.
pub const TRIES: usize = 3;

/// The fault that ended a command before it started: its exit code is 126 or 127 and Docker names the fault.
pub fn fault(code: Option<i32>, stderr: &str) -> Option<&'static str> {
    let start_failed = matches!(code, Some(125..=127));
    FAULTS.iter().find(|(says, _)| start_failed && stderr.contains(says)).map(|(_, what)| *what)
}
