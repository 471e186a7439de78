//! Chooses the loads against Accrue and their order, and combines several runs into one figure.
//! With a rival over HTTP, the mixes that it answers run by turns on both.

use super::load::{Costs, Counted, Load, Pace};
use super::mix::{Mix, Requests};
use super::overview::{Figure, Results};
use super::pairs::{self, Pair};
use super::target::Target;
use super::zipf::Zipf;
use super::{Plan, named, ruled};
use crate::processor;
use crate::server::Server;
use anyhow::Result;
use std::time::Duration;

const MIXES: [Mix; 6] =
    [Mix::Empty, Mix::Earn, Mix::EarnRedeem, Mix::Balance, Mix::HotEarn, Mix::RuledEarn];
const OPEN: &str = "open";

/// The name of the rival's figure, for a mix that the rival answers.
fn rival_name(mix: Mix) -> Option<&'static str> {
    match mix {
        Mix::Earn => Some("HTTP rival, earn"),
        Mix::EarnRedeem => Some("HTTP rival, 80/20"),
        Mix::Balance => Some("HTTP rival, balance"),
        Mix::Empty | Mix::HotEarn | Mix::RuledEarn => None,
    }
}

/// Whether any of these is selected.
pub fn is_selected(plan: &Plan) -> bool {
    plan.selects(OPEN) || MIXES.iter().any(|mix| plan.selects(mix.name()))
}

/// Whether any mix is selected that the rival answers, too, by its own name or by the rival's.
pub fn has_pairs(plan: &Plan) -> bool {
    MIXES.into_iter().any(|mix| selects_pair(plan, mix))
}

fn selects_pair(plan: &Plan, mix: Mix) -> bool {
    rival_name(mix).is_some_and(|name| plan.selects(name) || plan.selects(mix.name()))
}

pub async fn run(
    server: &Server,
    rival: Option<&dyn Target>,
    plan: &Plan,
    results: &mut Results,
) -> Result<()> {
    let zipf = Zipf::new(plan.members, 1);
    let mut best_earn = 0.0_f64;
    let is_selected =
        |mix| plan.selects(Mix::name(mix)) || (rival.is_some() && selects_pair(plan, mix));
    for mix in MIXES.into_iter().filter(|mix| is_selected(*mix)) {
        for clients in plan.clients.iter().copied() {
            let is_fewer = matches!(mix, Mix::HotEarn | Mix::RuledEarn);
            if is_fewer && clients != 16 && clients != 64 {
                continue;
            }
            let scenario = |how| Scenario { plan, mix, how, zipf: &zipf, clients, rate: None };
            if mix == Mix::RuledEarn {
                let scenario = scenario(format!("by turns, {clients} clients"));
                results.add(beside_fewer_rules(server, &scenario).await?);
                continue;
            }
            let figures = match (rival, rival_name(mix)) {
                (Some(rival), Some(name)) => {
                    let how = format!("closed by turns, {clients} clients");
                    let (figures, pair) =
                        beside_rival([server, rival], name, &scenario(how)).await?;
                    eprintln!("{}", pair.line());
                    results.add_pair(pair);
                    figures
                }
                _ => {
                    let how = format!("closed, {clients} clients");
                    vec![figure(server, &scenario(how)).await?]
                }
            };
            if let (Mix::Earn, Some(ours)) = (mix, figures.first()) {
                best_earn = best_earn.max(ours.per_second);
            }
            results.add(figures);
        }
    }
    if plan.selects(OPEN) {
        for share in [0.25, 0.5, 0.75] {
            let rate = whole(best_earn * share).max(500);
            let how = format!("open, {rate}/s ({:.0} % of the best)", share * 100.0);
            let (mix, zipf) = (Mix::Earn, &zipf);
            let scenario = Scenario { plan, mix, how, zipf, clients: 256, rate: Some(rate) };
            results.add(vec![figure(server, &scenario).await?]);
        }
    }
    Ok(())
}

/// One load, without its server.
struct Scenario<'a> {
    plan: &'a Plan,
    mix: Mix,
    how: String,
    zipf: &'a Zipf,
    clients: usize,
    /// Of the open loop.
    rate: Option<u32>,
}

