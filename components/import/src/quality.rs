//! The report on a file for its approvers: what it would book, and its faults. It names lines and
//! columns, and repeats no cell.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use shell::{Cells, FieldError, ImportRowBody, ImportTotalsBody, Problem};

/// Max faults that are listed one by one.
const MAX_FAULTS: usize = 500;
/// Cap of a single size, so that many can be added up. No step of a rulebook needs as many points.
const MAX_COUNTED: i64 = 1_000_000_000_000_000;

/// The findings in a file so far.
#[derive(Default)]
pub struct Quality {
    rows: u64,
    ready: u64,
    lots: u64,
    points: i128,
    debt: i128,
    tiers: BTreeMap<String, u64>,
    cells: Cells,
    faulty: Cells,
    faults: Vec<Json>,
    faulty_members: u64,
    gives_levels: bool,
}

impl Quality {
    /// Starts a report on a file with this many rows and these cells.
    pub fn of(rows: u64, cells: Cells) -> Self {
        Self { rows, cells, ..Self::default() }
    }

    /// Counts a member that can be booked.
    pub fn ready(&mut self, row: &ImportRowBody) {
        self.ready += 1;
        self.lots += row.lots.len() as u64;
        self.points += row.lots.iter().map(|lot| i128::from(lot.points)).sum::<i128>();
        self.debt += i128::from(row.debt);
        self.gives_levels |= row.tier.is_some() || row.totals != ImportTotalsBody::default();
        if let Some(tier) = &row.tier {
            *self.tiers.entry(tier.clone()).or_default() += 1;
        }
    }

    /// Counts a member that cannot be booked.
    pub fn faulty(&mut self, line: u64, problem: Problem) -> Result<(), Problem> {
        let errors = match problem {
            Problem::InvalidRequest(errors) => errors,
            Problem::MalformedJson(detail) => vec![FieldError::new("", detail)],
            other => return Err(other),
        };
        self.faulty_members += 1;
        for error in errors {
            let column = column(&error.pointer);
            *self.faulty.entry(column.to_owned()).or_default() += 1;
            if self.faults.len() < MAX_FAULTS {
                self.faults
                    .push(json!({"line": line, "column": column, "pointer": error.pointer, "detail": error.detail}));
            }
        }
        Ok(())
    }

    /// Members that can be booked.
    pub fn members(&self) -> u64 {
        self.ready
    }

    /// Whether members get levels, by name or by their qualifying amounts.
    pub fn gives_levels(&self) -> bool {
        self.gives_levels
    }

    /// The points to approve: those that members get, and those that they owe.
    pub fn size(&self) -> i64 {
        i64::try_from(self.points + self.debt).unwrap_or(i64::MAX).min(MAX_COUNTED)
    }

    /// The report as stored and shown.
    pub fn shown(&self) -> Json {
        let share = |clean: u64, all: u64| if all == 0 { 1.0 } else { clean as f64 / all as f64 };
        let names = self.cells.keys().chain(self.faulty.keys().filter(|name| !name.is_empty()));
        let mut columns = BTreeMap::new();
        for name in names {
            let faulty = self.faulty.get(name).copied().unwrap_or(0);
            // A missing value was no cell, but should have been one.
            let filled = self.cells.get(name).copied().unwrap_or(0).max(faulty);
            columns.insert(
                name.clone(),
                json!({"cells": filled, "faulty": faulty, "share_clean": share(filled - faulty, filled)}),
            );
        }
        let cells: u64 = columns.values().filter_map(|column| column["cells"].as_u64()).sum();
        let faulty: u64 = columns.values().filter_map(|column| column["faulty"].as_u64()).sum();
        json!({
            "rows": self.rows,
            "members": self.ready + self.faulty_members,
            "ready": self.ready,
            "faulty": self.faulty_members,
            "lots": self.lots,
            "points": number(self.points),
            "debt": number(self.debt),
            "tiers": self.tiers,
            "cells": cells,
            "share_clean": share(cells - faulty, cells),
            "columns": columns,
            "faults": self.faults,
        })
    }
}

fn number(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// The column of a place in a row: `/lots/3/valid_through` is `valid_through`.
fn column(pointer: &str) -> &str {
    let mut parts = pointer.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("lots" | "totals"), _, Some(field)) => field,
        (Some("totals"), Some(field), None) => field,
        (first, ..) => first.unwrap_or_default(),
    }
}
