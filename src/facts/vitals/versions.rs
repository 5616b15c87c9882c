//! Which versions Odoo's container finds on disk of the modules that the inventory names.

use std::collections::BTreeMap;

use crate::cmd::Cmd;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

pub(super) const PROGRAM: Program = Program::python(
    "facts.vitals.versions.manifests",
    &[include_str!("../../tools/addons_paths.py"), include_str!("versions.py")],
);

// The container's own command tells where Odoo looks. Its words are data: they pass as arguments.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.versions",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_WEB" ] && [ $# -gt 1 ] && [ "$(docker inspect -f '{{.State.Status}}' "$OPS_WEB")" = running ] || exit 0
program=$1
shift
set -- "$@" --
words=$(docker inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' "$OPS_WEB") || exit
while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <<EOT
$words
EOT
exec docker exec "$OPS_WEB" python3 -c "$program" "$@"
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [PROGRAM.text()]).args(env.modules.iter().cloned())
}

pub(super) fn parse(text: &str) -> Probe<Option<BTreeMap<String, Option<String>>>> {
    match text.trim() {
        "" => Ok(None),
        json => serde_json::from_str(json)
            .map(Some)
            .map_err(|_| ProbeFailure::new(format!("the versions on disk cannot be understood: {json}"))),
    }
}
