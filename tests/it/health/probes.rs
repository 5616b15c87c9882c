//! What only health asks, read from what droplets print, and from garbage.

use ops::facts::{self, Facts, Log, Lookup, Statements};
use ops::inventory::When;

use crate::sample;

const NONCE: &str = "3f1c0a9d5b7e2846";

/// An answer with one probe in it, framed as `gather.sh` frames it.
pub(super) fn answer(name: &str, stdout: &str) -> Facts {
    let env = sample::environment();
    let part = |name: &str, stdout: &str| {
        let body = format!("{stdout}\n0\n2");
        format!("\n{NONCE} {name} 0 {}\n{body}", body.len())
    };
    let mut text = part("vitals.machine", "load\t0.5\nup\t100\n");
    if name != "vitals.machine" {
        text += &part(name, stdout);
    } else {
        text = part(name, stdout);
    }
    facts::parse(&env, &env.droplets[0], NONCE, text.as_bytes())
}

#[test]
fn a_machine_is_read() {
    let text = "load\t1.25\nup\t4711\npressure\tmemory\t3.50\nreboot\tfor linux \ntime\tno\nkilled\t2\n";
    let machine = answer("vitals.machine", text).vitals.unwrap().machine.unwrap();
    assert_eq!((machine.load, machine.up, machine.killed), (1.25, 4711, Some(2)));
    assert_eq!((machine.pressure["memory"], machine.in_time), (3.5, Some(false)));
    for garbage in
        ["", "load\tmany\nup\t1\n", "load\tNaN\nup\t1\n", "load\t-1\nup\t1\n", "load\t1\n", "\u{0}\t"]
    {
        assert!(answer("vitals.machine", garbage).vitals.unwrap().machine.is_err(), "{garbage}");
    }
}

#[test]
fn sessions_are_read() {
    let server = r#"{"sees_all":true,"max":97,"used":4,"longest":null,"idle":{"pid":7,"seconds":300,"user":"odoo","application":"","database":"odoo"},"blocked":0,"blocker":null,"oldest":1000,"oldest_in":"odoo","broken_pages":0}"#;
    let sessions = answer("vitals.sessions", server).vitals.unwrap().sessions.unwrap().unwrap();
    assert_eq!((sessions.max, sessions.used, sessions.idle.unwrap().seconds), (97, 4, 300));
    assert_eq!(answer("vitals.sessions", "").vitals.unwrap().sessions, Ok(None));
    for garbage in ["psql: error", "{}", "[1]", &format!("{server}\n{server}")] {
        assert!(answer("vitals.sessions", garbage).vitals.unwrap().sessions.is_err(), "{garbage}");
    }
}

#[test]
fn what_odoo_has_to_do_is_read() {
    let odoo = |text: &str| answer("vitals.odoo", text).vitals.unwrap().odoo;
    let crons = "{\"crons\":2,\"overdue\":1,\"late\":4000,\"late_names\":[\"x\"]}";
    let told = odoo(&format!("{{\"bloated\":[]}}\n{crons}\n{{\"mails\":3}}\n")).unwrap().unwrap();
    assert_eq!((told.mails, told.crons.unwrap().late), (Some(3), 4000));
    assert_eq!(odoo(""), Ok(None));
    for garbage in ["psql: error", "{}", crons, "{\"bloated\":7}"] {
        assert!(odoo(garbage).is_err(), "{garbage}");
    }
}

#[test]
fn what_statements_took_is_read() {
    let told = |text: &str| {
        let text = format!("{{\"bloated\":[]}}\n{text}");
        answer("vitals.odoo", &text).vitals.unwrap().odoo.map(|odoo| odoo.unwrap().statements)
    };
    assert_eq!(told(""), Ok(None));
    assert_eq!(told("{\"counting\" : \"not loaded\"}\n"), Ok(Some(Statements::NotLoaded)));
    // The extension is there, and what was asked of it failed.
    assert_eq!(told("{\"counting\" : \"asked\"}\n"), Ok(Some(Statements::Silent)));
    let rows = r#"{"statements" : [{"id":-8,"calls":3,"millis":4,"text":"SELECT\n $1 \u001b[2J /* x */"},{"id":null,"calls":1,"millis":0,"text":null}]}"#;
    let Ok(Some(Statements::Top(all))) = told(&format!("{{\"counting\" : \"asked\"}}\n{rows}\n")) else {
        panic!()
    };
    assert_eq!((all[0].id, all[0].mean(), all[0].text.as_deref()), (Some(-8), 1, Some("SELECT $1")));
    assert_eq!((all[1].id, &all[1].text), (None, &None));
    for garbage in [
        "{\"counting\":\"much\"}",
        "{\"statements\":7}",
        "{\"statements\":[{}]}",
        "{\"statements\":[{\"id\":1,\"calls\":-1,\"millis\":1}]}",
    ] {
        assert!(told(garbage).is_err(), "{garbage}");
    }
}

