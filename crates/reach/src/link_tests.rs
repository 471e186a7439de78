//! Tokens and targets, from docs/reference/links.md.

use std::collections::BTreeSet;

use super::Door::{Link, Unsubscribe};
use super::*;
use proptest::prelude::*;

fn key() -> LinkKey {
    LinkKey::new([7; 32])
}

#[test]
fn a_token_has_12_characters_and_grows_with_the_number() {
    for (number, characters) in [
        (0, 12),
        (1, 12),
        ((1 << 20) - 1, 12),
        (1 << 20, 13),
        ((1 << 25) - 1, 13),
        (1 << 25, 14),
        (i64::MAX.unsigned_abs(), 21),
        (u64::MAX, 21),
    ] {
        let token = key().token(Link, number);
        assert_eq!(token.len(), characters, "{number}: {token}");
        assert!(token.bytes().all(|b| DIGITS.contains(&b)), "{token}");
        assert_eq!(key().number(Link, &token), Some(number), "{token}");
    }
}

/// Worked out with Python's `hmac`, as the page says.
#[test]
fn tokens_are_those_of_the_document() {
    for (door, number, token) in [
        (Link, 0, "ax4cv0nkqp0h"),
        (Link, 4_711, "cb79pzzmv300"),
        (Link, 1 << 20, "3xbnsykq6jk1v"),
        (Link, 1 << 40, "jaec5j2bvxpqahxnj"),
        (Link, i64::MAX.unsigned_abs(), "a3vwgh4qrq3r9sfgtrqsw"),
        (Unsubscribe, 4_711, "wgc50bvxpy6y"),
        (Unsubscribe, i64::MAX.unsigned_abs(), "04wp5921xep6rjxzf3k23"),
    ] {
        assert_eq!(key().token(door, number), token);
    }
}

#[test]
fn a_token_is_of_one_key_and_one_door() {
    let token = key().token(Link, 4_711);
    assert_eq!(key().number(Unsubscribe, &token), None);
    assert_eq!(LinkKey::new([8; 32]).number(Link, &token), None);
    assert_ne!(key().token(Unsubscribe, 4_711), token);
}

#[test]
fn every_other_text_is_no_token() {
    let token = key().token(Link, 4_711);
    // Each other digit in each place.
    for place in 0..token.len() {
        for digit in DIGITS {
            let mut other = token.clone().into_bytes();
            let old = std::mem::replace(&mut other[place], *digit);
            let other = String::from_utf8(other).unwrap();
            assert_eq!(key().number(Link, &other).is_some(), old == *digit, "{other}");
        }
    }
    let long = "z".repeat(1_000);
    for other in [
        "",
        "0",
        "00000000",
        "00000000000",
        "000000000000",
        &token.to_ascii_uppercase(),
        &token[1..],
        &format!("0{token}"),
        &format!("{token}0"),
        &format!(" {token}"),
        "zzzzzzzzzzzzzzzzzzzzz",
        "zzzzzzzzzzzzzzzzzzzzzz",
        "人人人人",
        "人人人人人",
        "../../../../",
        &long,
    ] {
        assert_eq!(key().number(Link, other), None, "{other}");
    }
}

#[test]
fn the_number_does_not_show() {
    // Tokens of numbers in a row begin differently: the first digits are those of the number.
    let starts: BTreeSet<String> =
        (0..1_000).map(|number| key().token(Link, number)[..NUMBER_DIGITS].to_owned()).collect();
    assert!(starts.len() > 990, "{}", starts.len());
}

#[test]
fn a_key_does_not_show() {
    assert_eq!(format!("{:?}", key()), "LinkKey");
}

