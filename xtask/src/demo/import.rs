//! Imports half a year in a merchant's rhythm: the night run each midnight, some redemptions each
//! morning, and the day's baskets in bulk each evening. Several calls are in flight.

use super::baskets::Basket;
use super::days::{self, Place};
use crate::http::Client;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::task::JoinSet;

const LANES: usize = 4;
const EVENTS_A_CALL: usize = 250;
/// A night takes a few calls; more mean a fault.
const MAX_NIGHT_CALLS: usize = 10_000;

/// The connection of a lane for reuse, the balances that it received, and the points spent by
/// member.
type Lane = Result<(Client, Vec<(String, i64)>, Vec<(String, i64)>)>;

/// Points spent by member, for each morning.
pub type Spent = BTreeMap<NaiveDate, Vec<(String, i64)>>;

/// What members spend in the morning.
#[derive(Clone, Copy)]
pub enum Spending<'a> {
    /// A member with so many points spends all whole multiples of it.
    Multiples(i64),
    /// What they spent in an earlier import.
    Again(&'a Spent),
}

/// The figures of the import besides the ledger's own record.
#[derive(Default)]
pub struct Imported {
    pub nights: usize,
    pub spent: Spent,
    /// Seconds in nights, redemptions and baskets.
    pub seconds: [f64; 3],
}

/// What a member would spend.
#[derive(Clone, Copy)]
enum Wish {
    Points(i64),
    Multiples(i64),
}

struct Import<'a> {
    server: &'a Server,
    place: Place,
    lanes: Vec<Client>,
    client: Client,
    admin: Client,
    spending: Spending<'a>,
    /// The last received balance of each member.
    balances: BTreeMap<String, i64>,
    imported: Imported,
    progress: ProgressBar,
}

/// Imports baskets.
pub async fn run(
    server: &Server,
    place: Place,
    baskets: &[Basket],
    spending: Spending<'_>,
) -> Result<Imported> {
    let progress = ProgressBar::new(u64::try_from(baskets.len())?);
    let style = "{msg:>12} {wide_bar} {human_pos}/{human_len} baskets, {per_sec:.0}, {eta} left";
    progress.set_style(ProgressStyle::with_template(style)?);
    let mut import = Import {
        server,
        place,
        lanes: (0..LANES).map(|_| server.client()).collect(),
        client: server.client(),
        admin: server.admin_client(),
        spending,
        balances: BTreeMap::new(),
        imported: Imported::default(),
        progress,
    };
    let mut yesterday: Option<NaiveDate> = None;
    for (day, baskets) in days::by_day(baskets) {
        let dusk = Instant::now();
        for midnight in yesterday.into_iter().flat_map(|from| days::midnights(from, day)) {
            import.night(midnight).await.with_context(|| format!("the night to {midnight}"))?;
        }
        let morning = Instant::now();
        import.redemptions(day).await.with_context(|| format!("the redemptions of {day}"))?;
        let evening = Instant::now();
        import.day(day, baskets).await.with_context(|| format!("the baskets of {day}"))?;
        let spent = [morning - dusk, evening - morning, evening.elapsed()];
        for (sum, spent) in import.imported.seconds.iter_mut().zip(spent) {
            *sum += spent.as_secs_f64();
        }
        yesterday = Some(day);
    }
    // Includes the last night, as the year ends at a midnight.
    if let Some(last) = yesterday {
        import.night(days::day_after(last)?).await?;
    }
    import.progress.finish_with_message("done");
    Ok(import.imported)
}

