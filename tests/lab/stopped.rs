//! Data that a deploy meets without having been told of it.

use crate::droplet::Droplet;
use crate::laptop::Laptop;

const KEPT: &str = "select count(*) from ipai_document where name = 'kept'";

/// A stack whose containers are gone and whose volume is not: its database is neither filled anew nor
/// renamed away, and the stack can be started again.
pub fn a_stopped_stack_keeps_its_data(droplet: Droplet) {
    droplet.seeded(&["standin"]);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    droplet.root("cd /opt/odoo && docker compose down 2>&1");
    // Nothing on the droplet says that there was a stack; the volume does, once its server runs.
    Laptop::new()
        .deploy(droplet.env, "standin-code", &[])
        .exits(6)
        .says(&["switch.database", "the database odoo is there and holds data"]);
    droplet.root("cd /opt/odoo && docker compose up -d --wait 2>&1");
    assert_eq!(droplet.sql(KEPT), "1");
    Laptop::new().deploy(droplet.env, "standin-code", &[]).exits(0);

    // With a release on record it is known beforehand.
    droplet.root("cd /opt/odoo && docker compose down 2>&1");
    Laptop::new()
        .deploy(droplet.env, "standin-code", &[])
        .exits(9)
        .says(&["this is no first deploy", "docker compose up -d db"]);
    droplet.root("cd /opt/odoo && docker compose up -d --wait 2>&1");
    assert_eq!(droplet.release(), "standin-code");
    assert_eq!(droplet.sql(KEPT), "1");
}

/// A first deploy over a hand-made stack that fails: what ran runs again with all of its code, for good.
pub fn a_failed_takeover_leaves_the_old_code_under_the_old_container(droplet: Droplet) {
    droplet.seeded(&["standin"]);
    let laptop = Laptop::with(&[
        ("health_timeout: 2m", "health_timeout: 8s"),
        ("strategy: auto", "strategy: recreate"),
    ]);
    laptop.deploy(droplet.env, "standin-crash", &[]).exits(6);
    assert_eq!(droplet.release(), "base");
    let addons = "docker exec odoo-odoo-1 ls /mnt/extra-addons/ipai_docs/__manifest__.py";
    droplet.root(addons);
    droplet.root("docker restart odoo-odoo-1 && timeout 60 sh -c 'until curl -fsS -o /dev/null -H Host:erp.lab http://127.0.0.1/web/login; do sleep 1; done'");
    droplet.root(addons);
    assert_eq!(droplet.release(), "base");
    laptop.deploy(droplet.env, "standin-code", &[]).exits(0).never_says(&["keep what runs now as release 0"]);
    assert_eq!(droplet.release(), "standin-code");
    droplet.root("docker image inspect ops/odoo:0-odoo");
}
