//! Tells whether a person clicked, or a program that looks at links before the person sees them.
//!
//! Owns: what speaks against a person at a visit ([`judge`]), and at several visits of one message
//! ([`bursts`]). Doubtful visits count as visits and not as clicks; they are shown a page whose
//! button goes on, and a visitor who presses it is a person.

use std::net::IpAddr;

use ledger::Timestamp;

use crate::contact::Channel;

/// After the delivery of an e-mail scanners come first.
pub const TOO_SOON_MS: i64 = 5_000;
/// So many links of one message within this time are followed by a program.
pub const BURST_LINKS: usize = 3;
/// See [`BURST_LINKS`].
pub const BURST_MS: i64 = 10_000;
/// More clicks than this from one network within a minute, for more than one member, are those of a
/// program.
pub const NETWORK_CLICKS: u32 = 20;

/// Words in the names that programs give themselves, in lower case: crawlers, scanners of mail
/// gateways, previews of messengers and libraries.
const PROGRAMS: [&str; 40] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "scanner",
    "monitor",
    "headless",
    "phantomjs",
    "lighthouse",
    "imageproxy",
    "mailproxy",
    "facebookexternalhit",
    "facebookcatalog",
    "whatsapp",
    "skypeuripreview",
    "embedly",
    "iframely",
    "barracuda",
    "mimecast",
    "proofpoint",
    "symantec",
    "messagelabs",
    "trend micro",
    "trendmicro",
    "fortiguard",
    "forcepoint",
    "safelinks",
    "zscaler",
    "cloudmark",
    "urlscan",
    "virustotal",
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "libwww",
    "node-fetch",
    "axios/",
];

/// One visit of a link.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// What the program calls itself; empty where it does not say.
    pub agent: &'a str,
    /// The channel of the message.
    pub channel: Channel,
    /// When the message was delivered, or else handed to the vendor; `None` where neither is known.
    pub delivered_at: Option<Timestamp>,
    /// When the visit is.
    pub at: Timestamp,
    /// Whether nobody can see the link: it stands in the message for programs.
    pub is_trap: bool,
    /// Links of the same message within the last [`BURST_MS`], this one with them.
    pub links: usize,
    /// Clicks from the same network within the last minute, this one with them.
    pub network_clicks: u32,
    /// Whether they are of more than one member.
    pub is_of_several: bool,
}

/// What a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// A click of a person.
    Human,
    /// Perhaps a program.
    Doubtful(Doubt),
    /// Nothing that counts: a question about the link, not a visit of it.
    Uncounted,
}

/// What speaks against a person, the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The link is a trap.
    Trap,
    /// A program says its name, or none at all.
    Agent,
    /// Sooner after the delivery of an e-mail than a person opens it, or before.
    TooSoon,
    /// Too many links of the message at once.
    Burst,
    /// Too many clicks from one network, for several members.
    Network,
}

impl Doubt {
    /// Its name in rows and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Agent => "agent",
            Self::TooSoon => "too_soon",
            Self::Burst => "burst",
            Self::Network => "network",
        }
    }
}

/// What a visit is. A `POST` comes from the button of the page for doubtful ones: only a trap
/// speaks against it.
#[must_use]
pub fn judge(visit: &Visit<'_>) -> Judged {
    let is_pressed = match visit.method {
        "GET" => false,
        "POST" => true,
        _ => return Judged::Uncounted,
    };
    if visit.is_trap {
        return Judged::Doubtful(Doubt::Trap);
    }
    if is_pressed {
        return Judged::Human;
    }
    let is_too_soon = visit.channel == Channel::Email
        && visit.delivered_at.is_some_and(|at| visit.at < at.plus_ms(TOO_SOON_MS));
    if is_program(visit.agent) {
        Judged::Doubtful(Doubt::Agent)
    } else if is_too_soon {
        Judged::Doubtful(Doubt::TooSoon)
    } else if visit.links >= BURST_LINKS {
        Judged::Doubtful(Doubt::Burst)
    } else if visit.network_clicks > NETWORK_CLICKS && visit.is_of_several {
        Judged::Doubtful(Doubt::Network)
    } else {
        Judged::Human
    }
}

fn is_program(agent: &str) -> bool {
    // The name of a maker of telephones ends as those of robots do.
    let agent = agent.to_ascii_lowercase().replace("cubot", "");
    agent.trim().is_empty() || PROGRAMS.iter().any(|word| agent.contains(word))
}

/// Which visits of one message, given by instant and link, belong to a burst: within [`BURST_MS`]
/// they and others follow [`BURST_LINKS`] links. So the first visits of a burst are found, too,
/// when the third link is followed. Visits come in any order.
#[must_use]
pub fn bursts(visits: &[(Timestamp, u64)]) -> Vec<bool> {
    let within = |from: Timestamp| move |at: Timestamp| from <= at && at <= from.plus_ms(BURST_MS);
    // Spans that begin with a visit are enough: any other one can be moved to its first visit.
    let is_burst = |from: Timestamp| {
        let mut links: Vec<u64> =
            visits.iter().filter(|(at, _)| within(from)(*at)).map(|(_, link)| *link).collect();
        links.sort_unstable();
        links.dedup();
        links.len() >= BURST_LINKS
    };
    let spans: Vec<Timestamp> =
        visits.iter().map(|(at, _)| *at).filter(|from| is_burst(*from)).collect();
    visits.iter().map(|(at, _)| spans.iter().any(|from| within(*from)(*at))).collect()
}

/// The network of an address: its first 24 bits, or 56 of IPv6. An IPv4 address in IPv6's spelling
/// is one of IPv4.
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address) & (u128::MAX << 72);
            format!("{}/56", std::net::Ipv6Addr::from(bits))
        }
    }
}

#[cfg(test)]
#[path = "click_tests.rs"]
mod tests;