#[test]
fn pages_tracebacks_and_logs_are_read() {
    let page = |text: &str| answer("vitals.inside", text).vitals.unwrap().inside;
    let seen = page("page\t200\t0.123456\nform\n").unwrap().unwrap();
    assert_eq!((seen.status, seen.millis, seen.form), (Some(200), 123, true));
    let refused = page("page\t000\t0.001\nwhy\t(7) refused\n").unwrap().unwrap();
    assert_eq!((refused.status, refused.why.as_str()), (None, "(7) refused"));
    assert_eq!(page(""), Ok(None));
    assert!(page("page\tx\ty\n").is_err() && page("hello").is_err());
    let errors = |text: &str| answer("vitals.log", text).vitals.unwrap().log;
    let one =
        errors("asked\ntraceback\t4\t1\t2026-11-18T10:00:00Z\t2026-11-18T11:00:00Z\todoo.http: KeyError\n");
    assert_eq!(one.unwrap().unwrap().tracebacks[0].recent, 1);
    assert_eq!((errors("asked\n"), errors("")), (Ok(Some(Log::default())), Ok(None)));
    assert_eq!(errors("asked\nrefused\t7\n").unwrap().unwrap().refused, 7);
    assert!(errors("asked\nrefused\tmany\n").is_err());
    assert!(errors("asked\ntraceback\tx\n").is_err() && errors("denied").is_err());
    let logs = |text: &str| answer("vitals.logs", text).vitals.unwrap().logs;
    assert_eq!(logs("log\ta\t12\nlog\tb\t-\n").unwrap()["a"], Some(12));
    assert!(logs("log\ta\n").is_err() && logs("log\ta\tmuch\n").is_err());
}

#[test]
fn certificates_versions_and_what_is_kept_are_read() {
    let tls = |text: &str| answer("vitals.tls", text).vitals.unwrap().tls;
    let text = "asked\nverify\t18\tself-signed certificate\nserved\tAB\nfrom\t1\nuntil\t2\nfits\tyes\ndisk\tCD\t/x.pem\n";
    let seen = tls(text).unwrap().unwrap();
    assert_eq!((seen.verify, seen.name_fits, seen.until), (Some(18), true, Some(2)));
    assert_eq!((seen.served.as_deref(), seen.on_disk["/x.pem"].as_str()), (Some("AB"), "CD"));
    assert!(tls("").unwrap().is_none() && tls("no such file").is_err());
    let versions = |text: &str| answer("vitals.versions", text).vitals.unwrap().versions;
    assert_eq!(versions("{\"a\": \"1.0\", \"b\": null}").unwrap().unwrap()["b"], None);
    assert!(versions("").unwrap().is_none() && versions("Traceback").is_err());
    let kept = |text: &str| answer("vitals.kept", text).vitals.unwrap().kept;
    let seen = kept(
        "compose\tab\narmed\tr/web\nrecords\t2\nsnapshots\t1\nchecked\t{\"at\":1,\"by\":\"drill\",\"ok\":false,\"seconds\":1}\n",
    );
    let seen = seen.unwrap();
    assert_eq!((seen.records, seen.snapshots, seen.checked.unwrap().ok), (2, Some(1), false));
    assert!(kept("records\tmany\n").is_err());
}

#[test]
fn addresses_and_what_a_name_stands_for_are_read() {
    let names = |text: &str| answer("vitals.names", text).vitals.unwrap().names;
    let own =
        "own\t127.0.0.1/8\nown\t203.0.113.10/20\nown\tfe80::1/64\nown\t10.0.0.4\nown\t\nown\t404 not found\n";
    let text = format!(
        "{own}asked\t0\terp.example.com\nat\terp.example.com\t203.0.113.10\nat\terp.example.com\tfe80::1%eth0\nat\tother\t1.2.3.4\nasked\t2\tlb\nasked\t124\tslow\nasked\t0\tempty\nall\tyes\n"
    );
    let told = names(&text).unwrap().unwrap();
    assert_eq!(told.own.len(), 4);
    assert_eq!(told.found["erp.example.com"], Lookup::At(vec!["203.0.113.10".parse().unwrap()]));
    assert_eq!([&told.found["lb"], &told.found["empty"]], [&Lookup::Nowhere; 2]);
    assert_eq!((&told.found["slow"], told.found.get("other")), (&Lookup::Silent, None));
    assert_eq!(names("all\tyes\n"), Ok(Some(facts::Names::default())));
    for garbage in ["", "sh: 1: ip: not found", own] {
        assert!(names(garbage).is_err(), "{garbage}");
    }
}

/// Without its frame a probe has no answer; without any, nothing of health was told.
#[test]
fn an_answer_that_was_cut_is_not_taken_for_a_good_one() {
    let facts = answer("vitals.machine", "load\t0.5\nup\t100\n");
    let vitals = facts.vitals.unwrap();
    assert!(
        vitals.sessions.is_err() && vitals.inside.is_err() && vitals.kept.is_err() && vitals.logs.is_err()
    );
    let env = sample::environment();
    assert!(facts::parse(&env, &env.droplets[0], NONCE, b"").vitals.is_none());
}

/// Run by this machine's own sh, which has neither the stack nor a Docker to ask.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own shell")]
fn this_machine_tells_of_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut env = sample::environment();
    env.stack.path = format!("{}/stack", dir.path().display()).into();
    env.state_dir = format!("{}/state", dir.path().display()).into();
    let cmd = facts::script(&env, &env.droplets[0], NONCE, When::Health);
    for shell in ["dash", "bash"] {
        let out = std::process::Command::new(shell).arg("-c").arg(cmd.to_shell()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stderr), "");
        let vitals = facts::parse(&env, &env.droplets[0], NONCE, &out.stdout).vitals.unwrap();
        let machine = vitals.machine.unwrap();
        assert!(machine.up > 0 && machine.load >= 0.0, "{machine:?}");
        assert_eq!(vitals.kept, Ok(facts::Kept::default()));
    }
}
