//! What is refused, and what an earlier rehearsal left.

use super::{Refs, production, rehearse, stand};
use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// What is wrong is said before anything is copied, and what is left over is removed.
pub fn what_cannot_be_rehearsed(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    droplet.fresh();
    rehearse(&laptop, droplet, refs.base, &[]).exits(1).says(&["no Odoo runs in", "ops deploy"]);
    stand(&laptop, droplet, refs);
    let before = production(droplet);
    rehearse(&laptop, droplet, refs.code, &[])
        .exits(0)
        .says(&["nothing to rehearse", "changes nothing in the database"]);
    rehearse(&laptop, droplet, "no-such-ref", &[]).exits(2).says(&["the ref does not exist"]);
    rehearse(&laptop, droplet, refs.base, &["--update", "no_such_module"])
        .exits(2)
        .says(&["is not installed"]);
    laptop.ops(&["rehearse", "nowhere", "--yes"]).exits(2);
    laptop
        .ops(&["rehearse", droplet.env, "--ref", refs.bump])
        .exits(3)
        .says(&["nobody is there to say yes", "--yes"]);
    rehearse(&laptop, droplet, refs.bump, &["--dry-run"]).exits(0).says(&["rehearse.dump", "Dry run"]);
    let misspelt = Laptop::with(&[("database: odoo", "database: odoo_x")]);
    rehearse(&misspelt, droplet, refs.bump, &[]).exits(2).says(&["no Odoo in a database odoo_x"]);
    laptop.ops(&["lock", "take", droplet.env, "--reason", "me"]).exits(0);
    rehearse(&laptop, droplet, refs.bump, &[]).exits(5);
    laptop.ops(&["lock", "release", droplet.env, "--yes"]).exits(0);
    // A database of that name that is somebody's own is left alone.
    let ask =
        |sql: &str| droplet.root(&format!("docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c '{sql}'"));
    ask("create database odoo_rehearsal");
    rehearse(&laptop, droplet, refs.bump, &[])
        .exits(1)
        .says(&["the database odoo_rehearsal is there, and no rehearsal made it"]);
    assert_eq!(ask("select count(*) from pg_database where datname = $$odoo_rehearsal$$"), "1");
    ask("drop database odoo_rehearsal");
    assert_eq!(production(droplet), before, "what was refused changed production");
    // What a rehearsal of before could not remove goes with the next one.
    ask("create role odoo_rehearsal");
    ask("comment on role odoo_rehearsal is $$made by ops for a rehearsal$$");
    ask("create database odoo_rehearsal owner odoo_rehearsal");
    droplet.root("docker network create --internal odoo-ops-rehearsal && docker network connect odoo-ops-rehearsal odoo-db-1 && docker exec odoo-db-1 touch /var/tmp/ops-rehearsal-odoo.dump");
    rehearse(&laptop, droplet, refs.bump, &[]).exits(0).says(&["it would pass"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
}
