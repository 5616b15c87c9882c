//! What `ops harden` asks, read from what droplets print, and from garbage.

use ops::facts::{self, Posture};

use crate::sample;

const NONCE: &str = "0123456789abcdef0123456789abcdef";

/// An answer with one probe in it, framed as `gather.sh` frames it.
fn answer(name: &str, stdout: &str) -> Posture {
    let env = sample::environment();
    let part = |name: &str, stdout: &str| {
        let body = format!("{stdout}\n0\n2");
        format!("\n{NONCE} {name} 0 {}\n{body}", body.len())
    };
    let mut text = String::new();
    if name != "posture.sshd" {
        text += &part("posture.sshd", "");
    }
    text += &part(name, stdout);
    *facts::parse(&env, &env.droplets[0], NONCE, text.as_bytes()).posture.unwrap()
}

const SSHD: &str = "user\tdeploy\nfrom\t198.51.100.7\nown\tpasswordauthentication\tno\nown\tport\t22\nroot\tpermitrootlogin\tno\n\
    sudo\tyes\nauthorized\tdeploy 256 SHA256:aa alice on laptop (ED25519)\nauthorized\troot 2048 SHA256:bb no comment (RSA)\n\
    plain\tdeploy SHA256:aa\nport\t22\nport\t2222\nloose\t/root/.ssh 755\nconditional\tyes\naccount\tdeploy\naccount\troot\nall\tyes\n";

#[test]
fn sshd_and_its_keys_are_read() {
    let sshd = |text: &str| answer("posture.sshd", text).sshd;
    let seen = sshd(SSHD).unwrap();
    assert_eq!(
        (seen.user.as_str(), seen.from.as_deref(), seen.sudo, seen.socket),
        ("deploy", Some("198.51.100.7"), true, false)
    );
    assert_eq!((seen.ports, seen.root["permitrootlogin"].as_str()), (vec![22, 2222], "no"));
    assert_eq!((seen.keys[0].comment.as_str(), seen.keys[0].kind.as_str()), ("alice on laptop", "ED25519"));
    assert!(seen.keys[0].plain && !seen.keys[1].plain);
    assert_eq!((seen.keys[1].bits, seen.keys[1].kind.as_str()), (2048, "RSA"));
    assert_eq!(seen.loose, ["/root/.ssh 755"]);
    assert_eq!((seen.accounts, seen.conditional), (vec!["deploy".to_owned(), "root".to_owned()], true));
    for bad in ["", "all\tyes\n", &SSHD.replace("all\tyes\n", ""), &SSHD.replace("256 SHA256", "much SHA256")]
    {
        assert!(sshd(bad).is_err(), "{bad}");
    }
}

#[test]
fn firewall_engine_and_containers_are_read() {
    let firewall = |text: &str| answer("posture.firewall", text).firewall;
    let text = "ufw\tyes\nactive\tyes\ndenies\tyes\nrule\t22/tcp ALLOW IN Anywhere\nipv6\tyes\nchain\tyes\ndocker-user\t-j RETURN\nopen\ttcp 0.0.0.0:22 sshd\nall\tyes\n";
    let seen = firewall(text).unwrap();
    assert!(seen.ufw.as_ref().is_some_and(|ufw| ufw.active && ufw.denies && ufw.rules.len() == 1));
    assert_eq!((seen.docker_user.unwrap().len(), seen.guarded, seen.open.len()), (1, false, 1));
    assert!(firewall("all\tyes\n").unwrap().ufw.is_none() && firewall("ufw\tyes\n").is_err());
    let daemon = |text: &str| answer("posture.daemon", text).daemon;
    let seen =
        daemon("socket\troot:docker 660\nmember\tbob\nlive\tyes\ninsecure\tr:5000\nupdates\t3\nall\tyes\n")
            .unwrap();
    assert_eq!(
        (seen.members.len(), seen.live_restore, seen.insecure.len(), seen.updates),
        (1, true, 1, Some(3))
    );
    assert!(daemon("all\tyes\n").is_err() && daemon("").is_err());
    let boxes = |text: &str| answer("posture.sandboxes", text).sandboxes;
    let one = r#"{"name":"/a","service":"odoo","privileged":false,"binds":[],"memory":0,"security":null,"dropped":null,"healthcheck":true,"restart":"no","image":"odoo","network":"n","pid":"","ipc":"private","pids":null,"log_driver":"json-file","log_max":"","secrets":["PASSWORD"],"published":[],"users":["101"],"options":["--dev"]}"#;
    assert_eq!(boxes(&format!("asked\n{one}\n")).unwrap()[0].options, ["--dev"]);
    assert_eq!(boxes("asked\n").unwrap().len(), 0);
    assert!(boxes("").is_err() && boxes("asked\n{\"name\":1}\n").is_err());
}

