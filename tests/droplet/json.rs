//! The JSON parser of droplet programs (`src/tools/json.sh`) in each shell and each awk, compared with `serde_json`.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, Shell};

const JSON: &str = include_str!("../../src/tools/json.sh");
/// `mawk` is the awk of Debian and Ubuntu.
const AWKS: [&str; 3] = ["mawk", "gawk", "busybox"];
/// The exit code for a file that is not JSON.
const NO_JSON: i32 = 65;

fn sandbox(shell: Shell, awk: &str) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    std::os::unix::fs::symlink(format!("/usr/bin/{awk}"), sandbox.path("/stubs/awk")).unwrap();
    sandbox.write("/srv/json.sh", JSON);
    sandbox
}

/// A value as `json.sh` prints it: on one line.
fn shown(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        match c {
            '\\' => all.push_str("\\\\"),
            '\n' => all.push_str("\\n"),
            '\t' => all.push_str("\\t"),
            '\r' => all.push_str("\\r"),
            c if (c as u32) < 32 => write!(all, "\\0{:03o}", c as u32).unwrap(),
            c => all.push(c),
        }
        all
    })
}

/// What `json_records` prints of a value.
fn records(pointer: &str, value: &Value, all: &mut String) {
    let (kind, text) = match value {
        Value::Null => ("null", String::new()),
        Value::Bool(truth) => ("boolean", truth.to_string()),
        Value::Number(number) => ("number", number.to_string()),
        Value::String(text) => ("string", shown(text)),
        Value::Array(list) if !list.is_empty() => {
            return list.iter().enumerate().for_each(|(n, one)| records(&format!("{pointer}/{n}"), one, all));
        }
        Value::Array(_) => ("array", String::new()),
        Value::Object(members) if !members.is_empty() => {
            let name = |key: &String| shown(&key.replace('~', "~0").replace('/', "~1"));
            return members
                .iter()
                .for_each(|(key, one)| records(&format!("{pointer}/{}", name(key)), one, all));
        }
        Value::Object(_) => ("object", String::new()),
    };
    writeln!(all, "{pointer}\t{kind}\t{text}").unwrap();
}

/// Code and output of `json_records` for each document.
fn read_all(sandbox: &mut Sandbox, documents: &[String]) -> Vec<(i32, String)> {
    for (n, text) in documents.iter().enumerate() {
        sandbox.write(&format!("/srv/{n}.json"), text);
    }
    let count = documents.len();
    sandbox.sh(&format!(
        ". /srv/json.sh; n=0; while [ $n -lt {count} ]; do json_records /srv/$n.json >/srv/$n.out 2>/srv/$n.err; echo $? >/srv/$n.code; n=$((n + 1)); done"
    )).exits(0);
    let one = |n: usize| {
        let code = sandbox.read(&format!("/srv/{n}.code")).trim().parse().unwrap();
        (code, sandbox.read(&format!("/srv/{n}.out")))
    };
    (0..count).map(one).collect()
}

/// Every character beyond ASCII as `\uXXXX`, those beyond the basic plane as two.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        if c.is_ascii() {
            all.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(all, "\\u{unit:04X}").unwrap());
        }
        all
    })
}

