//! What a person starts in a container of the stack: a program, a login shell, psql, Odoo's own shell.
//!
//! Deliberately absent: what they do there. psql that only reads is a guard against slips, not against somebody
//! who wants to write: PostgreSQL lets every session say otherwise.

use crate::cmd::Cmd;
use crate::program::Program;

/// Whether the program has a terminal there, as the person has one here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tty {
    Yes,
    No,
}

/// A program in a running container.
pub fn exec(container: &str, tty: Tty, words: &[String]) -> Cmd {
    let cmd = Cmd::new("docker").args(["exec", "-i"]);
    let cmd = match tty {
        // Which terminal it is; without the name, the variable of whoever runs `docker`.
        Tty::Yes => cmd.args(["-t", "-e", "TERM"]),
        Tty::No => cmd,
    };
    cmd.arg("--").arg(container).args(words.iter().cloned())
}

pub(super) const LOGIN_SHELL: Program = Program::shell(
    "entry.shell",
    &[r#"
cd 2>/dev/null || cd /
shell=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f7)
[ -x "$shell" ] || shell=/bin/sh
SHELL=$shell
export SHELL
exec "$shell" -l
"#],
);

/// A login shell of the droplet's user.
pub fn shell() -> Cmd {
    Cmd::script(LOGIN_SHELL, [""; 0])
}

pub(super) const BEST_SHELL: Program = Program::shell(
    "entry.shell-in",
    &["if command -v bash >/dev/null 2>&1; then exec bash -l; fi; exec sh -l"],
);

/// The best shell that a container has.
pub fn shell_in(container: &str, tty: Tty) -> Cmd {
    exec(container, tty, Cmd::script(BEST_SHELL, [""; 0]).argv())
}

/// A name in PGDATABASE is a name; as an argument it could be a whole connection string.
pub(super) const PSQL: Program = Program::shell(
    "entry.psql",
    &[r#"
export PGUSER="${POSTGRES_USER:-postgres}" PGDATABASE="$1"
[ -z "$POSTGRES_PASSWORD_FILE" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
[ -z "$POSTGRES_PASSWORD" ] || export PGPASSWORD="$POSTGRES_PASSWORD"
[ "$2" = writes ] || export PGOPTIONS='-c default_transaction_read_only=on'
shift 2
exec psql "$@"
"#],
);

/// psql in the database's container, as its own environment says who may connect.
pub fn psql(container: &str, tty: Tty, database: &str, writes: bool, args: &[String]) -> Cmd {
    let writes = if writes { "writes" } else { "reads" };
    exec(container, tty, Cmd::script(PSQL, [database, writes]).args(args.iter().cloned()).argv())
}

/// Where Odoo's shell is run: a container of its own, made as the one that serves was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell<'a> {
    pub project: &'a str,
    pub dir: &'a str,
    pub files: &'a [String],
    pub profiles: &'a [String],
    pub service: &'a str,
    pub name: &'a str,
    pub database: &'a str,
    pub options: &'a [String],
}

impl Shell<'_> {
    /// Binds no port and runs no job.
    pub fn cmd(&self, tty: Tty) -> Cmd {
        let mut cmd = Cmd::new("docker").env("COMPOSE_IGNORE_ORPHANS", "true");
        cmd = cmd.args(["compose", "-p", self.project, "--project-directory", self.dir]);
        for file in self.files {
            cmd = cmd.args(["-f", file]);
        }
        for profile in self.profiles {
            cmd = cmd.args(["--profile", profile]);
        }
        cmd = cmd.args(["run", "--rm", "--no-deps"]);
        cmd = if tty == Tty::No { cmd.arg("-T") } else { cmd };
        cmd = cmd.args(["--name", self.name, self.service, "odoo", "shell", "-d", self.database]);
        let flags = ["--no-http", "--workers=0", "--max-cron-threads=0", "--limit-memory-hard=0"];
        cmd.args(self.options.iter().cloned()).args(flags)
    }
}

/// The command of a container as it runs, a word a line in JSON: what its variables came to is filled in.
pub fn command_of(container: &str) -> Cmd {
    Cmd::new("docker").args([
        "inspect",
        "--type",
        "container",
        "--format",
        "{{json .Config.Cmd}}",
        "--",
        container,
    ])
}
