//! Where the site's name leads.

use std::net::IpAddr;
use std::time::Duration;

use ops::checks::Subject;
use ops::checks::health::strange;
use ops::facts::{Here, Lookup, Names, sought};
use ops::inventory::{Address, Become, Edge, SshAddress};

use super::{Case, does_not_know, fails, lost, passes, skips, verdict, warns};

const SITE: &str = "erp.example.com";
/// The droplet's own.
const OWN: &str = "203.0.113.10";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(all: &[&str]) -> Lookup {
    Lookup::At(all.iter().map(|text| ip(text)).collect())
}

/// Of a droplet with its name in the DNS.
pub(super) fn names() -> Names {
    let own = ["127.0.0.1", "::1", OWN, "10.0.0.4", "2001:db8::10", "172.17.0.1"].map(ip).into();
    Names { own, found: [(SITE.to_owned(), at(&[OWN]))].into() }
}

/// What this machine gets, and the droplet.
fn found(here: Lookup, there: Lookup) -> impl Fn(&mut Case) {
    move |case| {
        host("203.0.113.10")(case);
        let vitals = case.vitals();
        vitals.here = Some(Here { found: [(SITE.to_owned(), here.clone())].into(), reached: Vec::new() });
        vitals.names.as_mut().unwrap().as_mut().unwrap().found = [(SITE.to_owned(), there.clone())].into();
    }
}

/// The same for both.
fn leads(all: &[&str]) -> impl Fn(&mut Case) {
    found(at(all), at(all))
}

fn host(host: &str) -> impl Fn(&mut Case) {
    move |case| {
        case.droplet.address = Address::Ssh(SshAddress {
            host: host.to_owned(),
            port: None,
            user: None,
            jump: None,
            identity: None,
            config: None,
            known_hosts: None,
            connect_timeout: Duration::from_secs(10),
            r#become: Become::No,
        });
    }
}

fn own(all: &'static [&'static str]) -> impl Fn(&mut Case) {
    move |case| {
        case.vitals().names.as_mut().unwrap().as_mut().unwrap().own =
            all.iter().map(|text| ip(text)).collect();
    }
}

fn reached(address: &'static str) -> impl Fn(&mut Case) {
    move |case| case.vitals().here.as_mut().unwrap().reached.push(ip(address))
}

fn edge(all: &[Edge]) -> impl Fn(&mut Case) {
    move |case| case.env.proxy.as_mut().unwrap().edge = all.to_vec()
}

fn net(address: &str, bits: u8) -> Edge {
    Edge::Net { address: ip(address), bits }
}

/// One change after the other.
fn all(changes: &[&dyn Fn(&mut Case)]) -> impl Fn(&mut Case) {
    move |case| changes.iter().for_each(|change| change(case))
}

#[test]
fn a_name_that_leads_to_the_droplet() {
    passes("dns", "erp.example.com is 203.0.113.10, this droplet", |_| ());
    passes("dns", "this droplet", leads(&[OWN, "2001:db8::10"]));
    // A private zone; the line that cloud-init writes into the droplet's /etc/hosts.
    passes("dns", "is 10.0.0.4, this droplet", leads(&["10.0.0.4"]));
    passes("dns", "this droplet", found(at(&[OWN]), at(&["127.0.1.1"])));
    passes("dns", "this droplet", found(at(&[OWN]), at(&["::1", "127.0.0.1"])));
    // What only users type decides, where there is such a thing.
    passes("dns", "shop.example.com is 203.0.113.10", |case| {
        leads(&["192.0.2.1"])(case);
        case.env.url = Some("https://shop.example.com:8443/web".into());
        let vitals = case.vitals();
        vitals.here.as_mut().unwrap().found = [("shop.example.com".to_owned(), at(&[OWN]))].into();
    });
    // No getent there.
    passes("dns", "this droplet", |case| {
        leads(&[OWN])(case);
        case.vitals().names.as_mut().unwrap().as_mut().unwrap().found.clear();
    });
}

