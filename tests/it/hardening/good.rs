//! A droplet that is as safe as the rules want it.

use ops::facts::{
    Conf, Daemon, Files, Firewall, People, Posture, Sandbox, Secrets, Server, Site, Sources, Sshd, Tls, Ufw,
    Upkeep,
};

use super::key;

pub(super) fn posture() -> Posture {
    Posture {
        sshd: Ok(sshd()),
        firewall: Ok(firewall()),
        daemon: Ok(daemon()),
        sandboxes: Ok(vec![sandbox()]),
        server: Ok(Some(server())),
        people: Ok(Some(People { known: Some(vec![]), ..People::default() })),
        conf: Ok(Some(conf())),
        site: Ok(Some(site())),
        tls: Ok(Some(tls())),
        secrets: Ok(Secrets::default()),
        upkeep: Ok(upkeep()),
        files: Ok(Files::default()),
        sources: Ok(Sources::default()),
        outside: Some(Ok(vec![80, 443])),
        pages: Some(Ok([("/web/database/manager".to_owned(), 404)].into())),
    }
}

fn words(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn sshd() -> Sshd {
    Sshd {
        user: "deploy".into(),
        from: Some("198.51.100.7".into()),
        own: words(&[
            ("port", "22"),
            ("passwordauthentication", "no"),
            ("kbdinteractiveauthentication", "no"),
            ("kexalgorithms", "curve25519-sha256"),
            ("ciphers", "aes256-gcm@openssh.com"),
            ("macs", "hmac-sha2-256-etm@openssh.com"),
            ("maxauthtries", "4"),
            ("logingracetime", "60"),
            ("allowgroups", "ssh-ops"),
            ("x11forwarding", "no"),
            ("permittunnel", "no"),
            ("allowagentforwarding", "no"),
        ]),
        root: words(&[("permitrootlogin", "prohibit-password")]),
        ports: vec![22],
        sudo: true,
        keys: vec![key("ED25519-SK", 256)],
        ..Sshd::default()
    }
}

fn firewall() -> Firewall {
    Firewall {
        ufw: Some(Ufw { active: true, denies: true, rules: vec!["22/tcp LIMIT IN Anywhere".into()] }),
        docker_user: Some(vec!["-i eth0 -j OPS-IN".into()]),
        guarded: true,
        ipv6: true,
        banner: true,
        fail2ban: true,
        helpless: None,
        spares: false,
        open: vec![
            "tcp 0.0.0.0:22 sshd".into(),
            "tcp [::]:443 nginx".into(),
            "udp 0.0.0.0:68 systemd-networkd".into(),
        ],
    }
}

fn daemon() -> Daemon {
    Daemon { socket: "root:docker 660".into(), live_restore: true, updates: Some(0), ..Daemon::default() }
}

fn sandbox() -> Sandbox {
    Sandbox {
        name: "/odoo-odoo-1".into(),
        service: "odoo".into(),
        memory: 3 << 30,
        security: vec!["no-new-privileges:true".into()],
        dropped: vec!["ALL".into()],
        healthcheck: true,
        restart: "unless-stopped".into(),
        image: "odoo:17.0".into(),
        network: "odoo_default".into(),
        pids: 512,
        log_driver: "local".into(),
        users: vec!["101".into()],
        published: vec!["0.0.0.0:443".into()],
        ..Sandbox::default()
    }
}

fn server() -> Server {
    Server {
        owner: Some("odoo_app".into()),
        encryption: "scram-sha-256".into(),
        checksums: true,
        max_connections: 400,
        ..Server::default()
    }
}

fn conf() -> Conf {
    Conf {
        list_db: Some("False".into()),
        dbfilter: Some("^odoo$".into()),
        db_name: Some("odoo".into()),
        proxy_mode: Some("True".into()),
        workers: Some("4".into()),
        max_cron_threads: Some("1".into()),
        db_maxconn: Some("32".into()),
        admin_passwd: "hash".into(),
        file: Some("/etc/odoo/odoo.conf".into()),
        mode: Some("640".into()),
        ..Conf::default()
    }
}

fn site() -> Site {
    Site {
        status: [("/web/database/manager", 403), ("/web/database/selector", 403), ("/web/login", 200)]
            .map(|(path, code)| (path.to_owned(), code))
            .into(),
        redirect: Some("https://erp.example.com/web/login".into()),
        headers: words(&[
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "SAMEORIGIN"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("server", "nginx"),
        ]),
        https: true,
        config: true,
        words: [
            "limit_req zone=login",
            "client_max_body_size 200m",
            "proxy_read_timeout 720s",
            "location /websocket",
        ]
        .map(String::from)
        .into(),
        certbot: true,
        renewed: true,
        reloaded: true,
        ..Site::default()
    }
}

/// For a year, of which most is left.
fn tls() -> Tls {
    let now = crate::sample::facts().state.unwrap().now;
    Tls {
        served: Some("AA".into()),
        why: String::new(),
        verify: Some(0),
        verify_text: "ok".into(),
        name_fits: true,
        from: Some(now - 30 * 86_400),
        until: Some(now + 335 * 86_400),
        on_disk: std::collections::BTreeMap::new(),
    }
}

fn upkeep() -> Upkeep {
    Upkeep {
        unattended: Some(true),
        security: Some(0),
        sudoers: true,
        nopasswd: vec!["deploy ALL=(ALL) NOPASSWD: ALL".into()],
        journal: true,
        bounded: true,
        in_time: Some(true),
        watched: vec!["/etc/docker".into(), "/etc/sudoers".into(), "/etc/ssh/".into()],
        shipped: Some("promtail".into()),
        kernel: [
            ("net.ipv4.tcp_syncookies", 1),
            ("net.ipv4.conf.all.rp_filter", 2),
            ("kernel.kptr_restrict", 1),
            ("kernel.dmesg_restrict", 1),
            ("fs.protected_hardlinks", 1),
            ("net.ipv4.ip_forward", 1),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into(),
        ..Upkeep::default()
    }
}
