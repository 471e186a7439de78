//! What must not follow behaviour is known, whatever else the member does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::behaviour::{cart, quiet_shop};
use crate::support::{at, purchase};
use ledger::{MemberId, Origin};
use rules::operations::Redeem;
use serde_json::json;
use store::{Lots, Submission};

#[test]
fn what_must_not_follow_is_known_whatever_else_is_done() {
    let strategy = json!({"id": "viewed", "trigger": {"kind": "behaviour", "behaviour": "view", "after_minutes": 1_440},
        "send": {"channels": ["push"], "template": "notice"}});
    for events in [20, 450] {
        let mut playbook = cart(&json!({"unless": "checkout"}));
        playbook["strategies"].as_array_mut().unwrap().push(strategy.clone());
        let shop = quiet_shop(playbook);
        shop.clock("20T10:58").did_at("m00", "add_to_cart", at("2026-01-20T09:00:00+08:00"));
        shop.did_at("m00", "checkout", at("2026-01-20T09:05:00+08:00"));
        for event in 0..events {
            let when = at("2026-01-20T09:10:00+08:00").plus_ms(event * 10_000);
            shop.did_at("m00", "view", when);
        }
        shop.run();
        shop.clock("20T11:01").run();
        assert_eq!(shop.answers(), [""; 0], "{events} views");
    }
}

#[test]
fn an_order_before_hundreds_of_entries_is_known() {
    for (entries, is_ordered) in [(20, true), (2_300, true), (2_300, false)] {
        let shop = quiet_shop(cart(&json!({"unless_entry": "order"})));
        shop.world.earn(["m00".into()], &purchase(1_000_000));
        shop.clock("20T09:00").did("m00", "add_to_cart");
        shop.run();
        shop.clock("20T09:05");
        if is_ordered {
            shop.world.earn(["m00".into()], &purchase(100));
        }
        shop.clock("20T09:10");
        let origin = Origin { actor: "test".into(), ..Origin::default() };
        let redeem = Submission::new(MemberId::new("m00").unwrap(), Redeem { points: 1 }, origin);
        shop.world.order(&vec![redeem; entries], Lots::First(64));
        shop.clock("20T11:01").run();
        let expected: &[&str] = if is_ordered { &[] } else { &["cart 20 due 20 11:01"] };
        assert_eq!(shop.answers(), expected, "{entries} entries");
    }
}
