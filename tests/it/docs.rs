//! What is generated from the command tree and committed; names at TAB time.

use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::Command;

/// File name to content.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(entry.path()).unwrap())
    };
    std::fs::read_dir(dir).unwrap().map(|entry| read(entry.unwrap())).collect()
}

fn ops() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
    command.env_remove("OPS_CONFIG").env_remove("COMPLETE");
    command
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

#[test]
fn the_committed_man_pages_are_those_of_the_command_tree() {
    let dir = tempfile::tempdir().unwrap();
    ops().arg("man").arg(dir.path()).assert().success();
    let committed = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    assert!(committed.contains_key("ops-deploy.1"));
    assert_eq!(files(dir.path()), committed, "stale: run `make generate`");
}

#[test]
fn the_committed_completions_are_those_of_the_command_tree() {
    let committed = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("completions"));
    assert_eq!(committed.len(), 3);
    for (shell, file) in [("bash", "ops.bash"), ("zsh", "_ops"), ("fish", "ops.fish")] {
        let script = stdout(ops().args(["completions", shell]));
        assert_eq!(script, committed[file], "stale: run `make generate`");
        assert!(script.contains("deploy"), "it knows the commands where ops is not installed");
    }
}

/// What a bash that has typed `words` is offered for the last of them.
fn offered(home: &Path, words: &[&str]) -> Vec<String> {
    let out = stdout(
        ops()
            .env("HOME", home)
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .current_dir(home)
            .envs([("COMPLETE", "bash"), ("_CLAP_IFS", "\n")])
            .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
            .arg("--")
            .args(words),
    );
    out.lines().map(str::to_owned).filter(|name| !name.starts_with('-')).collect()
}

#[test]
fn tab_offers_names_from_the_inventory_and_from_what_was_seen_last() {
    let home = tempfile::tempdir().unwrap();
    let inventory = home.path().join("ops.yaml");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.yaml");
    std::fs::copy(example, &inventory).unwrap();
    assert_eq!(offered(home.path(), &["ops", "deploy", ""]), ["dev", "prod", "staging"]);
    assert_eq!(offered(home.path(), &["ops", "deploy", "st"]), ["staging"]);
    assert!(offered(home.path(), &["ops", "deploy", "prod", "--droplet", ""]).contains(&"erp-1".to_owned()));
    assert!(offered(home.path(), &["ops", "deploy", "prod", "--ref", ""]).contains(&"main".to_owned()));
    assert!(offered(home.path(), &["ops", "runs", "show", ""]).is_empty(), "nothing was seen yet");
    assert!(offered(home.path(), &["ops", "dep"]).contains(&"deploy".to_owned()));
}

#[test]
fn tab_is_silent_where_the_inventory_is_broken_or_missing() {
    let home = tempfile::tempdir().unwrap();
    assert!(offered(home.path(), &["ops", "deploy", ""]).is_empty());
    std::fs::write(home.path().join("ops.yaml"), "version: [").unwrap();
    assert!(offered(home.path(), &["ops", "deploy", ""]).is_empty());
}
