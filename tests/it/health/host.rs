//! The droplet itself.

use ops::facts::ProbeFailure;

use super::{Case, does_not_know, fails, lost, passes, skips, warns};

fn disk(free: u64) -> impl Fn(&mut Case) {
    move |case| {
        let mount = &mut case.facts.mounts.as_mut().unwrap()[0];
        (mount.used, mount.free) = (80_000_000_000 - free, free);
    }
}

#[test]
fn host_disk() {
    passes("host.disk", "/ is 49 % full, 41.2 GB of 80 GB free", |_| ());
    warns("host.disk", "/ is 81 % full", disk(15_900_000_000));
    fails("host.disk", "/ is 95 % full", disk(4_000_000_000));
    fails("host.disk", "/ is 100 % full", disk(0));
    fails("host.disk", "/ is 81 % full", |case| {
        disk(15_900_000_000)(case);
        case.env.health.disk.crit = 81;
    });
    does_not_know("host.disk", |case| case.facts.mounts = lost());
    does_not_know("host.disk", |case| case.facts.mounts = Ok(Vec::new()));
}

#[test]
fn host_inodes() {
    let left = |left: u64| move |case: &mut Case| case.facts.mounts.as_mut().unwrap()[0].inodes_free = left;
    passes("host.inodes", "20 %", |_| ());
    warns("host.inodes", "85 % of the inodes of /", left(750_000));
    fails("host.inodes", "100 %", left(0));
    passes("host.inodes", "0 %", |case| case.facts.mounts.as_mut().unwrap()[0].inodes = 0);
    does_not_know("host.inodes", |case| case.facts.mounts = lost());
}

#[test]
fn host_memory_and_pressure() {
    let left = |left: u64| move |case: &mut Case| case.facts.memory.as_mut().unwrap().available = left;
    passes("host.memory", "(50 %)", |_| ());
    warns("host.memory", "(10 %)", left(400_000_000));
    fails("host.memory", "40 MB of 4 GB", left(40_000_000));
    does_not_know("host.memory", |case| case.facts.memory = lost());
    let waits = |share: f64| {
        move |case: &mut Case| {
            case.machine().pressure.insert("memory".into(), share);
        }
    };
    passes("host.pressure", "0 %", |_| ());
    warns("host.pressure", "7.5 %", waits(7.5));
    fails("host.pressure", "40 %", waits(40.0));
    skips("host.pressure", |case| case.machine().pressure.clear());
    does_not_know("host.pressure", |case| case.vitals().machine = lost());
    passes("host.killed", "none", |_| ());
    fails("host.killed", "killed 3 processes", |case| case.machine().killed = Some(3));
    skips("host.killed", |case| case.machine().killed = None);
    does_not_know("host.killed", |case| case.vitals().machine = lost());
}

#[test]
fn host_load() {
    let load = |load: f64| move |case: &mut Case| case.machine().load = load;
    passes("host.load", "0.40 in five minutes, 2 processors", |_| ());
    warns("host.load", "4.00", load(4.0));
    fails("host.load", "9.00", load(9.0));
    does_not_know("host.load", |case| case.vitals().machine = lost());
    does_not_know("host.load", |case| case.facts.host = lost());
}

#[test]
fn host_time_and_reboot() {
    passes("host.time", "time servers", |_| ());
    warns("host.time", "not set", |case| case.machine().in_time = Some(false));
    skips("host.time", |case| case.machine().in_time = None);
    does_not_know("host.time", |case| case.vitals().machine = lost());
    passes("host.reboot", "up for 24 h", |_| ());
    warns("host.reboot", "for linux-image", |case| case.machine().reboot = Some("for linux-image ".into()));
    does_not_know("host.reboot", |case| case.vitals().machine = lost());
}

#[test]
fn docker_that_does_not_run_is_said_and_what_it_hides_is_unknown() {
    let down = |case: &mut Case| {
        let fault = || ProbeFailure::new("docker does not answer: its engine does not run");
        case.facts.docker = Err(fault());
        case.facts.containers = Err(fault());
        case.facts.database = Err(fault());
        let vitals = case.vitals();
        (vitals.sessions, vitals.odoo) = (Err(fault()), Err(fault()));
        (vitals.inside, vitals.log) = (Err(fault()), Err(fault()));
    };
    fails("docker.engine", "does not run", down);
    for id in [
        "ct.running",
        "ct.health",
        "ct.restarts",
        "pg.up",
        "pg.idle",
        "web.login",
        "odoo.crons",
        "odoo.modules",
    ] {
        does_not_know(id, down);
    }
}
