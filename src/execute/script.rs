//! A step's actions as POSIX scripts. The only other place where text becomes shell is
//! [`crate::cmd::quote`], which does the quoting here too.

use crate::cmd::quote;
use crate::plan::{Action, Content, EnvValue, Step, Undo, env_quote};
use crate::secret::Secret;

/// Resolves a reference to a secret, where the plan is executed and nowhere earlier.
pub trait Secrets: Send + Sync {
    /// # Errors
    /// The variable, file or program does not give a value; the error names it, never the value.
    fn resolve(&self, source: &crate::inventory::Source) -> crate::error::Result<Secret>;

    /// The address of `notify` that is kept under this name.
    ///
    /// # Errors
    /// The inventory has it no more.
    fn address(&self, name: &str) -> crate::error::Result<Secret> {
        Err(crate::error::Error::failed(format!("no address of `notify` is kept under {name}")))
    }

    /// What was drawn for this run, or given for it.
    ///
    /// # Errors
    /// Nobody would be told of it.
    fn drawn(&self) -> crate::error::Result<Secret> {
        Err(crate::error::Error::failed("only who asked for a new key can be told of it"))
    }
}

/// A step as the droplet keeps it: what it does and how that is undone (empty: not needed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script<'a> {
    pub id: &'a str,
    /// Seconds until the droplet kills it.
    pub limit: u64,
    pub script: String,
    pub undo: String,
    /// It is finished, never taken back.
    pub onward: bool,
}

impl<'a> Script<'a> {
    pub fn of(step: &'a Step) -> Self {
        let undo = match &step.undo {
            Undo::By(actions) => text(actions),
            Undo::NotNeeded(_) | Undo::Onward(_) => String::new(),
            Undo::Impossible(why) => format!("echo {}\nexit 1\n", quote(why)),
        };
        let onward = matches!(step.undo, Undo::Onward(_));
        Self { id: &step.id, limit: step.timeout, script: text(&step.actions), undo, onward }
    }
}

/// The script of some actions. A secret is not in it: it is read from stdin, by its length, in order.
fn text(actions: &[Action]) -> String {
    let mut text = String::from("set -eu\numask 077\nexport LC_ALL=C\n");
    for action in actions {
        match action {
            Action::Run(cmd) | Action::AwaitHealthy { wait: cmd, .. } | Action::Prove { wait: cmd, .. } => {
                text.push_str(&cmd.to_shell());
                text.push('\n');
            }
            Action::Put { path, mode, content: Content::Text(body) } => {
                let length = body.len().to_string();
                text.push_str(&put(path, *mode, &format!("printf %s {}", quote(body)), &length));
            }
            Action::Put { path, mode, content: Content::EnvFile(_) } => {
                text.push_str("read -r length\n");
                text.push_str(&put_through(path, *mode, "head -c \"$length\"", "\"$length\""));
            }
            Action::Pull { image, .. } => text.push_str(&format!("docker pull {}\n", quote(image))),
            // Asked from the laptop.
            Action::OwnChecks => {}
            // Never carried out by the droplet, whatever is asked of it.
            Action::Hook(_) => text.push_str("echo 'this runs on the laptop'\nexit 1\n"),
        }
    }
    text
}

/// What a section reads from the connection: every secret file with its length before it.
///
/// # Errors
/// A secret that cannot be had.
pub fn input(steps: &[Step], secrets: &dyn Secrets) -> crate::error::Result<Secret> {
    let mut input = String::new();
    for action in steps.iter().flat_map(|step| &step.actions) {
        if let Action::Put { content: Content::EnvFile(lines), .. } = action {
            let file = env_file(lines, secrets)?;
            input += &format!("{}\n{}", file.expose().len(), file.expose());
        }
    }
    Ok(Secret::new(input))
}

/// Beside the target and renamed over it, so that a reader sees the old file or the new one. Whole (an
/// input that was cut is not renamed), on the disk before its name is, and gone when it fails; its name
/// begins with a dot, because nginx reads every other file of a directory of sites.
fn put(path: &str, mode: u32, producer: &str, bytes: &str) -> String {
    let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
    let beside = quote(&format!("{dir}/.{name}.ops-new"));
    format!("{}{}", directory(dir), renamed(&quote(path), &beside, mode, producer, bytes))
}

