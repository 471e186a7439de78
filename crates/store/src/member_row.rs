//! Rows of members and lots to the types of the ledger, and back to the JSON texts that the
//! database keeps of them.

use ledger::{
    Claim, ClaimPeriod, Counter, Hash, Lot, LotDraw, LotNumber, Member, MemberId, Sequence,
    Standing, Tier, Timestamp, Totals,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::member_extras::MemberExtras;
use crate::sql::Row;

/// How `lot.expires_at` says "never", so that ascending order is consumption order.
pub(crate) const NEVER: i64 = i64::MAX;

type LotRow = (i64, String, i64, i64, i64, i64, i64, i64);
/// Spend, growth and orders for life, then by month.
pub(crate) type StandingRow = (i64, i64, i64, Vec<(i32, i64, i64, i64)>);
type CounterRow = (String, i32, i64, i64);
/// Level, at, until; first and last day of the period: empty for all of life, none where no totals
/// decided.
pub(crate) type ClaimRow = (String, i64, Option<i64>, Option<Vec<i32>>);

/// What counts towards tiers, and what the member's level is held by.
#[derive(Serialize, Deserialize)]
struct TierRow(
    i64,
    i64,
    i64,
    Vec<(i32, i64, i64, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")] Vec<ClaimRow>,
);

pub(crate) fn instant(value: i64) -> Timestamp {
    Timestamp(value)
}

/// Reads a member from 16 columns from `at` on (id, no, sequence … reminded_at, debt, state) and
/// the lots from the one after. A null number is a new member.
pub(crate) fn member(row: &mut Row, at: usize) -> Result<(Member, Option<i64>), Error> {
    let id = MemberId::stored(row.text(at)?).map_err(|_| Error::Corrupt("member id"))?;
    let Some(number) = row.optional_integer(at + 1)? else { return Ok((Member::new(id), None)) };
    let tier = match (row.optional_text(at + 7)?, row.optional_integer(at + 8)?) {
        (Some(id), Some(since)) => {
            Some((id, instant(since), row.optional_integer(at + 9)?.map(instant)))
        }
        _ => None,
    };
    let (standing, claims) = read_standing(&row.text(at + 10)?)?;
    let in_lots = row.integer(at + 4)?;
    let debt = row.integer(at + 14)?;
    let lots = row.optional_text(at + 16)?.map_or(Ok(Vec::new()), |text| lots(&text))?;
    // The sum tells whether all of them were loaded.
    let lots_complete = lots.iter().map(|lot| lot.remaining).sum::<i64>() == in_lots;
    let more = row
        .optional_text(at + 15)?
        .map_or(Ok(MemberExtras::default()), |text| MemberExtras::read(&text))?;
    let member = Member {
        id,
        sequence: Sequence(row.integer(at + 2)?),
        head: Hash::parse(&row.text(at + 3)?).ok_or(Error::Corrupt("head"))?,
        balance: in_lots.checked_sub(debt).ok_or(Error::Corrupt("balance"))?,
        debt,
        lots_granted: row.integer(at + 5)?,
        joined_at: row.optional_integer(at + 6)?.map(instant),
        tier: tier.map(|(id, since, until)| Tier { id, since, until, claims }),
        standing,
        counters: counters(&row.text(at + 11)?)?,
        holds: more.holds()?,
        reviews: more.reviews()?,
        coupons: more.coupons(),
        frozen: more.frozen(),
        pool: more.pool()?,
        pooled: more.pooled()?,
        invitations: more.invitations()?,
        closed: more.closed()?,
        requests: more.requests()?,
        due_at: row.optional_integer(at + 12)?.map(instant),
        reminded_at: row.optional_integer(at + 13)?.map(instant),
        lots,
        lots_complete,
        lots_counted: None,
    };
    Ok((member, Some(number)))
}

fn lots(text: &str) -> Result<Vec<Lot>, Error> {
    let rows: Vec<LotRow> = serde_json::from_str(text).map_err(|_| Error::Corrupt("lots"))?;
    let lot = |(
        number,
        source,
        granted,
        remaining,
        earned_at,
        available_at,
        expires_at,
        pending,
    ): LotRow| Lot {
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
    let month =
        |(month, spend_minor, growth, orders)| (month, Totals { spend_minor, growth, orders });
    Standing {
        lifetime: Totals { spend_minor, growth, orders },
        months: months.into_iter().map(month).collect(),
    }
}

pub(crate) fn standing_row(standing: &Standing) -> StandingRow {
    let Totals { spend_minor, growth, orders } = standing.lifetime;
    let month = |(month, totals): &(i32, Totals)| {
        (*month, totals.spend_minor, totals.growth, totals.orders)
    };
    (spend_minor, growth, orders, standing.months.iter().map(month).collect())
}

fn read_standing(text: &str) -> Result<(Standing, Vec<Claim>), Error> {
    let corrupt = || Error::Corrupt("standing");
    let TierRow(spend_minor, growth, orders, months, claims) =
        serde_json::from_str(text).map_err(|_| corrupt())?;
    let claims = claims.into_iter().map(claim).collect::<Option<_>>().ok_or_else(corrupt)?;
    Ok((standing((spend_minor, growth, orders, months)), claims))
}

pub(crate) fn write_standing(member: &Member) -> Result<String, Error> {
    let (spend_minor, growth, orders, months) = standing_row(&member.standing);
    let claims = member.tier.iter().flat_map(|tier| &tier.claims).map(claim_row).collect();
    let row = TierRow(spend_minor, growth, orders, months, claims);
    serde_json::to_string(&row).map_err(|_| Error::Corrupt("standing to be written"))
}

pub(crate) fn claim((tier, at, until, period): ClaimRow) -> Option<Claim> {
    let period = match period.as_deref() {
        None => None,
        Some([]) => Some(ClaimPeriod::Lifetime),
        Some([first, last]) => Some(ClaimPeriod::Days(*first, *last)),
        Some(_) => return None,
    };
    Some(Claim { tier, at: instant(at), until: until.map(instant), period })
}

pub(crate) fn claim_row(claim: &Claim) -> ClaimRow {
    let period = claim.period.map(|period| match period {
        ClaimPeriod::Lifetime => Vec::new(),
        ClaimPeriod::Days(first, last) => vec![first, last],
    });
    (claim.tier.clone(), claim.at.0, claim.until.map(|at| at.0), period)
}

fn counters(text: &str) -> Result<Vec<Counter>, Error> {
    let rows: Vec<CounterRow> =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("counters"))?;
    Ok(rows
        .into_iter()
        .map(|(name, period, times, points)| Counter { name, period, times, points })
        .collect())
}

/// Lot numbers and points.
pub(crate) fn pairs(draws: &[LotDraw]) -> Vec<(i64, i64)> {
    draws.iter().map(|draw| (draw.number.0, draw.points)).collect()
}

pub(crate) fn draws(pairs: &[(i64, i64)]) -> Vec<LotDraw> {
    pairs
        .iter()
        .map(|(number, points)| LotDraw { number: LotNumber(*number), points: *points })
        .collect()
}

pub(crate) fn write_counters(counters: &[Counter]) -> Result<String, Error> {
    let rows: Vec<_> = counters.iter().map(|c| (&c.name, c.period, c.times, c.points)).collect();
    serde_json::to_string(&rows).map_err(|_| Error::Corrupt("counters to be written"))
}
