//! What is said, in the form that each kind of channel wants. Pure; the texts are printable already.
//!
//! What a droplet or a person wrote stands where it is only text: no mention, no link, no header of a mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::{Changed, Told, What};

pub const SCHEMA: &str = "ops.notification/1";

/// `ops.notification/1`, for programs.
pub fn json(told: &Told) -> String {
    let Told {
        what,
        env,
        command,
        run,
        title,
        operator,
        reason,
        release,
        exit,
        at,
        seconds,
        droplet,
        step,
        why,
        status,
        changes,
    } = told;
    let run = what.ends_a_run().then_some(run);
    json!({
        "schema": SCHEMA, "event": what.word(), "env": env, "command": command, "run": run, "title": title,
        "operator": operator, "reason": reason, "release": release, "exit": exit, "at": at, "seconds": seconds,
        "droplet": droplet, "step": step, "why": why, "status": status, "changes": changes,
    })
    .to_string()
}

/// A title, and lines of details.
pub fn plain(told: &Told) -> String {
    format!("{}\n{}", headline(told), details(told).join("\n"))
}

/// In a block of code nothing is a mention or a link; the three signs that Slack reads even there are escaped.
pub fn slack(told: &Told) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    message(&format!("*{}*\n```\n{}\n```", escaped(&headline(told)), escaped(&block(told))))
}

pub fn mattermost(told: &Told) -> String {
    message(&format!("**{}**\n```\n{}\n```", headline(told), block(told)))
}

fn message(text: &str) -> String {
    let mut message = Value::Null;
    message["text"] = text.into();
    message.to_string()
}

/// Details that cannot end the block they stand in.
fn block(told: &Told) -> String {
    details(told).join("\n").replace('`', "'")
}

/// Headers, an empty line and the text, as a server takes it. All of the text is encoded, so that no line of it is too
/// long, ends the mail, or begins a header.
pub fn mail(told: &Told, from: &str, to: &[String]) -> String {
    let subject = BASE64.encode(headline(told));
    let body = BASE64.encode(plain(told) + "\n");
    let lines: Vec<&str> =
        body.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    // A reader that gets it twice, by two servers, shows it once.
    let id: String = told.run.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
    let id = match told.what.ends_a_run() {
        false => String::new(),
        true => format!("Message-ID: <{id}.{}@ops.invalid>\r\n", told.what.word()),
    };
    format!(
        "From: ops <{from}>\r\nTo: {}\r\nSubject: =?UTF-8?B?{subject}?=\r\n{}{id}Auto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        to.join(", "),
        date(&told.at),
        lines.join("\r\n"),
    )
}

/// `Date:` as mail has it; without one where the time cannot be read.
fn date(at: &str) -> String {
    let time: Option<jiff::Timestamp> = at.parse().ok();
    time.map(|time| time.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n").to_string()).unwrap_or_default()
}

/// Names of the inventory's and of ops alone.
fn headline(told: &Told) -> String {
    let Told { command, env, .. } = told;
    match told.what {
        What::Succeeded => format!("ops: {command} of {env} succeeded"),
        What::Failed => format!("ops: {command} of {env} FAILED, look at it"),
        What::PutBack => format!("ops: {command} of {env} failed and was put back"),
        What::Unwell => {
            format!("ops: {env} is {}", told.status.unwrap_or_default().to_uppercase())
        }
        What::Well => format!("ops: {env} is well again"),
        What::Test => format!("ops: a test for {env}"),
    }
}

fn details(told: &Told) -> Vec<String> {
    let ended = told.what.ends_a_run();
    let took = ended.then(|| match told.seconds {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    });
    let place = match (&told.droplet, &told.step) {
        (Some(droplet), Some(step)) => Some(format!("{droplet}, step {step}")),
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    };
    let look = match told.what {
        What::Failed | What::PutBack => Some(format!("ops runs show {}", told.run)),
        What::Unwell => Some(format!("ops health {}", told.env)),
        _ => None,
    };
    let lines = [
        ("what", Some(told.title.clone())),
        ("why", told.why.clone()),
        ("where", place),
        ("release", told.release.clone()),
        ("by", Some(told.operator.clone())),
        ("reason", told.reason.clone()),
        ("took", took),
        ("at", Some(told.at.clone())),
        ("run", ended.then(|| told.run.clone())),
        ("look", look),
    ];
    let lines = lines.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", text?)));
    changes(&told.changes).into_iter().chain(lines).collect()
}

/// A person reads so many.
const SHOWN: usize = 20;

/// What changed on a droplet for one reason is one line.
fn changes(all: &[Changed]) -> Vec<String> {
    let mut gathered: Vec<(&Changed, usize)> = Vec::new();
    for one in all {
        let of = |one: &Changed| (one.droplet.clone(), one.was, one.now, one.evidence.clone());
        match gathered.iter_mut().find(|(first, _)| of(first) == of(one)) {
            Some((_, others)) => *others += 1,
            None => gathered.push((one, 0)),
        }
    }
    let rest: usize = gathered.iter().skip(SHOWN).map(|(_, others)| others + 1).sum();
    let shown = gathered.iter().take(SHOWN).map(|(one, others)| changed(one, *others));
    shown.chain((rest > 0).then(|| format!("and {rest} more"))).collect()
}

/// The status first, so that the eye finds the worst.
fn changed(change: &Changed, others: usize) -> String {
    let Changed { droplet, check, was, now, evidence } = change;
    let check = if others > 0 { format!("{check} and {others} more") } else { check.clone() };
    let loud = matches!(*now, "critical" | "unknown");
    let word = if loud { now.to_uppercase() } else { (*now).to_owned() };
    format!("{word} {droplet} {check}: {evidence} (was {was})")
}
