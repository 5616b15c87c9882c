//! Every rule: what passes it, and each thing that it finds.

use std::collections::BTreeSet;

use ops::checks::Verdict;
use ops::checks::hardening::ids;

use super::{Case, edge, key, lost, verdict};

type Break = fn(&mut Case);

fn said(sshd: &mut Case, key: &str, value: &str) {
    sshd.sshd().own.insert(key.into(), value.into());
}

/// A rule, what is broken, and what is said of it.
const WRONG: &[(&str, Break, &str)] = &[
    ("ssh.password", |c| said(c, "passwordauthentication", "yes"), "passwordauthentication"),
    ("ssh.password", |c| said(c, "kbdinteractiveauthentication", "yes"), "kbdinteractiveauthentication"),
    (
        "ssh.root",
        |c| {
            c.sshd().root.insert("permitrootlogin".into(), "yes".into());
        },
        "PermitRootLogin yes",
    ),
    (
        "ssh.overruled",
        |c| c.sshd().before.push("/etc/ssh/sshd_config.d/00-a.conf:1:PasswordAuthentication yes".into()),
        "00-a.conf",
    ),
    ("ssh.keys", |c| c.sshd().keys.push(key("RSA", 2048)), "RSA 2048 of deploy (alice@laptop)"),
    ("ssh.keys", |c| c.sshd().keys.push(key("DSA", 1024)), "DSA 1024"),
    ("ssh.modes", |c| c.sshd().loose.push("/root/.ssh 755".into()), "/root/.ssh 755"),
    ("ssh.algorithms", |c| said(c, "macs", "hmac-sha1,hmac-sha2-256"), "offered: hmac-sha1"),
    ("ssh.algorithms", |c| said(c, "ciphers", "3des-cbc"), "3des-cbc"),
    ("ssh.attempts", |c| said(c, "maxauthtries", "6"), "MaxAuthTries 6"),
    ("ssh.attempts", |c| said(c, "logingracetime", "0"), "LoginGraceTime 0"),
    (
        "ssh.allowed",
        |c| {
            c.sshd().own.remove("allowgroups");
        },
        "every account",
    ),
    ("ssh.forwarding", |c| said(c, "x11forwarding", "yes"), "x11forwarding"),
    ("ssh.hardware", |c| c.sshd().keys.push(key("ED25519", 256)), "ED25519 of deploy"),
    ("firewall.active", |c| c.firewall().ufw = None, "not installed"),
    ("firewall.active", |c| c.firewall().ufw.as_mut().unwrap().active = false, "inactive"),
    ("firewall.active", |c| c.firewall().ufw.as_mut().unwrap().denies = false, "no rule names"),
    ("firewall.published", |c| c.odoo().published.push("0.0.0.0:8069".into()), "0.0.0.0:8069 of odoo"),
    ("firewall.outside", |c| c.posture().outside = Some(Ok(vec![443, 8069])), "open to this laptop: 8069"),
    ("firewall.edge", |c| edge(c, &["203.0.113.0/24"]), "80, 443"),
    ("firewall.docker", |c| c.firewall().guarded = false, "DOCKER-USER"),
    (
        "firewall.open",
        |c| c.firewall().open.push("tcp *:5432 docker-proxy".into()),
        "tcp *:5432 docker-proxy",
    ),
    ("firewall.open", |c| c.firewall().open.push("udp 0.0.0.0:111 rpcbind".into()), "rpcbind"),
    ("firewall.ipv6", |c| c.firewall().ipv6 = false, "does not filter"),
    (
        "firewall.bans",
        |c| (c.firewall().fail2ban, c.firewall().ufw.as_mut().unwrap().rules) = (false, vec![]),
        "nobody",
    ),
    (
        "firewall.bans",
        |c| {
            (c.firewall().helpless, c.firewall().ufw.as_mut().unwrap().rules) = (Some("nft".into()), vec![]);
        },
        "bans nobody: nft",
    ),
    ("docker.tcp", |c| c.daemon().tcp.push("0.0.0.0:2375".into()), "0.0.0.0:2375"),
    ("docker.socket", |c| c.daemon().socket = "root:docker 666".into(), "666"),
    ("docker.socket", |c| c.daemon().members = vec!["deploy".into(), "bob".into()], "bob"),
    ("docker.live", |c| c.daemon().live_restore = false, "stops them"),
    ("docker.logs", |c| c.odoo().log_driver = "json-file".into(), "without bounds: odoo"),
    ("docker.registries", |c| c.daemon().insecure.push("registry.lan:5000".into()), "registry.lan:5000"),
    ("docker.registries", |c| c.daemon().no_iptables = true, "iptables"),
    ("docker.updates", |c| c.daemon().updates = Some(2), "2 packages"),
    ("containers.privileged", |c| c.odoo().privileged = true, "odoo is privileged"),
    (
        "containers.binds",
        |c| c.odoo().binds.push("/var/run/docker.sock".into()),
        "odoo has /var/run/docker.sock",
    ),
    ("containers.binds", |c| c.odoo().binds.push("/".into()), "odoo has /"),
    ("containers.root", |c| c.odoo().users = vec!["root".into()], "odoo runs as root"),
    ("containers.memory", |c| c.odoo().memory = 0, "odoo has no limit"),
    ("containers.memory", |c| c.odoo().memory = 1 << 50, "are promised, of"),
    ("containers.rights", |c| c.odoo().security.clear(), "may gain new ones"),
    ("containers.rights", |c| c.odoo().dropped.clear(), "keeps Docker's usual ones"),
    ("containers.restart", |c| c.odoo().restart = "no".into(), "does not start again"),
    ("containers.restart", |c| c.odoo().healthcheck = false, "no health check"),
    ("containers.image", |c| c.odoo().image = "registry:5000/odoo".into(), "runs registry:5000/odoo"),
    ("containers.image", |c| c.odoo().image = "odoo:latest".into(), "odoo:latest"),
    ("containers.spaces", |c| c.odoo().network = "host".into(), "odoo has network"),
    ("containers.spaces", |c| c.odoo().pids = 0, "any number of processes"),
    ("postgres.role", |c| c.server().superuser = true, "odoo_app, who owns"),
    ("postgres.hba", |c| c.server().open.push("12: host all all 0.0.0.0/0 trust".into()), "trust"),
    ("postgres.passwords", |c| c.server().md5.push("odoo".into()), "MD5 of odoo"),
    ("postgres.passwords", |c| c.server().encryption = "md5".into(), "password_encryption md5"),
    ("postgres.checksums", |c| c.server().checksums = false, "a page"),
    ("odoo.list", |c| c.conf().list_db = None, "everybody sees it"),
    ("odoo.list", |c| c.conf().list_db = Some("True".into()), "everybody sees it"),
    ("odoo.master", |c| c.conf().admin_passwd = "default".into(), "everybody knows"),
    ("odoo.master", |c| c.conf().admin_passwd = "plain".into(), "as it is"),
    (
        "odoo.filter",
        |c| (c.conf().db_name, c.conf().dbfilter) = (None, Some(".*".into())),
        "any of the server",
    ),
    ("odoo.proxy", |c| c.conf().proxy_mode = None, "nginx's"),
    ("odoo.workers", |c| c.conf().workers = None, "workers = 0"),
    ("odoo.workers", |c| c.facts.host.as_mut().unwrap().cpus = 1, "workers = 4 of 1 processor"),
    ("odoo.workers", |c| c.conf().max_cron_threads = Some("0".into()), "no scheduled action"),
    ("odoo.workers", |c| c.conf().limit_time_cpu = Some("0".into()), "limit_time_cpu = 0"),
    ("odoo.workers", |c| c.conf().limit_time_real = Some("0".into()), "limit_time_real = 0"),
    ("odoo.file", |c| c.conf().mode = Some("644".into()), "/etc/odoo/odoo.conf (644)"),
    ("odoo.argv", |c| c.conf().argv_password = true, "list of processes"),
    ("odoo.dev", |c| c.conf().dev = true, "--dev"),
    ("odoo.dev", |c| c.conf().log_level = Some("debug_sql".into()), "debug_sql"),
    ("odoo.connections", |c| c.server().max_connections = 100, "may want 192, PostgreSQL takes 100"),
    ("people.known", |c| c.people().known = Some(vec!["admin".into()]), "the password is the login: admin"),
    ("people.demo", |c| c.people().demo = 3, "3 modules"),
    ("people.factors", |c| c.people().single.push("alice@example.com".into()), "alice@example.com"),
    ("people.rules", |c| c.people().bare.push("x.thing".into()), "x.thing"),
    (
        "site.manager",
        |c| {
            c.site().status.insert("/web/database/manager".into(), 200);
        },
        "/web/database/manager",
    ),
    (
        "site.outside",
        |c| c.posture().pages = Some(Ok([("/web/database/selector".to_owned(), 200)].into())),
        "/web/database/selector (200)",
    ),
    (
        "site.outside",
        |c| c.posture().pages = Some(Ok([("/down".to_owned(), 502), ("/open".to_owned(), 200)].into())),
        "this laptop gets: /open (200)",
    ),
    ("site.https", |c| c.site().https = false, "443"),
    ("site.https", |c| c.site().redirect = None, "by itself"),
    ("site.certificate", |c| c.tls().verify = Some(18), "do not trust it"),
    ("site.certificate", |c| c.tls().name_fits = false, "it is not for"),
    ("site.certificate", |c| c.tls().until = Some(0), "expired"),
    ("site.protocols", |c| c.site().old.push("tls1".into()), "tls1"),
    (
        "site.hsts",
        |c| {
            c.site().headers.remove("strict-transport-security");
        },
        "http first",
    ),
    (
        "site.hsts",
        |c| {
            c.site().headers.insert("strict-transport-security".into(), "max-age=300".into());
        },
        "max-age=300",
    ),
    (
        "site.headers",
        |c| {
            c.site().headers.remove("x-content-type-options");
        },
        "nosniff",
    ),
    (
        "site.headers",
        |c| {
            c.site().headers.insert("server".into(), "nginx/1.22.1".into());
        },
        "server_tokens",
    ),
    ("site.limits", |c| c.site().words.retain(|word| !word.starts_with("limit_req")), "limit_req"),
    ("site.live", |c| c.site().words.retain(|word| !word.starts_with("location")), "to the workers"),
    (
        "site.live",
        |c| {
            c.people().series = Some(17);
            c.site().words.iter_mut().for_each(|word| *word = word.replace("websocket", "longpolling"));
        },
        "to the workers",
    ),
    ("site.renewal", |c| c.site().renewed = false, "no timer"),
    ("site.renewal", |c| c.site().reloaded = false, "not told"),
    ("secrets.files", |c| c.secrets().loose.push("/opt/odoo/.env 644".into()), "/opt/odoo/.env 644"),
    ("secrets.git", |c| c.secrets().tracked.push(".env".into()), ".env"),
    ("secrets.history", |c| c.secrets().committed.push("a1b2c3d id_rsa".into()), "a1b2c3d id_rsa"),
    ("secrets.env", |c| c.odoo().secrets.push("PASSWORD".into()), "PASSWORD of odoo"),
    ("system.unattended", |c| c.upkeep().unattended = Some(false), "nothing installs"),
    ("system.updates", |c| c.upkeep().security = Some(7), "7 wait"),
    ("system.reboot", |c| c.upkeep().reboot = true, "wants one"),
    ("system.accounts", |c| c.upkeep().roots.push("toor".into()), "toor is root"),
    ("system.accounts", |c| c.upkeep().unlocked.push("guest".into()), "guest has no password"),
    ("system.sudo", |c| c.upkeep().sudoers = false, "broken"),
    ("system.sudo", |c| c.upkeep().nopasswd.push("bob ALL=(ALL) NOPASSWD: ALL".into()), "bob ALL"),
    ("system.journal", |c| c.upkeep().journal = false, "after a reboot"),
    ("system.journal", |c| c.upkeep().bounded = false, "no bound"),
    ("system.journal", |c| c.upkeep().in_time = Some(false), "clock"),
    (
        "system.kernel",
        |c| {
            c.upkeep().kernel.insert("net.ipv4.tcp_syncookies".into(), 0);
        },
        "tcp_syncookies",
    ),
    ("system.audited", |c| c.upkeep().watched.clear(), "/etc/docker"),
    ("system.shipped", |c| c.upkeep().shipped = None, "remove them"),
    ("backups.fresh", |c| c.facts.schedule.as_mut().unwrap().newest = None, "there is none"),
    (
        "backups.night",
        |c| {
            c.facts.schedule.as_mut().unwrap().files.insert("night".into(), "aa".into());
        },
        "timer",
    ),
];

