//! Looking at a web container from the droplet: the login page, the log, the modules.
//!
//! Each look is a script of ours that ends with 0 only when it saw what it wanted; what it saw instead
//! is its output, for the failure card.

use crate::cmd::Cmd;
use crate::program::Program;

/// Finds the service's container as `$c`; arguments: project, service.
const FIND: &str = r#"
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no running container of service $2"; exit 1; }
"#;

pub(super) const LOGIN: Program = Program::shell(
    "web.login",
    &[
        FIND,
        r#"
ip=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$c" | tr ' ' '\n' | grep -m 1 .) || ip=127.0.0.1
page=$(mktemp)
trap 'rm -f "$page"' EXIT
end=$(($(date +%s) + $4))
while :; do
  seen=$(curl -sS -o "$page" -m 10 -L --max-redirs 3 -c /dev/null -H "Host: $3" -w '%{http_code}' "http://$ip:8069/web/login" 2>&1)
  [ "$seen" = 200 ] && grep -q oe_login_form "$page" && exit 0
  [ "$(date +%s)" -lt "$end" ] || break
  sleep 0.5
done
[ "$seen" = 200 ] && seen="200 without a login form"
echo "http://$ip:8069/web/login with Host $3: $seen"
head -c 2000 "$page" | sed 's/<[^>]*>/ /g' | grep '[^[:space:]]' | head -n 8
echo "last lines of the container's log:"
docker logs --tail 15 "$c" 2>&1
exit 1
"#,
    ],
);

/// The login page on the container's own port. `seconds` to appear in.
pub fn login(project: &str, service: &str, host: &str, seconds: u64) -> Cmd {
    Cmd::script(LOGIN, [project, service, host, &seconds.to_string()])
}

pub(super) const PROXIED: Program = Program::shell(
    "web.login-through-proxy",
    &[
        FIND,
        r#"
at=127.0.0.1 http=80 https=443
if [ -n "$5" ]; then
  at=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$c" | tr ' ' '\n' | grep -m 1 .) || at=127.0.0.1
  # What the droplet publishes as 80 and 443 may be other ports inside.
  ports=$(docker inspect -f '{{range $inside, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostPort}} {{$inside}}{{"\n"}}{{end}}{{end}}' "$c")
  inside() { printf '%s\n' "$ports" | sed -n "s#^$1 \([0-9]*\)/tcp\$#\1#p" | head -n 1; }
  http=$(inside 80) https=$(inside 443)
fi
page=$(mktemp)
trap 'rm -f "$page"' EXIT
end=$(($(date +%s) + $4))
while :; do
  seen=$(curl -sS -k -o "$page" -m 10 -L --max-redirs 3 -c /dev/null --connect-to "$3:80:$at:${http:-80}" --connect-to "$3:443:$at:${https:-443}" \
    -w '%{http_code}' "http://$3/web/login" 2>&1)
  [ "$seen" = 200 ] && grep -q oe_login_form "$page" && exit 0
  [ "$(date +%s)" -lt "$end" ] || break
  sleep 0.5
done
[ "$seen" = 200 ] && seen="200 without a login form"
echo "http://$3/web/login through the proxy: $seen"
head -c 2000 "$page" | sed 's/<[^>]*>/ /g' | grep '[^[:space:]]' | head -n 5
exit 1
"#,
    ],
);

/// The login page through nginx, by its public name: on the droplet itself, or in the container of the
/// Compose service `nginx`. Certificates are judged by a check of their own, not here.
pub fn login_through_proxy(
    project: &str,
    service: &str,
    nginx: Option<&str>,
    server_name: &str,
    seconds: u64,
) -> Cmd {
    let inside = if nginx.is_some() { "inside" } else { "" };
    Cmd::script(PROXIED, [project, nginx.unwrap_or(service), server_name, &seconds.to_string(), inside])
}

/// Errors in Odoo's log format, with what changes at every line taken out. Two first requests that make the same
/// asset at once collide: Odoo logs an error with that word in its traceback, and answers both. Or they make the same new
/// directory of the filestore (`ir_attachment._get_path` of 14), and one of them fails, once.
const ERRORS: &str = r#"
real() {
  awk 'function end() { if (held != "" && !harmless) print held; held = ""; harmless = 0 }
    /^[0-9-]+ [0-9:,]+ [0-9]+ [A-Z]+ / { end(); if ($4 == "ERROR" || $4 == "CRITICAL") held = $0; next }
    /The attachment is colliding with an existing file/ || /^FileExistsError: .*\/filestore\/.*\/[0-9a-f][0-9a-f]/ { harmless = 1 }
    END { end() }'
}
errors() {
  docker logs --tail 20000 "$1" 2>&1 | real |
    sed -E 's/^[0-9-]{10} [0-9:,]{12} [0-9]+ //; s/[0-9]+/N/g' | sort -u
}
"#;

