//! The stack: code, images, database, proxy, the user's own checks.

use std::time::Duration;

use ops::checks::Verdict;
use ops::facts::{Database, Observed, ProbeFailure, ProxyState};
use ops::inventory::{Expect, Op, Role, Severity, UserCheck, UserProbe, When};
use ops::runbooks::deploy::{Commit, Resolved};

use super::{Case, does_not_know, fails, lost, passes, skips, verdict, warns};
use crate::sample::{self, NOW};

#[test]
fn git_ref() {
    passes("git.ref", "main is 22222222 “Second”, 1 new commit", |_| ());
    fails("git.ref", "no such ref", "git ls-remote 'a b; id'", |case| {
        case.env.stack.git.as_mut().unwrap().remote = "a b; id".into();
        case.staged().code = Some(Err(ProbeFailure::new("no such ref")));
    });
    // Nobody shall look for a key while the disk is full.
    fails("git.ref", "no room", "make room first: docker system df", |case| {
        case.facts.mounts.as_mut().unwrap()[0].free = 3_000_000;
        case.staged().code = Some(Err(ProbeFailure::new("no room")));
    });
    skips("git.ref", "no git remote", |case| case.staged().code = None);
    skips("git.ref", "nothing was fetched", |case| case.staged = None);
}

#[test]
fn git_downgrade() {
    let drop = |count: usize| {
        move |case: &mut Case| {
            let commit =
                |at| Commit { sha: format!("{at}").repeat(40), subject: format!("Work {at}\x1b[2J") };
            case.code().dropped = (0..count).map(commit).collect();
        }
    };
    passes("git.downgrade", "none: 22222222 holds 11111111", |_| ());
    fails("git.downgrade", "main lacks 1 commit that run now: 00000000 Work 0", "--allow-downgrade", drop(1));
    fails(
        "git.downgrade",
        "lacks 7 commits that run now: 00000000 Work 0, 11111111 Work 1, 22222222 Work 2, 33333333 Work 3, 44444444 Work 4 and 2 more",
        "merge",
        drop(7),
    );
    warns("git.downgrade", "lacks 1 commit", |case| {
        drop(1)(case);
        case.allow_downgrade = true;
    });
    warns("git.downgrade", "no commit of this remote", |case| case.code().running = None);
    passes("git.downgrade", "nothing runs yet", Case::first_deploy);
    does_not_know("git.downgrade", |case| {
        case.code().running = None;
        case.facts.containers = lost();
    });
    skips("git.downgrade", "no ref", |case| case.staged().code = Some(lost()));
}

#[test]
fn git_clean() {
    passes("git.clean", "none at 11111111", |_| ());
    warns("git.clean", "2 changed files in /opt/odoo: a b.py, ü", |case| {
        let git = case.facts.stack.as_mut().unwrap().git.as_mut().unwrap();
        git.dirty = vec![" M a b.py".into(), "R  ü".into()];
    });
    warns("git.clean", "1 changed file", |case| {
        case.facts.stack.as_mut().unwrap().git.as_mut().unwrap().dirty = vec!["üü".into()];
    });
    skips("git.clean", "no checkout", |case| case.facts.stack.as_mut().unwrap().git = None);
    does_not_know("git.clean", |case| case.facts.stack = lost());
}

#[test]
fn compose_model() {
    passes("compose.model", "compose.yaml, project odoo: db, odoo", |_| ());
    fails("compose.model", "yaml: line 3", "docker compose config", |case| {
        case.staged().model = Err(ProbeFailure::new("yaml: line 3"));
    });
    fails("compose.model", "main has no compose.yaml", "stack.compose", |case| {
        case.staged().model = Err(ProbeFailure::new("open /var/lib/ops/cache/compose.yaml: no such file"));
        case.staged().code.as_mut().unwrap().as_mut().unwrap().tree.clear();
    });
    fails("compose.model", "no service web, but db, odoo", "stack.web", |case| {
        case.env.stack.web = "web".into()
    });
    fails("compose.model", "no service odoo, but", "stack.web", |case| {
        case.staged().model.as_mut().unwrap().json = serde_json::json!([1, {"services": 3}]);
    });
    skips("compose.model", "no such ref", |case| {
        case.staged().code = Some(lost());
        case.staged().model = Err(ProbeFailure::new("no such ref"));
    });
    skips("compose.model", "nothing was fetched", |case| case.staged = None);
}

#[test]
fn images() {
    let image = |change: fn(&mut Resolved)| {
        move |case: &mut Case| change(case.staged().images.get_mut("odoo").unwrap().as_mut().unwrap())
    };
    passes("images", "odoo: registry.example.com/odoo:14.0@abababababab, 400 MB to pull", |_| ());
    passes("images", "on the droplet already", image(|image| image.present = true));
    passes(
        "images",
        "odoo:14.0, to pull",
        image(|image| {
            image.digest = Some("ü".into());
            image.layers.clear();
        }),
    );
    warns(
        "images",
        "from the droplet's own copy (no route)",
        image(|image| image.registry_fault = Some("no route".into())),
    );
    fails("images", "odoo: manifest unknown", "docker login", |case| {
        case.staged().images.insert("odoo".into(), Err(ProbeFailure::new("manifest unknown")));
    });
    skips("images", "no image", |case| case.staged().images.clear());
    skips("images", "nothing was fetched", |case| case.staged = None);
}

