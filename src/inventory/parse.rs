//! Text to inventory, without touching the world: what the fuzzer drives.
//!
//! All knowledge of the YAML library is here: its limits, and what its errors mean in our words.

use std::path::Path;

use serde_path_to_error::Segment;
use serde_yaml::{Error as Yaml, MessageFormatter, UserMessageFormatter};
use sha2::{Digest, Sha256};

use super::fault::{Fault, Place};
use super::model::Inventory;
use super::words::show;
use super::{build, raw};
use crate::error::{Error, Result};

/// The largest file that is read, in bytes. Five hundred droplets need a tenth of it.
pub const LARGEST: usize = 1 << 20;

/// Checks `text` and fills in every default. `path` is named in errors and is where relative local
/// paths start; `home` stands for `~`.
///
/// # Errors
/// One [`Error`] with exit 2: the first thing that is wrong, with line, column, key path and the lines.
pub fn parse(text: &str, path: &Path, home: &Path) -> Result<Inventory> {
    let read = || {
        if text.len() > LARGEST {
            let size = text.len();
            return Err(Fault::new(&format!(
                "{size} bytes are too many: an inventory has at most {LARGEST}"
            )));
        }
        if let Some(at) = text.find('\0') {
            return Err(Fault {
                place: Some(place_of(text, at)),
                ..Fault::new("a NUL byte has no place here")
            });
        }
        let file = read(text)?;
        build::inventory(file, path, home)
    };
    let mut inventory = read().map_err(|fault| fault.into_error(path, text))?;
    inventory.sha256 = hex(&Sha256::digest(text));
    Ok(inventory)
}

/// As [`parse`], from the bytes of a file.
///
/// # Errors
/// As [`parse`], and for bytes that are not UTF-8.
pub fn parse_bytes(bytes: &[u8], path: &Path, home: &Path) -> Result<Inventory> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text, path, home),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let place = Some(place_of(&good, good.len()));
            let fault = Fault { place, ..Fault::new("this is not UTF-8 text") };
            Err(Error { evidence: Vec::new(), ..fault.into_error(path, "") })
        }
    }
}

fn read(text: &str) -> Result<raw::File, Fault> {
    let mut key_path = String::new();
    let options = serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_nodes: 50_000,
            max_events: 150_000,
            max_depth: 32,
            max_merge_keys: 1_000,
            max_recorded_anchor_events: 100_000,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 8,
        },
    };
    serde_yaml::with_deserializer_from_str_with_options(text, options, |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            key_path = readable(error.path());
            error.into_inner()
        })
    })
    .map_err(|error| explain(&error, key_path))
}

/// `environments.prod.droplets[0].host`, without the segments that remembering places adds.
fn readable(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    let mut parent = "";
    let mut added = false;
    for segment in path.iter() {
        // The user's own names stand below `env`, and below `environments` after an added segment.
        added = !added && parent != "env" && matches!(segment, Segment::Map { key } if key == "value");
        match segment {
            _ if added => {}
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let dot = if text.is_empty() { "" } else { "." };
                text.push_str(&format!("{dot}{key}"));
                parent = key;
            }
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Unknown => {}
        }
    }
    text
}

fn explain(error: &Yaml, path: String) -> Fault {
    let place = error.location().map(|l| Place { line: l.line(), column: l.column() });
    let mut inner = error;
    while let Yaml::AliasError { error, .. } | Yaml::WithSnippet { error, .. } = inner {
        inner = error;
    }
    Fault { place, path, ..in_our_words(inner) }
}

fn in_our_words(error: &Yaml) -> Fault {
    match error {
        Yaml::SerdeUnknownField { field, expected, .. } => {
            known(&format!("unknown key {}", show(field)), field, expected)
        }
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            known(&format!("{} is not known here", show(variant)), variant, expected)
        }
        Yaml::SerdeMissingField { field, .. } => Fault::new(&format!("the key `{field}` is missing")),
        Yaml::DuplicateMappingKey { key, .. } => {
            Fault::new(&format!("the key {} is given twice", show(key.as_deref().unwrap_or("?"))))
        }
        Yaml::Unexpected { expected: "string scalar", .. } => Fault::new(
            "a text is expected here, not a list or a mapping\n`{env: ..}`, `{file: ..}` and `{cmd: ..}` stand only in `stack.env` and `notify[].url`",
        ),
        Yaml::Unexpected { expected: "mapping start", .. } => {
            Fault::new("a mapping (`key: value`) is expected here")
        }
        Yaml::Unexpected { expected: "sequence start", .. } => {
            Fault::new("a list (`[a, b]`) is expected here")
        }
        Yaml::NullIntoString { .. } => Fault::new("a value is missing here"),
        Yaml::InvalidScalar { ty, .. } => Fault::new(&format!("{} is expected here", kind_of(ty))),
        Yaml::InvalidBooleanStrict { .. } => Fault::new("`true` or `false` is expected here"),
        Yaml::SerdeInvalidType { unexpected, expected, .. } => {
            Fault::new(&format!("{unexpected} is given where {expected} is expected"))
        }
        Yaml::MultipleDocuments { .. } => Fault::new("a second document (`---`) has no place here"),
        Yaml::Eof { .. } => Fault::new("the file is empty").hint("copy config.example.yaml and change it"),
        Yaml::UnknownAnchor { .. } => Fault::new("this alias (`*name`) has no anchor (`&name`) before it"),
        Yaml::Budget { .. }
        | Yaml::AliasReplayLimitExceeded { .. }
        | Yaml::AliasExpansionLimitExceeded { .. }
        | Yaml::AliasReplayStackDepthExceeded { .. }
        | Yaml::AliasReplayCounterOverflow { .. } => {
            Fault::new("too deep or too much: aliases, nesting or size are beyond any real inventory")
        }
        other => Fault::new(&UserMessageFormatter.format_message(other)),
    }
}

fn kind_of(rust: &str) -> &'static str {
    match rust {
        "bool" => "`true` or `false`",
        number if number.starts_with(['u', 'i']) => "a whole number",
        _ => "another kind of value",
    }
}

/// What is known here, and the nearest to what was written.
fn known(what: &str, given: &str, expected: &[&str]) -> Fault {
    let mut fault = Fault::new(what);
    fault.why.push(format!("known here: {}", expected.join(", ")));
    match crate::text::nearest(given, expected.iter().copied()) {
        Some(name) => fault.hint(format!("did you mean `{name}`?")),
        None => fault,
    }
}

fn place_of(text: &str, offset: usize) -> Place {
    let before = &text[..offset];
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    Place { line, column }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
