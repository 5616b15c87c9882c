//! `deploy.update: hash`: the checksums of click-odoo-update, and what a plan makes of them.

mod asked;
mod planned;
mod said;
mod steps;
mod stored;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use ops::tools::checksums::PROGRAM;
use serde_json::{Value, json};

/// A module with everything that the algorithm tells apart.
const TREE: [(&str, &str); 21] = [
    ("__manifest__.py", "{'name': 'Tree', 'version': '14.0.1.0.0'}\n"),
    ("__init__.py", ""),
    ("a.x", "1"),
    ("a/b.py", "2"),
    ("a/__pycache__/b.pyc", "3"),
    ("a/static/c.js", "4"),
    ("a/tests/d.py", "5"),
    ("a-b/e.xml", "6"),
    ("i18n/fr.po", "7"),
    ("i18n/fr_BE.po", "8"),
    ("i18n/de.po", "9"),
    ("i18n/tree.pot", "10"),
    ("i18n/sub/de.po", "11"),
    ("i18n_extra/nl.po", "12"),
    ("i18n_extra/en.po", "13"),
    ("static/f.js", "14"),
    ("static_more/g.js", "15"),
    ("tests/test_h.py", "16"),
    ("data/été.xml", "17\n"),
    ("README.rst", "18"),
    ("Z.py", "19"),
];

fn write(addons: &Path, module: &str, files: &[(&str, &str)]) {
    for (name, text) in files {
        let file = addons.join(module).join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

/// The program's answer over these addons; `settled`: its second line.
fn asked(addons: &Path, question: Value, settled: Option<Value>) -> Value {
    let mut input = question.to_string();
    input.extend(settled.map(|settled| format!("\n{settled}\n")));
    #[expect(clippy::disallowed_methods, reason = "the test's own python")]
    let mut python = Command::new("python3")
        .args(["-c", &PROGRAM.text(), "odoo", "-c", "/dev/null"])
        .arg(format!("--addons-path=/nonexistent,{}", addons.display()))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} {output:?}"))
}

fn question(languages: &[&str], patterns: Option<&str>) -> Value {
    json!({"modules": {"tree": "installed"}, "languages": languages, "patterns": patterns, "stored": null})
}

fn checksum(addons: &Path, languages: &[&str], patterns: Option<&str>) -> String {
    let answer = asked(addons, question(languages, patterns), None);
    answer["tree"]["checksum"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The wanted values are what `addon_hash` of click-odoo-contrib 1.24 (`_addon_hash.py`, from PyPI) returned for this
/// tree, with its default patterns split at the commas, and with those of the last line.
#[test]
fn a_checksum_is_the_one_that_click_odoo_contrib_computes() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "tree", &TREE);
    write(dir.path(), "tree", &[("Z/b.txt", "20")]);
    std::os::unix::fs::symlink("README.rst", dir.path().join("tree/LINK")).unwrap();
    std::os::unix::fs::symlink("a", dir.path().join("tree/linked")).unwrap();
    let of = |languages: &[&str], patterns| checksum(dir.path(), languages, patterns);
    assert_eq!(of(&["en_US", "fr_BE"], None), "77c12dcfa6d18967e54be02f491ba4185f97ee19");
    assert_eq!(of(&[], None), "d89dead99e63f454ecaf6996ad563eefcd06748a");
    assert_eq!(of(&["en_US"], Some(" *.pyc , README*")), "8b0a01e1c6f2534b97c1e8b2639db2a4f048294c");
}

#[test]
fn what_odoo_cannot_install_or_read_is_said_and_not_taken_for_changed() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "off", &[("__manifest__.py", "{'installable': False}")]);
    write(dir.path(), "half", &[("__manifest__.py", "{'name': ")]);
    write(dir.path(), "lost", &[("__manifest__.py", "{}")]);
    write(dir.path(), "empty", &[("README.md", "")]);
    std::os::unix::fs::symlink("nowhere", dir.path().join("lost/file")).unwrap();
    let all = json!({"off": "installed", "half": "installed", "lost": "to upgrade", "empty": "installed", "gone": "installed"});
    let answer =
        asked(dir.path(), json!({"modules": all, "languages": null, "patterns": null, "stored": "["}), None);
    assert_eq!(
        (&answer["off"]["installable"], &answer["half"]["installable"]),
        (&false.into(), &false.into())
    );
    assert!(
        answer["lost"]["fault"].as_str().unwrap().contains("nowhere") || answer["lost"]["fault"].is_string()
    );
    assert_eq!((answer.get("empty"), answer.get("gone")), (None, None));
}
