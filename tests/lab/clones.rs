//! The data of one environment comes to another, harmless: `restore --to` and `clone`. Both are on one droplet, with a
//! Compose project, a site and ports of their own.

use crate::backups::{Family, nothing_left};
use crate::droplet::{Droplet, lab};
use crate::laptop::Laptop;

/// The droplet's environment, with a place off site, and `staging` beside it.
fn two_environments() -> Laptop {
    let inventory = lab(&["inventory"]);
    let (_, rest) = inventory.split_once("  demo:\n").unwrap();
    let (demo, _) = rest.split_once("  old:\n").unwrap();
    let staging = [
        ("/opt/odoo", "/opt/staging"),
        ("erp.lab", "staging.lab"),
        ("sites-enabled/odoo", "sites-enabled/staging"),
        (
            "upstream: odoo, websocket_upstream: odoochat",
            "upstream: staging, websocket_upstream: stagingchat",
        ),
        ("ref: main", "ref: staging"),
    ];
    let staging = staging.iter().fold(demo.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let offsite = "    backup: { offsite: [{ name: spaces, repository: \"s3:http://s3.lab:9000/clone/demo\",
      env: { AWS_ACCESS_KEY_ID: lab-offsite, AWS_SECRET_ACCESS_KEY: { file: s3-secret } } }] }\n";
    let mask = "    mask: { emails: true, phones: true, names: true, sql: [\"update res_partner set ref = 'it''s masked'\"] }\n";
    let both = format!("  demo:\n{demo}{offsite}  staging:\n{staging}{mask}  old:\n");
    let laptop = Laptop::with(&[(&format!("  demo:\n{demo}  old:\n"), &both)]);
    std::fs::write(laptop.file("s3-secret"), "lab-offsite-secret").unwrap();
    laptop
}

/// The branch `staging`: a ref of the repository, on ports that are free, and with these changes.
fn branch(droplet: Droplet, git_ref: &str, changes: &str) {
    droplet.root(&format!(
        "set -e; rm -rf /root/w; git clone -q -b {git_ref} git@git.lab:/srv/git/odoo-ce.git /root/w; cd /root/w
         git checkout -q -b staging; sed -i 's/127.0.0.1:80/127.0.0.1:81/' compose.yaml
         {changes}
         git -c user.name=x -c user.email=x@x commit -qam staging; git push -qf origin staging"
    ));
}

fn staging_sql(droplet: Droplet, statement: &str) -> String {
    droplet.root(&format!(
        "docker exec -i staging-db-1 psql -XAtq -v ON_ERROR_STOP=1 -U odoo -d odoo <<'SQL'\n{statement}\nSQL"
    ))
}

/// What Odoo has in its tables of people; the stand-in has none.
const PEOPLE: &str = "
create table res_company (id serial primary key, partner_id int, email varchar);
create table res_partner (id serial primary key, name varchar, email varchar, phone varchar, ref varchar);
create table mail_template (id serial primary key, email_from text);
insert into res_partner (name, email, phone) values ('Acme', 'info@acme.test', '+49 1'), ('Jane Doe', 'jane@doe.test', ''),
  ('John Doe', null, '0171 1234');
insert into res_company (partner_id, email) values (1, 'info@acme.test');
insert into mail_template (email_from) values ('${object.email_from}@acme.test');
insert into ir_mail_server (name, smtp_host) values ('prod', 'smtp.acme.test');
insert into ir_config_parameter (key, value) values ('database.secret', 'of prod');
";

