//! Hostile text in every field of the example: refused with one clear error, except where it is
//! harmless; and it is harmless only where this list says so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{EXAMPLE, parse};

fn hostile() -> Vec<(&'static str, String)> {
    vec![
        ("$()", "$(touch /tmp/x)".to_owned()),
        ("`", "a`id`b".to_owned()),
        (";", "; rm -rf /".to_owned()),
        ("|", "a|b".to_owned()),
        ("'", "a'b".to_owned()),
        ("\"", "a\"b".to_owned()),
        ("newline", "a\nb".to_owned()),
        ("nul", "a\0b".to_owned()),
        ("escape", "a\x1b[2Jb".to_owned()),
        ("-", "-oProxyCommand=x".to_owned()),
        ("..", "../../etc/passwd".to_owned()),
        ("/..", "/opt/../../etc".to_owned()),
        ("/$()", "/opt/$(id)".to_owned()),
        ("/-", "/opt/-rf".to_owned()),
        ("%", "%h".to_owned()),
        ("long", "a".repeat(300)),
        ("/long", format!("/{}", "a".repeat(300))),
        ("letters", "é漢字".to_owned()),
        ("bidi", "a\u{202e}b".to_owned()),
        ("blank", " ".to_owned()),
        ("empty", String::new()),
        ("user", "~root/x".to_owned()),
        ("helper", "ext::sh -c id".to_owned()),
    ]
}

