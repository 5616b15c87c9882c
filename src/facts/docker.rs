//! The container engine and Compose.

use serde::Serialize;

use super::Probe;
use super::fields::Fields;
use crate::cmd::Cmd;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Docker {
    /// The engine's version.
    pub engine: String,
    /// Compose v2's version, without a leading `v`; None: not installed.
    pub compose: Option<String>,
    /// `docker-compose` v1 is there; looked for only where v2 is not.
    pub compose_v1: bool,
    pub root_dir: String,
}

// `gather.sh` has asked the engine already. Where v2 is no plugin, the name `docker-compose` may be v1
// in Python or v2 on its own.
pub(super) const PROBE: Program = Program::shell(
    "facts.docker",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
printf '%s\n' "$OPS_ENGINE"
case $OPS_ENGINE in *"
compose"*) exit 0 ;; esac
! command -v docker-compose >/dev/null 2>&1 || printf 'standalone\t%s\n' "$(docker-compose version --short 2>/dev/null)"
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Docker> {
    let fields = Fields::read(text);
    let bare = |version: &str| version.trim().trim_start_matches('v').to_owned();
    Ok(Docker {
        engine: fields.need("engine")?.to_owned(),
        compose: fields.get("compose").map(bare),
        compose_v1: fields.get("standalone").is_some_and(|version| bare(version).starts_with("1.")),
        root_dir: fields.need("root")?.to_owned(),
    })
}
