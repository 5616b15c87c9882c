//! The ports that the new model publishes are free, or this stack's own.

use serde_json::Value;

use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::facts::Listening;
use crate::inventory::Severity;

pub(super) const CHECK: Check =
    Check { id: "ports", title: "published ports", severity: Severity::High, judge };

/// A port that a service wants on the droplet; no address is every address.
struct Wanted<'a> {
    service: &'a str,
    address: Option<&'a str>,
    port: u16,
}

fn judge(subject: &Subject<'_>) -> Verdict {
    let Some(Ok(model)) = subject.staged.map(|staged| &staged.model) else {
        return Verdict::skip("no compose file was read");
    };
    let listeners = match known(&subject.facts.listeners) {
        Ok(listeners) => listeners,
        Err(verdict) => return verdict,
    };
    if let Err(verdict) = known(&subject.facts.containers) {
        return verdict;
    }
    let (wanted, unclear) = wanted(&model.json, &subject.env.stack.profiles);
    let mut held = Vec::new();
    for want in wanted.iter().filter(|want| !is_own(subject, want)) {
        let holder = listeners.iter().find(|l| l.port == want.port && overlap(want.address, &l.address));
        held.extend(holder.map(|holder| line(want, holder)));
    }
    if !held.is_empty() {
        return Verdict::fail(
            some_of(held, 4),
            "stop what holds it (on the droplet: sudo ss -ltnp; docker ps), or publish another port in the compose file",
        );
    }
    let mut evidence = match wanted.len() {
        0 => "none published".to_owned(),
        _ => some_of(wanted.iter().map(|want| want.port.to_string()), 8) + " free, or held by this stack",
    };
    if !unclear.is_empty() {
        evidence.push_str(&format!("; known only with .env: {}", some_of(unclear, 4)));
    }
    Verdict::pass(evidence)
}

fn line(want: &Wanted<'_>, holder: &Listening) -> String {
    let process = holder.process.as_deref().unwrap_or("another process");
    let who = match process.starts_with("docker-proxy(") {
        true => format!("{process}, a container of another stack"),
        false => process.to_owned(),
    };
    format!("port {} of {} is held by {who} on {}", want.port, want.service, holder.address)
}

/// A container of this project publishes it, now or as soon as it starts.
fn is_own(subject: &Subject<'_>, want: &Wanted<'_>) -> bool {
    let containers = subject.facts.containers.iter().flatten();
    let running = containers.filter(|container| container.running());
    running.flat_map(|c| &c.ports).any(|port| port.host == want.port && overlap(want.address, &port.address))
}

fn overlap(wanted: Option<&str>, held: &str) -> bool {
    let every = |address: &str| matches!(address, "" | "0.0.0.0" | "::" | "*");
    let wanted = wanted.unwrap_or_default().trim_matches(['[', ']']);
    every(wanted) || every(held) || wanted == held
}

/// The TCP ports of the services that will run, and the entries that only `.env` can tell.
fn wanted<'a>(model: &'a Value, profiles: &[String]) -> (Vec<Wanted<'a>>, Vec<String>) {
    let (mut wanted, mut unclear) = (Vec::new(), Vec::new());
    for (service, body) in model.get("services").and_then(Value::as_object).into_iter().flatten() {
        if !runs(body, profiles) {
            continue;
        }
        for entry in body.get("ports").and_then(Value::as_array).into_iter().flatten() {
            match published(entry) {
                Published::At(address, port) => wanted.push(Wanted { service, address, port }),
                Published::Unclear => unclear.push(format!("{service} {entry}")),
                Published::Nowhere => {}
            }
        }
    }
    (wanted, unclear)
}

/// A service without profiles always runs, one with profiles when the stack names one of them.
fn runs(body: &Value, profiles: &[String]) -> bool {
    let own = body.get("profiles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    own.is_empty() || own.iter().filter_map(Value::as_str).any(|name| profiles.iter().any(|p| p == name))
}

enum Published<'a> {
    At(Option<&'a str>, u16),
    /// A variable or a range stands where the port should.
    Unclear,
    /// Not TCP, or on whatever port is free.
    Nowhere,
}

/// The long form, or the short one `[address:]published:target[/tcp]`.
fn published(entry: &Value) -> Published<'_> {
    match entry {
        Value::Object(long) => {
            let text = |key: &str| long.get(key).and_then(Value::as_str);
            if text("protocol").is_some_and(|protocol| protocol != "tcp") {
                return Published::Nowhere;
            }
            match (text("published"), long.get("published").and_then(Value::as_u64)) {
                (Some(port), _) => at(text("host_ip"), port),
                (None, Some(port)) => {
                    u16::try_from(port).map_or(Published::Unclear, |p| Published::At(text("host_ip"), p))
                }
                (None, None) => Published::Nowhere,
            }
        }
        Value::String(short) if short.contains('$') => Published::Unclear,
        Value::String(short) if short.ends_with("/udp") => Published::Nowhere,
        Value::String(short) => match short.rsplit_once(':') {
            Some((front, _)) => match front.rsplit_once(':') {
                Some((address, port)) => at(Some(address), port),
                None => at(None, front),
            },
            None => Published::Nowhere,
        },
        _ => Published::Nowhere,
    }
}

fn at<'a>(address: Option<&'a str>, port: &str) -> Published<'a> {
    match port.parse() {
        Ok(port) if !address.is_some_and(|address| address.contains('$')) => Published::At(address, port),
        _ => Published::Unclear,
    }
}
