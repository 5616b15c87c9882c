//! The site as nginx serves it: asked of nginx on the droplet by its real name, and read from what nginx has loaded.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Proxy;
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Statuses by path, over https where it is served: `/web/database/manager`.
    pub status: BTreeMap<String, u16>,
    /// Where http leads; None: it answers itself.
    pub redirect: Option<String>,
    /// Headers of the login page, lower case.
    pub headers: BTreeMap<String, String>,
    /// Something answers on 443.
    pub https: bool,
    /// Old protocols that are still spoken: `tls1`, `tls1_1`.
    pub old: Vec<String>,
    /// nginx told its configuration.
    pub config: bool,
    /// Words of nginx's configuration that matter: `limit_req`, `client_max_body_size 128m`, ..
    pub words: Vec<String>,
    /// certbot looks after the certificate; it is renewed by a timer; nginx is told when it was.
    pub certbot: bool,
    pub renewed: bool,
    pub reloaded: bool,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.site",
    &[r#"
name=$1
if [ -n "$OPS_PROXY" ]; then
    at=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{"\n"}}{{end}}' "$OPS_PROXY" | sed -n '/./{p;q;}')
    config() { docker exec "$OPS_PROXY" nginx -T 2>/dev/null; }
else
    at=127.0.0.1
    config() { nginx -T 2>/dev/null; }
fi
[ -n "$at" ] || { echo "the proxy's container has no address" >&2; exit 1; }
ask() { curl -qsk -m 8 --noproxy '*' --connect-to "$name:80:$at:80" --connect-to "$name:443:$at:443" "$@"; }
scheme=http
if ask -o /dev/null "https://$name/"; then scheme=https; echo 'https	yes'; fi
for path in /web/database/manager /web/database/selector /web/login; do
    printf 'status\t%s\t%s\n' "$path" "$(ask -o /dev/null -w '%{http_code}' "$scheme://$name$path")"
done
printf 'redirect\t%s\n' "$(ask -o /dev/null -w '%{redirect_url}' "http://$name/web/login")"
ask -o /dev/null -D - "$scheme://$name/web/login" | tr -d '\r' | sed -n 's/^\([A-Za-z0-9-]*\): \(.*\)/header\t\1\t\2/p' | head -n 60
if [ "$scheme" = https ]; then
    for old in tls1 tls1_1; do
        timeout 5 openssl s_client -"$old" -cipher 'DEFAULT@SECLEVEL=0' -connect "$at:443" -servername "$name" </dev/null 2>/dev/null |
            grep -q '^ *Cipher *: [^0(]' && printf 'old\t%s\n' "$old"
    done
fi
[ -z "$(config | head -n 1)" ] || echo 'config	yes'
config | sed 's/#.*//' | grep -oE '^[[:space:]]*(ssl_protocols|ssl_session_tickets|server_tokens|limit_req|client_max_body_size|proxy_read_timeout)[[:space:]][^;]*' |
    sed 's/^[[:space:]]*/word\t/' | sort -u | head -n 50
config | sed 's/#.*//' | grep -oE '^[[:space:]]*location[[:space:]][^{]*(websocket|longpolling)' | sed 's/^[[:space:]]*/word\t/' | sort -u | head -n 5
if [ -d /etc/letsencrypt/renewal ]; then
    echo 'certbot	yes'
    systemctl is-active --quiet certbot.timer snap.certbot.renew.timer 2>/dev/null && echo 'renewed	yes'
    grep -rqsE 'nginx' /etc/letsencrypt/renewal /etc/letsencrypt/renewal-hooks /etc/letsencrypt/cli.ini && echo 'reloaded	yes'
fi
echo 'all	yes'
"#],
);

pub(super) fn probe(proxy: &Proxy) -> Cmd {
    Cmd::script(PROBE, [proxy.server_name.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<Site> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("the site cannot be understood"));
    }
    let pairs = |key: &'static str| fields.all(key).filter_map(|line| line.split_once('\t'));
    let status = pairs("status").filter_map(|(path, code)| Some((path.to_owned(), code.parse().ok()?)));
    Ok(Site {
        status: status.collect(),
        redirect: fields.text("redirect"),
        headers: pairs("header").map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        https: fields.flag("https"),
        old: fields.all("old").map(str::to_owned).collect(),
        config: fields.flag("config"),
        words: fields.all("word").map(str::to_owned).collect(),
        certbot: fields.flag("certbot"),
        renewed: fields.flag("renewed"),
        reloaded: fields.flag("reloaded"),
    })
}