#[test]
fn links_lead_to_listed_hosts_only() {
    let listed = ["shop.example", "shop.example:8443", "xn--fiqs8s.example", "a.shop.example"];
    let hosts = Hosts::new(&listed).unwrap();
    for (target, refused) in [
        ("https://shop.example", None),
        ("https://shop.example/", None),
        ("https://shop.example/a?b=c#d", None),
        ("https://shop.example?next=https://evil.example", None),
        ("https://shop.example#x", None),
        ("https://SHOP.example/A", None),
        ("https://shop.example:8443/a", None),
        ("https://a.shop.example/%E5%85%91%E6%8D%A2", None),
        ("https://xn--fiqs8s.example/", None),
        ("https://shop.example//evil.example", None),
        ("https://shop.example/@evil.example", None),
        // Other schemes and none.
        ("", Some(Refused::NotHttps)),
        ("/a", Some(Refused::NotHttps)),
        ("//shop.example", Some(Refused::NotHttps)),
        ("http://shop.example/", Some(Refused::NotHttps)),
        ("HTTPS://shop.example/", Some(Refused::NotHttps)),
        ("javascript:alert(1)//shop.example", Some(Refused::NotHttps)),
        ("data:text/html,x", Some(Refused::NotHttps)),
        ("https:shop.example", Some(Refused::NotHttps)),
        ("https:/shop.example", Some(Refused::NotHttps)),
        ("weixin://dl/business", Some(Refused::NotHttps)),
        // Users.
        ("https://shop.example@evil.example/", Some(Refused::User)),
        ("https://shop.example:8443@evil.example/", Some(Refused::User)),
        ("https://evil.example@shop.example/", Some(Refused::User)),
        ("https://@shop.example/", Some(Refused::User)),
        // What browsers read as `/`, or leave out.
        ("https://evil.example\\@shop.example/", Some(Refused::Character)),
        ("https://shop.example\\.evil.example/", Some(Refused::Character)),
        ("https:\\\\shop.example", Some(Refused::Character)),
        ("https://shop.example/\r\nSet-Cookie: a=b", Some(Refused::Character)),
        ("https://shop.example/\t", Some(Refused::Character)),
        ("https://sh\top.example/", Some(Refused::Character)),
        (" https://shop.example/", Some(Refused::Character)),
        ("https://shop.example/a b", Some(Refused::Character)),
        ("https://shop.example/\u{0}", Some(Refused::Character)),
        ("https://shop.example/\u{7f}", Some(Refused::Character)),
        // Look-alikes: Cyrillic о, a full stop of Chinese, a full-width letter, a soft hyphen.
        ("https://sh\u{43e}p.example/", Some(Refused::Character)),
        ("https://shop\u{3002}example/", Some(Refused::Character)),
        ("https://\u{ff53}hop.example/", Some(Refused::Character)),
        ("https://sh\u{ad}op.example/", Some(Refused::Character)),
        ("https://xn--shp-fed.example/", Some(Refused::NotListed)),
        // No host.
        ("https://", Some(Refused::Host)),
        ("https:///shop.example", Some(Refused::Host)),
        ("https://?shop.example", Some(Refused::Host)),
        ("https://shop.example./", Some(Refused::Host)),
        ("https://.shop.example/", Some(Refused::Host)),
        ("https://shop..example/", Some(Refused::Host)),
        ("https://shop.example%2eevil.example/", Some(Refused::Host)),
        ("https://shop.example%00.evil.example/", Some(Refused::Host)),
        ("https://shop.example:/", Some(Refused::Host)),
        ("https://shop.example:0443/", Some(Refused::Host)),
        ("https://shop.example:x/", Some(Refused::Host)),
        ("https://shop.example:99999/", Some(Refused::Host)),
        ("https://shop.example;evil.example/", Some(Refused::Host)),
        ("https://127.0.0.1/", Some(Refused::Host)),
        ("https://2130706433/", Some(Refused::Host)),
        ("https://0x7f.1/", Some(Refused::Host)),
        ("https://[::1]/", Some(Refused::Host)),
        ("https://localhost/", Some(Refused::Host)),
        // Other hosts.
        ("https://evil.example/", Some(Refused::NotListed)),
        ("https://evil.example/shop.example", Some(Refused::NotListed)),
        ("https://evil.example?shop.example", Some(Refused::NotListed)),
        ("https://evil.example#@shop.example", Some(Refused::NotListed)),
        ("https://shop.example.evil.example/", Some(Refused::NotListed)),
        ("https://b.shop.example/", Some(Refused::NotListed)),
        ("https://myshop.example/", Some(Refused::NotListed)),
        ("https://shop.example:443/", Some(Refused::NotListed)),
        ("https://shop.example:9000/", Some(Refused::NotListed)),
    ] {
        assert_eq!(hosts.allows(target).err(), refused, "{target}");
    }
    let long = format!("https://shop.example/{}", "a".repeat(3_000));
    assert_eq!(hosts.allows(&long), Err(Refused::TooLong));
    assert_eq!(Hosts::default().allows("https://shop.example/"), Err(Refused::NotListed));
}

#[test]
fn a_list_has_hosts() {
    for host in [
        "",
        "Shop.example",
        "*.example",
        "shop.example/",
        "https://shop.example",
        "shop example",
        "商店.example",
        "127.0.0.1",
        "localhost",
        "shop.example:",
        "shop.example:0",
        "-a.example",
    ] {
        assert_eq!(Hosts::new(&["a.example", host]), Err((1, Refused::Host)), "{host}");
    }
    let many: Vec<String> = (0..51).map(|number| format!("s{number}.example")).collect();
    assert_eq!(Hosts::new(&many), Err((50, Refused::TooMany)));
    assert!(Hosts::new(&many[..50]).is_ok());
}

proptest! {
    #[test]
    fn every_number_comes_back(number: u64, bytes: [u8; 32]) {
        let key = LinkKey::new(bytes);
        for door in [Link, Unsubscribe] {
            prop_assert_eq!(key.number(door, &key.token(door, number)), Some(number));
        }
    }

    #[test]
    fn no_text_is_a_token_by_chance(text in "[0-9a-z]{0,24}|.{0,24}") {
        prop_assert_eq!(key().number(Link, &text), None);
    }

    /// Whatever is allowed begins with a listed host and what ends a host.
    #[test]
    fn what_is_allowed_begins_with_a_listed_host(
        text in "https://(shop\\.example|evil\\.example)?[@:/?#.a-z%\\\\ ]{0,9}(shop\\.example)?/?",
    ) {
        if Hosts::new(&["shop.example"]).unwrap().allows(&text).is_ok() {
            let rest = text.strip_prefix("https://shop.example").unwrap();
            prop_assert!(rest.is_empty() || rest.starts_with(['/', '?', '#']), "{}", text);
        }
    }
}
