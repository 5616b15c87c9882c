//! Three web droplets and one database: one release, switched droplet by droplet.

use crate::droplet::{Droplet, lab};
use crate::laptop::Laptop;

const DB: Droplet = Droplet { env: "trio", name: "trio-db" };

fn web() -> [Droplet; 3] {
    ["trio-1", "trio-2", "trio-3"].map(|name| Droplet { env: "trio", name })
}

#[track_caller]
fn all_serve(release: &str) {
    for droplet in web() {
        assert_eq!(droplet.release(), release, "{}", droplet.name);
        assert!(droplet.login_page().contains("ipai_docs"), "{}", droplet.name);
    }
}

/// Nothing is there; then one database serves three droplets.
pub fn first_on_empty_droplets() {
    lab(&["reset", "trio"]);
    let laptop = Laptop::new();
    laptop.deploy("trio", "standin", &[]).exits(0).says(&["creating the database odoo", "switch.reserve"]);
    all_serve("base");
    assert_eq!(DB.sql("select state from ir_module_module where name = 'ipai_docs'"), "installed");
    laptop.deploy("trio", "standin", &[]).exits(0).says(&["nothing to do"]);
    looked_at(&laptop);
}

/// What is asked of all droplets names each, and one that is changed comes after the other.
fn looked_at(laptop: &Laptop) {
    for droplet in web() {
        let text = format!("lab {}", droplet.name);
        droplet.root(&format!("docker exec {} sh -c 'echo {text} >/proc/1/fd/1'", droplet.web()));
    }
    let logs = laptop.ops(&["logs", "trio", "odoo", "--grep", "lab trio"]).exits(0);
    let lines: Vec<_> = logs.out.lines().collect();
    let named = |(line, droplet): (&&str, Droplet)| {
        line.starts_with(droplet.name) && line.ends_with(&format!("lab {}", droplet.name))
    };
    assert!(lines.len() == 3 && lines.iter().zip(web()).all(named), "{logs}");
    let harden = |more: &[&str]| laptop.ops(&[&["harden", "trio", "--only", "ssh.attempts"], more].concat());
    harden(&["--audit"]).exits(9).says(&["trio-1:", "trio-2:", "trio-3:", "trio-db:", "4 droplets"]);
    let ran = harden(&["--yes"]).exits(0).says(&["4 droplets, nothing to mend"]);
    let proofs =
        ran.err.lines().filter(|line| line.starts_with("done") && line.contains("harden.prove")).count();
    assert_eq!(proofs, 4, "{ran}");
}

/// Taken over as one; a release that does not serve on one droplet is taken back on all.
pub fn hand_made_stacks_are_taken_over_and_fail_as_one() {
    lab(&["reset", "trio"]);
    lab(&["seed", "trio", "standin"]);
    DB.sql("insert into ipai_document (name) values ('kept')");
    let laptop = Laptop::with(&[
        ("health_timeout: 2m", "health_timeout: 8s"),
        ("strategy: auto", "strategy: recreate"),
    ]);
    laptop.deploy("trio", "standin-code", &[]).exits(0).says(&["keep what runs now as release 0"]);
    all_serve("standin-code");

    let [_, second, third] = web();
    let sees_nobody = "sed -i.lab 's/127\\.0\\.0\\.1:8069/127.0.0.1:1/' /etc/nginx/sites-enabled/odoo && \
                       mv /etc/nginx/sites-enabled/odoo.lab /root/site.lab && nginx -s reload";
    second.root(sees_nobody);
    laptop.deploy("trio", "standin-code-2", &[]).exits(7).says(&[
        "(step verify.proxy, droplet trio-2)",
        "MIXED VERSIONS: trio-1 serve the new release, trio-2, trio-3",
    ]);
    // What was verified stays, what failed went back by itself, the rest was not begun.
    second.root("cp /root/site.lab /etc/nginx/sites-enabled/odoo && nginx -s reload");
    assert_eq!(web().map(|droplet| droplet.release()), ["standin-code-2", "standin-code", "standin-code"]);
    let run = laptop.json(&["runs", "list", "trio"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop
        .ops(&["runs", "undo", &run, "--yes"])
        .exits(0)
        .never_says(&["putting back: recreate odoo on trio-3"]);
    all_serve("standin-code");

    second.root(sees_nobody);
    laptop.deploy("trio", "standin-code-2", &["--batch", "2"]).exits(7).says(&["MIXED VERSIONS: trio-1"]);
    second.root("cp /root/site.lab /etc/nginx/sites-enabled/odoo && nginx -s reload");
    let run = laptop.json(&["runs", "list", "trio"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["deploy", "trio", "--retry", &run, "--yes"]).exits(0);
    all_serve("standin-code-2");
    laptop.deploy("trio", "standin-code", &["--allow-downgrade"]).exits(0);
    all_serve("standin-code");

    laptop.ops(&["lock", "take", "trio", "--droplet", "trio-3", "--reason", "maintenance"]).exits(0);
    laptop.deploy("trio", "standin-code-2", &[]).exits(5).says(&["droplet trio-3", "maintenance"]);
    laptop.ops(&["lock", "release", "trio"]).exits(0);
    third.root("systemctl stop ssh.socket ssh.service");
    let refused = laptop.deploy("trio", "standin-code-2", &[]);
    third.root("systemctl start ssh.service");
    refused.exits(4).says(&["trio-3"]);
    all_serve("standin-code");

    third.root("systemctl stop ssh.socket ssh.service");
    let left_out = laptop.deploy("trio", "standin-code-2", &["--skip", "trio-3"]);
    third.root("systemctl start ssh.service");
    left_out.exits(0).says(&["left out, and keeps the release it has: trio-3"]);
    assert_eq!(web().map(|droplet| droplet.release()), ["standin-code-2", "standin-code-2", "standin-code"]);
    laptop.deploy("trio", "standin-code-2", &[]).exits(0);
    all_serve("standin-code-2");
    assert_eq!(DB.sql("select count(*) from ipai_document where name = 'kept'"), "1");
}
