//! Images a release needs are kept by a tag of ours, so that nobody's pruning takes a rollback away.

use crate::cmd::Cmd;
use crate::program::Program;

/// `ops/<project>:<release>-<service>`.
pub fn kept(project: &str, release: &str, service: &str) -> String {
    format!("ops/{project}:{release}-{service}")
}

pub fn tag(image: &str, kept: &str) -> Cmd {
    Cmd::new("docker").args(["tag", image, kept])
}

pub(super) const UNTAG: Program = Program::shell(
    "images.untag",
    &[r#"
for image; do
  ! docker image inspect "$image" >/dev/null 2>&1 || docker image rm --no-prune "$image" >/dev/null
done
"#],
);

/// Takes tags away again; images that others use stay. Safe to repeat.
pub fn untag(kept: &[String]) -> Cmd {
    Cmd::script(UNTAG, kept)
}
