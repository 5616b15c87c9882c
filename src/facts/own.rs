//! The user's own checks: what each observed. Judging them is `checks`' business.

use std::collections::BTreeMap;

use serde::Serialize;

use super::database::INSIDE;
use super::frame::Answers;
use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::inventory::{Droplet, Environment, UserProbe, When};
use crate::program::Program;

/// What a user's own check saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Observed {
    Http { status: u16, millis: u64, contains: bool },
    Sql { value: String },
    Tcp { open: bool },
}

// Asked of the web container itself, at the address it has on the droplet, whatever it publishes.
// Redirects stay there too. `$1` the site's name, `$2` the path, `$3` the text looked for, `$4`
// seconds.
pub(super) const HTTP: Program = Program::shell(
    "facts.own.http",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_WEB" ] || { echo 'no web container runs here' >&2; exit 3; }
at=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{"\n"}}{{end}}{{range $port, $x := .NetworkSettings.Ports}}port {{$port}}{{"\n"}}{{end}}' "$OPS_WEB") || exit
ip=$(printf '%s\n' "$at" | sed -n '/^[0-9a-f.:][0-9a-f.:]*$/{p;q;}')
port=$(printf '%s\n' "$at" | sed -n 's#^port \([0-9]*\)/tcp$#\1#p' | sort -n | { sed -n '1h;/^8069$/h;${g;p;}'; })
[ -n "$ip" ] || { echo 'the web container has no address' >&2; exit 3; }
answer=$(curl -q -sS -g -L --max-redirs 5 --proto '=http' --noproxy '*' --max-time "$4" \
    --connect-to "::$ip:${port:-8069}" -w '\n%{http_code} %{time_total}' --url "http://$1$2" | head -c 4000000)
printf '%s\n' "$answer" | tail -n 1
case $answer in *"$3"*) echo contains ;; esac
"#],
);

// The query is a part of one SELECT, so no other statement can be made of it.
pub(super) const SQL: Program = Program::shell(
    "facts.own.sql",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_DB" ] || { echo 'no database container runs here' >&2; exit 3; }
exec docker exec "$OPS_DB" sh -c "$1" ops "$2" "$3"
"#],
);

pub(super) const SQL_INSIDE: Program = Program::shell("facts.own.sql.ask", &[INSIDE, SELECT]);

const SELECT: &str = r#"
PGDATABASE="$1" ask -F "$(printf '\037')" -c "$2"
"#;

// dash knows no sockets; bash is on every Debian and Ubuntu.
pub(super) const TCP: Program = Program::shell(
    "facts.own.tcp",
    &[r#"
if timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null; then echo open; else echo closed; fi
"#],
);

/// The probes of a phase that this droplet can answer, named by their place in the inventory.
pub(super) fn probes<'a>(
    env: &'a Environment,
    droplet: &'a Droplet,
    when: When,
) -> impl Iterator<Item = (String, Cmd)> + 'a {
    env.checks_of(droplet, when).map(|(place, check)| (format!("own.{place}"), probe(env, &check.probe)))
}

/// The question that a check of the user's own asks, for a shell that knows the containers as OPS_WEB and OPS_DB.
pub fn probe(env: &Environment, probe: &UserProbe) -> Cmd {
    match probe {
        UserProbe::Http { path, contains, max_time, .. } => {
            let site =
                env.proxy.as_ref().map(|proxy| proxy.server_name.as_str()).filter(|name| is_name(name));
            let seconds = max_time.map_or(10, |time| time.as_secs().saturating_add(2).min(18));
            let contains = contains.as_deref().unwrap_or_default();
            Cmd::script(HTTP, [site.unwrap_or("localhost"), path, contains, &seconds.to_string()])
        }
        UserProbe::Sql { query, .. } => match select(query) {
            Ok(select) => {
                Cmd::script(SQL, [SQL_INSIDE.text().as_str(), env.stack.database.as_str(), select.as_str()])
            }
            Err(why) => refused(why),
        },
        UserProbe::Tcp { address } => match address.rsplit_once(':') {
            Some((host, port)) if is_name(host.trim_matches(['[', ']'])) && port.parse::<u16>().is_ok() => {
                Cmd::script(TCP, [host.trim_matches(['[', ']']), port])
            }
            _ => refused("it is no address:port"),
        },
    }
}

pub(super) const REFUSED: Program =
    Program::shell("facts.own.refused", &["printf '%s\\n' \"$1\" >&2; exit 3"]);

/// A check that is not asked: the reason stands where its answer would.
fn refused(why: &str) -> Cmd {
    Cmd::script(REFUSED, [why])
}

/// What can stand in an address without being anything else.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    !name.is_empty()
        && name.bytes().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':')
}

/// The query inside a SELECT of ours.
fn select(query: &str) -> Result<String, &'static str> {
    let query = query.trim().trim_end_matches(';');
    if query.contains(';') {
        return Err("its sql has a semicolon; it must be one SELECT");
    }
    Ok(format!("select * from (\n{query}\n) as checked limit 1"))
}

pub(super) fn parse(env: &Environment, answers: &Answers) -> BTreeMap<String, Probe<Observed>> {
    let places =
        answers.names().filter_map(|name| Some((name, name.strip_prefix("own.")?.parse::<usize>().ok()?)));
    places
        .filter_map(|(name, place)| {
            let check = env.checks.get(place)?;
            let observed = answers.of(name).and_then(|text| read(&check.probe, &text));
            Some((check.name.clone(), observed))
        })
        .collect()
}

fn read(probe: &UserProbe, text: &str) -> Probe<Observed> {
    match probe {
        UserProbe::Http { .. } => http(text),
        UserProbe::Sql { .. } => {
            let value = text.strip_suffix('\n').unwrap_or(text).split('\x1f').next().unwrap_or_default();
            Ok(Observed::Sql { value: crate::text::shorten(value, 500) })
        }
        UserProbe::Tcp { .. } => Ok(Observed::Tcp { open: text.trim() == "open" }),
    }
}

/// `200 0.123456`, and a second line where the text was found.
fn http(text: &str) -> Probe<Observed> {
    let unclear = || ProbeFailure::new(format!("curl cannot be understood: {text}"));
    let mut lines = text.lines();
    let (status, seconds) = lines.next().and_then(|line| line.split_once(' ')).ok_or_else(unclear)?;
    let status: u16 = status.parse().map_err(|_| unclear())?;
    let seconds: f64 = seconds.parse().map_err(|_| unclear())?;
    if status == 0 {
        return Err(ProbeFailure::new("the web container did not answer"));
    }
    let millis = (seconds.clamp(0.0, 3600.0) * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
    let millis = millis as u64;
    Ok(Observed::Http { status, millis, contains: lines.next() == Some("contains") })
}
