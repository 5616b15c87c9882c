//! Lines of `key`, a tab and a value, which most probes print.

use super::{Probe, ProbeFailure};

/// The lines of one probe. Values are as the droplet printed them: hostile until shown through
/// [`crate::text`].
pub(super) struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        Self(text)
    }

    /// All values of a key, in order.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(move |(k, _)| *k == key)
            .map(|(_, v)| v)
    }

    /// The first value, unless it is empty.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.all(key).next().filter(|value| !value.is_empty())
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }

    /// # Errors
    /// When the line is missing or empty.
    pub(super) fn need(&self, key: &str) -> Probe<&'a str> {
        self.get(key).ok_or_else(|| ProbeFailure::new(format!("the droplet did not tell its {key}")))
    }

    /// # Errors
    /// When the line is missing or no number.
    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Probe<T> {
        let value = self.need(key)?;
        value.parse().map_err(|_| ProbeFailure::new(format!("{key} is no number: {value}")))
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key) == Some("yes")
    }
}
