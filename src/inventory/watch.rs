//! `deploy.watch`: `10m`, `{ for: 10m, put_back: true }` or `off`.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};

use super::model;
use super::words::{Checked, duration, show};

/// `None`: off, which an environment may say where the defaults say something else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch(pub(super) Option<model::Watch>);

/// `30s` to `2h`, or `off`.
///
/// # Errors
/// A text that is neither.
pub fn watch(text: &str) -> Checked<Option<Duration>> {
    if text == "off" {
        return Ok(None);
    }
    let time = duration(text)?;
    match time.as_secs() {
        30..=7200 if time.subsec_nanos() == 0 => Ok(Some(time)),
        _ => Err(format!("{} is no time to watch a release\n30s to 2h, or `off`", show(text))),
    }
}

impl<'de> Deserialize<'de> for Watch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WatchVisitor)
    }
}

struct WatchVisitor;

impl<'de> Visitor<'de> for WatchVisitor {
    type Value = Watch;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a time such as `10m`, `{for: 10m, put_back: true}` or `off`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Watch, E> {
        let time = watch(text).map_err(E::custom)?;
        Ok(Watch(time.map(|time| model::Watch { time, put_back: false })))
    }

    /// `off` without quotes, for a reader of older YAML.
    fn visit_bool<E: Error>(self, on: bool) -> Result<Watch, E> {
        match on {
            false => Ok(Watch(None)),
            true => Err(E::custom("`true` is no time to watch a release\n30s to 2h, or `off`")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Watch, A::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Both {
            r#for: String,
            put_back: Option<bool>,
        }
        let both = Both::deserialize(MapAccessDeserializer::new(map))?;
        let time = watch(&both.r#for).map_err(A::Error::custom)?;
        Ok(Watch(time.map(|time| model::Watch { time, put_back: both.put_back.unwrap_or(false) })))
    }
}
