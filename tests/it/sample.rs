//! Data that several tests start from.

use std::collections::BTreeMap;
use std::time::Duration;

use ops::inventory::{
    Address, Become, Deploy, Droplet, Environment, Git, Proxy, ProxyKind, Role, Stack, Strategy, Update,
};

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
            site: "/etc/nginx/sites-enabled/odoo".into(),
            upstream: "odoo".into(),
            websocket_upstream: None,
            container: None,
        }),
        deploy: Deploy {
            strategy: Strategy::Auto,
            update: Update::Auto,
            health_timeout: Duration::from_secs(120),
            drain: Duration::from_secs(30),
            keep_releases: 5,
        },
        modules: vec!["ipai_docs".into()],
        checks: Vec::new(),
        notify: Vec::new(),
        min_free_percent: 10,
    }
}

pub fn droplet() -> Droplet {
    Droplet {
        name: "erp-1".into(),
        address: Address::Local { r#become: Become::No },
        roles: vec![Role::Web, Role::Db],
    }
}
