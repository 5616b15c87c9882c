//! What becomes of a run whose step failed: the decision matrix, one table.
//!
//! The decisions themselves are where they are made, in sections that go back by themselves, in points of no
//! return and in `watch`; this table names them, so that a run records which one fired and a person can look
//! it up. README.md shows it; a test of each row proves that it is so. The inventory may tighten a row (an own check
//! of severity `critical`, `deploy.watch.put_back`) and loosens none.

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub id: &'static str,
    /// The steps, by their ids or what these begin with, up to a dot.
    steps: &'static [&'static str],
    /// Only where the run changes data (true) or does not (false).
    data: Option<bool>,
    /// What failed, for people.
    pub when: &'static str,
    /// What is done.
    pub then: &'static str,
}

const BACK: &str = "put back at once: the old release, and the database where it was changed";

/// In this order; the first that fits is it.
pub const ROWS: [Row; 12] = [
    Row {
        id: "not-begun",
        steps: &[
            "hook.pre",
            "directory",
            "env",
            "adopt",
            "checkout",
            "pull",
            "build",
            "render",
            "baseline",
            "backup",
        ],
        data: None,
        when: "something cannot be prepared",
        then: "nothing that runs was changed; what was prepared is removed",
    },
    Row {
        id: "rehearsal",
        steps: &["rehearse"],
        data: None,
        when: "a rehearsal finds that an update would fail, or cannot be done",
        then: "the copy is dropped; nothing that runs was changed",
    },
    Row {
        id: "module-install",
        steps: &["switch.install", "switch.uninstall"],
        data: None,
        when: "a module cannot be installed or uninstalled",
        then: BACK,
    },
    Row {
        id: "migration",
        steps: &["switch.update", "verify.modules"],
        data: Some(true),
        when: "a migration fails, or leaves modules half-way",
        then: "put back at once; the broken database is kept aside for a person to look at",
    },
    Row {
        id: "opened",
        steps: &["open", "verify.proxy"],
        data: Some(true),
        when: "letting users in does not come to its end",
        then: "finished by the droplet, tried again and again; never taken back, because users write",
    },
    Row {
        id: "no-answer",
        steps: &["verify.healthy", "verify.login", "verify.proxy", "verify.log", "verify.modules"],
        data: None,
        when: "the release does not become healthy, answers with an error, or logs new ones",
        then: BACK,
    },
    Row {
        id: "own-check",
        steps: &["verify.checks"],
        data: None,
        when: "a check of the user's own of severity critical or high fails",
        then: BACK,
    },
    Row {
        id: "slower",
        steps: &["watch"],
        data: Some(false),
        when: "the release is slower than the one before it, or has new errors, and `put_back` is asked for",
        then: "put back; without `put_back` it is told, with the command that goes back",
    },
    Row {
        id: "switch",
        steps: &["switch", "drain", "checksums", "record"],
        data: None,
        when: "the switch itself fails",
        then: BACK,
    },
    Row {
        id: "hardening",
        steps: &["harden"],
        data: None,
        when: "a change of the droplet itself fails, or no new login comes after it",
        then: "put back by the droplet, every file to the byte",
    },
    Row {
        id: "told",
        steps: &["hook.post", "hook.failure"],
        data: None,
        when: "a hook after the deploy fails",
        then: "the release stays; a warning",
    },
    Row {
        id: "housekeeping",
        steps: &["prune", "drop"],
        data: None,
        when: "what nobody needs cannot be removed",
        then: "the release stays; a warning",
    },
];

/// The row of a failed step; `data`: its run changes the database.
pub fn row(step: &str, data: bool) -> Option<&'static Row> {
    let fits = |row: &&Row| {
        let named =
            |one: &&str| step == *one || step.strip_prefix(*one).is_some_and(|rest| rest.starts_with('.'));
        row.data.is_none_or(|wanted| wanted == data) && row.steps.iter().any(named)
    };
    ROWS.iter().find(fits)
}

/// For the documentation.
pub fn table() -> String {
    let rows = ROWS.iter().map(|row| format!("| `{}` | {} | {} |\n", row.id, row.when, row.then));
    format!("| row | what fails | what is done |\n|---|---|---|\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_row() {
        for (step, data, wanted) in [
            ("hook.pre.1", false, Some("not-begun")),
            ("pull.odoo", true, Some("not-begun")),
            ("switch.install", true, Some("module-install")),
            ("switch.update", true, Some("migration")),
            ("verify.modules", true, Some("migration")),
            ("verify.modules", false, Some("no-answer")),
            ("verify.healthy", true, Some("no-answer")),
            ("verify.checks", true, Some("own-check")),
            ("watch", false, Some("slower")),
            ("watch", true, None),
            ("open", true, Some("opened")),
            ("verify.proxy", true, Some("opened")),
            ("verify.proxy", false, Some("no-answer")),
            ("switch.snapshot", true, Some("switch")),
            ("drain", false, Some("switch")),
            ("checksums", true, Some("switch")),
            ("hook.post.2", false, Some("told")),
            ("drop", false, Some("housekeeping")),
            ("rehearse.update", false, Some("rehearsal")),
            ("something", false, None),
        ] {
            assert_eq!(row(step, data).map(|row| row.id), wanted, "{step} {data}");
        }
        let fired = |id: &str| ROWS.iter().filter(|row| row.id == id).count();
        assert!(ROWS.iter().all(|row| fired(row.id) == 1), "two rows have one name");
    }
}
