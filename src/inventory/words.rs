//! The kinds of text an inventory holds, each a type that cannot be made from a wrong text.
//!
//! The YAML layer names these types, so a field's rule stands in its declaration and an error has
//! the place and the key path for free.

use std::time::Duration;

use camino::Utf8PathBuf;
use serde::de::{Deserialize, Deserializer, Error};

use super::edge::Edge;
use super::model::Expect;
use super::{addresses, backup, edge, git, hooks, names, notify, paths, probes, promise};

/// What a rule gives: the value, or a message. Its first line says what is wrong; the others why.
pub(super) type Checked<T> = Result<T, String>;

macro_rules! words {
    ($($name:ident($inner:ty) = $rule:path;)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name(pub(super) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $rule(&text).map($name).map_err(D::Error::custom)
            }
        }
    )*};
}

words! {
    Name(String) = names::name;
    EnvironmentName(String) = names::environment;
    Service(String) = names::service;
    Profile(String) = names::profile;
    Upstream(String) = names::upstream;
    Database(String) = names::database;
    Module(String) = names::module;
    Image(String) = names::image;
    Place(String) = backup::place;
    Repository(String) = backup::repository;
    Calendar(String) = backup::schedule;
    Title(String) = names::title;
    Variable(String) = names::variable;
    User(String) = names::user;
    Host(String) = addresses::host;
    MailAddress(String) = notify::address;
    Jump(String) = addresses::jump;
    ServerName(String) = addresses::server_name;
    Front(Edge) = edge::edge;
    Url(String) = addresses::url;
    Endpoint(String) = addresses::endpoint;
    UrlPath(String) = addresses::url_path;
    Remote(String) = git::remote;
    Ref(String) = git::reference;
    RefGlob(String) = git::glob;
    Absolute(Utf8PathBuf) = paths::absolute;
    Below(Utf8PathBuf) = paths::below;
    LocalPath(String) = paths::local;
    SshPath(String) = paths::of_ssh;
    Wait(Duration) = duration;
    Age(Duration) = promise::age;
    HookTime(Duration) = hooks::limit;
    Line(String) = line;
    Phrase(String) = phrase;
    Query(String) = probes::query;
}

/// `Expect` has no order, so it stands apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected(pub(super) Expect);

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        probes::expect(&text).map(Expected).map_err(D::Error::custom)
    }
}

/// A text as an error message quotes it: on one line, without controls, never long.
pub(super) fn show(text: &str) -> String {
    format!("`{}`", crate::text::shorten(&crate::text::printable(text), 60))
}

/// `500ms`, `10s`, `2m`, `1h`: a whole number and one unit, at most a day.
pub fn duration(text: &str) -> Checked<Duration> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let total = number.parse::<u64>().ok().zip(millis).and_then(|(n, unit)| n.checked_mul(unit));
    match total {
        Some(millis) if millis <= 24 * 3_600_000 => Ok(Duration::from_millis(millis)),
        Some(_) => Err(format!("{} is longer than a day", show(text))),
        None => Err(format!(
            "{} is not a duration\na whole number and its unit: `500ms`, `10s`, `2m`, `1h`",
            show(text)
        )),
    }
}

/// Free text on one line: harmless wherever it is quoted or shown. What would change how the rest
/// of a line is read (control characters, changes of writing direction) is refused.
pub(super) fn line(text: &str) -> Checked<String> {
    if let Some(c) =
        text.chars().find(|c| crate::text::printable(c.encode_utf8(&mut [0; 4])) != c.to_string())
    {
        return Err(format!("the character {} has no place in this text", c.escape_unicode()));
    }
    if text.len() > 4096 {
        return Err("this text is longer than 4096 bytes".to_owned());
    }
    Ok(text.to_owned())
}

/// As [`line`], and not blank: everything contains nothing.
fn phrase(text: &str) -> Checked<String> {
    match line(text) {
        Ok(text) if text.trim().is_empty() => Err("a text is missing here".to_owned()),
        checked => checked,
    }
}
