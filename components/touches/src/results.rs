//! What strategies brought, as the job counted it: how far messages came, what is credited to them,
//! and what members did who got them, against members who were left alone.

use std::collections::BTreeMap;

use jobs::COUNTED_AFTER_DAYS;
use ledger::from_day_number;
use reach::Today;
use serde_json::{Map, Value as Json, json};
use shell::{App, FieldError, Problem, Reply, Request, asked_day, authenticate, now, reach, zone};
use stats::{Estimate, Lift, Side};
use store::{Caller, Spin, published_playbook, result_figures, result_runs, result_sums};

/// Days of a span, at most: those of the longest quarter. A member counts once in each quarter, and
/// intervals take members for independent, so the days may not be many more.
const MAX_DAYS: i32 = 92;
/// Days of a span that is not told.
const USUAL_DAYS: i32 = 30;
/// Strategies that are shown, at most.
const MAX_STRATEGIES: usize = 500;

type Figures = BTreeMap<String, i64>;

/// A span of local days, both ends with it.
struct Span {
    from: i32,
    to: i32,
    /// The last days that were counted, by how many days after them.
    counted: [Option<i32>; COUNTED_AFTER_DAYS.len()],
}

impl Span {
    async fn of(
        app: &App,
        request: &Request,
        caller: &Caller,
        reach: &Spin,
    ) -> Result<Self, Problem> {
        let today = Today::at(now(), zone(&app.sql, &caller.programme).await?);
        let to = asked_day(request, "to")?.unwrap_or(today.day);
        let from = asked_day(request, "from")?.unwrap_or((to - USUAL_DAYS + 1).max(0));
        if from > to {
            return Err(FieldError::new("?to", "must not be before from").into());
        }
        if to - from >= MAX_DAYS {
            return Err(FieldError::new("?from", "must be at most 92 days").into());
        }
        let runs = result_runs(reach, caller.programme.no).await?;
        let counted = COUNTED_AFTER_DAYS.map(|days| runs.get(&days).map(|run| run.done_through));
        Ok(Self { from, to, counted })
    }

    fn days(&self) -> (i32, i32) {
        (self.from, self.to)
    }

