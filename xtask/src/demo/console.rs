//! `cargo xtask demo --console`: a back office with half a year behind it.
//!
//! The baskets are moved in time so that the last ones are of yesterday. Their host has a clock of
//! its own; then another one serves the same books by the real clock. Names, phone numbers and
//! birthdays are made up from the number of the household, and so is what they do besides buying.

use super::baskets::Basket;
use super::days::Place;
use super::import::{self, Spending};
use super::{Demo, audit, customers, publish, strategies};
use crate::http::Client;
use crate::server::{self, Options, Server};
use crate::up::Ends;
use anyhow::{Context, Result};
use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The programme's rules.
pub(super) const RULEBOOK: &str = include_str!("../../demo/console.json");
const PLACE: Place = Place { offset: "+08:00", currency: "CNY" };
const OFFSET_SECONDS: i64 = 8 * 3_600;
/// Fen for each cent of the file.
const PRICE: i64 = 7;
/// The file's last baskets lie half a year after the others.
const MAX_DAYS: i64 = 200;
/// Members save so many points before they spend them.
const SAVED: i64 = 800;
/// What every person of the demo signs in with.
const PASSWORD: &str = "half-a-year-of-baskets";

const REGIONS: [(&str, &str); 6] = [
    ("华东/上海", "上海"),
    ("华东/杭州", "杭州"),
    ("华南/广州", "广州"),
    ("华南/深圳", "深圳"),
    ("华北/北京", "北京"),
    ("华北/天津", "天津"),
];
const FAMILY_NAMES: [&str; 12] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙"];
const GIVEN_NAMES: [&str; 12] =
    ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "杰"];

pub async fn play(demo: &Demo<'_>) -> Result<()> {
    let began = Instant::now();
    let ends = Ends::listen()?;
    let state = demo.folder.join("console");
    if state.exists() {
        fs::remove_dir_all(&state).with_context(|| format!("emptying {}", state.display()))?;
    }
    let today = (now()? + Duration::seconds(OFFSET_SECONDS)).date_naive();
    let baskets = until_yesterday(demo.baskets, today)?;
    let key = server::random_key()?;
    let options = |listen: &str, admin: &str, arguments: Vec<String>, log| Options {
        listen: listen.to_owned(),
        admin: admin.to_owned(),
        state: state.clone(),
        key: key.clone(),
        arguments,
        log,
    };
    let mut past: Vec<String> =
        ["--cron", "off", "--clock", &PLACE.opening(&baskets)?].map(str::to_owned).into();
    past.push("--compile=soon".to_owned());
    let log = demo.folder.join("host.log");
    let past = options("127.0.0.1:0", "127.0.0.1:0", past, Some(log.clone()));
    let server = Server::start(demo.workspace, demo.binary, &past).await?;
    let rulebook: Value = serde_json::from_str(RULEBOOK).context("demo/console.json is no JSON")?;
    publish(&server, &rulebook).await?;
    let mut client = server.client();
    open_stores(&mut client, &baskets).await?;
    register_members(&server, &baskets).await?;
    fill_catalogue(&mut client).await?;
    let imported = import::run(&server, PLACE, &baskets, Spending::Multiples(SAVED)).await?;
    let audited = audit::everything(&mut server.client()).await?;
    server.stop().await?;
    let [nights, redemptions, earns] = imported.seconds;
    eprintln!(
        "{} nights lived in {nights:.0} s, redemptions in {redemptions:.0} s, baskets in {earns:.0} s; audit clean: {} members, {} entries",
        imported.nights, audited.members, audited.entries
    );
    // Addresses are sealed, as they are where members are real ones.
    let secrets = format!("secrets_key={}", server::random_key()?);
    let mut arguments = vec!["--compile=soon".to_owned(), "--variable".to_owned(), secrets];
    arguments.extend(demo.host.clone());
    let now = options("127.0.0.1:3000", "127.0.0.1:3001", arguments, Some(log));
    let server = Server::start(demo.workspace, demo.binary, &now).await?;
    let mut client = server.client();
    night(&mut client).await?;
    let links = invite(&mut client).await?;
    strategies::publish(&server).await?;
    let waiting = leave_work(&server, &baskets).await?;
    customers::fill(&server, &baskets, self::now()?).await?;
    eprintln!("filled in {:.0} s", began.elapsed().as_secs_f64());
    println!("{}", welcome(&server, &links, waiting));
    ends.follow(server).await
}

fn now() -> Result<DateTime<Utc>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    DateTime::from_timestamp(i64::try_from(now.as_secs())?, 0)
        .context("the clock is past all calendars")
}

