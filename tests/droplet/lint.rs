//! The linters read every program as it is sent: shellcheck the shell programs and the scripts of steps, pyflakes the
//! Python programs, gawk the awk programs, those inside shell programs included.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ops::catalog::catalog;
use ops::cmd::Cmd;
use ops::execute::night::{self, Told};
use ops::execute::runner::Runner;
use ops::execute::script::Script;
use ops::plan::{Action, Content, Phase, Plan, Section, Step, Undo};
use ops::program::{Language, Program};
use tempfile::TempDir;

use crate::catalog::program;

/// The awk program in front of the one that gawk parses.
const STOP: &str = "stop.awk";

/// A text for a linter, and the name of its file.
struct Sent {
    name: String,
    language: Language,
    text: String,
}

#[test]
fn shellcheck_finds_nothing_in_shell_programs() {
    let sent = sent();
    assert!(sent.len() > 90, "only {} programs were composed", sent.len());
    finds_nothing(&sent, Language::Shell);
}

#[test]
fn pyflakes_finds_nothing_in_python_programs() {
    finds_nothing(&sent(), Language::Python);
}

#[test]
fn gawk_finds_nothing_in_awk_programs() {
    let mut sent = sent();
    let mut inner: Vec<_> =
        sent.iter().filter(|one| one.language == Language::Shell).flat_map(awk_inside).collect();
    // Programs share parts, and so awk programs.
    let mut texts = BTreeSet::new();
    inner.retain(|one| texts.insert(one.text.clone()));
    assert!(inner.len() > 40, "only {} awk programs were found in shell programs", inner.len());
    sent.extend(inner);
    let json = json_part("json_parser") + &json_part("json_program");
    sent.push(Sent { name: "json".into(), language: Language::Awk, text: json });
    finds_nothing(&sent, Language::Awk);
}

#[test]
fn linters_find_a_fault_in_each_language() {
    let faults = [
        (Language::Shell, "x=$(date)\nif [ $undefined = 1 ]; then echo \"$x\"; fi\n", "SC2154"),
        (Language::Shell, "f() { local x=1; echo \"$x\"; }\nf\n", "SC3043"),
        (Language::Python, "import os\nprint(missing)\n", "undefined name 'missing'"),
        (Language::Python, "def f(:\n", "invalid syntax"),
        (Language::Awk, "{ x = y; print gensub(/a/, \"b\", 1) }\n", "gensub"),
        (Language::Awk, "{ print substr($0 }\n", "syntax error"),
    ];
    for (language, text, wanted) in faults {
        let bad = Sent { name: "bad".into(), language, text: text.into() };
        let said = findings(&[bad], language).expect_err(text);
        assert!(said.contains(wanted), "{text}\n{said}");
    }
    let shell = "a=$(printf %s \"$1\" | awk -v \"n=$2\" '{ print nowhere(n) }')\necho \"$a\"\n";
    let inside = awk_inside(&Sent { name: "bad".into(), language: Language::Shell, text: shell.into() });
    assert!(findings(&inside, Language::Awk).expect_err(shell).contains("nowhere"));
}

#[track_caller]
fn finds_nothing(sent: &[Sent], language: Language) {
    if let Err(said) = findings(sent, language) {
        panic!("\n{said}");
    }
}

/// What the linter of the language says of all programs of that language.
fn findings(sent: &[Sent], language: Language) -> Result<(), String> {
    let dir = TempDir::new().unwrap();
    let mut names = Vec::new();
    for one in sent.iter().filter(|one| one.language == language) {
        std::fs::write(dir.path().join(&one.name), &one.text).unwrap();
        names.push(one.name.as_str());
    }
    assert!(!names.is_empty(), "no program in {language:?}");
    // gawk reads one program at a time. This one in front of it keeps it from running.
    std::fs::write(dir.path().join(STOP), "BEGIN { exit }\nEND { exit }\n").unwrap();
    let parse = |name: &&str| said(dir.path(), "gawk", &["--lint", "--posix", "-f", STOP, "-f", name]);
    let said = match language {
        // One process for each of two cores.
        Language::Shell => {
            let (left, right) = names.split_at(names.len() / 2);
            let check = |names: &[&str]| {
                said(dir.path(), "shellcheck", &[&["-s", "sh", "-S", "warning", "-f", "gcc"], names].concat())
            };
            std::thread::scope(|scope| {
                let left = scope.spawn(|| check(left));
                let right = check(right);
                left.join().unwrap() + &right
            })
        }
        Language::Python => said(dir.path(), "pyflakes3", &names),
        Language::Awk => names.iter().map(parse).collect(),
    };
    if said.is_empty() { Ok(()) } else { Err(said) }
}

/// stdout and stderr of a linter, and its exit code where it is not 0.
fn said(dir: &Path, linter: &str, args: &[&str]) -> String {
    let out = Command::new(linter).args(args).current_dir(dir).output();
    let out = out.unwrap_or_else(|error| panic!("{linter}: {error}; .ci/need installs it"));
    let said = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let without_line = said.is_empty() && !out.status.success();
    if without_line { format!("{linter} {}: {}\n", args.join(" "), out.status) } else { said }
}

