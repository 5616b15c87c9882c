//! What ops left on the droplet: the release's file as it is now, armed guards, backups.

use super::Kept;
use crate::cmd::Cmd;
use crate::facts::Probe;
use crate::facts::fields::Fields;
use crate::inventory::Environment;
use crate::program::Program;

// A compose file is told apart as `runbooks/deploy/release.rs: hash` does. Each snapshot is a file of restic's repository; nothing has to be opened to count them.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.kept",
    &[r#"
[ -n "$OPS_STATE" ] && cd "$OPS_STATE" || exit 0
current=
[ ! -f releases/current ] || IFS= read -r current <releases/current
case $current in '' | .* | */*) ;; *)
    if [ -f "releases/$current/compose.json" ]; then
        text=$(grep -v -E '^[[:space:]]*"(COMPOSE_FILE|COMPOSE_PROJECT_NAME)":' "releases/$current/compose.json" | sed 's/,*$//')
        printf 'compose\t%s\n' "$(printf %s "$text" | sha256sum | cut -d' ' -f1)"
    fi ;;
esac
for armed in runs/*/sections/*/*/armed; do
    [ -e "$armed" ] || continue
    section=${armed%/*/armed} run=${armed#runs/}
    printf 'armed\t%s/%s\n' "${run%%/*}" "${section##*/}"
done
repository=$1/$OPS_PROJECT records=0
for record in backup/[0-9]*t[0-9]*z.json; do
    [ ! -f "$record" ] || records=$((records + 1)) newest=$record
done
if [ "$records" -gt 0 ]; then
    printf 'records\t%s\n' "$records"
    checks=${newest%.json}.checks
    [ ! -s "$checks" ] || printf 'checked\t%s\n' "$(tail -n 1 "$checks" | head -c 4096 | tr '\t' ' ')"
fi
if [ -f "$repository/config" ] && [ -d "$repository/snapshots" ]; then
    printf 'snapshots\t%s\n' "$(find "$repository/snapshots" -type f | grep -c .)"
fi
exit 0
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.backup.path.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<Kept> {
    let fields = Fields::read(text);
    let number = |key: &str| fields.get(key).map(|_| fields.number(key)).transpose();
    Ok(Kept {
        compose: fields.text("compose"),
        armed: fields.all("armed").map(str::to_owned).collect(),
        records: number("records")?.unwrap_or(0),
        snapshots: number("snapshots")?,
        checked: fields.get("checked").and_then(|json| serde_json::from_str(json).ok()),
    })
}