/// The same weekdays, the last of them yesterday or up to six days before.
fn until_yesterday(baskets: &[Basket], today: NaiveDate) -> Result<Vec<Basket>> {
    let first = baskets.first().context("no baskets")?.occurred_at;
    let half_year: Vec<&Basket> = baskets
        .iter()
        .filter(|basket| basket.occurred_at - first < Duration::days(MAX_DAYS))
        .collect();
    let last = half_year.last().context("no baskets")?.occurred_at.date();
    let yesterday = today.checked_sub_days(Days::new(1)).context("the calendar begins")?;
    let weeks = (yesterday - last).num_days().div_euclid(7);
    let moved = |basket: &Basket| Basket {
        occurred_at: basket.occurred_at + Duration::weeks(weeks),
        sales_cents: basket.sales_cents.saturating_mul(PRICE),
        ..basket.clone()
    };
    Ok(half_year.into_iter().map(moved).collect())
}

/// Every store but the rarest, which nobody has registered yet.
async fn open_stores(client: &mut Client, baskets: &[Basket]) -> Result<()> {
    let mut visits: BTreeMap<&str, usize> = BTreeMap::new();
    for basket in baskets {
        *visits.entry(&basket.store).or_default() += 1;
    }
    for (store, _) in visits.into_iter().filter(|(_, visits)| *visits > 5) {
        let (region, city) = pick(&REGIONS, store, 0)?;
        let department = region.split('/').next().unwrap_or_default();
        let body = json!({
            "name": format!("{city}{store}店"), "region": region, "department": format!("{department}零售部"),
            "manager_id": if department == "华东" { "li.na" } else { "zhao.lei" }, "opened_on": "2024-05-01",
        });
        put(client, &format!("/v1/stores/{store}"), &body).await?;
    }
    Ok(())
}

async fn register_members(server: &Server, baskets: &[Basket]) -> Result<()> {
    eprintln!("registering members …");
    let mut puts = Vec::new();
    let households: BTreeSet<&str> =
        baskets.iter().map(|basket| basket.household.as_str()).collect();
    for household in households {
        let number: u64 = household.parse().unwrap_or_default();
        let (family, given) =
            (pick(&FAMILY_NAMES, household, 0)?, pick(&GIVEN_NAMES, household, 1)?);
        let (_, city) = pick(&REGIONS, household, 2)?;
        let body = json!({
            "attributes": {
                "name": format!("{family}{given}"),
                "city": city,
                "gender": if number.is_multiple_of(3) { "male" } else { "female" },
                "birthday": format!("{}-{:02}-{:02}", 1960 + number % 45, 1 + number % 12, 1 + number % 28),
            },
            "aliases": [format!("phone:139{:08}", number.wrapping_mul(48_271) % 100_000_000)],
        });
        puts.push((format!("/v1/members/household-{household}"), body));
    }
    customers::put_all(server, &server.key, puts).await
}

async fn fill_catalogue(client: &mut Client) -> Result<()> {
    for (id, reward) in [
        ("mug", json!({"name": "马克杯", "points": 300, "stock": 500})),
        ("tote", json!({"name": "帆布袋", "points": 500, "cash_minor": 990, "stock": 200})),
        ("delivery", json!({"name": "免运费一次", "points": 200, "kind": "service"})),
        (
            "fifty",
            json!({"name": "满 300 减 50 券", "points": 800, "kind": "coupon", "coupon": "fifty"}),
        ),
        (
            "tasting",
            json!({"name": "品酒会", "points": 2_000, "kind": "service", "stock": 30, "tiers": ["gold"]}),
        ),
    ] {
        put(client, &format!("/v1/rewards/{id}"), &reward).await?;
    }
    Ok(())
}

/// What fell due between the last basket and today.
async fn night(client: &mut Client) -> Result<()> {
    loop {
        let report = client.expect("POST", "/v1/jobs/night", None, b"").await?;
        if report.get("done").and_then(Value::as_bool).unwrap_or(true) {
            return Ok(());
        }
    }
}

/// A link for a person who sets up one-time codes; nobody else can do that for them.
struct Link {
    name: &'static str,
    role: &'static str,
    path: String,
}

/// Lets persons in. Those whose roles take one-time codes get a link, the others a password.
async fn invite(client: &mut Client) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    for (id, name, role, region) in [
        ("an.qi", "安琪", "admin", None),
        ("bai.lu", "白露", "department_head", None),
        ("fang.min", "方敏", "finance", None),
        ("mei.lin", "梅林", "marketing", None),
        ("song.yu", "宋雨", "service", None),
        ("li.na", "李娜", "marketing", Some("华东")),
    ] {
        let mut grant = json!({"role": role});
        if let (Some(region), Some(grant)) = (region, grant.as_object_mut()) {
            grant.insert("regions".to_owned(), json!([region]));
        }
        let body = json!({"person_id": id, "name": name, "roles": [grant]});
        let made = post(client, "/v1/invitations", &format!("invite-{id}"), &body).await?;
        let text = |field: &str| made.get(field).and_then(Value::as_str).map(str::to_owned);
        if matches!(role, "admin" | "department_head" | "finance") {
            links.push(Link { name, role, path: text("path").context("no path")? });
        } else {
            let token = text("token").context("no token")?;
            let body = json!({"password": PASSWORD}).to_string();
            let path = format!("/v1/invitations/{token}/accept");
            client.expect("POST", &path, None, body.as_bytes()).await?;
        }
    }
    Ok(links)
}

