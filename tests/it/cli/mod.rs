//! The program itself, started as an engineer starts it, against a real sshd on this machine.
#![expect(clippy::disallowed_methods, reason = "the program is started, with an environment of its own")]

mod arguments;
mod doctor;
mod droplet;
mod inside;
mod inventory;
mod unreachable;
mod vigil;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::transport::sshd::{Sshd, executable};

/// The longest that any command of these tests may take: asking for facts gives up after a minute.
const BOUND: Duration = Duration::from_secs(100);

/// A laptop, and a droplet which is this machine behind an sshd of its own.
pub(crate) struct Laptop {
    pub(crate) sshd: Sshd,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) time: Duration,
}

impl Laptop {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// `extra` are lines of sshd_config.
    pub(crate) fn with(extra: &str) -> Self {
        let sshd = Sshd::with_path(extra);
        std::fs::create_dir(sshd.path("run")).unwrap();
        std::fs::create_dir_all(sshd.path("deep/down/here")).unwrap();
        let laptop = Self { sshd };
        // Whatever is executed by mistake, here or there, leaves this file.
        let marker = laptop.sshd.path("marker");
        laptop.program("canary_ran", &format!("#!/bin/sh\ntouch {}\n", marker.display()));
        laptop.write(&laptop.inventory());
        laptop
    }

    /// A program that droplet and laptop find before all others.
    pub(crate) fn program(&self, name: &str, text: &str) {
        executable(&self.sshd.path("bin").join(name), text);
    }

    /// The marker of [`Laptop::with`], wherever it may have been left.
    #[track_caller]
    pub(crate) fn nothing_was_executed(&self, what: &str) {
        assert!(!self.sshd.path("marker").exists(), "executed: {what}");
    }

    pub(crate) fn inventory(&self) -> Value {
        let path = |name: &str| self.sshd.path(name).display().to_string();
        json!({
            "version": 1,
            "project": "demo",
            "state_dir": path("droplet-state"),
            "defaults": { "ssh": {
                "identity": path("id"), "config": path("ssh_config"), "known_hosts": path("known_hosts"),
                "connect_timeout": "2s",
            } },
            "environments": { "prod": {
                "droplets": [{ "name": "erp-1", "host": self.sshd.ip, "port": self.sshd.port }],
                "stack": { "path": path("stack"), "web": "odoo", "db": "db", "database": "odoo" },
            } },
        })
    }

    pub(crate) fn write(&self, inventory: &Value) {
        std::fs::write(self.sshd.path("ops.yaml"), inventory.to_string()).unwrap();
    }

    /// The inventory with another value at a place of the environment.
    pub(crate) fn change(&self, pointer: &str, value: impl Into<Value>) {
        let mut inventory = self.inventory();
        let (place, key) = pointer.rsplit_once('/').unwrap();
        inventory.pointer_mut(&format!("/environments/prod{place}")).unwrap()[key] = value.into();
        self.write(&inventory);
    }

    /// Runs `ops` with nobody at the keyboard.
    #[track_caller]
    pub(crate) fn ops(&self, args: &[&str]) -> Ran {
        let started = Instant::now();
        let output = self.command(args).output().unwrap();
        let ran = Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            time: started.elapsed(),
        };
        assert!(ran.time < BOUND, "{args:?} took {:?}\n{ran}", ran.time);
        ran.is_fit_for_a_terminal();
        ran
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.env_clear().current_dir(self.sshd.path("deep/down/here")).stdin(Stdio::null());
        command.env("PATH", format!("{}:{path}", self.sshd.path("bin").display()));
        command.env("HOME", self.sshd.dir.path()).env("XDG_RUNTIME_DIR", self.sshd.path("run"));
        command.env("USER", "alice").args(args);
        command
    }
}

impl Ran {
    /// No escape sequence and no other control character, and never a fault of the program itself.
    #[track_caller]
    fn is_fit_for_a_terminal(&self) {
        let hostile = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        // A list for programs is separated by tabs.
        let fine = |text: &str| !text.chars().any(|c| hostile(c) && c != '\t');
        assert!(fine(&self.out) && fine(&self.err), "hostile output was shown: {:?}", self);
        assert!(!self.err.contains("fault of its own"), "{self}");
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Both streams, blanks and line ends being all one.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            plain(&format!("{}\n{}", self.out, self.err)).contains(&plain(text)),
            "not said: {text}\n{self}"
        );
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.out, self.err)
    }
}