#[test]
fn hostile_text_is_accepted_only_where_it_is_harmless() {
    let mut example: Value = serde_yaml::from_str(EXAMPLE).unwrap();
    // The full environment has every kind of field.
    example["environments"].as_object_mut().unwrap().retain(|name, _| name == "prod");
    let mut fields = Vec::new();
    texts(&example, &mut String::new(), &mut fields);
    assert!(fields.len() > 60, "only {} fields", fields.len());
    let mut accepted: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for pointer in &fields {
        for (name, text) in hostile() {
            let mut changed = example.clone();
            *changed.pointer_mut(pointer).unwrap() = Value::from(text);
            if let Err(error) = parse(&changed.to_string()) {
                assert_clear(&error, pointer, name);
            } else {
                let field = pointer.trim_start_matches("/environments/").replace(['0', '1', '2'], "*");
                let names = accepted.entry(field).or_default();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    let shown: Vec<String> =
        accepted.iter().map(|(field, names)| format!("{field}: {}", names.join(" "))).collect();
    insta::assert_snapshot!(shown.join("\n"), @r###"
    /defaults/ssh/config: ` ; | - .. /.. /- long /long letters helper
    /defaults/ssh/identity: ` ; | - .. /.. /- long /long letters helper
    /defaults/ssh/known_hosts: ` ; | - .. /.. /- long /long letters helper
    prod/backup/schedule: helper
    prod/checks/*/contains: $() ` ; | ' " - .. /.. /$() /- % long /long letters user helper
    prod/checks/*/expect: $() ` ; | ' " - .. /.. /$() /- % letters user helper
    prod/checks/*/http: /.. /- /long
    prod/checks/*/name: letters
    prod/droplets/*/compose/*: letters
    prod/droplets/*/config: ` ; | - .. /.. /- long /long letters helper
    prod/droplets/*/identity: ` ; | - .. /.. /- long /long letters helper
    prod/droplets/*/known_hosts: ` ; | - .. /.. /- long /long letters helper
    prod/harden/waive/*/id: letters
    prod/harden/waive/*/reason: $() ` ; | ' " - .. /.. /$() /- % long /long letters user helper
    prod/hooks/on_failure/*/cmd/*: $() ` ; | ' " .. /.. /$() /- % long /long letters user helper - blank empty
    prod/hooks/on_failure/*/name: letters
    prod/hooks/post_deploy/*/cmd/*: $() ` ; | ' " .. /.. /$() /- % long /long letters user helper - blank empty
    prod/hooks/post_deploy/*/name: letters
    prod/hooks/pre_deploy/*/cmd/*: $() ` ; | ' " .. /.. /$() /- % long /long letters user helper - blank empty
    prod/hooks/pre_deploy/*/name: letters
    prod/mask/sql/*: $() ` ; | ' " - .. /.. /$() /- % long /long letters user helper
    prod/notify/*/smtp/user: $() ` ; | ' " - .. /.. /$() /- % long /long letters user helper
    prod/notify/*/url/file: $() ` ; | ' " - .. /.. /$() /- % long /long letters helper
    prod/proxy/maintenance: $() ` ; | ' " - .. /.. /$() /- % long /long letters user helper
    prod/stack/addons/*: letters
    prod/stack/compose/*: letters
    prod/stack/env/ADMIN_PASSWORD/cmd/*: $() ` ; | ' " .. /.. /$() /- % long /long letters user helper - blank empty
    prod/stack/env/ODOO_WORKERS: $() ` ; | ' " - .. /.. /$() /- % long /long letters blank empty user helper
    prod/stack/env/SMTP_PASSWORD/file: $() ` ; | ' " - .. /.. /$() /- % long /long letters helper
    prod/stack/git/allow/*: % letters
    prod/stack/git/remote: /- /long
    "###);
}

#[test]
fn hostile_names_of_environments_and_variables_are_refused() {
    for (name, text) in hostile() {
        for pointer in ["/environments", "/environments/prod/stack/env"] {
            let mut changed: Value = serde_yaml::from_str(EXAMPLE).unwrap();
            let map = changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            let value = map.values().next().unwrap().clone();
            map.insert(text.clone(), value);
            assert_clear(&parse(&changed.to_string()).expect_err(name), pointer, name);
        }
    }
}

#[test]
fn hostile_remotes_and_refs_are_refused() {
    let with = |remote: &str, reference: &str| {
        let mut changed: Value = serde_yaml::from_str(EXAMPLE).unwrap();
        let git = changed.pointer_mut("/environments/prod/stack/git").unwrap();
        *git = serde_json::json!({ "remote": remote, "ref": reference });
        parse(&changed.to_string())
    };
    for remote in [
        "--upload-pack=touch /tmp/x",
        "ext::sh",
        "fd::17",
        "ssh://-oProxyCommand=x/a",
        "ssh://a@-oProxyCommand=x/a",
        "-oProxyCommand=x:a",
        "me@-host:a",
        "-me@host:a",
        "host:-a",
        "https://host",
        "file://host/a",
        "relative/path",
        "https://h/a b",
        "https://h/$(id)",
        "gopher://h/a",
    ] {
        assert!(with(remote, "main").is_err(), "{remote}");
    }
    for remote in [
        "git@example.com:org/a.git",
        "example.com:a",
        "https://example.com/a.git",
        "https://me:token@example.com:8443/a.git",
        "ssh://git@example.com:22/a",
        "ssh://git@[::1]:22/a",
        "/srv/git/a.git",
        "file:///srv/git/a.git",
        "git://127.0.0.1/a",
    ] {
        assert!(with(remote, "main").is_ok(), "{remote}");
    }
    for reference in [
        "-f", "--", "a..b", "a b", "a~1", "a^", "a:b", "a?", "*", "a[b", "a\\b", "/a", "a/", "a//b", ".a",
        "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{1}", "", "a/-b", "$(id)", "a'b",
    ] {
        assert!(with("/srv/a.git", reference).is_err(), "{reference}");
    }
    for reference in
        ["main", "release/14.0", "v1.2.3", "a-b_c", "dépôt", "feature/a@b", &"0123456789".repeat(4)]
    {
        assert!(with("/srv/a.git", reference).is_ok(), "{reference}");
    }
}

#[test]
fn queries_that_are_more_than_a_question_are_refused() {
    let with = |query: &str| {
        let mut changed: Value = serde_yaml::from_str(EXAMPLE).unwrap();
        *changed.pointer_mut("/environments/prod/checks/1/sql").unwrap() = Value::from(query);
        parse(&changed.to_string())
    };
    for query in [
        "delete from a",
        "select 1; delete from a",
        "select 1 -- x",
        "select 1 /* x */",
        "select 1\n\\! touch /tmp/x",
        "select E'\\'; delete from a --'",
        "select $$;$$",
        "select 'a",
        "selectx",
        ";",
        "",
        "explain select 1",
        "copy a to program 'x'",
    ] {
        assert!(with(query).is_err(), "{query}");
    }
    for query in [
        "select 1",
        "SELECT 1;",
        "with a as (select 1) select * from a",
        "select ';' as \"--\"",
        "select\n  1",
        "select 'it''s'",
    ] {
        assert!(with(query).is_ok(), "{query}");
    }
}

fn assert_clear(error: &ops::error::Error, pointer: &str, name: &str) {
    assert_eq!(error.exit.code(), 2, "{pointer} {name}");
    let texts = [&error.what].into_iter().chain(&error.why).chain(&error.next);
    for text in texts.chain(error.evidence.iter().flat_map(|evidence| &evidence.lines)) {
        assert!(!text.is_empty(), "{pointer} {name}");
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{pointer} {name}: {text:?}");
        assert!(text.chars().count() < 300, "{pointer} {name}: {text}");
    }
}

/// JSON pointers to every text.
fn texts(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::String(_) => return found.push(pointer.clone()),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        _ => return,
    };
    for (step, child) in children {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&step);
        texts(child, pointer, found);
        pointer.truncate(length);
    }
}
