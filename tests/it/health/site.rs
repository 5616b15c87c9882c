//! The site, its certificate, the release, backups, and what ops left behind.

use std::collections::BTreeMap;

use ops::checks::Verdict;
use ops::checks::health::mixed;
use ops::facts::{Lookout, Page, Tls};
use ops::record::{BackupCheck, BackupStatus, Holder, RUN_SCHEMA, RunRecord};

use super::{Case, does_not_know, fails, lost, passes, skips, warns};
use crate::sample::{self, NOW};

const DAY: i64 = 86_400;

pub(super) fn tls() -> Tls {
    Tls {
        served: Some("AB".into()),
        why: String::new(),
        verify: Some(0),
        verify_text: "ok".into(),
        name_fits: true,
        from: Some(NOW - 30 * DAY),
        until: Some(NOW + 60 * DAY),
        on_disk: [("/etc/ssl/erp.pem".to_owned(), "AB".to_owned())].into(),
    }
}

#[test]
fn web_login_and_site() {
    let answer = |page: Page| {
        move |case: &mut Case| {
            let vitals = case.vitals();
            (vitals.inside, vitals.proxied) = (Ok(Some(page.clone())), Ok(Some(page)));
        }
    };
    let page = |status, millis, form| Page { status, millis, form, why: "(7) refused".into() };
    for id in ["web.login", "web.site"] {
        passes(id, "answers in 120 ms", |_| ());
        warns(id, "answers in 2500 ms", answer(page(Some(200), 2500, true)));
        fails(id, "answers in 6000 ms", answer(page(Some(200), 6000, true)));
        fails(id, "answers 502", answer(page(Some(502), 3, false)));
        fails(id, "without a login form", answer(page(Some(200), 3, false)));
        fails(id, "(7) refused", answer(page(None, 0, false)));
        skips(id, |case| (case.vitals().inside, case.vitals().proxied) = (Ok(None), Ok(None)));
        does_not_know(id, |case| (case.vitals().inside, case.vitals().proxied) = (lost(), lost()));
    }
    skips("web.site", |case| case.env.proxy = None);
    fails("proxy.config", "nginx does not run", |case| {
        case.facts.proxy.as_mut().unwrap().as_mut().unwrap().running = false;
    });
}

fn shows(change: impl Fn(&mut Tls)) -> impl Fn(&mut Case) {
    move |case| change(case.vitals().tls.as_mut().unwrap().as_mut().unwrap())
}

#[test]
fn tls_chain_name_and_what_is_on_disk() {
    passes("tls.chain", "erp.example.com, trusted", |_| ());
    fails("tls.chain", "not for erp.example.com", shows(|tls| tls.name_fits = false));
    fails(
        "tls.chain",
        "unable to get local issuer",
        shows(|tls| {
            (tls.verify, tls.verify_text) = (Some(20), "unable to get local issuer certificate".into());
        }),
    );
    fails("tls.chain", "no certificate is shown", shows(|tls| tls.served = None));
    does_not_know("tls.chain", shows(|tls| tls.verify = None));
    does_not_know("tls.chain", |case| case.vitals().tls = lost());
    skips("tls.chain", |case| case.vitals().tls = Ok(None));
    passes("tls.served", "on disk", |_| ());
    warns("tls.served", "not /etc/ssl/erp.pem", shows(|tls| tls.served = Some("CD".into())));
    does_not_know("tls.served", shows(|tls| tls.on_disk.values_mut().for_each(String::clear)));
    skips("tls.served", shows(|tls| tls.on_disk.clear()));
    skips("tls.served", shows(|tls| tls.served = None));
}

#[test]
fn tls_expiry_goes_by_the_certificates_own_lifetime() {
    let life = |from: i64, until: i64| {
        shows(move |tls| (tls.from, tls.until) = (Some(NOW + from * DAY), Some(NOW + until * DAY)))
    };
    passes("tls.expiry", "valid for 60 days of 90 days", |_| ());
    warns("tls.expiry", "26 days", life(-64, 26));
    fails("tls.expiry", "10 days", life(-80, 10));
    fails("tls.expiry", "expired 3 days ago", life(-93, -3));
    // One that lives for six days.
    passes("tls.expiry", "3 days of 6 days", life(-3, 3));
    fails("tls.expiry", "24 h", life(-5, 1));
    does_not_know("tls.expiry", shows(|tls| tls.until = None));
    does_not_know("tls.expiry", |case| case.vitals().tls = lost());
    // One whose time is over is told once.
    passes("tls.chain", "trusted", shows(|tls| tls.verify = Some(10)));
}

