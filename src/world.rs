//! The outside world, built once in `main.rs` and passed down: environment, clock, directories,
//! terminal. Nothing else reads them, so a test can be another world.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

/// Everything the process was given.
#[derive(Clone)]
pub struct World {
    pub env: BTreeMap<String, String>,
    pub cwd: PathBuf,
    pub home: PathBuf,
    /// This program's own file, where the system tells it.
    pub program: Option<PathBuf>,
    /// The directory of this program: `config.yaml` may stand in it.
    pub config_dir: PathBuf,
    /// For the laptop's own cache: trusted inventories, names for completion.
    pub state_dir: PathBuf,
    /// Short, 0700: ssh's control sockets (their paths may have at most 104 bytes).
    pub runtime_dir: PathBuf,
    /// `alice@laptop`, for journals and locks.
    pub operator: String,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub terminal: Terminal,
}

/// What is a terminal, and whether asking is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

impl World {
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The environment may hold secrets, so it is not shown.
        f.debug_struct("World")
            .field("cwd", &self.cwd)
            .field("operator", &self.operator)
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}
