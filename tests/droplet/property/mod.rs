//! Random plans over random links, carried out by the real executor and the real runner: what the ledger says is what
//! the droplets did, and what was undone is gone.
//!
//! The link is a fake one with paused time; each call that comes through runs the real runner in a sandbox, in real
//! time. `OPS_PROPERTY_CASES` says how many plans, `OPS_SEED` which.

mod droplet;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use ops::event::Outcome;
use ops::execute::Report;
use ops::exit::Exit;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::seed::Seed;
use droplet::{Weather, weather};
use world::{Drawn, Effects, drawn, run};

/// Half a minute of one core.
const CASES: u32 = 40;

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

/// The ledger's rows of one droplet agree with what happened there.
fn agrees(droplet: &str, effects: &Effects, report: &Report) -> Result<(), TestCaseError> {
    let mut once = BTreeSet::new();
    prop_assert!(effects.ran.iter().all(|one| once.insert(one)), "twice: {:?}", effects.ran);
    for row in report.ledger.iter().filter(|row| row.droplet == droplet) {
        let there = effects.there.contains(&row.step);
        match row.outcome {
            Outcome::Done => prop_assert!(there, "{row:?} is not there: {report:?}"),
            Outcome::Undone => prop_assert!(!there, "{row:?} is there: {report:?}"),
            Outcome::NotReached => {
                prop_assert!(!there || report.exit == Exit::Mixed, "{row:?} is there: {report:?}");
            }
            // An undo that nobody heard of may have happened; what is unknown is said to be.
            Outcome::Failed => prop_assert!(
                !there || matches!(report.exit, Exit::Mixed | Exit::Unknown),
                "{row:?}: {report:?}"
            ),
            Outcome::Unknown => {
                prop_assert!(matches!(report.exit, Exit::Unknown | Exit::Mixed), "{row:?}: {report:?}");
            }
        }
    }
    Ok(())
}

/// Carries the plan out, and judges what is told of it.
fn holds(
    drawn: &Drawn,
    weather: &[Vec<Weather>],
    cut: Option<(usize, usize)>,
) -> Result<(Report, BTreeMap<String, Effects>), TestCaseError> {
    let (report, droplets) = run(drawn, weather, cut);
    for (droplet, effects) in &droplets {
        agrees(droplet, effects, &report)?;
    }
    let left = droplets.values().any(|effects| !effects.there.is_empty());
    match report.exit {
        Exit::Done => prop_assert!(report.ledger.iter().all(|row| row.outcome == Outcome::Done)),
        Exit::PutBack | Exit::Failed => prop_assert!(!left, "said to be put back: {report:?}"),
        // Some droplets serve, one did not come along and went back by itself.
        Exit::Mixed if serves(drawn, &report) => {}
        Exit::Mixed | Exit::Unknown => {
            prop_assert!(cut.is_some(), "the links came back, and it is {report:?}");
        }
        other => prop_assert!(false, "{other:?}: {report:?}"),
    }
    Ok((report, droplets))
}

#[test]
fn the_ledger_is_what_the_droplets_did() {
    let seed = Seed::of("the_ledger_is_what_the_droplets_did");
    let cases = std::env::var("OPS_PROPERTY_CASES").map_or(CASES, |text| text.parse().expect("a number"));
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed.number().into()),
        failure_persistence: None,
        // Each costs half a second.
        max_shrink_iters: 100,
        ..Config::default()
    };
    // A link on which nothing ever comes through is the matter of `cut`.
    let links = prop::collection::vec(weather(), 1..12).prop_map(|mut link| {
        link.push(Weather::Fine);
        link
    });
    let cut = prop::option::weighted(0.3, (0_usize..3, 0_usize..6));
    let strategy = (drawn(), prop::collection::vec(links, 3), cut);
    let outcome = TestRunner::new(config)
        .run(&strategy, |(drawn, weather, cut)| holds(&drawn, &weather, cut).map(drop));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A case that failed once: the answer to the start was garbled, and then the link was cut.
#[test]
fn start_whose_answer_is_garbled_before_the_link_is_cut_is_unknown() {
    let drawn = vec![(vec![2], false, vec![false])];
    let weather = [vec![Weather::Fine], vec![Weather::Fine], vec![Weather::Fine, Weather::Garbled]];
    let (report, droplets) = holds(&drawn, &weather, Some((2, 1))).unwrap();
    assert_eq!((report.exit, droplets["erp-2"].there.len()), (Exit::Unknown, 1));
}

/// Each kind of weather alone, over a plan whose last section fails.
#[test]
fn plan_that_fails_is_put_back_whatever_a_link_that_comes_back_does() {
    use Weather::{Fine, Garbled, Late, Lost, Slow, Twice, Unanswered};
    let drawn = vec![(vec![0, 1], false, vec![false, false]), (vec![0], true, vec![false, true])];
    for bad in [Lost, Unanswered, Late, Twice, Garbled, Slow] {
        let weather = [vec![Fine, bad], vec![bad, bad, Fine], vec![Fine]];
        let (report, droplets) = holds(&drawn, &weather, None).unwrap();
        assert_eq!(report.exit, Exit::PutBack, "{bad:?}");
        assert_eq!(droplets["erp-0"].ran.len(), 8, "{bad:?}: {:?}", droplets["erp-0"].ran);
        assert_eq!(droplets["erp-1"].ran.len(), 4, "{bad:?}: {:?}", droplets["erp-1"].ran);
    }
}