fn text() -> impl Strategy<Value = String> {
    const HOSTILE: [&str; 10] = [
        "$(touch /srv/x)",
        "\"",
        "\\",
        "a\nb\tc\rd",
        "é😀\u{fffd}",
        "\u{1}\u{0}\u{7f}",
        "~/",
        "",
        "`id`",
        "\\u0041",
    ];
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        prop::sample::select(&HOSTILE[..]).prop_map(str::to_owned)
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-100_000i32..100_000).prop_map(|n| json!(f64::from(n) / 64.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..6)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// The records of an output without their order, each once, and numbers by what they mean: `1.50` is `1.5`.
fn meant(records: &str) -> Vec<String> {
    let number = |line: &str| match line.split_once("\tnumber\t") {
        Some((at, number)) => format!("{at} {:?}", number.parse::<f64>().unwrap()),
        None => line.to_owned(),
    };
    let mut all: Vec<_> = records.lines().map(number).collect();
    all.sort();
    all.dedup();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn parser_agrees_with_serde_on_random_documents(
        values in prop::collection::vec(document(), 16),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&["", "{", "}", "[", "]", "\"", ",", ":", "\\", " ", "0", "-", "\n"][..])), 40),
    ) {
        let mut texts: Vec<String> = values.iter().map(Value::to_string).collect();
        texts.extend(values.iter().map(|value| serde_json::to_string_pretty(value).unwrap()));
        texts.extend(values.iter().map(|value| escaped(&value.to_string())));
        // One character is replaced: most are JSON no more, and both say so.
        let broken = |(n, (at, with)): (usize, &(prop::sample::Index, &str))| {
            let mut text: Vec<char> = values[n % values.len()].to_string().chars().collect();
            let at = at.index(text.len());
            text.splice(at..=at, with.chars());
            String::from_iter(text)
        };
        texts.extend(cuts.iter().enumerate().map(broken));
        for (n, awk) in AWKS.into_iter().enumerate() {
            let mut sandbox = sandbox(Shell::ALL[n], awk);
            for (text, (code, out)) in texts.iter().zip(read_all(&mut sandbox, &texts)) {
                let wanted = match serde_json::from_str::<Value>(text) {
                    // A member may be there twice after a change, and is printed twice.
                    Ok(value) => { let mut all = String::new(); records("", &value, &mut all); Some(all) }
                    Err(_) => None,
                };
                match wanted {
                    None => prop_assert!(code == NO_JSON && out.is_empty(), "{awk} takes {text}: {out}"),
                    Some(wanted) => {
                        prop_assert_eq!(code, 0, "{} refuses {}", awk, text);
                        prop_assert!(meant(&out) == meant(&wanted) || out.lines().count() > wanted.lines().count(), "{awk} {text}\n{out}\n{wanted}");
                    }
                }
            }
            prop_assert!(!sandbox.exists("/srv/x"));
        }
    }
}

/// Texts that are not JSON, with `¦` between them.
const BAD: &str = "¦ ¦{¦[¦]¦}¦{]¦[}¦[1,]¦{\"a\":1,}¦{,}¦[,1]¦{\"a\"}¦{\"a\":}¦{1:2}¦{\"a\" 1}¦{\"a\":1 \"b\":2}¦\
    [1 2]¦1 2¦{}{}¦[]]¦\"a¦a\"¦'a'¦tru¦True¦nul¦NaN¦-¦+1¦01¦-01¦1.¦.5¦1e¦1e+¦0x1¦\"\\x41\"¦\
    \"\\u12\"¦\"\\u12G4\"¦\"\\ud800\"¦\"\\udc00\"¦\"\\ud800\\u0041\"¦\"\\ud83dx\\ude00\"¦\"\t\"¦\
    \"\n\"¦\"a\0b\"¦{\"a\":1}\0¦\u{feff}{}¦[\"a\" \"b\"]¦[\"a\":1]¦// x\n1¦[1]x¦\"\\\"¦\"\\¦\
    [\"ok\",{\"n\":1},tru]¦\"\\ud800\\udbff\"¦\"\\ud800\\ue000\"";

#[test]
fn parser_refuses_what_is_not_json_and_prints_nothing_of_it() {
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let objects = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    let mut texts: Vec<String> = BAD.split('¦').map(str::to_owned).collect();
    texts.extend([deep(101), objects(101), "[".repeat(1_000_000), "{\"a\":".repeat(300_000)]);
    let good = [
        " 1 ",
        "\"\"",
        "[[]]",
        "[{},[],null]",
        "-0.5E+7",
        "\"\\u0000\\\\\\/\"",
        "{\"\":\"\"}",
        "[\"\\\\\"]",
        "\r\n[ ]\n",
    ];
    for (n, awk) in AWKS.into_iter().enumerate() {
        let mut sandbox = sandbox(Shell::ALL[(n + 1) % 3], awk);
        for (text, (code, out)) in texts.iter().zip(read_all(&mut sandbox, &texts)) {
            let start: String = text.chars().take(40).collect();
            assert!(code == NO_JSON && out.is_empty(), "{awk} takes {start:?} with code {code}: {out}");
        }
        let mut fine: Vec<String> = good.iter().map(|text| (*text).to_owned()).collect();
        fine.extend([deep(100), objects(100)]);
        for (text, (code, _)) in fine.iter().zip(read_all(&mut sandbox, &fine)) {
            assert_eq!(code, 0, "{awk} refuses {text}");
        }
    }
}

