//! The certificate that the proxy shows to those who ask for the site by its name.

use super::{Tls, pages};
use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::{Environment, Proxy};
use crate::program::Program;

// Asked with the droplet's own openssl. Nothing is asked where the site names no certificate and users come by http.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.tls",
    &[r#"
name=$1 site=$2 container=$3 secure=$4 at=127.0.0.1 port=443
if [ -n "$container" ]; then
    [ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
    [ -n "$OPS_PROXY" ] && [ "$(docker inspect -f '{{.State.Status}}' "$OPS_PROXY")" = running ] || exit 0
    inside() { docker exec "$OPS_PROXY" "$@"; }
    at=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$OPS_PROXY" | tr ' ' '\n' | grep -m 1 .)
    port=$(docker inspect -f '{{range $inside, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostPort}} {{$inside}}{{"\n"}}{{end}}{{end}}' "$OPS_PROXY" | sed -n 's#^443 \([0-9]*\)/tcp$#\1#p' | head -n 1)
    # The path of the site may be meant as the droplet has it.
    inside test -e "$site" || inside() { "$@"; }
else
    inside() { "$@"; }
fi
paths=$(inside cat -- "$site" 2>/dev/null | sed -n 's/^[[:blank:]]*ssl_certificate[[:blank:]][[:blank:]]*"\{0,1\}\([^;"]*\).*/\1/p' | sort -u | head -n 10)
[ -n "$paths" ] || [ -n "$secure" ] || exit 0
echo asked
command -v openssl >/dev/null 2>&1 || { echo 'openssl is not installed on the droplet' >&2; exit 3; }
seen=$(timeout 10 openssl s_client -connect "$at:${port:-443}" -servername "$name" -verify_hostname "$name" </dev/null 2>&1)
fingerprint() { openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g'; }
printf '%s\n' "$seen" | sed -n 's/^ *Verify return code: \([0-9]*\) (\(.*\))$/verify	\1	\2/p' | tail -n 1
served=$(printf '%s\n' "$seen" | fingerprint)
if [ -n "$served" ]; then
    printf 'served\t%s\n' "$served"
    text=$(printf '%s\n' "$seen" | openssl x509 -noout -startdate -enddate -checkhost "$name" 2>/dev/null)
    at() { date -d "$(printf '%s\n' "$text" | sed -n "s/^$1=//p")" +%s; }
    printf 'from\t%s\nuntil\t%s\n' "$(at notBefore)" "$(at notAfter)"
    case $text in *' does match '*) printf 'fits\tyes\n' ;; esac
else
    printf 'why\t%s\n' "$(printf '%s\n' "$seen" | grep -v '^$' | head -n 1 | tr '\t' ' ' | head -c 200)"
fi
printf '%s\n' "$paths" | while IFS= read -r path; do
    case $path in '') continue ;; /*) file=$path ;; *) file=/etc/nginx/$path ;; esac
    printf 'disk\t%s\t%s\n' "$(inside cat -- "$file" 2>/dev/null | fingerprint)" "$file"
done
exit 0
"#],
);

pub(crate) fn probe(env: &Environment, proxy: &Proxy) -> Cmd {
    let container = proxy.container.as_deref().unwrap_or_default();
    let secure = if pages::secure(env) { "yes" } else { "" };
    Cmd::script(PROBE, [proxy.server_name.as_str(), proxy.site.as_str(), container, secure])
}

pub(crate) fn parse(text: &str) -> Probe<Option<Tls>> {
    match text.lines().next() {
        None => return Ok(None),
        Some("asked") => {}
        Some(line) => return Err(ProbeFailure::new(format!("openssl cannot be understood: {line}"))),
    }
    let fields = Fields::read(text);
    let (verify, verify_text) =
        fields.get("verify").and_then(|line| line.split_once('\t')).unwrap_or(("", ""));
    let on_disk = fields.all("disk").filter_map(|line| line.split_once('\t'));
    Ok(Some(Tls {
        served: fields.text("served"),
        why: fields.text("why").unwrap_or_default(),
        verify: verify.parse().ok(),
        verify_text: verify_text.to_owned(),
        name_fits: fields.flag("fits"),
        from: fields.number("from").ok(),
        until: fields.number("until").ok(),
        on_disk: on_disk.map(|(sum, path)| (path.to_owned(), sum.to_owned())).collect(),
    }))
}
