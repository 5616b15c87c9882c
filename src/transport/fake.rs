//! A droplet for pure tests: answers come from a closure, every call is recorded.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Call, OnChunk, Output, Transport, TransportError};
use crate::cmd::Cmd;

/// What the droplet does with one command.
#[derive(Debug, Clone)]
pub enum FakeAnswer {
    Output(Output),
    /// The command did not start, or its end is unknown ([`TransportError::NoStatus`]); what the
    /// closure itself changed has happened either way.
    Error(TransportError),
    /// Answers after a time; a call whose own time is shorter gets no status.
    After(Duration, Box<FakeAnswer>),
}

impl FakeAnswer {
    /// Exit 0 with this on stdout.
    pub fn ok(stdout: impl Into<String>) -> Self {
        Self::Output(Output { stdout: stdout.into().into_bytes(), ..Output::default() })
    }

    pub fn exit(code: i32, stderr: impl Into<String>) -> Self {
        Self::Output(Output { code, stderr: stderr.into().into_bytes(), ..Output::default() })
    }

    /// The effect happened and nobody heard of it.
    pub fn no_status() -> Self {
        Self::Error(TransportError::NoStatus { detail: "the link was cut".to_owned() })
    }
}

/// One call, as the droplet saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub cmd: Cmd,
    /// The command's own stdin text, then the length of the secret that followed it; never the secret.
    pub stdin: Option<String>,
    pub secret_bytes: usize,
}

type Answer = dyn Fn(&Cmd) -> FakeAnswer + Send + Sync;

/// See the module.
pub struct Fake {
    droplet: String,
    answer: Box<Answer>,
    calls: Mutex<Vec<Recorded>>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fake").field("droplet", &self.droplet).finish_non_exhaustive()
    }
}

impl Fake {
    pub fn new(droplet: &str, answer: impl Fn(&Cmd) -> FakeAnswer + Send + Sync + 'static) -> Self {
        Self { droplet: droplet.to_owned(), answer: Box::new(answer), calls: Mutex::default() }
    }

    /// Answers in this order, whatever is asked; afterwards nothing starts any more.
    pub fn scripted(droplet: &str, answers: impl IntoIterator<Item = FakeAnswer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::new(droplet, move |_| {
            let next = answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let over = || TransportError::Lost { detail: "the script of answers is over".to_owned() };
            next.unwrap_or_else(|| FakeAnswer::Error(over()))
        })
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Recorded> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Transport for Fake {
    fn droplet(&self) -> &str {
        &self.droplet
    }

    async fn run(&self, call: Call<'_>) -> Result<Output, TransportError> {
        let recorded = Recorded {
            cmd: call.cmd.clone(),
            stdin: call.cmd.stdin_text().map(str::to_owned),
            secret_bytes: call.input.map_or(0, |secret| secret.expose().len()),
        };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
        let mut answer = (self.answer)(call.cmd);
        let mut left = call.timeout;
        loop {
            match answer {
                FakeAnswer::Error(error) => return Err(error),
                FakeAnswer::After(delay, then) => {
                    tokio::time::sleep(delay.min(left)).await;
                    if delay >= left {
                        return Err(TransportError::NoStatus { detail: "time ran out".to_owned() });
                    }
                    left -= delay;
                    answer = *then;
                }
                FakeAnswer::Output(mut output) => {
                    output.truncated = output.stdout.len() > call.limit || output.stderr.len() > call.limit;
                    output.stdout.truncate(call.limit);
                    output.stderr.truncate(call.limit);
                    return Ok(output);
                }
            }
        }
    }

    async fn stream(&self, call: Call<'_>, on_chunk: OnChunk<'_>) -> Result<Output, TransportError> {
        let output = self.run(call).await?;
        on_chunk(&output.stdout);
        Ok(Output { stdout: Vec::new(), ..output })
    }

    async fn docker(&self) -> Result<bollard::Docker, TransportError> {
        Err(TransportError::Docker { detail: "a fake droplet has no engine".to_owned() })
    }

    async fn close(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[tokio::test]
    async fn calls_are_recorded_without_the_secret() {
        let fake = Fake::new("erp-1", |cmd| FakeAnswer::ok(cmd.argv().join(" ")));
        let (cmd, secret) = (Cmd::new("tee").arg("x").stdin("head"), Secret::new("canary".into()));
        let output = fake.run(Call::new(&cmd).input(&secret)).await.unwrap();
        assert_eq!(output.stdout, b"tee x");
        let calls = fake.calls();
        assert_eq!((calls[0].stdin.as_deref(), calls[0].secret_bytes), (Some("head"), 6));
        assert!(!format!("{calls:?}").contains("canary"));
    }

    #[tokio::test]
    async fn a_slow_answer_is_no_status() {
        let slow = || FakeAnswer::After(Duration::from_millis(70), Box::new(FakeAnswer::ok("late")));
        let fake = Fake::scripted("erp-1", [slow(), slow(), FakeAnswer::no_status()]);
        let cmd = Cmd::new("true");
        let hasty = Call::new(&cmd).timeout(Duration::from_millis(20));
        assert!(matches!(fake.run(hasty).await, Err(TransportError::NoStatus { .. })));
        let patient = Call::new(&cmd);
        assert_eq!(fake.run(patient).await.unwrap().stdout, b"late");
        assert!(matches!(fake.run(Call::new(&cmd)).await, Err(TransportError::NoStatus { .. })));
        assert!(matches!(fake.run(Call::new(&cmd)).await, Err(TransportError::Lost { .. })));
    }
}
