//! A step's actions as one POSIX script. The only other place where text becomes shell is
//! [`crate::cmd::quote`], which does the quoting here too.

use crate::cmd::quote;
use crate::execute::runner::Script;
use crate::plan::{Action, Content, EnvValue, env_quote};
use crate::secret::Secret;

/// Resolves a reference to a secret, where the plan is executed and nowhere earlier.
pub trait Secrets: Send + Sync {
    /// # Errors
    /// The variable, file or program does not give a value; the error names it, never the value.
    fn resolve(&self, source: &crate::inventory::Source) -> crate::error::Result<Secret>;
}

/// The script of some actions, and the secret text that goes to its stdin.
pub fn compile(actions: &[Action], secrets: &dyn Secrets) -> crate::error::Result<(Script, Option<Secret>)> {
    let mut text = String::from("set -eu\numask 077\nexport LC_ALL=C\n");
    let mut input = None;
    for action in actions {
        match action {
            Action::Run(cmd) => {
                text.push_str(&cmd.to_shell());
                text.push('\n');
            }
            Action::Put { path, mode, content: Content::Text(body) } => {
                text.push_str(&put(path, *mode, &format!("printf %s {}", quote(body)), body.len()));
            }
            Action::Put { path, mode, content: Content::EnvFile(lines) } => {
                let file = env_file(lines, secrets)?;
                text.push_str(&put(path, *mode, "cat", file.expose().len()));
                input = Some(file);
            }
            Action::Pull { image, .. } => {
                text.push_str(&format!("docker pull {}\n", quote(image)));
            }
            // Watched from the laptop; it changes nothing and leaves nothing on the droplet.
            Action::AwaitHealthy { .. } | Action::OwnChecks => {}
        }
    }
    Ok((Script { text, attached: input.is_some() }, input))
}

/// Beside the target and renamed over it, so that a reader sees the old file or the new one. Whole (an
/// input that was cut is not renamed), on the disk before its name is, and gone when it fails; its name
/// begins with a dot, because nginx reads every other file of a directory of sites.
fn put(path: &str, mode: u32, producer: &str, bytes: usize) -> String {
    let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
    let (path, beside, dir) = (quote(path), quote(&format!("{dir}/.{name}.ops-new")), quote(dir));
    format!(
        "[ -z {dir} ] || mkdir -p -- {dir}\n\
         {{ {producer} >{beside} && [ \"$(wc -c <{beside})\" -eq {bytes} ] && chmod {mode:o} -- {beside} && \
         sync -- {beside} && mv -f -- {beside} {path}; }} || {{ rm -f -- {beside}; \
         echo {path}' could not be written whole'; exit 1; }}\n"
    )
}

/// Lines as Compose reads them.
fn env_file(lines: &[(String, EnvValue)], secrets: &dyn Secrets) -> crate::error::Result<Secret> {
    let mut text = String::new();
    for (name, value) in lines {
        let value = match value {
            EnvValue::Plain(value) => value.clone(),
            EnvValue::Secret(source) => secrets.resolve(source)?.expose().to_owned(),
        };
        text.push_str(&format!("{name}={}\n", env_quote(&value)));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::Cmd;
    use crate::inventory::Source;

    struct Fixed;
    impl Secrets for Fixed {
        fn resolve(&self, _: &Source) -> crate::error::Result<Secret> {
            Ok(Secret::new("canary'4711".into()))
        }
    }

    #[test]
    fn a_secret_is_in_the_input_and_not_in_the_script() {
        let actions = [Action::Put {
            path: "/opt/a b/.env".into(),
            mode: 0o600,
            content: Content::EnvFile(vec![("PW".into(), EnvValue::Secret(Source::Env("X".into())))]),
        }];
        let (script, input) = compile(&actions, &Fixed).unwrap();
        assert!(script.attached);
        assert!(!script.text.contains("canary"), "{}", script.text);
        assert_eq!(input.unwrap().expose(), "PW=\"canary'4711\"\n");
    }

    #[test]
    fn a_file_whose_content_was_cut_is_not_renamed_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site").to_string_lossy().into_owned();
        std::fs::write(&file, "old").unwrap();
        let shell = |producer: &str| {
            #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
            let out = std::process::Command::new("sh").arg("-c").arg(put(&file, 0o600, producer, 4)).output();
            out.unwrap().status.code()
        };
        for producer in ["printf %s cut", "printf %s longer", "false"] {
            assert_eq!(shell(producer), Some(1), "{producer}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
        assert_eq!(shell("printf %s full"), Some(0));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "full");
    }

    #[test]
    fn a_script_writes_files_and_stops_at_the_first_failure() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x y/it's").to_string_lossy().into_owned();
        let actions = [
            Action::Put { path: file.clone(), mode: 0o640, content: Content::Text("a'b\n$(id)\n".into()) },
            Action::Run(Cmd::new("false")),
            Action::Run(Cmd::new("rm").arg(&file)),
        ];
        let (script, _) = compile(&actions, &Fixed).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let status = std::process::Command::new("sh").arg("-c").arg(&script.text).status().unwrap();
        assert_eq!(status.code(), Some(1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a'b\n$(id)\n");
    }
}
