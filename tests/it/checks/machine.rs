//! The droplet itself.

use ops::facts::{Listening, Mount, ProbeFailure, PublishedPort};
use ops::inventory::{Address, Become};
use ops::record::Holder;

use super::{does_not_know, fails, lost, passes, skips, warns};
use crate::sample::NOW;

#[test]
fn access_user() {
    passes("access.user", "root (uid 0) on erp-1", |_| ());
    let other = |case: &mut super::Case| {
        let host = case.facts.host.as_mut().unwrap();
        (host.uid, host.user) = (1000, "de ploy".into());
    };
    passes("access.user", "may use docker", other);
    fails("access.user", "may not use docker", "usermod -aG docker 'de ploy'", |case| {
        other(case);
        case.facts.docker = Err(ProbeFailure::new("the user deploy may not use docker"));
    });
    fails("access.user", "sudo does not lead to root", "sudo -l", |case| {
        other(case);
        case.droplet.address = Address::Local { r#become: Become::Sudo };
    });
    does_not_know("access.user", |case| case.facts.host = lost());
}

#[test]
fn host_programs() {
    passes("host.programs", "all 9", |_| ());
    fails("host.programs", "missing: git, flock, setsid", "apt-get install -y git util-linux", |case| {
        case.facts.host.as_mut().unwrap().missing = ["git", "flock", "setsid"].map(String::from).into();
    });
    does_not_know("host.programs", |case| case.facts.host = lost());
}

#[test]
fn docker_engine() {
    let engine = |version: &'static str| {
        move |case: &mut super::Case| case.facts.docker.as_mut().unwrap().engine = version.into()
    };
    passes("docker.engine", "26.1.5", |_| ());
    passes("docker.engine", "20.10.24", engine("20.10.24+dfsg1"));
    fails("docker.engine", "20.9.1 is older than 20.10", "upgrade", engine("20.9.1"));
    fails("docker.engine", "19.03.8", "upgrade", engine("19.03.8"));
    does_not_know("docker.engine", engine("dev-build"));
    fails("docker.engine", "not installed", "apt-get install -y docker.io", |case| {
        case.facts.docker = Err(ProbeFailure::new("docker is not installed"));
        case.facts.host.as_mut().unwrap().missing = vec!["docker".into()];
    });
    fails("docker.engine", "does not run", "systemctl start docker", |case| {
        case.facts.docker = Err(ProbeFailure::new("the docker engine does not run"));
    });
}

#[test]
fn docker_compose() {
    let compose = |version: Option<&'static str>, v1: bool, os: &'static str| {
        move |case: &mut super::Case| {
            let docker = case.facts.docker.as_mut().unwrap();
            (docker.compose, docker.compose_v1) = (version.map(Into::into), v1);
            case.facts.host.as_mut().unwrap().os = os.into();
        }
    };
    passes("docker.compose", "2.26.1", |_| ());
    fails("docker.compose", "only v1", "docker-compose-v2", compose(None, true, "Ubuntu 22.04.5 LTS"));
    fails(
        "docker.compose",
        "not installed",
        "install -y docker-compose",
        compose(None, false, "Debian GNU/Linux 13 (trixie)"),
    );
    fails(
        "docker.compose",
        "2.19.0 is older",
        "docker-compose-plugin",
        compose(Some("2.19.0"), false, "Debian GNU/Linux 12"),
    );
    does_not_know("docker.compose", compose(Some("new"), false, ""));
    skips("docker.compose", "no engine", |case| case.facts.docker = lost());
}

