//! Who was refused, and entrances that were not there before.

use ops::checks::Verdict;
use ops::checks::health::Entrances;
use ops::facts::{Entrance, Facts, Listening, Log};

use super::{Case, does_not_know, fails, lost, passes, skips, warns};
use crate::health::probes::answer;

const DAY: i64 = 86_400;

#[test]
fn access_ssh_and_odoo() {
    let ssh = |refused| {
        move |case: &mut Case| case.vitals().access.as_mut().unwrap().as_mut().unwrap().refused = refused
    };
    passes("access.ssh", "3 refused over ssh", |_| ());
    warns("access.ssh", "500 refused", ssh(Some(500)));
    fails("access.ssh", "5000 refused", ssh(Some(5000)));
    skips("access.ssh", ssh(None));
    skips("access.ssh", |case| case.vitals().access = Ok(None));
    does_not_know("access.ssh", |case| case.vitals().access = lost());
    let odoo =
        |refused| move |case: &mut Case| case.vitals().log = Ok(Some(Log { refused, ..Log::default() }));
    passes("access.odoo", "0 in the last", |_| ());
    warns("access.odoo", "30 in the last", odoo(30));
    fails("access.odoo", "300 in the last", odoo(300));
    skips("access.odoo", |case| case.vitals().log = Ok(None));
    does_not_know("access.odoo", |case| case.vitals().log = lost());
}

fn change(facts: &mut Facts, change: impl FnOnce(&mut std::collections::BTreeSet<String>)) {
    let access = facts.vitals.as_mut().unwrap().access.as_mut().unwrap().as_mut().unwrap();
    change(access.entrances.entry(Entrance::Key).or_default());
}

fn warned(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Warn { evidence, .. } => evidence.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_not_there_before_is_new_for_a_day() {
    let mut facts = Case::good().facts;
    change(&mut facts, |keys| assert!(keys.insert("SHA256:aa of root: alice".into())));
    let mut known = Entrances::default();
    let mut look = |facts: &Facts, now: i64| known.look("erp-1", facts, now).verdict;
    // What is there at the first look is no news, and neither is what goes.
    assert!(matches!(look(&facts, 1000), Verdict::Pass { .. }));
    change(&mut facts, |keys| {
        keys.clear();
        keys.insert("SHA256:bb of root: mallory".into());
    });
    assert!(warned(&look(&facts, 2000)).contains("key SHA256:bb of root: mallory"));
    assert!(
        warned(&look(&facts, 2000 + DAY - 1)).contains("mallory"),
        "for a day, however often it is looked at"
    );
    // What cannot be seen is forgotten by nobody, and is not new when it can be seen again.
    let mut blind = facts.clone();
    blind.vitals.as_mut().unwrap().access = lost();
    assert!(matches!(look(&blind, 3000 + DAY), Verdict::Unknown { .. }));
    blind.vitals.as_mut().unwrap().access = Ok(None);
    assert!(matches!(look(&blind, 3000 + DAY), Verdict::Skip { .. }));
    let mut no_database = facts.clone();
    no_database.vitals.as_mut().unwrap().odoo = lost();
    for facts in [&no_database, &facts] {
        assert!(matches!(look(facts, 3000 + DAY), Verdict::Pass { .. }));
    }
    // What was away for a while comes back as what it was.
    change(&mut facts, |keys| assert!(keys.remove("SHA256:bb of root: mallory")));
    look(&facts, 3100 + DAY);
    change(&mut facts, |keys| assert!(keys.insert("SHA256:bb of root: mallory".into())));
    assert!(matches!(look(&facts, 3200 + DAY), Verdict::Pass { .. }));
    assert!(matches!(look(&facts, 3300 + DAY), Verdict::Pass { .. }));
    let listening =
        |address: &str, port| Listening { address: address.into(), port, process: Some("nc(1)".into()) };
    let ports = facts.listeners.as_mut().unwrap();
    ports.extend([listening("127.0.0.1", 8000), listening("0.0.0.0", 40_000), listening("0.0.0.0", 9_999)]);
    facts.vitals.as_mut().unwrap().odoo.as_mut().unwrap().as_mut().unwrap().admins =
        Some(vec!["eve\x1b[2J".into()]);
    let said = warned(&look(&facts, 4000 + DAY));
    assert!(said.contains("port 9999 on 0.0.0.0: nc") && said.contains("admin eve"), "{said}");
    assert!(!said.contains("8000") && !said.contains("40000") && !said.contains('\x1b'), "{said}");
}

#[test]
fn entrances_are_read_and_garbage_is_not() {
    let access = |text: &str| answer("vitals.access", text).vitals.unwrap().access;
    let seen = access("wholly\naccount\troot has all rights\nkey\tSHA256:x of root: a\x1bb\nrefused\t7\n")
        .unwrap()
        .unwrap();
    assert_eq!(seen.refused, Some(7));
    assert!(
        seen.entrances[&Entrance::Key]
            .iter()
            .all(|key| key.starts_with("SHA256:x of root") && !key.contains('\x1b'))
    );
    assert!(seen.entrances[&Entrance::Member].is_empty());
    assert_eq!(access("wholly\n").unwrap().unwrap().refused, None);
    assert_eq!(access("partly\n"), Ok(None));
    assert!(access("").is_err() && access("denied").is_err() && access("wholly\nrefused\tmany\n").is_err());
    let odoo = answer("vitals.odoo", "{\"bloated\": []}\n{\"admins\": [\"admin\"]}\n").vitals.unwrap().odoo;
    assert_eq!(odoo.unwrap().unwrap().admins.unwrap(), ["admin"]);
}
