//! A droplet of the lab, and `ops` run against it as a user would.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A lab droplet, fresh.
pub struct Droplet {
    pub name: &'static str,
}

impl Droplet {
    /// Puts the droplet back to what `lab/lab up` made.
    pub fn fresh(name: &'static str) -> Self {
        let droplet = Self { name };
        droplet.lab(&["reset", name]);
        droplet
    }

    /// A stack made by hand, as users have one.
    pub fn seeded(name: &'static str, options: &[&str]) -> Self {
        let droplet = Self::fresh(name);
        let mut args = vec!["seed", name];
        args.extend(options);
        droplet.lab(&args);
        droplet
    }

    pub fn lab(&self, args: &[&str]) -> String {
        lab(args)
    }

    /// A command as root on the droplet; its stdout.
    pub fn root(&self, script: &str) -> String {
        lab(&["root", self.name, "sh", "-c", script])
    }
}

/// Runs `lab/lab` and wants it to succeed.
pub fn lab(args: &[&str]) -> String {
    let lab = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("lab/lab");
    let output = Command::new(lab).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "lab/lab {args:?}\n{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// stdout and stderr, for a failed assertion.
pub fn text(output: &Output) -> String {
    format!(
        "exit {:?}\n--- stdout\n{}\n--- stderr\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
