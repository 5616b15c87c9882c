//! What is made unreadable in a copy of another environment's data.

use serde::Serialize;
use serde_json::json;

use super::node::Node;
use super::raw;

/// Of the environment that the copy comes to. Nothing of it is done to a backup that comes back to its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mask {
    /// E-mail addresses, in every table that has a column of the usual names; logins stay.
    pub emails: bool,
    /// Phone numbers, in the same way.
    pub phones: bool,
    /// Names of people and partners, in the tables that Odoo has for them.
    pub names: bool,
    /// Statements of the user's own, by the role that owns the data.
    pub sql: Vec<String>,
}

impl Mask {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With the keys of the inventory.
    pub(super) fn node(&self) -> Node<'_> {
        let Self { emails, phones, names, sql } = self;
        Node::map([
            ("emails", json!(emails).into()),
            ("phones", json!(phones).into()),
            ("names", json!(names).into()),
            ("sql", json!(sql).into()),
        ])
    }
}

pub(super) fn resolve(raw: raw::Mask) -> Mask {
    Mask {
        emails: raw.emails.unwrap_or(false),
        phones: raw.phones.unwrap_or(false),
        names: raw.names.unwrap_or(false),
        sql: raw.sql.unwrap_or_default().into_iter().map(|statement| statement.0).collect(),
    }
}
