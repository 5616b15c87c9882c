//! The doors of Odoo beside its login page, and its own way to the database.

use ops::facts::{Bus, Doors, Rpc, Stage, Way};

use super::{Case, does_not_know, fails, lost, passes, skips};

pub fn doors() -> Doors {
    Doors {
        database: Way { at: "db:5432".into(), stage: Stage::In, why: String::new() },
        rpc: Rpc { status: Some(200), why: String::new(), version: Some("17.0-20260101".into()) },
        bus: Some(Bus { port: 8072, status: Some(101), why: String::new(), socket: true }),
        health: Some(200),
    }
}

#[test]
fn the_doors_of_odoo() {
    let doors = |change: fn(&mut Doors)| {
        move |case: &mut Case| change(case.vitals().doors.as_mut().unwrap().as_mut().unwrap())
    };
    passes("odoo.database", "db:5432 lets it in", |_| ());
    fails("odoo.database", "no address", doors(|doors| doors.database.stage = Stage::Name));
    fails("odoo.database", "nobody answers", doors(|doors| doors.database.stage = Stage::Tcp));
    fails("odoo.database", "refused", doors(|doors| doors.database.stage = Stage::Login));
    passes("odoo.health", "200", |_| ());
    skips("odoo.health", doors(|doors| doors.health = Some(404)));
    fails("odoo.health", "answers 500", doors(|doors| doors.health = Some(500)));
    fails("odoo.health", "nobody", doors(|doors| doors.health = None));
    passes("odoo.rpc", "Odoo 17.0", |_| ());
    fails("odoo.rpc", "answers 200, and no version", doors(|doors| doors.rpc.version = None));
    fails("odoo.rpc", "nobody", doors(|doors| (doors.rpc.version, doors.rpc.status) = (None, None)));
    let bus = |status: Option<u16>, socket: bool| {
        move |case: &mut Case| {
            let doors = case.vitals().doors.as_mut().unwrap().as_mut().unwrap();
            doors.bus = Some(Bus { port: 8072, status, why: "refused".into(), socket });
        }
    };
    passes("odoo.bus", "websocket", |_| ());
    passes("odoo.bus", "answers 404", bus(Some(404), false));
    fails("odoo.bus", "answers 400", bus(Some(400), true));
    fails("odoo.bus", "nobody answers on port 8072", bus(None, false));
    skips("odoo.bus", doors(|doors| doors.bus = None));
    for id in ["odoo.database", "odoo.health", "odoo.rpc", "odoo.bus"] {
        does_not_know(id, |case| case.vitals().doors = lost());
        skips(id, |case| case.vitals().doors = Ok(None));
    }
}
