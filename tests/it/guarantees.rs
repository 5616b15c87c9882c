//! `tests/guarantees.md`: each guarantee of the README has a lab test in `make test`, that test asserts something, and a
//! change of the product is named that it catches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A row of the list.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    guarantee: String,
    test: String,
    /// A file of the product, a text that occurs once in it, and what takes its place in the mutation.
    mutation: [String; 3],
}

/// The calls that compare something with what it should be.
const ASSERTIONS: [&str; 8] = [
    "assert!(",
    "assert_eq!(",
    "assert_ne!(",
    ".exits(",
    ".says(",
    ".never_says(",
    ".none_failed(",
    ".refuses(",
];
/// What the issue of a guarantee needs at least: an exit code, and a look at the droplet.
const LEAST: usize = 2;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows(text: &str) -> Vec<Row> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_matches('|').replace("\\|", "\u{1}");
        line.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect()
    };
    let body = text.lines().filter(|line| line.starts_with('|')).skip(2);
    body.map(|line| {
        let [guarantee, test, file, old, new] = <[String; 5]>::try_from(cells(line))
            .unwrap_or_else(|cells| panic!("a row has {} cells instead of 5: {line}", cells.len()));
        Row { guarantee, test, mutation: [file, old, new] }
    })
    .collect()
}

/// The functions of the lab's tests by `file::name`, with their bodies.
fn functions() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut rest = vec![top().join("tests/lab")];
    while let Some(dir) = rest.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rest.push(path);
                continue;
            }
            let inside = path.strip_prefix(top().join("tests/lab")).unwrap().with_extension("");
            let module = inside.to_string_lossy().replace('/', "::").trim_end_matches("::mod").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            all.extend(bodies(&text).into_iter().map(|(name, body)| (format!("{module}::{name}"), body)));
        }
    }
    all
}

/// Functions at the outermost level, as rustfmt writes them, with the lines above that declare them as tests.
fn bodies(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("fn ") else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let end = lines[at..].iter().position(|line| *line == "}").map_or(lines.len(), |more| at + more);
        let code = lines[at..end].iter().filter(|line| !line.trim_start().starts_with("//"));
        found.push((name, code.copied().collect::<Vec<_>>().join("\n")));
    }
    found
}

/// The assertions of a function and of the functions of other modules that it calls, three calls deep.
fn assertions(name: &str, functions: &BTreeMap<String, String>, deep: usize) -> usize {
    let Some(body) = functions.get(name) else { return 0 };
    let own: usize = ASSERTIONS.iter().map(|word| body.matches(word).count()).sum();
    if deep == 0 {
        return own;
    }
    let module = name.rsplit_once("::").map_or("", |(module, _)| module);
    let called: BTreeSet<String> = functions
        .keys()
        .filter(|other| {
            let (place, function) = other.rsplit_once("::").unwrap_or(("", other));
            let short = format!("{}::{function}(", place.rsplit("::").next().unwrap_or_default());
            *other != name
                && (body.contains(&short) || place == module && body.contains(&format!(" {function}(")))
        })
        .cloned()
        .collect();
    own + called.iter().map(|other| assertions(other, functions, deep - 1)).sum::<usize>()
}

/// The guarantee tests that the sources declare, as `module::name`.
fn declared() -> BTreeSet<String> {
    let dir = top().join("tests/lab/guarantees");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(rest) = line.trim().strip_prefix("lab_test!(guarantee, ") {
                let name = rest.split(", ").nth(1).unwrap().trim_end_matches(");");
                found.insert(format!("{module}::{name}"));
            }
        }
    }
    found
}

/// What is wrong with the list.
fn faults(list: &[Row], declared: &BTreeSet<String>, functions: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    let named: BTreeSet<&String> = list.iter().map(|row| &row.test).collect();
    faults.extend(
        declared.iter().filter(|test| !named.contains(test)).map(|test| format!("{test} is in no row")),
    );
    for Row { guarantee, test, mutation: [file, old, new] } in list {
        if !declared.contains(test) {
            faults.push(format!("{guarantee}: {test} is not a test of the tier `guarantee`"));
            continue;
        }
        let count = assertions(&format!("guarantees::{test}"), functions, 3);
        if count < LEAST {
            faults.push(format!("{guarantee}: {test} has {count} assertions"));
        }
        let text = std::fs::read_to_string(top().join(file)).unwrap_or_default();
        if !file.starts_with("src/") || text.matches(old).count() != 1 || old == new {
            faults.push(format!("{guarantee}: the mutation's text is not in {file} exactly once: {old}"));
        }
    }
    faults
}

#[test]
fn every_guarantee_has_a_test_that_asserts_something_and_a_mutation() {
    let list = rows(&std::fs::read_to_string(top().join("tests/guarantees.md")).unwrap());
    assert!(list.len() >= 25, "only {} rows", list.len());
    let faults = faults(&list, &declared(), &functions());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Every guarantee that the README has to keep has a row.
#[test]
fn list_names_every_guarantee() {
    let text = std::fs::read_to_string(top().join("tests/guarantees.md")).unwrap().to_lowercase();
    for word in [
        "first deploy",
        "takeover",
        "failed release",
        "without a failed request",
        "locked",
        "migrating deploy",
        "failed migration",
        "code-only rollback",
        "rollback with data",
        "install-modules",
        "rehearse",
        "backup and restore",
        "off-site copy",
        "clone",
        "import",
        "drill",
        "schedule",
        "health",
        "lock-out",
        "refusal",
        "ctrl-c",
        "lost laptop",
        "secret",
        "sudo user on an old engine",
        "login error",
    ] {
        assert!(text.contains(word), "no row about: {word}");
    }
}

#[test]
fn faulty_list_is_found() {
    let text = "| g | t | f | o | n |\n|---|---|---|---|---|\n\
        | one | `deploys::good` | `src/main.rs` | `fn main() ` | `fn mein() ` |\n\
        | two | `deploys::renamed` | `src/main.rs` | `fn main() ` | `x` |\n\
        | three | `deploys::empty` | `src/main.rs` | `no such text \\| here` | `x` |\n";
    let functions: BTreeMap<String, String> = [
        ("guarantees::deploys::good", "fn good() {\n deploy::all(DEMO);"),
        ("deploy::all", "pub fn all() {\n laptop.exits(0).says(&[]);"),
        ("guarantees::deploys::empty", "fn empty() {\n lab(&[]);"),
    ]
    .map(|(name, body)| (name.to_owned(), body.to_owned()))
    .into();
    let declared = ["deploys::good", "deploys::empty", "deploys::unlisted"].map(str::to_owned).into();
    assert_eq!(rows(text)[2].mutation[1], "no such text | here");
    assert_eq!(
        faults(&rows(text), &declared, &functions),
        [
            "deploys::unlisted is in no row",
            "two: deploys::renamed is not a test of the tier `guarantee`",
            "three: deploys::empty has 0 assertions",
            "three: the mutation's text is not in src/main.rs exactly once: no such text | here",
        ]
    );
}
