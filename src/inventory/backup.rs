//! Backups: where they are kept, with what, and for how long.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Serialize;
use serde_json::json;

use super::build::{Base, value};
use super::fault::Fault;
use super::hide;
use super::model::Value;
use super::node::Node;
use super::paths;
use super::raw::{self, Located};
use super::resolved::secret;
use super::words::{Checked, show};

/// What an environment says of its backups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backup {
    /// On the droplet; below it one repository per Compose project.
    pub path: Utf8PathBuf,
    /// The image of restic; None: the droplet's own, from 0.17 on.
    pub image: Option<String>,
    pub keep: Retention,
    /// So many files that the database names may be missing, because they have been for long.
    pub missing_files: u32,
    /// The images that a backup runs with are kept beside it, so that no registry is needed to bring it back.
    pub images: bool,
    /// Where copies go.
    pub offsite: Vec<Offsite>,
    /// When one begins by itself, once that was installed: see [`schedule`].
    pub schedule: String,
    /// The directory of Prometheus' textfile collector; None: the usual one, where it is there.
    pub textfile: Option<Utf8PathBuf>,
}

/// A repository that is not on the droplet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offsite {
    /// Unique in its environment.
    pub name: String,
    /// As restic calls it: `s3:https://..`, `sftp:user@host:/path`, `rest:https://..`.
    pub repository: String,
    /// Variables that restic reads, most of them secret.
    pub env: BTreeMap<String, Value>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            path: "/var/backups/ops".into(),
            image: None,
            keep: Retention { daily: 7, weekly: 4, monthly: 3 },
            missing_files: 0,
            images: true,
            offsite: Vec::new(),
            schedule: "02:30".into(),
            textfile: None,
        }
    }
}

/// How many verified backups are kept, each counted in days, weeks and months that have one. The newest three always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retention {
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
}

impl Backup {
    /// The schedule as systemd's `OnCalendar=` reads it.
    pub fn calendar(&self) -> String {
        match time_of_day(&self.schedule) {
            Some(_) => format!("*-*-* {}:00", self.schedule),
            None => self.schedule.clone(),
        }
    }

    /// With the keys of the inventory.
    pub(super) fn node(&self) -> Node<'_> {
        let Retention { daily, weekly, monthly } = self.keep;
        let restic = |image: &String| Node::map([("image", json!(image).into())]);
        Node::map([
            ("path", json!(self.path).into()),
            ("restic", self.image.as_ref().map(restic).unwrap_or_default()),
            (
                "keep",
                Node::map([
                    ("daily", json!(daily).into()),
                    ("weekly", json!(weekly).into()),
                    ("monthly", json!(monthly).into()),
                ]),
            ),
            ("missing_files", json!(self.missing_files).into()),
            ("images", json!(self.images).into()),
            ("schedule", json!(self.schedule).into()),
            ("textfile", json!(self.textfile).into()),
            ("offsite", self.offsite.iter().map(Offsite::node).collect()),
        ])
    }
}

impl Offsite {
    fn node(&self) -> Node<'_> {
        let env = self.env.iter().map(|(name, value)| (&**name, secret(value, |v| hide::value(name, v))));
        Node::map([
            ("name", json!(self.name).into()),
            ("repository", json!(self.repository).into()),
            ("env", Node::map(env)),
        ])
    }
}

/// What a place off site is called: a part of a step's id, and of a file's name.
pub(super) fn place(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match (1..=40).contains(&text.len()) && text.chars().all(fine) && !text.starts_with('-') {
        true => Ok(text.to_owned()),
        false => {
            Err(format!("{} is no name for a place: small letters, digits and -, at most 40", show(text)))
        }
    }
}

/// `s3:..`, `sftp:..`, `rest:..` and the like, as restic reads them, or an absolute path of another disk. Without a
/// password: a repository's name is no secret, and is shown.
pub(super) fn repository(text: &str) -> Checked<String> {
    const KINDS: [&str; 7] = ["s3:", "sftp:", "rest:", "b2:", "azure:", "gs:", "swift:"];
    if text.starts_with('/') {
        return paths::absolute(text).map(Utf8PathBuf::into_string);
    }
    let fine = |c: char| c.is_ascii_graphic() && !"\"'`$\\<>|;(){}*^".contains(c);
    let login = text.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    match KINDS.iter().any(|kind| text.starts_with(kind)) && text.len() <= 1024 && text.chars().all(fine) {
        false => Err(format!(
            "{} is not a repository that restic knows\n`s3:https://..`, `sftp:user@host:/path`, `rest:https://..`, or an absolute path",
            show(text)
        )),
        true if login.is_some_and(|(user, _)| user.contains(':')) => {
            Err("a repository's name must not hold a password\nput it into `env`, as RESTIC_REST_PASSWORD"
                .into())
        }
        true => Ok(text.to_owned()),
    }
}