#[test]
fn a_droplet_that_is_as_safe_as_it_could_be_has_nothing_to_mend() {
    for finding in Case::good().findings() {
        assert!(matches!(finding.verdict, Verdict::Pass { .. } | Verdict::Skip { .. }), "{finding:?}");
    }
}

#[test]
fn each_thing_that_is_wrong_is_found_and_only_there() {
    for (id, break_it, says) in WRONG {
        let mut case = Case::good();
        break_it(&mut case);
        // A key that is weak is also one in a file.
        let elsewhere = |other: &str| *id == "ssh.keys" && other == "ssh.hardware";
        for finding in case.findings().into_iter().filter(|one| !elsewhere(&one.id)) {
            match finding.id == *id {
                true => assert!(
                    matches!(&finding.verdict, Verdict::Fail { evidence, fix } if evidence.contains(says) && !fix.is_empty()),
                    "{id} does not say {says}: {finding:?}"
                ),
                false => assert!(!matches!(finding.verdict, Verdict::Fail { .. }), "{id} breaks {finding:?}"),
            }
        }
    }
}

#[test]
fn no_rule_is_without_a_fixture() {
    // Their judgements are those of `ops health`, which has its own.
    let elsewhere = BTreeSet::from(["backups.away", "backups.drilled"]);
    let shown: BTreeSet<&str> = WRONG.iter().map(|(id, ..)| *id).chain(elsewhere).collect();
    assert_eq!(shown, ids().collect());
}