/// Requests that wait for somebody: adjustments, and a draft that marketing wants published. How
/// many wait.
async fn leave_work(server: &Server, baskets: &[Basket]) -> Result<usize> {
    let mut operator = server.client();
    let mut waiting = 0;
    let mut keys = Vec::new();
    for (person, role) in [("song.yu", "service"), ("mei.lin", "marketing")] {
        let body = json!({"role": role, "label": "demo", "person_id": person});
        let made = post(&mut operator, "/v1/keys", &format!("key-{person}"), &body).await?;
        let key = made.get("key").and_then(Value::as_str).context("no key")?.to_owned();
        keys.push(Client::new(server.api, &key));
    }
    let [service, marketing] = keys.as_mut_slice() else { return Ok(0) };
    let households: BTreeSet<&str> =
        baskets.iter().map(|basket| basket.household.as_str()).collect();
    for (household, points) in households.into_iter().step_by(400).zip([120, 380, 900, 2_400, 60]) {
        let body = json!({
            "member_id": format!("household-{household}"), "points": points, "reason_code": "goodwill",
            "evidence": format!("工单 {}", 4_700 + points),
        });
        post(service, "/v1/adjustments", &format!("adjust-{household}"), &body).await?;
        waiting += 1;
    }
    let mut draft: Value =
        serde_json::from_str(RULEBOOK).context("demo/console.json is no JSON")?;
    if let Some(rules) = draft.get_mut("rules").and_then(Value::as_array_mut) {
        rules.push(json!({
            "id": "bakery_mornings", "event": "purchase", "lines": "line.category == \"PASTRY\"",
            "conditions": [{"field": "event.hour", "operator": "below", "values": ["10"]}],
            "award": {"kind": "rate", "points_per_unit": "2"},
        }));
    }
    put(marketing, "/v1/rulebook/drafts/bakery-mornings", &draft).await?;
    post(marketing, "/v1/rulebook/publications", "publish", &json!({"draft": "bakery-mornings"}))
        .await?;
    Ok(waiting + 1)
}

pub(super) async fn put(client: &mut Client, path: &str, body: &Value) -> Result<Value> {
    client.expect("PUT", path, Some(&format!("put{path}")), body.to_string().as_bytes()).await
}

pub(super) async fn post(
    client: &mut Client,
    path: &str,
    key: &str,
    body: &Value,
) -> Result<Value> {
    client.expect("POST", path, Some(key), body.to_string().as_bytes()).await
}

/// One of these by the text, the same each time.
fn pick<'a, T>(of: &'a [T], text: &str, turn: usize) -> Result<&'a T> {
    let sum: usize = text.bytes().map(|byte| usize::from(byte) * (31 + turn)).sum();
    of.get((sum / (turn + 1)) % of.len().max(1)).context("nothing to pick from")
}

fn welcome(server: &Server, links: &[Link], waiting: usize) -> String {
    let (api, key) = (server.api, &server.key);
    let links: String = links
        .iter()
        .map(|link| format!("  {:<16} {:<6} http://{api}{}\n", link.role, link.name, link.path))
        .collect();
    format!(
        r#"
A back office with half a year behind it: http://{api}/console/

Sign in with the password `{PASSWORD}`, or paste the operator's key:
  mei.lin    marketing
  song.yu    service
  li.na      marketing, for the stores of 华东 only
  {key}

{waiting} requests wait for a decision. These roles take one-time codes, which an app on your phone
shows; each link works once, within 72 hours:
{links}
Ctrl-C ends it. The books stay in target/demo/console until the next demo.
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rulebook_is_valid() {
        let document: rules::Document = serde_json::from_str(RULEBOOK).unwrap();
        let book = rules::Rulebook::new(&document, 1).unwrap();
        assert_eq!(book.currency().to_string(), PLACE.currency);
    }

    #[test]
    fn the_half_year_ends_yesterday_on_its_own_weekday() {
        let basket = |at: &str| Basket {
            household: "1".into(),
            store: "2".into(),
            basket: at.into(),
            occurred_at: at.parse().unwrap(),
            sales_cents: 100,
            department: "X".into(),
        };
        let file =
            ["2017-01-01T11:00:00", "2017-06-30T23:00:00", "2018-01-01T00:30:00"].map(basket);
        for (today, last) in [
            ("2026-11-29", "2026-11-27"),
            ("2026-11-28", "2026-11-27"),
            ("2026-11-27", "2026-11-20"),
        ] {
            let moved = until_yesterday(&file, today.parse().unwrap()).unwrap();
            assert_eq!(moved.len(), 2, "the stray evening is left out");
            assert_eq!(moved[1].occurred_at.date().to_string(), last, "{today}");
            assert_eq!(moved[1].sales_cents, 700);
        }
    }
}
