//! `ops` as an engineer runs it: the compiled program, with a home and an inventory of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::droplet::lab;

/// A laptop with the lab's inventory.
pub struct Laptop {
    home: TempDir,
}

impl Laptop {
    /// The inventory of the lab as it is.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The inventory of the lab, changed: each text must be there and is replaced everywhere.
    pub fn with(changes: &[(&str, &str)]) -> Self {
        let home = tempfile::Builder::new().prefix("ops-").tempdir().unwrap();
        let mut inventory = lab(&["inventory"]);
        for (from, to) in changes {
            assert!(inventory.contains(from), "the inventory has no {from}");
            inventory = inventory.replace(from, to);
        }
        // To keep images takes long, and says nothing about backups: it is left to those tests that are of them.
        if !inventory.contains("\n  backup:") {
            inventory = inventory.replacen("defaults:\n", "defaults:\n  backup: { images: false }\n", 1);
        }
        std::fs::write(home.path().join("ops.yaml"), inventory).unwrap();
        Self { home }
    }

    /// Every deploy recreates the container in its place.
    pub fn recreating() -> Self {
        Self::with(&[("strategy: auto", "strategy: recreate")])
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("ops.yaml")
    }

    /// A file of this laptop.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program, not yet started: nobody at the keyboard.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.env_clear().current_dir(self.home.path()).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.home.path());
        command.env("LANG", "C.UTF-8").env("USER", "alice");
        command.arg("--config").arg(self.config()).args(args);
        command
    }

    /// Runs it to its end.
    pub fn ops(&self, args: &[&str]) -> Ran {
        self.run(&mut self.command(args))
    }

    pub fn run(&self, command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        // The inventory's path is nobody's affair.
        let words: Vec<_> = command.get_args().skip(2).map(|word| word.to_string_lossy()).collect();
        Ran {
            command: format!("ops {}", words.join(" ")),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn deploy(&self, env: &str, git_ref: &str, more: &[&str]) -> Ran {
        let mut args = vec!["deploy", env, "--yes", "--ref", git_ref];
        args.extend(more);
        self.ops(&args)
    }

    /// A list of `--output json`.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let mut all = args.to_vec();
        all.extend(["--output", "json"]);
        let ran = self.ops(&all).exits(0);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{ran}"))
    }
}

/// What a command came to.
pub struct Ran {
    command: String,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        crate::checked::once();
        assert!(self.code == Some(code), "wanted exit code {code}\n{self}");
        self
    }

    /// Both streams hold all of these texts. Lines are joined: the width of a terminal does not matter.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        crate::checked::once();
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let all = plain(&format!("{}\n{}", self.out, self.err));
        for text in texts {
            assert!(all.contains(&plain(text)), "it does not say: {text}\n{self}");
        }
        self
    }

    #[track_caller]
    pub fn never_says(self, texts: &[&str]) -> Self {
        crate::checked::once();
        for text in texts {
            assert!(!self.out.contains(text) && !self.err.contains(text), "it says: {text}\n{self}");
        }
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, out, err } = self;
        write!(f, "{command}: exit {code:?}\n--- stdout\n{out}\n--- stderr\n{err}")
    }
}
