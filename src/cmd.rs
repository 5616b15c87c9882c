//! A command for a droplet, as data.
//!
//! A [`Cmd`] is built by pure functions in `tools`, compared in tests, shown in plans, and becomes
//! shell text in exactly one function: [`quote`]. Names from the inventory, the command line or a
//! droplet are arguments here and can therefore never become shell. Deliberately absent: running
//! anything (`transport`), and secrets (they travel by stdin, see [`crate::plan::Content`]).

use serde::{Deserialize, Serialize};

use crate::program::Program;

/// One program with its arguments, run by the droplet's `sh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cmd {
    argv: Vec<String>,
    /// Variables set for this command only. Never secrets: they would be visible in `ps e`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    env: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dir: Option<String>,
    /// Text for the command's stdin; `None` is `/dev/null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stdin: Option<String>,
}

impl Cmd {
    pub fn new(program: impl Into<String>) -> Self {
        Self { argv: vec![program.into()], env: Vec::new(), dir: None, stdin: None }
    }

    /// A shell program with positional arguments `$1..`.
    pub fn script(program: Program, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new("sh").arg("-c").arg(program.text()).arg("ops").args(args)
    }

    /// A shell program that `sh` reads from its stdin, behind the values of its variables in their order.
    pub fn piped_script(program: Program, values: &[(&str, String)]) -> Self {
        let names = values.iter().map(|(name, _)| name);
        debug_assert!(names.eq(program.variables()), "{} reads other variables", program.name());
        let assign = |(name, value): &(&str, String)| format!("{name}={}\n", quote(value));
        let text: String = values.iter().map(assign).collect();
        Self::new("/bin/sh").arg("-s").stdin(text + &program.text())
    }

    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(arg.into());
        self
    }

    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn dir(mut self, dir: impl Into<String>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    #[must_use]
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// The text for the command's stdin, where it has one.
    pub fn stdin_text(&self) -> Option<&str> {
        self.stdin.as_deref()
    }

    /// One line (it may hold quoted newlines) of POSIX shell that runs this command.
    pub fn to_shell(&self) -> String {
        let line = self.line();
        match &self.stdin {
            Some(text) => format!("printf %s {} | ( {line} )", quote(text)),
            None => format!("( {line} ) </dev/null"),
        }
    }

    /// Shell text that *is* this command, for a shell started for it alone whose stdin is already the
    /// command's. The text of a [`Cmd::script`] is no argument here, so it may have any size.
    pub fn to_script(&self) -> String {
        match self.argv.as_slice() {
            [sh, flag, text, _name, args @ ..] if sh == "sh" && flag == "-c" && self.env.is_empty() => {
                let cd = self.change_dir().map(|cd| format!("{cd} || exit\n")).unwrap_or_default();
                let args: String = args.iter().map(|word| format!(" {}", quote(word))).collect();
                format!("{cd}set --{args}\n{}", text.replace('\0', ""))
            }
            _ => self.line(),
        }
    }

    fn line(&self) -> String {
        let mut words = Vec::new();
        if !self.env.is_empty() {
            words.push("env".to_owned());
            words.extend(self.env.iter().map(|(name, value)| quote(&format!("{name}={value}"))));
        }
        words.extend(self.argv.iter().map(|word| quote(word)));
        let words = words.join(" ");
        match self.change_dir() {
            Some(cd) => format!("{cd} && {words}"),
            None => words,
        }
    }

    fn change_dir(&self) -> Option<String> {
        let dir = self.dir.as_ref()?;
        // `./` in front of a relative directory keeps a leading dash from being an option.
        let dir = if dir.starts_with('-') { format!("./{dir}") } else { dir.clone() };
        Some(format!("cd {}", quote(&dir)))
    }
}

/// What a person sees of a command: short, on one line, with nothing that could move the cursor.
impl std::fmt::Display for Cmd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, word) in self.argv.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match word {
                script if script.contains('\n') => f.write_str("'…'")?,
                word => f.write_str(&crate::text::printable(&quote(word)))?,
            }
        }
        Ok(())
    }
}

/// The one place where data becomes shell. NUL cannot be passed to a process at all, so it is
/// dropped here; every caller that reads names refuses it much earlier.
pub fn quote(word: &str) -> String {
    let word = word.replace('\0', "");
    match shlex::try_quote(&word) {
        Ok(quoted) => quoted.into_owned(),
        Err(_) => "''".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn through_sh(line: &str) -> Vec<u8> {
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let out = std::process::Command::new("sh").arg("-c").arg(line).output().unwrap();
        out.stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_argument_arrives_as_it_was(words in prop::collection::vec("[^\0]{0,40}", 1..5)) {
            let cmd = Cmd::new("printf").arg("%s\\n").args(words.clone());
            let wanted: String = words.iter().map(|w| format!("{w}\n")).collect();
            prop_assert_eq!(through_sh(&cmd.to_shell()), wanted.into_bytes());
        }
    }

    #[test]
    fn stdin_directory_and_environment_reach_the_command() {
        let cmd = Cmd::script(Program::shell("test", &["cat; pwd; printf %s \"$A\""]), [""; 0])
            .dir("/")
            .env("A", "$(id); '")
            .stdin("-n text\n");
        assert_eq!(through_sh(&cmd.to_shell()), b"-n text\n/\n$(id); '");
    }
}
