//! Two generations of the web service side by side: nginx is pointed from one to the other without losing
//! a request, and the one that no longer serves ends what it has begun before it is stopped.

use crate::cmd::Cmd;
use crate::program::Program;

/// Knows the server lines of nginx's upstream blocks; see its first lines.
pub const UPSTREAMS: Program = Program::awk("slots.upstreams", &[include_str!("upstreams.awk")]);
pub(super) const SWITCH: Program =
    Program::shell("slots.switch", &[include_str!("nginx.sh"), include_str!("switch.sh")]);
pub(super) const RETIRE: Program =
    Program::shell("slots.retire", &[include_str!("nginx.sh"), include_str!("retire.sh")]);

/// A server line of an upstream block, and what will stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub upstream: String,
    pub old: String,
    pub new: String,
}

/// nginx's site, whose upstreams are switched.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The file on the droplet, also where nginx runs in a container.
    pub file: &'a str,
    /// Where the old text is kept.
    pub keep: &'a str,
    pub project: &'a str,
    /// The Compose service of nginx, where it runs in the stack.
    pub container: Option<&'a str>,
}

impl Site<'_> {
    /// Rewrites the servers in place, tests, reloads, and waits until no worker has the old ones.
    pub fn switch(&self, servers: &[Server]) -> Cmd {
        self.cmd("do", servers, "")
    }

    /// Points the servers at a page that says so: nobody reaches Odoo. `page`: see [`super::page::server`].
    pub fn close(&self, servers: &[Server], page: &str) -> Cmd {
        self.cmd("close", servers, page)
    }

    /// The site as it was before it was closed, with other servers. Safe to repeat.
    pub fn open(&self, servers: &[Server]) -> Cmd {
        self.cmd("open", servers, "")
    }

    /// Puts the kept text back, tests and reloads; nothing where nothing was kept.
    pub fn back(&self) -> Cmd {
        self.cmd("undo", &[], "")
    }

    fn cmd(&self, verb: &str, servers: &[Server], page: &str) -> Cmd {
        let mut names: Vec<&str> = servers.iter().map(|server| server.upstream.as_str()).collect();
        names.dedup();
        let lines: Vec<_> =
            servers.iter().map(|one| format!("{} {} {}", one.upstream, one.old, one.new)).collect();
        let container = self.container.unwrap_or_default();
        let site = [verb, self.file, self.keep, self.project, container];
        Cmd::script(SWITCH, site).args([&names.join("\n"), &lines.join("\n"), &UPSTREAMS.text(), page])
    }
}

/// A container that ends what it has begun.
#[derive(Debug, Clone, Copy)]
pub struct Retiring<'a> {
    pub project: &'a str,
    pub service: &'a str,
    /// How long requests may take to end, in seconds.
    pub drain: u64,
    /// The Compose service of nginx, where it runs in the stack.
    pub container: Option<&'a str>,
}

impl Retiring<'_> {
    /// Waits until no request is worked on.
    pub fn idle(&self) -> Cmd {
        self.cmd("idle", "", 0)
    }

    /// Waits, and stops the container for good: it does not come back with the droplet. `keep` remembers
    /// how to start it again.
    pub fn stop(&self, keep: &str) -> Cmd {
        self.cmd("stop", keep, 0)
    }

    /// Starts what [`Retiring::stop`] stopped, and waits until it is healthy, at most `seconds`.
    pub fn start(&self, keep: &str, seconds: u64) -> Cmd {
        self.cmd("start", keep, seconds)
    }

    fn cmd(&self, verb: &str, keep: &str, healthy: u64) -> Cmd {
        let (drain, healthy) = (self.drain.to_string(), healthy.to_string());
        let container = self.container.unwrap_or_default();
        Cmd::script(RETIRE, [verb, self.project, self.service, &drain, keep, &healthy, container])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = r#"# upstream odoo { server 127.0.0.1:8069; }
upstream odoo { server 127.0.0.1:8069 fail_timeout=0; keepalive 32; } # 127.0.0.1:8069;
upstream "odoochat" {
    # the bus
    server 'localhost:8072';
    server 127.0.0.1:8072 backup;
}
upstream other { server 127.0.0.1:8069; }
server { location ~ ^/(a|b){2}$ { proxy_pass http://127.0.0.1:8072/x; set $a "${b}c;{"; } }
"#;

    /// What the program prints of a site, and how it ends.
    fn awk(mode: &str, servers: &str) -> (String, Option<i32>) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site");
        std::fs::write(&file, SITE).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test's own awk")]
        let out = std::process::Command::new("awk")
            .args(["-v", &format!("mode={mode}"), &UPSTREAMS.text()])
            .arg(file)
            .env("OPS_UPSTREAMS", "odoo\nodoochat")
            .env("OPS_SERVERS", servers)
            .output()
            .unwrap();
        (String::from_utf8(out.stdout).unwrap(), out.status.code())
    }

    #[test]
    fn servers_of_named_upstreams_are_told_from_all_other_addresses() {
        let (listed, _) = awk("list", "");
        let wanted = "block\todoo\nupstream\todoo\t127.0.0.1:8069\nblock\todoochat\n\
            upstream\todoochat\tlocalhost:8072\nupstream\todoochat\t127.0.0.1:8072\n\
            elsewhere\t127.0.0.1:8069\nelsewhere\thttp://127.0.0.1:8072/x\n";
        assert_eq!(listed, wanted);
    }

    #[test]
    fn only_the_servers_that_were_meant_are_exchanged() {
        let servers = "odoo 127.0.0.1:8069 127.0.0.1:18069\nodoochat localhost:8072 127.0.0.1:18072";
        let (text, code) = awk("edit", servers);
        let wanted = SITE
            .replace("server 127.0.0.1:8069 fail", "server 127.0.0.1:18069 fail")
            .replace("'localhost:8072'", "127.0.0.1:18072");
        assert_eq!((text, code), (wanted, Some(0)));
        // What stands there already is done; what is gone is said, and nothing is printed.
        assert_eq!(awk("edit", "odoo 127.0.0.1:1 127.0.0.1:8069"), (SITE.to_owned(), Some(0)));
        assert_eq!(awk("edit", "odoo 127.0.0.1:8072 127.0.0.1:1"), (String::new(), Some(3)));
    }
}
