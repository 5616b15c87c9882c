//! How Odoo is set up, as its own process has it: the file, and the words of its command line, which win.

use serde::{Deserialize, Serialize};

use crate::cmd::Cmd;
use crate::facts::{Probe, ProbeFailure, inside};
use crate::program::Program;

pub(super) const PROGRAM: Program = Program::python(
    "facts.posture.conf",
    &[include_str!("../../tools/addons_paths.py"), include_str!("conf.py")],
);

/// Values as they are written; None: nothing says it, so that Odoo's own default counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conf {
    pub list_db: Option<String>,
    pub dbfilter: Option<String>,
    pub db_name: Option<String>,
    pub proxy_mode: Option<String>,
    pub workers: Option<String>,
    pub max_cron_threads: Option<String>,
    pub db_maxconn: Option<String>,
    pub limit_memory_soft: Option<String>,
    pub limit_memory_hard: Option<String>,
    pub limit_time_cpu: Option<String>,
    pub limit_time_real: Option<String>,
    pub log_level: Option<String>,
    /// `--dev` among the words of the process.
    pub dev: bool,
    /// The database's password stands in the list of processes.
    pub argv_password: bool,
    /// The master password: `none`, `default`, `plain`, `hash`.
    pub admin_passwd: String,
    pub file: Option<String>,
    /// Octal: `640`.
    pub mode: Option<String>,
    pub owner: Option<u32>,
}

pub(super) fn probe() -> Cmd {
    inside::python(PROGRAM, [])
}

/// None: no web container of the stack runs here.
pub(super) fn parse(text: &str) -> Probe<Option<Conf>> {
    match text.trim() {
        "" => Ok(None),
        json => serde_json::from_str(json).map(Some).map_err(|_| {
            ProbeFailure::new(format!("what Odoo's container says of itself cannot be understood: {json}"))
        }),
    }
}
