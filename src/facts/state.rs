//! What `ops` itself keeps on the droplet: releases, runs, the lock; and the droplet's clock.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Probe;
use super::fields::Fields;
use crate::cmd::Cmd;
use crate::inventory::Environment;
use crate::program::Program;
use crate::record::{Holder, Release, RunRecord};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Of the containers, else of the directory whose `stack` file names this stack.
    pub project: Option<String>,
    /// `state_dir` exists and is writable, or can be made.
    pub writable: bool,
    pub lock: Option<Holder>,
    /// The droplet's clock, seconds since the epoch.
    pub now: i64,
    pub current: Option<String>,
    /// Oldest first.
    pub releases: Vec<Release>,
    /// Newest first, at most 50.
    pub runs: Vec<RunRecord>,
    /// Records that are there and cannot be read: `release 0`, `lock lock`.
    pub unreadable: Vec<String>,
}

// Every record becomes one line: a newline in JSON is never part of a text. A file of more than
// 64 KiB is none of ours and arrives cut, so that it cannot be read.
pub(super) const PROBE: Program = Program::shell(
    "facts.state",
    &[r#"
printf 'now\t%s\n' "$(date +%s)"
case $1 in /*) dir=$1 ;; *) dir=/ ;; esac
until [ -e "${dir:-/}" ]; do dir=${dir%/*}; done
dir=${dir:-/}
[ ! -d "$dir" ] || [ ! -w "$dir" ] || printf 'writable\tyes\n'
foreign() { printf '%s belongs to another user\n' "$1" >&2; exit 3; }
[ "$dir" != "$1" ] || [ -r "$dir" ] && [ -x "$dir" ] || foreign "$dir"
[ -z "$OPS_PROJECT" ] || printf 'project\t%s\n' "$OPS_PROJECT"
[ -n "$OPS_STATE" ] || exit 0
cd "$OPS_STATE" && [ -r . ] || foreign "$OPS_STATE"
records() { # kind, files `../name/file`
    kind=$1
    shift
    for file; do
        shift
        name=${file%/*} name=${name##*/}
        case $name in *[!A-Za-z0-9._-]* | .*) continue ;; esac
        [ ! -f "$file" ] || set -- "$@" "$file"
    done
    [ $# -eq 0 ] || awk -v kind="$kind" 'BEGIN {
        for (i = 1; i < ARGC; i++) {
            parts = split(ARGV[i], part, "/")
            text = ""
            while (length(text) < 65536 && (getline line <ARGV[i]) > 0) text = text line
            close(ARGV[i])
            gsub(/[\t\r]/, " ", text)
            print kind "\t" part[parts - 1] "\t" substr(text, 1, 65536)
        }
    }' "$@"
}
current=
[ ! -f releases/current ] || IFS= read -r current <releases/current
printf 'current\t%s\n' "$current"
records lock ./lock/holder.json
records release releases/*/release.json
# shellcheck disable=SC2010,SC2046  # the newest 50; grep leaves names out that the shell could split
[ ! -d runs ] || records run $(ls -1t runs | grep -v '[^A-Za-z0-9._-]' | head -n 50 | sed 's#.*#runs/&/run.json#')
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.state_dir.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<State> {
    let fields = Fields::read(text);
    let mut unreadable = Vec::new();
    let lock = records(&fields, "lock", |_| None, &mut unreadable).pop();
    let mut releases: Vec<Release> =
        records(&fields, "release", |release: &Release| Some(&release.id), &mut unreadable);
    releases.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
    let mut runs: Vec<RunRecord> = records(&fields, "run", |run: &RunRecord| Some(&run.id), &mut unreadable);
    runs.sort_by(|a, b| (&b.started, &b.id).cmp(&(&a.started, &a.id)));
    Ok(State {
        project: fields.text("project"),
        writable: fields.flag("writable"),
        lock,
        now: fields.number("now")?,
        current: fields.text("current"),
        releases,
        runs,
        unreadable,
    })
}

/// The records of one kind; those that cannot be read are named and not silently left out.
fn records<T: DeserializeOwned>(
    fields: &Fields<'_>,
    kind: &str,
    id: fn(&T) -> Option<&str>,
    unreadable: &mut Vec<String>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (name, json) in fields.all(kind).filter_map(|value| value.split_once('\t')) {
        // The name of the directory was checked on the droplet; what the file says of itself was not.
        match serde_json::from_str(json) {
            Ok(record) if id(&record).is_none_or(|id| id == name) => all.push(record),
            _ => unreadable.push(format!("{kind} {name}")),
        }
    }
    all
}