#[test]
fn what_could_not_be_seen_is_unknown() {
    let blind: &[(Break, &[&str])] = &[
        (
            |c| c.posture().sshd = lost(),
            &["ssh.password", "ssh.root", "ssh.hardware", "firewall.open", "system.sudo"],
        ),
        (
            |c| c.posture().firewall = lost(),
            &["firewall.active", "firewall.docker", "firewall.open", "firewall.bans"],
        ),
        (|c| c.posture().daemon = lost(), &["docker.tcp", "docker.socket", "docker.live"]),
        (
            |c| c.posture().sandboxes = lost(),
            &["firewall.published", "containers.root", "docker.logs", "secrets.env"],
        ),
        (|c| c.posture().server = lost(), &["postgres.role", "postgres.hba"]),
        (|c| c.posture().server = Ok(None), &["postgres.role"]),
        (|c| c.posture().people = lost(), &["people.known", "people.demo", "people.factors", "people.rules"]),
        (|c| c.posture().tls = lost(), &["site.certificate"]),
        (|c| c.tls().verify = None, &["site.certificate"]),
        (|c| c.posture().conf = lost(), &["odoo.list", "odoo.connections", "odoo.workers", "site.live"]),
        (|c| c.posture().conf = Ok(None), &["odoo.list"]),
        (|c| c.posture().site = lost(), &["site.manager", "site.https"]),
        (|c| c.site().status.clear(), &["site.manager"]),
        (|c| c.site().config = false, &["site.limits", "site.live"]),
        (|c| c.facts.memory = lost(), &["containers.memory"]),
        (|c| c.posture().secrets = lost(), &["secrets.git"]),
        (|c| c.posture().upkeep = lost(), &["system.accounts", "system.sudo"]),
        (|c| c.posture().outside = Some(lost()), &["firewall.outside"]),
        (|c| (edge(c, &["203.0.113.0/24"]), c.sshd().from = None).1, &["firewall.edge"]),
        (|c| c.posture().pages = Some(lost()), &["site.outside"]),
        (|c| c.posture().pages = Some(Ok([("/".to_owned(), 502)].into())), &["site.outside"]),
        (|c| c.facts.posture = None, &["ssh.password", "site.https", "postgres.role"]),
    ];
    for (change, ids) in blind {
        for id in *ids {
            let verdict = verdict(id, change);
            assert!(matches!(verdict, Verdict::Unknown { .. }), "{id}: {verdict:?}");
        }
    }
}

