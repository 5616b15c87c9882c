//! Telling others: what is said to each kind of channel, and channels that answer well, badly, late or never.

mod health;
mod payloads;
mod proof;
mod servers;

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::{Laptop, Ran};
use servers::{Server, Web, certificate};

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A laptop whose environment has these channels.
fn laptop(notify: Value) -> Laptop {
    let laptop = Laptop::new();
    let mut inventory = laptop.inventory();
    inventory["environments"]["prod"]["notify"] = notify;
    laptop.write(&inventory);
    laptop
}

fn slack(url: &str) -> Value {
    json!({ "kind": "slack", "url": url })
}

/// The one channel's answer, whether it is well, and that the secret of its address is nowhere.
#[track_caller]
fn tested(web: Web) -> (bool, String, Duration) {
    let server = Server::web(web);
    let laptop = laptop(json!([slack(&server.url())]));
    let begin = Instant::now();
    let ran = laptop.ops(&["notify", "test", "prod", "--output", "json"]);
    let took = begin.elapsed();
    assert!(!format!("{ran}").contains("canary"), "{ran}");
    let json: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{ran}"));
    let one = &json["channels"][0];
    assert_eq!(one["place"], "127.0.0.1", "{ran}");
    assert_eq!(ran.code, Some(if one["ok"] == true { 0 } else { 9 }), "{ran}");
    (one["ok"] == true, one["answer"].as_str().unwrap().to_owned(), took)
}

#[test]
fn each_channel_gets_a_test_and_its_answer_is_shown() {
    let [chat, hook, ping] = [(); 3].map(|()| Server::web(Web::Answers(FINE)));
    let mail = Server::mail(None, "");
    let smtp =
        json!({ "host": "127.0.0.1", "port": mail.port, "security": "none", "from": "ops@example.com" });
    let laptop = laptop(json!([
        slack(&chat.url()),
        { "kind": "mattermost", "url": { "env": "CHAT" } },
        { "kind": "webhook", "url": { "file": "hook" }, "on": ["failed"] },
        { "kind": "healthchecks", "url": ping.url() },
        { "kind": "email", "url": "mailto:a@example.com,b@example.com", "smtp": smtp },
    ]));
    std::fs::write(laptop.sshd.path("hook"), format!("{}\n", hook.url())).unwrap();
    let mut command = laptop.command(&["notify", "test", "prod"]);
    let ran = ran(command.env("CHAT", chat.url()).output().unwrap()).exits(0);
    let lines: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split('\t').collect()).collect();
    let kinds: Vec<(&str, &str, &str)> = lines.iter().map(|line| (line[0], line[1], line[2])).collect();
    let all =
        ["slack", "mattermost", "webhook", "healthchecks", "email"].map(|kind| (kind, "127.0.0.1", "ok"));
    assert_eq!(kinds, all, "{ran}");
    assert!(lines.iter().all(|line| line[3].parse::<u64>().unwrap() < 5000), "{ran}");
    assert!(
        ran.out.contains("200 ok") && ran.out.contains("queued as 4711") && !ran.out.contains("canary"),
        "{ran}"
    );
    assert_eq!(chat.heard().len(), 2);
    assert!(
        hook.heard()[0].contains("\"event\":\"test\"")
            && hook.heard()[0].starts_with("POST /services/canary")
    );
    // A check of backups is not told that one was made.
    assert!(ping.heard()[0].starts_with("POST /services/canary-4711/log HTTP/1.1"), "{:?}", ping.heard());
    let letter = mail.heard();
    for line in
        ["MAIL FROM:<ops@example.com>", "RCPT TO:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", "."]
    {
        assert!(letter.iter().any(|heard| heard == line), "{line}: {letter:#?}");
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        time: Duration::ZERO,
    }
}

#[test]
fn answers_that_are_none_are_told_and_nobody_is_followed() {
    let (well, said, _) = tested(Web::Answers("HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\n\x1b[2Jno"));
    assert!(!well && said.starts_with("it answers 500") && !said.contains('\u{1b}'), "{said}");
    let other = Server::web(Web::Answers(FINE));
    let moved: &'static str = Box::leak(
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", other.url())
            .into_boxed_str(),
    );
    let (well, said, _) = tested(Web::Answers(moved));
    assert!(!well && said.contains("302") && said.contains("nobody is followed"), "{said}");
    assert!(other.heard().is_empty(), "{:?}", other.heard());
    let (well, said, _) = tested(Web::Resets);
    assert!(!well, "{said}");
    let (well, said, _) = tested(Web::Answers("SSH-2.0-OpenSSH_9.2\r\n"));
    assert!(!well, "{said}");
    // One that says the address itself is not quoted with it.
    let (well, said, _) = tested(Web::Echoes);
    assert!(!well && said.contains("404"), "{said}");
}

#[test]
fn an_answer_that_does_not_end_costs_seconds_and_a_flood_costs_nothing() {
    for web in [Web::Hangs, Web::Drips] {
        let (well, said, took) = tested(web);
        assert!(!well && said == "no answer within 5 s", "{said}");
        assert!(took < Duration::from_secs(9), "{took:?}");
    }
    let (well, said, took) = tested(Web::Floods);
    assert!(well && said == "200 fine" && took < Duration::from_secs(4), "{said} {took:?}");
}