/// Every program and the scripts that are composed of programs, as the droplet gets them.
fn sent() -> Vec<Sent> {
    let mut sent: Vec<Sent> = catalog().iter().map(one).collect();
    let plan = plan();
    let step = Script::of(&plan.sections[0].steps[0]);
    for (name, text) in [("step", &step.script), ("step.undo", &step.undo)] {
        sent.push(Sent { name: name.into(), language: Language::Shell, text: text.clone() });
    }
    let told = Told { textfile: Some("/var/lib/prometheus/node-exporter"), ..Told::default() };
    let files = night::files(&plan, &Runner::new("/var/lib/ops/odoo"), "odoo", told).unwrap();
    sent.push(Sent { name: "night.composed".into(), language: Language::Shell, text: files[0].1.clone() });
    sent
}

fn one(program: &Program) -> Sent {
    let (name, language) = (program.name().to_owned(), program.language());
    let values: Vec<_> = program.variables().iter().map(|name| (*name, "a sample".to_owned())).collect();
    let text = match language {
        Language::Shell if values.is_empty() => Cmd::script(*program, ["first", "second's"]).to_script(),
        Language::Shell => Cmd::piped_script(*program, &values).stdin_text().unwrap().to_owned(),
        // A program that reads JSON is sent behind the parser.
        Language::Awk if program.text().contains("json_line(") => json_part("json_parser") + &program.text(),
        Language::Python | Language::Awk => program.text(),
    };
    Sent { name, language, text }
}

/// An awk program that json.sh keeps in a variable.
fn json_part(variable: &str) -> String {
    let text = include_str!("../../src/tools/json.sh");
    let (_, from) = text.split_once(&format!("{variable}='\n")).unwrap();
    from.split_once("\n'\n").unwrap().0.to_owned() + "\n"
}

/// A plan of one step that has each action that becomes shell.
fn plan() -> Plan {
    let wait = Cmd::script(program("healthy.wait"), ["odoo", "web", "60"]);
    let put = |path: &str, content| Action::Put { path: path.into(), mode: 0o640, content };
    let run = Cmd::script(program("odoo.end"), ["a name"]).dir("/srv/odoo").env("A", "it's").stdin("text");
    let mut actions = vec![
        Action::Run(run),
        put("/etc/nginx/a site", Content::Text("it's\n$(text)\n".into())),
        Action::Pull { image: "odoo:17.0".into(), layers: Vec::new() },
        Action::AwaitHealthy { project: "odoo".into(), service: "web".into(), wait: wait.clone() },
        Action::Prove { wait: wait.clone(), proof: wait, ports: Vec::new() },
        Action::OwnChecks,
    ];
    let undo = Undo::By(actions.clone());
    actions.push(put("/srv/odoo/plain", Content::Text(String::new())));
    let step = Step {
        id: "sample".into(),
        phase: Phase::Backup,
        droplet: "erp-1".into(),
        title: "a sample".into(),
        actions,
        undo,
        timeout: 60,
    };
    let section = Section { id: "sample".into(), droplet: "erp-1".into(), critical: true, steps: vec![step] };
    Plan {
        schema: ops::plan::SCHEMA.into(),
        env: "erp".into(),
        command: "backup".into(),
        title: "a sample".into(),
        sections: vec![section],
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    }
}

/// The awk programs in single quotes of a shell program, behind `awk` and its options.
fn awk_inside(shell: &Sent) -> Vec<Sent> {
    let mut found = Vec::new();
    for (at, _) in shell.text.match_indices("awk ") {
        let before = shell.text[..at].chars().next_back();
        let Some(text) =
            quoted(&shell.text[at + "awk ".len()..]).filter(|_| before.is_none_or(|c| " |(\n{;".contains(c)))
        else {
            continue;
        };
        let name = format!("{}.{}", shell.name, found.len() + 1);
        found.push(Sent { name, language: Language::Awk, text: format!("{text}\n") });
    }
    found
}

/// The first word that is no option (`-F x`, `-v name=value`), where it is in single quotes.
fn quoted(words: &str) -> Option<&str> {
    let mut rest = words;
    loop {
        let (first, more) = word(rest)?;
        rest = match first {
            "-F" | "-v" => word(more)?.1,
            option if option.starts_with('-') => more,
            text => return text.strip_prefix('\'')?.strip_suffix('\''),
        };
    }
}

/// The next word of a shell's line as it is written, and what follows it.
fn word(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches([' ', '\\', '\n']);
    let mut quote = None;
    let end = line.char_indices().find(|(_, c)| match quote {
        Some(open) => {
            quote = quote.filter(|_| *c != open);
            false
        }
        None => {
            quote = Some(*c).filter(|c| "'\"".contains(*c));
            " |;)\n".contains(*c)
        }
    });
    let end = end.map_or(line.len(), |(at, _)| at);
    (end > 0).then(|| line.split_at(end))
}
