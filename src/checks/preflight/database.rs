//! The database answers, and Odoo has no update half done.

use crate::checks::{Check, Subject, Verdict, some_of};
use crate::cmd::quote;
use crate::facts::Database;
use crate::inventory::{Role, Severity};
use crate::text::size;

pub(super) const ANSWERS: Check =
    Check { id: "database", title: "database", severity: Severity::Critical, judge: answers };

pub(in crate::checks) const MODULES: Check = Check {
    id: "database.modules",
    title: "modules waiting for an update",
    severity: Severity::High,
    judge: modules,
};

fn answers(subject: &Subject<'_>) -> Verdict {
    let name = &subject.env.stack.database;
    if !subject.has(Role::Db) {
        return Verdict::skip("this droplet has no database");
    }
    let database = match &subject.facts.database {
        Ok(Some(database)) => database,
        Ok(None) if subject.is_first() && has_records(subject) => {
            let (path, db) = (quote(subject.env.stack.path.as_str()), quote(&subject.env.stack.db));
            return Verdict::fail(
                "it is not running, and a release is on record: this is no first deploy",
                format!("on the droplet: cd {path} && docker compose up -d {db}"),
            );
        }
        Ok(None) if subject.is_first() => {
            return Verdict::pass(format!("first deploy: the database {name} will be created"));
        }
        Ok(None) => return Verdict::skip(format!("no container of the service {}", subject.env.stack.db)),
        Err(failure) if subject.facts.container(&subject.env.stack.db).is_none() => {
            return Verdict::unknown(&failure.why);
        }
        Err(failure) => return Verdict::fail(&failure.why, logs(subject)),
    };
    if !database.exists {
        return Verdict::warn(
            format!(
                "PostgreSQL {} answers and has no database {name}: it will be created",
                database.server_version
            ),
            "if there should be one, stack.database in the inventory has a wrong name",
        );
    }
    if !database.odoo {
        return Verdict::warn(
            format!("the database {name} holds no tables of Odoo"),
            "if it should, stack.database in the inventory has a wrong name",
        );
    }
    Verdict::pass(format!(
        "{name} on PostgreSQL {}, {}, {} modules",
        database.server_version,
        size(database.bytes),
        database.modules.len()
    ))
}

fn has_records(subject: &Subject<'_>) -> bool {
    subject.facts.state.as_ref().is_ok_and(|state| state.current.is_some() || !state.releases.is_empty())
}

fn logs(subject: &Subject<'_>) -> String {
    let service = quote(&subject.env.stack.db);
    match subject.facts.project() {
        Some(project) => {
            format!("on the droplet: docker compose -p {} logs --tail 50 {service}", quote(project))
        }
        None => format!("on the droplet: docker compose logs --tail 50 {service}"),
    }
}

fn modules(subject: &Subject<'_>) -> Verdict {
    let Ok(Some(database)) = &subject.facts.database else { return Verdict::skip("no database to ask") };
    if !database.odoo {
        return Verdict::skip("no tables of Odoo");
    }
    let waiting = waiting(database);
    if waiting.is_empty() {
        return Verdict::pass("none");
    }
    let names: Vec<&str> = waiting.iter().map(|(name, _)| *name).collect();
    let fix = format!(
        "finish or cancel it first: in Odoo, Apps > the module > Cancel; or in the web container: odoo -d {} -u {} --stop-after-init",
        quote(&subject.env.stack.database),
        quote(&names.join(","))
    );
    Verdict::fail(some_of(waiting.iter().map(|(name, state)| format!("{name} is “{state}”")), 5), fix)
}

fn waiting(database: &Database) -> Vec<(&str, &str)> {
    let all = database.modules.iter().map(|(name, module)| (name.as_str(), module.state.as_str()));
    all.filter(|(_, state)| state.starts_with("to ")).collect()
}
