//! What the demo's members do besides buying: logins, views and carts, where they are reached and
//! what they said about it, and the tags and segments that follow.
//!
//! All of it is made up from the number of the household. It goes through the routes that take 500
//! at once, where there is such a one; the others are called on several connections.

use super::baskets::Basket;
use super::import;
use crate::http::Client;
use crate::server::Server;
use anyhow::{Context, Result};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::task::JoinSet;

/// The tags of the documents, and segments that ask for scores.
const DEFINITIONS: &str = include_str!("../../demo/customers.json");
const LANES: usize = 4;
/// What the bulk routes take at once.
const A_CALL: usize = 500;
/// Behaviour may be reported for 180 days.
const DAYS: i64 = 175;
/// Members of the list that is put on by a file.
const GUESTS: usize = 120;

/// A household with what its baskets tell.
struct Household<'a> {
    number: u64,
    id: &'a str,
    member: String,
    store: &'a str,
    departments: Vec<&'a str>,
}

/// A change of one thing: path and body.
type Put = (String, Value);

/// Fills everything, and says what it did and how long that took.
pub async fn fill(server: &Server, baskets: &[Basket], now: DateTime<Utc>) -> Result<()> {
    let households = households(baskets);
    let mut operator = server.client();
    let till = key(&mut operator, "storefront", "网上商城").await?;
    let mut shop = Client::new(server.api, &till);

    let began = Instant::now();
    let events: Vec<Value> = households.iter().flat_map(|of| behaviour(of, now)).collect();
    bulk(&mut shop, "/v1/behaviour/bulk", "events", &events).await?;
    said(began, &format!("{} logins, views and carts", events.len()));

    let began = Instant::now();
    let puts: Vec<Put> = households.iter().flat_map(contacts).collect();
    let count = puts.len();
    put_all(server, &till, puts).await?;
    let consents: Vec<Value> = households.iter().flat_map(|of| consents(of, now)).collect();
    bulk(&mut shop, "/v1/consents/bulk", "consents", &consents).await?;
    said(began, &format!("{count} addresses and wishes, {} consents", consents.len()));

    let began = Instant::now();
    let entries = until_done(&mut operator, "fold", "entries").await?;
    said(began, &format!("{entries} entries folded into facts"));

    let began = Instant::now();
    define(&mut operator, &households).await?;
    let members = until_done(&mut operator, "refresh", "members").await?;
    said(began, &format!("tags, segments and scores of {members} members"));
    Ok(())
}

fn said(began: Instant, what: &str) {
    eprintln!("{:>7.1} s  {what}", began.elapsed().as_secs_f64());
}

/// The households by id, each with the store that it visits most.
fn households(baskets: &[Basket]) -> Vec<Household<'_>> {
    let mut seen: BTreeMap<&str, (BTreeMap<&str, usize>, Vec<&str>)> = BTreeMap::new();
    for basket in baskets {
        let (stores, departments) = seen.entry(&basket.household).or_default();
        *stores.entry(&basket.store).or_default() += 1;
        departments.push(&basket.department);
    }
    seen.into_iter()
        .map(|(id, (stores, departments))| {
            let most = stores.into_iter().max_by_key(|(_, visits)| *visits);
            Household {
                number: id.parse().unwrap_or_default(),
                id,
                member: format!("household-{id}"),
                store: most.map_or("", |(store, _)| store),
                departments,
            }
        })
        .collect()
}

