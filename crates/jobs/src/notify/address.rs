//! Decides to which addresses events may be sent.
//!
//! It accepts one spelling only. It refuses every form that parsers are known to read differently:
//! user names, escapes, numbers in other bases, trailing dots, backslashes. The URL for sending is
//! built anew from the checked parts. Names are not resolved here; the host checks the address when
//! it connects (`block_networks`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAX_LENGTH: usize = 2048;
/// Characters of a path or query, beside letters and digits (RFC 3986).
const PATH_CHARACTERS: &str = "/?-._~!$&'()*+,;=:@%";
/// Names that lead into a private network.
const PRIVATE_SUFFIXES: [&str; 6] = ["localhost", "local", "internal", "intranet", "lan", "arpa"];

/// The allowed addresses besides public ones over https.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressPolicy {
    /// Whether plain http is allowed, too.
    pub allow_http: bool,
    /// Whether this machine and private networks are allowed, too.
    pub allow_private: bool,
}

impl AddressPolicy {
    /// What the variables `webhook_allow_http` and `webhook_allow_private` allow.
    pub async fn of_variables(is_true: impl AsyncFn(&str) -> bool) -> Self {
        Self {
            allow_http: is_true("webhook_allow_http").await,
            allow_private: is_true("webhook_allow_private").await,
        }
    }
}

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAddress {
    /// Not `https://` (or `http://`).
    Scheme,
    /// Plain http.
    Http,
    /// Not written in the one accepted form.
    Form,
    /// An address of this machine, a private or a reserved network.
    Private,
}

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "must start with https://",
            Self::Http => "must be https, not http",
            Self::Form => {
                "must be https://host[:port][/path][?query], with a host name, a dotted IPv4 or a bracketed IPv6 address, \
                 and no user name, fragment or trailing dot"
            }
            Self::Private => "must not lead to this machine or a private network",
        })
    }
}

impl std::error::Error for RefusedAddress {}

/// A checked address in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl WebhookUrl {
    /// Checks an address.
    ///
    /// # Errors
    /// [`RefusedAddress`] with the reason.
    pub fn parse(text: &str, policy: AddressPolicy) -> Result<Self, RefusedAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(RefusedAddress::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "https" => {}
            "http" if policy.allow_http => {}
            "http" => return Err(RefusedAddress::Http),
            _ => return Err(RefusedAddress::Scheme),
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path_holds =
            path.chars().all(|c| c.is_ascii_alphanumeric() || PATH_CHARACTERS.contains(c));
        if text.len() > MAX_LENGTH || !path_holds {
            return Err(RefusedAddress::Form);
        }
        let (host, port) = split_port(authority).ok_or(RefusedAddress::Form)?;
        let host = Host::parse(host).ok_or(RefusedAddress::Form)?;
        if host.is_private() && !policy.allow_private {
            return Err(RefusedAddress::Private);
        }
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self(format!("{scheme}://{host}{port}{slash}{path}")))
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(at) = authority.get(after_bracket..)?.find(':') else {
        return Some((authority, None));
    };
    let (host, port) = authority.split_at_checked(after_bracket + at)?;
    let port =
        port.strip_prefix(':').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    port.parse().ok().filter(|port| *port > 0).map(|port| (host, Some(port)))
}

enum Host {
    Name(String),
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner
                .strip_suffix(']')?
                .parse()
                .ok()
                .map(|address| Self::Address(IpAddr::V6(address)));
        }
        let name = text.to_ascii_lowercase();
        let last = name.rsplit('.').next()?;
        // Some parsers take every name that ends in a number for an address: 127.1, 0x7f000001,
        // 2130706433. Here only four decimal numbers are one.
        if last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit()) {
            return name.parse().ok().map(|address| Self::Address(IpAddr::V4(address)));
        }
        (name.len() <= 253 && name.split('.').all(is_label)).then_some(Self::Name(name))
    }

    fn is_private(&self) -> bool {
        match self {
            Self::Name(name) => {
                let last = name.rsplit('.').next().unwrap_or_default();
                !name.contains('.') || PRIVATE_SUFFIXES.contains(&last)
            }
            Self::Address(IpAddr::V4(address)) => is_private_v4(*address),
            Self::Address(IpAddr::V6(address)) => is_private_v6(*address),
        }
    }
}