#[test]
fn lock() {
    let held = |heartbeat: i64, run: &'static str| {
        move |case: &mut super::Case| {
            case.facts.state.as_mut().unwrap().lock = Some(Holder {
                run: run.into(),
                command: "deploy".into(),
                operator: "ana@laptop".into(),
                reason: Some("hotfix".into()),
                since: NOW - 600,
                heartbeat,
                fence: 3,
            });
        }
    };
    passes("lock", "free", |_| ());
    fails(
        "lock",
        "held by ana@laptop for 10 min: deploy (hotfix), run prod-1",
        "ops runs show prod-1",
        held(NOW - 5, "prod-1"),
    );
    fails("lock", "held by ana@laptop", "ops lock release prod", held(NOW - 90_000, "manual-1"));
    warns("lock", "no sign of life for 9 min", held(NOW - 590, "prod-1"));
    fails("lock", "run $(id)", "show '$(id)'", held(NOW, "$(id)"));
    does_not_know("lock", |case| case.facts.state.as_mut().unwrap().unreadable = vec!["lock lock".into()]);
    does_not_know("lock", |case| case.facts.state = lost());
}

#[test]
fn state_records() {
    passes("state.records", "project odoo: 1 release, 0 runs, current r1", |_| ());
    passes("state.records", "none yet", super::Case::first_deploy);
    warns("state.records", "release 7", |case| {
        case.facts.state.as_mut().unwrap().unreadable = vec!["release 7".into()];
    });
    does_not_know("state.records", |case| case.facts.state = lost());
}

fn mount(case: &mut super::Case) -> &mut Mount {
    &mut case.facts.mounts.as_mut().unwrap()[0]
}

#[test]
fn disk() {
    // 400 MB of layers unpack to 1 GB, and 50 MB of code.
    passes("disk.stack", "41.2 GB of 80 GB free on / (51 %), 1 GB needed", |_| ());
    skips("disk.docker", "see disk.stack", |_| ());
    fails("disk.stack", "9 GB of 80 GB free on / (11 %)", "docker image prune", |case| {
        (mount(case).used, mount(case).free) = (71_000_000_000, 9_000_000_000)
    });
    // What is kept back for root, or for another, is no part of it: df says 82 % used here.
    passes("disk.stack", "9 GB of 50 GB free on / (18 %)", |case| {
        (mount(case).used, mount(case).free) = (41_000_000_000, 9_000_000_000)
    });
    passes("disk.stack", "9 GB of 80 GB", |case| {
        (mount(case).used, mount(case).free) = (71_000_000_000, 9_000_000_000);
        case.staged().images.values_mut().for_each(|image| image.as_mut().unwrap().present = true);
    });
    fails("disk.stack", "400000 of 5000000 inodes free (8 %)", "du -xh", |case| {
        mount(case).inodes_free = 400_000
    });
    passes("disk.stack", "80 GB", |case| (mount(case).inodes, mount(case).inodes_free) = (0, 0));
    fails("disk.stack", "0 B of 0 B", "du", |case| (mount(case).free, mount(case).used) = (0, 0));
    passes("disk.stack", "EB", |case| (mount(case).free, mount(case).used) = (u64::MAX, u64::MAX));
    does_not_know("disk.stack", |case| case.facts.mounts = lost());
    does_not_know("disk.docker", |case| mount(case).purposes = vec!["stack".into()]);
}

#[test]
fn each_file_system_is_charged_with_what_it_gets() {
    let apart = |case: &mut super::Case| {
        let all = case.facts.mounts.as_mut().unwrap();
        all[0].purposes = vec!["stack".into(), "root".into()];
        let of = |purpose: &str, mount_point: &str, all: &[Mount]| Mount {
            purposes: vec![purpose.into()],
            mount_point: mount_point.into(),
            ..all[0].clone()
        };
        all.push(of("docker", "/docker", all));
        all.push(of("state", "/state", all));
    };
    passes("disk.stack", "free on / (51 %)", apart);
    passes("disk.docker", "free on /docker (51 %), 1 GB needed", apart);
    passes("disk.state", "free on /state (51 %), 54 MB needed", apart);
}

