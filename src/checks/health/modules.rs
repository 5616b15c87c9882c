//! Every module of the inventory is installed, in the version that is on disk.

use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::facts::Module;
use crate::inventory::{Role, Severity};

pub(super) const CHECK: Check =
    Check { id: "odoo.modules", title: "modules", severity: Severity::High, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let wanted = &subject.env.modules;
    if wanted.is_empty() {
        return Verdict::skip("the inventory names no modules");
    }
    if !subject.has(Role::Db) {
        return Verdict::skip("this droplet has no database");
    }
    let database = match known(&subject.facts.database) {
        Ok(Some(database)) if database.odoo => database,
        Ok(_) => return Verdict::skip("see pg.up"),
        Err(_) if subject.facts.containers.is_ok() => return Verdict::skip("see pg.up"),
        Err(verdict) => return verdict,
    };
    let missing = |name: &&String| database.modules.get(*name).is_none_or(|one| one.state == "to install");
    let missing: Vec<&str> = wanted.iter().filter(missing).map(String::as_str).collect();
    let env = quote(&subject.env.name);
    if !missing.is_empty() {
        return Verdict::fail(
            format!("not installed: {}", some_of(missing.clone(), 6)),
            format!("ops install-modules {env} {}", missing.join(" ")),
        );
    }
    let disk = match on_disk(subject) {
        Ok(disk) => disk,
        Err(verdict) => return verdict,
    };
    let series = database.modules.get("base").and_then(series);
    let mut lost = Vec::new();
    let mut other = Vec::new();
    for name in wanted {
        let installed = database.modules.get(name).and_then(|one| one.version.clone()).unwrap_or_default();
        match disk.get(name).and_then(Option::as_deref) {
            None => lost.push(name.clone()),
            Some(version) if full(version, series.as_deref()) != installed => {
                other
                    .push(format!("{name} is {installed}, and {} on disk", full(version, series.as_deref())));
            }
            Some(_) => {}
        }
    }
    if !lost.is_empty() {
        return Verdict::fail(
            format!("installed, and not on disk: {}", some_of(lost, 6)),
            "the checkout or addons_path of odoo.conf lost them; ops deploy with a ref that has them",
        );
    }
    if !other.is_empty() {
        return Verdict::warn(
            some_of(other, 4),
            format!("ops install-modules {env} --update, or ops deploy {env}"),
        );
    }
    Verdict::pass(format!("{} installed, as on disk", some_of(wanted.iter().map(String::as_str), 6)))
}

/// None of them where the web service is on another droplet, which has no database to compare with.
fn on_disk<'a>(
    subject: &Subject<'a>,
) -> Result<&'a std::collections::BTreeMap<String, Option<String>>, Verdict> {
    let installed =
        || Verdict::pass(format!("{} installed", some_of(subject.env.modules.iter().map(String::as_str), 6)));
    if !subject.has(Role::Web) {
        return Err(installed());
    }
    match known(&super::vitals(subject)?.versions)? {
        Some(disk) => Ok(disk),
        None => Err(Verdict::skip("no web container runs: their versions on disk cannot be read")),
    }
}

/// `14.0` of `14.0.1.3`.
fn series(base: &Module) -> Option<String> {
    let mut parts = base.version.as_deref()?.split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

/// Odoo puts its series before a version that does not begin with it.
fn full(version: &str, series: Option<&str>) -> String {
    match series {
        Some(series) if version != series && !version.starts_with(&format!("{series}.")) => {
            format!("{series}.{version}")
        }
        _ => version.to_owned(),
    }
}
