//! Text from outside, made safe to show.
//!
//! Whatever a droplet, a file or the command line contains may hold escape sequences that move the
//! cursor, change the window's title or hide a line. Everything shown passes through here.

/// One line without control characters; newlines become `⏎`, other controls `�`.
pub fn printable(text: &str) -> String {
    strip_escapes(text)
        .chars()
        .map(|c| match c {
            '\n' => '⏎',
            '\t' => ' ',
            c if is_hostile(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Several lines: escape sequences removed, carriage returns resolved as a terminal would show them.
pub fn lines(bytes: &[u8]) -> Vec<String> {
    let text = strip_escapes(&String::from_utf8_lossy(bytes));
    text.split('\n')
        .map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default())
        .map(printable)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .skip_while(String::is_empty)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect()
}

/// The last `count` lines, for a failure card.
pub fn tail(bytes: &[u8], count: usize) -> Vec<String> {
    let all = lines(bytes);
    all[all.len().saturating_sub(count)..].to_vec()
}

/// At most `width` characters, with an ellipsis where something was left out.
pub fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// `1 step`, `3 steps`.
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// The first names of a list, and how many more there are.
pub fn few(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Text in Markdown: its own signs, and HTML's, as plain characters.
pub fn escape(text: &str) -> String {
    let mut safe = String::new();
    for c in printable(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '@' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe
}

/// A stretch of time, as people say how old something is.
pub fn lasting(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Bytes as a person says them, in powers of ten: `41.2 GB`, `512 MB`.
pub fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut divisor = 1000_u64;
    let mut unit = "kB";
    for next in units {
        unit = next;
        if bytes / divisor < 1000 {
            break;
        }
        divisor = divisor.saturating_mul(1000);
    }
    // Whole numbers only, so that nothing is lost to rounding twice; one decimal below one hundred.
    let tenths = u128::from(bytes) * 10 / u128::from(divisor);
    match tenths {
        _ if bytes < 1000 => format!("{bytes} B"),
        0..1000 if tenths % 10 != 0 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", tenths / 10),
    }
}

fn is_hostile(c: char) -> bool {
    // Bidirectional overrides reorder what a person reads, which is as bad as moving the cursor.
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn strip_escapes(text: &str) -> String {
    console::strip_ansi_codes(text).into_owned()
}

/// The name that was probably meant, if one is near enough.
pub fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The distance costs the product of both lengths; nobody means a name by writing a novel.
    let given: String = given.chars().take(64).collect();
    names
        .map(|name| (strsim::jaro_winkler(&given, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_survives() {
        assert_eq!(printable("a\x1b[2Jb\x1b]0;title\x07c\nd\u{202e}e"), "abc⏎d\u{fffd}e");
        assert!(!printable("\x1b\x1b[\x1b").contains('\x1b'));
    }

    #[test]
    fn sizes_are_short() {
        let shown = [0, 999, 1000, 1_550, 41_200_000_000, 80_000_000_000, 433_400_000, u64::MAX].map(size);
        assert_eq!(shown, ["0 B", "999 B", "1 kB", "1.5 kB", "41.2 GB", "80 GB", "433 MB", "18.4 EB"]);
    }

    #[test]
    fn a_progress_line_is_its_last_state() {
        assert_eq!(lines(b"10%\r50%\r100%\nnext\r\n\n"), ["100%", "next"]);
        assert_eq!(tail(b"1\n2\n3\n", 2), ["2", "3"]);
    }
}