/// The same for a file that may be a symbolic link, as `.env` often is: what it leads to is written.
fn put_through(path: &str, mode: u32, producer: &str, bytes: &str) -> String {
    let dir = path.rsplit_once('/').map_or(".", |(dir, _)| dir);
    let written = renamed("\"$to\"", "\"${to%/*}/.${to##*/}.ops-new\"", mode, producer, bytes);
    let path = quote(path);
    format!(
        "{}to=$(readlink -f -- {path}) || {{ echo {path}' is a link into a directory that is not there'; exit 1; }}\n{written}",
        directory(dir)
    )
}

/// Nothing for a file of the root directory.
fn directory(dir: &str) -> String {
    if dir.is_empty() { String::new() } else { format!("mkdir -p -- {}\n", quote(dir)) }
}

/// `path` and `beside` are words of the shell.
fn renamed(path: &str, beside: &str, mode: u32, producer: &str, bytes: &str) -> String {
    format!(
        "{{ {producer} >{beside} && [ \"$(wc -c <{beside})\" -eq {bytes} ] && chmod {mode:o} -- {beside} && \
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
            EnvValue::Address => secrets.address(name)?.expose().to_owned(),
            EnvValue::Drawn => secrets.drawn()?.expose().to_owned(),
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

    fn step(actions: Vec<Action>) -> Step {
        Step {
            id: "env".into(),
            phase: crate::plan::Phase::Prepare,
            droplet: "erp-1".into(),
            title: "t".into(),
            actions,
            undo: Undo::NotNeeded("n".into()),
            timeout: 9,
        }
    }

    /// How a step's script ends, with this on its stdin.
    fn run(step: &Step, input: &str) -> Option<i32> {
        use std::io::Write;
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let mut child = std::process::Command::new("sh")
            .arg("-c")
            .arg(Script::of(step).script)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait().unwrap().code()
    }

    #[test]
    fn a_secret_is_in_the_input_and_not_in_the_script() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a b/.env").to_string_lossy().into_owned();
        let step = step(vec![Action::Put {
            path: file.clone(),
            mode: 0o600,
            content: Content::EnvFile(vec![("PW".into(), EnvValue::Secret(Source::Env("X".into())))]),
        }]);
        let script = Script::of(&step);
        assert!(!script.script.contains("canary"), "{}", script.script);
        let input = super::input(std::slice::from_ref(&step), &Fixed).unwrap();
        assert_eq!(run(&step, input.expose()), Some(0));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "PW=\"canary'4711\"\n");
        // Cut on the way: not written.
        let cut = &input.expose()[..input.expose().len() - 3];
        assert_eq!(run(&step, cut), Some(1));
        assert!(std::fs::read_to_string(&file).unwrap().ends_with("\"\n"));
    }

    #[test]
    fn an_env_file_is_written_where_its_link_leads() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        std::fs::create_dir(at("stack")).unwrap();
        std::os::unix::fs::symlink("../the secrets", at("stack/.env")).unwrap();
        let put = Action::Put {
            path: at("stack/.env"),
            mode: 0o600,
            content: Content::EnvFile(vec![("PW".into(), EnvValue::Plain("x".into()))]),
        };
        let step = step(vec![put]);
        let input = super::input(std::slice::from_ref(&step), &Fixed).unwrap();
        assert_eq!(run(&step, input.expose()), Some(0));
        assert!(std::fs::symlink_metadata(at("stack/.env")).unwrap().is_symlink());
        assert!(std::fs::read_to_string(at("the secrets")).unwrap().starts_with("PW="));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_whose_content_was_cut_is_not_renamed_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site").to_string_lossy().into_owned();
        std::fs::write(&file, "old").unwrap();
        let shell = |producer: &str| {
            #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
            let out =
                std::process::Command::new("sh").arg("-c").arg(put(&file, 0o600, producer, "4")).output();
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
        assert_eq!(run(&step(actions.into()), ""), Some(1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a'b\n$(id)\n");
    }
}
