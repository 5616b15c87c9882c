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

pub(super) fn host_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':']).next()
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