    fn shown(&self) -> Map<String, Json> {
        let day = |number: i32| Json::from(from_day_number(number).to_string());
        let [sent, matured, settled] = self.counted.map(|of| of.map_or(Json::Null, day));
        let counted = json!({"sent": sent, "matured": matured, "settled": settled});
        [("from", day(self.from)), ("to", day(self.to)), ("counted_through", counted)]
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

pub async fn all(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let reach = reach().await?;
    let span = Span::of(app, request, &caller, &reach).await?;
    let mut sums = result_sums(&*reach, caller.programme.no, span.days()).await?;
    let names = names(app, &caller).await?;
    let mut body = span.shown();
    let marketing = sums.remove("").unwrap_or_default();
    body.insert("all_marketing".to_owned(), json!({"lift": lift(&marketing)}));
    let items = sums.iter().take(MAX_STRATEGIES).map(|(id, figures)| {
        let mut item = reached(figures);
        item.insert("strategy_id".to_owned(), id.as_str().into());
        item.insert("name".to_owned(), names.get(id).cloned().unwrap_or_default());
        item.insert("settled".to_owned(), settled(figures));
        item.insert("lift".to_owned(), lift(figures));
        Json::Object(item)
    });
    body.insert("items".to_owned(), items.collect());
    Ok(Reply::json(200, &Json::Object(body)))
}

pub async fn one(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let reach = reach().await?;
    let span = Span::of(app, request, &caller, &reach).await?;
    let mut places = result_figures(&*reach, caller.programme.no, id, span.days()).await?;
    let names = names(app, &caller).await?;
    if id.is_empty() || (places.is_empty() && !names.contains_key(id)) {
        return Err(Problem::ResourceNotFound);
    }
    let whole = places.remove(&(String::new(), String::new())).unwrap_or_default();
    let mut body = span.shown();
    body.insert("strategy_id".to_owned(), id.into());
    body.insert("name".to_owned(), names.get(id).cloned().unwrap_or_default());
    body.extend(reached(&whole));
    body.insert("settled".to_owned(), settled(&whole));
    body.insert("lift".to_owned(), lift(&whole));
    let mut nodes: Vec<(i64, &Figures)> = Vec::new();
    let mut channels: BTreeMap<&str, Vec<Json>> = BTreeMap::new();
    for ((node, channel), figures) in &places {
        if channel.is_empty() {
            nodes.extend(node.parse().ok().map(|days: i64| (days, figures)));
        } else {
            channels.entry(node).or_default().push(by_channel(channel, figures));
        }
    }
    nodes.sort_by_key(|(days, _)| *days);
    let nodes = nodes.into_iter().map(|(days, figures)| {
        let mut node = reached(figures);
        node.insert("node".to_owned(), days.into());
        let channels = channels.remove(days.to_string().as_str()).unwrap_or_default();
        node.insert("channels".to_owned(), channels.into());
        Json::Object(node)
    });
    body.insert("nodes".to_owned(), nodes.collect());
    Ok(Reply::json(200, &Json::Object(body)))
}

/// The names of the strategies in force.
async fn names(app: &App, caller: &Caller) -> Result<BTreeMap<String, Json>, Problem> {
    let found = published_playbook(&app.sql, caller.programme.no).await?;
    let name = |strategy: reach::playbook::Strategy| (strategy.id, json!(strategy.name));
    Ok(found.playbook.strategies.into_iter().map(name).collect())
}

fn figure(figures: &Figures, name: &str) -> i64 {
    figures.get(name).copied().unwrap_or(0)
}

/// How far touches came, and what is credited to them.
fn reached(figures: &Figures) -> Map<String, Json> {
    let of = |name: &str| figure(figures, name);
    let suppressed: BTreeMap<&str, i64> = figures
        .iter()
        .filter_map(|(name, count)| Some((name.strip_prefix("suppressed.")?, *count)))
        .collect();
    let touches = json!({
        "decided": of("decided"), "suppressed": suppressed, "due": of("due"), "sending": of("sending"),
        "sent": of("sent"), "unknown": of("unknown"), "failed": of("failed"), "delivered": of("delivered"),
        "clicked": of("clicked"), "converted": of("converted"),
    });
    let credited = json!({
        "redeem": of("credited.redeem"), "order": of("credited.order"), "login": of("credited.login"),
        "by_click": of("credited.by_click"), "points": of("credited_points"), "order_minor": of("credited_minor"),
    });
    [
        ("touches", touches),
        ("messages", of("messages").into()),
        ("visits", of("visits").into()),
        ("cost_minor", of("cost_minor").into()),
        ("granted_points", of("granted_points").into()),
        ("tasks", json!({"made": of("tasks"), "done": of("tasks_done")})),
        ("credited", credited),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// How occasions ended that the strategy settles.
fn settled(figures: &Figures) -> Json {
    let of = |name: &str| figure(figures, name);
    json!({
        "occasions": of("ended"), "messages": of("ended.messages"), "responded": of("ended.responded"),
        "points_spent": of("ended.spent"), "points_expired": of("ended.expired"),
    })
}

fn by_channel(channel: &str, figures: &Figures) -> Json {
    let of = |name: &str| figure(figures, name);
    json!({
        "channel": channel, "messages": of("messages"), "delivered": of("delivered"), "visits": of("visits"),
        "clicked": of("clicked"), "cost_minor": of("cost_minor"),
    })
}

/// What the strategy brought; the two sides alone where one of them has nobody.
fn lift(figures: &Figures) -> Json {
    let side = |name: &str| {
        let of = |figure_of: &str| figure(figures, &format!("{name}.{figure_of}")).unsigned_abs();
        let (members, converted) = (of("members"), of("converted"));
        let counts = Side { members, converted, orders: of("orders"), points: of("points") };
        let shown = json!({
            "members": members, "converted": converted, "orders": counts.orders, "points": counts.points, "open": of("open"),
        });
        (counts, shown)
    };
    let ((treated, treated_shown), (held_out, held_out_shown)) =
        (side("treated"), side("held_out"));
    let cost = figure(figures, "cost_minor").unsigned_abs();
    let Some(lift) = Lift::of(treated, held_out, cost) else {
        return json!({"treated": treated_shown, "held_out": held_out_shown, "verdict": "nobody_to_compare"});
    };
    let verdict = match lift.difference.interval {
        interval if interval.low > 0.0 => "more",
        interval if interval.high < 0.0 => "fewer",
        _ => "cannot_be_told",
    };
    let needed = lift.needed.map(|needed| {
        json!({"treated": whole(needed.treated.ceil()), "held_out": whole(needed.held_out.ceil())})
    });
    json!({
        "treated": treated_shown,
        "held_out": held_out_shown,
        "verdict": verdict,
        "treated_per_10000": whole(lift.treated * 10_000.0),
        "held_out_per_10000": whole(lift.held_out * 10_000.0),
        "difference_per_10000": estimate(lift.difference, 10_000.0),
        "conversions": estimate(lift.conversions, 1.0),
        "orders": whole(lift.orders),
        "points": whole(lift.points),
        "cost_minor_per_1000_members": whole(lift.cost_per_thousand_minor),
        "cost_minor_per_order": lift.cost_per_order_minor.map(whole),
        "needed": needed,
        "is_large_enough": lift.is_large_enough,
    })
}

fn estimate(of: Estimate, factor: f64) -> Json {
    let Estimate { value, interval } = of;
    json!({"value": whole(value * factor), "low": whole(interval.low * factor), "high": whole(interval.high * factor)})
}

/// The nearest whole number: no figure of the API is a fraction.
#[expect(clippy::cast_possible_truncation, reason = "figures of members are far below 2^53")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}
