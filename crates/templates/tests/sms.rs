//! Sizes of text messages, by hand and as smsutil splits texts: `sms/vectors.py` made the rows.

use templates::{Encoding, parts};

#[test]
fn texts_are_split_as_smsutil_does() {
    let rows: Vec<(String, String, usize)> =
        serde_json::from_str(include_str!("sms/vectors.json")).unwrap();
    assert!(rows.len() > 100);
    for (text, encoding, count) in rows {
        let found = parts(&text);
        let named = if found.encoding == Encoding::Gsm7 { "gsm7" } else { "ucs2" };
        assert_eq!((named, found.parts), (encoding.as_str(), count), "{text:?}: {found:?}");
    }
}

#[test]
fn bounds_are_those_of_the_page() {
    for (text, places, count) in [
        (String::new(), 0, 0),
        ("您".repeat(70), 70, 1),
        ("您".repeat(71), 71, 2),
        ("您".repeat(134), 134, 2),
        ("您".repeat(135), 135, 3),
        ("a".repeat(160), 160, 1),
        ("a".repeat(161), 161, 2),
        ("a".repeat(306), 306, 2),
        ("a".repeat(307), 307, 3),
        // What takes two places stands in one part.
        ("€".repeat(80), 160, 1),
        ("a".repeat(152) + "€€€€€", 162, 2),
        ("😀".repeat(35), 70, 1),
        ("您".repeat(66) + &"😀".repeat(34), 134, 3),
    ] {
        let found = parts(&text);
        assert_eq!((found.places, found.parts), (places, count), "{text}");
    }
}
