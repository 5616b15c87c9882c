//! Small readings of a compose model and of names in it.

use serde_json::Value;

use super::render::service;
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

pub(super) fn host_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':']).next()
}

/// The droplet's port of a container port, from the model: long form, or the short one with its
/// variables' defaults.
pub(super) fn published(model: &Model, name: &str, port: u16) -> Option<u16> {
    let ports = service(model, name)?.get("ports")?.as_array()?;
    ports.iter().find_map(|entry| match entry {
        Value::Object(long) => {
            let target = long.get("target")?.as_u64()?;
            (target == u64::from(port)).then(|| long.get("published")?.as_str()?.parse().ok()).flatten()
        }
        Value::String(short) => {
            let (front, target) = short.rsplit_once(':')?;
            (target.trim_end_matches("/tcp") == port.to_string()).then_some(())?;
            let digits: String =
                front.chars().rev().skip_while(|c| *c == '}').take_while(char::is_ascii_digit).collect();
            digits.chars().rev().collect::<String>().parse().ok()
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_of_a_profile_nobody_asked_for_is_left_out() {
        let tools = json!({"profiles": ["tools", "debug"]});
        assert!(!enabled(&tools, &[]) && !enabled(&tools, &["other".into()]));
        assert!(enabled(&tools, &["debug".into()]) && enabled(&tools, &["*".into()]));
        assert!(enabled(&json!({}), &[]) && enabled(&json!({"profiles": []}), &[]));
    }
}
