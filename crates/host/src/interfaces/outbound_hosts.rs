//! Decides where a component may connect: the manifest's `allowed_outbound_hosts` patterns, and the
//! networks that are blocked for every name. `outbound_http.rs` connects.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One pattern: `https://*.example.com`, `http://127.0.0.1:9999`, `*://10.0.0.0/8:8000..8099`.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedHost {
    scheme: Option<String>,
    host: Host,
    ports: Ports,
}

#[derive(Debug, Clone, PartialEq)]
enum Host {
    Any,
    Exact(String),
    /// `*.example.com`, kept as `.example.com`: any name below it, not itself.
    Below(String),
    Network(IpNet),
}

#[derive(Debug, Clone, PartialEq)]
enum Ports {
    /// The default port of the scheme.
    Default,
    Any,
    Between(u16, u16),
}

impl AllowedHost {
    /// Reads a pattern in Spin's format. It must have a scheme (or `*`) and a host.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let fault = |what: &str| format!("allowed_outbound_hosts `{pattern}`: {what}");
        let (scheme, rest) =
            pattern.split_once("://").ok_or_else(|| fault("expected scheme://host[:port]"))?;
        let scheme = match scheme {
            "*" => None,
            "http" | "https" => Some(scheme.to_owned()),
            _ => return Err(fault("only http, https or * as the scheme")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => {
                (host, Some(rest.strip_prefix(':').ok_or_else(|| fault("unreadable port"))?))
            }
            None => match rest.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let ports = match port {
            None => Ports::Default,
            Some("*") => Ports::Any,
            Some(port) => {
                let (first, last) = port.split_once("..").unwrap_or((port, port));
                let number = |text: &str| text.parse::<u16>().map_err(|_| fault("unreadable port"));
                Ports::Between(number(first)?, number(last)?)
            }
        };
        let host = match host {
            "" => return Err(fault("no host")),
            "*" => Host::Any,
            _ if host.contains('/') => {
                Host::Network(host.parse().map_err(|_| fault("unreadable network"))?)
            }
            _ => match host.strip_prefix('*') {
                Some(below) if below.starts_with('.') && !below.contains('*') => {
                    Host::Below(below.to_ascii_lowercase())
                }
                None if !host.contains('*') => Host::Exact(host.to_ascii_lowercase()),
                _ => return Err(fault("* stands for the whole host or its first label")),
            },
        };
        Ok(Self { scheme, host, ports })
    }

    /// Whether the pattern covers this destination. The host is as the guest wrote it.
    pub fn covers(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
            .to_ascii_lowercase();
        let host_fits = match &self.host {
            Host::Any => true,
            Host::Exact(exact) => *exact == host,
            Host::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            Host::Network(network) => {
                host.parse::<IpAddr>().is_ok_and(|address| network.contains(&address))
            }
        };
        let port_fits = match self.ports {
            Ports::Default => port == default_port(scheme),
            Ports::Any => true,
            Ports::Between(first, last) => (first..=last).contains(&port),
        };
        host_fits && port_fits && self.scheme.as_ref().is_none_or(|own| own == scheme)
    }
}

pub fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

/// Networks that no component may reach, checked against the address of the actual connection.
#[derive(Debug, Clone, Default)]
pub struct BlockedNetworks {
    pub private: bool,
    pub networks: Vec<IpNet>,
}

impl BlockedNetworks {
    pub fn blocks(&self, address: IpAddr) -> bool {
        let inner = embedded(address);
        let hit = |address: IpAddr| {
            (self.private && is_private(address))
                || self.networks.iter().any(|network| network.contains(&address))
        };
        hit(address) || inner.is_some_and(|inner| hit(IpAddr::V4(inner)))
    }
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, 6to4, NAT64.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => v4(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

/// Whether an address is anything but public unicast.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || matches!(
            address.octets(),
            [0, ..]
                | [100, 64..=127, ..]
                // A host of Azure's inside of each of its networks.
                | [168, 63, 129, 16]
                | [192, 0, 0, _]
                | [198, 18..=19, ..]
                | [240..=255, ..]
        )
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || matches!(
            address.segments(),
            [0x2001, 0..=0x1ff, ..]
                | [0x2001, 0xdb8, ..]
                | [0x3fff, 0..=0xfff, ..]
                | [0xfec0..=0xfeff, ..]
                | [0x100, 0, 0, 0, ..]
                | [0x64, 0xff9b, 1, ..]
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, scheme, host, port, covered) in [
            ("https://*:*", "https", "example.com", 8443, true),
            ("https://*:*", "http", "example.com", 80, false),
            ("https://*", "https", "example.com", 443, true),
            ("https://*", "https", "example.com", 8443, false),
            ("*://*:*", "http", "anything", 1, true),
            ("http://127.0.0.1:9999", "http", "127.0.0.1", 9999, true),
            ("http://127.0.0.1:9999", "http", "127.0.0.1", 80, false),
            ("http://127.0.0.1:9999", "http", "127.0.0.2", 9999, false),
            ("https://*.example.com", "https", "api.example.com", 443, true),
            ("https://*.example.com", "https", "a.b.EXAMPLE.com", 443, true),
            ("https://*.example.com", "https", "example.com", 443, false),
            ("https://*.example.com", "https", "evilexample.com", 443, false),
            ("https://*.example.com", "https", "example.com.evil.test", 443, false),
            ("https://example.com/", "https", "example.com", 443, true),
            ("http://[::1]:8080", "http", "[::1]", 8080, true),
            ("*://10.0.0.0/8:8000..8099", "http", "10.1.2.3", 8050, true),
            ("*://10.0.0.0/8:8000..8099", "http", "11.1.2.3", 8050, false),
            ("*://10.0.0.0/8:8000..8099", "http", "10.1.2.3", 8100, false),
        ] {
            let allowed = AllowedHost::parse(pattern).unwrap();
            assert_eq!(
                allowed.covers(scheme, host, port),
                covered,
                "{pattern} {scheme}://{host}:{port}"
            );
        }
        for pattern in [
            "example.com",
            "https://",
            "ftp://x",
            "https://a*b",
            "https://*.*.x",
            "https://x:",
            "https://x:99999",
        ] {
            assert!(AllowedHost::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn private_in_every_spelling() {
        let blocked =
            BlockedNetworks { private: true, networks: vec!["203.0.114.0/24".parse().unwrap()] };
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "168.63.129.16",
            "::ffff:168.63.129.16",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "203.0.114.9",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:203.0.114.9",
        ] {
            assert!(blocked.blocks(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.169.0.1",
            "168.63.129.17",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "2002:101:101::1",
        ] {
            assert!(!blocked.blocks(address.parse().unwrap()), "{address}");
        }
        assert!(!BlockedNetworks::default().blocks("127.0.0.1".parse().unwrap()));
    }
}
