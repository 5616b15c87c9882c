//! nginx in front of the stack, on the droplet itself or in a container of the stack.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Probe;
use super::fields::Fields;
use crate::cmd::Cmd;
use crate::inventory::{Droplet, Environment, Role};
use crate::program::Program;
use crate::tools::slots;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProxyState {
    /// nginx is installed (or its container runs).
    pub present: bool,
    pub running: bool,
    pub site_exists: bool,
    /// `nginx -t` was asked: only root may.
    pub config_tested: bool,
    /// None: `nginx -t` said yes; else its last lines.
    pub config_fault: Option<String>,
    /// Certificates named by the site: path and seconds since the epoch of notAfter.
    pub certificates: Vec<(String, i64)>,
    /// Certificates named by the site whose date could not be read.
    pub certificates_unread: Vec<String>,
    /// The site's file on the droplet; None where nginx is in a container that has it from nowhere else.
    pub site_file: Option<String>,
    /// nginx reads exactly this file: in a container it may still have one that an editor replaced.
    pub site_seen: bool,
    /// The servers of the inventory's upstreams, as nginx reads them; a block without servers is empty.
    pub upstreams: BTreeMap<String, Vec<String>>,
    /// Other words of nginx's configuration that hold a port, at most 400.
    pub elsewhere: Vec<String>,
    pub now: i64,
}

// In a container the site's path may be meant as the container sees it or as the droplet has it: what is
// mounted tells. Certificates are read with the droplet's openssl, because an nginx image seldom has one;
// the site file is searched for them, not what it includes.
pub(super) const PROBE: Program = Program::shell(
    "facts.proxy",
    &[r#"
service=$1 site=$2 OPS_UPSTREAMS=$3 program=$4
export OPS_UPSTREAMS
file=$site
if [ -n "$service" ]; then
    [ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
    [ -n "$OPS_PROXY" ] || exit 0
    printf 'present\tyes\n'
    [ "$(docker inspect --format '{{.State.Running}}' "$OPS_PROXY")" = true ] || exit 0
    printf 'running\tyes\n'
    inside() { docker exec "$OPS_PROXY" "$@"; }
    root=yes file=
    while IFS='	' read -r from to; do
        [ -n "$from" ] || continue
        case $site in
        "$to" | "$to"/*) file=$from${site#"$to"}; break ;;
        "$from" | "$from"/*) file=$site site=$to${site#"$from"}; break ;;
        esac
    done <<EOT
$(docker inspect --format '{{range .Mounts}}{{.Source}}{{"\t"}}{{.Destination}}{{"\n"}}{{end}}' "$OPS_PROXY")
EOT
else
    command -v nginx >/dev/null 2>&1 || exit 0
    printf 'present\tyes\n'
    pid=
    [ ! -r /run/nginx.pid ] || read -r pid </run/nginx.pid
    if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then printf 'running\tyes\n'; fi
    inside() { "$@"; }
    [ "$(id -u)" != 0 ] || root=yes
fi
if [ -n "$root" ]; then
    printf 'tested\tyes\n'
    said=$(inside nginx -t 2>&1 </dev/null) || printf 'fault\t%s\n' "$(printf '%s' "$said" | tail -n 4 | tr '\n\t' '  ' | head -c 600)"
fi
text=$(inside cat -- "$site" 2>/dev/null) || exit 0
printf 'site\tyes\nnow\t%s\n' "$(date +%s)"
if [ -n "$file" ] && [ -f "$file" ]; then
    printf 'file\t%s\n' "$file"
    [ "$text" != "$(cat -- "$file")" ] || printf 'seen\tyes\n'
fi
# Blocks of the site's own file can be switched there; what nginx makes of all its files decides.
printf '%s\n' "$text" | awk -v mode=list "$program" | sed -n 's/^block/here/p'
[ -z "$root" ] || inside nginx -T 2>/dev/null </dev/null | awk -v mode=list "$program"
printf '%s\n' "$text" | sed -n 's/^[[:blank:]]*ssl_certificate[[:blank:]][[:blank:]]*"\{0,1\}\([^;"]*\).*/\1/p' |
    sort -u | head -n 10 | while IFS= read -r file; do
    case $file in /*) path=$file ;; *) path=/etc/nginx/$file ;; esac
    if date=$(inside cat -- "$path" | openssl x509 -noout -enddate) && date=$(date -d "${date#*=}" +%s); then
        printf 'certificate\t%s\t%s\n' "$date" "$path"
    else
        printf 'unread\t%s\n' "$path"
    fi
done
exit 0
"#],
);

/// Where nothing is asked the answer is empty.
pub(super) fn probe(env: &Environment, droplet: &Droplet) -> Cmd {
    match &env.proxy {
        Some(proxy) if droplet.roles.contains(&Role::Web) => {
            let upstreams: Vec<_> =
                [Some(&proxy.upstream), proxy.websocket_upstream.as_ref()].into_iter().flatten().collect();
            let upstreams = upstreams.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n");
            let container = proxy.container.as_deref().unwrap_or_default();
            Cmd::script(PROBE, [container, proxy.site.as_str(), &upstreams, &slots::UPSTREAMS.text()])
        }
        _ => Cmd::new("echo").arg("none\tyes"),
    }
}

pub(super) fn parse(text: &str) -> Probe<Option<ProxyState>> {
    let fields = Fields::read(text);
    if fields.flag("none") {
        return Ok(None);
    }
    let certificates = fields.all("certificate").filter_map(|line| {
        let (date, path) = line.split_once('\t')?;
        Some((path.to_owned(), date.parse().ok()?))
    });
    let mut upstreams: BTreeMap<String, Vec<String>> =
        fields.all("here").map(|name| (name.to_owned(), Vec::new())).collect();
    for (name, server) in fields.all("upstream").filter_map(|line| line.split_once('\t')) {
        upstreams.entry(name.to_owned()).and_modify(|all| all.push(server.to_owned()));
    }
    Ok(Some(ProxyState {
        present: fields.flag("present"),
        running: fields.flag("running"),
        site_exists: fields.flag("site"),
        config_tested: fields.flag("tested"),
        config_fault: fields.text("fault"),
        certificates: certificates.collect(),
        certificates_unread: fields.all("unread").map(str::to_owned).collect(),
        site_file: fields.text("file"),
        site_seen: fields.flag("seen"),
        upstreams,
        elsewhere: fields.all("elsewhere").map(str::to_owned).collect(),
        now: if fields.flag("site") { fields.number("now")? } else { 0 },
    }))
}
