//! What one value alone cannot tell: references, droplets that fit together, checks that can be asked.

use super::{SMALL, parse, rendered, table, with};

/// Two droplets with more keys each.
fn two(one: &str, two: &str) -> String {
    SMALL.replace(
        "- { name: one, host: 203.0.113.1 }",
        &format!(
            "- {{ name: one, host: 203.0.113.1, {one} }}\n      - {{ name: two, host: 203.0.113.2, {two} }}"
        ),
    )
}

#[test]
fn a_dangling_or_circular_reference() {
    insta::assert_snapshot!(table(&[
        &*SMALL.replace("203.0.113.1", "203.0.113.1, jump: bastion"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, jump: onee"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, jump: one"),
        &*two("jump: two", "jump: one"),
        &*SMALL.replace("odoo }", "odoo, git: { remote: /srv/a.git, ref: main, allow: [release/*] } }"),
        "version: *nobody\n",
    ]), @r###"
    ops.yaml:6:47: there is no droplet `bastion` in this environment to jump through (exit 2)
      why: at environments.prod.droplets[0].jump
      next: for a host of your ssh configuration write `ssh://bastion`
    ops.yaml:6:47: there is no droplet `onee` in this environment to jump through (exit 2)
      why: at environments.prod.droplets[0].jump
      next: did you mean `one`?
    ops.yaml:6:47: a droplet cannot be its own jump host (exit 2)
      why: at environments.prod.droplets[0].jump
    ops.yaml:6:47: more than 8 jump hosts in a row, or they go round in a circle (exit 2)
      why: at environments.prod.droplets[0].jump
    ops.yaml:7:98: the ref `main` is not covered by `allow` (exit 2)
      why: at environments.prod.stack.git.ref
      next: add it to `allow`, or deploy another ref
    ops.yaml:1:10: this alias (`*name`) has no anchor (`&name`) before it (exit 2)
    "###);
}

#[test]
fn droplets_that_do_not_fit_together() {
    insta::assert_snapshot!(table(&[
        &*SMALL.replace("- { name: one, host: 203.0.113.1 }", "[]"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, roles: [db]"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, roles: []"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, roles: [web, web]"),
        &*two("", ""),
        &*two("roles: [web, db]", "roles: [web, db]"),
        &*two("roles: [web]", "roles: [db]").replace("two", "one"),
        &*two("roles: [web]", "roles: [db]").replace("113.2", "113.1"),
        &*SMALL.replace("203.0.113.1", "local, port: 22"),
        &*SMALL.replace("web: odoo", "web: db"),
    ]), @r###"
    ops.yaml:6:7: no droplet has the role `web` (exit 2)
      why: at environments.prod.droplets
    ops.yaml:6:7: no droplet has the role `web` (exit 2)
      why: at environments.prod.droplets
    ops.yaml:6:9: a droplet without a role has no part in this (exit 2)
      why: at environments.prod.droplets[0]
    ops.yaml:6:9: a role is listed twice (exit 2)
      why: at environments.prod.droplets[0]
    ops.yaml:6:9: with several droplets each needs `roles` (exit 2)
      why: at environments.prod.droplets[0]
      why: for example `roles: [web]`
    ops.yaml:6:7: two droplets have the role `db`: there is one database (exit 2)
      why: at environments.prod.droplets
    ops.yaml:7:9: two droplets have the name `one` (exit 2)
      why: at environments.prod.droplets[1]
    ops.yaml:7:9: the droplets `one` and `two` are the same machine (exit 2)
      why: at environments.prod.droplets[1]
    ops.yaml:6:9: `host: local` is this machine, without ssh: `port` has no place (exit 2)
      why: at environments.prod.droplets[0]
    ops.yaml:7:36: the web and the database are both the service `db` (exit 2)
      why: at environments.prod.stack.web
    "###);
}

#[test]
fn a_check_that_cannot_be_asked() {
    insta::assert_snapshot!(table(&[
        &*with("checks: [{ name: a }]"),
        &*with("checks: [{ name: a, http: /, tcp: \"h:1\" }]"),
        &*with("checks: [{ name: a, tcp: \"h:1\", status: 200 }]"),
        &*with("checks: [{ name: a, tcp: h }]"),
        &*with("checks: [{ name: a, sql: select 1 }]"),
        &*with("checks: [{ name: a, sql: drop table x, expect: ok }]"),
        &*with("checks: [{ name: a, sql: select 1; drop table x, expect: ok }]"),
        &*with("checks: [{ name: a, sql: select 1, expect: \"> many\" }]"),
        &*with("checks: [{ name: a, tcp: \"h:1\" }, { name: a, tcp: \"h:1\" }]"),
        &*with("modules: [sale, sale]"),
        &*with("modules: [all]"),
    ]), @r###"
    ops.yaml:8:14: a check asks one thing: `http`, `sql` or `tcp` (exit 2)
      why: at environments.prod.checks[0]
    ops.yaml:8:14: a check asks one thing: `http`, `sql` or `tcp` (exit 2)
      why: at environments.prod.checks[0]
    ops.yaml:8:14: `status`, `contains` and `max_time` belong to `http` (exit 2)
      why: at environments.prod.checks[0]
    ops.yaml:8:30: `h` is not an address with a port (exit 2)
      why: at environments.prod.checks[0].tcp
      why: for example `127.0.0.1:8088` or `[::1]:8088`
    ops.yaml:8:14: a check by `sql` needs `expect`, for example `"> 0"` (exit 2)
      why: at environments.prod.checks[0]
    ops.yaml:8:30: this is not a query for a check (exit 2)
      why: at environments.prod.checks[0].sql
      why: it begins with `select` or `with`
    ops.yaml:8:30: this is not a query for a check (exit 2)
      why: at environments.prod.checks[0].sql
      why: `;` outside of quotes: one plain statement, without comments
    ops.yaml:8:48: `> many` compares with something that is not a number (exit 2)
      why: at environments.prod.checks[0].expect
    ops.yaml:8:39: two checks have the name `a` (exit 2)
      why: at environments.prod.checks[1]
    ops.yaml:8:21: the module `sale` is listed twice (exit 2)
      why: at environments.prod.modules[1]
    ops.yaml:8:15: `all` is not a module: for Odoo it means every one (exit 2)
      why: at environments.prod.modules[0]
      why: list the modules
    "###);
}

#[test]
fn jump_hosts_are_resolved_to_what_ssh_understands() {
    let jumps = |text: &str| -> Vec<_> {
        let inventory = parse(text).unwrap_or_else(|error| panic!("{}", rendered(&error)));
        let droplets = &inventory.environment("prod").unwrap().droplets;
        droplets
            .iter()
            .map(|droplet| match &droplet.address {
                ops::inventory::Address::Ssh(ssh) => ssh.jump.clone().unwrap_or_default(),
                ops::inventory::Address::Local { .. } => "local".to_owned(),
            })
            .collect()
    };
    let through = |jump: &str| {
        jumps(&two("roles: [web], user: me, port: 2222", &format!("roles: [db], jump: '{jump}'")))[1].clone()
    };
    assert_eq!(through("one"), "me@203.0.113.1:2222");
    for address in ["ssh://bastion", "a@b", "b.example.com", "b:22", "[::1]:22", "a.example.com,me@b:22"] {
        assert_eq!(through(address), address);
    }
    // An inherited jump host is for the others, and its own comes first.
    let inherited = format!("{}\ndefaults: {{ ssh: {{ jump: one }} }}\n", two("roles: [web]", "roles: [db]"));
    assert_eq!(jumps(&inherited), ["", "203.0.113.1"]);
    let chain = two("roles: [web], jump: x.example.com", "roles: [db], jump: one");
    assert_eq!(jumps(&chain), ["x.example.com", "x.example.com,203.0.113.1"]);
}

#[test]
fn the_nearest_setting_wins() {
    let text = format!(
        "{}    ssh: {{ user: nearer, port: 2 }}\ndefaults: {{ ssh: {{ user: far, port: 1, identity: keys/id }}, become: sudo }}\n",
        SMALL.replace("203.0.113.1", "203.0.113.1, user: nearest")
    );
    let inventory = parse(&text).unwrap();
    let ops::inventory::Address::Ssh(ssh) = &inventory.environment("prod").unwrap().droplets[0].address
    else {
        panic!("ssh was expected");
    };
    assert_eq!((ssh.user.as_deref(), ssh.port), (Some("nearest"), Some(2)));
    assert_eq!(ssh.identity.as_deref(), Some(std::path::Path::new("/project/keys/id")));
    assert_eq!(ssh.r#become, ops::inventory::Become::Sudo);
}

#[test]
fn globs_of_refs_cover_what_they_say() {
    let git = |allow: &[&str]| ops::inventory::Git {
        remote: "/srv/a.git".to_owned(),
        r#ref: "main".to_owned(),
        allow: allow.iter().map(|glob| (*glob).to_owned()).collect(),
    };
    assert!(git(&[]).allows("anything"));
    for (glob, reference, covered) in [
        ("main", "main", true),
        ("main", "mainly", false),
        ("main", "a/main", false),
        ("release/*", "release/14.0/x", true),
        ("release/*", "release", false),
        ("*", "x", true),
        ("*-lts", "14.0-lts", true),
        ("*-lts", "14.0-lts2", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("ab*ba", "aba", false),
    ] {
        assert_eq!(git(&[glob]).allows(reference), covered, "{glob} {reference}");
    }
}

#[test]
fn an_environment_that_does_not_exist() {
    let inventory = parse(super::EXAMPLE).unwrap();
    insta::assert_snapshot!(rendered(&inventory.environment("stagin").unwrap_err()), @r###"
    there is no environment `stagin` (exit 2)
      why: /project/ops.yaml has: dev, prod, staging
      next: did you mean `staging`?
    "###);
    insta::assert_snapshot!(rendered(&inventory.environment("x\x1b[2J\n").unwrap_err()), @r###"
    there is no environment `x⏎` (exit 2)
      why: /project/ops.yaml has: dev, prod, staging
    "###);
}
