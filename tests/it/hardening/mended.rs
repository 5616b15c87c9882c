//! What can be done about rules that failed: which changes, in which order, and none where nobody knows enough.

use std::collections::BTreeMap;

use ops::facts::{DAEMON, KERNEL, Key, SSHD, Source, UPGRADES};
use ops::plan::{NoteKind, Plan, Undo, lint};
use ops::runbooks::deploy::{Inputs, Request};
use ops::runbooks::harden::proposal::proposals;
use ops::runbooks::harden::{Change, Class, Fix, Wish, fixes, plan};

use super::{Case, key, lost};

fn fix(case: &Case, rules: &[&str]) -> Vec<Fix> {
    fixes(case.facts.posture.as_ref().unwrap(), rules)
}

fn said(case: &mut Case, word: &str, value: &str) {
    case.sshd().own.insert(word.into(), value.into());
}

fn planned(case: &Case, wish: &Wish) -> Plan {
    let facts = BTreeMap::from([(case.droplet.name.clone(), case.facts.clone())]);
    let (staged, request, usual) = (BTreeMap::new(), Request::default(), BTreeMap::new());
    let inputs = Inputs {
        env: &case.env,
        facts: &facts,
        staged: &staged,
        request: &request,
        run: "prod-20261122T120000Z-ab12".into(),
        release: String::new(),
        now: String::new(),
        operator: "alice".into(),
        usual: &usual,
        rehearsed: None,
    };
    plan(&inputs, wish)
}

#[test]
fn what_may_lock_somebody_out_comes_last_and_waits_for_a_new_login() {
    let mut case = Case::good();
    case.sshd().key = Some("SHA256:aa".into());
    said(&mut case, "passwordauthentication", "yes");
    case.secrets().loose.push("/opt/odoo/.env 644".into());
    case.firewall().open.push("tcp 0.0.0.0:9100 node_exporter".into());
    let rules =
        ["ssh.password", "ssh.attempts", "docker.live", "secrets.files", "firewall.active", "system.reboot"];
    let fixes = fix(&case, &rules);
    let classes: Vec<_> = fixes.iter().map(|one| (one.id, one.class)).collect();
    let wanted = [
        ("modes", Class::Quiet),
        ("engine", Class::Reload),
        ("sshd", Class::Access),
        ("firewall", Class::Access),
    ];
    assert_eq!(classes, wanted);
    let wish = Wish { droplets: BTreeMap::from([(case.droplet.name.clone(), fixes)]), reason: None };
    let plan = planned(&case, &wish);
    assert_eq!(lint(&plan), []);
    let ids: Vec<_> = plan.sections.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["harden.quiet", "harden.reload", "harden.access"]);
    let steps: Vec<_> = plan.sections[2].steps.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(steps, ["harden.sshd", "harden.firewall", "harden.prove"]);
    assert!(plan.sections.iter().all(|one| one.critical));
    assert!(plan.steps().all(|one| one.id == "harden.prove" || matches!(one.undo, Undo::By(_))));
    let warned = plan.notes.iter().filter(|one| one.kind == NoteKind::Warning);
    assert!(warned.map(|one| one.title.as_str()).any(|text| text.contains("9100 node_exporter")));
}

