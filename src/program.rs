//! A program for a droplet: the text that an interpreter there reads, with a name.
//!
//! Every program of `ops` is a constant of this type and stands in [`crate::catalog`], so that the linters read all of
//! them. Deliberately absent: arguments (`cmd`), and SQL (psql reads it, from an argument or the stdin of a program).

/// The interpreter that reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// POSIX shell: dash, bash or BusyBox.
    Shell,
    Python,
    /// POSIX awk: mawk, gawk or BusyBox.
    Awk,
}

/// The constant text of a program. Whatever varies is an argument, a variable or stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    name: &'static str,
    language: Language,
    parts: &'static [&'static str],
    variables: &'static [&'static str],
}

impl Program {
    /// `parts` follow each other without anything between them.
    pub const fn shell(name: &'static str, parts: &'static [&'static str]) -> Self {
        Self { name, language: Language::Shell, parts, variables: &[] }
    }

    pub const fn python(name: &'static str, parts: &'static [&'static str]) -> Self {
        Self { name, language: Language::Python, parts, variables: &[] }
    }

    pub const fn awk(name: &'static str, parts: &'static [&'static str]) -> Self {
        Self { name, language: Language::Awk, parts, variables: &[] }
    }

    /// The shell variables that stand in front of the text, see `Cmd::piped_script`.
    #[must_use]
    pub const fn reads(mut self, variables: &'static [&'static str]) -> Self {
        self.variables = variables;
        self
    }

    /// Unique in the catalog: the module and what the program does.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub const fn language(&self) -> Language {
        self.language
    }

    pub const fn variables(&self) -> &'static [&'static str] {
        self.variables
    }

    pub fn text(&self) -> String {
        self.parts.concat()
    }
}
