//! Rows of members and lots to the types of the ledger, and back to the JSON texts that the database keeps of them.

use ledger::{Counter, Hash, Lot, LotDraw, LotNumber, Member, MemberId, Sequence, Standing, Tier, Timestamp, Totals};

use crate::Error;
use crate::more::More;
use crate::sql::Row;

/// How `lot.expires_at` says "never", so that ascending order is consumption order.
pub(crate) const NEVER: i64 = i64::MAX;

type LotRow = (i64, String, i64, i64, i64, i64, i64, i64);
/// Spend, growth and orders for life, then by month.
pub(crate) type StandingRow = (i64, i64, i64, Vec<(i32, i64, i64, i64)>);
type CounterRow = (String, i32, i64, i64);

pub(crate) fn instant(value: i64) -> Timestamp {
    Timestamp(value)
}

/// Reads a member from 16 columns from `at` on (id, no, sequence … reminded_at, debt, state) and the lots from the one after. A null number
/// is a new member.
pub(crate) fn member(row: &mut Row, at: usize) -> Result<(Member, Option<i64>), Error> {
    let id = MemberId::new(row.text(at)?).map_err(|_| Error::Corrupt("member id"))?;
    let Some(number) = row.optional_integer(at + 1)? else { return Ok((Member::new(id), None)) };
    let tier = match (row.optional_text(at + 7)?, row.optional_integer(at + 8)?) {
        (Some(id), Some(since)) => {
            Some(Tier { id, since: instant(since), until: row.optional_integer(at + 9)?.map(instant) })
        }
        _ => None,
    };
    let in_lots = row.integer(at + 4)?;
    let debt = row.integer(at + 14)?;
    let lots = row.optional_text(at + 16)?.map_or(Ok(Vec::new()), |text| lots(&text))?;
    // The sum tells whether all of them were loaded.
    let lots_complete = lots.iter().map(|lot| lot.remaining).sum::<i64>() == in_lots;
    let more = row.optional_text(at + 15)?.map_or(Ok(More::default()), |text| More::read(&text))?;
    let member = Member {
        id,
        sequence: Sequence(row.integer(at + 2)?),
        head: Hash::parse(&row.text(at + 3)?).ok_or(Error::Corrupt("head"))?,
        balance: in_lots.checked_sub(debt).ok_or(Error::Corrupt("balance"))?,
        debt,
        lots_granted: row.integer(at + 5)?,
        joined_at: row.optional_integer(at + 6)?.map(instant),
        tier,
        standing: read_standing(&row.text(at + 10)?)?,
        counters: counters(&row.text(at + 11)?)?,
        holds: more.holds()?,
        reviews: more.reviews()?,
        coupons: more.coupons(),
        frozen: more.frozen(),
        pool: more.pool()?,
        pooled: more.pooled()?,
        closed: more.closed()?,
        requests: more.requests()?,
        due_at: row.optional_integer(at + 12)?.map(instant),
        reminded_at: row.optional_integer(at + 13)?.map(instant),
        lots,
        lots_complete,
    };
    Ok((member, Some(number)))
}

fn lots(text: &str) -> Result<Vec<Lot>, Error> {
    let rows: Vec<LotRow> = serde_json::from_str(text).map_err(|_| Error::Corrupt("lots"))?;
    let lot = |(number, source, granted, remaining, earned_at, available_at, expires_at, pending): LotRow| Lot {
        number: LotNumber(number),
        source,
        granted,
        remaining,
        earned_at: instant(earned_at),
        available_at: instant(available_at),
        expires_at: (expires_at != NEVER).then_some(instant(expires_at)),
        pending: pending != 0,
    };
    Ok(rows.into_iter().map(lot).collect())
}

pub(crate) fn standing((spend_minor, growth, orders, months): StandingRow) -> Standing {
    let month = |(month, spend_minor, growth, orders)| (month, Totals { spend_minor, growth, orders });
    Standing { lifetime: Totals { spend_minor, growth, orders }, months: months.into_iter().map(month).collect() }
}

pub(crate) fn standing_row(standing: &Standing) -> StandingRow {
    let Totals { spend_minor, growth, orders } = standing.lifetime;
    let month = |(month, totals): &(i32, Totals)| (*month, totals.spend_minor, totals.growth, totals.orders);
    (spend_minor, growth, orders, standing.months.iter().map(month).collect())
}

fn read_standing(text: &str) -> Result<Standing, Error> {
    serde_json::from_str(text).map(standing).map_err(|_| Error::Corrupt("standing"))
}

pub(crate) fn write_standing(standing: &Standing) -> Result<String, Error> {
    serde_json::to_string(&standing_row(standing)).map_err(|_| Error::Corrupt("standing to be written"))
}

fn counters(text: &str) -> Result<Vec<Counter>, Error> {
    let rows: Vec<CounterRow> = serde_json::from_str(text).map_err(|_| Error::Corrupt("counters"))?;
    Ok(rows.into_iter().map(|(name, period, times, points)| Counter { name, period, times, points }).collect())
}

/// Lot numbers and points.
pub(crate) fn pairs(draws: &[LotDraw]) -> Vec<(i64, i64)> {
    draws.iter().map(|draw| (draw.number.0, draw.points)).collect()
}

pub(crate) fn draws(pairs: &[(i64, i64)]) -> Vec<LotDraw> {
    pairs.iter().map(|(number, points)| LotDraw { number: LotNumber(*number), points: *points }).collect()
}

pub(crate) fn write_counters(counters: &[Counter]) -> Result<String, Error> {
    let rows: Vec<_> = counters.iter().map(|c| (&c.name, c.period, c.times, c.points)).collect();
    serde_json::to_string(&rows).map_err(|_| Error::Corrupt("counters to be written"))
}
