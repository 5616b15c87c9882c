//! The catalog lists every program: none is constructed in `src/` that the linters do not read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ops::catalog::catalog;
use ops::program::Program;

/// The program with this name.
#[track_caller]
pub fn program(name: &str) -> Program {
    catalog()
        .into_iter()
        .find(|program| program.name() == name)
        .unwrap_or_else(|| panic!("no program {name}"))
}

/// Lines that give an interpreter the text of a `Program`.
const SHELLS: [(&str, &str); 6] = [
    ("src/cmd.rs", r#"Self::new("sh").arg("-c").arg(program.text())"#),
    ("src/cmd.rs", r#"Self::new("/bin/sh").arg("-s").stdin(text + &program.text())"#),
    ("src/cmd.rs", r#"if sh == "sh" && flag == "-c""#),
    ("src/transport/local.rs", r#"["sh", "-c", &boot, "ops", &body]"#),
    ("src/transport/seat.rs", r#"["sh", "-c", &self.text, "ops", &self.script]"#),
    ("src/runbooks/deploy/looking.rs", r#"["python3", "-c", &text]"#),
];

#[test]
fn catalog_lists_every_program_that_src_constructs() {
    let mut constructed: Vec<String> = product().iter().flat_map(|(_, text)| constructed(text)).collect();
    let mut listed: Vec<_> = catalog().iter().map(|program| program.name().to_owned()).collect();
    constructed.sort();
    listed.sort();
    assert_eq!(constructed, listed);
    let unique: BTreeSet<_> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "two programs have the same name");
}

#[test]
fn catalog_contains_every_script_file_of_src() {
    let texts: Vec<String> = catalog().iter().map(|program| program.text()).collect();
    let mut files = Vec::new();
    for path in files_below("src") {
        if path.extension().is_some_and(|end| ["sh", "py", "awk"].iter().any(|one| end == *one)) {
            let file = read(&path);
            assert!(texts.iter().any(|text| text.contains(&file)), "no program has {}", path.display());
            files.push(path);
        }
    }
    assert!(files.len() > 40, "only {} files were found", files.len());
}

#[test]
fn interpreters_get_texts_of_programs_only() {
    let mut faults = Vec::new();
    for (path, text) in product() {
        faults.extend(raw(&path.to_string_lossy(), &text));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn catalog_tests_find_a_program_outside_the_catalog() {
    let rust =
        "const A: Program = Program::shell(\n    \"a.b\",\n    &[\"x\"]);\nProgram::awk(\"c\", &[]);\n";
    assert_eq!(constructed(rust), ["a.b", "c"]);
    for line in
        [r#"Cmd::new("sh").arg("-c").arg(TEXT)"#, r#"exec(["python3", "-c", TEXT])"#, r#"["bash", "-s"]"#]
    {
        assert_eq!(raw("src/x.rs", line).len(), 1, "{line}");
    }
    assert_eq!(raw("src/cmd.rs", r#"        Self::new("sh").arg("-c").arg(program.text())"#), [""; 0]);
}

/// The names of the programs that a Rust text constructs.
fn constructed(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for constructor in ["Program::shell(", "Program::python(", "Program::awk("] {
        for (at, _) in text.match_indices(constructor) {
            let rest = text[at + constructor.len()..].trim_start();
            let name = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
            names.push(name.unwrap_or("a name that is no literal").to_owned());
        }
    }
    names
}

/// Lines that give an interpreter a text.
fn raw(path: &str, text: &str) -> Vec<String> {
    let interpreter = |line: &str| {
        ["\"sh\"", "\"bash\"", "\"/bin/sh\"", "\"python3\"", "\"awk\""].iter().any(|name| line.contains(name))
    };
    let given =
        |line: &str| ["\"-c\"", "\"-s\"", "\"-\"", "\"-f\""].iter().any(|option| line.contains(option));
    let allowed = |line: &str| SHELLS.iter().any(|(file, part)| path == *file && line.contains(part));
    let lines =
        text.lines().enumerate().filter(|(_, line)| interpreter(line) && given(line) && !allowed(line));
    lines.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect()
}

/// The Rust files of `src/` without their unit tests, which stand at their end or in files of their own.
fn product() -> Vec<(PathBuf, String)> {
    let rust = files_below("src").into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let files: Vec<_> = rust
        .filter(|path| {
            !["tests", "property"].iter().any(|stem| path.file_stem().is_some_and(|name| name == *stem))
        })
        .map(|path| {
            let text = read(&path);
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            (path, product)
        })
        .collect();
    assert!(files.len() > 100, "only {} files were found", files.len());
    files
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Relative to the package.
fn files_below(dir: &str) -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut dirs, mut files) = (vec![top.join(dir)], Vec::new());
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path)
            } else {
                files.push(path.strip_prefix(top).unwrap().to_owned())
            }
        }
    }
    files.sort();
    files
}
