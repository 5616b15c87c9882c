//! Deploys that go well, on any kind of droplet.

use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// Nothing is there; then the stack serves, and what it needs is on record.
pub fn first_on_an_empty_droplet(droplet: Droplet) {
    let laptop = Laptop::new();
    droplet.fresh();
    laptop
        .deploy(droplet.env, "standin", &["--reason", "ticket 4711"])
        .exits(0)
        .says(&["first deploy of standin", "creating the database odoo"]);

    let page = droplet.login_page();
    assert!(page.contains("image standin:1") && page.contains("ipai_docs 14.0.1.0.0 base"), "{page}");
    assert_eq!(droplet.sql("select state from ir_module_module where name = 'ipai_docs'"), "installed");
    // The file of secrets is its owner's alone, and holds the password the lab gave.
    assert_eq!(droplet.root("stat -c %a /opt/odoo/.env"), "600");
    assert_eq!(droplet.root("grep -c '^POSTGRES_PASSWORD=' /opt/odoo/.env"), "1");
    // A hand-typed Compose in the stack's directory sees what runs.
    let database = droplet.root("docker inspect -f '{{.Id}}' odoo-db-1");
    assert_eq!(droplet.root("cd /opt/odoo && docker compose ps -q | wc -l"), "2");
    droplet.root("cd /opt/odoo && docker compose up -d --wait 2>&1");
    assert!(droplet.login_page().contains("ipai_docs 14.0.1.0.0 base"));
    assert_eq!(droplet.root("docker inspect -f '{{.Id}}' odoo-db-1"), database);

    let runs = laptop.json(&["runs", "list", droplet.env]);
    let run = &runs["runs"][0];
    assert_eq!((&run["exit"], &run["reason"]), (&0.into(), &"ticket 4711".into()), "{runs}");
    let releases = laptop.json(&["releases", "list", droplet.env]);
    assert_eq!(releases["releases"].as_array().map(Vec::len), Some(1), "{releases}");
    laptop
        .ops(&["runs", "show", run["id"].as_str().unwrap()])
        .exits(0)
        .says(&["switch.database", "done"])
        .never_says(&["FAILED", "put back", "not reached"]);
    laptop.ops(&["lock", "status", droplet.env]).exits(0).says(&["free"]);
}

/// On a deployed droplet: the same again is nothing to do; new code and a new image are served; the
/// database is left alone.
pub fn again_and_new_code(droplet: Droplet) {
    let laptop = Laptop::new();
    let before = droplet.state();
    laptop.deploy(droplet.env, "standin", &[]).exits(0).says(&["nothing to do", "runs already"]);
    assert_eq!(droplet.state(), before, "nothing to do, and yet something changed");

    droplet.sql("insert into ipai_document (name) values ('kept')");
    let database = droplet.root("docker inspect -f '{{.Id}} {{.State.StartedAt}}' odoo-db-1");
    laptop.deploy(droplet.env, "standin-code", &[]).exits(0).says(&[
        "1 new commit",
        "controller and style",
        "left as they run: db",
    ]);
    assert_eq!(droplet.release(), "standin-code");
    let file = "curl -sS -H 'Host: erp.lab' http://127.0.0.1/ipai_docs/static/version.txt";
    assert_eq!(droplet.root(file), "standin-code");

    // Another branch from the same base: it would take a commit away, and says which.
    laptop
        .deploy(droplet.env, "standin-image", &[])
        .exits(9)
        .says(&["ipai_docs: controller and style", "--allow-downgrade"]);
    assert_eq!(droplet.release(), "standin-code");
    laptop.deploy(droplet.env, "standin-image", &["--allow-downgrade"]).exits(0);
    assert_eq!(droplet.release(), "standin-image");
    assert!(droplet.login_page().contains("image standin:2"));

    assert_eq!(droplet.root("docker inspect -f '{{.Id}} {{.State.StartedAt}}' odoo-db-1"), database);
    assert_eq!(droplet.sql("select count(*) from ipai_document where name = 'kept'"), "1");
    let releases = laptop.json(&["releases", "list", droplet.env]);
    assert_eq!(releases["releases"].as_array().map(Vec::len), Some(3), "{releases}");
}
