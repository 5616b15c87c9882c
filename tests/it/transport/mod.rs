//! The transports against real parts: OpenSSH's own server on loopback, a real shell, real sudo.

mod commands;
mod errors;
mod links;
mod sshd;
