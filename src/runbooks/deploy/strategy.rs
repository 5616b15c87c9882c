//! How the web service of a droplet is brought to its new release: beside the old one, or in its place.
//! Pure; every "not beside" has its reason in words.

use super::render::{Moved, service};
use super::slot::{self, Port, is_loopback};
use super::staged::Model;
use crate::facts::{Container, Facts, ProxyState};
use crate::inventory::{Environment, Proxy, Strategy};
use crate::record::Slot;
use crate::text::{printable, size};
use crate::tools::page;
use crate::tools::slots::Server;

/// Room for what a second Odoo needs before it serves, besides what the running one has.
const ROOM: u64 = 256_000_000;

/// What is done to the web service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The new one is started beside the old one, and nginx is pointed to it.
    BlueGreen(Handover),
    /// The old one makes room for the new one; why, where anybody could expect otherwise.
    Recreate(Option<String>),
}

/// From one slot to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    pub from: Slot,
    pub to: Slot,
    /// nginx's site on the droplet.
    pub site: String,
    pub servers: Vec<Server>,
}

/// What the decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub env: &'a Environment,
    pub facts: &'a Facts,
    pub model: &'a Model,
    pub moved: &'a [Moved],
}

/// The way, for what was asked.
///
/// # Errors
/// Blue-green was asked for and cannot be: why.
pub fn decide(ground: Ground<'_>, asked: Strategy) -> Result<Way, String> {
    let Some(live) = ground.facts.web(&ground.env.stack.web) else { return Ok(Way::Recreate(None)) };
    match (asked, handover(ground, live)) {
        (Strategy::Recreate, _) => Ok(Way::Recreate(Some("so it was asked for".to_owned()))),
        (_, Ok(handover)) => Ok(Way::BlueGreen(handover)),
        (Strategy::Auto, Err(why)) => Ok(Way::Recreate(Some(why))),
        (Strategy::BlueGreen, Err(why)) => Err(why),
    }
}

/// The slot of the container that serves.
pub fn slot_of(env: &Environment, live: &Container) -> Slot {
    if live.service == Slot::B.service(&env.stack.web) { Slot::B } else { Slot::A }
}

fn handover(ground: Ground<'_>, live: &Container) -> Result<Handover, String> {
    let Ground { env, facts, model, moved } = ground;
    let proxy = env.proxy.as_ref().ok_or("the inventory names no proxy")?;
    if !live.running() {
        return Err(format!("{} does not run", live.service));
    }
    let inside = proxy.container.is_some();
    let web = &env.stack.web;
    if let Some(why) = slot::objection(model, web, inside).or_else(|| foreign_code(env, model, moved)) {
        return Err(why);
    }
    let from = slot_of(env, live);
    let to = from.other();
    let (site, servers) = turned(ground, proxy, live, to)?;
    let service = to.service(web);
    if let Some(port) = placed(ground, to).iter().find(|port| held(facts, port, &service)) {
        return Err(format!("port {}, which {service} needs, is held by another", port.host));
    }
    memory(facts)?;
    Ok(Handover { from, to, site, servers })
}

/// nginx's site for the time in which nobody may reach Odoo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// nginx's site on the droplet.
    pub site: String,
    /// From the running container to the page.
    pub page: Vec<Server>,
    /// From the running container to the one that will serve.
    pub open: Vec<Server>,
}

/// # Errors
/// Why nginx cannot keep users from the web service.
pub fn closing(ground: Ground<'_>, to: Slot) -> Result<Closing, String> {
    let Ground { env, facts, .. } = ground;
    let proxy = env.proxy.as_ref().ok_or("the inventory names no proxy")?;
    let live = facts.web(&env.stack.web).ok_or("no web service runs")?;
    let (site, open) = turned(ground, proxy, live, to)?;
    let taken = facts.listeners.iter().flatten().any(|one| one.port == page::PORT);
    if taken && proxy.container.is_none() {
        return Err(format!("port {}, which the page needs, is held by another", page::PORT));
    }
    let at = format!("127.0.0.1:{}", page::PORT);
    let page = open.iter().map(|one| Server { new: at.clone(), ..one.clone() }).collect();
    Ok(Closing { site, page, open })
}

/// nginx's site, and its servers that are the running container, with what stands there once the slot serves.
fn turned(
    ground: Ground<'_>,
    proxy: &Proxy,
    live: &Container,
    to: Slot,
) -> Result<(String, Vec<Server>), String> {
    let Ground { env, facts, model, .. } = ground;
    let state = readable(facts, proxy)?;
    let site = state.site_file.clone().ok_or_else(|| {
        format!("{} is in the container of nginx and nowhere on the droplet; mount it", proxy.site)
    })?;
    let ports = placed(ground, to);
    let service = to.service(&env.stack.web);
    let turn = Turn { proxy, state, live, ports: &ports, service, host: on_host(proxy, model) };
    let servers = turn.servers()?;
    match turn.elsewhere() {
        Some(word) => {
            Err(format!("nginx also sends to {}, outside of the inventory's upstreams", printable(word)))
        }
        None => Ok((site, servers)),
    }
}

/// The published ports of the web service in a slot.
fn placed(ground: Ground<'_>, to: Slot) -> Vec<Port> {
    let web = &ground.env.stack.web;
    let mut placed = ground.model.json.clone();
    slot::place(&mut placed, web, to);
    slot::ports(&placed, &to.service(web)).0
}

/// nginx sees the droplet's own loopback addresses.
fn on_host(proxy: &Proxy, model: &Model) -> bool {
    let Some(container) = &proxy.container else { return true };
    let mode = service(model, container).and_then(|one| one.get("network_mode")?.as_str());
    mode == Some("host")
}