/// From a place off site, over what serves there; and a statement of the inventory can do no more than mask.
pub fn another_environments_backup_comes(droplet: Droplet, family: &Family) {
    droplet.fresh();
    lab(&["s3", "reset"]);
    branch(droplet, family.base[0], "");
    let laptop = two_environments();
    laptop.deploy("demo", family.base[0], &[]).exits(0);
    laptop.deploy("staging", "staging", &[]).exits(0);
    droplet.sql(PEOPLE);
    staging_sql(droplet, "insert into ipai_document (name) values ('of staging')");
    laptop.ops(&["backup", "init", "demo", "--yes"]).exits(0);
    laptop.ops(&["backup", "demo", "--yes"]).exits(0);
    laptop.ops(&["restore", "demo", "--to", "demo", "--yes"]).exits(2).says(&["where the backup is from"]);
    laptop.ops(&["restore", "demo", "--to", "nowhere", "--yes"]).exits(2);
    laptop
        .ops(&["restore", "demo", "--to", "staging", "--yes"])
        .exits(3)
        .says(&["made harmless", "--confirm staging"]);
    let of_prod = || {
        let running =
            droplet.state().lines().filter(|line| line.starts_with("odoo-")).collect::<Vec<_>>().join("\n");
        (running, droplet.sql("select * from res_partner order by id"))
    };
    let before = of_prod();

    let text = std::fs::read_to_string(laptop.file("ops.yaml")).unwrap();
    let hostile = "copy res_partner to program 'touch /tmp/pwned'";
    let mask = "update res_partner set ref = 'it''s masked'";
    std::fs::write(laptop.file("ops.yaml"), text.replace(mask, hostile)).unwrap();
    let args = ["restore", "demo", "--to", "staging", "--from", "spaces", "--confirm", "staging"];
    laptop.ops(&args).exits(1).says(&["a statement of `mask` failed", "nothing that runs was changed"]);
    droplet
        .root("! docker exec staging-db-1 test -e /tmp/pwned; [ ! -e /var/lib/ops/staging/backup/lent.env ]");
    assert_eq!(staging_sql(droplet, "select name from ipai_document"), "of staging");

    std::fs::write(laptop.file("ops.yaml"), text).unwrap();
    laptop.ops(&args).exits(0).never_says(&["lab-offsite-secret"]);
    nothing_left(droplet);
    droplet
        .root("[ ! -e /var/lib/ops/staging/backup/lent.env ]; [ ! -e /var/lib/ops/staging/backup/coming ]");
    is_harmless(droplet);
    assert_eq!(of_prod(), before);

    // What staging had is not lost.
    laptop.ops(&["rollback", "staging", "--with-data", "--confirm", "staging"]).exits(0);
    assert_eq!(staging_sql(droplet, "select name from ipai_document"), "of staging");
}

/// Masked, without mail and jobs, and nobody it was.
fn is_harmless(droplet: Droplet) {
    assert_eq!(
        staging_sql(droplet, "select name, email, phone, ref from res_partner order by id"),
        "Acme|masked-1@example.invalid|+000001|it's masked\n\
         Partner 2|masked-2@example.invalid||it's masked\n\
         Partner 3||+000003|it's masked"
    );
    assert_eq!(
        staging_sql(droplet, "select email_from from mail_template"),
        "${object.email_from}@acme.test"
    );
    assert_eq!(staging_sql(droplet, "select count(*) from ir_cron where active"), "0");
    assert_eq!(staging_sql(droplet, "select smtp_host from ir_mail_server where active"), "");
    let of = |key: &str| format!("select value from ir_config_parameter where key = '{key}'");
    assert_eq!(staging_sql(droplet, &of("web.base.url")), "http://staging.lab");
    assert_ne!(staging_sql(droplet, &of("database.secret")), "of prod");
    assert_ne!(staging_sql(droplet, &of("database.uuid")), droplet.sql(&of("database.uuid")));
    let roles = staging_sql(droplet, "select rolname from pg_roles where rolname !~ '^pg_'");
    assert_eq!(roles, "odoo");
}

/// Odoo of a project sends a mail, or says that it cannot.
fn send(droplet: Droplet, project: &str) -> String {
    droplet.root(&format!(
            "docker exec -i $(docker ps -qf name={project}-odoo | head -n 1) odoo shell -d odoo --no-http --db_host db --db_user odoo \
               --db_password \"$(sed -n \"s/^POSTGRES_PASSWORD=.\\(.*\\).$/\\1/p\" /opt/{project}/.env)\" --log-level critical <<'PY' 2>&1 || :
server = env['ir.mail_server']
message = server.build_email('a@acme.test', ['b@acme.test'], 'subject', 'canary of {project}')
try:
    server.send_email(message)
    print('sent')
except Exception as error:
    print('not sent:', type(error).__name__)
PY"
    ))
}

