//! What the tests of this folder share: an environment and a stage as they usually are.

use super::staged::{Code, Model, Staged};
use crate::inventory::Stack;

pub(crate) fn stack() -> Stack {
    Stack {
        path: "/opt/odoo".into(),
        compose: vec!["compose.yaml".into()],
        profiles: Vec::new(),
        git: None,
        web: "odoo".into(),
        db: "db".into(),
        database: "odoo".into(),
        addons: vec!["custom-addons".into()],
        env: Default::default(),
    }
}

pub(crate) fn code() -> Code {
    Code {
        r#ref: "main".into(),
        sha: "abc1234567890abc1234567890abc1234567890a".into(),
        subject: "fix the report".into(),
        running: None,
        incoming: Vec::new(),
        dropped: Vec::new(),
        changed: Vec::new(),
        models: Default::default(),
        submodules: Default::default(),
        versions: Default::default(),
        tree: vec!["compose.yaml".into(), "custom-addons/ipai_docs/__manifest__.py".into()],
        bytes: 1000,
    }
}

pub(crate) fn staged() -> Staged {
    Staged {
        code: Some(Ok(code())),
        unknown_ref: false,
        model: Ok(Model { project: "odoo".into(), json: serde_json::json!({"services": {}}) }),
        running_model: None,
        images: Default::default(),
        entries: None,
        unclean: None,
        kept: None,
        checksums: None,
    }
}
