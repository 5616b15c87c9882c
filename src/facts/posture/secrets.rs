//! Files with secrets that others may read, and secrets that git keeps. Only places are told, never what is there.

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Secrets {
    /// Files that others may read: `/opt/odoo/.env 644`.
    pub loose: Vec<String>,
    /// Files that git tracks now: `.env`.
    pub tracked: Vec<String>,
    /// Files that a commit had: `a1b2c3d4 id_rsa`.
    pub committed: Vec<String>,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.secrets",
    &[r#"
[ -d "$1" ] || { echo "there is no $1" >&2; exit 1; }
find "$1" -maxdepth 3 \( -name '.git' -prune \) -o -type f ! -name '*.pub' ! -name '*.example' \
    \( \( -name '.env*' -o -name '*.pem' -o -name '*.key' -o -name 'id_*' \) -perm /077 -o -name 'odoo*.conf' -perm /027 \) -printf 'loose\t%p %m\n' 2>/dev/null | head -n 50
git -c safe.directory='*' -C "$1" rev-parse --git-dir >/dev/null 2>&1 || { echo 'all	yes'; exit 0; }
names='(^|/)(\.env(\.[a-z]+)?|id_(rsa|dsa|ecdsa|ed25519)|[^/]*\.(pem|key|p12|pfx)|\.pgpass|\.netrc)$'
mine() { grep -E "$names" | grep -vE '\.(example|sample|template|dist)$'; }
git -c safe.directory='*' -C "$1" ls-files | mine | sed 's/^/tracked\t/' | head -n 50
timeout 10 git -c safe.directory='*' -C "$1" log --all --diff-filter=A --name-only --format='%h' -n 5000 2>/dev/null |
    awk 'NF == 1 && /^[0-9a-f]+$/ { commit = $1; next } NF { print commit " " $0 }' | grep -E "${names#(^|/)}" | awk '{ print "committed\t" $0 }' |
    grep -vE '\.(example|sample|template|dist)$' | head -n 50
echo 'all	yes'
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.stack.path.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<Secrets> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("where secrets are cannot be understood"));
    }
    let lines = |key: &str| fields.all(key).map(str::to_owned).collect::<Vec<_>>();
    Ok(Secrets { loose: lines("loose"), tracked: lines("tracked"), committed: lines("committed") })
}
