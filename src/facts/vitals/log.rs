//! Odoo's log: tracebacks, by what is the same in them, and logins that were refused.

use super::{Log, Traceback};
use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

// Both slots are read: what the old release logged too is not new. Docker's own times stand before each line, so that
// Odoo's time zone does not matter. Two first requests that make the same asset collide, and Odoo answers both.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.log",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_WEB" ] || exit 0
recent=$(date -u -d '15 minutes ago' +%Y-%m-%dT%H:%M:%S)
echo asked
for service in "$1" "$1-b"; do
    docker ps -aq --filter "label=com.docker.compose.project=$OPS_PROJECT" --filter "label=com.docker.compose.service=$service" \
        --filter label=com.docker.compose.oneoff=False
done | while read -r id; do
    docker logs --since 24h --tail 50000 -t "$id" 2>&1 || exit
done | awk -v recent="$recent" '
function end(   key) {
    if (tb && !harmless) {
        key = who ": " what (at == "" ? "" : " (" at ")")
        gsub(/[0-9]+/, "N", key); gsub(/\t/, " ", key)
        key = substr(key, 1, 300)
        if (!(key in count)) { order[++n] = key; first[key] = when }
        if (when < first[key]) first[key] = when
        if (when > last[key]) last[key] = when
        count[key]++
        if (when >= recent) fresh[key]++
    }
    tb = 0; harmless = 0; what = ""; at = ""
}
{ stamp = $1; line = substr($0, length($1) + 2) }
line ~ / Login failed for db:/ && stamp >= recent { refused++ }
line ~ /^[0-9]+-[0-9]+-[0-9]+ [0-9:,]+ [0-9]+ [A-Z]+ / { end(); split(line, w, " "); who = w[6]; sub(/:$/, "", who); when = stamp; next }
line ~ /^Traceback \(most recent call last\):/ { if (!tb && when == "") when = stamp; tb = 1; what = ""; at = ""; next }
tb && line ~ /^  File "/ { split(line, q, "\""); k = split(q[2], p, "/"); split(line, f, " in "); at = p[k] " in " f[2]; next }
tb && line ~ /^[A-Za-z_][A-Za-z0-9_.]*(:|$)/ { what = line; if (line ~ /The attachment is colliding with an existing file|^FileExistsError: .*\/filestore\/.*\/[0-9a-f][0-9a-f]/) harmless = 1 }
END { end(); print "refused\t" refused + 0; for (i = 1; i <= n && i <= 50; i++) { k = order[i]; print "traceback\t" count[k] "\t" fresh[k] + 0 "\t" first[k] "\t" last[k] "\t" k } }'
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.stack.web.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<Option<Log>> {
    if text.lines().next() != Some("asked") {
        return if text.is_empty() {
            Ok(None)
        } else {
            Err(ProbeFailure::new("the log cannot be understood"))
        };
    }
    let read = |line: &str| {
        let mut parts = line.splitn(5, '\t');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        Some(Traceback {
            count: next()?.parse().ok()?,
            recent: next()?.parse().ok()?,
            first: next()?.to_owned(),
            last: next()?.to_owned(),
            what: crate::text::printable(next()?),
        })
    };
    let unclear = |line: &str| ProbeFailure::new(format!("a traceback cannot be understood: {line}"));
    let fields = Fields::read(text);
    let all = fields.all("traceback").map(|line| read(line).ok_or_else(|| unclear(line)));
    let refused = fields.get("refused").map_or(Ok(0), |_| fields.number("refused"))?;
    Ok(Some(Log { tracebacks: all.collect::<Probe<Vec<_>>>()?, refused }))
}
