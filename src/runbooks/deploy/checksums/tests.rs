use super::*;

fn verdict(stored: &str, disk: &str) -> Vec<(String, String)> {
    let modules = r#"{"a": "installed", "b": "to upgrade", "-u": "installed", "gone": "installed"}"#;
    let stored = serde_json::to_string(stored).unwrap();
    let question = format!(r#"{{"modules": {modules}, "stored": {stored}, "bytes": 9, "languages": []}}"#);
    let read = read(question.as_bytes(), disk.as_bytes()).unwrap();
    read.needed().into_iter().map(|one| (one.module, one.because.join(", "))).collect()
}

#[test]
fn what_differs_and_what_is_not_known_is_updated() {
    let disk = r#"{"a": {"checksum": "1", "installable": true}, "b": {"checksum": "2", "installable": true},
        "-u": {"checksum": "3", "installable": true}}"#;
    let (changed, new) = ("files changed since the last update", "no checksum of it is stored");
    let told = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(name, why)| (name.to_string(), why.to_string())).collect()
    };
    for (stored, wanted) in [
        (r#"{"a": "1", "b": "2"}"#, told(&[])),
        (r#"{"a": "1", "b": "3", "gone": "9"}"#, told(&[("b", changed)])),
        (r#"{"a": "1", "b": false}"#, told(&[("b", new)])),
        (r#"{"b": "2", "b": "3"}"#, told(&[("a", new), ("b", changed)])),
        ("", told(&[("a", new), ("b", new)])),
        ("[1]", told(&[("a", new), ("b", new)])),
        ("{\"a\": \"1\"", told(&[("a", new), ("b", new)])),
        ("\u{1b}[2J", told(&[("a", new), ("b", new)])),
    ] {
        assert_eq!(verdict(stored, disk), wanted, "{stored}");
    }
    let off = disk.replace(r#""1", "installable": true"#, r#""1", "installable": false"#);
    assert_eq!(verdict(r#"{"a": "0", "b": "2"}"#, &off), [], "what Odoo cannot install stays as it is");
}

#[test]
fn what_the_database_holds_is_nothing_or_said_to_be_unreadable() {
    assert_eq!(stored(None, None), Stored::Nothing);
    assert!(matches!(stored(None, Some(2_000_000)), Stored::Unreadable(why) if why.contains("2000000")));
    for text in ["nonsense", "[]", "{\"a\": 1", &"[".repeat(100_000)] {
        assert!(matches!(stored(Some(text.into()), Some(9)), Stored::Unreadable(_)), "{text:.20}");
    }
}

#[test]
fn files_that_cannot_be_read_and_addons_that_were_not_found_are_no_verdict() {
    let question = br#"{"modules": {"a": "installed"}, "stored": null, "bytes": null}"#;
    let why = |disk: &str| read(question, disk.as_bytes()).unwrap_err().why;
    assert!(why("{}").contains("none of the installed modules"));
    assert!(
        why(r#"{"a": {"installable": true, "fault": "[Errno 13] x"}}"#)
            .contains("of a cannot be read: [Errno 13]"),
    );
    assert!(why("Traceback").contains("cannot be read"));
    assert!(read(b"psql: error", b"{}").is_err());
}
