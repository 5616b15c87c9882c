//! Telling others how a run ended, and what changed in health: chats, programs, mail; all at once, each within its time.
//!
//! Whoever cannot be told changes nothing of the run: that is a sentence for the operator. Nothing that is told holds a
//! secret. Deliberately absent: what of health is news (`checks::health`), and telling again how a run ended.

mod payload;

use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::{Instant, timeout};

use crate::bundle::redacted;
use crate::error::Error;
use crate::exit::Exit;
use crate::inventory::trust::Trust;
use crate::inventory::{self, Notify, NotifyKind, NotifyOn, Source, Value, recipients};
use crate::record::RunRecord;
use crate::secret::Secret;
use crate::text::{printable, shorten};
use crate::transport::{http, smtp};
use crate::world::World;

pub use payload::{SCHEMA, json, mail, mattermost, plain, slack};

/// The longest that telling everybody may take, secrets and names included.
pub const LIMIT: Duration = Duration::from_secs(5);
/// A text of an error says enough in so many letters.
const LONGEST: usize = 500;
/// Of many changes each says less.
const LONGEST_EVIDENCE: usize = 200;
/// More checks than a droplet has.
const MOST_CHANGES: usize = 100;

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Succeeded,
    Failed,
    PutBack,
    /// Health changed, and something is not well.
    Unwell,
    /// Health changed, and all is well again.
    Well,
    /// By `ops notify test`: everybody hears of it.
    Test,
}

impl What {
    /// `None`: nothing has ended that others have to know of.
    pub fn of(exit: Exit) -> Option<Self> {
        match exit {
            Exit::Done => Some(What::Succeeded),
            Exit::PutBack => Some(What::PutBack),
            Exit::NotApproved | Exit::Usage | Exit::Locked | Exit::Changed | Exit::Interrupted => None,
            _ => Some(What::Failed),
        }
    }

    fn is_for(self, channel: &Notify) -> bool {
        let on = |on: NotifyOn| channel.on.contains(&on);
        match self {
            What::Succeeded => on(NotifyOn::Succeeded),
            What::Failed => on(NotifyOn::Failed),
            What::PutBack => on(NotifyOn::PutBack),
            What::Unwell | What::Well => on(NotifyOn::Health),
            What::Test => true,
        }
    }

    /// Of a run; else there is none to look at.
    fn ends_a_run(self) -> bool {
        matches!(self, What::Succeeded | What::Failed | What::PutBack)
    }

    pub fn word(self) -> &'static str {
        match self {
            What::Succeeded => "succeeded",
            What::Failed => "failed",
            What::PutBack => "put-back",
            What::Unwell => "unwell",
            What::Well => "well",
            What::Test => "test",
        }
    }
}

/// How a run ended, or what changed in health, ready to be told: printable, of a sane size, without what looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub what: What,
    pub env: String,
    pub command: String,
    pub run: String,
    pub title: String,
    pub operator: String,
    pub reason: Option<String>,
    pub release: Option<String>,
    pub exit: u8,
    /// RFC 3339, UTC.
    pub at: String,
    pub seconds: u64,
    pub droplet: Option<String>,
    pub step: Option<String>,
    pub why: Option<String>,
    /// How the environment is, in a message of health: `ok`, `warning`, `unknown`, `critical`.
    pub status: Option<&'static str>,
    pub changes: Vec<Changed>,
}

/// A check whose status is another than the one that was told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub droplet: String,
    pub check: String,
    pub was: &'static str,
    pub now: &'static str,
    pub evidence: String,
}

impl Told {
    /// None where this end is nobody's business.
    pub fn of(record: &RunRecord, exit: Exit, error: Option<&Error>, seconds: u64) -> Option<Self> {
        let why = error.map(|error| {
            let reasons = error.why.iter().map(|why| format!("; {why}"));
            error.what.clone() + &reasons.collect::<String>()
        });
        Some(Self {
            what: What::of(exit)?,
            env: fit(&record.env),
            command: fit(&record.command),
            run: fit(&record.id),
            title: fit(&record.title),
            operator: fit(&record.operator),
            reason: record.reason.as_deref().map(fit),
            release: record.release.as_deref().map(fit),
            exit: exit.code(),
            at: fit(record.ended.as_deref().unwrap_or(&record.started)),
            seconds,
            droplet: error.and_then(|error| error.droplet.as_deref()).map(fit),
            step: error.and_then(|error| error.step.as_deref()).map(fit),
            why: why.as_deref().map(fit),
            status: None,
            changes: Vec::new(),
        })
    }

    /// `status`: how the environment is now. Of very many changes the first are told.
    pub fn health(
        env: &str,
        status: &'static str,
        title: String,
        changes: Vec<Changed>,
        operator: &str,
        at: &str,
    ) -> Self {
        let changed = |one: Changed| Changed {
            droplet: fit(&one.droplet),
            check: fit(&one.check),
            evidence: shorten(&fit(&one.evidence), LONGEST_EVIDENCE),
            ..one
        };
        let changes = changes.into_iter().take(MOST_CHANGES).map(changed).collect();
        let well = status == "ok";
        let what = if well { What::Well } else { What::Unwell };
        let exit = if well { Exit::Done } else { Exit::Checks };
        let told = Self::plain(what, env, "health", operator, at.to_owned());
        Self { title, exit: exit.code(), changes, status: Some(status), ..told }
    }

