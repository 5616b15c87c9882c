//! Random plans over random links: what the ledger says is what the droplets did, and what was undone is
//! gone. The droplets are pretended, with the runner's rules: an act runs once, whoever starts it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::tests::{Nothing, execution};
use super::*;
use crate::cmd::Cmd;
use crate::event::Silent;
use crate::execute::runner::Runner;
use crate::plan::{Action, Step};
use crate::transport::TransportError;
use crate::transport::fake::{Fake, FakeAnswer};

/// What the link does to one call.
#[derive(Debug, Clone, Copy)]
enum Weather {
    Fine,
    /// It did not arrive.
    Lost,
    /// It arrived, and its answer did not.
    Unanswered,
    /// It arrives when the next call does.
    Late,
    /// It arrived twice.
    Twice,
    /// The answer is not the runner's.
    Garbled,
    Slow,
}

/// A droplet by the runner's rules.
#[derive(Debug, Default)]
struct Pretended {
    sections: BTreeMap<String, (bool, Vec<(String, bool)>)>,
    /// Steps whose effect is there.
    effects: BTreeSet<String>,
    begun: BTreeMap<String, BTreeSet<usize>>,
    done: BTreeMap<String, BTreeSet<usize>>,
    acts: BTreeMap<(String, String), (i32, Vec<String>)>,
    late: Vec<Vec<String>>,
    ran: Vec<String>,
}

impl Pretended {
    fn call(&mut self, argv: &[String]) -> String {
        for late in std::mem::take(&mut self.late) {
            self.call(&late);
        }
        match argv[2].as_str() {
            "start" => {
                let (section, act, undo) = (&argv[6], &argv[7], argv[9] == "undo");
                let key = (section.clone(), act.clone());
                if !self.acts.contains_key(&key) {
                    let ended = if undo { (0, self.undo(section, act)) } else { self.carry(section, act) };
                    self.acts.insert(key.clone(), ended);
                }
                self.report(&key, 1)
            }
            "poll" => self.report(&(argv[5].clone(), argv[6].clone()), argv[7].parse().unwrap_or(1)),
            _ => String::new(),
        }
    }

    fn carry(&mut self, section: &str, act: &str) -> (i32, Vec<String>) {
        let (critical, steps) = self.sections[section].clone();
        let mut trail = Vec::new();
        for (index, (id, fails)) in steps.iter().enumerate() {
            self.ran.push(format!("{id}.{act}"));
            self.begun.entry(section.into()).or_default().insert(index);
            // Half of it may have happened.
            self.effects.insert(id.clone());
            trail.push(format!("{id}.{act} {index} carry {} 1 0 0", u8::from(*fails)));
            if *fails {
                if critical {
                    trail.extend(self.undo(section, act));
                    return (6, trail);
                }
                return (1, trail);
            }
            self.done.entry(section.into()).or_default().insert(index);
        }
        (0, trail)
    }

    fn undo(&mut self, section: &str, act: &str) -> Vec<String> {
        let steps = self.sections[section].1.clone();
        let begun = self.begun.remove(section).unwrap_or_default();
        let undone = begun.into_iter().rev().map(|index| {
            let id = &steps[index].0;
            self.effects.remove(id);
            self.ran.push(format!("undo.{id}.{act}"));
            format!("undo.{id}.{act} {index} undo 0 1 0 0")
        });
        undone.collect()
    }

    fn report(&self, key: &(String, String), from: usize) -> String {
        let Some((code, trail)) = self.acts.get(key) else { return "absent - 0\n".into() };
        let told: String = trail.iter().skip(from - 1).map(|line| format!("{line}\n")).collect();
        format!("done {code} {}\n{told}", trail.len())
    }
}

fn weather() -> impl Strategy<Value = Weather> {
    prop_oneof![
        6 => Just(Weather::Fine),
        1 => Just(Weather::Lost),
        1 => Just(Weather::Unanswered),
        1 => Just(Weather::Late),
        1 => Just(Weather::Twice),
        1 => Just(Weather::Garbled),
        1 => Just(Weather::Slow),
    ]
}

fn droplet(
    name: &str,
    pretended: Arc<Mutex<Pretended>>,
    weather: Vec<Weather>,
    cut: Option<usize>,
) -> Arc<Fake> {
    let calls = Mutex::new(0_usize);
    let answer = move |cmd: &Cmd| {
        let mut calls = calls.lock().unwrap();
        *calls += 1;
        let mut droplet = pretended.lock().unwrap();
        let argv = cmd.argv().to_vec();
        let lost = || FakeAnswer::Error(TransportError::Lost { detail: "no link".into() });
        if cut.is_some_and(|cut| *calls > cut) {
            return lost();
        }
        match weather.get(*calls % weather.len().max(1)).copied().unwrap_or(Weather::Fine) {
            Weather::Fine => FakeAnswer::ok(droplet.call(&argv)),
            Weather::Lost => lost(),
            Weather::Unanswered => {
                droplet.call(&argv);
                FakeAnswer::no_status()
            }
            Weather::Late => {
                droplet.late.push(argv);
                FakeAnswer::no_status()
            }
            Weather::Twice => {
                droplet.call(&argv);
                FakeAnswer::ok(droplet.call(&argv))
            }
            Weather::Garbled => {
                droplet.call(&argv);
                FakeAnswer::ok("motd: welcome\n")
            }
            Weather::Slow => {
                FakeAnswer::After(Duration::from_secs(7), Box::new(FakeAnswer::ok(droplet.call(&argv))))
            }
        }
    };
    Arc::new(Fake::new(name, answer))
}

