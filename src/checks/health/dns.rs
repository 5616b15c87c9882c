//! Where the site's name leads: to this droplet, to another one of its environment, or to what is declared.
//!
//! A droplet behind a NAT does not know the address that others have for it. What cannot be told apart from that is no
//! finding.

use std::net::IpAddr;

use super::vitals;
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::facts::{Lookup, Names};
use crate::inventory::{Address, Edge, Role, Severity};

pub(super) const ALL: &[Check] =
    &[Check { id: "dns", title: "address of the site", severity: Severity::High, judge: leads }];

fn leads(subject: &Subject<'_>) -> Verdict {
    match Sight::of(subject) {
        Ok(sight) => sight.judge(),
        Err(verdict) => verdict,
    }
}

/// Some address of the name is nobody's that is known: the way that ssh takes may explain it.
pub fn strange(subject: &Subject<'_>) -> bool {
    let unexplained = |sight: Sight<'_>| sight.addresses().any(|(side, at)| sight.whose(side, at).is_none());
    Sight::of(subject).is_ok_and(unexplained)
}

/// What is known of one name.
struct Sight<'a> {
    subject: Subject<'a>,
    name: &'a str,
    names: &'a Names,
    /// Of ssh.
    reached: &'a [IpAddr],
    sides: Vec<Side<'a>>,
}

/// Who looked.
struct Side<'a> {
    who: &'static str,
    /// What is a loopback address there is the droplet.
    inside: bool,
    found: &'a Lookup,
    edges: Vec<&'a Lookup>,
}

/// Whose an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Droplet,
    Environment,
    Edge,
}

