//! Docker Compose on the droplet, always with the release's own file, the running project's name and
//! the stack's original directory.

use crate::cmd::Cmd;
use crate::program::Program;

/// One stack as Compose is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project<'a> {
    pub name: &'a str,
    /// The stack's path: relative paths and `.env` belong to it.
    pub path: &'a str,
    /// The release's compose file.
    pub file: &'a str,
    pub profiles: &'a [String],
}

pub(super) const ANEW: Program = Program::shell(
    "compose.up-anew",
    &[r#"
project=$1 service=$2
shift 2
export COMPOSE_IGNORE_ORPHANS=true
"$@" rm --stop --force -- "$service" || exit
"$@" create --no-recreate --no-build -- "$service" || exec "$@" up --detach --no-deps --no-build -- "$service"
c=$(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no container of $service was made"; exit 1; }
exec docker start "$c"
"#],
);

impl Project<'_> {
    fn compose(&self) -> Cmd {
        let mut cmd = Cmd::new("docker").args(["compose", "-p", self.name, "--project-directory", self.path]);
        cmd = cmd.args(["-f", self.file]);
        for profile in self.profiles {
            cmd = cmd.args(["--profile", profile]);
        }
        cmd
    }

    /// The file is whole and every variable it needs is set.
    pub fn valid(&self) -> Cmd {
        self.compose().args(["config", "--quiet"])
    }

    /// One service and nothing it depends on. Returns when it was started.
    pub fn up(&self, service: &str) -> Cmd {
        self.compose().args(["up", "--detach", "--no-deps", "--no-build", "--quiet-pull", "--", service])
    }

    /// A new container of one service that does not serve, and nothing it depends on is changed. `--no-deps`
    /// is a part of the hash by which Compose 2.26 sees a changed definition, so a hand-typed `docker compose
    /// up` would recreate such a container: here it is made without, and only where that cannot be, with.
    pub fn up_anew(&self, service: &str) -> Cmd {
        Cmd::script(ANEW, [self.name, service]).args(self.compose().argv().iter().cloned())
    }

    /// As [`Project::up`], and waits until it is healthy.
    pub fn up_and_wait(&self, service: &str, seconds: u64) -> Cmd {
        let wait = seconds.to_string();
        let flags =
            ["up", "--detach", "--no-deps", "--no-build", "--quiet-pull", "--wait", "--wait-timeout", &wait];
        self.compose().args(flags).args(["--", service])
    }

    /// Services that have no container yet; those that run are left alone.
    pub fn up_missing(&self, services: &[String]) -> Cmd {
        self.compose()
            .args(["up", "--detach", "--no-deps", "--no-recreate", "--quiet-pull", "--"])
            .args(services.iter().map(String::as_str))
    }

    /// Stops and removes one service's container; its volumes stay.
    pub fn remove(&self, service: &str) -> Cmd {
        self.compose().args(["rm", "--stop", "--force", "--", service])
    }

    pub fn build(&self, service: &str) -> Cmd {
        self.compose().args(["build", "--", service])
    }

    /// As [`Project::run`], under a name by which it can be found.
    pub fn run_as(&self, name: &str, service: &str, command: &[String]) -> Cmd {
        self.compose()
            .args(["run", "--rm", "--no-deps", "-T", "--name", name, service])
            .args(command.iter().map(String::as_str))
    }

    /// A one-off container of the service, without its ports, removed when it ends.
    pub fn run(&self, service: &str, command: &[String]) -> Cmd {
        self.compose()
            .args(["run", "--rm", "--no-deps", "-T", service])
            .args(command.iter().map(String::as_str))
    }
}
