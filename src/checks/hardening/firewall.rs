//! What others reach of the droplet, seen from inside, and what this laptop really reaches.

use super::{Rule, base, none, posture, seen};
use crate::checks::{Subject, Verdict, known};
use crate::facts::Firewall;
use crate::inventory::Role;
use crate::inventory::Severity::{Critical, High, Medium};

pub(super) const ALL: &[Rule] = &[
    base("firewall.active", "firewall", Critical, |s| judged(s, active)),
    base("firewall.published", "published ports", Critical, published),
    base("firewall.outside", "ports from outside", Critical, outside),
    base("firewall.edge", "the site past its edge", High, edge),
    base("firewall.docker", "Docker's way past the firewall", High, |s| judged(s, docker)),
    base("firewall.open", "open ports", High, open),
    base("firewall.ipv6", "IPv6", Medium, |s| judged(s, ipv6)),
    base("firewall.bans", "bans", Medium, |s| judged(s, bans)),
];

fn judged(subject: &Subject<'_>, judge: fn(&Firewall) -> Verdict) -> Verdict {
    seen(subject, |posture| &posture.firewall, judge)
}

fn active(firewall: &Firewall) -> Verdict {
    match &firewall.ufw {
        None => Verdict::fail(
            "ufw is not installed",
            "apt-get install ufw; allow ssh, 80 and 443 before it is enabled",
        ),
        Some(ufw) if !ufw.active => {
            Verdict::fail("ufw is inactive", "allow ssh, 80 and 443, then ufw enable")
        }
        Some(ufw) if !ufw.denies => Verdict::fail("what no rule names comes in", "ufw default deny incoming"),
        Some(ufw) => Verdict::pass(format!("ufw, {} rules", ufw.rules.len())),
    }
}

/// Docker's ports pass ufw by: it is the address that counts.
fn published(subject: &Subject<'_>) -> Verdict {
    let all = match posture(subject).and_then(|posture| known(&posture.sandboxes)) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let site = |port: &str| matches!(port.rsplit(':').next(), Some("80" | "443"));
    let open = all.iter().flat_map(|one| one.published.iter().map(move |port| (one, port)));
    let open = open.filter(|(_, port)| !site(port)).map(|(one, port)| format!("{port} of {}", one.service));
    none(
        open.collect(),
        "only the site's",
        "others reach",
        "publish it on 127.0.0.1 in the compose file (\"127.0.0.1:8069:8069\"), or not at all",
    )
}

fn docker(firewall: &Firewall) -> Verdict {
    match (&firewall.docker_user, firewall.guarded) {
        (None, _) => Verdict::skip("Docker has made no chain for it"),
        (Some(_), true) => Verdict::pass("what is not named is dropped"),
        (Some(_), false) => Verdict::fail(
            "the chain DOCKER-USER lets everything in",
            "a chain of ours that drops what is new and not 80 or 443",
        ),
    }
}

fn open(subject: &Subject<'_>) -> Verdict {
    let (firewall, sshd) =
        match posture(subject).and_then(|posture| Ok((known(&posture.firewall)?, known(&posture.sshd)?))) {
            Ok(both) => both,
            Err(verdict) => return verdict,
        };
    let ports: Vec<_> = sshd.ports.iter().chain(&[80, 443]).map(u16::to_string).collect();
    let port = |line: &str| {
        line.split(' ').nth(1).and_then(|at| at.rsplit(':').next()).unwrap_or_default().to_owned()
    };
    let known = |line: &&String| !ports.contains(&port(line));
    // Clocks and leases of addresses.
    let quiet = |line: &&String| {
        !(line.starts_with("udp") && ["68", "123", "323", "546"].contains(&port(line).as_str()))
    };
    let wrong = firewall.open.iter().filter(known).filter(quiet).cloned();
    none(
        wrong.collect(),
        "ssh and the site",
        "others reach as well",
        "stop it, or let it listen on 127.0.0.1",
    )
}

/// As this laptop meets the droplet. ssh's own port was not tried.
fn outside(subject: &Subject<'_>) -> Verdict {
    let reached = match posture(subject).map(|posture| posture.outside.as_ref()) {
        Ok(Some(reached)) => reached,
        Ok(None) => return Verdict::skip("this laptop reaches the droplet only through another"),
        Err(verdict) => return verdict,
    };
    match known(reached) {
        Ok(ports) => none(
            ports.iter().filter(|port| ![80, 443].contains(*port)).map(u16::to_string).collect(),
            "only ssh and the site",
            "open to this laptop",
            "publish the port on 127.0.0.1 in the compose file; ufw does not stop Docker's ports",
        ),
        Err(verdict) => verdict,
    }
}

/// Where whole nets are declared, the site's users come from there alone. One address may be that of the droplet itself, which
/// moves.
fn edge(subject: &Subject<'_>) -> Verdict {
    let nets: Vec<_> =
        subject.env.proxy.iter().flat_map(|proxy| &proxy.edge).filter(|edge| edge.is_net()).collect();
    if nets.is_empty() || !subject.has(Role::Web) {
        return Verdict::skip("the inventory declares no nets in front of the site (proxy.edge)");
    }
    let seen =
        posture(subject).and_then(|posture| Ok((&posture.outside, known(&posture.sshd)?.from.as_deref())));
    let (outside, from) = match seen {
        Ok(seen) => seen,
        Err(verdict) => return verdict,
    };
    let from = from.and_then(|from| from.parse().ok());
    match (outside, from) {
        (None, _) => Verdict::skip("this laptop reaches the droplet only through another"),
        (Some(Err(failure)), _) => Verdict::unknown(&failure.why),
        (_, None) => Verdict::unknown("nobody knows from where this laptop comes"),
        (_, Some(from)) if nets.iter().any(|edge| edge.holds(from)) => {
            Verdict::skip("this laptop comes from one of those nets")
        }
        (Some(Ok(ports)), _) => none(
            ports.iter().filter(|port| [80, 443].contains(*port)).map(u16::to_string).collect(),
            "only from its nets",
            "open to this laptop, which comes from none of the nets",
            "ufw allow from NET to any port 443 for each net of proxy.edge, then ufw delete allow 443 (of 80 as well)",
        ),
    }
}

fn ipv6(firewall: &Firewall) -> Verdict {
    match (&firewall.ufw, firewall.ipv6) {
        (None, _) => Verdict::skip("see firewall.active"),
        (Some(_), true) => Verdict::pass("filtered as well"),
        (Some(_), false) => {
            Verdict::fail("ufw does not filter it", "IPV6=yes in /etc/default/ufw, then ufw reload")
        }
    }
}

fn bans(firewall: &Firewall) -> Verdict {
    let limits =
        firewall.ufw.as_ref().is_some_and(|ufw| ufw.rules.iter().any(|rule| rule.contains("LIMIT IN")));
    match (firewall.fail2ban, &firewall.helpless, limits) {
        (true, None, _) => Verdict::pass("fail2ban watches sshd"),
        (_, _, true) => Verdict::pass("ufw limits connections"),
        (true, Some(program), _) => Verdict::fail(
            format!("fail2ban watches sshd and bans nobody: {program} is not installed"),
            "banaction = iptables-multiport for the jail sshd, or install it",
        ),
        _ => Verdict::fail(
            "nobody is banned",
            "fail2ban with the jail sshd, and your own addresses in ignoreip",
        ),
    }
}
