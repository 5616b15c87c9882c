//! odoo.conf, line by line: what is there keeps its place and its comments.

/// With what these rules want.
pub(super) fn changed(text: &str, failed: &[&str], database: &str) -> String {
    let filter = format!("^{}$", quoted(database));
    let wanted: [(&str, &str, &str); 3] = [
        ("odoo.list", "list_db", "False"),
        ("odoo.proxy", "proxy_mode", "True"),
        ("odoo.filter", "dbfilter", &filter),
    ];
    let wanted = wanted.into_iter().filter(|(rule, ..)| failed.contains(rule));
    wanted.fold(text.to_owned(), |text, (_, key, value)| set(&text, key, value))
}

/// A name in an expression of Python's.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    name.chars().map(|c| if plain(c) { c.to_string() } else { format!("\\{c}") }).collect()
}

/// The last line that says it counts; where there is none, it comes first in `[options]`.
fn set(text: &str, key: &str, value: &str) -> String {
    let said = |line: &str| line.split('=').next().is_some_and(|one| one.trim() == key && line.contains('='));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let new = format!("{key} = {value}");
    match (
        lines.iter().rposition(|line| said(line)),
        lines.iter().position(|line| line.trim() == "[options]"),
    ) {
        (Some(at), _) => lines[at] = new,
        (None, Some(at)) => lines.insert(at + 1, new),
        (None, None) => return text.to_owned(),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_changed_and_what_is_not_is_added() {
        let text = "; ours\n[options]\nadmin_passwd = x\nlist_db = True\n";
        let all = ["odoo.list", "odoo.proxy", "odoo.filter"];
        assert_eq!(
            changed(text, &all, "prod.de"),
            "; ours\n[options]\ndbfilter = ^prod\\.de$\nproxy_mode = True\nadmin_passwd = x\nlist_db = False\n"
        );
        assert_eq!(changed(text, &["ssh.root"], "prod"), text);
        // Without a section nothing would be read.
        assert_eq!(changed("workers = 2\n", &all, "prod"), "workers = 2\n");
    }
}
