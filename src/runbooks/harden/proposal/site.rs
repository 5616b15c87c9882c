//! nginx's site, line by line. Only servers that hand on to Odoo are meant: one that leads to https has nothing to add.

use crate::facts::Site;

/// With what these rules want of the site that was seen.
pub(super) fn changed(text: &str, site: &Site, failed: &[&str]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if failed.contains(&"site.protocols") {
        lines.iter_mut().for_each(|line| *line = without_old(line));
    }
    let limits =
        failed.contains(&"site.limits") && !site.words.iter().any(|line| line.starts_with("limit_req "));
    let mut limited = false;
    // From the end, so that the places before stay where they are.
    for server in servers(&lines).into_iter().rev() {
        let block = &lines[server.first..server.end];
        if !block.iter().any(|line| word(line) == "location") {
            continue;
        }
        let login = limits.then(|| login(block)).flatten();
        // A name that comes behind the location would be somewhere else by then.
        let named = block.iter().position(|line| word(line) == "server_name").unwrap_or(0);
        let named = login.as_ref().filter(|(at, _)| *at <= named).map_or(named, |_| 0);
        let indent =
            block.iter().skip(1).find(|line| !line.trim().is_empty()).map_or("    ", |line| space(line));
        let wanted = additions(site, failed).into_iter();
        let missing = wanted.filter(|(mark, _)| !block.iter().any(|line| bare(line).contains(mark)));
        let added: Vec<_> = missing.map(|(_, line)| format!("{indent}{line}")).collect();
        if let Some((at, location)) = login {
            lines.splice(server.first + at..server.first + at, location);
            limited = true;
        }
        let at = server.first + named + 1;
        lines.splice(at..at, added);
    }
    if limited {
        let first = servers(&lines).first().map_or(0, |server| server.first);
        lines.insert(first, ZONE.to_owned());
    }
    lines.join("\n") + "\n"
}

/// Behind an edge every user has its address, unless nginx is told whose to take.
const ZONE: &str = "limit_req_zone $binary_remote_addr zone=login:10m rate=10r/m; # behind a load balancer: real_ip_header first";

/// The login page by a location of its own, which hands on as `location /` does: ten guesses a minute, and where it belongs.
fn login(block: &[String]) -> Option<(usize, Vec<String>)> {
    if block.iter().any(|line| bare(line).contains("/web/login")) {
        return None;
    }
    let first = block.iter().position(|line| bare(line).split_whitespace().eq(["location", "/", "{"]))?;
    let mut depth = 0_usize;
    let last = first
        + block[first..].iter().position(|line| {
            depth += bare(line).matches('{').count();
            depth = depth.saturating_sub(bare(line).matches('}').count());
            depth == 0
        })?;
    // What rewrites addresses would do so for another one here.
    let plain = |line: &String| match word(line) {
        "rewrite" | "alias" | "try_files" | "return" | "root" => false,
        "proxy_pass" => bare(line).split_once("://").is_some_and(|(_, to)| !to.contains('/')),
        _ => true,
    };
    let nested = block[first + 1..=last].iter().any(|line| word(line) == "location");
    if nested || !block[first..=last].iter().all(plain) {
        return None;
    }
    let mut all = block[first..=last].to_vec();
    all[0] = format!("{}location = /web/login {{", space(&block[first]));
    let inner = space(&block[first + 1]);
    all.insert(1, format!("{inner}limit_req zone=login burst=10 nodelay;"));
    Some((first, all))
}

/// What marks that somebody wrote something of the kind already, and the line.
fn additions(site: &Site, failed: &[&str]) -> Vec<(&'static str, &'static str)> {
    let has = |name: &str| site.headers.contains_key(name);
    let framed = has("x-frame-options")
        || site.headers.get("content-security-policy").is_some_and(|text| text.contains("frame-ancestors"));
    let tells = site.headers.get("server").is_some_and(|text| text.contains('/'));
    let set = |word: &str| site.words.iter().any(|line| line.starts_with(word));
    let all = [
        ("site.manager", true, "/web/database", "location ^~ /web/database { return 403; }"),
        ("site.headers", tells, "server_tokens", "server_tokens off;"),
        (
            "site.headers",
            !has("x-content-type-options"),
            "X-Content-Type-Options",
            "add_header X-Content-Type-Options nosniff always;",
        ),
        ("site.headers", !framed, "X-Frame-Options", "add_header X-Frame-Options SAMEORIGIN always;"),
        (
            "site.headers",
            !has("referrer-policy"),
            "Referrer-Policy",
            "add_header Referrer-Policy strict-origin-when-cross-origin always;",
        ),
        ("site.limits", !set("client_max_body_size "), "client_max_body_size", "client_max_body_size 128m;"),
        ("site.limits", !set("proxy_read_timeout "), "proxy_read_timeout", "proxy_read_timeout 720s;"),
    ];
    let failed =
        |rule: &str| failed.contains(&rule) || rule == "site.manager" && failed.contains(&"site.outside");
    let wanted = all.into_iter().filter(|(rule, wrong, ..)| *wrong && failed(rule));
    wanted.map(|(_, _, mark, line)| (mark, line)).collect()
}

