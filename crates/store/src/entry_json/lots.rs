//! What an entry does to lots: one item for each change of a lot, all of one shape.

use ledger::{Entry, LotNumber, Timestamp, Zone, last_valid_day};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// One change of one lot.
#[derive(Serialize)]
pub(super) struct LotChange<'a> {
    /// There where the entry sets or tells the lot's dates; null while the lot waits for an
    /// activation.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_at: Option<Option<String>>,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Option<String>>,
    lot: i64,
    points: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_through: Option<Option<String>>,
}

impl<'a> LotChange<'a> {
    fn new(change: &'static str, number: LotNumber, points: i64) -> Self {
        let (available_at, expires_at, valid_through) = (None, None, None);
        Self {
            available_at,
            change,
            expires_at,
            lot: number.0,
            points,
            source: None,
            valid_through,
        }
    }

    fn of(self, source: &'a str) -> Self {
        Self { source: Some(source), ..self }
    }

    fn dated(self, available_at: Timestamp, expires_at: Option<Timestamp>, zone: Zone) -> Self {
        let dates = shown_dates(available_at, expires_at, zone);
        let [available_at, expires_at, valid_through] = dates.map(Some);
        Self { available_at, expires_at, valid_through, ..self }
    }
}

/// Lots granted, drawn from, given back to and activated, and lots that get other dates.
pub(super) fn changes(entry: &Entry, zone: Zone) -> Vec<LotChange<'_>> {
    let granted = entry.lots.grants.iter().map(|lot| {
        let change = LotChange::new("granted", lot.number, lot.points).of(&lot.source);
        change.dated(lot.available_at, lot.expires_at, zone)
    });
    let drawn = entry
        .lots
        .draws
        .iter()
        .map(|draw| LotChange::new("drawn", draw.number, draw.points.saturating_neg()));
    let returned = entry.lots.returns.iter().map(|back| {
        let change = LotChange::new("returned", back.lot.number, back.points).of(&back.lot.source);
        change.dated(back.lot.available_at, back.lot.expires_at, zone)
    });
    let activated = entry.lots.activations.iter().map(|lot| {
        let change = LotChange::new("activated", lot.number, lot.points);
        match entry.lots.dates.iter().find(|new| new.number == lot.number) {
            Some(new) => change.dated(new.available_at, new.expires_at, zone),
            None => change,
        }
    });
    let is_activated =
        |number: LotNumber| entry.lots.activations.iter().any(|lot| lot.number == number);
    let renewed = entry.lots.dates.iter().filter(|new| !is_activated(new.number)).map(|new| {
        let change = LotChange::new("renewed", new.number, 0);
        change.dated(new.available_at, new.expires_at, zone)
    });
    granted.chain(drawn).chain(returned).chain(activated).chain(renewed).collect()
}

/// From when on and until when a lot can be spent, and the last local day of that.
fn shown_dates(
    available_at: Timestamp,
    expires_at: Option<Timestamp>,
    zone: Zone,
) -> [Option<String>; 3] {
    let known = Some(available_at).filter(|at| *at < Timestamp::LAST);
    let last_day = expires_at.map(|at| last_valid_day(at, zone).to_string());
    [known.map(|at| at.to_string()), expires_at.map(|at| at.to_string()), last_day]
}

/// `available_at`, null while the lot waits for an activation, `expires_at` and `valid_through`.
#[must_use]
pub fn dates(
    available_at: Timestamp,
    expires_at: Option<Timestamp>,
    zone: Zone,
) -> Map<String, Json> {
    let names = ["available_at", "expires_at", "valid_through"].map(str::to_owned);
    let values = shown_dates(available_at, expires_at, zone).map(Json::from);
    names.into_iter().zip(values).collect()
}
