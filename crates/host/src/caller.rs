//! Identifies the sender of a request by its network address and its key. The host does not know
//! what keys mean.
//!
//! The address is the connection's own. If a trusted proxy connects, it is the address that the
//! proxy names. Keys and tenants are stored as a keyed hash with a new secret at each start, so no
//! part of a key is kept.

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use std::{
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::LazyLock,
};

/// The header in which guests get the address, as on Spin. A header of this name from a client is
/// dropped.
pub const ADDRESS_HEADER: HeaderName = HeaderName::from_static("spin-client-addr");

/// The hash of a sender, a key or a tenant.
pub type Id = u64;

/// The trusted proxies, and the header in which they name the client.
#[derive(Debug, Clone)]
pub struct Proxies {
    pub trusted: Vec<IpNet>,
    pub header: HeaderName,
}

#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The port is 0 if a proxy named the address.
    pub address: SocketAddr,
    /// The address as limits count it: one id for a whole IPv6 network.
    pub address_id: Id,
    /// The value of `Authorization`, else of `Cookie`, if there is one.
    pub key: Option<Id>,
}

impl Proxies {
    pub fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> Caller {
        let address = self.address(peer, headers);
        let shown = headers.get(header::AUTHORIZATION).or_else(|| headers.get(header::COOKIE));
        let key = shown.map(|value| id("key", &value.as_bytes()));
        Caller { address, address_id: id("place", &network(address.ip())), key }
    }

    /// Reads the list from its end back to the first address that is no trusted proxy. Entries
    /// before that one may be forged.
    fn address(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let plain = |address: IpAddr| address.to_canonical();
        let mut address = SocketAddr::new(plain(peer.ip()), peer.port());
        let is_trusted =
            |address: IpAddr| self.trusted.iter().any(|network| network.contains(&address));
        let lines: Vec<&str> =
            headers.get_all(&self.header).iter().filter_map(|line| line.to_str().ok()).collect();
        let mut names = lines.iter().rev().flat_map(|line| line.rsplit(','));
        while is_trusted(address.ip()) {
            let Some(named) = names.next().and_then(|name| parse(name.trim())) else { break };
            address = SocketAddr::new(plain(named), 0);
        }
        address
    }
}

/// Reads `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.
fn parse(name: &str) -> Option<IpAddr> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    bare.parse().ok().or_else(|| name.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// A client with one IPv6 address has 2⁶⁴ of them, so its /64 network counts as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// Hashes a value of one kind.
pub fn id(kind: &str, what: &impl Hash) -> Id {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    STATE.hash_one((kind, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let proxies = Proxies {
            trusted: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            header: HeaderName::from_static("x-forwarded-for"),
        };
        for (peer, lines, address) in [
            ("192.0.2.1:5000", &["203.0.113.9"][..], "192.0.2.1:5000"),
            ("192.0.2.1:5000", &[], "192.0.2.1:5000"),
            ("10.0.0.1:5000", &[], "10.0.0.1:5000"),
            ("10.0.0.1:5000", &["203.0.113.9"], "203.0.113.9:0"),
            ("10.0.0.1:5000", &["made up, 203.0.113.9, 10.0.0.2"], "203.0.113.9:0"),
            ("10.0.0.1:5000", &["198.51.100.1", "203.0.113.9"], "203.0.113.9:0"),
            ("10.0.0.1:5000", &["10.0.0.7"], "10.0.0.7:0"),
            ("10.0.0.1:5000", &["nonsense"], "10.0.0.1:5000"),
            ("[::ffff:10.0.0.1]:5000", &["[2001:db8::1]:443"], "[2001:db8::1]:0"),
            ("[fd00::1]:5000", &["203.0.113.9:80"], "203.0.113.9:0"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            assert_eq!(
                proxies.caller(peer.parse().unwrap(), &headers).address,
                address.parse().unwrap(),
                "{peer} {lines:?}"
            );
        }
    }

    /// A session travels in a cookie. Where a key is sent as well, guests look at the key.
    #[test]
    fn a_cookie_is_as_good_as_a_key() {
        let proxies = Proxies { trusted: Vec::new(), header: HeaderName::from_static("x") };
        let key = |pairs: &[(HeaderName, &str)]| {
            let headers =
                pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            proxies.caller("192.0.2.1:1".parse().unwrap(), &headers).key
        };
        let bearer = || (header::AUTHORIZATION, "Bearer a");
        let cookie = |value| (header::COOKIE, value);
        assert_eq!(key(&[]), None);
        assert_eq!(key(&[cookie("s=a")]), key(&[cookie("s=a")]));
        assert_ne!(key(&[cookie("s=a")]), key(&[cookie("s=b")]));
        assert_eq!(key(&[bearer(), cookie("s=a")]), key(&[bearer()]));
    }

    #[test]
    fn a_network_of_ipv6_is_one_place() {
        let address_id = |address: &str| id("place", &network(address.parse().unwrap()));
        assert_eq!(address_id("2001:db8::1"), address_id("2001:db8::ffff:1"));
        assert_ne!(address_id("2001:db8::1"), address_id("2001:db8:0:1::1"));
        assert_ne!(address_id("192.0.2.1"), address_id("192.0.2.2"));
    }
}
