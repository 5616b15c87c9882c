//! A copy of the live database beside it, in which an update is tried: made by the server's own `pg_dump` and
//! `pg_restore`, switched off from the world, and dropped at the end.
//!
//! Nothing that runs is stopped or changed; the database's container gets a second network for the time, which has no
//! way out. Deliberately absent: what is done in the copy (`odoo`, `own`, `web`).

use crate::cmd::Cmd;

const SCRIPT: &str = include_str!("rehearsal.sh");
/// For `python3 -c` in a container of Odoo.
const INSIDE: &str = include_str!("inside.py");
/// PostgreSQL cuts longer names.
const LONGEST: usize = 63;
const ENDING: &str = "_rehearsal";

/// The copy of one database, and who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal<'a> {
    pub project: &'a str,
    /// The Compose service of PostgreSQL.
    pub service: &'a str,
    /// The Compose service of Odoo's containers on the copy.
    pub web: &'a str,
    pub database: &'a str,
    /// See [`copy`].
    pub copy: &'a str,
    /// See [`network`].
    pub network: &'a str,
}

/// What the copy is called; no name that `snapshot` gives.
pub fn copy(database: &str) -> String {
    let room = database.len().min(LONGEST - ENDING.len());
    format!("{}{ENDING}", database.get(..room).unwrap_or(database))
}

/// The network in which there is nothing but the database's server and Odoo on the copy.
pub fn network(project: &str) -> String {
    format!("{project}-ops-rehearsal")
}

/// A check of a page, asked from inside its container (`OPS_WEB`).
pub fn page(host: &str, path: &str, text: &str, seconds: u64) -> Cmd {
    const PAGE: &str = r#"
[ -n "$OPS_WEB" ] || { echo 'no web container runs here' >&2; exit 3; }
exec docker exec "$OPS_WEB" python3 -c "$1" "$2" "$3" "$4" "$5"
"#;
    Cmd::script(PAGE, [INSIDE, host, path, text, &seconds.to_string()])
}

impl Rehearsal<'_> {
    /// An empty copy, its owner and the network; what an earlier rehearsal left is removed first.
    pub fn open(&self) -> Cmd {
        self.cmd("open")
    }

    pub fn dump(&self) -> Cmd {
        self.cmd("dump")
    }

    pub fn restore(&self) -> Cmd {
        self.cmd("restore")
    }

    /// Jobs, mail, payments: by statements of ours, and by Odoo's own command where it has one.
    pub fn neutralize(&self, own: Option<&Cmd>) -> Cmd {
        self.cmd("neutralize").arg("").arg(own.map(Cmd::to_shell).unwrap_or_default())
    }

    /// Work in the copy that can be ended, and does not fill the disk; `log`: what Odoo writes, or empty.
    pub fn guard(&self, log: &str, work: &Cmd) -> Cmd {
        self.cmd("guard").arg(log).arg(work.to_shell())
    }

    /// The login page of Odoo on the copy, `seconds` to appear in. Asked from inside: the droplet has no way to it either.
    pub fn login(&self, host: &str, seconds: u64) -> Cmd {
        const LOGIN: &str = r#"
c=$(docker ps -aq --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no container of $2"; exit 1; }
end=$(($(date +%s) + $4)) seen=''
while [ "$(date +%s)" -lt "$end" ] && [ "$(docker inspect -f '{{.State.Running}}' "$c")" = true ]; do
  seen=$(docker exec "$c" python3 -c "$5" "$3" /web/login oe_login_form 10 2>&1)
  case $seen in "200 "*contains) exit 0 ;; esac
  sleep 0.5
done
echo "/web/login with Host $3: $(printf '%s\n' "${seen:-the container ended}" | tail -n 1)"
echo "last lines of the container's log:"
docker logs --tail 15 "$c" 2>&1
exit 1
"#;
        Cmd::script(LOGIN, [self.project, self.web, host, &seconds.to_string(), INSIDE])
    }

    /// Drops the copy, and everything else that was made for it. Safe to repeat.
    pub fn close(&self) -> Cmd {
        self.cmd("close")
    }

    fn cmd(&self, verb: &str) -> Cmd {
        let Self { project, service, web, database, copy, network } = self;
        Cmd::script(SCRIPT, [verb, project, service, web, database, copy, network])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::snapshot::{aside, said};

    #[test]
    fn a_copy_has_a_name_of_its_own() {
        assert_eq!(copy("odoo"), "odoo_rehearsal");
        assert_eq!(copy(&"x".repeat(63)).len(), 63);
        let stamp = "20261121t071721z";
        for name in
            [copy("odoo"), aside(&copy("odoo"), "before", stamp), aside(&copy("odoo"), "broken", stamp)]
        {
            assert_eq!(said(&name, "odoo"), None, "{name} would be taken for a database that was put aside");
        }
    }
}
