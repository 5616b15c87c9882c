//! `proxy.edge`: what stands in front of the droplets and has the site's name instead of them.

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::addresses;
use super::words::{Checked, show};

/// A load balancer, a CDN, an address that is moved from droplet to droplet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// One address, or all that share its first bits.
    Net {
        address: IpAddr,
        bits: u8,
    },
    Name(String),
}

impl Edge {
    /// More than one address.
    #[must_use]
    pub fn is_net(&self) -> bool {
        let whole = |address: &IpAddr| if address.is_ipv4() { 32 } else { 128 };
        matches!(self, Self::Net { address, bits } if *bits < whole(address))
    }

    /// What a name stands for is not known here.
    #[must_use]
    pub fn holds(&self, other: IpAddr) -> bool {
        match (self, other.to_canonical()) {
            (Self::Net { address: IpAddr::V4(own), bits }, IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(*bits)
            }
            (Self::Net { address: IpAddr::V6(own), bits }, IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(*bits)
            }
            _ => false,
        }
    }
}

/// `203.0.113.7`, `2001:db8::/32`, `lb.example.com`.
pub(super) fn edge(text: &str) -> Checked<Edge> {
    let refused = || {
        let rule = "an address, a net as `203.0.113.0/24`, or the name of a load balancer";
        Err(format!("{} is not what stands in front of a droplet\n{rule}", show(text)))
    };
    let (place, bits) = text.split_once('/').map_or((text, None), |(place, bits)| (place, Some(bits)));
    let Ok(address) = place.parse::<IpAddr>() else {
        // An address with a slip in it is no name.
        let slip = text.contains([':', '/']) || text.chars().all(|c| c.is_ascii_digit() || c == '.');
        return if slip {
            refused()
        } else {
            addresses::server_name(text).map(Edge::Name).or_else(|_| refused())
        };
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let all = bits.map_or(Some(most), |bits| bits.parse::<u8>().ok().filter(|_| !bits.starts_with('+')));
    match all {
        Some(0) => Err(format!("{} holds every address that there is", show(text))),
        Some(bits) if bits <= most => Ok(Edge::Net { address, bits }),
        _ => refused(),
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Net { address, bits } if *bits == if address.is_ipv4() { 32 } else { 128 } => {
                write!(f, "{address}")
            }
            Self::Net { address, bits } => write!(f, "{address}/{bits}"),
        }
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_nets_and_names_are_told_apart() {
        for good in ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "::1", "lb.example.com", "lb-1"] {
            assert_eq!(edge(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "203.0.113.300",
            "203.0.113.0/33",
            "::/129",
            "1.2.3",
            "lb/24",
            "1.2.3.4/",
            "1.2.3.4/+4",
            "a b",
            "-x",
            "0.0.0.0/0",
            "1.2.3.4:80",
        ] {
            assert!(edge(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_net_holds_what_shares_its_bits() {
        let holds = |net: &str, address: &str| edge(net).unwrap().holds(address.parse().unwrap());
        assert!(holds("203.0.113.77/24", "203.0.113.1") && !holds("203.0.113.0/24", "203.0.114.1"));
        assert!(holds("203.0.113.7", "::ffff:203.0.113.7") && !holds("203.0.113.7", "203.0.113.6"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "203.0.113.7"));
        assert!(!holds("128.0.0.0/1", "1.2.3.4") && !holds("lb", "1.2.3.4"));
    }
}
