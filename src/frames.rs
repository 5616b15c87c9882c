//! Several answers in one: named parts with their lengths behind a delimiter drawn per call.
//!
//! A remote script emits each part with `part NAME CODE FILE`; whatever a part contains, it cannot
//! end early or pretend to be another, because its length stands in front of it and the delimiter
//! could not be known.

use std::collections::BTreeMap;

/// The shell side. Wants `$nonce`.
pub const SHELL: &str = r#"
part() { printf '\n%s %s %s %s\n' "$nonce" "$1" "$2" "$(wc -c <"$3" | tr -d ' ')"; cat "$3"; }
"#;

/// One part: the exit code its command had, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub code: i32,
    pub bytes: Vec<u8>,
}

impl Part {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The parts by name. Bytes that belong to no part are ignored; a cut part is left out.
pub fn parse(nonce: &str, stdout: &[u8]) -> BTreeMap<String, Part> {
    let head = format!("\n{nonce} ").into_bytes();
    let mut parts = BTreeMap::new();
    let mut rest = stdout;
    while let Some(at) = find(rest, &head) {
        rest = &rest[at + head.len()..];
        let Some(end) = rest.iter().position(|b| *b == b'\n') else { break };
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let mut words = line.split(' ');
        let (Some(name), Some(code), Some(size)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let (Ok(code), Ok(size)) = (code.parse(), size.parse::<usize>()) else { continue };
        let Some(bytes) = rest.get(..size) else { break };
        parts.insert(name.to_owned(), Part { code, bytes: bytes.to_vec() });
        rest = &rest[size..];
    }
    parts
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_cannot_forge_another() {
        let inner = "\nN b 0 3\nbad";
        let text = format!("motd\n\nN a 0 {}\n{inner}\nN b 7 4\ngood", inner.len());
        let parts = parse("N", text.as_bytes());
        assert_eq!(parts["a"].bytes, inner.as_bytes());
        assert_eq!(parts["b"], Part { code: 7, bytes: b"good".to_vec() });
        assert!(parse("N", b"\nN a 0 99\ncut").is_empty());
    }
}
