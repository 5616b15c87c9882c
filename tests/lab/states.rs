//! Droplets that are not as the last deploy left them: locked, changed by hand, with odd names and
//! hostile text in `.env`.

use crate::droplet::Droplet;
use crate::failures::Bench;
use crate::laptop::Laptop;

/// A colleague works on it: nobody deploys, and the refusal says who and why.
pub fn locked(bench: &Bench) {
    let env = bench.droplet.env;
    bench
        .laptop
        .ops(&["lock", "take", env, "--reason", "changing the disk"])
        .exits(0)
        .says(&["is locked until"]);
    bench.refuses("standin-code", 5, &["held by alice@", "changing the disk"]);
    bench.laptop.ops(&["preflight", env, "--ref", "standin-code"]).exits(9).says(&["changing the disk"]);
    bench.laptop.ops(&["lock", "status", env]).exits(0).says(&["alice@", "changing the disk"]);
    bench.laptop.ops(&["lock", "release", env]).exits(0).says(&["is free"]);
}

/// Somebody typed Compose with another image: preflight says so, and a deploy puts the release back.
pub fn drift(bench: &Bench) {
    let (droplet, laptop) = (bench.droplet, &bench.laptop);
    droplet.root(
        "cd /var/lib/ops/odoo/releases && sed -e 's|\"image\": \"ops/.*\"|\"image\": \"registry.lab:5000/standin:2\"|' -e '/pull_policy/d' \
           \"$(cat current)/compose.json\" >/root/hand.json
         docker compose -p odoo --project-directory /opt/odoo -f /root/hand.json up -d --no-deps --wait odoo 2>&1",
    );
    assert!(droplet.login_page().contains("image standin:2"));
    laptop
        .ops(&["preflight", droplet.env, "--ref", "standin"])
        .exits(0)
        .says(&["odoo runs registry.lab:5000/standin:2", "instead of registry.lab:5000/standin:1"]);
    laptop.deploy(droplet.env, "standin", &[]).exits(0).never_says(&["nothing to do"]);
    assert!(droplet.login_page().contains("image standin:1"));
}

/// `--image` wins over the compose file for one deploy; without it the compose file says again.
pub fn another_image(bench: &Bench) {
    let (droplet, laptop) = (bench.droplet, &bench.laptop);
    let image = &["--image", "registry.lab:5000/standin:2"];
    laptop.deploy(droplet.env, "standin", image).exits(0);
    assert!(droplet.login_page().contains("image standin:2"));
    laptop.deploy(droplet.env, "standin", image).exits(0).says(&["nothing to do"]);
    laptop.deploy(droplet.env, "standin", &[]).exits(0);
    assert!(droplet.login_page().contains("image standin:1"));
}

/// A stack made by hand in a directory with a blank, with text in `.env` that a shell would run.
pub fn odd_names(droplet: Droplet) {
    let path = "/srv/odoo 14";
    droplet.seeded(&["standin", "--path", path]);
    let laptop = Laptop::with(&[("path: /opt/odoo\n", "path: \"/srv/odoo 14\"\n")]);
    let env = "/srv/odoo 14/.env";
    droplet.root(&format!(
        "cat >>\"{env}\" <<'LINES'
HOSTILE_A='$(touch /tmp/pwned-a)'
HOSTILE_B='`touch /tmp/pwned-b`; touch /tmp/pwned-c #'
HOSTILE_C=\"a \\\"quoted\\\" é ☃ | touch /tmp/pwned-d\"
# a comment; $(touch /tmp/pwned-e)
LINES
echo before >/tmp/marker"
    ));
    let lines = format!("grep -v '^COMPOSE_' \"{env}\" | sha256sum; stat -c '%a %U' \"{env}\"");
    let before = droplet.root(&lines);
    let password = droplet.root(&format!("sed -n 's/^POSTGRES_PASSWORD=//p' \"{env}\""));
    assert!(password.len() >= 16, "{password}");

    for git_ref in ["standin-code", "standin-code-2"] {
        laptop.deploy(droplet.env, git_ref, &["-vv"]).exits(0).never_says(&[&password]);
        assert_eq!(droplet.release(), git_ref);
        assert_eq!(droplet.root(&lines), before);
    }
    // The project keeps the name that Compose gave it; a hand-typed Compose sees what runs.
    let project = droplet.root("docker compose ls -q --all");
    assert_eq!(project, "odoo14");
    assert_eq!(droplet.root("cd '/srv/odoo 14' && docker compose ps -q | wc -l"), "2");
    assert_eq!(
        droplet.root("ls -d /tmp/pwned* /root/x /x '/srv/x' 2>/dev/null | wc -l"),
        "0",
        "something was executed"
    );
    // Its own file is the only one that has the password; what `ops` keeps has not. Docker writes the environment of each of its
    // health checks to a file of its own for a moment.
    assert_eq!(
        droplet.root(&format!(
            "grep -rlF --exclude='runc-process*' {password} /var/lib/ops /tmp /root 2>/dev/null || :"
        )),
        ""
    );
}
