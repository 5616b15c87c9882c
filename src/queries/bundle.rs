//! What the droplets tell of a run, without their secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use super::dir;
use crate::bundle::{File, redacted};
use crate::cmd::Cmd;
use crate::crew::{self, Crew};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::frames;
use crate::program::Program;
use crate::text::printable;

pub(super) const BUNDLE: Program = Program::shell("bundle", &[frames::SHELL, include_str!("bundle.sh")]);

/// Exit code of the program when it cannot remove the secrets. It prints nothing then.
const CANNOT_HIDE: i32 = 73;

/// Everything about a run, by droplet.
///
/// # Errors
/// A droplet that cannot be asked; exit 2 where none knows the run.
pub async fn bundle(crew: &Crew<'_>, facts: &BTreeMap<String, Facts>, run: &str) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for droplet in &crew.env.droplets {
        let nonce = crew::nonce()?;
        let place = dir(crew.env, facts, &droplet.name);
        let cmd = bundle_script(&place, run, &nonce, crew.env.stack.path.as_str());
        let output = crew.ask(droplet, &cmd, Duration::from_secs(60)).await?;
        if output.code == CANNOT_HIDE {
            let what = "cannot remove the values of the stack's .env from the bundle";
            let why = "the file cannot be read, or /tmp is full";
            return Err(Error::failed(what)
                .on(&droplet.name)
                .because(why)
                .next(format!("ops preflight {}", crew.env.name)));
        }
        files.extend(frames::parse(&nonce, &output.stdout).into_iter().filter_map(|(name, part)| {
            Some(File { name: format!("{}/{}", droplet.name, inside(&name)?), text: redacted(&part.text()) })
        }));
    }
    if files.is_empty() {
        let what = format!("no droplet knows {}", printable(run));
        return Err(Error::usage(what).next(format!("ops runs list {}", crew.env.name)));
    }
    Ok(files)
}

/// What a droplet tells of a run: parts of [`frames`] without the values of the stack's `.env`. `dir`: what ops keeps of
/// the project; `path`: the stack's.
pub fn bundle_script(dir: &str, run: &str, nonce: &str, path: &str) -> Cmd {
    Cmd::script(BUNDLE, [dir, run, nonce, path])
}

/// A name of ours, or of a step: never a way out of the archive's directory.
fn inside(name: &str) -> Option<&str> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~'))
    };
    name.split('/').all(plain).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_droplet_stays_inside() {
        assert_eq!(inside("steps/undo.switch.web.undo2~2.log"), Some("steps/undo.switch.web.undo2~2.log"));
        for bad in ["../x", "/etc/passwd", "a//b", "steps/.x", "a b", ""] {
            assert_eq!(inside(bad), None, "{bad}");
        }
    }
}
