//! A compose file, line by line: comments and order stay. One that cannot be followed so (flow style, anchors that are
//! merged) has no proposal.

use crate::facts::Sandbox;

/// With what these rules want of the containers that run; None: it cannot be told where to write that.
pub(super) fn changed(text: &str, sandboxes: &[Sandbox], failed: &[&str]) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for one in sandboxes {
        let Some(block) = Block::find(&lines, &one.service) else { continue };
        let added: Vec<String> = additions(one, failed)
            .into_iter()
            .filter(|(key, _)| !block.has(&lines, key))
            .flat_map(|(_, text)| {
                text.lines().map(|line| format!("{}{line}", block.indent)).collect::<Vec<_>>()
            })
            .collect();
        if failed.contains(&"firewall.published") || failed.contains(&"firewall.outside") {
            lines[block.first..block.end].iter_mut().for_each(|line| *line = on_loopback(line));
        }
        lines.splice(block.first..block.first, added);
    }
    let after = lines.join("\n") + "\n";
    // Whoever edits lines may break what they mean.
    serde_yaml::from_str::<serde_json::Value>(&after).ok()?;
    Some(after)
}

/// Keys of a service and their lines.
fn additions(one: &Sandbox, failed: &[&str]) -> Vec<(&'static str, &'static str)> {
    let again = matches!(one.restart.as_str(), "always" | "unless-stopped");
    let kept = one.security.iter().any(|option| option.starts_with("no-new-privileges"));
    let bounded = one.log_driver != "json-file" || !one.log_max.is_empty();
    let all = [
        ("containers.restart", !again, "restart", "restart: unless-stopped"),
        ("containers.rights", !kept, "security_opt", "security_opt: [\"no-new-privileges:true\"]"),
        ("containers.spaces", one.pids <= 0, "pids_limit", "pids_limit: 2048"),
        (
            "docker.logs",
            !bounded,
            "logging",
            "logging:\n  driver: local\n  options: { max-size: 20m, max-file: \"5\" }",
        ),
    ];
    let wanted = all.into_iter().filter(|(rule, wrong, ..)| *wrong && failed.contains(rule));
    wanted.map(|(_, _, key, text)| (key, text)).collect()
}

/// The lines of one service.
struct Block {
    first: usize,
    end: usize,
    /// Of its own keys.
    indent: String,
}

impl Block {
    fn find(lines: &[String], service: &str) -> Option<Self> {
        let services = lines.iter().position(|line| bare(line) == "services:")?;
        let deep = |at: usize| depth(&lines[at]);
        let next = |from: usize| (from..lines.len()).find(|at| deep(*at).is_some());
        let depth_of_services = deep(next(services + 1)?)?;
        let header = (services + 1..lines.len())
            .take_while(|at| deep(*at).is_none_or(|depth| depth >= depth_of_services))
            .find(|at| {
                deep(*at) == Some(depth_of_services) && bare(lines[*at].trim()) == format!("{service}:")
            })?;
        let first = next(header + 1)?;
        let inner = deep(first).filter(|depth| *depth > depth_of_services)?;
        let end = (first..lines.len()).find(|at| deep(*at).is_some_and(|depth| depth < inner));
        Some(Self { first, end: end.unwrap_or(lines.len()), indent: " ".repeat(inner) })
    }

    fn has(&self, lines: &[String], key: &str) -> bool {
        lines[self.first..self.end].iter().any(|line| line.starts_with(&format!("{}{key}:", self.indent)))
    }
}

/// Without a comment at its end.
fn bare(line: &str) -> &str {
    line.split(" #").next().unwrap_or_default().trim_end()
}

/// Spaces before a line that says something.
fn depth(line: &str) -> Option<usize> {
    let text = line.trim_start_matches(' ');
    (!text.is_empty() && !text.starts_with('#')).then(|| line.len() - text.len())
}

/// `- "8069:8069"` is reached from everywhere. The site's own ports are.
fn on_loopback(line: &str) -> String {
    let text = line.trim_start();
    let Some(rest) = text.strip_prefix("- ").map(str::trim_start) else { return line.to_owned() };
    let value = rest.trim_start_matches(['"', '\'']);
    let open = value.strip_prefix("0.0.0.0:").unwrap_or(value);
    let mut parts = open.split(':');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let host = parts.next();
    let inner = parts.next().map(|part| part.split(['"', '\'', ' ', '/']).next().unwrap_or_default());
    if !number(host) || !number(inner) || parts.next().is_some() || matches!(host, Some("80" | "443")) {
        return line.to_owned();
    }
    let before = &line[..line.len() - value.len()];
    format!("{before}127.0.0.1:{open}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\nservices:\n  odoo: # the shop\n    image: odoo:17.0\n    ports:\n      - \"8069:8069\" # users\n      \
        - 0.0.0.0:8072:8072/tcp\n      - '443:8443'\n      - 127.0.0.1:9:9\n\n  db:\n    image: postgres:16\n    restart: always\nvolumes:\n  db: {}\n";

    fn sandbox(service: &str, restart: &str) -> Sandbox {
        let (service, restart) = (service.to_owned(), restart.to_owned());
        Sandbox { service, restart, log_driver: "json-file".into(), ..Sandbox::default() }
    }

    #[test]
    fn lines_are_added_to_the_services_that_want_them() {
        let all = [sandbox("odoo", "no"), sandbox("db", "always"), sandbox("elsewhere", "no")];
        let after =
            changed(TEXT, &all, &["containers.restart", "containers.rights", "firewall.published"]).unwrap();
        assert_eq!(
            after,
            "# ours\nservices:\n  odoo: # the shop\n    restart: unless-stopped\n    security_opt: [\"no-new-privileges:true\"]\n    \
             image: odoo:17.0\n    ports:\n      - \"127.0.0.1:8069:8069\" # users\n      - 127.0.0.1:8072:8072/tcp\n      - '443:8443'\n      \
             - 127.0.0.1:9:9\n\n  db:\n    security_opt: [\"no-new-privileges:true\"]\n    image: postgres:16\n    restart: always\nvolumes:\n  db: {}\n"
        );
        let logs = changed(TEXT, &all[1..2], &["docker.logs"]).unwrap();
        assert!(logs.contains("  db:\n    logging:\n      driver: local\n"), "{logs}");
        assert_eq!(changed(TEXT, &all, &["ssh.root"]).unwrap(), TEXT);
    }

    #[test]
    fn what_cannot_be_followed_is_left_alone() {
        let all = [sandbox("odoo", "no")];
        for text in [
            "services: { odoo: { image: a } }\n",
            "services:\n  odoo: { image: a }\nvolumes:\n  x:\n",
            "services:\n",
        ] {
            assert_eq!(changed(text, &all, &["containers.restart"]).as_deref(), Some(text));
        }
        assert_eq!(changed("a: [\n", &all, &[]), None);
    }
}
