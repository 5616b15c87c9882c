//! Numbers as people say them. English, decimal units, never more than two parts.

use jiff::Timestamp;

/// `433 MB`, `1.2 GB`; as `docker` and disk makers count, in thousands.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.5 would be shown as 1000.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// `40 ms`, `3.2 s`, `1 min 12 s`, `2 h 5 min`.
pub fn millis(millis: u64) -> String {
    if millis < 100 {
        return format!("{millis} ms");
    }
    if millis < 59_950 {
        return format!("{:.1} s", millis as f64 / 1000.0);
    }
    let seconds = (millis + 500) / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// `just now`, `5 min ago`, `3 days ago`. The droplet's clock may be ahead of ours: `in 2 min`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    let distance = seconds.unsigned_abs();
    let text = match distance {
        0..10 => return "just now".to_owned(),
        10..60 => format!("{distance} s"),
        60..3600 => format!("{} min", distance / 60),
        3600..172_800 => format!("{} h", distance / 3600),
        _ => format!("{} days", distance / 86_400),
    };
    if seconds < 0 { format!("in {text}") } else { format!("{text} ago") }
}

/// [`ago`] of an RFC 3339 text; a text that is none is shown as it is.
pub fn ago_text(then: &str, now: Timestamp) -> String {
    then.parse().map_or_else(|_| crate::text::printable(then), |then| ago(then, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let shown: Vec<_> = [0, 999, 1000, 1234, 9_960, 433_000_000, 999_600_000, 1_200_000_000, u64::MAX]
            .map(bytes)
            .to_vec();
        assert_eq!(
            shown,
            ["0 B", "999 B", "1.0 kB", "1.2 kB", "10 kB", "433 MB", "1.0 GB", "1.2 GB", "18447 PB"]
        );
    }

    #[test]
    fn durations() {
        let shown = [0, 99, 100, 3_200, 59_949, 59_950, 72_000, 7_500_000, 3_600_000].map(millis);
        assert_eq!(
            shown,
            ["0 ms", "99 ms", "0.1 s", "3.2 s", "59.9 s", "1 min", "1 min 12 s", "2 h 5 min", "1 h"]
        );
    }

    #[test]
    fn ages() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let shown = ["2026-11-20T11:59:55Z", "2026-11-20T11:55:00Z", "2026-11-17T12:00:00Z", "x\x1b[2J"]
            .map(|then| ago_text(then, now));
        assert_eq!(shown, ["just now", "5 min ago", "3 days ago", "x"]);
        assert_eq!(ago_text("2026-11-20T12:02:00Z", now), "in 2 min");
    }
}