impl Import<'_> {
    async fn clock(&mut self, at: NaiveDateTime) -> Result<()> {
        self.admin.expect("PUT", "/clock", None, self.place.local(at).as_bytes()).await?;
        Ok(())
    }

    async fn night(&mut self, day: NaiveDate) -> Result<()> {
        self.progress.set_message(day.to_string());
        self.clock(days::midnight(day)).await?;
        for call in 0..MAX_NIGHT_CALLS {
            let key = format!("night-{day}-{call}");
            let answer = self.client.expect("POST", "/v1/jobs/night", Some(&key), b"").await?;
            if answer
                .get("done")
                .and_then(Value::as_bool)
                .with_context(|| format!("no `done` in {answer}"))?
            {
                self.imported.nights += 1;
                return Ok(());
            }
        }
        bail!("not done after {MAX_NIGHT_CALLS} calls")
    }

    async fn redemptions(&mut self, day: NaiveDate) -> Result<()> {
        self.clock(day.and_time(NaiveTime::MIN) + Duration::hours(8)).await?;
        let requests: Vec<(String, Wish)> = match self.spending {
            Spending::Again(spent) => spent
                .get(&day)
                .into_iter()
                .flatten()
                .map(|(m, points)| (m.clone(), Wish::Points(*points)))
                .collect(),
            Spending::Multiples(of) => {
                let rich = self.balances.iter().filter(|(_, balance)| **balance >= of);
                rich.map(|(member, _)| (member.clone(), Wish::Multiples(of))).collect()
            }
        };
        let mut lanes: Vec<Vec<(String, Wish)>> = (0..LANES).map(|_| Vec::new()).collect();
        for request in requests {
            if let Some(lane) = lanes.get_mut(lane_of(&request.0)) {
                lane.push(request);
            }
        }
        let mut tasks = JoinSet::new();
        for requests in lanes.into_iter().filter(|requests| !requests.is_empty()) {
            tasks.spawn(redeem_lane(self.lane(), requests, day));
        }
        self.gather(tasks, day).await
    }

    fn lane(&mut self) -> Client {
        self.lanes.pop().unwrap_or_else(|| self.server.client())
    }

    async fn gather(&mut self, mut tasks: JoinSet<Lane>, day: NaiveDate) -> Result<()> {
        while let Some(task) = tasks.join_next().await {
            let (client, balances, spent) = task.context("a lane ended badly")??;
            self.lanes.push(client);
            self.imported.spent.entry(day).or_default().extend(spent);
            self.balances.extend(balances);
        }
        Ok(())
    }

    /// A household stays in one lane, so that its baskets arrive in order.
    async fn day(&mut self, day: NaiveDate, baskets: &[Basket]) -> Result<()> {
        // The day is nearly over. The host accepts times up to five minutes ahead, and midnight is
        // further away than that.
        self.clock(day.and_time(NaiveTime::MIN) + Duration::minutes(24 * 60 - 4)).await?;
        let mut lanes: Vec<Vec<Basket>> = (0..LANES).map(|_| Vec::new()).collect();
        for basket in baskets {
            if let Some(lane) = lanes.get_mut(lane_of(&basket.household)) {
                lane.push(basket.clone());
            }
        }
        let mut tasks = JoinSet::new();
        for baskets in lanes {
            tasks.spawn(earn_lane(self.lane(), self.place, baskets, self.progress.clone()));
        }
        self.gather(tasks, day).await
    }
}

fn lane_of(member: &str) -> usize {
    member.bytes().map(usize::from).sum::<usize>() % LANES
}

/// Reads the balance first, as points may have expired at midnight.
async fn redeem_lane(mut client: Client, requests: Vec<(String, Wish)>, day: NaiveDate) -> Lane {
    let (mut balances, mut spent) = (Vec::new(), Vec::new());
    for (member, request) in requests {
        let view = client.get(&format!("/v1/members/{member}")).await?;
        let mut balance = number(&view, "balance")?;
        let points = match request {
            Wish::Points(points) => points,
            Wish::Multiples(of) => balance - balance % of.max(1),
        };
        if points > 0 {
            let key = format!("redeem-{day}-{member}");
            let body =
                json!({ "member_id": member, "points": points, "reason": "a voucher" }).to_string();
            let answer = client.expect("POST", "/v1/redeem", Some(&key), body.as_bytes()).await?;
            balance = number(&answer, "balance")?;
            spent.push((member.clone(), points));
        }
        balances.push((member, balance));
    }
    Ok((client, balances, spent))
}

async fn earn_lane(
    mut client: Client,
    place: Place,
    baskets: Vec<Basket>,
    progress: ProgressBar,
) -> Lane {
    let mut balances = Vec::new();
    for baskets in baskets.chunks(EVENTS_A_CALL) {
        let events: Vec<Value> = baskets.iter().map(|basket| event(basket, place)).collect();
        let body = json!({ "events": events }).to_string();
        let answer = client.expect("POST", "/v1/earn/bulk", None, body.as_bytes()).await?;
        let outcomes = answer
            .get("outcomes")
            .and_then(Value::as_array)
            .context("a bulk answer without outcomes")?;
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
    Ok((client, balances, Vec::new()))
}

/// The member id of a basket's household.
pub fn member(basket: &Basket) -> String {
    format!("household-{}", basket.household)
}

fn event(basket: &Basket, place: Place) -> Value {
    json!({
        "idempotency_key": format!("basket-{}", basket.basket),
        "member_id": member(basket),
        "event": "purchase",
        "reference": basket.basket,
        "occurred_at": place.local(basket.occurred_at),
        "channel": "store",
        "store_id": basket.store,
        "lines": [{
            "line_id": "1",
            "sku": basket.department,
            "category": basket.department,
            "quantity": 1,
            "amount": { "amount_minor": basket.sales_cents, "currency": place.currency },
        }],
    })
}

/// An integer field that must be there.
pub fn number(value: &Value, field: &str) -> Result<i64> {
    value
        .get(field)
        .and_then(Value::as_i64)
        .with_context(|| format!("no number `{field}` in {value}"))
}
