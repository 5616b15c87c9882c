//! The house rules of ARCHITECTURE.md and CONTRIBUTING.md: sizes, and layers that look downwards only.
//! Read from the text of the sources, which `cargo fmt` keeps in one shape.

use std::path::{Path, PathBuf};

const FILE: usize = 400;
const FUNCTION: usize = 60;
const MEDIAN: usize = 120;

/// The rooms of `src/`, from the ground up: a room knows those above it in this list, and no other.
const ROOMS: [&str; 31] = [
    "exit",
    "text",
    "causes",
    "matrix",
    "audit",
    "secret",
    "world",
    "frames",
    "event",
    "record",
    "error",
    "program",
    "cmd",
    "inventory",
    "bundle",
    "plan",
    "tools",
    "transport",
    "notify",
    "facts",
    "runbooks",
    "checks",
    "approve",
    "execute",
    "crew",
    "queries",
    "flow",
    "catalog",
    "rejoin",
    "ui",
    "cli",
];

/// What must not be seen from here although it lies lower.
const BLIND: [(&str, &[&str]); 6] = [
    ("runbooks", &["transport"]),
    ("checks", &["transport"]),
    ("tools", &["transport"]),
    ("facts", &["transport"]),
    // It only listens.
    ("ui", &["transport", "execute", "runbooks", "crew", "queries", "flow", "rejoin"]),
    ("execute", &["facts", "checks", "runbooks"]),
];

/// A secret that a command gives: the one process that is started before anything is connected.
const UPWARDS: (&str, &str) = ("inventory", "transport::laptop::run_laptop");

#[test]
fn files_and_functions_are_small() {
    let mut faults = Vec::new();
    let mut lengths = Vec::new();
    for (path, text) in sources() {
        let name = path.display().to_string();
        // A test file may hold one long scenario; it has the limit of a file, and no share in the median.
        if path.starts_with("src") {
            lengths.push(text.lines().count());
        }
        faults.extend(too_long(&name, &text));
    }
    assert!(lengths.len() > 100, "only {} files were found", lengths.len());
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(median < MEDIAN, "the median file has {median} lines");
}

#[test]
fn layers_look_downwards_only() {
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    for (path, text) in sources() {
        let Ok(inside) = path.strip_prefix("src") else { continue };
        let first = inside.iter().next().unwrap().to_string_lossy();
        let room = first.trim_end_matches(".rs");
        if !["main", "lib"].contains(&room) {
            faults
                .extend(upwards(room, &text).into_iter().map(|fault| format!("{}: {fault}", path.display())));
            seen.push(room.to_owned());
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let empty: Vec<_> = ROOMS.iter().filter(|room| !seen.iter().any(|name| name == *room)).collect();
    assert!(empty.is_empty(), "these rooms are gone: {empty:?}");
}

#[test]
fn every_file_says_its_purpose_and_is_called_after_it() {
    for (path, text) in sources() {
        let stem = path.file_stem().unwrap().to_string_lossy();
        let vague = ["util", "utils", "helper", "helpers", "common", "manager", "misc"];
        assert!(!vague.contains(&&*stem), "{} says nothing", path.display());
        // The tests of a file may stand beside it.
        let first = text.lines().find(|line| !line.starts_with("#!["));
        let said = first.is_some_and(|line| line.starts_with("//!")) || stem == "tests";
        assert!(said, "{} does not begin with its purpose", path.display());
    }
}

#[test]
fn a_broken_rule_is_found() {
    let long = format!("fn a() {{\n{}}}\n\n    fn b() {{\n    }}\n", "    x();\n".repeat(FUNCTION));
    assert_eq!(too_long("x.rs", &long), ["x.rs:1: a function of 62 lines"]);
    assert_eq!(too_long("x.rs", &"\n".repeat(401)), ["x.rs has 401 lines"]);
    assert_eq!(too_long("x.rs", &"\n".repeat(400)), [""; 0]);
    let faults = |room, text: &str| upwards(room, text);
    assert_eq!(faults("cmd", "use crate::transport::Link;\n"), ["line 1: cmd must not see transport"]);
    assert_eq!(faults("checks", "    crate::transport::x()"), ["line 1: checks must not see transport"]);
    assert_eq!(
        faults("inventory", "use crate::transport::Link;"),
        ["line 1: inventory must not see transport"]
    );
    assert_eq!(faults("inventory", "use crate::transport::laptop::run_laptop;"), [""; 0]);
    assert_eq!(faults("flow", "use crate::{exit::Exit, cli::Cli};"), ["line 1: flow must not see cli"]);
    assert_eq!(faults("flow", "use crate::nowhere::X;"), ["line 1: nowhere is no room"]);
    assert_eq!(
        faults("flow", "/// See [`crate::cli`].\nuse crate::exit::Exit;\nuse crate::flow::X;"),
        [""; 0]
    );
}

/// Files and functions over their budget.
fn too_long(name: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut faults = Vec::new();
    if lines.len() > FILE {
        faults.push(format!("{name} has {} lines", lines.len()));
    }
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if !is_function(line.trim_start()) {
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines[at..].iter().position(|line| **line == end).map_or(1, |more| more + 1);
        // One without a body ends before the next one begins.
        if length > FUNCTION && !lines[at].ends_with(';') {
            faults.push(format!("{name}:{}: a function of {length} lines", at + 1));
        }
    }
    faults
}

fn is_function(line: &str) -> bool {
    let mut words = line.split(' ').skip_while(|word| {
        word.starts_with("pub") || ["async", "const", "unsafe", "in", "extern"].contains(word)
    });
    words.next() == Some("fn")
}

/// The rooms that `room` uses and must not, by line.
fn upwards(room: &str, text: &str) -> Vec<String> {
    let height = |name: &str| ROOMS.iter().position(|other| *other == name);
    let own = height(room).unwrap_or_else(|| panic!("{room} has no place in ROOMS"));
    let blind = BLIND.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, blind)| blind);
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("//") || (room == UPWARDS.0 && line.contains(UPWARDS.1)) {
            continue;
        }
        for used in used(line) {
            let fault = match height(&used) {
                None => format!("{used} is no room"),
                Some(other) if other > own || blind.contains(&used.as_str()) => {
                    format!("{room} must not see {used}")
                }
                Some(_) => continue,
            };
            faults.push(format!("line {}: {fault}", at + 1));
        }
    }
    faults
}

