//! Everything that the doctor found.

use serde_json::{Value, json};

use super::Finding;
use crate::checks::health::{Looked, Report, Status, found};
use crate::exit::Exit;

pub const DOCTOR_SCHEMA: &str = "ops.doctor/1";

/// The laptop, and the droplets.
#[derive(Debug, Clone, PartialEq)]
pub struct Doctor {
    pub laptop: Vec<Finding>,
    pub droplets: Vec<Looked>,
    /// RFC 3339, UTC.
    pub at: String,
    pub now: i64,
}

impl Doctor {
    /// All of it, the laptop as one that was looked at like the droplets.
    pub fn report(&self) -> Report {
        let laptop = Looked {
            env: String::new(),
            droplet: super::LAPTOP.to_owned(),
            reached: true,
            millis: 0,
            findings: self.laptop.clone(),
            figures: Vec::new(),
        };
        let droplets = std::iter::once(laptop).chain(self.droplets.iter().cloned()).collect();
        Report { at: self.at.clone(), now: self.now, droplets }
    }

    /// 4 where there are droplets and none was reached, 9 where anything fails or could not be seen.
    pub fn exit(&self) -> Exit {
        match self.report().status() {
            _ if !self.droplets.is_empty() && self.droplets.iter().all(|one| !one.reached) => {
                Exit::Unreachable
            }
            Status::Critical | Status::Unknown => Exit::Checks,
            Status::Warning | Status::Ok => Exit::Done,
        }
    }

    /// `ops.doctor/1`.
    pub fn json(&self) -> Value {
        let report = self.report();
        let checks = |findings: &[Finding]| findings.iter().map(found).collect::<Vec<_>>();
        let droplet = |looked: &Looked| {
            json!({
                "env": looked.env, "droplet": looked.droplet, "status": looked.status(), "reached": looked.reached,
                "millis": looked.millis, "checks": checks(&looked.findings),
            })
        };
        json!({
            "schema": DOCTOR_SCHEMA, "at": self.at, "status": report.status(),
            "laptop": { "status": report.droplets[0].status(), "checks": checks(&self.laptop) },
            "droplets": self.droplets.iter().map(droplet).collect::<Vec<_>>(),
        })
    }
}
