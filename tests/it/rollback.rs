//! Which release a rollback brings back, and with which data.

use std::collections::BTreeMap;

use ops::exit::Exit;
use ops::facts::{Facts, Module, ProbeFailure};
use ops::record::{Release, RestorePoint};
use ops::runbooks::deploy::Data;
use ops::runbooks::rollback::{Choice, Extent, Wish, choose};

use super::sample;

/// The releases `r1`, `r2`, .. in this order, the last one runs; each with the version of `ipai_docs`.
fn releases(versions: &[&str]) -> Vec<Release> {
    let one = |(n, version): (usize, &&str)| Release {
        created: format!("2026-11-{:02}T00:00:00Z", n + 1),
        sha: Some(format!("{}", n + 1).repeat(40)),
        modules: [("ipai_docs".to_owned(), version.to_string())].into(),
        ..sample::release(&format!("r{}", n + 1))
    };
    versions.iter().enumerate().map(one).collect()
}

/// The last one migrated the database and kept the one before.
fn migrated() -> Vec<Release> {
    let mut all = releases(&["1", "1", "2"]);
    all[2].data = Some("r3".into());
    all[2].restore = Some(RestorePoint {
        database: "odoo_before_3".into(),
        release: "r2".into(),
        data: None,
        taken: "2026-11-03T00:00:00Z".into(),
    });
    all
}

fn facts(releases: Vec<Release>, installed: &str) -> Facts {
    let mut facts = sample::facts();
    let state = facts.state.as_mut().unwrap();
    state.current = releases.last().map(|release| release.id.clone());
    state.releases = releases;
    let database = facts.database.as_mut().unwrap().as_mut().unwrap();
    let module = Module { state: "installed".into(), version: Some(installed.into()) };
    database.modules = [("ipai_docs".to_owned(), module)].into();
    facts
}

fn chosen(facts: Facts, extent: Extent, to: Option<&str>) -> Result<Choice, ops::error::Error> {
    let wish = Wish { to: to.map(str::to_owned), extent, ..Wish::default() };
    choose(&sample::environment(), &BTreeMap::from([("erp-1".to_owned(), facts)]), &wish)
}

fn id(choice: &Choice) -> &str {
    &choice.request.wanted.release.as_ref().unwrap().id
}

#[test]
fn code_alone_comes_back_where_the_database_fits_it() {
    let choice = chosen(facts(releases(&["1", "1", "1"]), "1"), Extent::AsNeeded, None).unwrap();
    assert_eq!((id(&choice), &choice.request.data), ("r2", &Data::Kept));
    let choice = chosen(facts(releases(&["1", "1", "1"]), "1"), Extent::Code, Some("1111111")).unwrap();
    assert_eq!(id(&choice), "r1");
}

#[test]
fn data_comes_back_where_it_has_to_and_can() {
    let choice = chosen(facts(migrated(), "2"), Extent::AsNeeded, None).unwrap();
    let Data::Return(point) = &choice.request.data else { panic!("{choice:?}") };
    assert_eq!((id(&choice), point.database.as_str()), ("r2", "odoo_before_3"));
    assert_eq!(choice.request.wanted.release.as_ref().unwrap().since.as_deref(), Some("r3"));
    // Both older releases fit the same data.
    let choice = chosen(facts(migrated(), "2"), Extent::Data, Some("r1")).unwrap();
    assert!(matches!(choice.request.data, Data::Return(_)), "{choice:?}");
}

#[test]
fn a_change_of_the_database_without_a_new_version_is_seen() {
    let mut all = migrated();
    all[2].modules = all[1].modules.clone();
    let choice = chosen(facts(all.clone(), "1"), Extent::AsNeeded, None).unwrap();
    assert!(matches!(choice.request.data, Data::Return(_)), "{choice:?}");
    let error = chosen(facts(all, "1"), Extent::Code, None).unwrap_err();
    assert!(error.to_string().contains("does not fit the code of release r2"), "{error}");
    assert!(error.why.iter().any(|why| why.contains("by release r3")), "{error:?}");
}

