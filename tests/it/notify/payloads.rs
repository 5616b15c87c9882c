//! What is said: pure, whole, and harmless wherever it is read.

use ops::error::Error;
use ops::exit::Exit;
use ops::notify::{Changed, Told, What, json, mail, mattermost, plain, slack};
use ops::record::RunRecord;
use serde_json::Value;

fn record() -> RunRecord {
    serde_json::from_value(serde_json::json!({
        "schema": "ops.run/1", "id": "prod-20261121T100000Z-ab12", "env": "prod", "command": "deploy",
        "title": "main at 1a2b3c4", "operator": "alice@laptop", "reason": "ticket 42",
        "started": "2026-11-21T10:00:00Z", "ended": "2026-11-21T10:03:20Z", "exit": 6, "release": null, "ledger": [],
    }))
    .unwrap()
}

fn put_back() -> Told {
    let error = Error::new(Exit::PutBack, "the new container is not healthy").on("erp-1").at("switch.start");
    Told::of(&record(), Exit::PutBack, Some(&error.because("it ended with code 1")), 200).unwrap()
}

#[test]
fn a_run_that_was_put_back_says_why_where_and_what_to_look_at() {
    insta::assert_snapshot!(plain(&put_back()), @r"
    ops: deploy of prod failed and was put back
    what: main at 1a2b3c4
    why: the new container is not healthy; it ended with code 1
    where: erp-1, step switch.start
    by: alice@laptop
    reason: ticket 42
    took: 3 min
    at: 2026-11-21T10:03:20Z
    run: prod-20261121T100000Z-ab12
    look: ops runs show prod-20261121T100000Z-ab12
    ");
    let json: Value = serde_json::from_str(&json(&put_back())).unwrap();
    insta::assert_snapshot!(json, @r#"{"at":"2026-11-21T10:03:20Z","changes":[],"command":"deploy","droplet":"erp-1","env":"prod","event":"put-back","exit":6,"operator":"alice@laptop","reason":"ticket 42","release":null,"run":"prod-20261121T100000Z-ab12","schema":"ops.notification/1","seconds":200,"status":null,"step":"switch.start","title":"main at 1a2b3c4","why":"the new container is not healthy; it ended with code 1"}"#);
}

#[test]
fn an_end_that_changed_nothing_for_others_is_told_to_nobody() {
    for exit in [Exit::NotApproved, Exit::Usage, Exit::Locked, Exit::Changed, Exit::Interrupted] {
        assert!(Told::of(&record(), exit, None, 1).is_none(), "{exit:?}");
    }
    let what = |exit| Told::of(&record(), exit, None, 1).unwrap().what;
    assert_eq!((what(Exit::Done), what(Exit::PutBack)), (What::Succeeded, What::PutBack));
    for exit in [Exit::Failed, Exit::Mixed, Exit::Unknown, Exit::Unreachable, Exit::Checks] {
        assert_eq!(what(exit), What::Failed, "{exit:?}");
    }
}

#[test]
fn whatever_a_droplet_or_a_person_writes_is_only_text_and_no_secret() {
    let mut record = record();
    let hostile = "<!channel> @channel ```\r\nBcc: x@evil\u{1b}[2J\u{202e} password=canary-4711 https://u:canary-4711@h/ \n.\n";
    record.title = hostile.to_owned();
    record.reason = Some(hostile.to_owned());
    record.operator = hostile.to_owned();
    let error = Error::failed(hostile).because("y".repeat(100_000)).on(hostile).at(hostile);
    let told = Told::of(&record, Exit::Failed, Some(&error), 1).unwrap();
    let letter = mail(&told, "ops@example.com", &["a@example.com".to_owned()]);
    for text in [plain(&told), json(&told), slack(&told), mattermost(&told), letter.clone()] {
        assert!(!text.contains("canary"), "{text}");
        assert!(text.len() < 8000, "{}", text.len());
        assert!(!text.chars().any(|c| c == '\u{1b}' || c == '\u{202e}'), "{text:?}");
    }
    for chat in [slack(&told), mattermost(&told)] {
        let chat: Value = serde_json::from_str(&chat).unwrap();
        let text = chat["text"].as_str().unwrap().to_owned();
        // One block, begun and ended by us, and nothing of theirs outside it.
        assert_eq!(text.matches("```").count(), 2, "{text}");
        assert!(text.ends_with("\n```") && !text.split("```").next().unwrap().contains('@'), "{text}");
    }
    assert!(!slack(&told).contains("<!channel>") && slack(&told).contains("&lt;!channel&gt;"));
    // A mail's lines are headers of ours, then base64.
    let (head, body) = letter.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("Bcc") && head.lines().all(|line| line.contains(": ")), "{head}");
    let fine = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    assert!(body.split("\r\n").all(|line| line.len() <= 76 && line.chars().all(fine)), "{body}");
}

#[test]
fn a_mail_has_what_readers_and_filters_want() {
    insta::assert_snapshot!(mail(&put_back(), "ops@example.com", &["a@example.com".to_owned(), "b@example.com".to_owned()]).replace("\r\n", "\n"), @r"
    From: ops <ops@example.com>
    To: a@example.com, b@example.com
    Subject: =?UTF-8?B?b3BzOiBkZXBsb3kgb2YgcHJvZCBmYWlsZWQgYW5kIHdhcyBwdXQgYmFjaw==?=
    Date: Sat, 21 Nov 2026 10:03:20 +0000
    Message-ID: <prod-20261121T100000Z-ab12.put-back@ops.invalid>
    Auto-Submitted: auto-generated
    MIME-Version: 1.0
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: base64

    b3BzOiBkZXBsb3kgb2YgcHJvZCBmYWlsZWQgYW5kIHdhcyBwdXQgYmFjawp3aGF0OiBtYWluIGF0
    IDFhMmIzYzQKd2h5OiB0aGUgbmV3IGNvbnRhaW5lciBpcyBub3QgaGVhbHRoeTsgaXQgZW5kZWQg
    d2l0aCBjb2RlIDEKd2hlcmU6IGVycC0xLCBzdGVwIHN3aXRjaC5zdGFydApieTogYWxpY2VAbGFw
    dG9wCnJlYXNvbjogdGlja2V0IDQyCnRvb2s6IDMgbWluCmF0OiAyMDI2LTExLTIxVDEwOjAzOjIw
    WgpydW46IHByb2QtMjAyNjExMjFUMTAwMDAwWi1hYjEyCmxvb2s6IG9wcyBydW5zIHNob3cgcHJv
    ZC0yMDI2MTEyMVQxMDAwMDBaLWFiMTIK
    ");
}

#[test]
fn a_change_of_health_says_what_is_worst_first_and_what_is_better() {
    let change = |check: &str, was, now, evidence: &str| Changed {
        droplet: "erp-1".into(),
        check: check.into(),
        was,
        now,
        evidence: evidence.into(),
    };
    let changes = vec![
        change("web.login", "ok", "critical", "502 instead of the login page; password=canary-4711"),
        change("disk.stack", "critical", "ok", "41 GB of 80 GB are free"),
    ];
    let told = |status, changes: &[Changed]| {
        let title = "1 check worse, 1 better".to_owned();
        Told::health("prod", status, title, changes.to_vec(), "alice@laptop", "2026-11-22T04:00:00Z")
    };
    insta::assert_snapshot!(plain(&told("critical", &changes)), @r"
    ops: prod is CRITICAL
    CRITICAL erp-1 web.login: 502 instead of the login page; password=*** (was ok)
    ok erp-1 disk.stack: 41 GB of 80 GB are free (was critical)
    what: 1 check worse, 1 better
    by: alice@laptop
    at: 2026-11-22T04:00:00Z
    look: ops health prod
    ");
    assert!(plain(&told("ok", &changes)).starts_with("ops: prod is well again\n"));
    let json: Value = serde_json::from_str(&json(&told("critical", &changes))).unwrap();
    assert_eq!((&json["event"], &json["run"], &json["exit"]), (&"unwell".into(), &Value::Null, &9.into()));
    let hostile = vec![change("<!channel>", "ok", "unknown", &"```@here\u{1b}[2J".repeat(1000)); 500];
    let told = told("unknown", &hostile);
    for text in [slack(&told), mattermost(&told)] {
        let chat: Value = serde_json::from_str(&text).unwrap();
        let text = chat["text"].as_str().unwrap();
        assert!(
            text.len() < 12_000 && text.matches("```").count() == 2 && !text.contains('\u{1b}'),
            "{text}"
        );
    }
    assert!(!slack(&told).contains("<!channel>"));
}

#[test]
fn one_reason_is_one_line_and_programs_get_every_change() {
    let change = |n: usize, evidence: String| Changed {
        droplet: "erp-1".into(),
        check: format!("check.{n}"),
        was: "ok",
        now: "unknown",
        evidence,
    };
    let same = (0..40).map(|n| change(n, "docker does not answer".into()));
    let other = (40..70).map(|n| change(n, format!("reason {n}")));
    let told = Told::health("prod", "unknown", String::new(), same.chain(other).collect(), "a@b", "");
    let text = plain(&told);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "UNKNOWN erp-1 check.0 and 39 more: docker does not answer (was ok)");
    assert!(lines[20].contains("reason 58") && lines[21] == "and 11 more", "{text}");
    let json: Value = serde_json::from_str(&json(&told)).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 70);
}
