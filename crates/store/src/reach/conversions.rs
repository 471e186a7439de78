//! What members did and lost, as the ledger has it: what results count.

use ledger::{EntryId, Timestamp};
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// What a member did, as the ledger has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Bought so many units for so much.
    Order {
        /// Units of all lines.
        units: i64,
        /// In minor units.
        minor: i64,
    },
    /// Spent points.
    Redeem {
        /// How many.
        points: i64,
    },
    /// Something of that entry came back.
    Back {
        /// The entry.
        of: EntryId,
        /// Units of an order.
        units: i64,
        /// What they had cost, in minor units.
        minor: i64,
        /// Points of a redemption.
        points: i64,
    },
}

/// An entry that results count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultEntry {
    /// The member's number.
    pub member_no: i64,
    /// The entry's number.
    pub no: i64,
    /// Its id.
    pub id: EntryId,
    /// When it happened.
    pub at: Timestamp,
    /// What it was.
    pub did: Did,
}

/// Orders and redemptions of members, and what came back of them, that were recorded within a span,
/// in order; of each member the last `most` entries at most.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn conversions(
    ledger: &impl Sql,
    members: &[i64],
    (from, before): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<ResultEntry>, Error> {
    let members = json!(members).to_string();
    let values = vec![members.into(), from.0.into(), before.0.into(), most.into()];
    let rows = ledger.query(statement!("queries/conversions"), values).await?;
    let read = |mut row: Row| {
        let (units, minor) = (row.integer(7)?, row.integer(8)?);
        let did = match row.text(3)?.as_str() {
            "earn" => Did::Order { units, minor },
            "reverse" => Did::Back {
                of: row.entry_id(6)?,
                units,
                minor,
                points: row.optional_integer(9)?.unwrap_or(0),
            },
            _ => Did::Redeem { points: row.integer(5)?.saturating_neg() },
        };
        Ok(ResultEntry {
            member_no: row.integer(0)?,
            no: row.integer(1)?,
            id: row.entry_id(2)?,
            at: Timestamp(row.integer(4)?),
            did,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Points that ended for members at some instants: member, instant, points. Of each member the last
/// `most` expiries are looked at.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn expiries(
    ledger: &impl Sql,
    members: &[i64],
    instants: &[Timestamp],
    most: i64,
) -> Result<Vec<(i64, Timestamp, i64)>, Error> {
    let instants: Vec<i64> = instants.iter().map(|at| at.0).collect();
    let values =
        vec![json!(members).to_string().into(), json!(instants).to_string().into(), most.into()];
    let rows = ledger.query(statement!("queries/expiries"), values).await?;
    let read = |mut row: Row| Ok((row.integer(0)?, Timestamp(row.integer(1)?), row.integer(2)?));
    rows.into_iter().map(read).collect()
}
