//! The inventory: what it accepts, and how it says what is wrong.

mod example;
mod fuzz;
mod hooks;
mod hostile;
mod limits;
mod local;
mod meaning;
mod resolved;
mod schema;
mod secrets;
mod watch;
mod world;

use std::path::Path;
use std::time::Duration;

use ops::error::Error;
use ops::inventory::{self, Inventory};

pub(crate) const EXAMPLE: &str = include_str!("../../../config.example.yaml");

/// The smallest inventory there is.
pub(crate) const SMALL: &str = "\
version: 1
project: demo
environments:
  prod:
    droplets:
      - { name: one, host: 203.0.113.1 }
    stack: { path: /opt/odoo, web: odoo, db: db, database: odoo }
";

pub(crate) fn parse(text: &str) -> Result<Inventory, Error> {
    inventory::parse(text, Path::new("/project/ops.yaml"), Path::new("/home/alice"))
}

/// [`SMALL`] with lines for the environment.
pub(crate) fn with(lines: &str) -> String {
    let mut text = SMALL.to_owned();
    for line in lines.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

/// An error as it will be read, plainly.
pub(crate) fn rendered(error: &Error) -> String {
    let mut text = format!("{} (exit {})\n", error.what, error.exit.code());
    for why in &error.why {
        text.push_str(&format!("  why: {why}\n"));
    }
    for next in &error.next {
        text.push_str(&format!("  next: {next}\n"));
    }
    for evidence in &error.evidence {
        for line in &evidence.lines {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}

/// The error of a text that must not be accepted.
pub(crate) fn refused(text: &str) -> String {
    rendered(&parse(text).expect_err("this must be refused"))
}

/// The errors of several texts, without the lines of the file.
pub(crate) fn table(texts: &[&str]) -> String {
    let card = |text: &&str| {
        let shown = refused(text);
        let lines = shown.lines().filter(|line| !line.starts_with("   "));
        lines.map(|line| format!("{}\n", line.replace("/project/", ""))).collect::<String>()
    };
    texts.iter().map(card).collect()
}

/// How long this thread has computed: unlike the clock on the wall, it does not run while the
/// machine is busy with something else.
pub(crate) fn computed() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("time goes forward")
}
