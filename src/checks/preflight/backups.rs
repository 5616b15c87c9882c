//! That there is something to fall back to if all else fails: a verified backup that is young enough, a drill that says it
//! can come back, and what was promised of both. What was put aside in the database server itself is none.

use jiff::Timestamp;

use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::inventory::{Before, Severity};
use crate::record::{BackupRow, Fresh, Kept};
use crate::runbooks::promise;
use crate::text::{lasting, printable};

pub(super) const VERIFIED: Check =
    Check { id: "backup.verified", title: "a verified backup", severity: Severity::High, judge: verified };

pub(super) const DRILL: Check =
    Check { id: "backup.drill", title: "a drill of a backup", severity: Severity::Medium, judge: drill };

pub(super) const RPO: Check =
    Check { id: "backup.rpo", title: "the promised RPO", severity: Severity::High, judge: rpo };

pub(super) const RESTIC: Check = Check {
    id: "backup.restic",
    title: "restic, which backups are made with",
    severity: Severity::High,
    judge: restic,
};

/// What is known of backups, and when; else why nothing is judged.
fn asked<'a>(subject: &Subject<'a>) -> Result<(&'a [BackupRow], Timestamp), Verdict> {
    if subject.droplet.name != subject.env.home().name {
        return Err(Verdict::skip("kept by the droplet of the database"));
    }
    if subject.is_first() && !matches!(subject.facts.database, Ok(Some(_))) {
        return Err(Verdict::skip("first deploy: there is nothing to back up yet"));
    }
    let (state, backups) = (known(&subject.facts.state)?, known(&subject.facts.backups)?);
    let now = Timestamp::from_second(state.now).map_err(|_| Verdict::unknown("the droplet has no time"))?;
    Ok((&backups.rows, now))
}

fn wanted(subject: &Subject<'_>) -> Result<(), Verdict> {
    let why = match subject.env.deploy.backup.before {
        Before::Never => "deploy.backup.before is never",
        _ if subject.env.droplets.len() > 1 => {
            return Err(Verdict::fail(
                "ops makes backups only where web and database are one droplet",
                "set deploy.backup.before: never, and see that there are backups otherwise",
            ));
        }
        _ => return Ok(()),
    };
    Err(Verdict::skip(why))
}

/// As `engine` of `tools/restic.sh`, which refuses where this warns.
const OLDEST: (u64, u64) = (0, 17);

fn restic(subject: &Subject<'_>) -> Verdict {
    if subject.env.droplets.len() > 1 {
        return Verdict::skip("ops makes no backups of several droplets");
    }
    let backups = match wanted(subject).and_then(|()| known(&subject.facts.backups)) {
        Ok(backups) => backups,
        Err(verdict) => return verdict,
    };
    let bad = |what: String, fix: &str| match subject.env.deploy.backup.before {
        Before::Always => Verdict::fail(what, fix),
        _ => Verdict::warn(what, fix),
    };
    if let Some(image) = &subject.env.backup.image {
        let there = if backups.image { "on the droplet" } else { "pulled by the first backup" };
        return Verdict::pass(format!("the image {}, {there}", printable(image)));
    }
    let install = "install restic 0.17 or newer on the droplet, or name an image in backup.restic.image";
    let Some(version) = &backups.restic else {
        return bad("the droplet has none".into(), install);
    };
    let mut numbers = version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
    let told = format!("the droplet's own, {}", printable(version));
    match (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= OLDEST {
        true => Verdict::pass(told),
        false => bad(told, install),
    }
}

fn verified(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, now| {
        wanted(subject)?;
        let (env, wish) = (quote(&subject.env.name), subject.env.deploy.backup);
        let newest = rows.iter().find(|row| row.verified);
        let (Some(newest), Some(age)) = (newest, newest.and_then(|row| promise::age(row, now))) else {
            return Ok(Verdict::warn("there is none", first(&env, wish.before)));
        };
        let at: Vec<_> = newest.sound().collect();
        let evidence = format!("{}, {} old, at {}", newest.id, lasting(age.as_secs()), at.join(", "));
        Ok(match age <= wish.max_age {
            true => Verdict::pass(evidence),
            false => {
                let max = lasting(wish.max_age.as_secs());
                Verdict::warn(
                    format!("{evidence}; wanted is one of the last {max}"),
                    first(&env, wish.before),
                )
            }
        })
    })
}

/// No deploy is refused for want of one: it makes it.
fn first(env: &str, before: Before) -> String {
    let which = if before == Before::Always { "a deploy" } else { "a deploy that updates modules" };
    format!("{which} makes one first; now: ops backup {env}")
}

fn drill(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, now| {
        wanted(subject)?;
        let fix = format!("ops backup verify {} --drill", quote(&subject.env.name));
        let last = rows.iter().filter_map(|row| row.drilled.as_ref()).max_by_key(|drill| drill.at);
        let Some(last) = last else { return Ok(Verdict::warn("never restored to try it", fix)) };
        let ago = u64::try_from(now.as_second()).unwrap_or(0).saturating_sub(last.at);
        let evidence = format!("{} ago, from {}, {} long", lasting(ago), last.place, lasting(last.seconds));
        Ok(match ago <= subject.env.deploy.backup.drill_max_age.as_secs() {
            true => Verdict::pass(evidence),
            false => Verdict::warn(evidence, fix),
        })
    })
}

fn rpo(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, now| {
        let Some(rpo) = subject.env.targets.rpo else {
            return Err(Verdict::skip("targets.rpo promises nothing"));
        };
        let all = promise::kept(subject.env, rows, &[], now);
        let told = |one: &Kept| {
            let row = rows.iter().find(|row| Some(&row.id) == one.newest.as_ref());
            let age = row
                .and_then(|row| promise::age(row, now))
                .map(|age| format!("{} old", lasting(age.as_secs())));
            format!("{} {}", one.place, age.unwrap_or_else(|| "none".into()))
        };
        let told: Vec<_> = all.iter().map(told).collect();
        let evidence = format!("{} were promised: {}", lasting(rpo.as_secs()), told.join(", "));
        let fix = format!(
            "ops backup {}; ops schedule status says why none came by itself",
            quote(&subject.env.name)
        );
        Ok(match all.iter().filter_map(|one| one.rpo).max() {
            Some(Fresh::Lost) => Verdict::warn(format!("LOST: {evidence}"), fix),
            Some(Fresh::Soon) => Verdict::warn(format!("soon lost: {evidence}"), fix),
            _ => Verdict::pass(evidence),
        })
    })
}

fn judged(
    subject: &Subject<'_>,
    judge: impl Fn(&[BackupRow], Timestamp) -> Result<Verdict, Verdict>,
) -> Verdict {
    match asked(subject).and_then(|(rows, now)| judge(rows, now)) {
        Ok(verdict) | Err(verdict) => verdict,
    }
}