/// Real Odoo, whose configuration names a mail server that takes everything: production's mail arrives there, and none of
/// its clone, whose scheduled actions do not run.
pub fn nothing_gets_out(droplet: Droplet) {
    droplet.fresh();
    lab(&["s3", "reset"]);
    let mail = "printf 'smtp_server = mail\\nsmtp_port = 2525\\n' >>odoo.conf";
    branch(droplet, "main", mail);
    let laptop = two_environments();
    laptop.deploy("staging", "staging", &[]).exits(0);
    droplet.root(
        "cd /root/w; git checkout -q -b mail; sed -i 's/127.0.0.1:81/127.0.0.1:80/' compose.yaml
         git -c user.name=x -c user.email=x@x commit -qam mail; git push -qf origin mail",
    );
    laptop.deploy("demo", "mail", &[]).exits(0);
    droplet.root(
        "docker run -d --name mail --network odoo_default --entrypoint python3 registry.lab:5000/odoo:14.0-a \
           -u -m smtpd -n -c DebuggingServer 0.0.0.0:2525
         docker network connect staging_default mail; sleep 2",
    );
    let caught = || droplet.root("docker logs mail 2>&1 | grep -c canary || :");
    let said = send(droplet, "odoo");
    assert!(said.contains("sent") && !said.contains("not sent"), "{said}");
    assert_eq!(caught(), "1", "the mail of production does not arrive");
    // All of them are due at once.
    droplet.sql("update ir_cron set nextcall = now() - interval '1 day', lastcall = null, active = true");
    laptop.ops(&["backup", "init", "demo", "--yes"]).exits(0);
    laptop.ops(&["clone", "demo", "staging", "--confirm", "staging"]).exits(0);
    let said = send(droplet, "staging");
    assert!(said.contains("not sent"), "{said}");
    assert_eq!(caught(), "1", "the clone sent mail");
    // Odoo looks for what is due once a minute; what ran in production before the backup was made has its moment.
    let ran = || staging_sql(droplet, "select count(*) filter (where active), max(lastcall) from ir_cron");
    let before = ran();
    std::thread::sleep(std::time::Duration::from_secs(75));
    assert!(before.starts_with("0|"), "{before}");
    assert_eq!(ran(), before);
    assert_eq!(caught(), "1");
    let counted = "select (select count(*) from res_users), (select count(*) from ir_attachment where store_fname is not null)";
    let shown = laptop.json(&["backup", "show", "demo"]);
    let counts = staging_sql(droplet, counted);
    let named = shown["database"]["counts"]["res_users"].as_u64().unwrap();
    assert!(counts.starts_with(&format!("{named}|")), "{counts} {shown}");
    people_log_in(droplet);
}

/// And what they attached opens.
fn people_log_in(droplet: Droplet) {
    let opened = droplet.root(
        "docker exec -i $(docker ps -qf name=staging-odoo | head -n 1) python3 - <<'PY'
import json, urllib.request
def call(service, method, *args):
    body = json.dumps({'jsonrpc': '2.0', 'method': 'call', 'params': {'service': service, 'method': method, 'args': args}})
    request = urllib.request.Request('http://localhost:8069/jsonrpc', body.encode(), {'Content-Type': 'application/json', 'Host': 'staging.lab'})
    return json.load(urllib.request.urlopen(request))['result']
user = call('common', 'login', 'odoo', 'admin', 'admin')
def execute(*args): return call('object', 'execute', 'odoo', user, 'admin', *args)
ids = execute('ir.attachment', 'search', [('store_fname', '!=', False), ('id', '!=', 0)])
rows = execute('ir.attachment', 'read', ids, ['datas', 'file_size'])
print(bool(user), len(ids) > 0, all(row['datas'] or not row['file_size'] for row in rows))
PY",
    );
    assert_eq!(opened, "True True True");
}
