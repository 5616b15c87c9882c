//! Deploys that fail: the old release serves, the exit code and the card are the documented ones, and
//! the next deploy works.

use crate::droplet::{Cut, Droplet};
use crate::laptop::{Laptop, Ran};

/// A droplet on which release `standin` was deployed, and two laptops: releases that should serve have
/// their time also on a busy machine, those that never will are given up after seconds.
pub struct Bench {
    pub droplet: Droplet,
    pub laptop: Laptop,
    hasty: Laptop,
}

impl Bench {
    pub fn new(droplet: Droplet) -> Self {
        droplet.fresh();
        Self::with(droplet, &[])
    }

    /// The inventory changed, the droplet as it is.
    pub fn with(droplet: Droplet, changes: &[(&str, &str)]) -> Self {
        let seconds = [changes, &[("health_timeout: 2m", "health_timeout: 8s")]].concat();
        let bench = Self { droplet, laptop: Laptop::with(changes), hasty: Laptop::with(&seconds) };
        bench.deploy("standin").exits(0);
        bench
    }

    pub fn deploy(&self, git_ref: &str) -> Ran {
        self.laptop.deploy(self.droplet.env, git_ref, &[])
    }

    /// For a release that will never serve.
    pub fn deploy_in_vain(&self, git_ref: &str) -> Ran {
        self.hasty.deploy(self.droplet.env, git_ref, &[])
    }

    #[track_caller]
    pub fn serves(&self, release: &str) {
        assert_eq!(self.droplet.release(), release);
        self.droplet.login_page();
        let code = self.droplet.root(
            "cd /opt/odoo && docker compose ps --services --status running | grep -c -x -E 'odoo(-b)?'",
        );
        assert_eq!(code, "1", "a hand-typed Compose does not see what runs");
    }

    /// Refused before the first change: nothing of the stack is another one.
    #[track_caller]
    pub fn refuses(&self, git_ref: &str, code: i32, says: &[&str]) {
        let before = self.droplet.state();
        self.deploy(git_ref).exits(code).says(says).says(&["Next:"]);
        assert_eq!(self.droplet.state(), before, "{git_ref} was refused, and yet something changed");
        self.serves("base");
    }

    /// Switched, failed, and put back.
    #[track_caller]
    pub fn puts_back(&self, git_ref: &str, says: &[&str]) {
        let images = "docker image ls 'ops/*' --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort; ls /var/lib/ops/odoo/releases";
        let before = self.droplet.root(images);
        let ran = self.deploy_in_vain(git_ref).exits(6).says(says);
        let run = ran
            .err
            .split_whitespace()
            .map(|word| word.trim_end_matches([':', '.', ',']))
            .find(|word| word.starts_with(&format!("{}-2", self.droplet.env)));
        let run = run.unwrap_or_else(|| panic!("the card names no run\n{ran}")).to_owned();
        self.serves("base");
        assert_eq!(self.droplet.root(images), before, "something of the failed release is left");
        self.laptop.ops(&["runs", "show", &run]).exits(0).says(&[
            "FAILED verify.healthy",
            "put back switch.slot",
            "not reached record",
        ]);
        self.laptop.ops(&["lock", "status", self.droplet.env]).exits(0).says(&["free"]);
    }
}

/// Releases that never serve.
pub fn sick_releases_are_put_back(droplet: Droplet) {
    let bench = Bench::new(droplet);
    bench.puts_back(
        "standin-crash",
        &["did not become healthy", "again and again", "the stand-in image was made to crash at start"],
    );
    bench.puts_back("standin-sick", &["did not become healthy", "error: 500"]);
    bench.puts_back("standin-never-healthy", &["did not become healthy", "unhealthy"]);
    bench.puts_back(
        "standin-broken-init",
        &["module_that_is_not_there", "probably: Python cannot load the code"],
    );
    bench.deploy("standin-code").exits(0);
    bench.serves("standin-code");
}

/// What cannot be deployed is refused before anything changes.
pub fn impossible_deploys_change_nothing(droplet: Droplet) {
    let bench = Bench::new(droplet);
    bench.refuses("no-such-branch", 2, &["no such branch, tag or commit", "no-such-branch"]);
    bench.refuses("standin-bad-compose", 9, &["compose file", "yaml: line"]);
    bench.refuses("standin-no-compose", 9, &["has no compose.yaml"]);
    bench.refuses("standin-missing-image", 9, &["standin:not-there"]);
    {
        let _cut = Cut::git(droplet);
        bench.refuses("standin-code", 9, &["git cannot fetch", "Connection refused"]);
    }
    {
        // Another test may have left it here.
        droplet.root("docker image ls -q registry.lab:5000/standin:2 | xargs -r docker image rm --force");
        let _cut = Cut::registry(droplet);
        bench.refuses("standin-image", 9, &["registry and images", "connection refused"]);
        // What is needed is on the droplet: the registry's silence is a warning.
        bench.deploy("standin-code").exits(0).says(&["the registry did not answer"]);
        bench.serves("standin-code");
    }
    bench.laptop.deploy(droplet.env, "standin-image", &["--allow-downgrade"]).exits(0);
    bench.serves("standin-image");
}

/// A first deploy that fails leaves nothing that serves, keeps what a database holds aside, and the
/// next one works.
pub fn a_failed_first_deploy_can_be_repeated(droplet: Droplet) {
    droplet.fresh();
    let laptop = Laptop::with(&[("health_timeout: 2m", "health_timeout: 25s")]);
    let gone = |what: &str| {
        let left =
            "docker ps -aq | wc -l; ls -d /opt/odoo/.env /etc/nginx/sites-enabled/odoo 2>/dev/null | wc -l;
            docker image ls -q 'ops/*' | wc -l; ls /var/lib/ops/odoo/releases | wc -l";
        assert_eq!(droplet.root(left), "0\n0\n0\n0", "{what} left something");
        laptop.ops(&["lock", "status", droplet.env]).exits(0).says(&["free"]);
    };
    let crash = "the stand-in image was made to crash at start";
    laptop.deploy(droplet.env, "standin-crash", &[]).exits(6).says(&["create the database odoo", crash]);
    gone("a crash while the database is created");
    laptop.deploy(droplet.env, "standin-never-healthy", &[]).exits(6).says(&["did not become healthy"]);
    gone("a release that is never healthy");
    laptop.deploy(droplet.env, "standin", &[]).exits(0).says(&["creating the database odoo"]);
    assert_eq!(droplet.release(), "base");
    // What the second one had created is renamed and closed; nothing is dropped.
    let databases =
        "select count(*) from pg_database where datname like 'odoo_failed_%' and not datallowconn";
    assert_eq!(droplet.sql(databases), "1");
}
