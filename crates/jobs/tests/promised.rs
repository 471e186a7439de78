//! What a touch gives is what it was decided with, whatever the rulebook says when it goes out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::outbox::{given, taken, with_grants};
use rules::GrantRule;
use serde_json::{Value as Json, json};

fn with_grant_of(points: Json) -> Vec<String> {
    let shop = with_grants(2);
    shop.world.publish(|document| {
        let mut rule = json!({"expiry": "short", "coupon": "ten_off"});
        rule["points"] = points;
        let rule: GrantRule = serde_json::from_value(rule).unwrap();
        document.grants.insert("wish".to_owned(), rule);
    });
    assert_eq!(shop.send(taken).len(), 2);
    shop.world.assert_clean();
    given(&shop).0
}

#[test]
fn a_grant_gives_no_more_points_than_it_was_decided_with() {
    // Five when it was decided, which is what the budget counted.
    assert_eq!(with_grant_of(json!(5_000)), ["m00 1 5", "m01 1 5"]);
    assert_eq!(with_grant_of(json!(5)), ["m00 1 5", "m01 1 5"]);
    // The rulebook bounds what may be granted.
    assert_eq!(with_grant_of(json!(3)), ["m00 1 3", "m01 1 3"]);
}

#[test]
fn a_grant_that_brought_no_points_brings_none_later() {
    let shop = with_grants(1);
    shop.reach.connection().execute("UPDATE touch SET points = 0", []).unwrap();
    assert_eq!(shop.send(taken).len(), 1);
    assert_eq!(given(&shop).0, ["m00 1 0"]);
}