#[test]
fn what_runs_is_the_release() {
    passes("release.drift", "release r1", |_| ());
    warns("release.drift", "instead of", |case| case.web().image_id = "sha256:other".into());
    let hash = |now: Option<&'static str>| {
        move |case: &mut Case| {
            case.release().compose_hash = "aa".into();
            case.kept().compose = now.map(Into::into);
        }
    };
    passes("release.compose", "as ops wrote it", hash(Some("aa")));
    warns("release.compose", "changed by hand", hash(Some("bb")));
    warns("release.compose", "lost", hash(None));
    skips("release.compose", |case| case.facts.state.as_mut().unwrap().current = None);
    does_not_know("release.compose", |case| case.vitals().kept = lost());
    warns("git.clean", "1 changed file", |case| {
        case.facts.stack.as_mut().unwrap().git.as_mut().unwrap().dirty = vec![" M a.py".into()];
    });
}

#[test]
fn droplets_that_run_different_code_are_shouted_about() {
    let mut env = sample::environment();
    let droplet = |name: &str| ops::inventory::Droplet { name: name.into(), ..sample::droplet() };
    env.droplets = vec![droplet("a"), droplet("b")];
    let mut facts: BTreeMap<_, _> = ["a", "b"].map(|name| (name.to_owned(), sample::facts())).into();
    assert!(matches!(mixed(&env, &facts).unwrap().verdict, Verdict::Pass { .. }));
    facts.get_mut("b").unwrap().state.as_mut().unwrap().releases[0].sha = Some("2".repeat(40));
    let finding = mixed(&env, &facts).unwrap();
    assert!(
        matches!(&finding.verdict, Verdict::Fail { evidence, .. } if evidence.contains("a 11111111, b 22222222"))
    );
    assert_eq!((finding.id.as_str(), finding.droplet.as_str()), ("release.mixed", "a"));
    facts.remove("b");
    assert_eq!(mixed(&env, &facts), None, "what was not seen is not compared");
}

#[test]
fn backups() {
    let newest = |id: &'static str| {
        move |case: &mut Case| case.facts.schedule.as_mut().unwrap().newest = Some(id.into())
    };
    passes("backup.fresh", "h old", |_| ());
    warns("backup.fresh", "30 h old", newest("20261117t050640z"));
    fails("backup.fresh", "days old", newest("20261101t010000z"));
    // What was promised decides.
    fails("backup.fresh", "10 h old", |case| {
        case.env.targets.rpo = Some(std::time::Duration::from_secs(4 * 3600));
    });
    fails("backup.fresh", "there is none", |case| case.facts.schedule.as_mut().unwrap().newest = None);
    does_not_know("backup.fresh", newest("yesterday"));
    does_not_know("backup.fresh", |case| case.facts.schedule = lost());
    passes("backup.there", "3 verified", |_| ());
    fails("backup.there", "3 on record, and 1 in the repository", |case| case.kept().snapshots = Some(1));
    fails("backup.there", "no repository below", |case| case.kept().snapshots = None);
    skips("backup.there", |case| (case.kept().records, case.kept().snapshots) = (0, None));
    does_not_know("backup.there", |case| case.vitals().kept = lost());
    let at = u64::try_from(NOW - DAY).unwrap();
    let tried = |ok: bool| {
        move |case: &mut Case| {
            let why = "a block is damaged".into();
            case.kept().checked =
                Some(BackupCheck { at, by: "drill".into(), ok, why, seconds: 9, place: "droplet".into() });
        }
    };
    skips("backup.tried", |_| ());
    passes("backup.tried", "passed a drill 24 h ago", tried(true));
    fails("backup.tried", "a block is damaged", tried(false));
    does_not_know("backup.tried", |case| case.vitals().kept = lost());
}

#[test]
fn backup_night() {
    let night = |ok: Option<bool>, active: bool| {
        move |case: &mut Case| {
            let schedule = case.facts.schedule.as_mut().unwrap();
            schedule.files = [("night".to_owned(), "aa".to_owned())].into();
            (schedule.enabled, schedule.active) = (true, active);
            schedule.status = Some(BackupStatus {
                schema: "ops.backup-status/1".into(),
                env: "prod".into(),
                project: "odoo".into(),
                run: String::new(),
                started: "2026-11-18T02:30:00Z".into(),
                ended: None,
                ok,
                exit: None,
                why: Some("the disk is full".into()),
                seconds: None,
                backup: None,
                bytes: None,
                added: None,
            });
        }
    };
    skips("backup.night", |_| ());
    passes("backup.night", "went well", night(Some(true), true));
    fails("backup.night", "the disk is full", night(Some(false), true));
    fails("backup.night", "never ended", night(None, true));
    fails("backup.night", "timer does not run", night(Some(true), false));
    does_not_know("backup.night", |case| case.facts.schedule = lost());
}

