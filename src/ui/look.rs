//! How text looks: width, colour, and the few styles that everything shares.
//!
//! Colour only ever repeats what a word already says, so that nothing is lost without it.

use console::Style;

use crate::text;

/// What a renderer has to know about where its text will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of a line.
    pub width: usize,
    pub colour: bool,
    /// How many times `-v` was given.
    pub verbose: u8,
}

impl Look {
    /// 80 columns without colour: what a log file gets.
    pub const PLAIN: Look = Look { width: 80, colour: false, verbose: 0 };

    pub fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    pub fn good(&self, text: &str) -> String {
        self.paint(Style::new().green(), text)
    }

    pub fn bad(&self, text: &str) -> String {
        self.paint(Style::new().red().bold(), text)
    }

    pub fn warn(&self, text: &str) -> String {
        self.paint(Style::new().yellow(), text)
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    /// Words wrapped to the width: the first line after `first`, the others after as many blanks.
    /// What comes from outside is made printable; a word longer than a line is kept whole, because a
    /// command or a path with a break in it cannot be copied.
    pub fn wrap(&self, first: &str, text: &str) -> String {
        let rest = " ".repeat(console::measure_text_width(first));
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(&rest)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace);
        let text = text::printable(text);
        let mut out = textwrap::wrap(text.trim_end(), options).join("\n");
        if out.is_empty() {
            out = first.trim_end().to_owned();
        }
        out.push('\n');
        out
    }

    /// [`Look::wrap`], then painted line by line, so that no colour crosses a line's end.
    pub fn wrap_with(&self, first: &str, text: &str, paint: impl Fn(&Look, &str) -> String) -> String {
        let wrapped = self.wrap(first, text);
        wrapped.lines().map(|line| paint(self, line) + "\n").collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_text_keeps_its_indent_and_its_long_words() {
        let look = Look { width: 20, ..Look::PLAIN };
        let text = "one two three four five /a/very/long/path/that/stays";
        assert_eq!(
            look.wrap("why: ", text),
            "why: one two three\n     four five\n     /a/very/long/path/that/stays\n"
        );
        assert_eq!(look.wrap("- ", "a\x1b[2Jb\nc"), "- ab⏎c\n");
        assert_eq!(look.wrap("- ", ""), "-\n");
    }

    #[test]
    fn colour_is_there_only_when_asked_for() {
        assert_eq!(Look::PLAIN.bad("no"), "no");
        assert!(Look { colour: true, ..Look::PLAIN }.bad("no").contains("\x1b["));
    }
}
