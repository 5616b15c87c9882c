//! Keys, types and shapes: every mistake is one clear error that says where, what, why and what next.

use super::{SMALL, refused, table, with};

#[test]
fn an_error_shows_the_place() {
    insta::assert_snapshot!(refused(&SMALL.replace("host:", "hots:")), @r###"
    /project/ops.yaml:6:22: unknown key `hots` (exit 2)
      why: at environments.prod.droplets[0].hots
      why: known here: name, host, roles, compose, become, port, user, jump, identity, config, known_hosts, connect_timeout
      next: did you mean `host`?
         4 |   prod:
         5 |     droplets:
         6 |       - { name: one, hots: 203.0.113.1 }
           |                      ^
         7 |     stack: { path: /opt/odoo, web: odoo, db: db, database: odoo }
    "###);
    insta::assert_snapshot!(refused(&SMALL.replace("project: demo", "project: 'é#' # \x1b[2J")), @r###"
    /project/ops.yaml:2:17: unexpected character: `\u{1b}' (exit 2)
         1 | version: 1
         2 | project: 'é#' #
           |                 ^
         3 | environments:
    "###);
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(table(&[
        &*SMALL.replace("host:", "hots:"),
        &*with("protcted: true"),
        &format!("{SMALL}zzz: 1\n"),
    ]), @r###"
    ops.yaml:6:22: unknown key `hots` (exit 2)
      why: at environments.prod.droplets[0].hots
      why: known here: name, host, roles, compose, become, port, user, jump, identity, config, known_hosts, connect_timeout
      next: did you mean `host`?
    ops.yaml:8:5: unknown key `protcted` (exit 2)
      why: at environments.prod.protcted
      why: known here: protected, url, state_dir, min_free_percent, ssh, become, droplets, stack, proxy, deploy, backup, mask, targets, health, harden, modules, checks, notify, hooks
      next: did you mean `protected`?
    ops.yaml:8:1: unknown key `zzz` (exit 2)
      why: at zzz
      why: known here: version, project, state_dir, defaults, environments
    "###);
}

#[test]
fn a_key_given_twice() {
    insta::assert_snapshot!(table(&[
        &*with("protected: true\nprotected: false"),
        &format!("{SMALL}  prod: {{}}\n"),
    ]), @r###"
    ops.yaml:9:5: the key `protected` is given twice (exit 2)
      why: at environments.prod
    ops.yaml:8:3: the key `prod` is given twice (exit 2)
      why: at environments
    "###);
}

#[test]
fn a_missing_key() {
    insta::assert_snapshot!(table(&[
        &*SMALL.replace("host: 203.0.113.1", "user: x"),
        "project: x\n",
        "version: 1\nproject: x\nenvironments: {}\n",
    ]), @r###"
    ops.yaml:6:22: the key `host` is missing (exit 2)
      why: at environments.prod.droplets[0]
    ops.yaml:1:1: the key `version` is missing (exit 2)
    ops.yaml:3:15: at least one environment is needed (exit 2)
      why: at environments
    "###);
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(table(&[
        &*with("protected: yes"),
        &*with("modules: sale"),
        &*with("proxy: [1]"),
        &*with("url: [1]"),
        &*with("min_free_percent: 91"),
        &*with("min_free_percent: -1"),
        &*SMALL.replace("host: 203.0.113.1", "host: {env: HOST}"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, port: 99999"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, port: 022x"),
        &*SMALL.replace("version: 1", "version: 2"),
        &*SMALL.replace("203.0.113.1", "203.0.113.1, roles: [web, database]"),
        &*SMALL.replace("203.0.113.1", ""),
        &*with("deploy: { drain: 10 }"),
        &*with("deploy: { drain: 25h }"),
        &*with("deploy: { strategy: blue_green }"),
    ]), @r###"
    ops.yaml:8:16: `true` or `false` is expected here (exit 2)
      why: at environments.prod.protected
    ops.yaml:8:14: a list (`[a, b]`) is expected here (exit 2)
      why: at environments.prod.modules
    ops.yaml:8:12: a mapping (`key: value`) is expected here (exit 2)
      why: at environments.prod.proxy
    ops.yaml:8:10: a text is expected here, not a list or a mapping (exit 2)
      why: at environments.prod.url
      why: `{env: ..}`, `{file: ..}` and `{cmd: ..}` stand only in `stack.env` and `notify[].url`
    ops.yaml:8:23: 91 is not a share of free space: 0 to 90 percent (exit 2)
      why: at environments.prod.min_free_percent
    ops.yaml:8:23: a whole number is expected here (exit 2)
      why: at environments.prod.min_free_percent
    ops.yaml:6:28: a text is expected here, not a list or a mapping (exit 2)
      why: at environments.prod.droplets[0].host
      why: `{env: ..}`, `{file: ..}` and `{cmd: ..}` stand only in `stack.env` and `notify[].url`
    ops.yaml:6:47: 99999 is not a port: 1 to 65535 (exit 2)
      why: at environments.prod.droplets[0].port
    ops.yaml:6:47: a whole number is expected here (exit 2)
      why: at environments.prod.droplets[0].port
    ops.yaml:1:10: this program reads version 1 of the inventory, not 2 (exit 2)
      why: at version
    ops.yaml:6:54: `database` is not known here (exit 2)
      why: at environments.prod.droplets[0].roles[1]
      why: known here: web, db
    ops.yaml:6:26: a value is missing here (exit 2)
      why: at environments.prod.droplets[0].host
    ops.yaml:8:22: `10` is not a duration (exit 2)
      why: at environments.prod.deploy.drain
      why: a whole number and its unit: `500ms`, `10s`, `2m`, `1h`
    ops.yaml:8:22: `25h` is longer than a day (exit 2)
      why: at environments.prod.deploy.drain
    ops.yaml:8:25: `blue_green` is not known here (exit 2)
      why: at environments.prod.deploy.strategy
      why: known here: auto, blue-green, recreate
      next: did you mean `blue-green`?
    "###);
}

#[test]
fn a_secret_in_a_wrong_shape() {
    insta::assert_snapshot!(table(&[
        &*SMALL.replace("odoo }", "odoo, env: { A: 5 } }"),
        &*SMALL.replace("odoo }", "odoo, env: { A: { vault: x } } }"),
        &*SMALL.replace("odoo }", "odoo, env: { A: { env: X, file: y } } }"),
        &*SMALL.replace("odoo }", "odoo, env: { A: { cmd: [] } } }"),
        &*SMALL.replace("odoo }", "odoo, env: { A: { cmd: pass } } }"),
        &*SMALL.replace("odoo }", "odoo, env: { A: {} } }"),
    ]), @r###"
    ops.yaml:7:73: integer `5` is given where a text in quotes, `{env: NAME}`, `{file: path}` or `{cmd: [program, ..]}` is expected (exit 2)
      why: at environments.prod.stack.env.A
    ops.yaml:7:78: `vault` is not known here (exit 2)
      why: at environments.prod.stack.env.A
      why: known here: env, file, cmd
    ops.yaml:7:76: a secret has one origin: `env`, `file` or `cmd` (exit 2)
      why: at environments.prod.stack.env.A
    ops.yaml:7:83: a command is missing (exit 2)
      why: at environments.prod.stack.env.A
      why: `cmd: [program, argument, ..]`, without a shell
    ops.yaml:7:83: a list (`[a, b]`) is expected here (exit 2)
      why: at environments.prod.stack.env.A
    ops.yaml:7:76: one of `env`, `file` and `cmd` is missing (exit 2)
      why: at environments.prod.stack.env.A
    "###);
}

#[test]
fn what_is_not_yaml() {
    insta::assert_snapshot!(table(&[
        "",
        "# nothing\n",
        "- a\n- b\n",
        "version: '1\n",
        "version: 1\n\tproject: x\n",
        "a: [1, 2\nb: 3\n",
        &format!("{SMALL}---\n{SMALL}"),
        &SMALL.replace("demo", "de\0mo"),
        &SMALL.replace("demo", "\"de\\0mo\""),
    ]), @r###"
    ops.yaml:1:1: the file is empty (exit 2)
      next: copy config.example.yaml and change it
    ops.yaml:2:1: the file is empty (exit 2)
      next: copy config.example.yaml and change it
    ops.yaml:1:1: a mapping (`key: value`) is expected here (exit 2)
    ops.yaml:2:1: invalid indentation in multiline quoted scalar (exit 2)
    ops.yaml:1:10: while scanning a plain scalar, found a tab (exit 2)
    ops.yaml:1:1: unknown key `a` (exit 2)
      why: at a
      why: known here: version, project, state_dir, defaults, environments
    ops.yaml:9:1: a second document (`---`) has no place here (exit 2)
    ops.yaml:2:12: a NUL byte has no place here (exit 2)
    ops.yaml:2:10: `de�mo` is not a name (exit 2)
      why: at project
      why: a letter or digit first, then letters, digits and `._-`; at most 63
    "###);
}

#[test]
fn names_of_environments_that_are_verbs() {
    insta::assert_snapshot!(table(&[
        &*SMALL.replace("prod:", "list:"),
    ]), @r###"
    ops.yaml:4:3: `list` cannot name an environment: it is a verb of the command line (exit 2)
      why: at environments.list
    "###);
}

#[test]
fn an_environment_is_not_called_like_a_lock_that_a_person_takes() {
    for name in ["manual", "manual-x"] {
        let text = format!("version: 1\nproject: p\nenvironments:\n  {name}: {{}}\n");
        let error = super::parse(&text).unwrap_err();
        assert!(error.what.contains("cannot name an environment"), "{}", error.what);
    }
}
