//! Writes the results: a table for people, and a JSON file for comparison.

use super::pairs::Pair;
use anyhow::{Context, Result};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// One row: the median run of a scenario.
#[derive(Serialize, Default, Clone)]
pub struct Figure {
    pub name: String,
    /// Loop and clients, or another kind of load.
    pub how: String,
    pub per_second: f64,
    pub slowest: f64,
    pub fastest: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub highest_ms: f64,
    pub successes: u64,
    pub refusals: u64,
    pub errors: u64,
    /// Processor time of one request, in microseconds, where it was measured.
    pub server_us: Option<f64>,
    pub generator_us: Option<f64>,
}

#[derive(Serialize)]
pub struct Results {
    machine: serde_json::Value,
    figures: Vec<Figure>,
    pairs: Vec<Pair>,
    notes: serde_json::Map<String, serde_json::Value>,
}

impl Results {
    pub fn new(machine: serde_json::Value) -> Self {
        Self { machine, figures: Vec::new(), pairs: Vec::new(), notes: serde_json::Map::new() }
    }

    pub fn add(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }

    pub fn add_pair(&mut self, pair: Pair) {
        self.pairs.push(pair);
    }

    pub fn note(&mut self, name: &str, value: u64) {
        self.notes.insert(name.to_owned(), value.into());
    }

    pub fn print(&self) {
        println!("\n{}", self.machine);
        println!(
            "{:<22} {:<28} {:>9} {:>17} {:>8} {:>8} {:>9} {:>9} {:>8} {:>6} {:>9} {:>7}",
            "what",
            "how",
            "a second",
            "spread",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "max ms",
            "refused",
            "errors",
            "server µs",
            "load µs"
        );
        for figure in &self.figures {
            println!(
                "{:<22} {:<28} {:>9.0} {:>17} {:>8.2} {:>8.2} {:>9.2} {:>9.2} {:>8} {:>6} {:>9} {:>7}",
                figure.name,
                figure.how,
                figure.per_second,
                format!("{:.0}–{:.0}", figure.slowest, figure.fastest),
                figure.p50_ms,
                figure.p99_ms,
                figure.p999_ms,
                figure.highest_ms,
                figure.refusals,
                figure.errors,
                cost(figure.server_us),
                cost(figure.generator_us)
            );
        }
        for pair in &self.pairs {
            println!("{}", pair.line());
        }
        for (name, value) in &self.notes {
            println!("{name}: {value}");
        }
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(file, text + "\n").with_context(|| format!("writing {}", file.display()))
    }
}

fn cost(microseconds: Option<f64>) -> String {
    microseconds.map_or_else(|| "–".to_owned(), |cost| format!("{cost:.0}"))
}
