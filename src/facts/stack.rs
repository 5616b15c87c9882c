//! The stack's directory and the checkout in it.

use serde::Serialize;

use super::Probe;
use super::fields::Fields;
use crate::cmd::Cmd;
use crate::inventory::Environment;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackDir {
    pub exists: bool,
    /// The user who owns it (who, before it exists, owns its nearest parent).
    pub owner: String,
    pub writable: bool,
    pub env_file: bool,
    pub git: Option<Checkout>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkout {
    pub head: String,
    pub branch: Option<String>,
    pub remote: Option<String>,
    /// `git status --porcelain` lines of tracked files, bounded.
    pub dirty: Vec<String>,
}

// As root, git runs as the directory's owner: a checkout's own settings name programs that git
// starts, and what its owner wrote must not become root's. Where we are not root, we are ourselves.
// A remote may carry a password; it stays on the droplet.
pub(super) const PROBE: Program = Program::shell(
    "facts.stack",
    &[r#"
case $1 in /*) dir=$1 ;; *) dir=/ ;; esac
[ ! -d "$dir" ] || printf 'exists\tyes\n'
until [ -e "${dir:-/}" ]; do dir=${dir%/*}; done
dir=${dir:-/}
printf 'owner\t%s\n' "$(stat -L -c %U -- "$dir")"
[ ! -w "$dir" ] || printf 'writable\tyes\n'
[ -d "$1" ] || exit 0
[ ! -f "$1/.env" ] || printf 'env\tyes\n'
[ -e "$1/.git" ] || exit 0
ids=$(stat -L -c '%u %g' -- "$1")
export GIT_OPTIONAL_LOCKS=0
if [ "$(id -u)" = 0 ] && [ "${ids% *}" != 0 ] && command -v setpriv >/dev/null 2>&1; then
    as() { HOME=/ setpriv --reuid "${ids% *}" --regid "${ids#* }" --clear-groups "$@"; }
else
    as() { "$@"; }
fi
ask() {
    as git -c safe.directory='*' -c core.quotePath=true -c core.fsmonitor=false -C "$dir" "$@"
}
remote=$(ask config --get remote.origin.url | sed -e 's#^\(https*://\)[^/]*@#\1#' -e 's#^\([a-z+]*://[^/:@]*\):[^/]*@#\1@#')
printf 'remote\t%s\n' "$remote"
status=$(ask status --porcelain=v2 --branch --untracked-files=no) || exit
printf '%s\n' "$status" | head -n 60 | cut -b 1-400
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.stack.path.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<StackDir> {
    let fields = Fields::read(text);
    let git = text.lines().find_map(|line| line.strip_prefix("# branch.oid ")).map(|head| Checkout {
        head: head.to_owned(),
        branch: text
            .lines()
            .find_map(|line| line.strip_prefix("# branch.head "))
            .filter(|branch| *branch != "(detached)")
            .map(str::to_owned),
        remote: fields.text("remote"),
        dirty: text.lines().filter_map(dirty).collect(),
    });
    Ok(StackDir {
        exists: fields.flag("exists"),
        owner: fields.need("owner")?.to_owned(),
        writable: fields.flag("writable"),
        env_file: fields.flag("env"),
        git,
    })
}

/// A line of `git status --porcelain=v2` about a tracked file, as the first version writes it: two
/// letters, a blank, the path.
fn dirty(line: &str) -> Option<String> {
    let fields_before_path = match line.split_once(' ')?.0 {
        "1" => 8,
        "2" => 9,
        "u" => 10,
        _ => return None,
    };
    let letters = line.split(' ').nth(1)?.replace('.', " ");
    let path = line.splitn(fields_before_path + 1, ' ').last()?;
    // A renamed file is followed by a tab and where it came from.
    Some(format!("{letters} {}", path.split('\t').next()?))
}
