//! `ops` operates self-hosted Odoo on droplets. The modules in reading order; the road that every
//! changing command takes is `flow`. See ARCHITECTURE.md.

pub mod approve;
pub mod audit;
pub mod bundle;
pub mod catalog;
pub mod causes;
pub mod checks;
pub mod cli;
pub mod cmd;
pub mod crew;
pub mod error;
pub mod event;
pub mod execute;
pub mod exit;
pub mod facts;
pub mod flow;
pub mod frames;
pub mod inventory;
pub mod matrix;
pub mod notify;
pub mod plan;
pub mod program;
pub mod queries;
pub mod record;
pub mod rejoin;
pub mod runbooks;
pub mod secret;
pub mod text;
pub mod tools;
pub mod transport;
pub mod ui;
pub mod world;
