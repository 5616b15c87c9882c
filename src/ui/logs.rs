//! Lines of containers, for people and for programs.

use console::Style;
use serde_json::{Value, json};

use super::look::Look;
use crate::event::LogLine;

pub const SCHEMA: &str = "ops.log/1";

/// Droplets are told apart by their names, and by these.
const COLOURS: [fn() -> Style; 6] = [
    || Style::new().cyan(),
    || Style::new().magenta(),
    || Style::new().green(),
    || Style::new().yellow(),
    || Style::new().blue(),
    || Style::new().red(),
];

pub fn json(line: &LogLine) -> Value {
    let LogLine { at, droplet, service, text } = line;
    json!({ "schema": SCHEMA, "at": at, "droplet": droplet, "service": service, "text": text })
}

pub fn line(line: &LogLine, several: bool, width: usize, look: &Look) -> String {
    let who = match several {
        true => format!("{} {:width$} | ", line.droplet, line.service),
        false => format!("{:width$} | ", line.service),
    };
    let by = if several { &line.droplet } else { &line.service };
    let at =
        by.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % COLOURS.len();
    format!("{}{}\n", look.paint(COLOURS[at](), &who), line.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_speaks() {
        let said = LogLine {
            at: "2026-11-22T01:02:03.000000004Z".into(),
            droplet: "erp-1".into(),
            service: "db".into(),
            text: "ready".into(),
        };
        assert_eq!(line(&said, true, 4, &Look::PLAIN), "erp-1 db   | ready\n");
        assert_eq!(line(&said, false, 2, &Look::PLAIN), "db | ready\n");
        assert_eq!(json(&said)["text"], "ready");
    }
}
