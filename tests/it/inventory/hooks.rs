//! Hooks: what they mean, what is refused, and that they are trusted like any command.

use std::path::Path;
use std::time::Duration;

use ops::inventory::{HookPlace, HookWhen, Hooks, trust};

use super::{parse, refused, table, with};

fn hooks(lines: &str) -> Hooks {
    parse(&with(lines)).unwrap().environment("prod").unwrap().hooks.clone()
}

#[test]
fn what_is_left_out_is_filled_in() {
    let hooks = hooks(
        "hooks:
  pre_deploy: [{ cmd: [./bin/warm-cache.sh, ./x] }, { cmd: [~/notify], name: tell all }]
  post_deploy: [{ cmd: [./bin/warm, $HOME], on: droplet, timeout: 90s }, { cmd: [/opt/--] }]",
    );
    assert_eq!(hooks.dir, Path::new("/project"));
    let [warm, told] = hooks.of(HookWhen::PreDeploy) else { panic!("{hooks:?}") };
    // A program with a slash is found beside the inventory, wherever one stands; its words are left alone.
    assert_eq!((&*warm.name, &*warm.cmd.join(" ")), ("warm-cache.sh", "/project/./bin/warm-cache.sh ./x"));
    assert_eq!((warm.on, warm.timeout), (HookPlace::Laptop, Duration::from_secs(300)));
    assert_eq!((&*told.name, &*told.cmd[0]), ("tell all", "/home/alice/notify"));
    let [there, nameless] = hooks.of(HookWhen::PostDeploy) else { panic!("{hooks:?}") };
    assert_eq!(
        (there.on, &*there.cmd.join(" "), there.timeout.as_secs()),
        (HookPlace::Droplet, "./bin/warm $HOME", 90)
    );
    assert_eq!(nameless.name, "hook");
    assert!(hooks.of(HookWhen::OnFailure).is_empty());
    assert_eq!(hooks.all().count(), 4);
}

#[test]
fn hooks_that_are_none() {
    insta::assert_snapshot!(table(&[
        &*with("hooks: [{ cmd: [x] }]"),
        &*with("hooks: { pre_deplyo: [] }"),
        &*with("hooks: { pre_deploy: [{ name: x }] }"),
        &*with("hooks: { pre_deploy: [{ cmd: [] }] }"),
        &*with("hooks: { pre_deploy: [{ cmd: make warm }] }"),
        &*with("hooks: { pre_deploy: [{ cmd: [--help] }] }"),
        &*with("hooks: { pre_deploy: [{ cmd: [x, { env: TOKEN }] }] }"),
        &*with("hooks: { on_failure: [{ cmd: [x, \"a\\nb\"] }] }"),
        &*with("hooks: { on_failure: [{ cmd: [x], on: droplets }] }"),
        &*with("hooks: { on_failure: [{ cmd: [x], shell: true }] }"),
        &*with("hooks: { post_deploy: [{ cmd: [x], timeout: 0s }] }"),
        &*with("hooks: { post_deploy: [{ cmd: [x], timeout: 61m }] }"),
        &*with("hooks: { post_deploy: [{ cmd: [x], name: \"$(id)\" }] }"),
    ]), @r###"
    ops.yaml:8:12: a mapping (`key: value`) is expected here (exit 2)
      why: at environments.prod.hooks
    ops.yaml:8:14: unknown key `pre_deplyo` (exit 2)
      why: at environments.prod.hooks.pre_deplyo
      why: known here: pre_deploy, post_deploy, on_failure
      next: did you mean `pre_deploy`?
    ops.yaml:8:29: the key `cmd` is missing (exit 2)
      why: at environments.prod.hooks.pre_deploy[0]
    ops.yaml:8:34: a command is missing (exit 2)
      why: at environments.prod.hooks.pre_deploy[0].cmd
      why: `cmd: [program, argument, ..]`, without a shell
    ops.yaml:8:34: a list (`[a, b]`) is expected here (exit 2)
      why: at environments.prod.hooks.pre_deploy[0].cmd
    ops.yaml:8:34: `--help` is not a program (exit 2)
      why: at environments.prod.hooks.pre_deploy[0].cmd
    ops.yaml:8:38: a text is expected here, not a list or a mapping (exit 2)
      why: at environments.prod.hooks.pre_deploy[0].cmd[1]
      why: `{env: ..}`, `{file: ..}` and `{cmd: ..}` stand only in `stack.env` and `notify[].url`
    ops.yaml:8:38: the character \u{a} has no place in this text (exit 2)
      why: at environments.prod.hooks.on_failure[0].cmd[1]
    ops.yaml:8:43: `droplets` is not known here (exit 2)
      why: at environments.prod.hooks.on_failure[0].on
      why: known here: laptop, droplet
      next: did you mean `droplet`?
    ops.yaml:8:39: unknown key `shell` (exit 2)
      why: at environments.prod.hooks.on_failure[0].shell
      why: known here: name, cmd, on, timeout
    ops.yaml:8:49: a hook has at least 1 s (exit 2)
      why: at environments.prod.hooks.post_deploy[0].timeout
    ops.yaml:8:49: a hook has at most 1 h: it holds the lock of the stack (exit 2)
      why: at environments.prod.hooks.post_deploy[0].timeout
    ops.yaml:8:46: `$(id)` is not a name (exit 2)
      why: at environments.prod.hooks.post_deploy[0].name
      why: a letter or digit first, then letters, digits, blanks and `._-/()`; at most 63
    "###);
    assert!(!refused(&with("hooks: { pre_deploy: [{ cmd: [x, \"a\\e[2Jb\"] }] }")).contains('\u{1b}'));
}

#[test]
fn every_hook_is_shown_before_it_is_trusted_with_the_place_where_it_runs() {
    let text = with(
        "hooks:
  pre_deploy: [{ cmd: [sh, -c, \"rm -rf \\\"$1\\\"\"] }]
  post_deploy: [{ cmd: [warm, a b], on: droplet }]
  on_failure: [{ cmd: [./tell] }]",
    );
    let commands = trust::commands(&parse(&text).unwrap());
    assert_eq!(
        commands,
        [
            "on the droplets: warm 'a b'",
            "on the laptop: /project/./tell",
            "on the laptop: sh -c 'rm -rf \"$1\"'"
        ]
    );
}
