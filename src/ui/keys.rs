//! What is typed in a view of the whole terminal, key by key.

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    Enter,
    Back,
    Pause,
    Look,
    Quit,
}

/// The keys of what was read. What means nothing here is left out, sequences of other keys as a whole.
pub(super) fn keys(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let key = match first {
            0x1b => {
                let (key, after) = escaped(after);
                rest = after;
                key
            }
            b'\r' | b'\n' => Some(Key::Enter),
            0x08 | 0x7f => Some(Key::Back),
            b'j' => Some(Key::Down),
            b'k' => Some(Key::Up),
            b'p' | b' ' => Some(Key::Pause),
            b'r' => Some(Key::Look),
            // Ctrl-C and Ctrl-D as letters: a terminal that makes no signals of them.
            b'q' | 0x03 | 0x04 => Some(Key::Quit),
            _ => None,
        };
        keys.extend(key);
    }
    keys
}

/// Behind an escape: a key with a sequence, or Esc itself.
fn escaped(after: &[u8]) -> (Option<Key>, &[u8]) {
    let Some(body) = after.strip_prefix(b"[").or_else(|| after.strip_prefix(b"O")) else {
        return (Some(Key::Back), after);
    };
    let last = body.iter().position(|byte| matches!(byte, 0x40..=0x7e));
    let (sequence, rest) = body.split_at(last.map_or(body.len(), |last| last + 1));
    let key = match sequence {
        b"A" => Some(Key::Up),
        b"B" => Some(Key::Down),
        b"C" => Some(Key::Enter),
        b"D" => Some(Key::Back),
        b"5~" => Some(Key::PageUp),
        b"6~" => Some(Key::PageDown),
        _ => None,
    };
    (key, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read() {
        use Key::*;
        assert_eq!(
            keys(b"jk\x1b[A\x1bOB\x1b[5~\x1b[6~\r\n"),
            [Down, Up, Up, Down, PageUp, PageDown, Enter, Enter]
        );
        assert_eq!(keys(b" prq\x03\x7f"), [Pause, Pause, Look, Quit, Quit, Back]);
        assert_eq!(keys(b"\x1b"), [Back]);
        assert_eq!(keys(b"\x1bq"), [Back, Quit]);
    }

    #[test]
    fn what_means_nothing_does_nothing() {
        assert_eq!(keys("xÄ\0\u{1b}[200~\u{1b}[1;5H\u{1b}[".as_bytes()), []);
        assert_eq!(keys(&[0xff, 0xfe, 0x80]), []);
    }
}