/// A bind mount of add-ons by an absolute path of its own, which does not follow the release.
fn foreign_code(env: &Environment, model: &Model, moved: &[Moved]) -> Option<String> {
    let volumes = service(model, &env.stack.web)?.get("volumes")?.as_array()?;
    volumes.iter().find_map(|volume| {
        (volume.get("type")?.as_str()? == "bind").then_some(())?;
        let (source, target) = (volume.get("source")?.as_str()?, volume.get("target")?.as_str()?);
        let code = target.contains("addons") && !moved.iter().any(|one| one.target == target);
        let below = format!("{}/", env.stack.path);
        (code && !source.starts_with(&below)).then(|| {
            format!(
                "{} is mounted by its absolute path: both releases would run from one copy",
                printable(source)
            )
        })
    })
}

fn readable<'a>(facts: &'a Facts, proxy: &Proxy) -> Result<&'a ProxyState, String> {
    let state = facts.proxy.as_ref().map_err(|failure| format!("nginx cannot be asked: {}", failure.why))?;
    let state = state.as_ref().filter(|state| state.present).ok_or("nginx is not there")?;
    if !state.running {
        return Err("nginx does not run".into());
    }
    if !state.config_tested {
        return Err("only root may read and reload nginx's configuration; write `become: sudo`".into());
    }
    if let Some(fault) = &state.config_fault {
        return Err(format!("nginx refuses its configuration: {fault}"));
    }
    if !state.site_exists {
        return Err(format!("{} does not exist", proxy.site));
    }
    if state.site_file.is_some() && !state.site_seen {
        return Err(format!(
            "the container of nginx still has an older {}: an editor replaced the file; restart it once",
            proxy.site
        ));
    }
    Ok(state)
}

/// Which of nginx's servers are the running container, and what stands there afterwards.
struct Turn<'a> {
    proxy: &'a Proxy,
    state: &'a ProxyState,
    live: &'a Container,
    /// Of the slot that will serve.
    ports: &'a [Port],
    /// The Compose service that will serve.
    service: String,
    /// nginx reaches it by the droplet's ports, not by its name.
    host: bool,
}

impl Turn<'_> {
    fn servers(&self) -> Result<Vec<Server>, String> {
        let mut all = Vec::new();
        for upstream in
            [Some(&self.proxy.upstream), self.proxy.websocket_upstream.as_ref()].into_iter().flatten()
        {
            let listed = self.state.upstreams.get(upstream);
            let listed = listed.ok_or_else(|| format!("{} has no upstream {upstream}", self.proxy.site))?;
            let before = all.len();
            for old in listed {
                if let Some(new) = self.port_of(old).and_then(|port| self.address(port)) {
                    all.push(Server { upstream: upstream.clone(), old: old.clone(), new });
                }
            }
            if all.len() == before {
                let shown = listed.iter().map(|one| printable(one)).collect::<Vec<_>>().join(", ");
                let shown = if shown.is_empty() { "no server".to_owned() } else { shown };
                return Err(format!("upstream {upstream} has {shown}, and not the running container"));
            }
        }
        Ok(all)
    }

    /// The container's port that an address of nginx means, if it means the running container.
    fn port_of(&self, address: &str) -> Option<u16> {
        let (host, port) = address.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        if self.host && is_loopback(host) {
            return self.live.ports.iter().find(|one| one.host == port).map(|one| one.container);
        }
        (!self.host && self.names().any(|name| name == host)).then_some(port)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [self.live.service.as_str(), self.live.name.as_str()].into_iter()
    }

    fn address(&self, container: u16) -> Option<String> {
        if !self.host {
            return Some(format!("{}:{container}", self.service));
        }
        let port = self.ports.iter().find(|one| one.container == container)?;
        Some(format!("127.0.0.1:{}", port.host))
    }

    /// A word of nginx's configuration outside of the upstreams that means the running container.
    fn elsewhere(&self) -> Option<&str> {
        let old: Vec<String> = if self.host {
            let hosts = ["127.0.0.1", "localhost", "[::1]"];
            hosts
                .iter()
                .flat_map(|host| self.live.ports.iter().map(move |p| format!("{host}:{}", p.host)))
                .collect()
        } else {
            self.names().flat_map(|name| [8069, 8072].map(|port| format!("{name}:{port}"))).collect()
        };
        self.state.elsewhere.iter().map(String::as_str).find(|word| old.iter().any(|one| has(word, one)))
    }
}

/// The address stands in the word, and is not a part of a longer one.
fn has(word: &str, address: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    word.match_indices(address).any(|(at, _)| {
        !word[..at].chars().next_back().is_some_and(part)
            && !word[at + address.len()..].starts_with(|c: char| c.is_ascii_digit())
    })
}

fn held(facts: &Facts, port: &Port, service: &str) -> bool {
    let containers = facts.containers.iter().flatten();
    let own = containers
        .filter(|one| one.service == service && one.running())
        .flat_map(|one| &one.ports)
        .any(|one| one.host == port.host);
    let everywhere = |address: &str| matches!(address, "" | "*" | "0.0.0.0" | "::");
    let taken = facts
        .listeners
        .iter()
        .flatten()
        .any(|one| one.port == port.host && (everywhere(&one.address) || is_loopback(&one.address)));
    taken && !own
}

fn memory(facts: &Facts) -> Result<(), String> {
    let memory = facts.memory.as_ref().map_err(|f| format!("the memory cannot be read: {}", f.why))?;
    let second = memory.web.unwrap_or_default().saturating_mul(6) / 5 + ROOM;
    if memory.available >= second {
        return Ok(());
    }
    let (free, wanted) = (size(memory.available), size(second));
    Err(format!("there is no memory for two: {free} available, {wanted} wanted for a second one"))
}
