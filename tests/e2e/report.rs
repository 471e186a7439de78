//! `/v1/reports`: the trial balance, and the audit. The database file itself refuses edits.

use serde_json::{Value as Json, json};
use tests::Host;

#[test]
fn a_trial_balance_sums_to_zero() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 250_000).send().ok();
    shop.redeems("m", 300).send().ok();
    host.clock("2026-03-11T10:00:00+08:00");
    shop.buys("n", "o-2", 5_000).send().ok();
    let accounts = |query: &str| {
        let report = shop.get(&format!("/v1/reports/trial-balance{query}")).send().ok();
        assert_eq!(report["sum"], 0);
        let row = |row: &Json| format!("{} {}", row["account"].as_str().unwrap(), row["points"]);
        report["accounts"].as_array().unwrap().iter().map(row).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(accounts(""), "issued -3050, members 2750, redeemed 300");
    assert_eq!(
        accounts("?to=2026-03-11T00:00:00%2B08:00"),
        "issued -3000, members 2700, redeemed 300"
    );
    assert_eq!(accounts("?from=2026-03-11T00:00:00%2B08:00"), "issued -50, members 50");
    assert_eq!(accounts("?from=2030-01-01T00:00:00Z"), "");
    for query in ["from=yesterday", "to=2026-03-11", "from=2026-03-11T00:00:00", "from="] {
        let place = format!("400 invalid-request ?{}", query.split_once('=').unwrap().0);
        assert_eq!(
            shop.get(&format!("/v1/reports/trial-balance?{query}")).send().outcome(),
            place,
            "{query}"
        );
    }
}

#[test]
fn the_file_refuses_to_have_entries_edited() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 1_000).send().ok();
    let before = host.books().snapshot();
    for statement in [
        "UPDATE entry SET points = 99",
        "UPDATE entry SET body = '{}' WHERE sequence = 1",
        "UPDATE claim SET entry_no = NULL",
        "DELETE FROM claim",
        "UPDATE OR IGNORE entry SET points = 99",
        "DELETE FROM entry",
        "DELETE FROM entry WHERE no = 1",
        "REPLACE INTO entry SELECT * FROM entry",
        "INSERT OR REPLACE INTO entry SELECT * FROM entry",
    ] {
        let refused = host.books().write(statement);
        assert!(
            refused.as_ref().is_err_and(|why| why.contains("append-only")),
            "{statement}: {refused:?}"
        );
    }
    assert_eq!(host.books().snapshot(), before);
    assert_eq!(shop.history("m"), ["earn +10 = 10"]);
}