/// Accrue and the rival by turns: the figures of both, and the ratio.
async fn beside_rival(
    [accrue, rival]: [&dyn Target; 2],
    rival_name: &str,
    scenario: &Scenario<'_>,
) -> Result<(Vec<Figure>, Pair)> {
    let sides = [(accrue, scenario.mix.name()), (rival, rival_name)];
    let turns = 0..scenario.plan.runs;
    let [ours, theirs] = pairs::by_turns(turns, sides.each_ref(), async |(target, name), turn| {
        one(*target, name, scenario, scenario.mix, turn).await
    })
    .await?;
    let both = ours.iter().zip(&theirs);
    let turns: Vec<_> =
        both.map(|(ours, theirs)| (ours.per_second(), theirs.per_second())).collect();
    let figure = |name: &str, runs| summary(named(name, scenario.how.clone()), runs);
    let (ours, theirs) = (figure(scenario.mix.name(), ours), figure(rival_name, theirs));
    let pair = Pair::new(&ours, &theirs, &turns);
    Ok((vec![ours, theirs], pair))
}

/// The same load by the default rules and by fifty more, by turns.
async fn beside_fewer_rules(server: &Server, scenario: &Scenario<'_>) -> Result<Vec<Figure>> {
    let Scenario { plan, clients, how, .. } = scenario;
    let sides = [(Mix::Earn, 0), (Mix::RuledEarn, 50)];
    // Numbers that no earlier run used: the same load was run without turns, too.
    let turns = plan.runs..2 * plan.runs;
    let runs = pairs::by_turns(turns, sides.each_ref(), async |(mix, rules), turn| {
        ruled::publish(server, *rules, &format!("{clients}-{turn}-{rules}")).await?;
        one(server, mix.name(), scenario, *mix, turn).await
    })
    .await?;
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

async fn figure(server: &Server, scenario: &Scenario<'_>) -> Result<Figure> {
    let name = scenario.mix.name();
    let mut runs = Vec::new();
    for run in 0..scenario.plan.runs {
        runs.push(one(server, name, scenario, scenario.mix, run).await?);
    }
    Ok(summary(named(name, scenario.how.clone()), runs))
}

async fn one(
    target: &dyn Target,
    name: &str,
    scenario: &Scenario<'_>,
    mix: Mix,
    run: usize,
) -> Result<Counted> {
    let Scenario { plan, how, zipf, clients, rate, .. } = scenario;
    let requests: Vec<Requests> = (0..*clients)
        .map(|client| {
            let prefix = format!("{mix:?}-{clients}-{}-{run}-{client}", rate.unwrap_or(0));
            let seed = (run * 1000 + client) as u64;
            Requests::new(mix, target.key(), prefix, zipf.with_seed(seed))
        })
        .collect();
    let load = Load {
        address: target.address(),
        pace: rate.map_or(Pace::Closed(Duration::ZERO), Pace::Open),
        warm_up: plan.warm_up,
        run: plan.run,
        threads: plan.generator_threads,
    };
    // Nothing else runs in this process meanwhile.
    let spent = || (target.processor_seconds(), processor::seconds(std::process::id()));
    let before = spent();
    let mut counted = load.send(requests).await?;
    let after = spent();
    let (server, generator) = (after.0 - before.0, after.1 - before.1);
    let costs = Costs::of(counted.answers, server, generator);
    counted.costs = Some(costs);
    eprintln!(
        "{name:<22} {how:<28} {:>9.0}/s  p50 {:>7.2} ms  p99 {:>7.2} ms  server {:.2} cores, {:.0} µs a request  load {:.0} µs{}",
        counted.per_second(),
        counted.latencies.quantile_ms(500),
        counted.latencies.quantile_ms(990),
        server / (plan.warm_up + plan.run).as_secs_f64(),
        costs.server_us,
        costs.generator_us,
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
        figure.server_us = middle.costs.map(|costs| costs.server_us);
        figure.generator_us = middle.costs.map(|costs| costs.generator_us);
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
