//! A stack comes back onto a droplet that has nothing of it, and can be taken away again at every step.

use ops::cmd::Cmd;
use ops::frames;
use ops::inventory::Retention;
use ops::tools::backup::Backup;
use ops::tools::recovery::{Part, Stand, drop_key, take_key};
use serde_json::{Value, json};

use super::backup::back_up;
use super::stack::{DIR, FAILS, FILES, FILESTORE, GARBAGE, PATH, REPOSITORY, SITE, Stack, container};
use crate::sandbox::Shell;

const AWAY: &str = "/mnt/away/odoo";
const KEEP: Retention = Retention { daily: 7, weekly: 4, monthly: 12 };
const PARTS: [Part; 9] = [
    Part::Ready,
    Part::Fetch,
    Part::Images,
    Part::Place,
    Part::Database,
    Part::Files,
    Part::Start,
    Part::Site,
    Part::Close,
];

fn away(stack: &Stack) -> Backup<'_> {
    Backup { repository: AWAY, ..stack.tool() }
}

fn part(stack: &Stack, part: Part) -> Cmd {
    let snapshot = verified(stack);
    let compose = ["docker", "compose", "-p", "odoo", "--project-directory", PATH, "-f", "compose.json"]
        .map(str::to_owned);
    let stand = Stand {
        snapshot: &snapshot,
        path: PATH,
        site: Some(SITE),
        live: "web",
        here: REPOSITORY,
        compose: &compose,
    };
    away(stack).recovery(part, &stand)
}

/// restic's id of the newest backup in the repository far away.
fn verified(stack: &Stack) -> String {
    let all = stack.snapshots(AWAY);
    let one = all.iter().rfind(|one| one["tags"].as_array().unwrap().contains(&json!("verified"))).unwrap();
    one["id"].as_str().unwrap().to_owned()
}

