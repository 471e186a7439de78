//! Half a year as a merchant lives it: each midnight the night run, each morning some redemptions, each evening the day's
//! baskets in bulk, several calls in flight.

use super::baskets::Basket;
use super::days;
use crate::http::Client;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

const LANES: usize = 4;
const EVENTS_A_CALL: usize = 250;
/// Who has so many points spends them in the morning: 5.00 USD at a cent a point.
pub const REDEEM_POINTS: i64 = 500;
/// A night is done in some calls; past so many something is wrong.
const NIGHT_CALLS_AT_MOST: usize = 10_000;

/// What the import did besides the ledger's own record.
#[derive(Default)]
pub struct Imported {
    pub nights: usize,
}

struct Import<'a> {
    server: &'a Server,
    lanes: Vec<Client>,
    client: Client,
    admin: Client,
    /// Balance of each member as last told.
    balances: BTreeMap<String, i64>,
    imported: Imported,
    progress: ProgressBar,
}

pub async fn run(server: &Server, baskets: &[Basket]) -> Result<Imported> {
    let progress = ProgressBar::new(u64::try_from(baskets.len())?);
    let style = "{msg:>12} {wide_bar} {human_pos}/{human_len} baskets, {per_sec:.0}, {eta} left";
    progress.set_style(ProgressStyle::with_template(style)?);
    let mut import = Import {
        server,
        lanes: (0..LANES).map(|_| server.client()).collect(),
        client: server.client(),
        admin: server.admin_client(),
        balances: BTreeMap::new(),
        imported: Imported::default(),
        progress,
    };
    let mut yesterday: Option<NaiveDate> = None;
    for (day, baskets) in days::by_day(baskets) {
        for midnight in yesterday.into_iter().flat_map(|from| days::midnights(from, day)) {
            import.night(midnight).await.with_context(|| format!("the night to {midnight}"))?;
        }
        import.redemptions(day).await.with_context(|| format!("the redemptions of {day}"))?;
        import.day(day, baskets).await.with_context(|| format!("the baskets of {day}"))?;
        yesterday = Some(day);
    }
    // The last night, too: the year ends at a midnight.
    if let Some(last) = yesterday {
        import.night(days::day_after(last)?).await?;
    }
    import.progress.finish_with_message("done");
    Ok(import.imported)
}

impl Import<'_> {
    async fn clock(&mut self, at: NaiveDateTime) -> Result<()> {
        self.admin.expect("PUT", "/clock", None, days::local(at).as_bytes()).await?;
        Ok(())
    }

    async fn night(&mut self, day: NaiveDate) -> Result<()> {
        self.progress.set_message(day.to_string());
        self.clock(days::midnight(day)).await?;
        for call in 0..NIGHT_CALLS_AT_MOST {
            let key = format!("night-{day}-{call}");
            let answer = self.client.expect("POST", "/v1/jobs/night", Some(&key), b"").await?;
            if answer.get("done").and_then(Value::as_bool).with_context(|| format!("no `done` in {answer}"))? {
                self.imported.nights += 1;
                return Ok(());
            }
        }
        bail!("not done after {NIGHT_CALLS_AT_MOST} calls")
    }

    /// Each member with enough points spends all whole fives; what expired at midnight is asked for, not guessed.
    async fn redemptions(&mut self, day: NaiveDate) -> Result<()> {
        self.clock(day.and_time(NaiveTime::MIN) + Duration::hours(8)).await?;
        let rich = self.balances.iter().filter(|(_, balance)| **balance >= REDEEM_POINTS);
        for member in rich.map(|(member, _)| member.clone()).collect::<Vec<_>>() {
            let view = self.client.get(&format!("/v1/members/{member}")).await?;
            let mut balance = number(&view, "balance")?;
            let points = balance / REDEEM_POINTS * REDEEM_POINTS;
            if points > 0 {
                let key = format!("redeem-{day}-{member}");
                let body = json!({ "member_id": member, "points": points, "reason": "a voucher" }).to_string();
                let answer = self.client.expect("POST", "/v1/redeem", Some(&key), body.as_bytes()).await?;
                balance = number(&answer, "balance")?;
            }
            self.balances.insert(member, balance);
        }
        Ok(())
    }

    /// A household stays in one lane, so that its baskets arrive in order.
    async fn day(&mut self, day: NaiveDate, baskets: &[Basket]) -> Result<()> {
        // The day is nearly over, and no basket lies in the future.
        let last = baskets.iter().map(|basket| basket.occurred_at).max().unwrap_or_else(|| days::midnight(day));
        self.clock(last + Duration::seconds(1)).await?;
        let mut lanes: Vec<Vec<Basket>> = (0..LANES).map(|_| Vec::new()).collect();
        for basket in baskets {
            let lane = basket.household.bytes().fold(0_usize, |sum, byte| sum * 10 + usize::from(byte)) % LANES;
            if let Some(lane) = lanes.get_mut(lane) {
                lane.push(basket.clone());
            }
        }
        let mut tasks = JoinSet::new();
        for baskets in lanes {
            let client = self.lanes.pop().unwrap_or_else(|| self.server.client());
            tasks.spawn(lane(client, baskets, self.progress.clone()));
        }
        while let Some(task) = tasks.join_next().await {
            let (client, balances) = task.context("a lane ended badly")??;
            self.lanes.push(client);
            self.balances.extend(balances);
        }
        Ok(())
    }
}

async fn lane(mut client: Client, baskets: Vec<Basket>, progress: ProgressBar) -> Result<(Client, Vec<(String, i64)>)> {
    let mut balances = Vec::new();
    for baskets in baskets.chunks(EVENTS_A_CALL) {
        let events: Vec<Value> = baskets.iter().map(event).collect();
        let body = json!({ "events": events }).to_string();
        let answer = client.expect("POST", "/v1/earn/bulk", None, body.as_bytes()).await?;
        let outcomes = answer.get("outcomes").and_then(Value::as_array).context("a bulk answer without outcomes")?;
        if outcomes.len() != baskets.len() {
            bail!("{} outcomes for {} events", outcomes.len(), baskets.len());
        }
        for (outcome, basket) in outcomes.iter().zip(baskets) {
            let body = outcome.get("body").unwrap_or(&Value::Null);
            if number(outcome, "status")? != 201 {
                bail!("basket {} was not accepted: {outcome}", basket.basket);
            }
            balances.push((member(basket), number(body, "balance")?));
        }
        progress.inc(u64::try_from(baskets.len())?);
    }
    Ok((client, balances))
}

/// The member id of a basket's household.
pub fn member(basket: &Basket) -> String {
    format!("household-{}", basket.household)
}

fn event(basket: &Basket) -> Value {
    json!({
        "idempotency_key": format!("basket-{}", basket.basket),
        "member_id": member(basket),
        "event": "purchase",
        "reference": basket.basket,
        "occurred_at": days::local(basket.occurred_at),
        "channel": "store",
        "store_id": basket.store,
        "lines": [{
            "line_id": "1",
            "sku": basket.department,
            "category": basket.department,
            "quantity": 1,
            "amount": { "amount_minor": basket.sales_cents, "currency": "USD" },
        }],
    })
}

/// An integer field that must be there.
pub fn number(value: &Value, field: &str) -> Result<i64> {
    value.get(field).and_then(Value::as_i64).with_context(|| format!("no number `{field}` in {value}"))
}