/// A number below `below`, the same each time for one household and one question.
fn lot(household: &Household<'_>, question: u64, below: u64) -> u64 {
    let mixed = (household.number ^ (question << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 33) % below.max(1)
}

/// Visits of half a year. One household in six never logs in.
fn behaviour(of: &Household<'_>, now: DateTime<Utc>) -> Vec<Value> {
    if lot(of, 1, 6) == 0 {
        return Vec::new();
    }
    let visits = 3 + lot(of, 2, 9);
    let mut events = Vec::new();
    for visit in 0..visits {
        let share = i64::try_from(lot(of, 10 + visit, 1_000)).unwrap_or_default();
        let at = now - Duration::minutes(90 + share * DAYS * 24 * 60 / 1_000);
        let department = usize::try_from(lot(of, 30 + visit, 1_000)).unwrap_or_default();
        let department = of.departments.get(department % of.departments.len().max(1));
        let item = format!("SKU-{:04}", lot(of, 50 + visit, 4_000));
        let kinds: &[&str] = match lot(of, 70 + visit, 8) {
            0 => &["login"],
            1 => &["login", "search", "view"],
            2 => &["login", "view", "favourite"],
            3 => &["login", "view", "add_to_cart"],
            4 => &["login", "ticket"],
            5 => &["login", "view", "share"],
            _ => &["login", "view"],
        };
        for (step, kind) in (0_i64..).zip(kinds) {
            let mut event = json!({
                "idempotency_key": format!("{}-{visit}-{step}", of.id), "member_id": of.member, "kind": kind,
                "occurred_at": (at + Duration::minutes(step)).to_rfc3339(),
                "channel": if lot(of, 3, 2) == 0 { "app" } else { "mini_program" },
            });
            if let (false, Some(fields)) = (*kind == "login", event.as_object_mut()) {
                fields.insert("item".to_owned(), item.as_str().into());
                fields.insert("category".to_owned(), (*department.unwrap_or(&"OTHER")).into());
            }
            events.push(event);
        }
    }
    events
}

fn phone(of: &Household<'_>) -> String {
    format!("139{:08}", of.number.wrapping_mul(48_271) % 100_000_000)
}

fn address(of: &Household<'_>, channel: &str) -> String {
    if channel == "sms" { format!("+86{}", phone(of)) } else { format!("h{}@example.com", of.id) }
}

/// Addresses, and how members want to be treated.
fn contacts(of: &Household<'_>) -> Vec<Put> {
    let member = &of.member;
    let mut puts = Vec::new();
    if lot(of, 4, 10) < 8 {
        let body = json!({"address": address(of, "sms"), "verified": lot(of, 5, 3) > 0});
        puts.push((format!("/v1/members/{member}/contacts/sms"), body));
    }
    if lot(of, 6, 10) < 4 {
        let mut body = json!({"address": address(of, "email")});
        if let (0, Some(fields)) = (lot(of, 7, 12), body.as_object_mut()) {
            fields.insert("state".to_owned(), "bounced".into());
        }
        puts.push((format!("/v1/members/{member}/contacts/email"), body));
    }
    if lot(of, 8, 2) == 0 {
        let mut body = json!({
            "language": "zh-CN", "home_store_id": of.store, "personalised": lot(of, 9, 25) > 0,
        });
        if let (0, Some(fields)) = (lot(of, 100, 3), body.as_object_mut()) {
            let quiet = json!({"from": "21:00", "until": "09:00"});
            fields.insert("quiet_hours".to_owned(), quiet);
        }
        puts.push((format!("/v1/members/{member}/preferences"), body));
    }
    puts
}

fn consents(of: &Household<'_>, now: DateTime<Utc>) -> Vec<Value> {
    let days = |question| i64::try_from(lot(of, question, 170)).unwrap_or_default();
    let said = |purpose: &str, channel: &str, decision: &str, days_ago: i64, source: &str| {
        json!({
            "member_id": of.member, "purpose": purpose, "channel": channel, "decision": decision,
            "address": address(of, channel), "source": source,
            "occurred_at": (now - Duration::days(days_ago)).to_rfc3339(),
        })
    };
    let mut all = Vec::new();
    let given = 1 + days(101);
    if lot(of, 102, 10) < 6 {
        all.push(said("marketing", "sms", "given", given, "入会登记表"));
        if lot(of, 103, 8) == 0 {
            all.push(said("marketing", "sms", "withdrawn", given / 2, "短信回复 TD"));
        }
    }
    if lot(of, 104, 10) < 4 {
        all.push(said("marketing", "email", "given", given, "小程序"));
    }
    if lot(of, 105, 40) == 0 {
        all.push(said("service", "sms", "withdrawn", 0, "客服电话"));
    }
    all
}

/// Sends rows, 500 a call, and stops at the first that is refused.
async fn bulk(client: &mut Client, path: &str, name: &str, rows: &[Value]) -> Result<()> {
    for rows in rows.chunks(A_CALL) {
        let body = json!({ name: rows }).to_string();
        let answer = client.expect("POST", path, None, body.as_bytes()).await?;
        let outcomes = answer.get("outcomes").and_then(Value::as_array).context("no outcomes")?;
        for outcome in outcomes {
            if import::number(outcome, "status")? != 201 {
                anyhow::bail!("{path} refused a row: {outcome}");
            }
        }
    }
    Ok(())
}

/// Puts things, a few at a time.
pub async fn put_all(server: &Server, key: &str, puts: Vec<Put>) -> Result<()> {
    let mut lanes: Vec<Vec<Put>> = (0..LANES).map(|_| Vec::new()).collect();
    for (place, put) in puts.into_iter().enumerate() {
        if let Some(lane) = lanes.get_mut(place % LANES) {
            lane.push(put);
        }
    }
    let mut tasks = JoinSet::new();
    for lane in lanes {
        let mut client = Client::new(server.api, key);
        tasks.spawn(async move {
            for (path, body) in lane {
                let (key, body) = (format!("put{path}"), body.to_string());
                client.expect("PUT", &path, Some(&key), body.as_bytes()).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(lane) = tasks.join_next().await {
        lane.context("a lane ended badly")??;
    }
    Ok(())
}

/// Calls a job until it says done, and adds up one of its figures.
async fn until_done(client: &mut Client, job: &str, figure: &str) -> Result<i64> {
    let mut sum = 0;
    loop {
        let report = client.expect("POST", &format!("/v1/jobs/{job}"), None, b"").await?;
        sum += import::number(&report, figure)?;
        if report.get("done").and_then(Value::as_bool).unwrap_or(true) {
            return Ok(sum);
        }
    }
}

async fn define(client: &mut Client, households: &[Household<'_>]) -> Result<()> {
    let all: Value =
        serde_json::from_str(DEFINITIONS).context("demo/customers.json is not JSON")?;
    for family in ["tags", "segments"] {
        let of_family = all.get(family).and_then(Value::as_object);
        for (name, body) in of_family.with_context(|| format!("no {family}"))? {
            let path = format!("/v1/{family}/{}", name.replace('/', "%2F"));
            let (key, body) = (format!("define-{family}-{name}"), body.to_string());
            client.expect("PUT", &path, Some(&key), body.as_bytes()).await?;
        }
    }
    let cared: Vec<&str> = households.iter().step_by(97).map(|of| of.member.as_str()).collect();
    let body = json!({ "add": cared }).to_string();
    let path = "/v1/tags/service%2Fcare/members";
    client.expect("POST", path, Some("demo-care"), body.as_bytes()).await?;
    let step = (households.len() / GUESTS).max(1);
    let guests = households.iter().step_by(step).take(GUESTS);
    let file: String = guests.map(|of| format!("{}\r\n", of.member)).collect();
    let file = format!("会员编号\r\n{file}");
    client.expect("POST", "/v1/segments/opening/file", Some("demo-list"), file.as_bytes()).await?;
    Ok(())
}

async fn key(operator: &mut Client, role: &str, label: &str) -> Result<String> {
    let body = json!({"role": role, "label": label}).to_string();
    let made =
        operator.expect("POST", "/v1/keys", Some(&format!("key-{role}")), body.as_bytes()).await?;
    Ok(made.get("key").and_then(Value::as_str).context("no key")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basket(household: &str, store: &str) -> Basket {
        Basket {
            household: household.into(),
            store: store.into(),
            basket: "b".into(),
            occurred_at: "2026-05-01T11:00:00".parse().unwrap(),
            sales_cents: 100,
            department: "PASTRY".into(),
        }
    }

    #[test]
    fn definitions_ask_for_what_there_is() {
        let all: Value = serde_json::from_str(DEFINITIONS).unwrap();
        let mut conditions = 0;
        for family in ["tags", "segments"] {
            for (name, of) in all[family].as_object().unwrap() {
                let mut parts = Vec::new();
                if let Some(when) = of["when"].as_str() {
                    parts.push(when.to_owned());
                }
                if let Some(rows) = of.get("conditions") {
                    let rows: Vec<rules::PlainCondition> =
                        serde_json::from_value(rows.clone()).unwrap();
                    parts.push(rules::member_to_cel(&rows).unwrap());
                }
                for part in parts {
                    rules::compile_member(&part).unwrap_or_else(|error| panic!("{name}: {error}"));
                    conditions += 1;
                }
            }
        }
        assert!(conditions >= 10);
    }

    #[test]
    fn a_household_does_the_same_each_time_and_never_in_the_future() {
        let baskets: Vec<Basket> = (1..60).map(|number| basket(&number.to_string(), "7")).collect();
        let households = households(&baskets);
        let now: DateTime<Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
        let all = || -> Vec<Value> {
            households
                .iter()
                .flat_map(|of| [behaviour(of, now), consents(of, now)].concat())
                .collect()
        };
        assert_eq!(all(), all());
        let (oldest, mut kinds) = (now - Duration::days(180), BTreeMap::new());
        for event in all() {
            let at: DateTime<Utc> = event["occurred_at"].as_str().unwrap().parse().unwrap();
            assert!(at > oldest && at <= now, "{event}");
            let what = event["kind"].as_str().or(event["decision"].as_str()).unwrap().to_owned();
            *kinds.entry(what).or_insert(0) += 1;
        }
        for kind in ["login", "view", "favourite", "add_to_cart", "ticket", "given", "withdrawn"] {
            assert!(kinds.contains_key(kind), "{kinds:?}");
        }
        assert!(households.iter().any(|of| behaviour(of, now).is_empty()), "nobody is asleep");
    }
}
