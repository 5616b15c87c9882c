//! Data that several tests start from.

use std::collections::BTreeMap;
use std::time::Duration;

use ops::facts::{
    Checkout, Container, Database, Docker, Facts, Host, Listening, Memory, Module, Mount, ProxyState,
    PublishedPort, Schedule, StackDir, State,
};
use ops::inventory::{
    Address, Become, Deploy, Droplet, Environment, Git, Hooks, Proxy, ProxyKind, Role, Stack, Strategy,
    Update,
};
use ops::plan::Layer;
use ops::record::{Image, RELEASE_SCHEMA, Release, Slot};
use ops::runbooks::deploy::{Code, Commit, Inputs, Kept, Model, Request, Resolved, Staged};

/// An environment of one local droplet with everything in its usual place.
pub fn environment() -> Environment {
    Environment {
        name: "prod".into(),
        project: "insightpulse".into(),
        protected: false,
        url: None,
        state_dir: "/var/lib/ops".into(),
        droplets: vec![droplet()],
        stack: Stack {
            path: "/opt/odoo".into(),
            compose: vec!["compose.yaml".into()],
            profiles: Vec::new(),
            git: Some(Git {
                remote: "git@example.com:org/odoo.git".into(),
                r#ref: "main".into(),
                allow: Vec::new(),
            }),
            web: "odoo".into(),
            db: "db".into(),
            database: "odoo".into(),
            addons: vec!["custom-addons".into()],
            env: BTreeMap::new(),
        },
        proxy: Some(Proxy {
            kind: ProxyKind::Nginx,
            server_name: "erp.example.com".into(),
            edge: Vec::new(),
            site: "/etc/nginx/sites-enabled/odoo".into(),
            upstream: "odoo".into(),
            websocket_upstream: None,
            container: None,
            maintenance: None,
        }),
        deploy: Deploy {
            max_interruption: None,
            strategy: Strategy::Auto,
            update: Update::Auto,
            health_timeout: Duration::from_secs(120),
            drain: Duration::from_secs(30),
            keep_releases: 5,
            snapshot: ops::inventory::SnapshotKind::Auto,
            snapshot_days: 7,
            watch: None,
            backup: ops::inventory::Beforehand::default(),
        },
        mask: ops::inventory::Mask::default(),
        backup: ops::inventory::Backup::default(),
        targets: ops::inventory::Targets::default(),
        harden: ops::inventory::Harden::default(),
        health: ops::inventory::Health::default(),
        modules: vec!["ipai_docs".into()],
        checks: Vec::new(),
        notify: Vec::new(),
        hooks: Hooks::default(),
        min_free_percent: 10,
    }
}