/// Runs lines of shell after `json.sh` and compares what they print.
#[track_caller]
fn prints(script: &str, wanted: &str) {
    for shell in Shell::each() {
        for awk in AWKS {
            let mut sandbox = sandbox(shell, awk);
            let ran = sandbox.sh(&format!("set -u\n. /srv/json.sh\n{script}"));
            assert_eq!(ran.out, wanted, "{shell:?} {awk}\n{ran}");
        }
    }
}

#[test]
fn rows_have_the_columns_that_were_asked_for_in_any_order_of_keys() {
    prints(
        r#"cat >/srv/a <<'X'
{"other":{"files":[{"path":"no"}],"bytes":9},"files":[{"sha":"aa","path":"x y"},{"path":"t\tb","new":[{"path":"no"}],"sha":null},
  {"more":{"path":"no"}, "path" : "q\"$(id)\\"}, 7, []],"tags":{"a/b":{"n":1,"list":[1, {"x": "\u00e9"}]},"c":{}},"n":[]}
X
json_rows /srv/a /files /path /sha
echo --
json_rows /srv/a /tags key /list /n
json_rows /srv/a /n /path
json_rows /srv/a /missing /path
json_row /srv/a /other/bytes /tags/c /missing
printf '[{"b":2,"a":1},{"a":3}]' | json_rows - '' /a /b"#,
        "x y\taa\nt\\tb\t\nq\"$(id)\\\\\t\n\t\n\t\n--\na~1b\t[1,{\"x\":\"\\u00e9\"}]\t1\nc\t\t\n9\t{}\t\n1\t2\n3\t\n",
    );
}

#[test]
fn values_come_as_they_are_and_integers_only_as_such() {
    prints(
        r#"printf '{"a":"x\\ny\\\\\\u0041\\"","n":12,"big":123456789012345678901,"neg":-1,"x":"a[$(touch /srv/x)]","o":"08","z":null,"f":1.5}' >/srv/a
json_value /srv/a /a; json_value /srv/a /z; json_value /srv/a /none
for at in /n /big /neg /x /o /z /f /none; do json_integer /srv/a $at; done
[ ! -e /srv/x ] || echo run"#,
        "x\ny\\A\"\n12\n",
    );
}

#[test]
fn lines_are_parsed_one_by_one_and_a_cut_one_fails_or_is_left_out() {
    prints(
        r#"printf '%s\n' '{"b":2,"a":"1"}' '' '{ "a" : "3", "c":[ {"a":4} ] }' >/srv/good
{ cat /srv/good; printf '{"a":"cut","b'; } >/srv/cut
json_lines /srv/good /a /b; echo $?
json_lines /srv/cut /a /b 2>/srv/why; echo $?
cat /srv/why
json_whole_lines /srv/cut /a /b; echo $?
: >/srv/none; json_lines /srv/none /a; echo $?
json_lines /srv/missing /a 2>/dev/null; echo $?; json_value /srv/missing /a 2>/dev/null; echo $?"#,
        "1\t2\n3\t\n0\n65\ncannot read JSON: it ends early\n1\t2\n3\t\n0\n0\n66\n66\n",
    );
}

#[test]
fn a_member_that_is_there_twice_is_refused_where_it_is_asked_for() {
    prints(
        r#"printf '{"a":1,"b":[{"x":1,"x":2}],"a":2,"b":[]}' >/srv/a
for ask in 'value /srv/a /a' 'rows /srv/a /b /x' 'set /srv/a /a 3' 'row /srv/a /c'; do json_$ask 2>/dev/null; echo $?; done"#,
        "65\n65\n65\n\n0\n",
    );
}