/// What an environment says wins over what all of them inherit.
///
/// # Errors
/// Two places off site have one name.
pub(super) fn resolve(
    own: raw::Backup,
    defaults: raw::Backup,
    base: Base<'_>,
    path: &str,
) -> Result<Backup, Fault> {
    let usual = Backup::default();
    let (keep, others) = (own.keep.unwrap_or_default(), defaults.keep.unwrap_or_default());
    let image = |restic: raw::Restic| restic.image.map(|image| image.0);
    Ok(Backup {
        path: own.path.or(defaults.path).map_or(usual.path, |path| path.0),
        image: own.restic.or(defaults.restic).and_then(image),
        keep: Retention {
            daily: keep.daily.or(others.daily).unwrap_or(usual.keep.daily),
            weekly: keep.weekly.or(others.weekly).unwrap_or(usual.keep.weekly),
            monthly: keep.monthly.or(others.monthly).unwrap_or(usual.keep.monthly),
        },
        missing_files: own.missing_files.or(defaults.missing_files).unwrap_or_default(),
        images: own.images.or(defaults.images).unwrap_or(usual.images),
        schedule: own.schedule.or(defaults.schedule).map_or(usual.schedule, |time| time.0),
        textfile: own.textfile.or(defaults.textfile).map(|path| path.0),
        offsite: offsite(own.offsite.or(defaults.offsite).unwrap_or_default(), base, path)?,
    })
}

fn offsite(raw: Vec<Located<raw::Offsite>>, base: Base<'_>, path: &str) -> Result<Vec<Offsite>, Fault> {
    let mut all: Vec<Offsite> = Vec::new();
    for (i, Located { value: raw, place }) in raw.into_iter().enumerate() {
        if all.iter().any(|one| one.name == raw.name.0) {
            let fault = Fault::new(&format!("two places off site have the name {}", show(&raw.name.0)));
            return Err(fault.at(place, format!("{path}.backup.offsite[{i}]")));
        }
        let env = raw.env.unwrap_or_default().into_iter().map(|(name, v)| (name.0, value(v, base)));
        all.push(Offsite { name: raw.name.0, repository: raw.repository.0, env: env.collect() });
    }
    Ok(all)
}

/// `02:30`, or what systemd calls a calendar event: `Mon..Sat *-*-* 22:00`. It becomes a line of a unit: nothing here
/// means anything else there. Whether systemd knows it, the droplet says before anything is written.
pub(super) fn schedule(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || " *:.,/_+~-".contains(c);
    let refused = |why: &str| Err(format!("{} is no time to make backups\n{why}", show(text)));
    // It is an argument as well, and no option.
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '*');
    if !first || text.ends_with(' ') || text.len() > 100 || !text.chars().all(fine) {
        return refused("a time as `02:30`, or a calendar event of systemd's as `Mon..Sat *-*-* 22:00`");
    }
    let clock = text.len() == 5
        && text.chars().enumerate().all(|(at, c)| if at == 2 { c == ':' } else { c.is_ascii_digit() });
    match clock && time_of_day(text).is_none() {
        true => refused("the hours are 00 to 23, the minutes 00 to 59"),
        false => Ok(text.to_owned()),
    }
}

/// Of `HH:MM`.
fn time_of_day(text: &str) -> Option<(u8, u8)> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let (hour, minute) = text.split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute))?;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_a_calendar_event_and_nothing_else() {
        let calendar = |text: &str| {
            let schedule = schedule(text).ok()?;
            Some(Backup { schedule, ..Backup::default() }.calendar())
        };
        assert_eq!(calendar("02:30").as_deref(), Some("*-*-* 02:30:00"));
        for event in ["daily", "Mon..Sat *-*-* 22:00", "*-*-* 03:00 Europe/Berlin", "*-*~01 04:00:00"] {
            assert_eq!(calendar(event).as_deref(), Some(event));
        }
        for wrong in [
            "",
            " ",
            "24:00",
            "12:60",
            "02:30 ",
            "daily\nExecStart=x",
            "%i",
            "$(id)",
            "a;b",
            "'02:30'",
            &"1".repeat(101),
        ] {
            assert_eq!(calendar(wrong), None, "{wrong:?}");
        }
    }
}
