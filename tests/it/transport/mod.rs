//! The transports against real parts: OpenSSH's own server on loopback, a real shell, real sudo.

mod commands;
mod docker;
mod errors;
mod freight;
mod links;
mod many;
mod programs;
mod proxy;
pub(crate) mod sshd;
mod sudo;
