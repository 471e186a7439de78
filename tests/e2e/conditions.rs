//! Conditions for editors: the fields, rows and CEL each from the other, and groups of rows at the
//! till.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop};

fn translates(shop: &Shop, body: &Json) -> Answer {
    shop.post("/v1/conditions/translate", body).send()
}

fn row(field: &str, operator: &str, values: &[&str]) -> Json {
    json!({"field": field, "operator": operator, "values": values})
}

#[test]
fn fields_have_types_operators_and_names() {
    let host = Host::start();
    let shop = host.shop();
    let till = shop.with_bearer(&shop.key("storefront"));
    let fields = till.get("/v1/conditions/fields").send().ok();
    let named = |name: &str, scope: &str| {
        let mut items = fields["items"].as_array().unwrap().iter();
        items.find(|one| one["field"] == name && one["scope"] == scope).unwrap().clone()
    };
    assert_eq!(
        named("order.amount_minor", "event"),
        json!({"field": "order.amount_minor", "takes_name": false, "scope": "event", "type": "number", "money": true,
            "operators": ["is", "is_not", "at_least", "at_most", "above", "below", "one_of", "none_of"],
            "names": {"zh-CN": "订单金额", "en": "order amount"}, "meaning": "sum of all lines, in minor units"})
    );
    for (name, scope, kind, takes_name) in [
        ("member.is_new", "event", "boolean", false),
        ("member.tags", "event", "texts", false),
        ("line.sku", "line", "text", false),
        ("attributes.", "event", "text", true),
        ("attributes.", "member", "text", true),
        ("member.orders_30", "member", "number", false),
        ("member.category_share.", "member", "number", true),
    ] {
        let field = named(name, scope);
        assert_eq!(
            (&field["type"], &field["takes_name"]),
            (&json!(kind), &json!(takes_name)),
            "{name}"
        );
    }
    assert_eq!(
        named("member.spend_90", "member")["names"],
        json!({"zh-CN": "近 90 天消费", "en": "spent in 90 days"})
    );
}

#[test]
fn rows_and_cel_are_put_into_each_other() {
    let host = Host::start();
    let shop = host.shop();
    let any = json!({"any": [row("member.tier", "is", &["gold"]), row("member.orders", "above", &["9"])]});
    let weekend = row("event.weekday", "one_of", &["6", "7"]);
    let cel = r#"(member.tier == "gold" || member.orders > 9) && event.weekday in [6, 7]"#;
    let both = json!({"conditions": [any, weekend], "when": cel, "problems": []});
    for body in [
        json!({"conditions": [any, weekend]}),
        json!({"when": cel}),
        json!({"conditions": [any], "when": "event.weekday in [6, 7]"}),
    ] {
        assert_eq!(translates(&shop, &body).ok(), both, "{body}");
    }
    // What rows cannot say stays a text; a choice within it keeps its parentheses.
    assert_eq!(
        translates(&shop, &json!({"conditions": [weekend], "when": "1 + 1 == 3 || member.is_new"}))
            .ok(),
        json!({"conditions": null, "when": "event.weekday in [6, 7] && (1 + 1 == 3 || member.is_new)", "problems": []})
    );
    assert_eq!(
        translates(&shop, &json!({})).ok(),
        json!({"conditions": [], "when": "", "problems": []})
    );
    let line = json!({"scope": "line", "when": "line.quantity > 1"});
    assert_eq!(
        translates(&shop, &line).ok()["conditions"],
        json!([row("line.quantity", "above", &["1"])])
    );
    assert_eq!(
        translates(&shop, &json!({"when": "line.quantity > 1"})).ok()["problems"][0]["column"],
        1
    );
}

#[test]
fn faults_of_conditions_are_answers_with_their_place() {
    let host = Host::start();
    let shop = host.shop();
    let faults = |body: Json| {
        let answer = translates(&shop, &body).ok();
        assert_eq!((&answer["conditions"], &answer["when"]), (&Json::Null, &Json::Null), "{body}");
        answer["problems"].as_array().unwrap().clone()
    };
    let found = faults(json!({"when": r#"member.tier == "gold" && member.xp > 3"#}));
    assert_eq!(
        found,
        [
            json!({"pointer": "/when", "detail": "member.xp is no field that is known here", "line": 1, "column": 26})
        ]
    );
    let found = faults(json!({"conditions": [{"none": [row("event.hour", "is", &["noon"])]}]}));
    assert_eq!(
        found,
        [json!({"pointer": "/conditions/0/none/0/values", "detail": "must be whole numbers"})]
    );
    // Another shape is a wrong request, at its place.
    let wrong = translates(&shop, &json!({"conditions": [{"any": [{"all": [], "none": []}]}]}));
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/conditions/0/any/0");
    for role in ["storefront", "service", "approver"] {
        let other = shop.with_bearer(&shop.key(role));
        assert_eq!(translates(&other, &json!({})).status, 403, "{role}");
    }
}

#[test]
fn a_rule_with_groups_fires_where_they_hold() {
    let host = Host::start();
    let shop = host.shop_with("groups", |book| {
        book["rules"] = json!([{"id": "either", "event": "purchase", "award": {"kind": "fixed", "points": 7},
            "conditions": [{"any": [row("event.channel", "is", &["app"]), row("order.amount_minor", "at_least", &["50000"])]},
                {"none": [row("event.store", "is", &["outlet"])]}]}]);
    });
    let rules_of = |reference: &str, channel: &str, store: &str, amount: i64| {
        let body = json!({"member_id": "anna", "event": "purchase", "reference": reference, "channel": channel, "store_id": store,
            "lines": [{"line_id": "1", "quantity": 1, "amount": {"amount_minor": amount, "currency": "CNY"}}]});
        shop.post("/v1/earn", &body).send().ok()["entry"]["rules"].to_string()
    };
    for (reference, channel, store, amount, expected) in [
        ("a", "app", "north", 100, true),
        ("b", "web", "north", 100, false),
        ("c", "web", "north", 50_000, true),
        ("d", "app", "outlet", 50_000, false),
    ] {
        let found = rules_of(reference, channel, store, amount);
        assert_eq!(found.contains("either"), expected, "{reference}: {found}");
    }
}