/// A `server` and what is in its braces.
struct Server {
    first: usize,
    end: usize,
}

fn servers(lines: &[String]) -> Vec<Server> {
    let (mut all, mut open, mut depth) = (Vec::new(), None, 0_usize);
    for (at, line) in lines.iter().enumerate() {
        if open.is_none() && word(line) == "server" && bare(line).trim_end().ends_with('{') {
            open = Some((at, depth));
        }
        depth += bare(line).matches('{').count();
        depth = depth.saturating_sub(bare(line).matches('}').count());
        if let Some((first, outer)) = open
            && depth <= outer
        {
            all.push(Server { first, end: at });
            open = None;
        }
    }
    all
}

/// Without a comment at its end.
fn bare(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}

fn word(line: &str) -> &str {
    bare(line).split([' ', '\t', '{']).find(|word| !word.is_empty()).unwrap_or_default()
}

fn space(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn without_old(line: &str) -> String {
    match word(line) == "ssl_protocols" {
        true => format!("{}ssl_protocols TLSv1.2 TLSv1.3;", space(line)),
        false => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours {\nupstream odoo {\n  server 127.0.0.1:8069;\n}\nserver {\n  listen 80;\n  return 301 https://$host$request_uri;\n}\n\
        server {\n  listen 443 ssl;\n  server_name erp.example.com; # the shop\n  ssl_protocols TLSv1 TLSv1.2;\n  \
        location / {\n    proxy_pass http://odoo;\n  }\n}\n";

    #[test]
    fn lines_are_added_to_the_server_that_serves() {
        let mut site = Site::default();
        site.headers.insert("server".into(), "nginx/1.22".into());
        site.headers.insert("content-security-policy".into(), "frame-ancestors 'self'".into());
        site.words.push("proxy_read_timeout 720s".into());
        let all = ["site.manager", "site.headers", "site.protocols", "site.limits"];
        let after = changed(TEXT, &site, &all);
        assert_eq!(
            after,
            "# ours {\nupstream odoo {\n  server 127.0.0.1:8069;\n}\nlimit_req_zone $binary_remote_addr zone=login:10m rate=10r/m; \
             # behind a load balancer: real_ip_header first\nserver {\n  listen 80;\n  return 301 https://$host$request_uri;\n}\n\
             server {\n  listen 443 ssl;\n  server_name erp.example.com; # the shop\n  location ^~ /web/database { return 403; }\n  \
             server_tokens off;\n  add_header X-Content-Type-Options nosniff always;\n  \
             add_header Referrer-Policy strict-origin-when-cross-origin always;\n  client_max_body_size 128m;\n  \
             ssl_protocols TLSv1.2 TLSv1.3;\n  location = /web/login {\n    limit_req zone=login burst=10 nodelay;\n    \
             proxy_pass http://odoo;\n  }\n  location / {\n    proxy_pass http://odoo;\n  }\n}\n"
        );
        // What somebody wrote already is theirs to change.
        assert_eq!(changed(&after, &site, &all), after);
        assert_eq!(changed(TEXT, &site, &["ssh.root"]), TEXT);
        // What hands on by another path is not copied, and of blocks in the block nothing is lost.
        let inner = TEXT.replace("    proxy_pass", "    if ($x) {\n      set $y 1;\n    }\n    proxy_pass");
        let after = changed(&inner, &site, &["site.limits"]);
        let count = |sign: &str| after.matches(sign).count();
        // One opens in a comment.
        assert_eq!((count("{"), count("proxy_pass")), (count("}") + 1, 2));
        let path = TEXT.replace("http://odoo;", "http://odoo/;");
        assert!(!changed(&path, &site, &["site.limits"]).contains("limit_req"));
        for odd in ["", "server {", "}}}\nserver { listen 80; }\n", "server_name x;\n"] {
            assert_eq!(changed(odd, &site, &all).trim_end(), odd.trim_end());
        }
    }
}
