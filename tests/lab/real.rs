//! The same with real Odoo 14 instead of the stand-in: slower, and what users run.

use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// Deploys to an empty droplet: the database is created, and Odoo's login page comes through nginx.
pub fn first_deploy(droplet: Droplet) -> Laptop {
    droplet.fresh();
    let laptop = Laptop::new();
    laptop
        .ops(&["deploy", droplet.env, "--yes"])
        .exits(0)
        .says(&["create the database odoo with ipai_docs", "creating the database odoo"]);
    let page = droplet.login_page();
    assert!(page.contains("name=\"csrf_token\"") && page.contains("Powered by"), "{page}");
    assert_eq!(droplet.release(), "base");
    assert_eq!(droplet.sql("select state from ir_module_module where name = 'ipai_docs'"), "installed");
    // Assets are made on the first visit, and served.
    let asset = "page=$(curl -sS -H 'Host: erp.lab' http://127.0.0.1/web/login)
        one=$(printf %s \"$page\" | grep -o '/web/content/[^\"]*css' | head -n 1)
        curl -sS -o /dev/null -w '%{http_code}' -H 'Host: erp.lab' \"http://127.0.0.1$one\"";
    assert_eq!(droplet.root(asset), "200");
    laptop
}

/// The same, and then new code is served by the same database.
pub fn first_deploy_and_new_code(droplet: Droplet) {
    let laptop = first_deploy(droplet);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    laptop.deploy(droplet.env, "code-only", &[]).exits(0).says(&["1 new commit"]);
    assert_eq!(droplet.release(), "code-only");
    droplet.login_page();
    assert_eq!(droplet.sql("select count(*) from ipai_document where name = 'kept'"), "1");
    laptop.deploy(droplet.env, "code-only", &[]).exits(0).says(&["nothing to do"]);
}

/// Over release `code-only`: releases that never serve are put back; the other image is deployed.
pub fn failures(droplet: Droplet) {
    let laptop = Laptop::with(&[("health_timeout: 2m", "health_timeout: 30s")]);
    let downgrade = &["--allow-downgrade"];
    laptop.deploy(droplet.env, "crash", downgrade).exits(6).says(&["did not become healthy"]);
    assert_eq!(droplet.release(), "code-only");
    laptop.deploy(droplet.env, "broken-init", downgrade).exits(6).says(&["module_that_is_not_there"]);
    assert_eq!(droplet.release(), "code-only");
    // With a file that is not Odoo's own in the filestore.
    laptop.deploy(droplet.env, "bump", downgrade).exits(0).says(&["1 module updated in the database"]);
    assert_eq!(droplet.release(), "bump");
    laptop.deploy(droplet.env, "image-b", downgrade).exits(0).says(&["odoo:14.0-b"]);
    assert_eq!(droplet.release(), "base");
    droplet.login_page();
}