/// Sections as (name, droplets they are on, critical, steps that fail or not).
type Drawn = Vec<(Vec<usize>, bool, Vec<bool>)>;

fn sections(drawn: &Drawn) -> Vec<Section> {
    let mut all = Vec::new();
    for (at, (droplets, critical, steps)) in drawn.iter().enumerate() {
        for droplet in droplets {
            let name = format!("erp-{droplet}");
            let step = |(n, _): (usize, &bool)| Step {
                id: format!("s{at}.{n}"),
                phase: Phase::Switch,
                droplet: name.clone(),
                title: format!("s{at}.{n}"),
                actions: vec![Action::Run(Cmd::new("true"))],
                undo: Undo::By(vec![Action::Run(Cmd::new("true"))]),
                timeout: 600,
            };
            let steps = steps.iter().enumerate().map(step).collect();
            all.push(Section { id: format!("s{at}"), droplet: name.clone(), critical: *critical, steps });
        }
    }
    all
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let droplets = prop::sample::subsequence(vec![0_usize, 1, 2], 1..=3);
    let steps = prop::collection::vec(prop::bool::weighted(0.1), 1..4);
    prop::collection::vec((droplets, any::<bool>(), steps), 1..5)
}

fn run(
    drawn: &Drawn,
    weather: &[Vec<Weather>],
    cut: Option<(usize, usize)>,
) -> (Report, Vec<Arc<Mutex<Pretended>>>) {
    let pretended: Vec<Arc<Mutex<Pretended>>> = (0..3).map(|_| Arc::default()).collect();
    for (at, (droplets, critical, steps)) in drawn.iter().enumerate() {
        let steps: Vec<_> =
            steps.iter().enumerate().map(|(n, fails)| (format!("s{at}.{n}"), *fails)).collect();
        for droplet in droplets {
            pretended[*droplet].lock().unwrap().sections.insert(format!("s{at}"), (*critical, steps.clone()));
        }
    }
    let posts: BTreeMap<String, Post> = (0..3)
        .map(|n| {
            let name = format!("erp-{n}");
            let cut = cut.filter(|(which, _)| *which == n).map(|(_, after)| after);
            let link = droplet(&name, pretended[n].clone(), weather[n].clone(), cut);
            (name, Post { link, runner: Runner::new("/var/lib/ops/odoo"), fence: 1 })
        })
        .collect();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let report = runtime.block_on(async {
        let stop = Stop::default();
        let cx =
            Execution { listener: &Silent, secrets: &Nothing, own: &Nothing, ..execution(&posts, &stop) };
        let plan = super::tests::plan(sections(drawn));
        Walk::new(&plan, &cx).run().await
    });
    (report, pretended)
}

/// A critical section was done whole on some droplet.
fn serves(drawn: &Drawn, report: &Report) -> bool {
    let done = |at: usize, droplet: usize| {
        let name = format!("erp-{droplet}");
        let mut rows = report
            .ledger
            .iter()
            .filter(|row| row.droplet == name && row.step.starts_with(&format!("s{at}.")));
        rows.all(|row| row.outcome == Outcome::Done)
    };
    let mut critical = drawn.iter().enumerate().filter(|(_, (_, critical, _))| *critical);
    critical.any(|(at, (droplets, _, _))| droplets.iter().any(|droplet| done(at, *droplet)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_ledger_is_what_the_droplets_did(
        drawn in drawn(),
        weather in prop::collection::vec(prop::collection::vec(weather(), 1..12), 3..4),
        cut in prop::option::weighted(0.3, (0_usize..3, 0_usize..6)),
    ) {
        // A link on which nothing ever comes through is the matter of `cut`.
        let weather: Vec<_> = weather.into_iter().map(|mut one| { one.push(Weather::Fine); one }).collect();
        let (report, droplets) = run(&drawn, &weather, cut);
        for (n, droplet) in droplets.iter().enumerate() {
            let droplet = droplet.lock().unwrap();
            let mut once = BTreeSet::new();
            prop_assert!(droplet.ran.iter().all(|one| once.insert(one.clone())), "twice: {:?}", droplet.ran);
            for row in report.ledger.iter().filter(|row| row.droplet == format!("erp-{n}")) {
                let there = droplet.effects.contains(&row.step);
                match row.outcome {
                    Outcome::Done => prop_assert!(there, "{row:?} is not there: {report:?}"),
                    Outcome::Undone => prop_assert!(!there, "{row:?} is there: {report:?}"),
                    Outcome::NotReached => prop_assert!(!there || report.exit == Exit::Mixed, "{row:?} is there: {report:?}"),
                    // An undo that nobody heard of may have happened; what is unknown is said to be.
                    Outcome::Failed => prop_assert!(!there || matches!(report.exit, Exit::Mixed | Exit::Unknown), "{row:?}: {report:?}"),
                    Outcome::Unknown => prop_assert!(matches!(report.exit, Exit::Unknown | Exit::Mixed), "{row:?}: {report:?}"),
                }
            }
        }
        let left = droplets.iter().any(|droplet| !droplet.lock().unwrap().effects.is_empty());
        match report.exit {
            Exit::Done => prop_assert!(report.ledger.iter().all(|row| row.outcome == Outcome::Done)),
            Exit::PutBack | Exit::Failed => prop_assert!(!left, "said to be put back: {report:?}"),
            // Some droplets serve, one did not come along and went back by itself.
            Exit::Mixed if serves(&drawn, &report) => {}
            Exit::Mixed | Exit::Unknown => prop_assert!(cut.is_some(), "the links came back, and it is {report:?}"),
            other => prop_assert!(false, "{other:?}: {report:?}"),
        }
    }
}
