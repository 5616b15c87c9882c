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

#[test]
fn the_readme_lists_every_check_every_step_and_every_exit_code() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let listed =
        readme.split("<!-- checks -->\n").nth(1).unwrap().split("<!-- end of checks -->").next().unwrap();
    assert_eq!(listed, ops::checks::preflight::table());
    let health = readme.split("<!-- health checks -->\n").nth(1).unwrap();
    let health = health.split("<!-- end of health checks -->").next().unwrap();
    assert_eq!(health, ops::checks::health::table());
    let rules = readme.split("<!-- rules -->\n").nth(1).unwrap();
    assert_eq!(rules.split("<!-- end of rules -->").next().unwrap(), ops::checks::hardening::table());
    let doctor = readme.split("<!-- doctor checks -->\n").nth(1).unwrap();
    assert_eq!(doctor.split("<!-- end of doctor checks -->").next().unwrap(), ops::checks::doctor::table());
    let between = readme.split("<!-- matrix -->\n").nth(1).unwrap();
    assert_eq!(between.split("<!-- end of matrix -->").next().unwrap(), ops::matrix::table());
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runbooks/deploy");
    let steps = ["steps.rs", "serving.rs", "changing.rs"]
        .map(|file| std::fs::read_to_string(deploy.join(file)).unwrap());
    let named = ids_of_steps(&steps.concat());
    assert!(named.len() > 15, "{named:?}");
    for id in named {
        assert!(readme.contains(&format!("`{id}`")), "README.md does not name the step {id}");
    }
    for code in (0..=10).chain([130]) {
        assert!(readme.contains(&format!("\n| {code} | ")), "README.md does not name exit code {code}");
    }
}

/// The ids of steps in the builders: `self.step("id", Phase::..` and `look("id", ..`.
fn ids_of_steps(source: &str) -> Vec<String> {
    let text: String = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let after = |start: &str| {
        text.split(start)
            .skip(1)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    [after("self.step("), after("look(")].concat()
}
