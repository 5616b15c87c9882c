//! The way from this laptop to a droplet, hop by hop, and what is found at its end.

use super::{CLOCK, Finding, LEFT, Verdict};
use crate::checks::health::age;
use crate::inventory::Severity;

/// The hops in their order. Each needs the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hop {
    Name,
    Port,
    Key,
    Login,
    Root,
    Docker,
}

impl Hop {
    pub const ALL: [Hop; 6] = [Hop::Name, Hop::Port, Hop::Key, Hop::Login, Hop::Root, Hop::Docker];

    pub fn id(self) -> &'static str {
        match self {
            Hop::Name => "hop.name",
            Hop::Port => "hop.port",
            Hop::Key => "hop.key",
            Hop::Login => "hop.login",
            Hop::Root => "hop.root",
            Hop::Docker => "hop.docker",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Hop::Name => "name",
            Hop::Port => "port",
            Hop::Key => "host key",
            Hop::Login => "login",
            Hop::Root => "sudo and rights",
            Hop::Docker => "docker",
        }
    }
}

/// How far the way to a droplet led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub droplet: String,
    /// What was seen at the hops that were passed, or why one is none here.
    pub passed: Vec<(Hop, Verdict)>,
    /// Where it ended.
    pub broken: Option<(Hop, Verdict)>,
}

impl Way {
    pub fn new(droplet: &str) -> Self {
        Self { droplet: droplet.to_owned(), passed: Vec::new(), broken: None }
    }

    pub fn pass(&mut self, hop: Hop, evidence: impl AsRef<str>) {
        self.passed.push((hop, Verdict::pass(evidence)));
    }

    /// ssh came further than these, whatever was known of them before.
    pub fn came_to(&mut self, hop: Hop) {
        for before in Hop::ALL.into_iter().filter(|one| *one < hop) {
            if !self.passed.iter().any(|(one, _)| *one == before) {
                self.pass(before, if before == Hop::Key { "known" } else { "ssh came past it" });
            }
        }
    }

    pub fn reached(&self) -> bool {
        self.broken.as_ref().is_none_or(|(hop, _)| *hop > Hop::Root)
    }

    /// A verdict on each hop: those behind the broken one were not looked at, which is never well.
    pub fn findings(&self) -> Vec<Finding> {
        let verdict = |hop: Hop| match &self.broken {
            Some((at, verdict)) if *at == hop => verdict.clone(),
            broken => match self.passed.iter().find(|(one, _)| *one == hop) {
                Some((_, verdict)) => verdict.clone(),
                None => unseen(broken.as_ref().map(|(at, _)| *at)),
            },
        };
        Hop::ALL
            .into_iter()
            .map(|hop| finding(&self.droplet, (hop.id(), hop.title()), verdict(hop)))
            .collect()
    }
}

fn unseen(broken: Option<Hop>) -> Verdict {
    match broken {
        Some(hop) => Verdict::unknown(format!("not looked at, because of: {}", hop.title())),
        None => Verdict::unknown("not looked at"),
    }
}

fn finding(droplet: &str, (id, title): (&str, &str), verdict: Verdict) -> Finding {
    let severity = Severity::Critical;
    Finding { id: id.to_owned(), title: title.to_owned(), severity, droplet: droplet.to_owned(), verdict }
}

/// Between a laptop and a droplet ages are compared: of backups, of locks. So far apart they stay true.
const APART: u64 = 30;
/// And here certificates, and logins by a time code, begin to fail.
const FAR_APART: u64 = 300;

/// `ahead`: by so many seconds is the droplet's clock ahead of this laptop's, give or take `give`. None: not seen.
pub fn clock(way: &Way, seen: Option<(i64, u64)>) -> Finding {
    let verdict = match seen {
        None => unseen(way.broken.as_ref().map(|(at, _)| *at)),
        Some((ahead, give)) => {
            let (off, word) = (ahead.unsigned_abs(), if ahead < 0 { "behind" } else { "ahead of" });
            let said = format!("the droplet's is {} {word} this laptop's", age(off));
            let fix = "see which of them is wrong, here and on the droplet: timedatectl; then there: sudo timedatectl set-ntp true";
            match off.saturating_sub(give) {
                ..APART => Verdict::pass(format!("within {} of this laptop's", age(off + give))),
                APART..FAR_APART => Verdict::warn(said, fix),
                _ => Verdict::fail(said, fix),
            }
        }
    };
    finding(&way.droplet, CLOCK, verdict)
}

/// `own`: the name of this version's program for droplets; `there`: those on the droplet; `unreadable`: records that
/// this version cannot read. None: not seen.
pub fn left(way: &Way, own: &str, seen: Option<(Vec<String>, Vec<String>)>) -> Finding {
    let verdict = match seen {
        None => unseen(way.broken.as_ref().map(|(at, _)| *at)),
        Some((_, unreadable)) if !unreadable.is_empty() => Verdict::warn(
            format!("records that this ops cannot read: {}", crate::checks::some_of(unreadable, 3)),
            "a newer ops wrote them, or a hand: use the newest ops of your team on this laptop, too",
        ),
        Some((there, _)) if there.is_empty() => Verdict::pass("nothing yet"),
        Some((there, _)) if there.iter().any(|name| name == own) => {
            Verdict::pass(format!("{own}, of this ops"))
        }
        Some((there, _)) => Verdict::pass(format!(
            "{}, of another version of ops; the next run brings its own",
            crate::checks::some_of(there, 3)
        )),
    };
    finding(&way.droplet, LEFT, verdict)
}