fn is_label(label: &str) -> bool {
    let characters = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    characters
        && (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Everything that is not an ordinary public address (the registries of RFC 6890).
fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    match (a, b, c) {
        // A public address that leads to a host of Azure's inside of each of its networks.
        (168, 63, 129) => d == 16,
        (0 | 10 | 127, _, _)
        | (100, 64..=127, _)
        | (169, 254, _)
        | (172, 16..=31, _)
        | (192, 168, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18..=19, _)
        | (198, 51, 100)
        | (203, 0, 113) => true,
        _ => a >= 224,
    }
}

/// Only global unicast (2000::/3) is public, without its special ranges. Forms that carry an IPv4
/// address are not accepted as that address.
fn is_private_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_global = (0x2000..0x4000).contains(&a);
    // Teredo and the like (2001::/23), documentation (2001:db8::/32, 3fff::/20), 6to4 (2002::/16).
    !is_global
        || (a == 0x2001 && (b < 0x0200 || b == 0x0db8))
        || a == 0x2002
        || (a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::RefusedAddress::{Form, Http, Private, Scheme};
    use super::*;

    #[test]
    fn addresses_in_every_spelling() {
        for (text, expected) in [
            ("https://shop.example.com/hooks", Ok("https://shop.example.com/hooks")),
            (
                "HTTPS://Shop.Example.COM:8443/Hooks?a=B",
                Ok("https://shop.example.com:8443/Hooks?a=B"),
            ),
            ("https://shop.example.com", Ok("https://shop.example.com/")),
            ("https://shop.example.com?a", Ok("https://shop.example.com/?a")),
            ("https://xn--fiqs8s.xn--fiqs8s/a%20b", Ok("https://xn--fiqs8s.xn--fiqs8s/a%20b")),
            ("https://93.184.216.34/", Ok("https://93.184.216.34/")),
            ("https://[2606:4700::1111]:444/", Ok("https://[2606:4700::1111]:444/")),
            // Schemes.
            ("http://shop.example.com/", Err(Http)),
            ("ftp://shop.example.com/", Err(Scheme)),
            ("//shop.example.com/", Err(Scheme)),
            ("shop.example.com", Err(Scheme)),
            ("javascript:alert(1)", Err(Scheme)),
            (" https://shop.example.com/", Err(Scheme)),
            ("file:///etc/passwd", Err(Scheme)),
            // This machine and private networks, plainly.
            ("https://127.0.0.1/", Err(Private)),
            ("https://127.255.255.254/", Err(Private)),
            ("https://0.0.0.0/", Err(Private)),
            ("https://10.1.2.3/", Err(Private)),
            ("https://172.16.0.1/", Err(Private)),
            ("https://172.31.255.255/", Err(Private)),
            ("https://172.32.0.1/", Ok("https://172.32.0.1/")),
            ("https://192.168.1.1/", Err(Private)),
            ("https://169.254.169.254/latest/meta-data/", Err(Private)),
            // Azure's wire server.
            ("https://168.63.129.16/", Err(Private)),
            ("https://168.63.129.17/", Ok("https://168.63.129.17/")),
            ("https://100.100.100.200/latest/meta-data/", Err(Private)),
            ("https://192.0.0.192/", Err(Private)),
            ("https://100.64.0.1/", Err(Private)),
            ("https://100.128.0.1/", Ok("https://100.128.0.1/")),
            ("https://192.0.0.8/", Err(Private)),
            ("https://198.18.0.1/", Err(Private)),
            ("https://224.0.0.1/", Err(Private)),
            ("https://255.255.255.255/", Err(Private)),
            ("https://localhost/", Err(Private)),
            ("https://LOCALHOST:3000/", Err(Private)),
            ("https://a.localhost/", Err(Private)),
            ("https://printer.local/", Err(Private)),
            ("https://metadata.google.internal/", Err(Private)),
            ("https://intranet/", Err(Private)),
            ("https://1.0.0.127.in-addr.arpa/", Err(Private)),
            ("https://[::1]/", Err(Private)),
            ("https://[::]/", Err(Private)),
            ("https://[0:0:0:0:0:0:0:1]/", Err(Private)),
            ("https://[::ffff:127.0.0.1]/", Err(Private)),
            ("https://[::ffff:7f00:1]/", Err(Private)),
            ("https://[::ffff:93.184.216.34]/", Err(Private)),
            ("https://[::127.0.0.1]/", Err(Private)),
            ("https://[64:ff9b::7f00:1]/", Err(Private)),
            ("https://[2002:7f00:1::]/", Err(Private)),
            ("https://[2001::1]/", Err(Private)),
            ("https://[fe80::1]/", Err(Private)),
            ("https://[fd00::1]/", Err(Private)),
            ("https://[fec0::1]/", Err(Private)),
            ("https://[ff02::1]/", Err(Private)),
            ("https://[2001:db8::1]/", Err(Private)),
            // The same in other spellings.
            ("https://2130706433/", Err(Form)),
            ("https://0x7f000001/", Err(Form)),
            ("https://0x7f.0.0.1/", Err(Form)),
            ("https://0177.0.0.1/", Err(Form)),
            ("https://017700000001/", Err(Form)),
            ("https://127.1/", Err(Form)),
            ("https://127.0.1/", Err(Form)),
            ("https://127.0.0.0x1/", Err(Form)),
            ("https://127.0.0.1./", Err(Form)),
            ("https://localhost./", Err(Form)),
            ("https://127.0.0.01/", Err(Form)),
            ("https://127。0。0。1/", Err(Form)),
            ("https://①②⑦.0.0.1/", Err(Form)),
            ("https://ｌocalhost/", Err(Form)),
            ("https://%6c%6f%63%61%6c%68%6f%73%74/", Err(Form)),
            ("https://127%2e0%2e0%2e1/", Err(Form)),
            ("https://[::1%25eth0]/", Err(Form)),
            ("https://[::1/", Err(Form)),
            ("https://::1/", Err(Form)),
            ("https://[127.0.0.1]/", Err(Form)),
            // Forms in which parsers disagree about the host.
            ("https://shop.example.com@127.0.0.1/", Err(Form)),
            ("https://user:password@shop.example.com/", Err(Form)),
            ("https://127.0.0.1#@shop.example.com/", Err(Form)),
            ("https://127.0.0.1\\@shop.example.com/", Err(Form)),
            ("https://shop.example.com\\.evil.example/", Err(Form)),
            ("https:///127.0.0.1/", Err(Form)),
            ("https://shop.example.com:80:443/", Err(Form)),
            ("https://shop.example.com:/", Err(Form)),
            ("https://shop.example.com:0/", Err(Form)),
            ("https://shop.example.com:65536/", Err(Form)),
            ("https://shop.example.com:+443/", Err(Form)),
            ("https://shop..example.com/", Err(Form)),
            ("https://-shop.example.com/", Err(Form)),
            ("https://shop example.com/", Err(Form)),
            ("https://shop.example.com/a b", Err(Form)),
            ("https://shop.example.com/#a", Err(Form)),
            ("https://shop.example.com/\r\nhost: evil", Err(Form)),
            ("https://shop\t.example.com/", Err(Form)),
            ("https://", Err(Form)),
        ] {
            let found = WebhookUrl::parse(text, AddressPolicy::default());
            assert_eq!(
                found.as_ref().map(|url| url.0.as_str()),
                expected.as_ref().map(|url| *url),
                "{text}"
            );
        }
    }

    #[test]
    fn a_policy_opens_what_it_names() {
        let (open, http) = (
            AddressPolicy { allow_http: true, allow_private: true },
            AddressPolicy { allow_http: true, allow_private: false },
        );
        for (text, policy, accepted) in [
            ("http://127.0.0.1:9000/hook", open, true),
            ("http://localhost/", open, true),
            ("http://receiver:8080/", open, true),
            ("https://[::1]/", open, true),
            ("http://2130706433/", open, false),
            ("http://a@b/", open, false),
            ("http://shop.example.com/", http, true),
            ("http://127.0.0.1/", http, false),
        ] {
            assert_eq!(WebhookUrl::parse(text, policy).is_ok(), accepted, "{text}");
        }
        let long = format!("https://shop.example.com/{}", "a".repeat(MAX_LENGTH));
        assert_eq!(WebhookUrl::parse(&long, open), Err(Form));
    }
}
