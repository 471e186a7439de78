//! docs/recipes/shoppers-day.md, step by step: pending, held, captured in part, returned after
//! spending, owed, paid off.

use serde_json::json;
use tests::Host;

#[test]
fn a_shoppers_day() {
    let host = Host::start_with(&["--clock", "2026-03-02T10:00:00+08:00"]);
    let shop = host.shop_with("day", |book| book["purchase"]["pending"] = json!({"days": 7}));
    let line = |id: &str, amount: i64| json!({"line_id": id, "amount": {"amount_minor": amount, "currency": "CNY"}});
    let order = |reference: &str, lines: &[serde_json::Value]| json!({"member_id": "mei", "event": "purchase", "reference": reference, "lines": lines});
    let first = order("order-1", &[line("coat", 30_000), line("scarf", 20_000)]);
    assert_eq!(shop.post("/v1/earn", &first).send().outcome(), "201 earn +500 = 500");
    let member = || {
        let member = shop.member("mei");
        ["balance", "pending", "held", "debt"].map(|name| member[name].as_i64().unwrap())
    };
    assert_eq!(member(), [0, 500, 0, 0]);
    // The window is over: points are active, and a checkout sets 450 of them aside.
    host.clock("2026-03-10T10:00:00+08:00");
    assert_eq!(member(), [500, 0, 0, 0]);
    let hold =
        json!({"member_id": "mei", "points": 450, "reference": "order-2", "hold": {"minutes": 30}});
    let placed = shop.post("/v1/redeem", &hold).send();
    assert_eq!(placed.outcome(), "201 hold +0 = 500, activate +0 = 500");
    assert_eq!(member(), [50, 0, 450, 0]);
    let id = placed.ok()["entry"]["entry_id"].as_str().unwrap().to_owned();
    let captured = shop.resolves(&id, "capture", &json!({"points": 400})).send();
    assert_eq!(captured.outcome(), "201 capture -400 = 100");
    assert_eq!(member(), [100, 0, 0, 0]);
    // The coat is returned; of its 300 points only 100 are left.
    let back = json!({"member_id": "mei", "reference": "order-1", "lines": [{"line_id": "coat"}], "reason": "wrong size"});
    let returned = shop.post("/v1/reverse", &back).send();
    assert_eq!(returned.outcome(), "201 reverse -300 = -200");
    assert_eq!(member(), [0, 0, 0, 200]);
    // The next purchase is pending for its own window, and pays the debt when the window ends.
    let next = order("order-3", &[line("boots", 25_000)]);
    assert_eq!(shop.post("/v1/earn", &next).send().outcome(), "201 earn +250 = 50");
    assert_eq!(member(), [0, 250, 0, 200]);
    host.clock("2026-03-18T10:00:00+08:00");
    // The state is the same before a job records it.
    assert_eq!(member(), [50, 0, 0, 0]);
    shop.runs("night");
    assert_eq!(member(), [50, 0, 0, 0]);
    assert_eq!(
        shop.history("mei"),
        [
            "earn +500 = 500",
            "activate +0 = 500",
            "hold +0 = 500",
            "capture -400 = 100",
            "reverse -300 = -200",
            "earn +250 = 50",
            "activate +0 = 50",
            "repay +0 = 50"
        ]
    );
    let account = |name: &str| {
        let report = shop.get("/v1/reports/trial-balance").send().ok();
        let rows = report["accounts"].as_array().unwrap().clone();
        rows.iter().find(|row| row["account"] == name).map(|row| row["points"].as_i64().unwrap())
    };
    assert_eq!(
        account("reversed"),
        Some(300),
        "{}",
        shop.get("/v1/reports/trial-balance").send().text()
    );
}
