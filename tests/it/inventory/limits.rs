//! Nothing hangs, nothing leaks: sizes, bombs, bytes, and secrets beside a mistake.

use std::path::Path;
use std::time::Duration;

use ops::inventory::{LARGEST, parse_bytes};

use super::{SMALL, computed, parse, refused, rendered, with};

/// The error's first line, which must come soon.
fn soon(text: &str) -> String {
    let started = computed();
    let error = refused(text);
    let taken = computed() - started;
    assert!(taken < Duration::from_secs(5), "{taken:?} for {error}");
    assert!(error.len() < 4_000, "{} bytes of error", error.len());
    error.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn ten_megabytes() {
    insta::assert_snapshot!(soon(&format!("{SMALL}# {}\n", "x".repeat(10 << 20))), @r###"/project/ops.yaml: 10485931 bytes are too many: an inventory has at most 1048576 (exit 2)"###);
    parse(&format!("{SMALL}{}", "# x\n".repeat((LARGEST - SMALL.len()) / 4))).unwrap();
}

#[test]
fn a_hundred_thousand_of_anything() {
    let many = 100_000;
    for part in [
        "[", "{a: ", "{key: ", "- ", "? ", "!", "&a ", "*a ", "'", "\"\\n", "--- ", "a://b@ ", "%YAML ",
        "x: ",
    ] {
        let deep = part.repeat(many);
        soon(&deep);
        soon(&format!("{SMALL}x: {deep}"));
        soon(&format!("{SMALL}    modules: {deep}"));
    }
    soon(&format!("version: {}", "1".repeat(900_000)));
    soon(&with(&format!("modules: [{}]", "sale, ".repeat(many))));
    soon(&with(&format!("url: https://{}", "a".repeat(900_000))));
}

#[test]
fn droplets_beyond_measure() {
    let many = |count: usize| {
        let line = |i| format!("      - {{ name: d{i}, host: h{i}, roles: [web], jump: d{} }}\n", i + 1);
        let lines: String = (0..count).map(line).collect();
        SMALL.replace("      - { name: one, host: 203.0.113.1 }\n", &lines)
    };
    insta::assert_snapshot!(soon(&many(10_000)), @r###"/project/ops.yaml:5004:57: too deep or too much: aliases, nesting or size are beyond any real inventory (exit 2)"###);
    insta::assert_snapshot!(soon(&many(2_000)), @r###"/project/ops.yaml:6:7: an environment has at most 500 droplets (exit 2)"###);
    insta::assert_snapshot!(soon(&many(500)), @r###"/project/ops.yaml:14:51: more than 8 jump hosts in a row, or they go round in a circle (exit 2)"###);
}

#[test]
fn alias_bombs() {
    let mut lists = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    let mut merges = SMALL.replace("    droplets:", "    ssh: &s0 { user: a }\n    droplets:");
    for i in 1..30 {
        let before = format!("*a{}", i - 1);
        lists.push_str(&format!("a{i}: &a{i} [{}]\n", [before.as_str(); 9].join(", ")));
        // Every place is one where the reader expects this: only the limit can stop it.
        merges.push_str(&format!("  e{i}:\n    ssh: &s{i} {{ <<: [*s{0}, *s{0}, *s{0}, *s{0}] }}\n", i - 1));
        merges.push_str(&format!("    droplets: [{{ name: d, host: h{i} }}]\n"));
        merges.push_str("    stack: { path: /opt/odoo, web: odoo, db: db, database: odoo }\n");
    }
    soon(&lists);
    soon(&format!("{SMALL}{lists}"));
    insta::assert_snapshot!(soon(&merges), @r###"/project/ops.yaml:30:26: too deep or too much: aliases, nesting or size are beyond any real inventory (exit 2)"###);
    insta::assert_snapshot!(soon(&with(&format!("modules: [&m sale{}]", ", *m".repeat(2_000)))), @r###"/project/ops.yaml:8:4024: too deep or too much: aliases, nesting or size are beyond any real inventory (exit 2)"###);
}

#[test]
fn an_alias_used_as_it_is_meant_is_welcome() {
    let text = SMALL.replace("web: odoo", "web: &o odoo").replace("database: odoo", "database: *o");
    assert_eq!(parse(&text).unwrap().environment("prod").unwrap().stack.database, "odoo");
}

#[test]
fn bytes_that_are_not_utf8() {
    let mut bytes = SMALL.as_bytes().to_vec();
    bytes[20] = 0xff;
    let error = parse_bytes(&bytes, Path::new("ops.yaml"), Path::new("/home/alice")).unwrap_err();
    insta::assert_snapshot!(rendered(&error), @r###"ops.yaml:2:10: this is not UTF-8 text (exit 2)"###);
}

#[test]
fn secrets_around_the_mistake_are_not_shown() {
    let text = SMALL.replace(
        "database: odoo }",
        "database: odoo, zzz: 1,\n      env: { DB_PASSWORD: canary-4711, \"API_KEY\": 'canary-4711', X: https://me:canary-4711@example.com/ } }",
    );
    insta::assert_snapshot!(refused(&text), @r###"
    /project/ops.yaml:7:66: unknown key `zzz` (exit 2)
      why: at environments.prod.stack.zzz
      why: known here: path, compose, profiles, git, web, db, database, addons, env
         5 |     droplets:
         6 |       - { name: one, host: 203.0.113.1 }
         7 |     stack: { path: /opt/odoo, web: odoo, db: db, database: odoo, zzz: 1,
           |                                                                  ^
         8 |       env: { DB_PASSWORD: ***********, "API_KEY": *************, X: https://**************
    "###);
    assert!(!refused(&text).contains("canary"));
}

#[test]
fn a_remote_that_holds_a_token_is_not_repeated() {
    let git = "odoo, git: { remote: 'https://me:canary-4711@example.com/ a', ref: main } }";
    insta::assert_snapshot!(refused(&SMALL.replace("odoo }", git)), @r###"
    /project/ops.yaml:7:81: this is not a git remote (exit 2)
      why: at environments.prod.stack.git.remote
      why: no blanks, quotes or other alphabets; a blank in a URL is `%20`
         5 |     droplets:
         6 |       - { name: one, host: 203.0.113.1 }
         7 |     stack: { path: /opt/odoo, web: odoo, db: db, database: odoo, git: { remote: 'https://*
           |                                                                                 ^
    "###);
}
