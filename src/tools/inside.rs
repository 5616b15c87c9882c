//! Pages of an Odoo that the droplet has no way to, asked for from inside its own container.

use crate::cmd::Cmd;
use crate::program::Program;

/// For `python3 -c`, which every image of Odoo has.
pub(super) const INSIDE: Program = Program::python("inside", &[include_str!("inside.py")]);

pub(super) const PAGE: Program = Program::shell(
    "inside.page",
    &[r#"
[ -n "$OPS_WEB" ] || { echo 'no web container runs here' >&2; exit 3; }
exec docker exec "$OPS_WEB" python3 -c "$1" "$2" "$3" "$4" "$5"
"#],
);

/// A check of a page, asked from inside its container (`OPS_WEB`).
pub fn page(host: &str, path: &str, text: &str, seconds: u64) -> Cmd {
    Cmd::script(PAGE, [&INSIDE.text(), host, path, text, &seconds.to_string()])
}

pub(super) const LOGIN: Program = Program::shell(
    "inside.login",
    &[r#"
c=$(docker ps -aq --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no container of $2"; exit 1; }
end=$(($(date +%s) + $4)) seen=''
while [ "$(date +%s)" -lt "$end" ] && [ "$(docker inspect -f '{{.State.Running}}' "$c")" = true ]; do
  seen=$(docker exec "$c" python3 -c "$5" "$3" /web/login oe_login_form 10 2>&1)
  case $seen in "200 "*contains) exit 0 ;; esac
  sleep 0.5
done
echo "/web/login with Host $3: $(printf '%s\n' "${seen:-the container ended}" | tail -n 1)"
echo "last lines of the container's log:"
docker logs --tail 15 "$c" 2>&1
exit 1
"#],
);

/// The login page of Odoo on the copy, `seconds` to appear in. Asked from inside: the droplet has no way to it either.
pub fn login(project: &str, service: &str, host: &str, seconds: u64) -> Cmd {
    Cmd::script(LOGIN, [project, service, host, &seconds.to_string(), &INSIDE.text()])
}