#[test]
fn memory() {
    let memory = |available: u64, swap: u64| {
        move |case: &mut super::Case| {
            let memory = case.facts.memory.as_mut().unwrap();
            (memory.available, memory.swap_free) = (available, swap);
        }
    };
    passes("memory", "2 GB of 4 GB available", |_| ());
    warns("memory", "300 MB of 4 GB", memory(300_000_000, 0));
    warns("memory", "1 GB of 0 B swap free", memory(100_000_000, 1_000_000_000));
    fails("memory", "100 MB of 4 GB", "docker stats", memory(100_000_000, 0));
    does_not_know("memory", |case| case.facts.memory = lost());
}

#[test]
fn writable() {
    passes("write.state", "/var/lib/ops can be written", |_| ());
    fails("write.state", "cannot be written", "install -d -o root /var/lib/ops", |case| {
        case.facts.state.as_mut().unwrap().writable = false;
    });
    does_not_know("write.state", |case| case.facts.state = lost());
    passes("write.stack", "owned by deploy", |_| ());
    passes("write.stack", "can be made", |case| case.facts.stack.as_mut().unwrap().exists = false);
    fails("write.stack", "cannot be written", "'/opt/o doo; id'", |case| {
        case.env.stack.path = "/opt/o doo; id".into();
        case.facts.stack.as_mut().unwrap().writable = false;
    });
    does_not_know("write.stack", |case| case.facts.stack = lost());
}

#[test]
fn ports() {
    let listen = |address: &'static str, port: u16, process: Option<&'static str>| {
        move |case: &mut super::Case| {
            case.facts.containers.as_mut().unwrap()[1].ports.clear();
            let process = process.map(Into::into);
            case.facts.listeners = Ok(vec![Listening { address: address.into(), port, process }]);
        }
    };
    passes("ports", "8069 free, or held by this stack", |_| ());
    fails(
        "ports",
        "port 8069 of odoo is held by nginx(7) on 0.0.0.0",
        "ss -ltnp",
        listen("0.0.0.0", 8069, Some("nginx(7)")),
    );
    fails(
        "ports",
        "a container of another stack",
        "docker ps",
        listen("127.0.0.1", 8069, Some("docker-proxy(7)")),
    );
    fails("ports", "held by another process", "ss", listen("::", 8069, None));
    passes("ports", "8069", listen("127.0.0.2", 8069, Some("nginx(7)")));
    passes("ports", "8069", listen("0.0.0.0", 8070, Some("nginx(7)")));
    fails("ports", "8069", "docker ps", |case| {
        case.facts.containers.as_mut().unwrap()[1].state = "exited".into()
    });
    does_not_know("ports", |case| case.facts.listeners = lost());
    does_not_know("ports", |case| case.facts.containers = lost());
    skips("ports", "no compose file", |case| case.staged().model = lost());
}

#[test]
fn ports_in_every_form() {
    let model = |ports: serde_json::Value| {
        move |case: &mut super::Case| {
            let all = case.facts.containers.as_mut().unwrap();
            all[1].ports = vec![PublishedPort { container: 1, address: "0.0.0.0".into(), host: 9 }];
            let services =
                serde_json::json!({"x": {"ports": ports}, "y": {"profiles": ["no"], "ports": ["22:22"]}});
            case.staged().model.as_mut().unwrap().json = serde_json::json!({ "services": services });
        }
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    fails("ports", "port 22 of x", "ss", model(json(r#"["22:80"]"#)));
    fails("ports", "port 22 of x", "ss", model(json(r#"["127.0.0.1:22:80/tcp"]"#)));
    fails("ports", "port 22 of x", "ss", model(json(r#"[{"published": 22}]"#)));
    passes(
        "ports",
        "none published",
        model(json(r#"["80", "22:22/udp", {"target": 1}, {"published": "22", "protocol": "udp"}, 7, null]"#)),
    );
    passes(
        "ports",
        "known only with .env: x",
        model(json(r#"["${PORT:-22}:80", {"published": "1-5"}, {"published": 70000}]"#)),
    );
    passes("ports", "9 free", model(json(r#"[{"published": "9", "host_ip": "::"}]"#)));
    passes("ports", "none published", model(json("{}")));
}
