//! The nginx site of a stack that has none yet. An existing site is never touched here.

use crate::cmd::Cmd;
use crate::program::Program;

/// The site for a fresh droplet: plain HTTP, the headers Odoo's `proxy_mode` needs and those that `ops harden` wants, the
/// database manager closed. Both paths of the bus are routed (`series.rs`).
pub fn render(
    server_name: &str,
    upstream: &str,
    websocket_upstream: &str,
    port: u16,
    websocket_port: u16,
) -> String {
    let headers = "proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Real-IP $remote_addr;";
    format!(
        "# Written by ops. The upstreams are switched by `ops deploy`.
upstream {upstream} {{ server 127.0.0.1:{port}; }}
upstream {websocket_upstream} {{ server 127.0.0.1:{websocket_port}; }}
server {{
  listen 80;
  server_name {server_name};
  server_tokens off;
  add_header X-Content-Type-Options nosniff always;
  add_header X-Frame-Options SAMEORIGIN always;
  add_header Referrer-Policy strict-origin-when-cross-origin always;
  client_max_body_size 128m;
  proxy_connect_timeout 10s;
  proxy_send_timeout 720s;
  proxy_read_timeout 720s;
  proxy_buffers 16 64k;
  proxy_buffer_size 128k;
  proxy_http_version 1.1;
  location ^~ /web/database {{ return 403; }}
  location ~ ^/(longpolling|websocket) {{
    {headers}
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection \"upgrade\";
    proxy_pass http://{websocket_upstream};
  }}
  location / {{
    {headers}
    proxy_redirect off;
    proxy_pass http://{upstream};
  }}
}}
"
    )
}

pub(super) const RELOAD: Program = Program::shell(
    "site.reload",
    &[r#"
nginx -t || exit
if [ -d /run/systemd/system ]; then systemctl reload-or-restart nginx; else nginx -s reload; fi
"#],
);

/// Tests nginx's whole configuration and reloads it.
pub fn reload() -> Cmd {
    Cmd::script(RELOAD, Vec::<String>::new())
}

pub(super) const REMOVE: Program = Program::shell(
    "site.remove",
    &[
        r#"rm -f -- "$1"; nginx -t && if [ -d /run/systemd/system ]; then systemctl reload-or-restart nginx; else nginx -s reload; fi"#,
    ],
);

/// Takes a site away that this run wrote.
pub fn remove(site: &str) -> Cmd {
    Cmd::script(REMOVE, [site])
}
