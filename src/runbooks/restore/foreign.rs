//! A backup of one environment that another one's droplet fetches: from where, and with what. Pure.

use super::{DROPLET, Stock, Wish, asked_of, meant, named};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, Value};
use crate::plan::EnvValue;
use crate::runbooks::backup::Ground;
use crate::runbooks::deploy::{Backup, Origin};

/// A backup of one environment, as another one's droplet fetches it. `facts`: of its own droplet.
///
/// # Errors
/// Exit 2: no such backup, or no such place. Exit 9: it is on a droplet only, and not on this one.
pub fn foreign(
    source: &Environment,
    facts: Option<&Facts>,
    stock: &Stock,
    target: &Environment,
    wish: &Wish,
) -> Result<Backup> {
    let ground = Ground::new(source, facts)?;
    asked_of(source, stock, wish.from.as_deref())?;
    let beside = source.home().address == target.home().address;
    let from = wish.from.as_deref();
    let row = named(source, stock, &wish.backup, |row| {
        row.is_usable() && from.is_none_or(|from| row.is_sound_at(from))
    })?;
    let reached = |place: &&str| if *place == DROPLET { beside } else { true };
    let place = from.or_else(|| row.sound().find(reached)).filter(reached);
    let place = place.map(str::to_owned).ok_or_else(|| {
        Error::new(Exit::Checks, format!("backup {} of {} is on its own droplet only", row.id, source.name))
            .because(format!("the droplet of {} cannot fetch it from there", target.name))
            .next(format!(
                "add a place to backup.offsite of {}, then: ops backup {}",
                source.name, source.name
            ))
    })?;
    let offsite = source.backup.offsite.iter().find(|one| one.name == place);
    let value = |value: &Value| match value {
        Value::Plain(text) => EnvValue::Plain(text.clone()),
        Value::Secret(from) => EnvValue::Secret(from.clone()),
    };
    let variables = offsite.iter().flat_map(|place| &place.env).map(|(name, one)| (name.clone(), value(one)));
    let origin = Origin {
        env: source.name.clone(),
        repository: offsite.map_or_else(|| ground.repository().to_owned(), |one| one.repository.clone()),
        variables: variables.collect(),
        modules: stock.records.get(&row.id).map(|record| record.database.modules.clone()).unwrap_or_default(),
    };
    Ok(Backup { origin: Some(origin), ..meant(source, row, Some(&place))? })
}