#[test]
fn release_drift() {
    passes("release.drift", "release r1", |_| ());
    warns(
        "release.drift",
        "odoo runs registry.example.com/odoo:14.0 (0123456789ab) instead of registry.example.com/odoo:14.0 (odoo)",
        |case| {
            case.facts.containers.as_mut().unwrap()[1].image_id = "sha256:0123456789abcdef".into();
        },
    );
    warns("release.drift", "odoo was made from /opt/odoo/compose.yaml", |case| {
        case.facts.containers.as_mut().unwrap()[1].config_files = vec!["/opt/odoo/compose.yaml".into()];
    });
    warns("release.drift", "db has no container", |case| {
        case.facts.containers.as_mut().unwrap().remove(0);
    });
    skips("release.drift", "release 0", |case| case.facts.state.as_mut().unwrap().current = None);
    skips("release.drift", "first deploy", Case::first_deploy);
    does_not_know("release.drift", |case| case.facts.state = lost());
    does_not_know("release.drift", |case| case.facts.containers = lost());
}

fn database(case: &mut Case) -> &mut Database {
    case.facts.database.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn database_answers() {
    passes("database", "odoo on PostgreSQL 15.20, 944 MB, 1 modules", |_| ());
    passes("database", "first deploy: the database odoo will be created", Case::first_deploy);
    warns("database", "has no database odoo: it will be created", |case| database(case).exists = false);
    warns("database", "no tables of Odoo", |case| database(case).odoo = false);
    fails("database", "refused", "docker compose -p odoo logs --tail 50 db", |case| {
        case.facts.database = Err(ProbeFailure::new("connection refused"));
    });
    does_not_know("database", |case| {
        case.facts.database = lost();
        case.facts.containers = lost();
    });
    skips("database", "no container of the service db", |case| case.facts.database = Ok(None));
    skips("database", "no database", |case| case.droplet.roles = vec![Role::Web]);
}

#[test]
fn database_modules() {
    passes("database.modules", "none", |_| ());
    fails(
        "database.modules",
        "sale is “to upgrade”, stock is “to install”",
        "-u 'sale,stock' --stop-after-init",
        |case| {
            let modules = &mut database(case).modules;
            modules.insert("sale".into(), sample::module("to upgrade"));
            modules.insert("stock".into(), sample::module("to install"));
        },
    );
    fails("database.modules", "$(id)", "-u '$(id)'", |case| {
        database(case).modules.insert("$(id)".into(), sample::module("to remove"));
    });
    skips("database.modules", "no tables", |case| database(case).odoo = false);
    skips("database.modules", "no database", |case| case.facts.database = lost());
}

#[test]
fn odoo_users() {
    passes("odoo.users", "none in the last five minutes", |_| ());
    warns("odoo.users", "1 user active", |case| database(case).active_users = Some(1));
    warns("odoo.users", "3 users active", |case| database(case).active_users = Some(3));
    skips("odoo.users", "no presence", |case| database(case).active_users = None);
    skips("odoo.users", "no database", |case| case.facts.database = lost());
}

fn proxy(case: &mut Case) -> &mut ProxyState {
    case.facts.proxy.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn proxy_config() {
    passes("proxy.config", "configuration is valid; /etc/nginx/sites-enabled/odoo is there", |_| ());
    passes("proxy.config", "does not exist yet", |case| proxy(case).site_exists = false);
    fails("proxy.config", "[emerg] unknown", "sudo nginx -t", |case| {
        proxy(case).config_fault = Some("[emerg] unknown directive".into());
    });
    fails("proxy.config", "does not run", "systemctl start nginx", |case| proxy(case).running = false);
    fails("proxy.config", "not installed", "apt-get install -y nginx", |case| proxy(case).present = false);
    warns("proxy.config", "not tested", |case| proxy(case).config_tested = false);
    let in_container = |case: &mut Case| {
        case.env.proxy.as_mut().unwrap().container = Some("web proxy".into());
        proxy(case).present = false;
    };
    fails("proxy.config", "no container of the service web proxy", "start 'web proxy'", in_container);
    skips("proxy.config", "first deploy", |case| {
        in_container(case);
        case.first_deploy();
    });
    skips("proxy.config", "no proxy", |case| case.facts.proxy = Ok(None));
    does_not_know("proxy.config", |case| case.facts.proxy = lost());
}

#[test]
fn proxy_certificate() {
    let until =
        |seconds: i64| move |case: &mut Case| proxy(case).certificates.push(("/b.pem".into(), seconds));
    passes("proxy.certificate", "/etc/ssl/erp.pem is valid for 60 days", |_| ());
    warns("proxy.certificate", "/b.pem expires in 13 days", until(NOW + 14 * 86_400 - 1));
    warns("proxy.certificate", "/b.pem expires in 0 days", until(NOW));
    fails("proxy.certificate", "/b.pem expired 1 day ago", "certbot renew", until(NOW - 1));
    fails("proxy.certificate", "expired", "certbot", until(i64::MIN));
    warns("proxy.certificate", "no date could be read from /c.pem", |case| {
        proxy(case).certificates_unread = vec!["/c.pem".into()];
    });
    skips("proxy.certificate", "names no certificate", |case| proxy(case).certificates.clear());
    skips("proxy.certificate", "no proxy", |case| case.facts.proxy = lost());
}

fn own(case: &mut Case, severity: Severity, probe: UserProbe, observed: Option<Observed>) {
    case.env.checks = vec![UserCheck { name: "mine".into(), probe, severity, when: vec![When::Preflight] }];
    if let Some(observed) = observed {
        case.facts.own.insert("mine".into(), Ok(observed));
    }
}

#[test]
fn own_http() {
    let probe = UserProbe::Http {
        path: "/my".into(),
        status: 200,
        contains: Some("Odoo".into()),
        max_time: Some(Duration::from_secs(2)),
    };
    let saw = |status, millis, contains| {
        let probe = probe.clone();
        move |case: &mut Case| {
            own(case, Severity::Critical, probe, Some(Observed::Http { status, millis, contains }));
        }
    };
    passes("own.mine", "/my gave 200 in 98 ms", saw(200, 98, true));
    fails("own.mine", "/my gave 500 in 98 ms, 200 wanted", "settle", saw(500, 98, true));
    fails("own.mine", "in 2001 ms, at most 2000 ms", "settle", saw(200, 2001, true));
    fails("own.mine", "without “Odoo”", "settle", saw(200, 98, false));
    does_not_know("own.mine", |case| own(case, Severity::Critical, probe.clone(), None));
    skips("own.mine", "nothing runs yet", |case| {
        own(case, Severity::Critical, probe.clone(), None);
        case.first_deploy();
    });
    fails("own.mine", "did not answer", "settle", |case| {
        own(case, Severity::Critical, probe.clone(), None);
        case.facts.own.insert("mine".into(), lost());
    });
}

#[test]
fn own_sql() {
    let holds = |op, wanted: &str, value: &str| {
        let expect = Expect { op, value: wanted.into() };
        let probe = UserProbe::Sql { query: String::new(), expect };
        let value = Observed::Sql { value: value.into() };
        matches!(
            verdict("own.mine", |case| own(case, Severity::Medium, probe, Some(value))),
            Verdict::Pass { .. }
        )
    };
    assert!(holds(Op::Gt, "0", "10") && !holds(Op::Gt, "9", "09") && holds(Op::Ge, "1.0", "1"));
    assert!(holds(Op::Lt, "10", "9") && !holds(Op::Le, "1", "") && !holds(Op::Gt, "0", "many"));
    assert!(holds(Op::Eq, "ok", " ok ") && holds(Op::Ne, "ok", "") && !holds(Op::Eq, "ok", "NaN"));
    let probe = UserProbe::Sql { query: String::new(), expect: Expect { op: Op::Gt, value: "0".into() } };
    warns("own.mine", "0 (wanted > 0)", |case| {
        own(case, Severity::Medium, probe.clone(), Some(Observed::Sql { value: "0".into() }));
    });
    does_not_know("own.mine", |case| {
        own(case, Severity::Low, probe.clone(), Some(Observed::Tcp { open: true }))
    });
}

#[test]
fn own_tcp() {
    let probe = UserProbe::Tcp { address: "127.0.0.1:8088".into() };
    let saw = |open| {
        let probe = probe.clone();
        move |case: &mut Case| own(case, Severity::High, probe, Some(Observed::Tcp { open }))
    };
    passes("own.mine", "127.0.0.1:8088 is open", saw(true));
    fails("own.mine", "127.0.0.1:8088 is closed", "settle", saw(false));
}

#[test]
fn own_checks_of_other_phases_and_roles_are_not_judged() {
    let mut case = Case::good();
    own(&mut case, Severity::High, UserProbe::Tcp { address: "x:1".into() }, None);
    case.env.checks[0].when = vec![When::Health];
    assert!(case.findings().iter().all(|finding| !finding.id.starts_with("own.")));
    let http = UserProbe::Http { path: "/".into(), status: 200, contains: None, max_time: None };
    own(&mut case, Severity::High, http, None);
    case.droplet.roles = vec![Role::Db];
    assert!(case.findings().iter().all(|finding| !finding.id.starts_with("own.")));
}