#[test]
fn a_name_that_leads_elsewhere() {
    let moved = leads(&["192.0.2.99"]);
    warns("dns", "is 192.0.2.99 for this machine: neither the droplet (2", &moved);
    let said = verdict("dns", &moved);
    assert!(said.evidence().contains("(203.0.113.10, 2001:db8::10)"), "{said:?}");
    assert!(said.fix().unwrap().contains("ops health prod --only dns"), "{said:?}");
    // Only one of the two addresses was moved along.
    warns("dns", "is 2001:db8::99 for this machine", leads(&[OWN, "2001:db8::99"]));
    warns("dns", "2001:db8::99", all(&[&leads(&[OWN, "2001:db8::99"]), &own(&[OWN])]));
    // An entry in a hosts file that was forgotten, here and there.
    warns("dns", "is 127.0.0.1 for this machine", found(at(&["127.0.0.1"]), at(&[OWN])));
    warns("dns", "is 192.0.2.99 for the droplet", found(at(&[OWN]), at(&["192.0.2.99"])));
    warns("dns", "is 10.0.0.9", leads(&["10.0.0.9"]));
}

#[test]
fn a_name_without_an_address() {
    let nowhere = || Lookup::Nowhere;
    fails(
        "dns",
        "erp.example.com has no address, for this machine and the droplet",
        found(nowhere(), nowhere()),
    );
    fails("dns", "has no address", |case| {
        found(nowhere(), nowhere())(case);
        case.vitals().names.as_mut().unwrap().as_mut().unwrap().found.clear();
    });
    warns("dns", "no address for this machine", found(nowhere(), at(&[OWN])));
    warns("dns", "no address for the droplet (Odoo fetches", found(at(&[OWN]), nowhere()));
    does_not_know("dns", found(Lookup::Silent, at(&[OWN])));
    does_not_know("dns", found(at(&[OWN]), Lookup::Silent));
    does_not_know("dns", found(Lookup::Silent, Lookup::Silent));
    does_not_know("dns", |case| case.vitals().names = lost());
    does_not_know("dns", |case| case.vitals().here = None);
    does_not_know("dns", |case| case.facts.vitals = None);
    does_not_know("dns", |case| {
        case.vitals().here = Some(Here::default());
        case.vitals().names.as_mut().unwrap().as_mut().unwrap().found.clear();
    });
}

#[test]
fn what_stands_in_front_is_declared() {
    let front = leads(&["198.51.100.7", "198.51.100.8"]);
    warns("dns", "198.51.100.7, 198.51.100.8", &front);
    passes(
        "dns",
        "is 198.51.100.7, 198.51.100.8, of proxy.edge; web.site asks the droplet itself",
        all(&[&front, &edge(&[net("198.51.100.0", 24)])]),
    );
    passes("dns", "of proxy.edge", |case| {
        all(&[&front, &edge(&[net("198.51.100.0", 24)])])(case);
        case.vitals().proxied = Ok(None);
    });
    warns("dns", "198.51.100.8", all(&[&front, &edge(&[net("198.51.100.7", 32)])]));
    // By its name, which answers with other addresses of its own each time.
    let balanced = |address: &'static str| {
        move |case: &mut Case| {
            leads(&["198.51.100.7", "198.51.100.8"])(case);
            edge(&[Edge::Name("lb.example.com".into())])(case);
            let lb = || ("lb.example.com".to_owned(), at(&[address, "198.51.100.9"]));
            let vitals = case.vitals();
            vitals.here.as_mut().unwrap().found.extend([lb()]);
            vitals.names.as_mut().unwrap().as_mut().unwrap().found.extend([lb()]);
        }
    };
    passes("dns", "of proxy.edge", balanced("198.51.100.8"));
    warns("dns", "198.51.100.7", balanced("198.51.100.6"));
    // Declared, and not there yet.
    passes("dns", "this droplet", all(&[&leads(&[OWN]), &edge(&[net("198.51.100.0", 24)])]));
}

#[test]
fn several_droplets_share_a_name() {
    let both = leads(&[OWN, "203.0.113.11"]);
    warns("dns", "is 203.0.113.11", &both);
    passes("dns", "is 203.0.113.10, this droplet", all(&[&both, &reached("203.0.113.11")]));
    passes("dns", "is 203.0.113.11, of prod", all(&[&leads(&["203.0.113.11"]), &reached("203.0.113.11")]));
}

