//! Chooses the loads against Accrue and their order, and combines three runs into one figure.

use super::load::{self, Counted};
use super::mix::{Mix, Requests};
use super::overview::Figure;
use super::zipf::Zipf;
use super::{Plan, named, ruled};
use crate::server::Server;
use anyhow::Result;

const MIXES: [Mix; 6] =
    [Mix::Empty, Mix::Earn, Mix::EarnRedeem, Mix::Balance, Mix::HotEarn, Mix::RuledEarn];
const OPEN: &str = "open";

/// Whether any of these is selected.
pub fn is_selected(plan: &Plan) -> bool {
    plan.selects(OPEN) || MIXES.iter().any(|mix| plan.selects(mix.name()))
}

pub async fn run(server: &Server, plan: &Plan) -> Result<Vec<Figure>> {
    let zipf = Zipf::new(plan.members, 1);
    let mut figures = Vec::new();
    let mut best_earn = 0.0_f64;
    for mix in MIXES {
        for clients in plan.clients.iter().copied().filter(|_| plan.selects(mix.name())) {
            let is_fewer = matches!(mix, Mix::HotEarn | Mix::RuledEarn);
            if is_fewer && clients != 16 && clients != 64 {
                continue;
            }
            let how = format!("closed, {clients} clients");
            if mix == Mix::RuledEarn {
                figures.extend(by_turns(server, plan, &zipf, clients).await?);
                continue;
            }
            let figure = figure(server, plan, mix, &how, &zipf, clients, None).await?;
            if mix == Mix::Earn {
                best_earn = best_earn.max(figure.per_second);
            }
            figures.push(figure);
        }
    }
    if plan.selects(OPEN) {
        for share in [0.25, 0.5, 0.75] {
            let rate = whole(best_earn * share).max(500);
            let how = format!("open, {rate}/s ({:.0} % of the best)", share * 100.0);
            figures.push(figure(server, plan, Mix::Earn, &how, &zipf, 256, Some(rate)).await?);
        }
    }
    Ok(figures)
}

/// The same load by the default rules and by fifty more, by turns. So the growth of members and
/// files, and any change of the machine, affect both alike.
async fn by_turns(
    server: &Server,
    plan: &Plan,
    zipf: &Zipf,
    clients: usize,
) -> Result<Vec<Figure>> {
    let how = format!("by turns, {clients} clients");
    let sides = [(Mix::Earn, 0), (Mix::RuledEarn, 50)];
    let mut runs = [Vec::new(), Vec::new()];
    // Numbers that no earlier run used: the same load was run without turns, too.
    for turn in plan.runs..2 * plan.runs {
        for ((mix, rules), runs) in sides.into_iter().zip(&mut runs) {
            ruled::publish(server, rules, &format!("{clients}-{turn}-{rules}")).await?;
            runs.push(one(server, plan, mix, (&how, turn), zipf, clients, None).await?);
        }
    }
    let figure = |((mix, _), runs): ((Mix, _), _)| summary(named(mix.name(), how.clone()), runs);
    let figures: Vec<Figure> = sides.into_iter().zip(runs).map(figure).collect();
    if let [plain, ruled] = figures.as_slice() {
        eprintln!(
            "fifty rules at {clients} clients: {:.2} of the earns without",
            ruled.per_second / plain.per_second
        );
    }
    Ok(figures)
}

async fn figure(
    server: &Server,
    plan: &Plan,
    mix: Mix,
    how: &str,
    zipf: &Zipf,
    clients: usize,
    rate: Option<u32>,
) -> Result<Figure> {
    let mut runs = Vec::new();
    for run in 0..plan.runs {
        runs.push(one(server, plan, mix, (how, run), zipf, clients, rate).await?);
    }
    Ok(summary(named(mix.name(), how.to_owned()), runs))
}

async fn one(
    server: &Server,
    plan: &Plan,
    mix: Mix,
    (how, run): (&str, usize),
    zipf: &Zipf,
    clients: usize,
    rate: Option<u32>,
) -> Result<Counted> {
    let requests: Vec<Requests> = (0..clients)
        .map(|client| {
            let prefix = format!("{mix:?}-{clients}-{}-{run}-{client}", rate.unwrap_or(0));
            let seed = (run * 1000 + client) as u64;
            Requests::new(mix, &server.key, prefix, zipf.with_seed(seed))
        })
        .collect();
    let processor = server.processor_seconds();
    let counted = match rate {
        None => load::closed(server.api, requests, plan.warm_up, plan.run).await?,
        Some(rate) => load::open(server.api, requests, rate, plan.warm_up, plan.run).await?,
    };
    let busy = (server.processor_seconds() - processor) / (plan.warm_up + plan.run).as_secs_f64();
    eprintln!(
        "{:<22} {how:<28} {:>9.0}/s  p50 {:>7.2} ms  p99 {:>7.2} ms  host {busy:.2} cores{}",
        mix.name(),
        counted.per_second(),
        counted.latencies.quantile_ms(500),
        counted.latencies.quantile_ms(990),
        errors(&counted)
    );
    Ok(counted)
}

pub fn errors(counted: &Counted) -> String {
    if counted.errors == 0 {
        String::new()
    } else {
        format!("  ERRORS {:?}", counted.error_statuses)
    }
}

/// The median run, with the figures of the slowest and the fastest.
pub fn summary(mut figure: Figure, mut runs: Vec<Counted>) -> Figure {
    runs.sort_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    figure.slowest = runs.first().map_or(0.0, Counted::per_second);
    figure.fastest = runs.last().map_or(0.0, Counted::per_second);
    figure.successes = runs.iter().map(|run| run.successes).sum();
    figure.refusals = runs.iter().map(|run| run.refusals).sum();
    figure.errors = runs.iter().map(|run| run.errors).sum();
    if let Some(middle) = runs.get(runs.len() / 2) {
        figure.per_second = middle.per_second();
        figure.p50_ms = middle.latencies.quantile_ms(500);
        figure.p99_ms = middle.latencies.quantile_ms(990);
        figure.p999_ms = middle.latencies.quantile_ms(999);
        figure.highest_ms = middle.latencies.highest_ms();
    }
    figure
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate far below u32::MAX; `as` saturates"
)]
pub fn whole(rate: f64) -> u32 {
    rate as u32
}