impl<'a> Sight<'a> {
    fn of(subject: &Subject<'a>) -> Result<Self, Verdict> {
        if !subject.has(Role::Web) {
            return Err(Verdict::skip("this droplet has no web service"));
        }
        let none = || Verdict::skip("neither url nor proxy.server_name names the site");
        let name = subject.env.site().ok_or_else(none)?;
        if subject.droplet.address.is_loopback() {
            let why = "ssh goes over this machine itself, so that nobody else's way is known";
            return Err(Verdict::skip(why));
        }
        let vitals = vitals(subject)?;
        let Some(names) = known(&vitals.names)? else { return Err(none()) };
        let here = vitals.here.as_ref().ok_or_else(|| Verdict::unknown("this machine did not ask"))?;
        let edges = |all: &'a std::collections::BTreeMap<String, Lookup>| {
            all.iter().filter(|(other, _)| *other != name).map(|(_, lookup)| lookup).collect()
        };
        let local = matches!(subject.droplet.address, Address::Local { .. });
        let side = |who, inside, all: &'a std::collections::BTreeMap<String, Lookup>| {
            all.get(name).map(|found| Side { who, inside, found, edges: edges(all) })
        };
        let there = side("the droplet", true, &names.found);
        // On the droplet itself both are one.
        let away = side("this machine", local, &here.found).filter(|_| !(local && there.is_some()));
        let sides: Vec<_> = [away, there].into_iter().flatten().collect();
        if sides.is_empty() {
            return Err(Verdict::unknown("nobody could ask for it"));
        }
        Ok(Self { subject: *subject, name, names, reached: &here.reached, sides })
    }

    fn judge(&self) -> Verdict {
        let nowhere: Vec<_> = self.sides.iter().filter(|side| *side.found == Lookup::Nowhere).collect();
        if nowhere.len() == self.sides.len() {
            let who = self.sides.iter().map(|side| side.who).collect::<Vec<_>>().join(" and ");
            return Verdict::fail(format!("{} has no address, for {who}", self.name), self.fix());
        }
        if let Some(verdict) = self.sides.iter().find_map(|side| self.strangers(side)) {
            return verdict;
        }
        if let Some(side) = nowhere.first() {
            let why = match side.inside {
                true => "Odoo fetches its own pages for its reports",
                false => "another machine's resolver may know it",
            };
            let evidence = format!("{} has no address for {} ({why})", self.name, side.who);
            return Verdict::warn(evidence, self.fix());
        }
        if let Some(side) = self.sides.iter().find(|side| *side.found == Lookup::Silent) {
            return Verdict::unknown(format!(
                "{} got no answer when it asked for {}; getent ahosts {} says more",
                side.who,
                self.name,
                quote(self.name)
            ));
        }
        self.known()
    }

    /// A verdict where somebody else has the name.
    fn strangers(&self, side: &Side<'_>) -> Option<Verdict> {
        let strangers: Vec<_> = side.addresses().filter(|at| self.is_foreign(side, *at)).collect();
        if strangers.is_empty() {
            return None;
        }
        let own = some_of(self.public().map(|at| at.to_string()), 3);
        let own = if own.is_empty() { own } else { format!(" ({own})") };
        let evidence = format!(
            "{} is {} for {}: neither the droplet{own} nor in proxy.edge",
            self.name,
            some_of(strangers.iter().map(IpAddr::to_string), 3),
            side.who
        );
        Some(Verdict::warn(evidence, self.fix()))
    }

    /// Nothing speaks against it.
    fn known(&self) -> Verdict {
        let Some((side, at, whose)) =
            self.addresses().find_map(|(side, at)| Some((side, at, self.whose(side, at)?)))
        else {
            let at = self.addresses().map(|(_, at)| at.to_string()).next().unwrap_or_default();
            let why = match self.is_local() {
                true => "this droplet does not know its own public address, or where the others are",
                false => "the droplet knows no public address of its own (NAT?), and ssh takes another way",
            };
            return Verdict::skip(format!("{} is {at}; {why}", self.name));
        };
        let all = || some_of(side.addresses().map(|at| at.to_string()), 3);
        let asked =
            self.subject.facts.vitals.as_deref().is_some_and(|vitals| matches!(vitals.proxied, Ok(Some(_))));
        let origin = if asked { "; web.site asks the droplet itself" } else { "" };
        Verdict::pass(match whose {
            Whose::Droplet => format!("{} is {at}, this droplet", self.name),
            Whose::Environment => format!("{} is {}, of {}", self.name, all(), self.subject.env.name),
            Whose::Edge => format!("{} is {}, of proxy.edge{origin}", self.name, all()),
        })
    }

    fn addresses(&self) -> impl Iterator<Item = (&Side<'a>, IpAddr)> {
        self.sides.iter().flat_map(|side| side.addresses().map(move |at| (side, at)))
    }

    fn whose(&self, side: &Side<'_>, at: IpAddr) -> Option<Whose> {
        // The droplet's own loopback interface is everybody's.
        let own = |all: &[IpAddr]| !at.is_loopback() && all.contains(&at);
        let edge = self.subject.env.proxy.iter().flat_map(|proxy| &proxy.edge);
        match at {
            at if own(&self.names.own) || side.inside && at.is_loopback() => Some(Whose::Droplet),
            _ if own(self.reached) => Some(Whose::Environment),
            at if edge.clone().any(|edge: &Edge| edge.holds(at)) || side.is_of_an_edge() => Some(Whose::Edge),
            _ => None,
        }
    }

    /// Nobody's that is known, although it would be known: behind a NAT, which is of IPv4, it would not.
    fn is_foreign(&self, side: &Side<'_>, at: IpAddr) -> bool {
        let tells = |one: IpAddr| one.is_ipv4() || at.is_ipv6();
        let others = self.is_local() && self.subject.env.web().count() > 1;
        self.whose(side, at).is_none() && (at.is_loopback() || !others && self.public().any(tells))
    }

    /// This ops runs on the droplet, and does not know where others are.
    fn is_local(&self) -> bool {
        matches!(self.subject.droplet.address, Address::Local { .. })
    }

    /// What others can reach the droplets by.
    fn public(&self) -> impl Iterator<Item = IpAddr> {
        let mut all: Vec<_> = self.names.own.iter().chain(self.reached).copied().filter(is_public).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    fn fix(&self) -> String {
        let own = some_of(self.public().map(|at| at.to_string()), 2);
        let to = if own.is_empty() { "the droplet".to_owned() } else { own };
        format!(
            "let {} lead to {to} where its zone is kept, or name what stands in front in proxy.edge; getent ahosts {} shows what a machine gets; then ops health {} --only dns",
            self.name,
            quote(self.name),
            quote(&self.subject.env.name)
        )
    }
}

impl Side<'_> {
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        at(self.found).iter().copied()
    }

    /// A load balancer answers with a few of its addresses, which need not be the same twice: one in common is enough.
    fn is_of_an_edge(&self) -> bool {
        self.edges.iter().any(|edge| at(edge).iter().any(|at| self.addresses().any(|own| own == *at)))
    }
}

fn at(lookup: &Lookup) -> &[IpAddr] {
    match lookup {
        Lookup::At(all) => all,
        Lookup::Nowhere | Lookup::Silent => &[],
    }
}

/// Others can reach it over the internet.
fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(at) => {
            let [first, second, ..] = at.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(at.is_private()
                || at.is_loopback()
                || at.is_link_local()
                || shared
                || first == 0
                || first >= 224)
        }
        IpAddr::V6(at) => at.segments()[0] & 0xe000 == 0x2000,
    }
}
