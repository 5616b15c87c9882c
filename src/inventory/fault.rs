//! What is wrong with an inventory, and where: becomes the one [`Error`] an operator reads.

use std::path::Path;

use crate::error::Error;
use crate::text::{printable, shorten};

use super::hide;

/// Counted from 1, columns in characters, as editors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault {
    pub(super) place: Option<Place>,
    /// `environments.prod.droplets[0].host`; may be empty.
    pub(super) path: String,
    pub(super) what: String,
    pub(super) why: Vec<String>,
    pub(super) next: Vec<String>,
}

impl Fault {
    /// From a message whose first line says what; further lines say why.
    pub(super) fn new(message: &str) -> Self {
        let mut lines = message.lines().map(str::to_owned);
        Self { what: lines.next().unwrap_or_default(), why: lines.collect(), ..Self::default() }
    }

    pub(super) fn at(mut self, place: Place, path: impl Into<String>) -> Self {
        self.place = Some(place);
        self.path = path.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.next.push(hint.into());
        self
    }

    /// The error, with the lines of `text` around the place.
    pub(super) fn into_error(self, file: &Path, text: &str) -> Error {
        let name = printable(&file.display().to_string());
        let place = self.place.filter(|place| place.line > 0);
        let shown = match place {
            Some(Place { line, column }) => format!("{name}:{line}:{column}"),
            None => name,
        };
        let mut error = Error::usage(format!("{shown}: {}", printable(&self.what)));
        if !matches!(self.path.as_str(), "" | "." | "?") {
            error = error.because(format!("at {}", shorten(&printable(&self.path), 120)));
        }
        error.why.extend(self.why.iter().map(|why| printable(why)));
        error.next.extend(self.next.iter().map(|next| printable(next)));
        match place {
            Some(place) => error.evidence(shown, snippet(text, place)),
            None => error,
        }
    }
}

/// The line, two before it, one after it, and a mark under the column. What looks like a secret is
/// not shown: errors end up in the logs of CI.
fn snippet(text: &str, place: Place) -> Vec<String> {
    const WIDTH: usize = 90;
    let wanted = usize::try_from(place.line).unwrap_or(usize::MAX);
    let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
    let from = wanted.saturating_sub(2).max(1);
    let mut shown = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line)).skip(from - 1) {
        if number > wanted.saturating_add(1) {
            break;
        }
        // A line may be a megabyte long; what comes before the column is cut in whole screens.
        let start = if column >= WIDTH { column - WIDTH / 2 } else { 0 };
        let line: String = hide::line(line).chars().skip(start).take(WIDTH).collect();
        shown.push(format!("{number:>4} | {}", printable(&line)).trim_end().to_owned());
        if number == wanted {
            shown.push(format!("     | {}^", " ".repeat(column - start)));
        }
    }
    shown
}
