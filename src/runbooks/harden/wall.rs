//! ufw, and Docker's way past it: ssh and the site come in, nothing else does.

use std::net::IpAddr;

use super::{Change, Class, Fix};
use crate::facts::{BANS, Posture};
use crate::tools::harden::Reader;

const RULES: [&str; 2] = ["firewall.active", "firewall.ipv6"];
const SITE: [u16; 2] = [80, 443];

/// None where nothing of it failed, or ufw is not installed.
pub(super) fn wall(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let rules: Vec<_> = RULES.into_iter().filter(|rule| failed.contains(rule)).collect();
    let firewall = posture.firewall.as_ref().ok()?;
    firewall.ufw.as_ref().filter(|_| !rules.is_empty())?;
    let sshd = posture.sshd.as_ref().ok().filter(|sshd| !sshd.ports.is_empty())?;
    let port = |line: &String| line.split(' ').nth(1)?.rsplit(':').next()?.parse::<u16>().ok();
    let listens = |one: &u16| firewall.open.iter().any(|line| port(line) == Some(*one));
    let site: Vec<_> = SITE.into_iter().filter(listens).collect();
    let stays = |one: u16| sshd.ports.contains(&one) || site.contains(&one);
    // Docker's own ports pass ufw by.
    let closed = firewall.open.iter().filter(|line| !line.ends_with(" docker-proxy"));
    let closed = closed.filter(|line| port(line).is_some_and(|one| !stays(one)));
    let warnings =
        closed.map(|line| format!("{line} is reached from outside now, and will not be")).collect();
    let named: Vec<_> = std::iter::once("ssh".to_owned()).chain(site.iter().map(u16::to_string)).collect();
    let title = format!("let ufw deny everything but {}", named.join(", "));
    let from = sshd.from.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
    let change = Change::Wall { user: sshd.user.clone(), from, ports: site };
    Some(Fix {
        id: "firewall",
        class: Class::Access,
        rules,
        title,
        change,
        so: "ufw".into(),
        warnings,
        still: still(posture),
    })
}

/// None where fail2ban is not installed: a person does that. Whoever is banned may not come to the guard's proof either, so that
/// our own address is spared.
pub(super) fn bans(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let rule = "firewall.bans";
    posture.firewall.as_ref().ok().filter(|firewall| firewall.banner && failed.contains(&rule))?;
    let sshd = posture.sshd.as_ref().ok().filter(|sshd| !sshd.ports.is_empty())?;
    let from = sshd.from.as_ref()?.parse::<IpAddr>().ok()?;
    let ports = sshd.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let spared = if posture.firewall.as_ref().is_ok_and(|one| one.spares) {
        "%(known/ignoreip)s"
    } else {
        "127.0.0.1/8 ::1"
    };
    let before = posture.files.as_ref().ok()?.0.get(BANS).cloned();
    let after = format!(
        "# Written by `ops harden`. Whoever guesses at sshd is kept out for a while; where this was written from is not.\n\
         [sshd]\nenabled = true\nbackend = systemd\nport = {ports}\nbanaction = iptables-multiport\nignoreip = {spared} {from}\n"
    );
    let warnings = vec![format!(
        "fail2ban keeps out whoever fails to log in five times within ten minutes; {from} is spared (ignoreip in {BANS})"
    )];
    let (path, mode, reader, says) = (BANS, 0o644, Reader::Bans, String::new());
    let title = format!("write {BANS}, start fail2ban with it");
    let change = Change::Write { path, mode, reader, before, after, says };
    let (id, class, rules, so) = ("bans", Class::Access, vec![rule], "bans".to_owned());
    Some(Fix { id, class, rules, title, change, so, warnings, still: Vec::new() })
}

/// None where Docker has not made the chain, which is then nobody's.
pub(super) fn chain(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let rule = "firewall.docker";
    posture.firewall.as_ref().ok()?.docker_user.as_ref().filter(|_| failed.contains(&rule))?;
    let site = |address: &str| matches!(address.rsplit(':').next(), Some("80" | "443"));
    let published =
        posture.sandboxes.iter().flatten().flat_map(|one| one.published.iter().map(move |at| (one, at)));
    let closed = published.filter(|(_, address)| !site(address));
    let warnings = closed
        .map(|(one, at)| format!("{at} of {} is reached from outside now, and will not be", one.service))
        .collect();
    let title =
        "drop what is new to Docker's ports but for 80 and 443, whenever its engine starts".to_owned();
    let (rules, change, so) = (vec![rule], Change::Chain, "chain".to_owned());
    Some(Fix {
        id: "docker-user",
        class: Class::Access,
        rules,
        title,
        change,
        so,
        warnings,
        still: still(posture),
    })
}

/// The site's ports that open to this laptop now.
fn still(posture: &Posture) -> Vec<u16> {
    let open = posture.outside.iter().flatten().flatten();
    open.copied().filter(|port| SITE.contains(port)).collect()
}