/// A droplet that lost its stack, whose backups and images are in a repository far away; its key.
fn bare() -> (Stack, String) {
    let mut stack = Stack::new(Shell::Dash);
    stack.empty_servers();
    stack.stub("nginx", "[ ! -e /etc/nginx-fails ] || exit 1");
    back_up(&mut stack);
    let all = [
        stack.tool().images(),
        away(&stack).offsite_ready("far", REPOSITORY),
        away(&stack).copy("far", REPOSITORY, KEEP),
        away(&stack).copy_images("far", REPOSITORY),
    ];
    stack.run_all(&all).exits(0);
    let key = stack.read(&format!("{DIR}/backup/key"));
    stack.sh(&format!("/stubs/engine rm -f odoo-db-1 odoo-web-1
        rm -rf {DIR} {PATH}/* {PATH}/.env {SITE} {REPOSITORY} /etc/letsencrypt /srv/docker/volumes/* /srv/docker/images/* /srv/docker/networks/*")).exits(0);
    for (service, of, data, env) in
        [("db", "a", "/var/lib/postgresql/data", "A=b"), ("web", "b", "/var/lib/odoo", "USER=odoo")]
    {
        let one = container(service, of, data, &[env, "PASSWORD=of-the-role"]);
        stack.write(&format!("/srv/docker/compose/{service}.json"), one.to_string());
    }
    (stack, key)
}

/// Everything that there is on the droplet but the repository far away.
fn droplet(stack: &mut Stack) -> String {
    let all = "find /etc /opt /var/lib /srv /root /home -printf '%p %y %s\\n' | grep -vE ' d [0-9]+$|^/etc/(asked|free|nginx-fails|alternatives)|^/srv/docker/(fast|logs)/|^/srv/postgres' | sort";
    stack.sh(all).out
}

fn give_key(stack: &mut Stack, key: &str) {
    stack.write(&format!("{DIR}/backup/new-key"), format!("KEY='{key}'\n"));
    stack.run(&take_key(&format!("{DIR}/backup"))).exits(0);
}

#[test]
fn stack_comes_back_whole_onto_a_bare_droplet() {
    let (mut stack, key) = bare();
    let bare = droplet(&mut stack);
    for shell in Shell::each() {
        stack.use_shell(shell);
        give_key(&mut stack, &key);
        for one in PARTS {
            let cmd = part(&stack, one);
            stack.run(&cmd).exits(0);
            if one == Part::Fetch {
                // What came may not be seen by others.
                stack.sh(&format!("[ $(stat -c %a {DIR}/backup/recovery) = 700 ]")).exits(0);
            }
        }
        let says = "select (select count(*) from res_partner), (select datallowconn from pg_database where datname = 'odoo')";
        assert_eq!(stack.sql("odoo", says), "2|t");
        assert_eq!(
            stack.sql("postgres", "select rolpassword is not null from pg_authid where rolname = 'odoo'"),
            "t"
        );
        assert_eq!(stack.read(&format!("{FILESTORE}/odoo/{}", FILES[0].0)), FILES[0].1);
        assert_eq!(
            (
                stack.read(&format!("{PATH}/.env")).as_str(),
                stack.read(&format!("{DIR}/releases/current")).as_str()
            ),
            ("A=b\n", "r1\n")
        );
        assert!(stack.exists(SITE) && stack.exists("/etc/letsencrypt/live/erp/fullchain.pem"));
        assert!(
            stack.exists(&format!("{REPOSITORY}/config")) && !stack.exists(&format!("{DIR}/backup/recovery"))
        );
        stack.sh("[ $(/stubs/engine ps -q | wc -l) = 2 ]").exits(0);
        stack.calls_are_clean(&[&key, "of-the-role"]);
        // Confirmed: nothing is taken away any more.
        let whole = droplet(&mut stack);
        let back = part(&stack, Part::Back);
        stack.run(&back).exits(0);
        assert_eq!(droplet(&mut stack), whole);
        // The next one finds the stack in its way.
        let ready = part(&stack, Part::Ready);
        stack.run(&ready).exits(1).says(&[
            "this droplet is not bare",
            "a container of the project odoo is there",
            "is not empty",
            "there are releases on record",
        ]);
        stack.sh(&format!("/stubs/engine rm -f odoo-db-1 odoo-web-1; rm -rf {DIR} {PATH}/docker-compose.yml {PATH}/.env {SITE} {REPOSITORY} /etc/letsencrypt
            rm -rf /srv/docker/volumes/* /srv/docker/images/* /srv/docker/networks/*")).exits(0);
    }
    assert_eq!(droplet(&mut stack).lines().collect::<Vec<_>>(), bare.lines().collect::<Vec<_>>());
}

#[test]
fn recovery_that_fails_takes_away_what_it_brought_and_nothing_else() {
    let (mut stack, key) = bare();
    // Of somebody else, in the places that a recovery writes to.
    stack.write("/etc/letsencrypt/live/other/fullchain.pem", "other");
    stack.write(&format!("{DIR}/runs/20260101t000000z-x/run.json"), "{}");
    stack.write("/srv/docker/volumes/other.json", r#"{"Name":"other","Labels":{}}"#);
    give_key(&mut stack, &key);
    let before = droplet(&mut stack);
    let faults = [
        ("restic", "dump", FAILS, ""),
        ("restic", "--include /db", FAILS, "fails on purpose"),
        ("restic", "--include /db", GARBAGE, ""),
        ("docker", "load", FAILS, "fails on purpose"),
        ("docker", "create --no-recreate", FAILS, ""),
        ("pg_restore", "-C -e", FAILS, "odoo could not be restored"),
        (
            "pg_restore",
            "-C -e",
            "/stubs/postgresql/pg_restore \"$@\"; /stubs/postgresql/psql -q -h 127.0.0.1 -U postgres -d odoo -c 'delete from res_users'; exit 0",
            "what came back is not what was kept",
        ),
        ("restic", "ops-backup/filestore --no-lock", FAILS, "fails on purpose"),
        ("docker", "ops-backup-odoo-files", "exit 125", "the files could not be read"),
        ("nginx", "", "exit 1", ""),
    ];
    for (at, (tool, matching, then, says)) in faults.into_iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.fault(tool, matching, 0, then);
        if tool == "nginx" {
            stack.write("/etc/nginx-fails", "");
        }
        let all: Vec<Cmd> = PARTS.map(|one| part(&stack, one)).into();
        let ran = stack.run_all(&all);
        assert!(
            (tool == "nginx" || stack.met(tool) > 0) && ran.code != Some(0),
            "{tool} {matching}: it goes on\n{ran}"
        );
        ran.says(&[says]);
        stack.mend(tool);
        let back = part(&stack, Part::Back);
        for _ in 0..2 {
            stack.run(&back).exits(0);
        }
        assert_eq!(droplet(&mut stack), before, "{tool} {matching} {then}");
    }
}

#[test]
fn key_is_never_written_over_and_taken_away_only_where_it_came() {
    let mut sandbox = crate::sandbox::Sandbox::new(Shell::Dash);
    for shell in Shell::each() {
        sandbox.use_shell(shell);
        let dir = "/var/lib/ops/o'd $(touch pwned)/backup";
        sandbox.write(&format!("{dir}/key"), "the only key of other backups");
        sandbox.write(&format!("{dir}/new-key"), "KEY='new'\n");
        sandbox.run(&take_key(dir)).exits(1).says(&["there is another key"]);
        sandbox.run(&drop_key(dir)).exits(0);
        assert_eq!(sandbox.read(&format!("{dir}/key")), "the only key of other backups");
        assert!(!sandbox.exists(&format!("{dir}/new-key")));
        std::fs::remove_file(sandbox.path(&format!("{dir}/key"))).unwrap();
        sandbox.write(&format!("{dir}/new-key"), "KEY='new $(touch pwned)'\n");
        sandbox.run(&take_key(dir)).exits(0);
        assert_eq!(sandbox.read(&format!("{dir}/key")), "new $(touch pwned)");
        sandbox.sh(&format!("[ \"$(stat -c %a \"{}/key\")\" = 400 ]", dir.replace('$', "\\$"))).exits(0);
        sandbox.run(&drop_key(dir)).exits(0);
        assert!(!sandbox.exists(&format!("{dir}/key")));
        sandbox.sh("! find / -xdev -name pwned | grep .").exits(0);
    }
}

#[test]
fn stock_of_a_repository_is_told_without_leaving_key_or_variables() {
    let (mut stack, key) = bare();
    let before = droplet(&mut stack);
    let variables = "AWS_KEY='of the bucket'\n";
    for shell in Shell::each() {
        stack.use_shell(shell);
        let stdin = format!("{}\n{key}{}\n{variables}", key.len(), variables.len());
        let tool = Backup { secrets: Some("given"), ..away(&stack) };
        let all = tool.stock("nonce", PATH, Some(SITE), None).stdin(&stdin);
        let snapshot = verified(&stack);
        let one = Backup { secrets: Some("given"), ..away(&stack) }
            .stock("nonce", PATH, Some(SITE), Some(&snapshot))
            .stdin(&stdin);
        let cut = Backup { secrets: Some("given"), ..away(&stack) }
            .stock("nonce", PATH, None, None)
            .stdin(format!("{}\n{key}99\nshort", key.len()));
        let ran = stack.run(&all).exits(0);
        let parts = frames::parse("nonce", ran.out.as_bytes());
        let listed: Value = serde_json::from_slice(&parts["snapshots"].bytes).unwrap();
        assert_eq!(listed[0]["id"], json!(snapshot));
        let ran = stack.run(&one).exits(0);
        let parts = frames::parse("nonce", ran.out.as_bytes());
        let manifest: Value = serde_json::from_slice(&parts["manifest"].bytes).unwrap();
        assert_eq!((manifest["release"].as_str(), parts["obstacles"].text().as_str()), (Some("r1"), ""));
        assert!(parts.contains_key("size") && parts.contains_key("images") && parts["release"].code == 0);
        stack.run(&cut).exits(71);
        stack.calls_are_clean(&[&key, "of the bucket"]);
        stack.sh("! grep -rl 'of the bucket' /tmp /dev/shm /var /root /run").exits(0);
        assert_eq!(droplet(&mut stack), before);
    }
}
