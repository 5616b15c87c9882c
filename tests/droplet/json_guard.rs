//! No program that runs on a droplet reads JSON by a pattern: such a pattern depends on the order of keys or on whitespace.

use std::path::{Path, PathBuf};

use regex::Regex;

/// Lines that have a member of JSON in them and read none.
const WAIVED: [(&str, &str, &str); 3] = [
    (
        "src/facts/vitals/kept.rs",
        "COMPOSE_FILE|COMPOSE_PROJECT_NAME",
        "the hash of a file as Rust takes it, line by line (release.rs)",
    ),
    ("src/tools/odoo.rs", "\"@modules\": \"@\"", "a line of a template that the same run wrote"),
    ("src/execute/runner/1-lock.sh", "\\\"prev\\\"", "a member that is written"),
];

/// What tells a line that reads JSON from others.
struct Guard {
    /// Texts in which JSON is written: they are no patterns.
    writers: Vec<Regex>,
    patterns: Vec<Regex>,
}

impl Guard {
    fn new() -> Self {
        let quoted = r#"('[^']*'|"(\\.|[^"\\])*")"#;
        let writers = [
            // The first choice of `condition ? "a" : b`.
            r#"\?\s*"[^"]*"\s*:"#.to_owned(),
            format!("printf (%s )?{quoted}"),
            "(framed|audit|journal|tell) .*".to_owned(),
            format!("(--format|-f) {quoted}"),
            "json_build_object.*".to_owned(),
            r"(json!|format!|panic!|concat!)\(.*".to_owned(),
        ];
        let patterns = [
            // A quoted key and a colon.
            r##"(\\"\$?|")[A-Za-z@_(][\w.|()@${}-]*\\?"[*+?]*\s*([*?+]|\[\[:space:\]\]\*|\\\{0,1\\\})?\s*:([^:]|$)"##,
            // A quoted word that `grep` or `case` looks for.
            r##"(grep|sed|awk)[^|]*['/"#]\\?"?\\"\$?\w+\\"|\*'"\w+""##,
            // The begin of a list, and objects that are taken apart at their braces.
            r##"(sed|awk|grep|tr|cut).*(\\?"\w+\\?":\\?\[|'\{' '\\n'|\{\\?"time\\?")"##,
        ];
        let regex = |text: &str| Regex::new(text).unwrap();
        Self {
            writers: writers.iter().map(|text| regex(text)).collect(),
            patterns: patterns.into_iter().map(regex).collect(),
        }
    }

    /// Whether a line of a program has a pattern of JSON.
    fn finds(&self, line: &str) -> bool {
        let line = line.trim_start();
        if ["#", "//", "--"].iter().any(|comment| line.starts_with(comment)) {
            return false;
        }
        let remove = |line: String, writer: &Regex| writer.replace_all(&line, "").into_owned();
        let line = self.writers.iter().fold(line.to_owned(), remove);
        self.patterns.iter().any(|pattern| pattern.is_match(&line))
    }
}

fn files(dir: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else if !path.ends_with("tests.rs")
            && path.extension().is_some_and(|end| ["sh", "awk", "rs"].iter().any(|one| end == *one))
        {
            all.push(path);
        }
    }
}

/// The lines of a file that run on a droplet: of Rust those of raw strings of several lines, which are the programs.
fn program_lines(path: &Path, text: &str) -> Vec<(usize, String)> {
    let rust = path.extension().is_some_and(|end| end == "rs");
    let mut inside = !rust;
    let mut all = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let (begins, ends) = (line.contains("r#\"") && !line.contains("\"#"), line.contains("\"#"));
        if inside || begins {
            all.push((n + 1, line.to_owned()));
        }
        inside = !rust || begins || inside && !ends;
    }
    all
}

#[test]
fn programs_read_no_json_by_pattern() {
    let mut all = Vec::new();
    files(Path::new("src"), &mut all);
    let (guard, mut found) = (Guard::new(), Vec::new());
    let mut programs = 0;
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        // What is behind `mod tests` runs on no droplet.
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (n, line) in program_lines(&path, text) {
            programs += 1;
            let waived = |(file, part, _): &(&str, &str, &str)| path.ends_with(file) && line.contains(part);
            if guard.finds(&line) && !WAIVED.iter().any(waived) {
                found.push(format!("{}:{n}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(programs > 5000, "{programs} lines of programs were found");
    assert!(found.is_empty(), "use src/tools/json.sh:\n{}", found.join("\n"));
}

#[test]
fn guard_finds_the_patterns_that_programs_had() {
    let guard = Guard::new();
    let patterns = [
        r#"bytes=$(sed -n 's/.*"bytes" *: *\([0-9]*\), *"server".*/\1/p' "$now/said")"#,
        r#"sed 's/.*"files":\[//' "$1" | tr '{' '\n' |"#,
        r#"grep -o '"id":"sha256:[0-9a-f]*"' "$1""#,
        r#"case $(grep -s "\"place\":\"$1\"" "$file" | tail -n 1) in *'"ok":false'*) ;; esac"#,
        r#"case $answer in *'"id"'*) ;; *) rm -f "$record" ;; esac"#,
        r#"[ ! -e "$record" ] || grep -q "\"$id\"" "$store/there.json" || return 1"#,
        r#"! grep -q '^ *"slot": "b",\{0,1\}$' "$state/release.json" || live=$web-b"#,
        r#"*) sed -i "s|\"image\": \"$name\"|\"image\": \"$new\"|" compose.json ;;"#,
        r#"! grep -q '"live-restore": true' "$1""#,
        r#"on && /^      "image": "/ {i=$0; sub(/^ *"image": "/,"",i)}"#,
        r#"if (match(line, /"status": *"?[1-5][0-9][0-9]/)) return 1"#,
        r#"progress() { tail -n 1 "$now/fetched" | sed -n 's/.*"percent_done":0\.\([0-9][0-9]\).*/fetched \1 %/p'; }"#,
        r#"! grep -qE '"iptables"[[:space:]]*:[[:space:]]*false' /etc/docker/daemon.json"#,
        r#"75) holder=$(printf %s "$holder" | sed -n 's/.*"run":"\([A-Za-z0-9._-]*\)".*/\1/p') ;;"#,
        r#"of backup 'match($0, /"bytes":[0-9]+,"added":[0-9]+}$/) { end = substr($0, RSTART) }'"#,
        r#"sed 's/{"time":/\n&/g' "$1""#,
    ];
    for line in patterns {
        assert!(guard.finds(line), "not found: {line}");
    }
    let others = [
        r#"printf '{"schema":"ops.backup/1","id":%s}' "$id""#,
        r#"docker inspect -f '{"service":{{json .Config.Image}}}' "$c""#,
        r#"json_value "$store/$id.json" /database/bytes"#,
        r#"select json_build_object('name', current_database())"#,
        r#"# of `"bytes": 5`"#,
    ];
    for line in others {
        assert!(!guard.finds(line), "found: {line}");
    }
}
