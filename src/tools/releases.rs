//! The directories of releases on the droplet, and the stack's `.env` that points at the running one.

use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const CHECK_OUT: Program = Program::shell(
    "releases.check-out",
    &[
        r#"mkdir -p "$(dirname "$2")" && chmod 711 "$(dirname "$2")" && rm -rf "$2" && cp -a "$1" "$2" && sync -f "$2""#,
    ],
);

/// A release's checkout, copied out of the stage so that both stay whole; on the disk before anything
/// points to it, or a loss of power would leave empty files.
pub fn check_out(stage: &str, source: &str) -> Cmd {
    Cmd::script(CHECK_OUT, [stage, source])
}

pub(super) const COPY_TREE: Program = Program::shell(
    "releases.copy-tree",
    &[r#"
from=$1 to=$2
shift 2
rm -rf "$to" && mkdir -p "$to" && chmod 711 "$(dirname "$to")" && chmod 755 "$to"
for one; do
  mkdir -p "$to/$(dirname "$one")" || exit
  # Into the directory that another path may have made already, never below it.
  if [ -d "$from/$one" ]; then
    mkdir -p "$to/$one" && cp -a "$from/$one/." "$to/$one" || exit
  else
    cp -a "$from/$one" "$to/$one" || exit
  fi
done
sync -f "$to"
"#],
);

/// A copy of what runs, dirt included: the code paths of an adopted stack.
pub fn copy_tree(path: &str, source: &str, paths: &[String]) -> Cmd {
    Cmd::script(COPY_TREE, [path, source]).args(paths)
}

pub(super) const REMOVE_UNUSED: Program = Program::shell(
    "releases.remove-unused",
    &[r#"
# Without an answer nobody knows who uses it.
all=$(docker ps -aq --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2") || exit 1
for c in $all; do
  made=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.project.config_files"}}' "$c") || exit 1
  [ "$made" != "$3" ] || exit 0
done
if docker image inspect "$5" >/dev/null 2>&1; then docker image rm --no-prune -- "$5" >/dev/null || exit 1; fi
rm -rf -- "$4"
"#],
);

/// Removes a release's directory and tag unless a container of the service was made from its file.
pub fn remove_unused(project: &str, service: &str, file: &str, dir: &str, kept: &str) -> Cmd {
    Cmd::script(REMOVE_UNUSED, [project, service, file, dir, kept])
}

pub(super) const REMOVE: Program =
    Program::shell("releases.remove", &[r#"case $1 in */releases/?*) rm -rf -- "$1";; *) exit 71;; esac"#]);

/// Removes a release's directory. The caller passes a path below `releases/` only.
pub fn remove(dir: &str) -> Cmd {
    Cmd::script(REMOVE, [dir])
}

pub(super) const RECORD: Program = Program::shell(
    "releases.record",
    &[r#"
from=$1 to=$2
shift 2
cp "$from" "$to.ops-new" || exit
while [ $# -gt 0 ]; do
  id=$(docker image inspect -f '{{.Id}}' "$2") || exit
  sed -i "s|@id:$1@|$id|" "$to.ops-new" || exit
  shift 2
done
sync "$to.ops-new" && mv -f "$to.ops-new" "$to" && rm -f "$from"
"#],
);

/// Writes `release.json` from a template beside it, with the ids of the images that the tags keep.
/// Pairs of service and tag; `@id:<service>@` stands for the id.
pub fn record(template: &str, file: &str, kept: &[(String, String)]) -> Cmd {
    let pairs = kept.iter().flat_map(|(service, image)| [service.as_str(), image.as_str()]);
    Cmd::script(RECORD, [template, file]).args(pairs)
}

pub(super) const POINT: Program = Program::shell(
    "releases.point",
    &[
        r#"printf '%s\n' "$2" >"$1/current.ops-new" && sync "$1/current.ops-new" && mv -f "$1/current.ops-new" "$1/current""#,
    ],
);

/// Makes a release the current one.
pub fn point(releases: &str, release: &str) -> Cmd {
    Cmd::script(POINT, [releases, release])
}

/// Takes the pointer back; an empty release removes it.
pub fn point_back(releases: &str, release: &str) -> Cmd {
    if release.is_empty() {
        return Cmd::new("rm").args(["-f", "--"]).arg(format!("{releases}/current"));
    }
    point(releases, release)
}

pub(super) const LINK: Program = Program::shell(
    "releases.link",
    &[r#"
env=$1/.env
[ -e "$env" ] || { umask 077; : >"$env"; chown --reference="$1" "$env"; }
# A link stays one: what it points to is written.
env=$(readlink -f -- "$env") || exit 1
[ -e "$4" ] || { grep -E '^(COMPOSE_FILE|COMPOSE_PROJECT_NAME)=' "$env"; [ $? -le 1 ]; } >"$4" || { rm -f "$4"; exit 1; }
# A full disk must not leave half of it in its place: grep and printf say so by their exit codes.
{ { grep -v -E '^(COMPOSE_FILE|COMPOSE_PROJECT_NAME)=' "$env"; [ $? -le 1 ]; } &&
  printf 'COMPOSE_FILE=%s\nCOMPOSE_PROJECT_NAME=%s\n' "$2" "$3"; } >"$env.ops-new" && sync "$env.ops-new" ||
  { rm -f "$env.ops-new"; exit 1; }
chown --reference="$env" "$env.ops-new" && chmod --reference="$env" "$env.ops-new" && mv -f "$env.ops-new" "$env"
"#],
);

/// Lets a hand-typed `docker compose` in the stack's directory see the release that runs: two lines in
/// `.env`, the rest untouched, owner and mode kept. Only the two lines that stood there before are kept
/// for the undo: a copy of the whole file would be a second place for its secrets.
pub fn link(path: &str, file: &str, project: &str, keep: &str) -> Cmd {
    Cmd::script(LINK, [path, file, project, keep])
}

pub(super) const UNLINK: Program = Program::shell(
    "releases.unlink",
    &[r#"
env=$1/.env
[ -e "$2" ] || exit 0
env=$(readlink -f -- "$env") || exit 1
# Nothing to put back: `link` failed before it changed the file, maybe for want of room.
lines='^(COMPOSE_FILE|COMPOSE_PROJECT_NAME)='
[ "$(grep -E "$lines" "$env")" != "$(cat "$2")" ] || exit 0
{ { grep -v -E "$lines" "$env"; [ $? -le 1 ]; } && cat "$2"; } >"$env.ops-new" && sync "$env.ops-new" ||
  { rm -f "$env.ops-new"; exit 1; }
chown --reference="$env" "$env.ops-new" && chmod --reference="$env" "$env.ops-new" && mv -f "$env.ops-new" "$env"
"#],
);

pub fn unlink(path: &str, keep: &str) -> Cmd {
    Cmd::script(UNLINK, [path, keep])
}

pub(super) const PRUNE: Program = Program::shell(
    "releases.prune",
    &[r#"
dir=$1 project=$2
shift 2
for release; do
  case $release in '' | .* | */*) continue ;; esac
  docker image ls --format '{{.Repository}}:{{.Tag}}' "ops/$project" | grep -F "ops/$project:$release-" | while read -r image; do
    docker image rm "$image" >/dev/null 2>&1 || echo "kept $image: in use"
  done
  rm -rf -- "$dir/releases/$release"
done
# Facts read the 50 newest; what is older than the newest 200 is in the audit alone.
held=$(cat "$dir/lock/run" 2>/dev/null)
ls -1t "$dir/runs" | tail -n +201 | while read -r run; do
  case $run in "$held" | .* | *[!A-Za-z0-9._-]*) continue ;; esac
  rm -rf -- "$dir/runs/$run"
done
find "$dir/cache/stage" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf -- {} + 2>/dev/null
exit 0
"#],
);

/// Removes releases beyond the kept ones, their tags, and stages nobody needs: only what `ops` made.
pub fn prune(dir: &str, project: &str, remove: &[String]) -> Cmd {
    Cmd::script(PRUNE, [dir, project]).args(remove)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(cmd: &Cmd) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let status = std::process::Command::new("sh").arg("-c").arg(cmd.to_shell()).status();
        status.unwrap().success()
    }

    #[test]
    fn an_env_file_that_is_a_link_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        std::fs::create_dir(path("stack")).unwrap();
        std::fs::write(path("secrets"), "PW='a b'\n").unwrap();
        std::os::unix::fs::symlink(path("secrets"), path("stack/.env")).unwrap();
        let stack = path("stack");
        assert!(sh(&link(&stack, "/r/compose.json", "odoo", &path("keep"))));
        let linked = std::fs::read_to_string(path("secrets")).unwrap();
        assert_eq!(linked, "PW='a b'\nCOMPOSE_FILE=/r/compose.json\nCOMPOSE_PROJECT_NAME=odoo\n");
        assert!(sh(&unlink(&stack, &path("keep"))));
        assert_eq!(std::fs::read_to_string(path("secrets")).unwrap(), "PW='a b'\n");
        assert!(std::fs::symlink_metadata(path("stack/.env")).unwrap().is_symlink());
    }

    #[test]
    fn old_runs_are_pruned_and_never_the_one_that_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        for n in 0..210 {
            std::fs::create_dir_all(path(&format!("runs/r{n}"))).unwrap();
            let made = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + n);
            std::fs::File::open(path(&format!("runs/r{n}"))).unwrap().set_modified(made).unwrap();
        }
        std::fs::create_dir_all(path("lock")).unwrap();
        std::fs::write(path("lock/run"), "r3\n").unwrap();
        assert!(sh(&prune(&path(""), "none", &[])));
        let left: Vec<_> =
            std::fs::read_dir(path("runs")).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(left.len(), 201);
        assert!(left.contains(&"r3".into()) && left.contains(&"r10".into()) && !left.contains(&"r9".into()));
    }
}
