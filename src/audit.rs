//! The audit of a stack: who began what, how it ended, who took a lock away. Every line holds the hash of
//! the one before it, so that a line that was changed, added or taken away is seen. Pure.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::text::printable;

/// What `prev` of the first line is.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line, read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// RFC 3339 where a laptop wrote it; seconds since the epoch where the droplet did.
    pub at: String,
    pub event: String,
    pub run: Option<String>,
    pub command: Option<String>,
    pub operator: Option<String>,
    pub reason: Option<String>,
    pub exit: Option<u8>,
    /// sha256 of the approved plan's sections.
    pub plan: Option<String>,
    /// By service: what served before it (begin) and after it (end).
    pub images: Option<Value>,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Counted from 1.
    pub line: usize,
    pub why: String,
}

/// The entries of a file, oldest first. A line that cannot be read is one that says so.
pub fn entries(text: &str) -> Vec<Entry> {
    text.lines()
        .map(|line| serde_json::from_str(line).map_or_else(|_| unreadable(line), |json| entry(&json)))
        .collect()
}

fn entry(json: &Value) -> Entry {
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(printable);
    let at = match json.get("at") {
        Some(Value::Number(seconds)) => seconds.to_string(),
        _ => text("at").or_else(|| text("ended")).unwrap_or_default(),
    };
    Entry {
        at,
        event: text("event").unwrap_or_default(),
        run: text("run").or_else(|| text("by")),
        command: text("command"),
        operator: text("operator"),
        reason: text("reason").or_else(|| Some(format!("from {}", text("from")?))),
        exit: json.get("exit").and_then(Value::as_u64).and_then(|code| u8::try_from(code).ok()),
        plan: text("plan"),
        images: json.get("images").filter(|images| images.is_object()).cloned(),
    }
}

fn unreadable(line: &str) -> Entry {
    let reason = Some(printable(&line.chars().take(80).collect::<String>()));
    Entry {
        at: String::new(),
        event: "unreadable".into(),
        run: None,
        command: None,
        operator: None,
        reason,
        exit: None,
        plan: None,
        images: None,
    }
}

/// The first broken link of the chain. `head` is the hash of the last line, as the droplet keeps it
/// beside. Lines of an older ops at the beginning are not chained.
pub fn verify(text: &str, head: &str) -> Option<Broken> {
    let mut before: Option<String> = None;
    for (at, line) in text.lines().enumerate() {
        let broken = |why: &str| Some(Broken { line: at + 1, why: why.to_owned() });
        let prev = serde_json::from_str::<Value>(line)
            .ok()
            .and_then(|json| json.get("prev")?.as_str().map(str::to_owned));
        match (&before, prev) {
            (None, None) => {}
            (Some(_), None) => return broken("it does not name the line before it"),
            (None, Some(prev)) if at == 0 && prev != FIRST => return broken("what came before it is gone"),
            (None, Some(prev)) if at > 0 && prev != hash(text.lines().nth(at - 1).unwrap_or_default()) => {
                return broken("the line before it is another one");
            }
            (Some(before), Some(prev)) if *before != prev => {
                return broken("the line before it is another one");
            }
            (_, Some(_)) => before = Some(hash(line)),
        }
    }
    let last = before?;
    (last != head.trim())
        .then(|| Broken { line: text.lines().count(), why: "lines after it are gone".to_owned() })
}

fn hash(line: &str) -> String {
    Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> (Vec<String>, String) {
        let mut lines: Vec<String> = vec![r#"{"event":"run","operator":"old"}"#.into()];
        for n in 0..3 {
            let prev = lines.last().map_or(FIRST.to_owned(), |line| hash(line));
            lines.push(format!(
                r#"{{"event":"end","run":"r{n}","operator":"a","exit":0,"at":"t","prev":"{prev}"}}"#
            ));
        }
        let head = hash(lines.last().unwrap());
        (lines, head)
    }

    #[test]
    fn a_chain_holds_and_every_change_is_seen() {
        let (lines, head) = chain();
        assert_eq!(verify(&lines.join("\n"), &format!("{head}\n")), None);
        assert_eq!(verify("", ""), None);
        let broken = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = lines.clone();
            change(&mut lines);
            verify(&lines.join("\n"), &head).map(|broken| broken.line)
        };
        assert_eq!(broken(&|lines| lines[2] = lines[2].replace("\"exit\":0", "\"exit\":6")), Some(4));
        assert_eq!(broken(&|lines| drop(lines.remove(2))), Some(3));
        assert_eq!(broken(&|lines| drop(lines.pop())), Some(3), "cut at its end");
        assert_eq!(broken(&|lines| drop(lines.drain(..2))), Some(1), "cut at its beginning");
        assert_eq!(broken(&|lines| lines.insert(3, r#"{"event":"end"}"#.into())), Some(4));
        assert_eq!(broken(&|lines| lines[0] = "{}".into()), Some(2));
    }

    #[test]
    fn a_line_is_read_or_said_to_be_unreadable() {
        let all = entries(
            "{\"event\":\"lock-taken-over\",\"from\":\"a\",\"by\":\"b\",\"at\":7}\nno json \u{1b}[31m\n",
        );
        assert_eq!(
            (all[0].at.as_str(), all[0].run.as_deref(), all[0].reason.as_deref()),
            ("7", Some("b"), Some("from a"))
        );
        assert_eq!(all[1].event, "unreadable");
        assert!(!all[1].reason.as_ref().unwrap().contains('\u{1b}'));
    }
}