/// `crate::a::b` and `crate::{a::b, c}`; the names of the rooms.
fn used(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        // `$crate::` and `some_crate::` are others.
        if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => rooms.extend(list.split(", ").map(word)),
            None => rooms.push(word(rest)),
        }
    }
    rooms
}

/// Every Rust file of the package, its path from the top.
fn sources() -> Vec<(PathBuf, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut rest = vec![top.join("src"), top.join("tests")];
    while let Some(dir) = rest.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rest.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(top).unwrap().to_owned(), text));
            }
        }
    }
    found
}

/// A lab test without `lab_test!` has no tier and no droplet: it would meet another test at its droplet.
#[test]
fn every_lab_test_declares_its_tier_and_droplet() {
    let lab = sources().into_iter().filter(|(path, _)| path.starts_with("tests/lab"));
    let mut declared = 0;
    for (path, text) in lab {
        let path = path.display();
        let bare = text.lines().filter(|line| line.trim() == "#[test]").count();
        assert_eq!(bare, usize::from(path.to_string() == "tests/lab/main.rs"), "{path} has a bare #[test]");
        declared += text.matches("lab_test!(").count();
    }
    assert!(declared > 100, "only {declared} lab tests were found");
}

/// A dependency that no source names is built and audited for nothing.
#[test]
fn every_dependency_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut sources: Vec<String> = sources().into_iter().map(|(_, text)| text).collect();
    sources.push(std::fs::read_to_string(root.join("bench/noop.rs")).unwrap());
    let names = dependencies(&manifest);
    assert!(names.len() > 40, "only {names:?}");
    let unused: Vec<_> =
        names.iter().filter(|name| !sources.iter().any(|text| names_crate(text, name))).collect();
    assert!(unused.is_empty(), "no source names {unused:?}");
    assert_eq!(dependencies("[dependencies]\na-b = \"1\"\n# c\n[profile.dev]\nd = 1\n"), ["a_b"]);
    assert!(names_crate("use a_b::c;", "a_b") && !names_crate("use xa_b::c; a_b", "a_b"));
}

/// The names of all dependencies, as sources write them.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) =
            (inside && !line.starts_with(['#', ' ', ']']), line.split_once(" ="))
        {
            names.push(name.replace('-', "_"));
        }
    }
    names
}

fn names_crate(text: &str, name: &str) -> bool {
    text.match_indices(&format!("{name}::"))
        .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