#[test]
fn what_does_not_apply_is_skipped() {
    let skips: &[(Break, &str)] = &[
        (|c| c.posture().site = Ok(None), "site.https"),
        (|c| c.posture().tls = Ok(None), "site.certificate"),
        (|c| (edge(c, &["203.0.113.0/24"]), c.tls().verify = Some(18)).1, "site.certificate"),
        (|c| c.conf().workers = None, "site.live"),
        (|c| c.posture().people = Ok(None), "people.demo"),
        (|c| c.people().known = None, "people.known"),
        // The address of the droplet itself, which moves; a net that we come from; nothing declared.
        (|c| edge(c, &["203.0.113.9/32"]), "firewall.edge"),
        (|c| edge(c, &["203.0.113.0/24", "198.51.100.0/24"]), "firewall.edge"),
        (|_| (), "firewall.edge"),
        (|c| c.site().certbot = false, "site.renewal"),
        (|c| c.site().https = false, "site.hsts"),
        (|c| c.posture().outside = None, "firewall.outside"),
        (|c| c.posture().pages = None, "site.outside"),
        (|c| c.firewall().docker_user = None, "firewall.docker"),
        (|c| c.firewall().ufw = None, "firewall.ipv6"),
        (|c| c.posture().sandboxes = Ok(vec![]), "containers.root"),
        (|c| c.server().owner = None, "postgres.role"),
        (|c| c.upkeep().unattended = None, "system.unattended"),
        (|c| c.conf().file = None, "odoo.file"),
        (|c| c.droplet.roles = vec![ops::inventory::Role::Db], "odoo.list"),
        (|c| c.droplet.roles = vec![ops::inventory::Role::Web], "postgres.role"),
    ];
    for (change, id) in skips {
        let verdict = verdict(id, change);
        assert!(matches!(verdict, Verdict::Skip { .. }), "{id}: {verdict:?}");
    }
}
