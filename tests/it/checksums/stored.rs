//! What is stored: the whole text, as the program makes it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{asked, write};

#[test]
fn what_is_stored_is_what_is_known_to_be_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    for module in ["a", "b", "c", "new"] {
        write(dir.path(), module, &[("__manifest__.py", "{}")]);
    }
    let now = "e1e5b0b3c1e5f5e2b8b0a1f3a9d7d4c2";
    let stored = |settled: Value, stored: Value| -> BTreeMap<String, Value> {
        let modules = json!({"a": "installed", "b": "installed", "c": "installed", "new": "installed",
            "half": "to upgrade", "gone": "installed"});
        let question = json!({"modules": modules, "languages": ["en_US"], "patterns": null, "stored": stored.to_string()});
        serde_json::from_value(asked(dir.path(), question, Some(settled))).unwrap()
    };
    let all = stored(json!({"what": "all"}), json!({"a": now, "old": now}));
    assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "b", "c", "gone", "new"]);
    let fresh = all["a"].clone();
    assert!(fresh.as_str().is_some_and(|one| one.len() == 40) && all["gone"] == false, "{all:?}");

    // The operator's word is for what is not known; what is known to be older stays so.
    let unknown = stored(json!({"what": "unknown"}), json!({"a": now, "b": false, "old": now}));
    assert_eq!((&unknown["a"], &unknown["b"], &unknown["c"]), (&now.into(), &fresh, &fresh));

    let named = json!({"what": "named", "names": ["b"], "before": ["a", "b", "c", "gone", "half"]});
    let some = stored(named.clone(), json!({"a": now, "b": now, "gone": now}));
    assert_eq!((&some["a"], &some["b"], &some["new"]), (&now.into(), &fresh, &fresh));
    assert_eq!((some.get("c"), &some["gone"]), (None, &now.into()));
    let none = stored(named, json!("rubbish"));
    assert_eq!(none.keys().collect::<Vec<_>>(), ["b", "new"]);
}
