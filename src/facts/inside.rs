//! A program of ours inside Odoo's container, for probes: its own command tells how Odoo is set up.

use crate::cmd::Cmd;
use crate::program::Program;

// The words of the container's command are data: they pass as arguments, behind ours.
pub(super) const PROBE: Program = Program::shell(
    "facts.inside",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_WEB" ] && [ "$(docker inspect -f '{{.State.Status}}' "$OPS_WEB")" = running ] || exit 0
words=$(docker inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' "$OPS_WEB") || exit
while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <<EOT
$words
EOT
exec docker exec "$OPS_WEB" python3 -c "$@"
"#],
);

/// A Python program and its first arguments. It prints nothing where no web container of the stack runs.
pub(super) fn python<'a>(program: Program, words: impl IntoIterator<Item = &'a str>) -> Cmd {
    Cmd::script(PROBE, [program.text()]).args(words)
}
