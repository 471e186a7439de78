//! Visits of persons and of programs, from docs/reference/links.md.

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60";

fn visit() -> Visit<'static> {
    Visit {
        method: "GET",
        agent: PHONE,
        channel: Channel::Email,
        delivered_at: Some(Timestamp(0)),
        at: Timestamp(60_000),
        is_trap: false,
        links: 1,
        network_clicks: 1,
        is_of_several: false,
    }
}

fn told(visit: Visit<'_>) -> &'static str {
    match judge(&visit) {
        Judged::Human => "human",
        Judged::Doubtful(doubt) => doubt.as_str(),
        Judged::Uncounted => "uncounted",
    }
}

#[test]
fn each_doubt_has_its_bound() {
    let at = |ms| Visit { at: Timestamp(ms), ..visit() };
    for (visit, outcome) in [
        (visit(), "human"),
        (Visit { method: "HEAD", ..visit() }, "uncounted"),
        (Visit { method: "OPTIONS", ..visit() }, "uncounted"),
        (Visit { method: "PROPFIND", ..visit() }, "uncounted"),
        (Visit { method: "HEAD", is_trap: true, ..visit() }, "uncounted"),
        // 5 seconds after the delivery of an e-mail, and of nothing else.
        (at(4_999), "too_soon"),
        (at(5_000), "human"),
        (at(-60_000), "too_soon"),
        (Visit { channel: Channel::Push, ..at(1) }, "human"),
        (Visit { channel: Channel::Wecom, ..at(1) }, "human"),
        (Visit { delivered_at: None, ..at(1) }, "human"),
        // 3 links within 10 seconds.
        (Visit { links: 2, ..visit() }, "human"),
        (Visit { links: 3, ..visit() }, "burst"),
        // More than 20 clicks a minute, for more than one member.
        (Visit { network_clicks: 20, is_of_several: true, ..visit() }, "human"),
        (Visit { network_clicks: 21, is_of_several: true, ..visit() }, "network"),
        (Visit { network_clicks: 21, ..visit() }, "human"),
        (Visit { is_trap: true, ..visit() }, "trap"),
        // The button of the page.
        (
            Visit { method: "POST", links: 9, network_clicks: 99, is_of_several: true, ..at(1) },
            "human",
        ),
        (Visit { method: "POST", is_trap: true, ..visit() }, "trap"),
    ] {
        assert_eq!(told(visit), outcome, "{visit:?}");
    }
}

#[test]
fn programs_tell_by_their_names() {
    for (agent, outcome) in [
        (PHONE, "human"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0 Safari/537.36",
            "human",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36 wxwork/4.1.36",
            "human",
        ),
        ("Mozilla/5.0 (Linux; Android 11; CUBOT X30) Chrome/140.0 Mobile", "human"),
        ("", "agent"),
        ("  ", "agent"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "agent"),
        ("Slackbot-LinkExpanding 1.0", "agent"),
        ("BarracudaCentral", "agent"),
        ("Mozilla/5.0 Mimecast", "agent"),
        ("curl/8.9.1", "agent"),
        ("python-requests/2.32", "agent"),
        ("Go-http-client/2.0", "agent"),
        ("Mozilla/5.0 HeadlessChrome/149.0", "agent"),
        ("WhatsApp/2.25", "agent"),
        ("Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "agent"),
    ] {
        assert_eq!(told(Visit { agent, ..visit() }), outcome, "{agent}");
    }
}

#[test]
fn the_first_visits_of_a_burst_belong_to_it() {
    let of = |visits: &[(i64, u64)]| {
        let visits: Vec<_> = visits.iter().map(|(at, link)| (Timestamp(*at), *link)).collect();
        bursts(&visits)
    };
    assert_eq!(of(&[(0, 1), (5_000, 2), (10_000, 3)]), [true, true, true]);
    assert_eq!(of(&[(0, 1), (5_000, 2), (10_001, 3)]), [false, false, false]);
    assert_eq!(of(&[(0, 1), (1, 1), (2, 1), (3, 2)]), [false; 4]);
    assert_eq!(of(&[(0, 1), (20_000, 1), (21_000, 2), (22_000, 3)]), [false, true, true, true]);
    assert_eq!(of(&[]), [false; 0]);
}

#[test]
fn networks_are_24_bits_or_56() {
    for (address, wanted) in [
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.255", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:201:ffff::", "2001:db8:1:200::/56"),
        ("2001:db8:1:300::", "2001:db8:1:300::/56"),
    ] {
        assert_eq!(network(address.parse().unwrap()), wanted, "{address}");
    }
}

proptest! {
    /// The reference looks at every second.
    #[test]
    fn bursts_are_found_in_any_order(visits in proptest::collection::vec((0_i64..40, 0_u64..5), 0..12)) {
        let given: Vec<_> = visits.iter().map(|(at, link)| (Timestamp(at * 1_000), *link)).collect();
        let naive: Vec<bool> = visits.iter().map(|(at, _)| {
            (-10..=40).filter(|from| *from <= *at && *at <= from + 10).any(|from| {
                let links: BTreeSet<u64> = visits.iter()
                    .filter(|(other, _)| from <= *other && *other <= from + 10)
                    .map(|(_, link)| *link).collect();
                links.len() >= 3
            })
        }).collect();
        prop_assert_eq!(bursts(&given), naive);
    }
}