#[test]
fn code_that_does_not_fit_is_refused_with_the_ways_that_are_left() {
    let error = chosen(facts(migrated(), "2"), Extent::Code, None).unwrap_err();
    assert_eq!(error.exit, Exit::Checks);
    assert!(error.why.iter().any(|why| why.contains("ipai_docs is 2 in the database, and was 1 then")));
    assert!(error.next.iter().any(|next| next.contains("--to r2 --with-data")), "{error:?}");
    assert!(error.next.iter().any(|next| next.contains("--to r2 --force-code-only")), "{error:?}");
    let forced = chosen(facts(migrated(), "2"), Extent::CodeByForce, None).unwrap();
    assert_eq!(forced.request.data, Data::Kept);
    assert_eq!(forced.breaks.len(), 1, "{forced:?}");

    // Updated by hand: nothing was put aside that has the old data.
    let by_hand = facts(releases(&["1", "1", "1"]), "2");
    let error = chosen(by_hand.clone(), Extent::AsNeeded, None).unwrap_err();
    assert!(error.why.iter().any(|why| why.contains("no database was put aside")), "{error:?}");
    assert_eq!(chosen(by_hand, Extent::Data, None).unwrap_err().exit, Exit::Usage);
    // Put aside, and changed by hand before that: not what the release had.
    let mut all = migrated();
    all[0].modules = [("ipai_docs".to_owned(), "0".to_owned())].into();
    assert!(chosen(facts(all, "2"), Extent::AsNeeded, Some("r1")).is_err());
}

#[test]
fn a_second_rollback_goes_further_back() {
    let mut all = releases(&["1", "1", "1", "1"]);
    all[3].copy_of = Some("r2".into());
    let choice = chosen(facts(all.clone(), "1"), Extent::AsNeeded, None).unwrap();
    assert_eq!(id(&choice), "r1");
    // Also where the release that was brought back is not kept any more.
    let mut pruned = all.clone();
    pruned.remove(1);
    let choice = chosen(facts(pruned, "1"), Extent::AsNeeded, None).unwrap();
    assert_eq!(id(&choice), "r1");
    // And forward again by name.
    let choice = chosen(facts(all, "1"), Extent::AsNeeded, Some("r3")).unwrap();
    assert_eq!(id(&choice), "r3");
    // Records that lead in a circle lead nowhere.
    let mut all = releases(&["1", "1"]);
    all[0].copy_of = Some("r2".into());
    all[1].copy_of = Some("r1".into());
    assert!(chosen(facts(all, "1"), Extent::AsNeeded, None).is_err());
}

#[test]
fn a_database_that_cannot_be_asked_is_what_was_recorded() {
    let mut down = facts(releases(&["1", "1"]), "1");
    down.database = Err(ProbeFailure::new("no container of db"));
    assert_eq!(chosen(down, Extent::AsNeeded, None).unwrap().request.data, Data::Kept);
    let mut down = facts(migrated(), "2");
    down.database = Err(ProbeFailure::new("no container of db"));
    let choice = chosen(down, Extent::AsNeeded, None).unwrap();
    assert!(matches!(choice.request.data, Data::Return(_)), "{choice:?}");
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    for (to, code) in [(Some("nothing"), Exit::Usage), (Some("r"), Exit::Usage), (Some("r3"), Exit::Usage)] {
        let error = chosen(facts(releases(&["1", "1", "1"]), "1"), Extent::AsNeeded, to).unwrap_err();
        assert_eq!(error.exit, code, "{error:?}");
        assert!(error.next.iter().any(|next| next.contains("ops releases list prod")), "{error:?}");
    }
    let error = chosen(facts(releases(&["1"]), "1"), Extent::AsNeeded, None).unwrap_err();
    assert!(error.to_string().contains("no older release is kept"), "{error}");
    let error = chosen(facts(Vec::new(), "1"), Extent::AsNeeded, None).unwrap_err();
    assert!(error.to_string().contains("no release of prod is on record"), "{error}");
}
