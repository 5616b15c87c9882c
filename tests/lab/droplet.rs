//! A droplet of the lab, and what can be seen on it as root.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::machine_faults::{TRIES, fault};

/// A lab droplet.
#[derive(Clone, Copy)]
pub struct Droplet {
    /// The lab's environment of this one droplet.
    pub env: &'static str,
    pub name: &'static str,
}

/// root, Debian 13, a new engine.
pub const DEMO: Droplet = Droplet { env: "demo", name: "demo-1" };
/// A sudo user, another port, an old engine.
pub const OLD: Droplet = Droplet { env: "old", name: "old-1" };

impl Droplet {
    /// As `lab/lab up` made it.
    pub fn fresh(self) -> Self {
        lab(&["reset", self.name]);
        self
    }

    /// With a stack made by hand, as users have one.
    pub fn seeded(self, options: &[&str]) -> Self {
        self.fresh();
        let mut args = vec!["seed", self.name];
        args.extend(options);
        lab(&args);
        self
    }

    /// A script as root on the droplet, wanted to succeed; its stdout without the last line's end.
    #[track_caller]
    pub fn root(&self, script: &str) -> String {
        lab(&["root", self.name, "sh", "-c", script]).trim_end_matches('\n').to_owned()
    }

    /// The power goes, and comes back.
    pub fn power_loss(&self) {
        lab(&["kill", self.name]);
        lab(&["start", self.name]);
    }

    /// A statement on the stack's database.
    #[track_caller]
    pub fn sql(&self, statement: &str) -> String {
        crate::checked::once();
        let quoted = statement.replace('\'', r"'\''");
        self.root(&format!(
            "docker exec odoo-db-1 psql -XAtq -v ON_ERROR_STOP=1 -U odoo -d odoo -c '{quoted}'"
        ))
    }

    /// The name of the container that serves, in whichever slot.
    #[track_caller]
    pub fn web(&self) -> String {
        self.root("docker ps --format '{{.Names}}' | grep -x -E '(odoo-odoo(-b)?-1|erp-odoo(-b)?)'")
    }

    /// What a user of the site gets: the login page through nginx, by its name.
    #[track_caller]
    pub fn login_page(&self) -> String {
        crate::checked::once();
        let page = self.root("curl -sS --fail -m 20 -H 'Host: erp.lab' http://127.0.0.1/web/login");
        assert!(page.contains("oe_login_form"), "{page}");
        page
    }

    /// The release of the code that serves, through nginx, as it is in memory: "standin-code".
    #[track_caller]
    pub fn release(&self) -> String {
        crate::checked::once();
        let said = self.root("curl -sS --fail -m 20 -H 'Host: erp.lab' http://127.0.0.1/ipai_docs/release");
        said.strip_prefix("ipai_docs ").unwrap_or(&said).to_owned()
    }

    /// Everything of the stack that a refused deploy must leave alone: containers, networks, volumes,
    /// the stack's files, the releases on record. Not ops' own cache.
    #[track_caller]
    pub fn state(&self) -> String {
        crate::checked::once();
        self.root(
            "docker ps --all --no-trunc --format '{{.Names}} {{.ID}} {{.State}}' | sort
             docker volume ls -q | sort; docker network ls -q --no-trunc | sort
             docker image ls 'ops/*' --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort
             find /opt/odoo -xdev -path '*/data' -prune -o -type f -exec sha256sum {} + 2>/dev/null | sort
             find /var/lib/ops -path '*/releases/*' -type f -exec sha256sum {} + 2>/dev/null | sort
             sha256sum /etc/nginx/sites-enabled/odoo 2>/dev/null; :",
        )
    }
}

/// The number of this test's lab. Tests of one group that run beside each other (`.config/nextest.toml`)
/// have a whole lab each, git and registry included: the first, the next and so on.
pub fn net() -> u32 {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    number("OPS_LAB_NET").unwrap_or(0) + number("NEXTEST_TEST_GROUP_SLOT").unwrap_or(0)
}

/// Runs `lab/lab` and wants it to succeed.
#[track_caller]
#[expect(clippy::print_stdout, reason = "a second try must not be silent")]
pub fn lab(args: &[&str]) -> String {
    let lab = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("lab/lab");
    let run = || {
        let mut command = Command::new(&lab);
        command.env("OPS_LAB_NET", net().to_string()).args(args).stdin(Stdio::null());
        command.output().unwrap()
    };
    let mut output = run();
    for _ in 1..TRIES {
        let Some(what) = fault(output.status.code(), &String::from_utf8_lossy(&output.stderr)) else { break };
        println!("tried again: lab/lab {args:?}: {what}");
        output = run();
    }
    assert!(output.status.success(), "lab/lab {args:?}\n{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn text(output: &Output) -> String {
    format!(
        "exit {:?}\n--- stdout\n{}\n--- stderr\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The droplet cannot reach a service of the lab until this is dropped, whatever becomes of the test.
/// Only this droplet: others may be at work.
pub struct Cut {
    droplet: Droplet,
    port: u16,
}

impl Cut {
    pub fn registry(droplet: Droplet) -> Self {
        Self::off(droplet, 5000)
    }

    pub fn git(droplet: Droplet) -> Self {
        Self::off(droplet, 22)
    }

    fn off(droplet: Droplet, port: u16) -> Self {
        droplet.root(&format!("iptables -I OUTPUT -p tcp --dport {port} -j REJECT --reject-with tcp-reset"));
        Self { droplet, port }
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        let port = self.port;
        self.droplet
            .root(&format!("iptables -D OUTPUT -p tcp --dport {port} -j REJECT --reject-with tcp-reset"));
    }
}