/// As `health.every` looks: on the droplet itself, which knows of no other one.
#[test]
fn on_the_droplet_itself_one_look_is_all() {
    let local = |case: &mut Case| case.droplet.address = Address::Local { r#become: Become::No };
    let another = |case: &mut Case| {
        let more = ops::inventory::Droplet { name: "erp-2".into(), ..case.droplet.clone() };
        case.env.droplets.push(more);
    };
    passes("dns", "is 127.0.1.1, this droplet", all(&[&leads(&["127.0.1.1"]), &local]));
    let nowhere = found(Lookup::Nowhere, Lookup::Nowhere);
    fails("dns", "has no address, for the droplet", all(&[&nowhere, &local]));
    let elsewhere = leads(&["203.0.113.11"]);
    warns("dns", "is 203.0.113.11 for the droplet", all(&[&elsewhere, &local]));
    skips("dns", all(&[&elsewhere, &local, &another]));
}

/// A droplet that has private addresses only knows nothing of the one that others have for it.
#[test]
fn behind_a_nat_nothing_is_made_up() {
    let hidden = |case: &mut Case| {
        leads(&["198.51.100.7"])(case);
        own(&["127.0.0.1", "10.0.0.4", "172.17.0.1", "fe80::1", "fd00::1", "100.64.0.9"])(case);
    };
    skips("dns", hidden);
    passes("dns", "is 198.51.100.7, of prod", all(&[&hidden, &reached("198.51.100.7")]));
    warns("dns", "neither the droplet (198.51.100.5)", all(&[&hidden, &reached("198.51.100.5")]));
    skips("dns", all(&[&hidden, &reached("10.0.0.4")]));
    let forgotten = found(at(&["127.0.0.1"]), at(&["10.0.0.4"]));
    warns(
        "dns",
        "is 127.0.0.1 for this machine: neither the droplet nor",
        all(&[&forgotten, &own(&["10.0.0.4"])]),
    );
    fails("dns", "no address", all(&[&found(Lookup::Nowhere, Lookup::Nowhere), &own(&["10.0.0.4"])]));
    // Of IPv6 it has a public one: only that can be compared.
    let half = own(&["10.0.0.4", "2001:db8::10"]);
    passes("dns", "is 2001:db8::10, this droplet", all(&[&leads(&["198.51.100.7", "2001:db8::10"]), &half]));
    skips("dns", all(&[&leads(&["198.51.100.7"]), &half]));
    warns("dns", "2001:db8::99", all(&[&leads(&["198.51.100.7", "2001:db8::99"]), &half]));
    // No `ip`, no `hostname -I`.
    skips("dns", all(&[&leads(&["198.51.100.7"]), &own(&[])]));
}

#[test]
fn where_there_is_nothing_to_compare_nobody_is_asked() {
    let asked = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::good();
        host(OWN)(&mut case);
        change(&mut case);
        sought(&case.env, &case.droplet).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(asked(&|_| ()), [SITE]);
    assert_eq!(
        asked(&edge(&[net("198.51.100.0", 24), Edge::Name("lb.example.com".into())])),
        [SITE, "lb.example.com"]
    );
    // ssh over a tunnel, as over the lab: what it says of the way of others is nothing.
    for address in ["127.0.0.11", "localhost", "::1"] {
        assert_eq!(asked(&host(address)), [""; 0]);
        skips("dns", host(address));
    }
    assert_eq!(asked(&|case| case.env.proxy = None), [""; 0]);
    skips("dns", |case| case.env.proxy = None);
    assert_eq!(asked(&|case| case.droplet.roles = vec![ops::inventory::Role::Db]), [""; 0]);
    skips("dns", |case| case.droplet.roles = vec![ops::inventory::Role::Db]);
}

/// ssh is asked for its way only where an address is nobody's.
#[test]
fn only_what_is_strange_is_looked_into() {
    let is_strange = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::good();
        change(&mut case);
        let Case { env, droplet, facts } = &case;
        strange(&Subject { env, droplet, facts, staged: None, allow_downgrade: false })
    };
    assert!(!is_strange(&|_| ()) && !is_strange(&host("127.0.0.1")));
    assert!(is_strange(&leads(&["192.0.2.99"])));
    assert!(is_strange(&all(&[&leads(&["198.51.100.7"]), &own(&["10.0.0.4"])])));
    assert!(!is_strange(&|case| case.vitals().names = lost()));
}
