//! The time after a switch: whether the new release is as good as the one before it, and what follows.

use std::time::Duration;

use super::steps::run;
use super::work::Work;
use crate::inventory::{UserProbe, Watch};
use crate::plan::{Note, NoteKind, Phase, Step, Undo, WATCH};
use crate::text::printable;
use crate::tools::watch::{Page, Site, Worse};

/// Pages beyond these are not asked: each takes its time of every round.
const PAGES: usize = 10;

/// Where the watch stands in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// At the end of the switch of the one web droplet, which goes back by itself.
    Switch,
    /// After the switches of several web droplets, which the laptop takes back together.
    Together,
    /// At the end: it only tells.
    Last,
}

impl Work<'_> {
    /// What is measured of the release that serves.
    pub(super) fn baseline(&self) -> Option<Step> {
        self.watched()?;
        let live = self.facts.web(&self.inputs.env.stack.web).filter(|live| live.running())?;
        let pages = self.pages();
        let measure = self.site_of(&live.service, &pages, |site| site.before());
        let title = format!("measure what serves now: 30 requests of {}", names(&pages));
        let undo = Undo::NotNeeded("it only looks".into());
        Some(self.builder().step("baseline", Phase::Prepare, title, vec![run(measure)], undo, 180))
    }

    /// The watch, where it stands here; `web`: how many droplets are switched.
    pub(super) fn watch(&self, here: Stand, web: usize) -> Vec<Step> {
        let stand = self.stand(web).filter(|stand| *stand == here);
        stand.and_then(|stand| self.look(stand)).into_iter().collect()
    }

    fn look(&self, stand: Stand) -> Option<Step> {
        let watch = self.watched()?;
        let (pages, seconds) = (self.pages(), watch.time.as_secs());
        // What changed data goes back with a loss, which is for a person to weigh.
        let undo = match self.migration {
            Some(_) => format!("ops rollback {}", self.inputs.env.name),
            None => format!("ops runs undo {}", self.inputs.run),
        };
        let worse = Worse { undo: &undo, fails: stand != Stand::Last };
        let look = self.site_of(&self.place.service(&self.inputs.env.stack.web), &pages, |site| {
            site.after(seconds, worse)
        });
        let title = format!("as good as before for {}: {}", said(watch.time), names(&pages));
        // A failure of the last one is housekeeping's; of the others it takes the release back.
        let phase = if stand == Stand::Together { Phase::Verify } else { Phase::Watch };
        let undo = Undo::NotNeeded("it only looks".into());
        Some(self.builder().step(WATCH, phase, title, vec![run(look)], undo, seconds + 180))
    }

    /// Only a new release is: whoever goes back is in a hurry, and a change of modules is of the same release.
    fn watched(&self) -> Option<Watch> {
        self.inputs.env.deploy.watch.filter(|_| self.staged.kept.is_none())
    }

    fn stand(&self, web: usize) -> Option<Stand> {
        let watch = self.watched().filter(|_| self.switches())?;
        Some(match (watch.put_back && self.may_go_back(), web) {
            (false, _) => Stand::Last,
            (true, 1) => Stand::Switch,
            (true, _) => Stand::Together,
        })
    }

    /// There is a release to go back to, and no data would be lost.
    fn may_go_back(&self) -> bool {
        !self.is_fresh() && !self.creates_database && self.migration.is_none()
    }

    /// What the plan says of it.
    pub(super) fn watch_note(&self, web: usize) -> Option<Note> {
        let watch = self.watched()?;
        let time = said(watch.time);
        let (title, line) = match self.stand(web)? {
            Stand::Switch => (
                format!("watched for {time} after the switch; a worse release goes back"),
                "the droplet does that by itself; until the time is over a loss of power goes back, too",
            ),
            Stand::Together => (
                format!("watched for {time} after the switches; a worse release goes back on all droplets"),
                "this laptop does that: it has to stay connected; without it the new release stays",
            ),
            Stand::Last if watch.put_back => (
                format!("watched for {time} after the switch; a worse release is said, and stays"),
                "put_back does not hold where there is nothing to go back to, or data would be lost",
            ),
            Stand::Last => (
                format!("watched for {time} after the switch; a worse release is said, and stays"),
                "a first Ctrl-C ends the watching and nothing else",
            ),
        };
        Some(Note { kind: NoteKind::Info, title, lines: vec![line.to_owned()] })
    }

    fn site_of<T>(&self, service: &str, pages: &[Page], then: impl Fn(Site<'_>) -> T) -> T {
        let dir = format!("{}/runs/{}/watch", self.place.state, self.inputs.run);
        let (host, proxy) = (self.host(), self.inputs.env.proxy.as_ref());
        then(Site {
            dir: &dir,
            project: &self.place.project,
            service: proxy.is_none().then_some(service),
            container: proxy.and_then(|proxy| proxy.container.as_deref()),
            host: &host,
            pages,
        })
    }

    /// The login page, and what the user's own checks ask by HTTP.
    fn pages(&self) -> Vec<Page> {
        let own = self.inputs.env.checks.iter().filter_map(|check| match &check.probe {
            UserProbe::Http { path, status, contains, .. } => Some(Page {
                name: printable(&check.name),
                path: path.clone(),
                status: *status,
                contains: contains.clone().unwrap_or_default(),
            }),
            _ => None,
        });
        std::iter::once(Page::login()).chain(own).take(PAGES).collect()
    }
}

fn names(pages: &[Page]) -> String {
    pages.iter().map(|page| page.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// `90 s`, `10 min`.
fn said(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
