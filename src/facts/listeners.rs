//! TCP ports that somebody listens on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::program::Program;

/// A listening TCP socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listening {
    pub address: String,
    pub port: u16,
    /// `nginx(812)`, where the kernel tells us.
    pub process: Option<String>,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.listeners",
    &[r#"
if command -v ss >/dev/null 2>&1; then
    echo ss
    ss -Hltnp
else
    echo proc
    cat /proc/net/tcp
    [ ! -e /proc/net/tcp6 ] || cat /proc/net/tcp6
fi
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Vec<Listening>> {
    let (tool, lines) = text.split_once('\n').unwrap_or((text, ""));
    let mut all = match tool {
        "ss" => lines
            .lines()
            .map(|line| {
                of_ss(line).ok_or_else(|| ProbeFailure::new(format!("ss cannot be understood: {line}")))
            })
            .collect::<Probe<Vec<_>>>()?,
        "proc" => lines.lines().filter_map(of_proc).collect(),
        _ => return Err(ProbeFailure::new("neither ss nor /proc/net/tcp answered")),
    };
    all.sort_by(|a, b| (a.port, &a.address).cmp(&(b.port, &b.address)));
    all.dedup();
    Ok(all)
}

/// `LISTEN 0 4096 127.0.0.1:8069 0.0.0.0:* users:(("docker-proxy",pid=812,fd=4))`
fn of_ss(line: &str) -> Option<Listening> {
    let mut words = line.split_whitespace();
    let (address, port) = words.nth(3)?.rsplit_once(':')?;
    let address = match address.split('%').next()?.trim_matches(['[', ']']) {
        "*" => "::",
        address => address,
    };
    Some(Listening { address: address.to_owned(), port: port.parse().ok()?, process: owner(line) })
}

/// The first of `users:(("nginx",pid=812,fd=6),..)`.
fn owner(line: &str) -> Option<String> {
    let users = line.split_once("users:((\"")?.1;
    let (name, rest) = users.split_once("\",pid=")?;
    let pid: u32 = rest.split(',').next()?.parse().ok()?;
    Some(format!("{name}({pid})"))
}

/// `0: 0100007F:1F85 00000000:0000 0A ..`; 0A is LISTEN, addresses are in the machine's byte order.
fn of_proc(line: &str) -> Option<Listening> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (address, port) = words.get(1)?.split_once(':')?;
    if *words.get(3)? != "0A" || !address.is_ascii() {
        return None;
    }
    let word =
        |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_le_bytes);
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let mut bytes = [0; 16];
            bytes.copy_from_slice(words.as_flattened());
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(Listening { address: ip.to_string(), port, process: None })
}
