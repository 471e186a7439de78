//! A rulebook of fifty rules, as a retailer might have after some years. Most of them do not match
//! most orders, and a few do.

use crate::server::Server;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Publishes this many rules beside the default ones, as the next rulebook of the measured
/// programme. Each call has another `turn`.
pub async fn publish(server: &Server, rules: usize, turn: &str) -> Result<()> {
    let mut client = server.client();
    let found = client.get("/v1/programmes/default").await?;
    let mut body = json!({"name": found.get("name"), "rulebook": found.get("rulebook")});
    let book = body
        .get_mut("rulebook")
        .and_then(Value::as_object_mut)
        .context("a programme without a rulebook")?;
    book.insert("groups".to_owned(), json!({"campaign": "best_of"}));
    book.insert("rules".to_owned(), (0..rules).map(rule).collect());
    client
        .expect(
            "PUT",
            "/v1/programmes/default",
            Some(&format!("bench-rules-{turn}")),
            body.to_string().as_bytes(),
        )
        .await
        .context("publishing the rules of the bench")?;
    Ok(())
}

fn rule(number: usize) -> Value {
    let award = match number % 3 {
        0 => json!({"kind": "multiplier", "times": "1.2"}),
        1 => json!({"kind": "fixed", "points": 5}),
        _ => json!({"kind": "rate", "points_per_unit": "0.1"}),
    };
    let mut rule = json!({"id": format!("rule_{number}"), "event": "purchase", "award": award});
    let (field, text) = match number % 5 {
        0 => (
            "lines",
            format!("line.category == \"GROCERY\" && line.amount_minor > {}", number * 400),
        ),
        1 => (
            "when",
            format!("\"tag_{number}\" in member.tags || member.birth_month == {}", 1 + number % 12),
        ),
        2 => (
            "when",
            format!("event.channel == \"channel_{number}\" && order.amount_minor >= 10000"),
        ),
        3 => (
            "when",
            format!(
                "member.tier == \"gold\" && event.weekday in [{}, 7] && event.hour >= 9",
                1 + number % 6
            ),
        ),
        _ => (
            "when",
            format!("order.lines.exists(l, l.sku == \"sku_{number}\" || l.quantity > {number})"),
        ),
    };
    if let Some(fields) = rule.as_object_mut() {
        fields.insert(field.to_owned(), text.into());
        if number.is_multiple_of(2) {
            fields.insert("group".to_owned(), "campaign".into());
        }
    }
    rule
}