#[test]
fn set_and_replace_change_one_value_and_keep_every_other_byte() {
    prints(
        r#"printf '{ "id" : "sha256:aa" ,\n\t"x":{"id":"sha256:aa","digest":"a@sha256:aa","list":["sha256:aa"]},"s":"\\u00e9\\"","on": true\n}' >/srv/a
json_replace /srv/a id sha256:aa 'new "x"\'; echo
json_set /srv/a /on false; echo; json_set /srv/a /x/id '"y"' >/srv/b; cat /srv/b; echo
json_set /srv/a /x 1 2>/dev/null; echo $?; json_set /srv/a /none 1 2>/dev/null; echo $?"#,
        concat!(
            "{ \"id\" : \"new \\\"x\\\"\\\\\" ,\n\t\"x\":{\"id\":\"new \\\"x\\\"\\\\\",\"digest\":\"a@sha256:aa\",\"list\":[\"sha256:aa\"]},\"s\":\"\\u00e9\\\"\",\"on\": true\n}\n",
            "{ \"id\" : \"sha256:aa\" ,\n\t\"x\":{\"id\":\"sha256:aa\",\"digest\":\"a@sha256:aa\",\"list\":[\"sha256:aa\"]},\"s\":\"\\u00e9\\\"\",\"on\": false\n}\n",
            "{ \"id\" : \"sha256:aa\" ,\n\t\"x\":{\"id\":\"y\",\"digest\":\"a@sha256:aa\",\"list\":[\"sha256:aa\"]},\"s\":\"\\u00e9\\\"\",\"on\": true\n}\n",
            "65\n65\n",
        ),
    );
}

/// Seconds of processor time that `call` takes, however busy the machine is.
fn seconds(sandbox: &mut Sandbox, call: &str) -> f64 {
    let ran = sandbox.sh(&format!(". /srv/json.sh\n{call} >/dev/null 2>&1\ntimes")).exits(0);
    let of_children = ran.out.lines().nth(1).unwrap_or_else(|| panic!("{ran}")).to_owned();
    let seconds = |time: &str| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    of_children.split_whitespace().map(seconds).sum()
}

/// What it is, what is called, and the text of so many units.
type Shape = (&'static str, &'static str, fn(usize) -> String);

/// Shapes that a parser with a quadratic step is slow on.
fn shapes() -> Vec<Shape> {
    vec![
        ("lines of restic ls", "json_lines /srv/a /path /size", |n| {
            (0..n / 2).map(|n| format!("{{\"name\":\"{n:040}\",\"type\":\"file\",\"path\":\"/run/ops-backup/filestore/{n}\",\"size\":{n}}}\n")).collect()
        }),
        ("files of a manifest on one line", "json_rows /srv/a /files /path", |n| {
            let files: Vec<_> = (0..n / 2)
                .map(|n| format!("{{\"path\":\"db/{n}.dat\",\"bytes\":{n},\"sha256\":\"{n:064}\"}}"))
                .collect();
            format!("{{\"files\":[{}]}}", files.join(","))
        }),
        ("numbers", "json_rows /srv/a '' key", |n| format!("[{}]", vec!["1234"; n * 15].join(","))),
        ("escapes in one string", "json_records /srv/a", |n| format!("\"{}\"", "\\n\\u00e9".repeat(n * 15))),
        ("quotes in one string", "json_records /srv/a", |n| format!("\"{}\"", "\\\"".repeat(n * 40))),
        ("backslashes in one string", "json_records /srv/a", |n| format!("\"{}\"", "\\\\".repeat(n * 40))),
        ("whitespace", "json_records /srv/a", |n| {
            format!("[{}1,{}2]", " ".repeat(n * 100), "\n".repeat(n * 100))
        }),
        ("digits of one number", "json_records /srv/a", |n| "1".repeat(n * 100)),
    ]
}

#[test]
fn parser_takes_time_in_proportion_to_the_size() {
    // busybox is slower than mawk by ten.
    for (awk, units) in [("mawk", 9_000), ("gawk", 5_000), ("busybox", 1_500)] {
        let mut sandbox = sandbox(Shell::Dash, awk);
        for (shape, call, text) in shapes() {
            let mut time = |units: usize| {
                sandbox.write("/srv/a", text(units));
                seconds(&mut sandbox, call)
            };
            // A quadratic parser takes 36 times as long, and starting it is part of both.
            let (small, large) = (time(units / 6), time(units));
            assert!(large < 12.0 * small.max(0.05), "{awk} {shape}: {small} s, six times as much {large} s");
        }
    }
}