#[test]
fn database_odoo_and_site_are_read() {
    let server = |text: &str| answer("posture.server", text).server;
    let text = r#"{"owner":"odoo","superuser":true,"open":["1: host all all 0.0.0.0/0 md5"],"encryption":"md5","md5":["odoo"],"checksums":false,"max_connections":100}"#;
    assert!(server(text).unwrap().unwrap().superuser);
    assert!(server("").unwrap().is_none() && server("psql: error").is_err());
    let conf = |text: &str| answer("posture.conf", text).conf;
    let text = r#"{"list_db":null,"dbfilter":null,"db_name":"odoo","proxy_mode":"True","workers":"2","max_cron_threads":null,"db_maxconn":null,"limit_memory_soft":null,"limit_memory_hard":null,"limit_time_cpu":null,"limit_time_real":null,"log_level":null,"dev":true,"argv_password":false,"admin_passwd":"plain","file":"/etc/odoo/odoo.conf","mode":"640","owner":101}"#;
    assert!(conf(text).unwrap().unwrap().dev);
    assert!(conf("").unwrap().is_none() && conf("Traceback").is_err());
    let people = |text: &str| answer("posture.people", text).people;
    let seen =
        people("odoo\tyes\nseries\t17.0.1.3\nsingle\talice\ndemo\t2\nbare\tx.thing\ntried\tyes\nknown\tadmin\nall\tyes\n")
            .unwrap()
            .unwrap();
    assert_eq!((seen.single.len(), seen.demo, seen.bare.len(), seen.known.unwrap().len()), (1, 2, 1, 1));
    assert_eq!(seen.series, Some(17));
    assert_eq!(people("odoo\tyes\nall\tyes\n").unwrap().unwrap().known, None);
    assert!(people("").unwrap().is_none() && people("all\tyes\n").unwrap().is_none());
    assert!(people("odoo\tyes\n").is_err() && people("psql: error").is_err());
    let site = |text: &str| answer("posture.site", text).site;
    let text = "https\tyes\nstatus\t/web/login\t200\nredirect\thttps://a/\nheader\tStrict-Transport-Security\tmax-age=1\nold\ttls1\nword\tlimit_req zone=a\ncertbot\tyes\nall\tyes\n";
    let seen = site(text).unwrap().unwrap();
    assert_eq!(
        (seen.status["/web/login"], seen.headers["strict-transport-security"].as_str()),
        (200, "max-age=1")
    );
    assert!(seen.https && seen.certbot && !seen.renewed && seen.old == ["tls1"]);
    assert!(site("").is_err());
}

#[test]
fn secrets_and_the_system_are_read() {
    let secrets = |text: &str| answer("posture.secrets", text).secrets;
    let seen =
        secrets("loose\t/opt/odoo/.env 644\ntracked\t.env\ncommitted\ta1b2c3d id_rsa\nall\tyes\n").unwrap();
    assert_eq!((seen.loose.len(), seen.tracked.len(), seen.committed.len()), (1, 1, 1));
    assert!(secrets("").is_err());
    let upkeep = |text: &str| answer("posture.upkeep", text).upkeep;
    let text = "unattended\tno\nsecurity\t4\nreboot\tyes\nroot\ttoor\nsudoers\tyes\nnopasswd\tbob ALL\njournal\tyes\ntime\tno\nshipped\tpromtail\nkernel\tkernel.kptr_restrict\t1\nkernel\tx\t\nall\tyes\n";
    let seen = upkeep(text).unwrap();
    assert_eq!(
        (seen.unattended, seen.security, seen.reboot, seen.in_time),
        (Some(false), Some(4), true, Some(false))
    );
    assert_eq!((seen.roots.len(), seen.kernel.len(), seen.shipped.as_deref()), (1, 1, Some("promtail")));
    assert!(upkeep("").is_err());
}