#[test]
fn a_dead_channel_costs_its_time_once_and_hides_no_other() {
    let (dead, good) = (Server::web(Web::Hangs), Server::web(Web::Answers(FINE)));
    let laptop =
        laptop(json!([slack(&dead.url()), slack(&good.url()), slack(&dead.url()), slack(&dead.url())]));
    let begin = Instant::now();
    let ran = laptop.ops(&["notify", "test", "prod"]).exits(9);
    assert!(begin.elapsed() < Duration::from_secs(9), "{ran}");
    assert_eq!((ran.out.matches("FAILED").count(), ran.out.matches("200 ok").count()), (3, 1), "{ran}");
}

#[test]
fn secrets_that_cannot_be_had_and_commands_that_nobody_agreed_to() {
    let laptop = laptop(json!([{ "kind": "slack", "url": { "env": "NOT_SET" } }]));
    laptop.ops(&["notify", "test", "prod"]).exits(9).says("$NOT_SET").says("is not set");
    let mut inventory = laptop.inventory();
    inventory["environments"]["prod"]["notify"] =
        json!([{ "kind": "slack", "url": { "cmd": ["canary_ran"] } }]);
    laptop.write(&inventory);
    laptop.ops(&["notify", "test", "prod"]).exits(3).says("is not trusted");
    laptop.nothing_was_executed("a secret's command");
    inventory["environments"]["prod"]["notify"] = json!([]);
    laptop.write(&inventory);
    laptop.ops(&["notify", "test", "prod"]).exits(2).says("prod tells nobody").says("notify:");
    laptop.ops(&["notify", "test", "production"]).exits(2);
}

#[test]
fn certificates_count_for_webhooks_and_for_mail() {
    let dir = tempfile::tempdir().unwrap();
    let (pem, config) = certificate(dir.path());
    let web = Server::secure(Web::Answers(FINE), config.clone());
    // What PLAIN makes of `ops` and `open sesame`.
    let mail = Server::mail(Some(config), "AG9wcwBvcGVuIHNlc2FtZQ==");
    let smtp = json!({
        "host": "127.0.0.1", "port": mail.port, "user": "ops", "password": { "env": "MAIL" }, "from": "ops@example.com",
    });
    let laptop = laptop(json!([
        slack(&web.url().replace("http:", "https:")),
        { "kind": "email", "url": "mailto:a@example.com", "smtp": smtp },
    ]));
    let test = |pem: &std::path::Path, password: &str| {
        let mut command = laptop.command(&["notify", "test", "prod"]);
        let ran = ran(command.env("SSL_CERT_FILE", pem).env("MAIL", password).output().unwrap());
        assert!(!format!("{ran}").contains(password), "{ran}");
        assert!(!format!("{ran}").contains("canary"), "{ran}");
        ran
    };
    let good = test(&pem, "open sesame").exits(0);
    assert!(good.out.contains("200 ok") && good.out.contains("queued as 4711"), "{good}");
    let letter = mail.heard();
    let at =
        |line: &str| letter.iter().position(|heard| heard == line).unwrap_or_else(|| panic!("{letter:#?}"));
    assert!(at("STARTTLS") < at("AUTH PLAIN AG9wcwBvcGVuIHNlc2FtZQ=="), "{letter:#?}");
    // A login that fails is told by its code alone: the server may say what it was told.
    let wrong = test(&pem, "open barley").exits(9);
    assert!(wrong.out.contains("it does not let ops in (code 535)"), "{wrong}");
    assert!(!wrong.out.contains("b3Blbi"), "{wrong}");
    // Somebody whom nobody vouches for is told nothing.
    let before = (web.heard().len(), mail.heard().len());
    let (stranger, _) = certificate(dir.path());
    let refused = test(&stranger, "open sesame").exits(9);
    assert!(refused.out.contains("certificate"), "{refused}");
    assert_eq!(web.heard().len(), before.0);
    assert!(!mail.heard()[before.1..].iter().any(|line| line.starts_with("AUTH")), "{:#?}", mail.heard());
}

#[test]
fn channels_that_do_not_fit_together_are_refused() {
    let smtp = json!({ "host": "mail.example.com", "from": "ops@example.com" });
    let with = |key: &str, value: Value| {
        let mut smtp = smtp.clone();
        smtp[key] = value;
        json!([{ "kind": "email", "url": "mailto:a@example.com", "smtp": smtp }])
    };
    let mut open = with("user", json!("ops"));
    open[0]["smtp"]["password"] = json!({ "env": "MAIL" });
    open[0]["smtp"]["security"] = json!("none");
    let laptop = Laptop::new();
    for (notify, said) in [
        (json!([{ "kind": "email", "url": "mailto:a@example.com" }]), "email needs `smtp:`"),
        (json!([{ "kind": "email", "url": "https://example.com", "smtp": smtp }]), "begins with `mailto:`"),
        (json!([{ "kind": "email", "url": "mailto:a@example.com,b", "smtp": smtp }]), "behind `mailto:`"),
        (
            json!([{ "kind": "slack", "url": "https://example.com/x", "smtp": smtp }]),
            "`smtp` belongs to `email`",
        ),
        (
            json!([{ "kind": "healthchecks", "url": "https://example.com/x", "on": [] }]),
            "`on` has no place here",
        ),
        (
            json!([{ "kind": "slack", "url": "https://example.com/x", "on": ["started"] }]),
            "`started` is not known here",
        ),
        (with("user", json!("ops")), "`user` and `password` go together"),
        (open, "a password is never sent unencrypted"),
        (with("from", json!("ops@example.com>\r\nRCPT TO:<x@evil")), "is no address for mail"),
        (with("from", json!("ops")), "is no address for mail"),
    ] {
        let mut inventory = laptop.inventory();
        inventory["environments"]["prod"]["notify"] = notify;
        laptop.write(&inventory);
        laptop.ops(&["config", "check"]).exits(2).says(said);
    }
}