/// The audit finds edits that were made after the triggers were removed.
#[test]
fn the_audit_finds_edited_rows() {
    for (what, statement) in [
        (
            "points of an entry",
            "UPDATE entry SET points = points + 1, balance_after = balance_after + 1 WHERE sequence = 2",
        ),
        (
            "text of an entry",
            "UPDATE entry SET body = replace(body, 'o-1', 'o-7') WHERE sequence = 1",
        ),
        ("time of an entry", "UPDATE entry SET recorded_at = recorded_at - 1 WHERE sequence = 2"),
        ("last entry gone", "DELETE FROM entry WHERE sequence = 3"),
        ("middle entry gone", "DELETE FROM entry WHERE sequence = 2"),
        (
            "entry of another programme",
            "UPDATE entry SET programme_no = programme_no + 1 WHERE sequence = 3",
        ),
        ("lot topped up", "UPDATE lot SET remaining = remaining + 1 WHERE number = 1"),
        ("lot lives longer", "UPDATE lot SET expires_at = expires_at + 1 WHERE number = 1"),
        ("balance raised", "UPDATE member SET points_in_lots = points_in_lots + 1"),
        ("tier given", "UPDATE member SET tier = 'gold', tier_since = 0"),
        ("counters reset", "UPDATE member SET counters = '[]'"),
        ("growth given", "UPDATE member SET qualification = replace(qualification, '1', '2')"),
    ] {
        let mut host = Host::start();
        host.leave_books_unchecked();
        let shop = host.shop();
        for (ask, outcome) in [
            (shop.buys("m", "o-1", 1_000), "201 earn +10 = 10"),
            (shop.redeems("m", 4), "201 redeem -4 = 6"),
            (shop.does("m", "check_in"), "201 earn +5 = 11"),
        ] {
            assert_eq!(ask.send().outcome(), outcome);
        }
        let books = host.books();
        for trigger in ["entry_is_never_updated", "entry_is_never_deleted"] {
            books.write(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        assert_eq!(shop.get("/v1/reports/audit").send().ok()["clean"], true);
        assert!(books.write(statement).unwrap() > 0, "{what}");
        for audit in ["/v1/reports/audit", "/v1/reports/audit?member_id=m"] {
            let answer = shop.get(audit).send();
            assert_eq!(
                (answer.status, &answer.json()["clean"]),
                (200, &json!(false)),
                "{what}: {}",
                answer.text()
            );
        }
    }
}

#[test]
fn budgets_and_their_red_line() {
    let host = Host::start();
    let shop = host.shop_with("spring", |book| {
        book["caps"] = json!({"budget": {"points": 200, "per": "month", "red_line_percent": 80}});
        book["rules"] = json!([{"id": "gift", "event": "purchase", "award": {"kind": "fixed", "points": 40},
            "caps": [{"points": 50, "per": "day", "of": "programme"}, {"points": 9, "per": "year"}]}]);
    });
    let reported = || shop.get("/v1/reports/budgets").send().ok()["budgets"].clone();
    let rows = || {
        let row = |b: &Json| {
            format!("{} {} {}/{} {}", b["rule"], b["per"], b["granted"], b["points"], b["red"])
        };
        reported().as_array().unwrap().iter().map(|b| row(b).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(rows(), ["null month 0/200 false", "gift day 0/50 false"]);
    // 150 from the base rate and 9 of the rule, whose limit for the member is then used up.
    assert_eq!(shop.buys("m", "o-1", 15_000).send().outcome(), "201 earn +159 = 159");
    assert_eq!(rows(), ["null month 159/200 false", "gift day 9/50 false"]);
    assert_eq!(shop.does("m", "check_in").send().outcome(), "201 earn +5 = 164");
    assert_eq!(rows(), ["null month 164/200 true", "gift day 9/50 false"]);
    assert_eq!(reported()[0]["left"], 36);
    host.clock("2026-04-01T00:00:00+08:00");
    assert_eq!(rows(), ["null month 0/200 false", "gift day 0/50 false"]);
    let storefront = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(storefront.get("/v1/reports/budgets").send().outcome(), "403 forbidden");
}

/// A member is full at 10^15 points; the books of many such members still sum up.
#[test]
fn members_with_the_max_points_do_not_break_the_reports() {
    let host = Host::start();
    let shop = host.shop_with("rich", |book| {
        book["purchase"]["points_per_unit"] = "1000000".into();
        book["caps"] = json!({});
        book["tiers"] = json!(null);
    });
    for member in ["li", "wang"] {
        assert_eq!(
            shop.buys(member, member, 100_000_000_000).send().outcome(),
            "201 earn +1000000000000000 = 1000000000000000"
        );
        assert_eq!(
            shop.buys(member, &format!("{member}-2"), 100).send().outcome(),
            "422 amount-out-of-range"
        );
    }
    for report in ["trial-balance", "audit", "exchanges", "budgets"] {
        assert_eq!(shop.get(&format!("/v1/reports/{report}")).send().status, 200, "{report}");
    }
    assert_eq!(
        shop.get("/v1/reports/trial-balance").send().ok()["kinds"][0]["points"],
        2_000_000_000_000_000i64
    );
}
