//! `deploy.watch`.

use std::time::Duration;

use ops::inventory::{Watch, resolved};

use super::{parse, table, with};

fn watch(deploy: &str) -> Option<Watch> {
    let inventory = parse(&with(&format!("deploy: {deploy}"))).unwrap();
    let environment = inventory.environment("prod").unwrap();
    // What is shown can be read again.
    let shown = resolved(environment);
    let line = shown.lines().find(|line| line.trim().starts_with("watch:")).unwrap().trim();
    let rest: String = shown.lines().skip_while(|line| !line.contains("watch:")).skip(1).collect();
    assert_eq!(line.ends_with("watch:"), rest.trim_start().starts_with("for:"), "{shown}");
    environment.deploy.watch
}

#[test]
fn a_time_alone_or_with_what_follows() {
    let watched = |seconds, put_back| Some(Watch { time: Duration::from_secs(seconds), put_back });
    assert_eq!(watch("{}"), None);
    assert_eq!(watch("{ watch: off }"), None);
    assert_eq!(watch("{ watch: \"off\" }"), None);
    assert_eq!(watch("{ watch: 10m }"), watched(600, false));
    assert_eq!(watch("{ watch: { for: 30s } }"), watched(30, false));
    assert_eq!(watch("{ watch: { for: 2h, put_back: true } }"), watched(7200, true));
    // An environment may say no where the defaults say yes.
    let text = |own: &str| {
        with(own).replacen("environments:", "defaults: { deploy: { watch: 1m } }\nenvironments:", 1)
    };
    let of = |own: &str| parse(&text(own)).unwrap().environment("prod").unwrap().deploy.watch;
    assert_eq!((of("modules: []"), of("deploy: { watch: off }")), (watched(60, false), None));
}

#[test]
fn what_is_no_time_to_watch() {
    insta::assert_snapshot!(table(&[
        &with("deploy: { watch: 10 }"),
        &with("deploy: { watch: 29s }"),
        &with("deploy: { watch: 3h }"),
        &with("deploy: { watch: 30500ms }"),
        &with("deploy: { watch: on }"),
        &with("deploy: { watch: true }"),
        &with("deploy: { watch: [10m] }"),
        &with("deploy: { watch: { put_back: true } }"),
        &with("deploy: { watch: { for: 1m, putback: true } }"),
        &with("deploy: { watch: { for: 1m, put_back: maybe } }"),
    ]), @r###"
    ops.yaml:8:15: integer `10` is given where a time such as `10m`, `{for: 10m, put_back: true}` or `off` is expected (exit 2)
      why: at environments.prod.deploy.watch
    ops.yaml:8:22: `29s` is no time to watch a release (exit 2)
      why: at environments.prod.deploy.watch
      why: 30s to 2h, or `off`
    ops.yaml:8:22: `3h` is no time to watch a release (exit 2)
      why: at environments.prod.deploy.watch
      why: 30s to 2h, or `off`
    ops.yaml:8:22: `30500ms` is no time to watch a release (exit 2)
      why: at environments.prod.deploy.watch
      why: 30s to 2h, or `off`
    ops.yaml:8:22: `on` is not a duration (exit 2)
      why: at environments.prod.deploy.watch
      why: a whole number and its unit: `500ms`, `10s`, `2m`, `1h`
    ops.yaml:8:22: `true` is no time to watch a release (exit 2)
      why: at environments.prod.deploy.watch
      why: 30s to 2h, or `off`
    ops.yaml:8:15: sequence is given where a time such as `10m`, `{for: 10m, put_back: true}` or `off` is expected (exit 2)
      why: at environments.prod.deploy.watch
    ops.yaml:8:24: the key `for` is missing (exit 2)
      why: at environments.prod.deploy.watch
    ops.yaml:8:33: unknown key `putback` (exit 2)
      why: at environments.prod.deploy.watch.putback
      why: known here: for, put_back
      next: did you mean `put_back`?
    ops.yaml:8:43: `true` or `false` is expected here (exit 2)
      why: at environments.prod.deploy.watch.put_back
    "###);
}
