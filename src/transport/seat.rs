//! A command on a droplet whose streams are this process' own: a person sits at it.
//!
//! The system's ssh is a second client of the master that we hold: it knows host keys, jump hosts and
//! pseudo-terminals, and passes the size of the window on. It never logs in by itself. It has a process
//! group of its own, which is the terminal's foreground while it lives, so that Ctrl-C is for the program
//! over there and not for `ops`. Deliberately absent: limits of time and size, and any look at what is typed
//! or printed.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::TransportError;
use super::lend::{Asking, Ended, Lender};
use super::shell::{Carrier, Shell};
use crate::cmd::Cmd;
use crate::inventory::Become;
use crate::program::Program;
use crate::secret::Secret;

/// What the person has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seat<'a> {
    /// stdin and stdout are a terminal, so the program gets one, too.
    pub terminal: bool,
    /// stdin is a terminal, which the program has while it runs.
    pub lender: Option<&'a Lender>,
}

/// Reads the script of its argument and becomes it. A Ctrl-C is the program's: this shell stays, to say how it
/// ended. Like [`super::wire::BOOT`] it passes through any login shell.
pub(super) const THERE: Program = Program::shell("seat", &[EVAL]);

const EVAL: &str = concat!(
    r#"trap : INT QUIT; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH; "#,
    r#"eval "$(printf %s "$1" | base64 -d)"; exit $?"#,
);

/// The same behind a sudo that reads its password from stdin, or does not: what it left unread ends with our line.
pub(super) const BEHIND_SUDO: Program =
    Program::shell("seat.behind-sudo", &[r#"while read -r l; do [ "$l" = ops1 ] && break; done; "#, EVAL]);

/// What ssh ends with when it is ssh that failed; and a program may, too.
const OWN_FAULT: i32 = 255;

/// The words that start a script on the droplet, for its login shell or for this machine.
pub(super) struct Line {
    prefix: Vec<&'static str>,
    text: String,
    script: String,
}

impl Line {
    /// Each word where nothing has to be quoted but what we quote.
    pub(super) fn words(&self) -> Vec<String> {
        let prefix = self.prefix.iter().map(|word| (*word).to_owned());
        prefix.chain(["sh", "-c", &self.text, "ops", &self.script].map(str::to_owned)).collect()
    }

    /// `text` has no quote, newline or `!`, and base64 has nothing that a shell could read.
    pub(super) fn shell(&self) -> String {
        let prefix: String = self
            .prefix
            .iter()
            .map(|word| if word.is_empty() { "'' ".into() } else { format!("{word} ") })
            .collect();
        format!("exec {prefix}sh -c '{}' ops {}", self.text, self.script)
    }
}

impl<C: Carrier + 'static> Shell<C> {
    pub(super) async fn seated(&self, cmd: &Cmd, seat: &Seat<'_>) -> Result<i32, TransportError> {
        let (prefix, password) = match (self.root().r#become, &self.root().password) {
            (Become::No, _) => (vec![], None),
            (Become::Sudo, None) => (vec!["sudo", "-n", "--"], None),
            // At a terminal sudo asks by itself: whatever we typed for it could reach the program.
            (Become::Sudo, Some(_)) if seat.terminal => (vec!["sudo", "-k", "--"], None),
            (Become::Sudo, Some(password)) => (vec!["sudo", "-k", "-S", "-p", "", "--"], Some(password)),
        };
        let there = if password.is_some() { BEHIND_SUDO } else { THERE };
        let line = Line { prefix, text: there.text(), script: BASE64.encode(cmd.to_script()) };
        let (mut command, log) = self.carrier().seat(&line, seat.terminal)?;
        // Who passes stdin on has to read it, and whoever reads a terminal has to be in its foreground.
        let lender = seat.lender.filter(|_| password.is_none());
        let ended = sit(&mut command, lender, password).await?;
        match ended {
            Ended::Exit(OWN_FAULT) => {
                let said = log.map(|log| log.said()).unwrap_or_default();
                if self.carrier().is_cut().await {
                    return Err(TransportError::NoStatus { detail: self.carrier().lost() });
                }
                match said.is_empty() {
                    true => Ok(OWN_FAULT),
                    false => Err(TransportError::Lost { detail: said.join("; ") }),
                }
            }
            Ended::Exit(code) => Ok(code),
            Ended::Interrupted | Ended::TimedOut => Err(TransportError::Interrupted),
            Ended::NoTerminal => Err(TransportError::Other {
                detail: "it wants the terminal, and this is a job in the background".to_owned(),
            }),
        }
    }
}

/// Starts it, lends it the terminal, and waits for its end.
async fn sit(
    command: &mut Command,
    lender: Option<&Lender>,
    password: Option<&Secret>,
) -> Result<Ended, TransportError> {
    if password.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().map_err(|error| TransportError::Other {
        detail: format!("cannot start {}: {error}", command.get_program().to_string_lossy()),
    })?;
    let asking = Asking::new(&child);
    if let (Some(mut to), Some(password)) = (child.stdin.take(), password) {
        let before = format!("{}\nops1\n", password.expose());
        // Ends with this process at the latest: nobody waits for what is never typed.
        std::thread::spawn(move || pass_on(before.as_bytes(), &mut to));
    }
    Ok(asking.seated(lender).await)
}

/// Our stdin behind what sudo reads. A program that ends without reading it breaks the pipe: that is its right.
fn pass_on(before: &[u8], to: &mut dyn Write) {
    let mut chunk = vec![0; 64 << 10];
    let mut from = std::io::stdin().lock();
    if to.write_all(before).is_err() {
        return;
    }
    while let Ok(count) = from.read(&mut chunk) {
        if count == 0 || to.write_all(&chunk[..count]).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_pass_through_any_login_shell() {
        for text in [THERE, BEHIND_SUDO].map(|program| program.text()) {
            assert!(!text.contains(['\'', '\n', '!', '`', '\\']), "{text}");
        }
    }
}
