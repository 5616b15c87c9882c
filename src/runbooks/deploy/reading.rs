//! Small readings of a compose model and of names in it.

use serde_json::Value;

use super::staged::Model;

/// The names of all services.
pub(super) fn names(model: &Model) -> Vec<String> {
    model
        .json
        .get("services")
        .and_then(Value::as_object)
        .map(|all| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// Compose starts a service with profiles only where one of them is asked for.
pub(super) fn enabled(service: &Value, profiles: &[String]) -> bool {
    match service.get("profiles").and_then(Value::as_array) {
        Some(own) if !own.is_empty() => own
            .iter()
            .filter_map(Value::as_str)
            .any(|profile| profiles.iter().any(|asked| asked == profile || asked == "*")),
        _ => true,
    }
}

/// `registry/name` of `registry/name:tag@digest`.
pub(super) fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// Options of Odoo in the web service's own `command` that also hold for Odoo in a container of its own: where modules,
/// files, configuration and the server are. What has a variable in it would not be filled in, and is left out.
pub(super) fn odoo_options(model: &Model, web: &str) -> Vec<String> {
    let command = model.json.get("services").and_then(|all| all.get(web)?.get("command"));
    let words: Vec<&str> = match command {
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.split_whitespace().collect(),
        _ => Vec::new(),
    };
    kept(&words)
}

/// The same of the command of a container as it runs.
pub fn options_of(command: &[String]) -> Vec<String> {
    kept(&command.iter().map(String::as_str).collect::<Vec<_>>())
}

fn kept(words: &[&str]) -> Vec<String> {
    const KEPT: [&str; 14] = [
        "-c",
        "--config",
        "-D",
        "--data-dir",
        "--addons-path",
        "--upgrade-path",
        "--load",
        "--db_host",
        "--db_port",
        "--db_user",
        "-r",
        "--db_sslmode",
        "--db-template",
        "--unaccent",
    ];
    let mut kept = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if !KEPT.contains(&name) {
            continue;
        }
        let apart = value.is_none() && name != "--unaccent";
        let next = if apart { words.next() } else { None };
        if !word.contains('$') && !next.is_some_and(|next| next.contains('$')) {
            kept.extend([word].into_iter().chain(next).map(str::to_owned));
        }
    }
    kept
}

pub(super) fn host_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':']).next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_that_say_where_things_are_hold_for_every_odoo_of_the_stack() {
        let of = |command: Value| {
            let json = json!({"services": {"odoo": {"command": command}}});
            odoo_options(&Model { project: "x".into(), json }, "odoo")
        };
        let words = json!([
            "odoo",
            "--addons-path=/a,/b",
            "-c",
            "/etc/o.conf",
            "--workers",
            "4",
            "--db_host=${H}",
            "-d",
            "x"
        ]);
        assert_eq!(of(words), ["--addons-path=/a,/b", "-c", "/etc/o.conf"]);
        assert_eq!(of(json!("odoo --unaccent -D /data -i base")), ["--unaccent", "-D", "/data"]);
        assert!(of(Value::Null).is_empty() && of(json!(["-c", "${CONF}"])).is_empty());
    }

    #[test]
    fn a_service_of_a_profile_nobody_asked_for_is_left_out() {
        let tools = json!({"profiles": ["tools", "debug"]});
        assert!(!enabled(&tools, &[]) && !enabled(&tools, &["other".into()]));
        assert!(enabled(&tools, &["debug".into()]) && enabled(&tools, &["*".into()]));
        assert!(enabled(&json!({}), &[]) && enabled(&json!({"profiles": []}), &[]));
    }
}
