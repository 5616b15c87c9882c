//! Odoo's own way to its database, and the doors that programs and browsers come by, asked inside its container.

use serde::{Deserialize, Serialize};

use crate::cmd::Cmd;
use crate::facts::{Probe, ProbeFailure, inside};
use crate::inventory::Environment;
use crate::program::Program;
use crate::text::printable;

pub(super) const PROGRAM: Program = Program::python(
    "facts.vitals.doors",
    &[include_str!("../../tools/addons_paths.py"), include_str!("doors.py")],
);

/// What Odoo's container reaches and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doors {
    pub database: Way,
    pub rpc: Rpc,
    /// None: there is no door of its own, as without workers before Odoo 16.
    pub bus: Option<Bus>,
    /// What `/web/health` answers; Odoo has it from 15 on.
    pub health: Option<u16>,
}

/// How far Odoo's container comes to the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// `db:5432`
    pub at: String,
    pub stage: Stage,
    pub why: String,
}

/// Where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The name is no address.
    Name,
    /// Nobody answers there.
    Tcp,
    /// The server refuses user, password or database.
    Login,
    In,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rpc {
    pub status: Option<u16>,
    pub why: String,
    /// As Odoo says it: `14.0-20231205`.
    pub version: Option<String>,
}

/// The port of live messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bus {
    pub port: u16,
    pub status: Option<u16>,
    pub why: String,
    /// A websocket was asked for.
    pub socket: bool,
}

pub(super) fn probe(env: &Environment) -> Cmd {
    let name = env.proxy.as_ref().map_or("localhost", |proxy| proxy.server_name.as_str());
    inside::python(PROGRAM, [name, env.stack.database.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<Option<Doors>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut doors: Doors = serde_json::from_str(text.trim()).map_err(|_| {
        ProbeFailure::new(format!("what Odoo's container answers cannot be understood: {text}"))
    })?;
    let texts = [&mut doors.database.at, &mut doors.database.why, &mut doors.rpc.why];
    for text in
        texts.into_iter().chain(&mut doors.rpc.version).chain(doors.bus.as_mut().map(|bus| &mut bus.why))
    {
        *text = printable(text);
    }
    Ok(Some(doors))
}
