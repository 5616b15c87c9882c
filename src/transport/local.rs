//! This machine itself (`host: local`): the same protocol, spoken to a shell started here.

use std::os::unix::process::CommandExt;
use std::process::Stdio;

use async_trait::async_trait;

use super::TransportError;
use super::seat::Line;
use super::shell::{Carrier, Channel};
use super::ssh::Log;
use super::wire::{BODY, BOOT};
use crate::world::World;

/// Starts shells here, with the environment `ops` was given.
#[derive(Debug)]
pub(super) struct Local {
    world: World,
}

impl Local {
    pub(super) fn new(world: &World) -> Self {
        Self { world: world.clone() }
    }
}

#[async_trait]
impl Carrier for Local {
    async fn open(&self, prefix: &[&str]) -> Result<Channel, TransportError> {
        let mut argv = prefix.to_vec();
        let (boot, body) = (BOOT.text(), BODY.text());
        argv.extend(["sh", "-c", &boot, "ops", &body]);
        #[expect(clippy::disallowed_methods, reason = "transport starts processes")]
        let mut child = tokio::process::Command::new(argv[0])
            .args(&argv[1..])
            .env_clear()
            .envs(&self.world.env)
            .current_dir(&self.world.home)
            // The user's Ctrl-C asks ops to stop in order; it must not kill what is under way.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot_start(argv[0], &error))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(TransportError::Other { detail: "a process without its streams".to_owned() });
        };
        Ok(Channel {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            ended: Box::pin(async move { child.wait().await.ok().and_then(|status| status.code()) }),
        })
    }

    fn seat(
        &self,
        line: &Line,
        _terminal: bool,
    ) -> Result<(std::process::Command, Option<Log>), TransportError> {
        let words = line.words();
        #[expect(clippy::disallowed_methods, reason = "transport starts processes")]
        let mut command = std::process::Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(&self.world.env).current_dir(&self.world.home);
        command.process_group(0);
        Ok((command, None))
    }

    fn lost(&self) -> String {
        "its shell was killed".to_owned()
    }

    async fn close(&self) {}
}

fn cannot_start(program: &str, error: &std::io::Error) -> TransportError {
    let detail = format!("cannot start {program}: {error}");
    match program {
        "sudo" => TransportError::SudoRefused { detail },
        _ => TransportError::Other { detail },
    }
}
