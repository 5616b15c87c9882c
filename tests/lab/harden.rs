//! `ops harden` on a droplet where things are made worse on purpose: the right rule, and not afterwards.

use std::collections::BTreeSet;

use crate::droplet::{DEMO, Droplet};
use crate::inside::python;
use crate::laptop::Laptop;
use crate::mended::direct;

/// What is wrong, and what could not be seen.
fn wrong(laptop: &Laptop, droplet: Droplet) -> BTreeSet<String> {
    let ran = laptop.ops(&["harden", droplet.env, "--profile", "strict", "--output", "json"]);
    let json: serde_json::Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{ran}"));
    let all = json["droplets"][0]["findings"].as_array().unwrap();
    assert!(all.len() > 60, "{ran}");
    let unknown: Vec<_> = all.iter().filter(|one| one["verdict"] == "unknown").collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let wrong = all.iter().filter(|one| one["verdict"] == "fail");
    wrong.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// What makes it worse, which rules find that, and what mends it.
const CAUSES: &[(&str, &[&str], &str)] = &[
    (
        "echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/00-a.conf",
        &["ssh.root", "ssh.overruled"],
        "rm /etc/ssh/sshd_config.d/00-a.conf",
    ),
    ("chmod 755 /root/.ssh", &["ssh.modes"], "chmod 700 /root/.ssh"),
    (
        "ssh-keygen -q -t rsa -b 2048 -N '' -C old@laptop -f /root/old && cat /root/old.pub >>/root/.ssh/authorized_keys; rm /root/old*",
        &["ssh.keys"],
        "sed -i '/old@laptop/d' /root/.ssh/authorized_keys",
    ),
    ("chmod 666 /var/run/docker.sock", &["docker.socket"], "chmod 660 /var/run/docker.sock"),
    (
        "sed -i 's#location /longpolling#location /other#' /etc/nginx/sites-enabled/odoo; systemctl reload nginx; echo 'workers = 2' >>/opt/odoo/odoo.conf",
        &["site.live", "odoo.connections"],
        "sed -i 's#location /other#location /longpolling#' /etc/nginx/sites-enabled/odoo; systemctl reload nginx",
    ),
    // As the site of a first deploy has it.
    (
        "sed -i 's#location /longpolling#location ~ ^/(longpolling|websocket)#' /etc/nginx/sites-enabled/odoo; systemctl reload nginx",
        &["odoo.connections"],
        "f=/opt/odoo/odoo.conf; said=$(grep -v '^workers = 2$' $f); printf '%s\\n' \"$said\" >$f",
    ),
    ("touch /run/reboot-required", &["system.reboot"], "rm /run/reboot-required"),
    ("useradd -o -u 0 -M toor", &["system.accounts"], "userdel -f toor"),
    (
        "echo 'eve ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops-test; chmod 440 /etc/sudoers.d/ops-test",
        &["system.sudo"],
        "rm /etc/sudoers.d/ops-test",
    ),
    ("chmod 644 /opt/odoo/.env", &["secrets.files"], "chmod 600 /opt/odoo/.env"),
    (
        "systemd-run -q --unit=ops-test-door systemd-socket-activate -l 0.0.0.0:9099 /bin/cat; sleep 1",
        &["firewall.open"],
        "systemctl stop ops-test-door",
    ),
    (
        "docker run -d --name bad --privileged -v /:/host -p 0.0.0.0:8999:80 --label com.docker.compose.project=odoo --label com.docker.compose.service=bad \
         --label com.docker.compose.oneoff=False --entrypoint sleep registry.lab:5000/postgres:15 600 >/dev/null",
        &[
            "containers.privileged",
            "containers.binds",
            "containers.root",
            "containers.restart",
            "firewall.published",
            "firewall.open",
        ],
        "docker rm -f bad >/dev/null",
    ),
];

lab_test!(lab, demo, what_is_made_worse_is_found_and_what_is_mended_is_not);
fn what_is_made_worse_is_found_and_what_is_mended_is_not() {
    let droplet = DEMO.seeded(&["standin"]);
    let laptop = Laptop::new();
    let before = wrong(&laptop, droplet);
    let seen = ["firewall.active", "backups.fresh", "site.manager", "site.outside", "people.known"];
    assert!(seen.iter().all(|rule| before.contains(*rule)), "{before:?}");
    for (cause, rules, mend) in CAUSES {
        droplet.root(cause);
        let found = wrong(&laptop, droplet);
        droplet.root(mend);
        for rule in *rules {
            assert!(before.contains(*rule) || found.contains(*rule), "{cause}: no {rule} in {found:?}");
        }
        let more: Vec<_> = found.difference(&before).filter(|id| !rules.contains(&id.as_str())).collect();
        assert!(more.is_empty(), "{cause}: {more:?} as well");
    }
    assert_eq!(wrong(&laptop, droplet), before);
    laptop.ops(&["harden", droplet.env, "--audit"]).exits(9).says(&[
        "demo-1: F,",
        "CRITICAL",
        "ufw is inactive",
    ]);
    laptop.ops(&["harden", droplet.env, "--only", "ssh.keys"]).exits(0).says(&["nothing to mend"]);
    laptop.ops(&["harden", droplet.env, "--only", "ssh.kees"]).exits(2).says(&["ssh.keys"]);
}

/// Of nobody's but its own, and no authority: rustls would not take one of those for a site's.
const CERTIFICATE: &str = "printf '%s\\n' '[req]' 'distinguished_name=d' '[d]' >/root/ssl
    openssl req -x509 -config /root/ssl -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /etc/ssl/erp.key -out /etc/ssl/erp.pem \
        -subj /CN=erp.lab -addext subjectAltName=DNS:erp.lab -addext basicConstraints=critical,CA:FALSE -days 300 2>&1
    sed -i 's#listen 80;#listen 80;\\n    listen 443 ssl;\\n    ssl_certificate /etc/ssl/erp.pem;\\n    ssl_certificate_key /etc/ssl/erp.key;#' \
        /etc/nginx/sites-enabled/odoo
    systemctl reload nginx";

lab_test!(lab, demo, the_site_is_asked_by_https_and_past_its_edge);
/// What a stranger meets: by https, and past what stands in front of the site.
fn the_site_is_asked_by_https_and_past_its_edge() {
    let droplet = DEMO.seeded(&["standin"]);
    let before = Laptop::with(&[("server_name: erp.lab", "server_name: erp.lab, edge: [203.0.113.0/24]")]);
    before
        .ops(&["harden", "demo", "--audit", "--only", "firewall.edge"])
        .exits(9)
        .says(&["open to this laptop"]);
    droplet.root(CERTIFICATE);
    let laptop = direct(droplet);
    std::fs::write(laptop.file("erp.pem"), droplet.root("cat /etc/ssl/erp.pem") + "\n").unwrap();
    let audit = || {
        let mut command =
            laptop.command(&["harden", "demo", "--audit", "--only", "site.outside,site.certificate"]);
        laptop.run(command.env("SSL_CERT_FILE", laptop.file("erp.pem")))
    };
    audit().exits(9).says(&["/web/database/selector (200)", "browsers do not trust it"]);
    droplet.root(
        "cp /etc/ssl/erp.pem /usr/local/share/ca-certificates/erp.crt; update-ca-certificates >/dev/null 2>&1
         sed -i 's#location / {#location ^~ /web/database { return 403; }\\n    location / {#' /etc/nginx/sites-enabled/odoo; systemctl reload nginx; sleep 1",
    );
    audit().exits(0);
    // Whoever is not believed shows nothing.
    let blind = laptop.ops(&["harden", "demo", "--audit", "--only", "site.outside"]);
    blind.says(&["UNKNOWN", "certificate"]);
    droplet.root("rm /usr/local/share/ca-certificates/erp.crt; update-ca-certificates >/dev/null 2>&1");
}

/// In Odoo's own tables: what everybody knows, and who has nothing but a password.
pub fn odoos_own_people(droplet: Droplet) {
    let laptop = Laptop::new();
    let audit = ["harden", droplet.env, "--audit", "--only", "people"];
    laptop
        .ops(&audit)
        .exits(9)
        .says(&["the password is the login: admin", "a password alone: admin"])
        .never_says(&["(people.rules)", "(people.demo)", "UNKNOWN"]);
    python(&laptop, droplet, "env['res.users'].browse(2).password = 'correct horse'\nenv.cr.commit()\n");
    droplet.sql("alter table res_users add if not exists totp_secret varchar; update res_users set totp_secret = 'x' where id = 2");
    laptop.ops(&audit).exits(0);
    droplet.sql(
        "insert into ir_model (name, model, state, \"order\") values ('lab', 'lab.bare', 'base', 'id'); create table lab_bare (id int);
         update ir_module_module set demo = true where name = 'base'",
    );
    laptop.ops(&audit).exits(9).says(&["no rule speaks of: lab.bare", "that of 1 module"]);
}
