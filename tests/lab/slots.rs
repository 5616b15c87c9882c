//! A new release is started beside the old one: whoever uses the site notices nothing.

use std::time::Duration;

use crate::droplet::{Droplet, lab};
use crate::laptop::{Laptop, Ran};
use crate::load::{Load, Request};

/// What differs between the stand-in and real Odoo.
pub struct Family {
    /// The branch that runs, and one that changes its code.
    pub old: &'static str,
    pub new: &'static str,
    /// What the code of the two says of itself.
    pub says: [&'static str; 2],
    pub never_healthy: &'static str,
    pub crash: &'static str,
}

pub const STANDIN: Family = Family {
    old: "standin-workers",
    new: "standin-workers-code",
    says: ["base", "standin-workers-code"],
    never_healthy: "standin-never-healthy",
    crash: "standin-crash",
};

pub const ODOO: Family = Family {
    old: "workers",
    new: "workers-code",
    says: ["base", "workers-code"],
    never_healthy: "never-healthy",
    crash: "crash",
};

/// Requests may take their time, releases that never serve may not.
fn laptop(changes: &[(&str, &str)]) -> Laptop {
    let usual = [("drain: 5s", "drain: 40s"), ("modules: [ipai_docs]", "modules: [ipai_docs, bus]")];
    Laptop::with(&[&usual, changes].concat())
}

/// A first deploy, then new code under load for the whole length of the deploy: no request fails, one of 20 s and an
/// upload of 28 s end, the bus is cut last and said. Then back, and after a reboot only the live slot comes up.
pub fn nobody_notices(droplet: Droplet, family: &Family) {
    droplet.fresh();
    let laptop = laptop(&[]);
    laptop.deploy(droplet.env, family.old, &[]).exits(0);
    assert_eq!(droplet.release(), family.says[0]);
    switched_under_load(droplet, &laptop, family.new, &format!("ipai_docs {}", family.says[1]));
    assert_eq!(running(droplet), "odoo-b");
    serves_by_hand(droplet, "odoo-b", family.says[1]);
    after_a_reboot(droplet, "odoo-b", family.says[1]);

    // And into the first slot again; what runs already is nothing to do.
    laptop.deploy(droplet.env, family.new, &[]).exits(0).says(&["nothing to do"]);
    let load = Load::on(droplet);
    laptop.deploy(droplet.env, family.old, &["--allow-downgrade"]).exits(0).says(&["blue-green"]);
    load.end().none_failed("back into the first slot");
    assert_eq!(running(droplet), "odoo");
    serves_by_hand(droplet, "odoo", family.says[0]);
}

/// Releases that never serve are taken back while the old one serves on.
pub fn sick_releases_are_not_noticed(droplet: Droplet, family: &Family) {
    let laptop = laptop(&[("health_timeout: 2m", "health_timeout: 15s")]);
    let before = (running(droplet), droplet.release(), droplet.root("cat /etc/nginx/sites-enabled/odoo"));
    for sick in [family.never_healthy, family.crash] {
        let load = Load::on(droplet);
        let ran = laptop.deploy(droplet.env, sick, &["--allow-downgrade"]).exits(6);
        ran.says(&["blue-green"]);
        load.end().none_failed(sick);
        let after = (running(droplet), droplet.release(), droplet.root("cat /etc/nginx/sites-enabled/odoo"));
        assert_eq!(after, before, "{sick}");
        let left = droplet.root("docker ps -a --format '{{.Names}}' | grep -c odoo-odoo || :");
        assert_eq!(left, "1", "{sick} left a container behind");
    }
}

/// nginx in a container of the stack, made by hand and taken over.
pub fn nginx_in_a_container(droplet: Droplet) {
    droplet.fresh();
    droplet.root("systemctl disable --now nginx 2>/dev/null");
    lab(&["seed", droplet.name, "standin", "--branch", "standin-nginx", "--no-site"]);
    let inside =
        "site: /opt/odoo/nginx/odoo.conf, upstream: odoo, websocket_upstream: odoochat, container: nginx";
    let outside = "site: /etc/nginx/sites-enabled/odoo, upstream: odoo, websocket_upstream: odoochat";
    let laptop = laptop(&[(outside, inside)]);
    let nginx = droplet.root("docker inspect -f '{{.Id}} {{.State.StartedAt}}' odoo-nginx-1");
    switched_under_load(droplet, &laptop, "standin-nginx-code", "ipai_docs standin-nginx-code");
    assert_eq!(running(droplet), "odoo-b");
    serves_by_hand(droplet, "odoo-b", "standin-nginx-code");
    let load = Load::on(droplet);
    laptop.deploy(droplet.env, "standin-nginx", &["--allow-downgrade"]).exits(0).says(&["blue-green"]);
    load.end().none_failed("back, with nginx in a container");
    assert_eq!(droplet.release(), "base");
    assert_eq!(droplet.root("docker inspect -f '{{.Id}} {{.State.StartedAt}}' odoo-nginx-1"), nginx);
}

/// Three web droplets on one database, each under load.
pub fn three_web_droplets() {
    lab(&["reset", "trio"]);
    let web = ["trio-1", "trio-2", "trio-3"].map(|name| Droplet { env: "trio", name });
    let laptop = Laptop::new();
    laptop.deploy("trio", "standin", &[]).exits(0);
    for (git_ref, service) in [("standin-code", "odoo-b"), ("standin-code-2", "odoo")] {
        let loads = web.map(Load::on);
        laptop.deploy("trio", git_ref, &["--batch", "2"]).exits(0).says(&["blue-green"]);
        for (droplet, load) in web.into_iter().zip(loads) {
            load.end().none_failed(&format!("{git_ref} on {}", droplet.name));
            assert_eq!((running(droplet).as_str(), droplet.release().as_str()), (service, git_ref));
        }
    }
}

/// What cannot be done beside is refused where it was asked for, and says why where it was not.
pub fn the_way_is_said_and_can_be_chosen(droplet: Droplet) {
    let laptop = laptop(&[]);
    let dry = |more: &[&str]| {
        let mut args = vec!["--dry-run", "--allow-downgrade"];
        args.extend(more);
        laptop.deploy(droplet.env, "standin-image", &args)
    };
    dry(&[]).exits(0).says(&["blue-green: odoo"]);
    dry(&["--strategy", "recreate"]).exits(0).says(&["interrupted", "so it was asked for"]);
    droplet.root("sed -i 's/upstream odoochat/upstream chat/; s,http://odoochat,http://chat,' /etc/nginx/sites-enabled/odoo && nginx -s reload");
    dry(&[]).exits(0).says(&["interrupted", "has no upstream odoochat"]);
    dry(&["--strategy", "blue-green"]).exits(2).says(&["has no upstream odoochat"]);
    droplet.root("sed -i 's/upstream chat/upstream odoochat/; s,http://chat,http://odoochat,' /etc/nginx/sites-enabled/odoo && nginx -s reload");
}

/// Deploys `git_ref` while users are at work, one of them for 35 s (a busy machine needs 20 to come to the drain) and one on the bus.
fn switched_under_load(droplet: Droplet, laptop: &Laptop, git_ref: &str, says: &str) -> Ran {
    let load = Load::on(droplet);
    let slow = Request::get("/ipai_docs/slow?s=35").send(droplet);
    let upload = Request::upload(38).send(droplet);
    let bus = Request::long_poll().send(droplet);
    let ran = laptop.deploy(droplet.env, git_ref, &[]).exits(0);
    let ran = ran.says(&["blue-green", "still works on", "still send a request", "cut: 1 connection"]);
    // A moment after it, too.
    std::thread::sleep(Duration::from_secs(1));
    let tally = load.end().none_failed(git_ref);
    assert!(tally.said.get(says).is_some_and(|times| *times > 10), "{:?}", tally.said);
    assert!(tally.said.len() == 2, "{:?}", tally.said);
    let slow = slow.join().unwrap().unwrap_or_else(|broken| panic!("the slow request: {broken:?}\n{ran}"));
    assert!(slow.status == 200 && slow.body.starts_with("slow"), "{} {}", slow.status, slow.body);
    let upload = upload.join().unwrap().unwrap_or_else(|broken| panic!("the upload: {broken:?}\n{ran}"));
    assert!(upload.status == 200 && upload.body.contains("jsonrpc"), "{} {}", upload.status, upload.body);
    // The bus was cut, and can be had again.
    let cut = bus.join().unwrap();
    assert!(
        cut.is_err() || cut.is_ok_and(|answer| answer.status >= 500),
        "the old slot still serves the bus"
    );
    let again = Request::long_poll().send(droplet);
    std::thread::sleep(Duration::from_secs(2));
    assert!(!again.is_finished(), "the bus of the new slot does not answer");
    ran
}

/// Services of Odoo that run.
fn running(droplet: Droplet) -> String {
    droplet.root(
        "docker ps --format '{{.Label \"com.docker.compose.service\"}}' | grep '^odoo' | sort | tr '\\n' ' ' | sed 's/ $//'",
    )
}

/// A hand-typed Compose sees the live slot and starts nothing beside it.
#[track_caller]
fn serves_by_hand(droplet: Droplet, service: &str, release: &str) {
    let container = droplet.root(&format!("docker inspect -f '{{{{.Id}}}}' odoo-{service}-1"));
    droplet.root("cd /opt/odoo && docker compose up -d --wait 2>&1");
    assert_eq!(running(droplet), service);
    assert_eq!(droplet.root(&format!("docker inspect -f '{{{{.Id}}}}' odoo-{service}-1")), container);
    assert_eq!(droplet.release(), release);
    droplet.login_page();
}

fn after_a_reboot(droplet: Droplet, service: &str, release: &str) {
    lab(&["reboot", droplet.name]);
    let wait = "for n in $(seq 60); do curl -sS --fail -o /dev/null -H 'Host: erp.lab' http://127.0.0.1/web/login 2>/dev/null && exit 0; sleep 0.5; done; exit 1";
    droplet.root(wait);
    assert_eq!(running(droplet), service);
    assert_eq!(droplet.release(), release);
}