pub fn droplet() -> Droplet {
    Droplet {
        name: "erp-1".into(),
        address: Address::Local { r#become: Become::No },
        roles: vec![Role::Web, Role::Db],
        compose: vec!["compose.yaml".into()],
    }
}

fn host() -> Host {
    Host {
        hostname: "erp-1".into(),
        uid: 0,
        user: "root".into(),
        os: "Debian GNU/Linux 13 (trixie)".into(),
        cpus: 2,
        systemd: true,
        missing: Vec::new(),
    }
}

/// A droplet in good order on which release `r1` runs.
pub fn facts() -> Facts {
    Facts {
        droplet: "erp-1".into(),
        host: Ok(host()),
        docker: Ok(Docker {
            engine: "26.1.5+dfsg1".into(),
            compose: Some("2.26.1-4".into()),
            compose_v1: false,
            root_dir: "/var/lib/docker".into(),
        }),
        mounts: Ok(vec![Mount {
            purposes: ["stack", "state", "root", "docker"].map(String::from).into(),
            mount_point: "/".into(),
            size: 80_000_000_000,
            used: 38_800_000_000,
            free: 41_200_000_000,
            inodes: 5_000_000,
            inodes_free: 4_000_000,
        }]),
        memory: Ok(Memory {
            total: 4_000_000_000,
            available: 2_000_000_000,
            swap_total: 0,
            swap_free: 0,
            web: Some(300_000_000),
        }),
        listeners: Ok(vec![
            Listening { address: "0.0.0.0".into(), port: 22, process: Some("sshd(9)".into()) },
            Listening { address: "127.0.0.1".into(), port: 8069, process: Some("docker-proxy(812)".into()) },
        ]),
        containers: Ok(vec![container("db"), container("odoo")]),
        stack: Ok(StackDir {
            exists: true,
            owner: "deploy".into(),
            writable: true,
            env_file: true,
            git: Some(Checkout {
                head: "1".repeat(40),
                branch: Some("main".into()),
                remote: None,
                dirty: Vec::new(),
            }),
        }),
        database: Ok(Some(database())),
        proxy: Ok(Some(proxy())),
        state: Ok(state()),
        schedule: Ok(Schedule::default()),
        backups: Ok(ops::facts::Backups { restic: Some("0.18.0".into()), ..Default::default() }),
        vitals: None,
        posture: None,
        own: BTreeMap::new(),
    }
}

fn database() -> Database {
    Database {
        server_version: "15.20".into(),
        exists: true,
        odoo: true,
        relations: 740,
        bytes: 944_000_000,
        modules: [("base".into(), module("installed"))].into(),
        aside: BTreeMap::new(),
        active_users: Some(0),
    }
}

fn proxy() -> ProxyState {
    ProxyState {
        present: true,
        running: true,
        site_exists: true,
        config_tested: true,
        config_fault: None,
        certificates: vec![("/etc/ssl/erp.pem".into(), NOW + 60 * 86_400)],
        certificates_unread: Vec::new(),
        site_file: Some("/etc/nginx/sites-enabled/odoo".into()),
        site_seen: true,
        upstreams: [("odoo".to_owned(), vec!["127.0.0.1:8069".to_owned()])].into(),
        elsewhere: vec!["[::]:80".into()],
        now: NOW,
    }
}

fn state() -> State {
    State {
        project: Some("odoo".into()),
        writable: true,
        lock: None,
        now: NOW,
        current: Some("r1".into()),
        releases: vec![release("r1")],
        runs: Vec::new(),
        unreadable: Vec::new(),
    }
}

/// The droplet's clock in [`facts`].
pub const NOW: i64 = 1_795_000_000;

pub fn module(state: &str) -> Module {
    Module { state: state.into(), version: Some("14.0.1.0".into()) }
}

pub fn container(service: &str) -> Container {
    let port = PublishedPort { container: 8069, address: "127.0.0.1".into(), host: 8069 };
    Container {
        id: service.repeat(8),
        name: format!("odoo-{service}-1"),
        project: "odoo".into(),
        service: service.into(),
        oneoff: false,
        state: "running".into(),
        health: Some("healthy".into()),
        exit_code: 0,
        restarts: 0,
        oom_killed: false,
        image: format!("registry.example.com/{service}:14.0"),
        image_id: format!("sha256:{service}"),
        config_files: vec!["/var/lib/ops/odoo/releases/r1/compose.json".into()],
        working_dir: "/opt/odoo".into(),
        ports: if service == "odoo" { vec![port] } else { Vec::new() },
        mounts: Vec::new(),
        started: "2026-11-20T21:43:38Z".into(),
    }
}

pub fn release(id: &str) -> Release {
    let image = |service: &str| Image {
        name: format!("registry.example.com/{service}:14.0"),
        id: format!("sha256:{service}"),
        digest: None,
        kept: format!("ops/odoo:{id}-{service}"),
    };
    Release {
        restore: None,
        data: None,
        copy_of: None,
        schema: RELEASE_SCHEMA.into(),
        id: id.into(),
        created: "2026-11-01T00:00:00Z".into(),
        run: None,
        git_ref: Some("main".into()),
        sha: Some("1".repeat(40)),
        images: [("db".to_owned(), image("db")), ("odoo".to_owned(), image("odoo"))].into(),
        compose_hash: String::new(),
        modules: BTreeMap::new(),
        operator: None,
        reason: None,
        slot: Slot::A,
    }
}

/// What a fetch of `main` told, one commit ahead of what runs.
pub fn staged() -> Staged {
    let image = Resolved {
        reference: "registry.example.com/odoo:14.0".into(),
        digest: Some(format!("sha256:{}", "ab".repeat(32))),
        layers: vec![Layer { id: "a".into(), bytes: 400_000_000 }],
        local_id: None,
        present: false,
        registry_fault: None,
    };
    let json = serde_json::json!({"services": {
        "odoo": {"ports": [{"target": 8069, "published": "8069", "host_ip": "127.0.0.1", "protocol": "tcp"}]},
        "db": {},
    }});
    Staged {
        unknown_ref: false,
        code: Some(Ok(Code {
            r#ref: "main".into(),
            sha: "2".repeat(40),
            subject: "Second".into(),
            running: Some("1".repeat(40)),
            incoming: vec![Commit { sha: "2".repeat(40), subject: "Second".into() }],
            dropped: Vec::new(),
            changed: Vec::new(),
            models: Default::default(),
            submodules: Default::default(),
            versions: Default::default(),
            tree: vec!["compose.yaml".into()],
            bytes: 50_000_000,
        })),
        model: Ok(Model { project: "odoo".into(), json }),
        running_model: None,
        images: [("odoo".to_owned(), Ok(image))].into(),
        entries: None,
        unclean: None,
        kept: None,
        checksums: None,
    }
}

/// What a plan of a deploy is made of, with the same run, clock and operator every time.
pub fn inputs<'a>(
    env: &'a Environment,
    facts: &'a BTreeMap<String, Facts>,
    staged: &'a BTreeMap<String, Staged>,
    request: &'a Request,
) -> Inputs<'a> {
    static USUAL: BTreeMap<String, u64> = BTreeMap::new();
    Inputs {
        env,
        facts,
        staged,
        request,
        run: "prod-20261120T120000Z-0001".into(),
        release: "20261120t120000z-2222222".into(),
        now: "2026-11-20T12:00:00Z".into(),
        operator: "alice@laptop".into(),
        usual: &USUAL,
        rehearsed: None,
    }
}

/// What a droplet has of a release that it keeps.
pub fn kept(release: &str) -> Kept {
    Kept {
        release: release.to_owned(),
        moved: Vec::new(),
        code: true,
        databases: Ok(BTreeMap::new()),
        written: None,
        catalog: None,
        tables: Vec::new(),
    }
}

/// As `sha256sum` prints it.
pub fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