    pub fn test(env: &str, operator: &str, at: String) -> Self {
        let title = "a test: nothing has happened".to_owned();
        Self { title, ..Self::plain(What::Test, env, "notify test", operator, at) }
    }

    /// Of no run.
    fn plain(what: What, env: &str, command: &str, operator: &str, at: String) -> Self {
        Self {
            what,
            env: fit(env),
            command: command.to_owned(),
            run: String::new(),
            title: String::new(),
            operator: fit(operator),
            reason: None,
            release: None,
            exit: 0,
            at,
            seconds: 0,
            droplet: None,
            step: None,
            why: None,
            status: None,
            changes: Vec::new(),
        }
    }
}

fn fit(text: &str) -> String {
    shorten(redacted(&printable(text)).trim_end(), LONGEST)
}

/// How one channel took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub kind: &'static str,
    /// A host, or where its address is kept.
    pub place: String,
    /// What it answered; or why it was not told.
    pub answer: Result<String, String>,
    pub millis: u64,
}

/// Tells all channels that want to hear it, at once; the answers are in their order.
pub async fn tell(channels: &[Notify], told: &Told, world: &World, trust: Trust) -> Vec<Sent> {
    let wanting = channels.iter().filter(|channel| told.what.is_for(channel));
    join_all(wanting.map(|channel| one(channel, told, world, trust))).await
}

/// Whether anybody wants to hear it.
pub fn wanted(channels: &[Notify], what: What) -> bool {
    channels.iter().any(|channel| what.is_for(channel))
}

async fn one(channel: &Notify, told: &Told, world: &World, trust: Trust) -> Sent {
    let begin = Instant::now();
    let mut place = kept(&channel.url);
    let answer = match timeout(LIMIT, say(channel, told, world, trust, &mut place)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    };
    let millis = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    Sent { kind: kind(channel.kind), place, answer, millis }
}

async fn say(
    channel: &Notify,
    told: &Told,
    world: &World,
    trust: Trust,
    place: &mut String,
) -> Result<String, String> {
    let url = value(&channel.url, world, trust).await?;
    if let Some(server) = &channel.smtp {
        *place = printable(&server.host);
        let to = recipients(url.expose())?;
        let password = match &server.password {
            Some(password) => Some(value(password, world, trust).await?),
            None => None,
        };
        let letter = mail(told, &server.from, &to);
        let taken = smtp::send(server, password.as_ref(), &to, &letter).await?;
        return Ok(first_line(&taken, url.expose()));
    }
    if let Some(host) = http::host(url.expose()) {
        *place = host;
    }
    let (address, form, body) = match channel.kind {
        NotifyKind::Slack => (url.expose().to_owned(), JSON, slack(told)),
        NotifyKind::Mattermost => (url.expose().to_owned(), JSON, mattermost(told)),
        // What it is told there changes no state of the check.
        NotifyKind::Healthchecks => {
            (format!("{}/log", url.expose().trim_end_matches('/')), TEXT, plain(told))
        }
        NotifyKind::Webhook | NotifyKind::Email => (url.expose().to_owned(), JSON, json(told)),
    };
    let answer = http::post(&address, form, body).await?;
    let text = first_line(&answer.text, url.expose());
    match answer.status {
        200..300 => Ok(format!("{} {text}", answer.status).trim_end().to_owned()),
        300..400 => Err(format!("it answers {}: it has moved, and nobody is followed", answer.status)),
        status => Err(format!("it answers {status} {text}").trim_end().to_owned()),
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// The begin of what somebody answered, who may answer with the address it was asked at.
fn first_line(text: &str, url: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let hidden = if path.is_empty() { text.to_owned() } else { text.replace(path, "***") };
    shorten(&printable(hidden.lines().next().unwrap_or_default()), 60)
}

async fn value(value: &Value, world: &World, trust: Trust) -> Result<Secret, String> {
    match value {
        Value::Plain(text) => Ok(Secret::new(text.clone())),
        Value::Secret(source) => inventory::resolve(source, world, trust).await.map_err(|error| {
            let why = error.why.first().map(|why| format!("; {why}")).unwrap_or_default();
            format!("{error}{why}")
        }),
    }
}

/// Where the address is kept, until its host is known.
fn kept(value: &Value) -> String {
    match value {
        Value::Plain(_) => "address".to_owned(),
        Value::Secret(Source::Env(name)) => format!("${name}"),
        Value::Secret(Source::File(path)) => printable(&path.display().to_string()),
        Value::Secret(Source::Cmd(words)) => printable(words.first().map_or("", String::as_str)),
    }
}

fn kind(kind: NotifyKind) -> &'static str {
    match kind {
        NotifyKind::Slack => "slack",
        NotifyKind::Mattermost => "mattermost",
        NotifyKind::Webhook => "webhook",
        NotifyKind::Healthchecks => "healthchecks",
        NotifyKind::Email => "email",
    }
}