#[test]
fn ops_lookout() {
    let looks = |ended: Option<i64>, code: u8| {
        move |case: &mut Case| {
            let now = case.facts.state.as_ref().unwrap().now;
            case.env.health.every = Some(std::time::Duration::from_secs(300));
            case.facts.schedule.as_mut().unwrap().health = Lookout {
                files: [("inventory.yaml".to_owned(), "aa".to_owned())].into(),
                enabled: true,
                active: true,
                ended: ended.map(|ago| now - ago),
                code: ended.map(|_| code),
                ..Lookout::default()
            };
        }
    };
    skips("ops.lookout", |_| ());
    warns("ops.lookout", "a look every 5 min is wanted, and not installed", |case| {
        case.env.health.every = Some(std::time::Duration::from_secs(300));
    });
    passes("ops.lookout", "the last look is 4 min old", looks(Some(240), 9));
    passes("ops.lookout", "looks every 5 min", looks(None, 0));
    fails("ops.lookout", "the last look is 21 min old", looks(Some(1260), 0));
    fails("ops.lookout", "ended with code 2", looks(Some(10), 2));
    fails("ops.lookout", "its timer does not run", |case| {
        looks(Some(10), 0)(case);
        case.facts.schedule.as_mut().unwrap().health.active = false;
    });
    skips("ops.lookout", |case| {
        looks(Some(1260), 0)(case);
        // `ops schedule install` refuses several.
        let mut other = case.droplet.clone();
        (other.name, other.roles) = ("erp-2".into(), vec![ops::inventory::Role::Web]);
        case.env.droplets.push(other);
    });
    does_not_know("ops.lookout", |case| case.facts.schedule = lost());
}

fn held(by: &'static str, heartbeat: i64) -> impl Fn(&mut Case) {
    move |case| {
        case.facts.state.as_mut().unwrap().lock = Some(Holder {
            run: by.into(),
            command: "deploy".into(),
            operator: "alice@laptop".into(),
            reason: None,
            since: NOW - 1000,
            heartbeat: NOW - heartbeat,
            fence: 1,
        });
    }
}

fn ran(id: &'static str, ended: bool, exit: Option<u8>) -> impl Fn(&mut Case) {
    move |case| {
        case.facts.state.as_mut().unwrap().runs = vec![RunRecord {
            schema: RUN_SCHEMA.into(),
            id: id.into(),
            env: "prod".into(),
            command: "deploy".into(),
            title: "deploy".into(),
            operator: "alice@laptop".into(),
            reason: None,
            started: "2026-11-18T02:30:00Z".into(),
            ended: ended.then(|| "2026-11-18T02:31:00Z".into()),
            exit,
            release: None,
            decision: None,
            rehearsal: None,
            sheet: None,
            ledger: Vec::new(),
        }];
    }
}

#[test]
fn what_ops_left_behind() {
    passes("ops.lock", "free", |_| ());
    passes("ops.lock", "held by alice@laptop for 16 min", held("prod-1", 5));
    passes("ops.lock", "held", held("manual-1", 9000));
    warns("ops.lock", "no sign of life", held("prod-1", 500));
    does_not_know("ops.lock", |case| case.facts.state = lost());
    passes("ops.runs", "none", |_| ());
    passes("ops.runs", "prod-1", ran("prod-1", true, Some(6)));
    fails("ops.runs", "mixed", ran("prod-1", true, Some(7)));
    fails("ops.runs", "nobody knows", ran("prod-1", true, Some(8)));
    warns("ops.runs", "never ended", ran("prod-1", false, None));
    passes("ops.runs", "none", |case| {
        ran("prod-1", false, None)(case);
        held("prod-1", 5)(case);
    });
    does_not_know("ops.runs", |case| case.facts.state = lost());
    passes("ops.guards", "none", |_| ());
    let armed = |case: &mut Case| case.kept().armed = vec!["prod-1/web".into()];
    fails("ops.guards", "prod-1", armed);
    passes("ops.guards", "works now", |case| {
        armed(case);
        held("prod-1", 5)(case);
    });
    does_not_know("ops.guards", |case| case.vitals().kept = lost());
    passes("ops.snapshots", "0, none too old", |_| ());
    warns("ops.snapshots", "odoo_before_20261001t000000z", |case| {
        let database = case.facts.database.as_mut().unwrap().as_mut().unwrap();
        database.aside.insert("odoo_before_20261001t000000z".into(), 1);
    });
    does_not_know("ops.snapshots", |case| case.facts.state = lost());
}
