//! Odoo's login page: of the container itself, and as users get it through the proxy.
//!
//! `/web/health` says "pass" even where no page can be made, so that the page itself is asked.

use super::Page;
use crate::cmd::Cmd;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::{Environment, Proxy};
use crate::program::Program;

/// How long an answer may take before it is none.
const SECONDS: &str = "12";

pub(super) const INSIDE: Program = Program::shell("facts.vitals.pages.inside", &[ASK, INSIDE_TEXT]);
pub(super) const PROXIED: Program = Program::shell("facts.vitals.pages.proxied", &[ASK, PROXIED_TEXT]);

const ASK: &str = r#"
told() { [ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }; }
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$1" | tr ' ' '\n' | grep -m 1 .; }
ask() {
    answer=$(curl -q -sS -g -k -L --max-redirs 3 --proto '=http,https' --noproxy '*' -m "$seconds" -c /dev/null \
        -w '\npage\t%{http_code}\t%{time_total}\n' "$@" 2>&1 | head -c 2000000)
    printf '%s\n' "$answer" | grep '^page	' | tail -n 1
    printf '%s\n' "$answer" | sed -n 's/^curl: /why	/p' | tail -n 1
    case $answer in *oe_login_form*) echo form ;; esac
}
"#;

// A container that does not run has no page, and that is told elsewhere.
const INSIDE_TEXT: &str = r#"
seconds=$2
told
[ -n "$OPS_WEB" ] && [ "$(docker inspect -f '{{.State.Status}}' "$OPS_WEB")" = running ] || exit 0
at=$(address "$OPS_WEB") || at=127.0.0.1
ask -H "Host: $1" "http://$at:8069/web/login"
"#;

// What the droplet publishes as 80 and 443 may be other ports inside the proxy's container.
const PROXIED_TEXT: &str = r#"
name=$1 start=$2 container=$3 seconds=$4 at=127.0.0.1
if [ -n "$container" ]; then
    told
    [ -n "$OPS_PROXY" ] && [ "$(docker inspect -f '{{.State.Status}}' "$OPS_PROXY")" = running ] || exit 0
    at=$(address "$OPS_PROXY") || at=127.0.0.1
    ports=$(docker inspect -f '{{range $inside, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostPort}} {{$inside}}{{"\n"}}{{end}}{{end}}' "$OPS_PROXY")
    inside() { printf '%s\n' "$ports" | sed -n "s#^$1 \([0-9]*\)/tcp\$#\1#p" | head -n 1; }
    http=$(inside 80) https=$(inside 443)
fi
ask --connect-to "$name:80:$at:${http:-80}" --connect-to "$name:443:$at:${https:-443}" "$start://$name/web/login"
"#;

pub(super) fn inside(env: &Environment) -> Cmd {
    let name = env.proxy.as_ref().map_or("localhost", |proxy| proxy.server_name.as_str());
    Cmd::script(INSIDE, [name, SECONDS])
}

pub(super) fn proxied(env: &Environment, proxy: &Proxy) -> Cmd {
    let start = if secure(env) { "https" } else { "http" };
    let container = proxy.container.as_deref().unwrap_or_default();
    Cmd::script(PROXIED, [proxy.server_name.as_str(), start, container, SECONDS])
}

/// Users come by https.
pub(super) fn secure(env: &Environment) -> bool {
    env.url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

pub(super) fn parse(text: &str) -> Probe<Option<Page>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let unclear = || ProbeFailure::new(format!("curl cannot be understood: {text}"));
    let line = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'));
    let (status, seconds) = line("page").and_then(|page| page.split_once('\t')).ok_or_else(unclear)?;
    let status: u16 = status.parse().map_err(|_| unclear())?;
    let seconds: f64 = seconds.parse().map_err(|_| unclear())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let millis = (seconds.clamp(0.0, 3600.0) * 1000.0).round() as u64;
    Ok(Some(Page {
        status: (status != 0).then_some(status),
        millis,
        form: text.lines().any(|line| line == "form"),
        why: crate::text::printable(line("why").unwrap_or_default()),
    }))
}