fn written(case: &Case, rules: &[&str]) -> (Option<String>, String) {
    match fix(case, rules).pop().map(|one| one.change) {
        Some(Change::Write { before, after, .. }) => (before, after),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_is_kept_from_a_password_who_is_not_known_to_have_a_key() {
    let mut case = Case::good();
    said(&mut case, "passwordauthentication", "yes");
    said(&mut case, "maxauthtries", "6");
    assert_eq!(fix(&case, &["ssh.password", "ssh.root"]), []);
    assert!(!written(&case, &["ssh.password", "ssh.attempts"]).1.contains("PasswordAuthentication"));
    case.sshd().key = Some("SHA256:aa".into());
    let after = written(&case, &["ssh.password"]).1;
    assert!(after.ends_with("\nPasswordAuthentication no\n"), "{after}");
}

/// Whoever may log in today: where nobody knows who that is, a person says it.
#[test]
fn nobody_with_a_key_is_kept_out_by_a_list() {
    let listed = |change: fn(&mut Case)| {
        let mut case = Case::good();
        case.sshd().own.remove("allowgroups");
        case.sshd().accounts = vec!["root".into(), "alice".into()];
        case.sshd().key = Some("SHA256:aa".into());
        change(&mut case);
        fix(&case, &["ssh.allowed"]).pop()
    };
    let fix = listed(|_| ()).unwrap();
    let Change::Write { after, says, .. } = &fix.change else { panic!("{fix:?}") };
    assert!(after.ends_with("\nAllowUsers alice deploy root\n"), "{after}");
    assert_eq!(says.lines().count(), 3);
    assert!(fix.so.contains("sshd deploy 198.51.100.7 allowusers alice\n"), "{}", fix.so);
    assert_eq!(
        fix.warnings,
        ["nobody but alice, deploy, root may log in then: AllowUsers names them, and is to name later ones"]
    );
    let unknown: [fn(&mut Case); 7] = [
        |c| c.sshd().key = None,
        |c| c.sshd().conditional = true,
        |c| said(c, "kbdinteractiveauthentication", "yes"),
        |c| said(c, "authorizedkeysfile", ".ssh/authorized_keys /etc/ssh/keys/%u"),
        |c| said(c, "authorizedkeyscommand", "/usr/bin/sss_ssh_authorizedkeys"),
        |c| said(c, "trustedusercakeys", "/etc/ssh/ca.pub"),
        |c| c.sshd().accounts.push("*".into()),
    ];
    for change in unknown {
        assert_eq!(listed(change), None);
    }
}

/// Nobody loses the only way in, and we lose none.
#[test]
fn weak_keys_are_written_out_where_a_better_one_stays() {
    let weak = |change: fn(&mut Case)| {
        let mut case = Case::good();
        let old = |user: &str, sum: &str| Key { user: user.into(), sum: sum.into(), ..key("RSA", 2048) };
        case.sshd().key = Some("SHA256:aa".into());
        case.sshd().keys.extend([old("deploy", "SHA256:bb"), old("bob", "SHA256:cc")]);
        change(&mut case);
        fix(&case, &["ssh.keys"]).pop()
    };
    let found = weak(|_| ()).unwrap();
    assert_eq!(found.change, Change::Keys(vec![("deploy".into(), "SHA256:bb".into())]));
    assert_eq!((found.class, found.so.as_str()), (Class::Access, "key deploy SHA256:bb"));
    assert!(found.warnings[0].contains("RSA 2048 of deploy (alice@laptop)"), "{:?}", found.warnings);
    let left: [fn(&mut Case); 6] = [
        // A key for one command alone is another machine's, and no way in for its user.
        |c| c.sshd().keys[1].plain = false,
        |c| c.sshd().keys[0].plain = false,
        |c| c.sshd().key = None,
        |c| c.sshd().key = Some("SHA256:bb".into()),
        |c| c.sshd().keys[1].sum = "SHA256:b b".into(),
        |c| c.sshd().keys.iter_mut().for_each(|key| key.user = "a;b".into()),
    ];
    for change in left {
        assert_eq!(weak(change), None);
    }
}

#[test]
fn what_is_read_before_ours_is_read_later_or_what_it_decides_is_left() {
    let mut case = Case::good();
    case.sshd().before.push("/etc/ssh/sshd_config.d/00-a.conf:1:  maxauthtries=9".into());
    said(&mut case, "maxauthtries", "9");
    assert_eq!(fix(&case, &["ssh.attempts"]), []);
    let both: Vec<_> = fix(&case, &["ssh.attempts", "ssh.overruled"]).iter().map(|one| one.id).collect();
    assert_eq!(both, ["order", "sshd"]);
    let Change::Order { names, .. } = &fix(&case, &["ssh.overruled"])[0].change else { panic!() };
    assert_eq!(names, &["00-a.conf"]);
    // What counts then is said, and nobody is kept from a password who is not known to have a key.
    case.posture().files.as_mut().unwrap().0.insert(SSHD.into(), "MaxAuthTries 4\n".into());
    assert_eq!(fix(&case, &["ssh.overruled", "ssh.attempts"]), []);
    case.sshd().key = Some("SHA256:aa".into());
    assert!(fix(&case, &["ssh.overruled"])[0].warnings[0].contains("`maxauthtries=9` of"));
    case.sshd().before.push("/etc/ssh/sshd_config.d/00 b.conf:1:Port 1".into());
    assert_eq!(fix(&case, &["ssh.overruled"]), []);
}

#[test]
fn whoever_guesses_is_kept_out_and_we_are_not() {
    let mut case = Case::good();
    let after = written(&case, &["firewall.bans"]).1;
    assert!(
        after.ends_with(
            "\nport = 22\nbanaction = iptables-multiport\nignoreip = 127.0.0.1/8 ::1 198.51.100.7\n"
        ),
        "{after}"
    );
    // Whom somebody spares already is spared.
    (case.firewall().spares, case.sshd().ports) = (true, vec![22, 2222]);
    let after = written(&case, &["firewall.bans"]).1;
    assert!(
        after.contains("\nport = 22,2222\n") && after.ends_with("%(known/ignoreip)s 198.51.100.7\n"),
        "{after}"
    );
    case.sshd().from = Some("198.51.100.7\n[DEFAULT]".into());
    assert_eq!(fix(&case, &["firewall.bans"]), []);
    case.sshd().from = Some("198.51.100.7".into());
    case.firewall().banner = false;
    assert_eq!(fix(&case, &["firewall.bans"]), []);
}

#[test]
fn updates_are_switched_on_where_the_program_is_there() {
    let mut case = Case::good();
    case.upkeep().unattended = Some(false);
    assert_eq!(fix(&case, &["system.unattended"]), []);
    case.upkeep().upgrader = true;
    let files = &mut case.posture().files.as_mut().unwrap().0;
    files.insert(UPGRADES.into(), "APT::Periodic::Unattended-Upgrade \"0\";".into());
    let after = written(&case, &["system.unattended"]).1;
    // The last word counts.
    assert!(after.starts_with("APT::Periodic::Unattended-Upgrade \"0\";\nAPT::Periodic::Update"), "{after}");
    assert!(after.contains("\nAPT::Periodic::Unattended-Upgrade \"1\";\n"), "{after}");
}

#[test]
fn what_others_wrote_stays() {
    let mut case = Case::good();
    // What is stricter than the rule stays: 30 s here.
    said(&mut case, "maxauthtries", "6");
    said(&mut case, "logingracetime", "30");
    said(&mut case, "macs", "hmac-sha1,hmac-sha2-256");
    let files = &mut case.posture().files.as_mut().unwrap().0;
    files.insert(SSHD.into(), "maxauthtries=9\nMatch User git\nAllowGroups ssh\n".into());
    files.insert(DAEMON.into(), r#"{ "data-root": "/mnt/docker" }"#.into());
    files.insert(KERNEL.into(), "vm.swappiness = 10\n".into());
    let (before, after) = written(&case, &["ssh.attempts", "ssh.algorithms"]);
    assert_eq!(before.as_deref(), Some("maxauthtries=9\nMatch User git\nAllowGroups ssh\n"));
    assert_eq!(after, "MaxAuthTries 4\nMACs hmac-sha2-256\nMatch User git\nAllowGroups ssh\n");
    let json: serde_json::Value = serde_json::from_str(&written(&case, &["docker.live"]).1).unwrap();
    assert_eq!(json, serde_json::json!({ "data-root": "/mnt/docker", "live-restore": true }));
    for (before, after) in [
        ("{\n  \"bip\": \"a\"\n}\n", "{\n  \"live-restore\": true,\n  \"bip\": \"a\"\n}\n"),
        ("{\"live-restore\": false}\n", "{\"live-restore\": true}\n"),
        ("{}\n", "{\n  \"live-restore\": true\n}\n"),
        ("{\"live-restore\":false}", "{\n  \"live-restore\": true\n}\n"),
    ] {
        case.posture().files.as_mut().unwrap().0.insert(DAEMON.into(), before.into());
        assert_eq!(written(&case, &["docker.live"]).1, after);
    }
    case.upkeep().kernel.insert("kernel.kptr_restrict".into(), 0);
    assert_eq!(written(&case, &["system.kernel"]).1, "vm.swappiness = 10\nkernel.kptr_restrict = 1\n");
    // What is no JSON is left to a person, and what may have a secret, which plans would show.
    let splunk = r#"{ "log-opts": { "splunk-token": "hunter2" } }"#;
    case.posture().files.as_mut().unwrap().0.insert(DAEMON.into(), splunk.into());
    assert_eq!(fix(&case, &["docker.live"]), []);
    case.posture().files.as_mut().unwrap().0.insert(DAEMON.into(), "{,}".into());
    assert_eq!(fix(&case, &["docker.live"]), []);
}

#[test]
fn what_could_not_be_seen_is_not_changed() {
    let mut case = Case::good();
    let rules =
        ["ssh.attempts", "ssh.modes", "docker.live", "system.journal", "system.kernel", "firewall.active"];
    case.posture().files = lost();
    case.posture().sshd = lost();
    assert_eq!(fix(&case, &rules), []);
}

#[test]
fn a_proposal_changes_the_lines_that_are_meant() {
    let mut case = Case::good();
    let mut lines = |text: &str, rule: &str| {
        let source = Source { text: text.to_owned(), tracked: false };
        let sources = case.posture().sources.as_mut().unwrap();
        sources.0 = [("/etc/nginx/conf.d/odoo.conf".to_owned(), source)].into();
        proposals(case.posture(), &[rule], "odoo").into_iter().flat_map(|one| one.diff).collect::<Vec<_>>()
    };
    let site = "server {\n  listen 80;\n  location / { proxy_pass http://odoo; }\n}";
    let shut = lines(site, "site.outside");
    let added: Vec<_> = shut.iter().filter(|line| line.starts_with('+')).collect();
    assert!(added.iter().any(|line| *line == "+  location ^~ /web/database { return 403; }"), "{shut:?}");
    // Nothing wanted, no end of the last line, ends of Windows.
    assert_eq!(lines(site, "ssh.root"), [""; 0]);
    assert_eq!(lines(&site.replace('\n', "\r\n"), "site.outside"), [""; 0]);
}
