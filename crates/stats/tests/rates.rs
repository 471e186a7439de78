//! Intervals and sizes as statsmodels works them out: `rates/vectors.py` made the figures.

use serde_json::Value;
use stats::{Rate, difference, needed};

/// Two figures that differ by less are the same.
const EXACT: f64 = 1e-9;

fn vectors(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("rates/vectors.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

fn rate(of: &Value) -> Rate {
    Rate::new(of[0].as_u64().unwrap(), of[1].as_u64().unwrap()).unwrap()
}

fn near(found: f64, wanted: &Value, what: &Value) {
    let wanted = wanted.as_f64().unwrap();
    let scale = wanted.abs().max(1.0);
    assert!((found - wanted).abs() <= EXACT * scale, "{found} and {wanted} of {what}");
}

#[test]
fn intervals_of_one_rate_are_those_of_statsmodels() {
    let vectors = vectors("wilson");
    assert!(vectors.len() >= 20);
    for vector in vectors {
        let found = rate(&vector["rate"]).interval();
        near(found.low, &vector["low"], &vector);
        near(found.high, &vector["high"], &vector);
    }
}

#[test]
fn intervals_of_a_difference_are_those_of_statsmodels() {
    let vectors = vectors("newcombe");
    assert!(vectors.len() >= 40);
    for vector in vectors {
        let found = difference(rate(&vector["first"]), rate(&vector["second"]));
        near(found.low, &vector["low"], &vector);
        near(found.high, &vector["high"], &vector);
    }
}

#[test]
fn sizes_are_those_of_statsmodels() {
    let vectors = vectors("needed");
    assert!(vectors.len() >= 20);
    for vector in vectors {
        let given = |name: &str| vector[name].as_f64().unwrap();
        let found = needed(given("base"), given("lift"), given("share")).unwrap();
        near(found.treated, &vector["treated"], &vector);
        near(found.held_out, &vector["held_out"], &vector);
    }
}

#[test]
fn twelve_to_thirteen_and_a_half_percent_takes_7_760_a_side() {
    let found = needed(0.12, 0.015, 0.5).unwrap();
    assert_eq!(found.treated.ceil(), 7_761.0);
    assert_eq!(found.held_out, found.treated);
}

#[test]
fn what_cannot_be_has_no_rate_and_no_size() {
    for (hits, of) in [(0, 0), (1, 0), (2, 1)] {
        assert_eq!(Rate::new(hits, of), None, "{hits} of {of}");
    }
    for (base, lift, share) in [
        (0.12, 0.0, 0.5),
        (0.12, 0.9, 0.5),
        (0.12, -0.2, 0.5),
        (-0.1, 0.2, 0.5),
        (0.12, 0.01, 0.0),
        (0.12, 0.01, 1.0),
        (f64::NAN, 0.01, 0.5),
        (0.12, f64::NAN, 0.5),
        (0.12, 0.01, f64::NAN),
    ] {
        assert_eq!(needed(base, lift, share), None, "{base} {lift} {share}");
    }
}
