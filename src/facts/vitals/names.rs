//! Where the site's name leads: which addresses the droplet has, and what it and this machine take the name for.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::{Droplet, Edge, Environment, Role};
use crate::program::Program;

/// As the droplet has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// Of all its interfaces, and one that DigitalOcean leads to it.
    pub own: Vec<IpAddr>,
    /// By name; one that is missing could not be asked.
    pub found: BTreeMap<String, Lookup>,
}

/// As this machine has it, which asks while the droplet answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Here {
    pub found: BTreeMap<String, Lookup>,
    /// Where ssh finds the web droplets of the environment, as far as that had to be asked.
    pub reached: Vec<IpAddr>,
}

/// What became of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Lookup {
    At(Vec<IpAddr>),
    Nowhere,
    /// Nobody said so in time.
    Silent,
}

/// The names that have to be asked for: the site's, then those of `proxy.edge`. None where ssh goes over this machine
/// itself (a tunnel, a trial): what others reach is not known from here.
pub fn sought<'a>(env: &'a Environment, droplet: &Droplet) -> Vec<&'a str> {
    let asked = droplet.roles.contains(&Role::Web) && !droplet.address.is_loopback();
    let Some(site) = env.site().filter(|_| asked) else { return Vec::new() };
    let edge = env.proxy.iter().flat_map(|proxy| &proxy.edge);
    let names = edge.filter_map(|edge| match edge {
        Edge::Name(name) => Some(name.as_str()),
        Edge::Net { .. } => None,
    });
    std::iter::once(site).chain(names).collect()
}

// `getent` ends with 2 where a name is not found.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.names",
    &[r#"
if command -v ip >/dev/null 2>&1; then
    ip -o addr | awk '{ print "own\t" $4 }'
else
    for address in $(hostname -I 2>/dev/null); do printf 'own\t%s\n' "$address"; done
fi
vendor=
[ ! -r /sys/class/dmi/id/sys_vendor ] || IFS= read -r vendor </sys/class/dmi/id/sys_vendor
if [ "$vendor" = DigitalOcean ]; then
    for kind in reserved_ip floating_ip; do
        printf 'own\t%s\n' "$(curl -q -sf -m 2 --noproxy '*' "http://169.254.169.254/metadata/v1/$kind/ipv4/ip_address")"
    done
fi
for name; do
    command -v getent >/dev/null 2>&1 || break
    found=$(timeout 4 getent ahosts "$name")
    printf 'asked\t%s\t%s\n' "$?" "$name"
    printf '%s\n' "$found" | awk -v name="$name" 'NF { print "at\t" name "\t" $1 }' | sort -u | head -n 100
done
echo 'all	yes'
"#],
);

pub(super) fn probe(names: &[&str]) -> Cmd {
    Cmd::script(PROBE, names.iter().copied())
}

pub(super) fn parse(text: &str) -> Probe<Names> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new(format!("the addresses cannot be understood: {text}")));
    }
    let own = fields.all("own").filter_map(|net| address(net.split('/').next()?));
    let mut names = Names { own: own.collect(), found: BTreeMap::new() };
    for (code, name) in fields.all("asked").filter_map(|line| line.split_once('\t')) {
        let lookup = match code {
            "0" => Lookup::At(Vec::new()),
            "124" | "137" => Lookup::Silent,
            _ => Lookup::Nowhere,
        };
        names.found.insert(name.to_owned(), lookup);
    }
    for (name, at) in fields.all("at").filter_map(|line| line.split_once('\t')) {
        if let (Some(Lookup::At(all)), Some(at)) = (names.found.get_mut(name), address(at)) {
            all.push(at);
        }
    }
    // An answer without an address is none.
    let empty = |lookup: &&mut Lookup| matches!(lookup, Lookup::At(all) if all.is_empty());
    names.found.values_mut().filter(empty).for_each(|lookup| *lookup = Lookup::Nowhere);
    Ok(names)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}