pub(super) const REMEMBER: Program = Program::shell(
    "web.remember-errors",
    &[
        ERRORS,
        r#"
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" | head -n 1)
if [ -n "$c" ]; then errors "$c" >"$3"; else : >"$3"; fi
"#,
    ],
);

/// Keeps the errors the running container logs, so that only new ones count afterwards. Argument: file.
pub fn remember_errors(project: &str, service: &str, file: &str) -> Cmd {
    Cmd::script(REMEMBER, [project, service, file])
}

pub(super) const COMPARE: Program = Program::shell(
    "web.no-new-errors",
    &[
        FIND,
        ERRORS,
        r#"
new=$(errors "$c" | grep -v -x -F -f "$3")
[ -n "$new" ] || exit 0
echo "new errors in the log of $2:"
printf '%s\n' "$new" | head -n 10
docker logs --tail 40 "$c" 2>&1 | tail -n 20
exit 1
"#,
    ],
);

/// Fails when the new container logged an error that the old one had not.
pub fn no_new_errors(project: &str, service: &str, file: &str) -> Cmd {
    Cmd::script(COMPARE, [project, service, file])
}

pub(super) const SETTLED: Program = Program::shell(
    "web.modules-settled",
    &[
        FIND,
        r#"
left=$(docker exec -i "$c" sh -c 'exec psql -XAtq -v ON_ERROR_STOP=1 -v created="$2" -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$3" "$4" <<'SQL'
set statement_timeout = '10s';
select name || ' is ' || state from ir_module_module where state like 'to %' order by 1;
select split_part(wanted, '=', 1) || ' is not installed' from unnest(string_to_array(:'created', ',')) wanted
where not exists (select from ir_module_module where name = split_part(wanted, '=', 1) and state = 'installed');
select name || ' is ' || coalesce(latest_version, 'without a version') || ' in the database, and its manifest says ' || split_part(wanted, '=', 2)
from unnest(string_to_array(:'created', ',')) wanted join ir_module_module on name = split_part(wanted, '=', 1)
where split_part(wanted, '=', 2) <> '' and latest_version is distinct from split_part(wanted, '=', 2);
SQL
) || { echo "the database $3 cannot be asked for its modules"; exit 1; }
[ -z "$left" ] && exit 0
printf '%s\n' "$left"
exit 1
"#,
    ],
);

/// Fails when a module is left half-way, or one of `created` (`name`, or `name=version`) is not
/// installed, or in another version: Odoo ends with 0 when it does not know a module. Arguments: project, database service, database.
pub fn modules_settled(project: &str, db: &str, database: &str, created: &[String]) -> Cmd {
    Cmd::script(SETTLED, [project, db, database, &created.join(",")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_first_requests_that_collide_are_no_error_of_a_release() {
        let log = "2026-11-21 09:52:10,924 1 INFO odoo werkzeug: GET\n\
            2026-11-21 09:52:10,925 1 ERROR odoo werkzeug: Error on request:\n\
            Traceback (most recent call last):\n\
            odoo.exceptions.UserError: The attachment is colliding with an existing file.\n\
            2026-11-21 09:52:10,925 1 ERROR odoo werkzeug: Error on request:\n\
            Traceback (most recent call last):\n\
            FileExistsError: [Errno 17] File exists: '/var/lib/odoo/filestore/odoo/56'\n\
            2026-11-21 09:52:10,926 1 ERROR odoo werkzeug: Error on request:\n\
            Traceback (most recent call last):\n  KeyError: 'x'\n\
            2026-11-21 09:52:10,927 1 CRITICAL odoo odoo.service: gone\n";
        let text = format!("{ERRORS}\nreal <<'LOG'\n{log}LOG\n");
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let out = std::process::Command::new("sh").args(["-c", &text]).output().unwrap();
        let said = String::from_utf8(out.stdout).unwrap();
        let heads: Vec<_> = said.lines().map(|line| &line[24..]).collect();
        assert_eq!(heads, ["1 ERROR odoo werkzeug: Error on request:", "1 CRITICAL odoo odoo.service: gone"]);
    }
}
