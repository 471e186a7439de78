//! The part of an entry that the database keeps as one JSON text: what hardly a query looks into.
//!
//! Field names are part of the stored format; new fields are optional. Reading gives back exactly
//! what was hashed.

use ledger::{
    Award, Count, Deduction, Discount, Entry, EntryId, Exact, Exchange, Frozen, Hash, Kind,
    LineAward, LineReturn, LotDates, LotGrant, LotNumber, LotReturn, MemberId, Origin, PoolChange,
    ProgrammeId, Qualifying, Rate, Reference, Reminder, Reservation, Reversal, Review, Sequence,
    Silent, Taken, TierMove,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::adjustments::{self, AdjustmentRow};
use crate::coupons::{CouponRow, coupon, coupon_row};
use crate::effects::{TallyRow, tally, tally_row};
use crate::member_row::{
    ClaimRow, StandingRow, claim, claim_row, draws, instant, pairs, standing, standing_row,
};
use crate::sql::Row;

type LineRow = (String, i64, i64, i64, Option<String>, Option<String>);
type ReminderRow = (i64, Vec<(i64, i64)>, i64);
/// Lines (line, quantity, amount_minor, points), desired, expired.
pub(crate) type ReversalRow = (Vec<(String, i64, i64, i64)>, i64, i64);
/// Month, keep_from, spend_minor, growth, orders.
type QualifyingRow = (i32, i32, i64, i64, i64);
/// Because, what is kept back of the qualification.
pub(crate) type ReviewRow = (String, Option<QualifyingRow>);
type GrantRow = (i64, i64, String, i64, i64, Option<i64>);

#[derive(Serialize, Deserialize)]
struct Body {
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    rulebook: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// Rule, desired, granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    awards: Vec<(String, String, i64)>,
    /// Line, quantity, amount_minor, granted, sku, category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    uncounted: Vec<String>,
    /// Because, rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    silent: Vec<(String, Vec<String>)>,
    /// Number, points, source, earned_at, available_at, expires_at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    grants: Vec<GrantRow>,
    /// Lot number, points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    draws: Vec<(i64, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    activations: Vec<(i64, i64)>,
    /// Lot number, available_at, expires_at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dates: Vec<(i64, i64, Option<i64>)>,
    /// Counter, period, keep_from, times, points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counts: Vec<(String, i32, i32, i64, i64)>,
    /// Month, keep_from, spend_minor, growth, orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    qualifying: Option<QualifyingRow>,
    /// From, to, until.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<(Option<String>, String, Option<i64>)>,
    /// Points, lots, first_expires_at.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder: Option<ReminderRow>,
    /// Queries look into this one, and into `reversal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    /// Until, lots.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation: Option<(i64, Vec<(i64, i64)>)>,
    /// Lot as it was granted, points that come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    returns: Vec<(GrantRow, i64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal: Option<ReversalRow>,
    #[serde(default, skip_serializing_if = "is_zero")]
    debt: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjustment: Option<AdjustmentRow>,
    /// Earning, spending.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<(bool, bool)>,
    /// Because, what is kept back of `qualifying`.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<ReviewRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tallies: Vec<TallyRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coupons: Vec<CouponRow>,
    /// Order, off, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount: Option<(i64, i64)>,
    /// Reward, version, quantity, cash in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<(String, i64, i64, i64)>,
    /// Order in minor units, points wished, money in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    deduction: Option<(i64, Option<i64>, i64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<String>,
    /// Whether this is the pool's side, whether the member joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<(bool, bool)>,
    /// Until when a pool's guest may join.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<StandingRow>,
    /// Programme, points there, rate. Queries look into this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<(String, i64, String)>,
    /// What the level after `tier` is held by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<ClaimRow>,
    /// Set by the statement that takes the free texts of an erased member out, and by nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    redacted: bool,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn grant_row(g: &LotGrant) -> GrantRow {
    (
        g.number.0,
        g.points,
        g.source.clone(),
        g.earned_at.0,
        g.available_at.0,
        g.expires_at.map(|at| at.0),
    )
}

/// The text that is stored.
pub(crate) fn write(entry: &Entry) -> Result<String, Error> {
    let body = Body {
        actor: entry.origin.actor.clone(),
        channel: entry.origin.channel.clone(),
        store: entry.origin.store.clone(),
        reference: entry.origin.reference.as_ref().map(ToString::to_string),
        reason: entry.origin.reason.clone(),
        rulebook: entry.rulebook_version,
        event: entry.event.clone(),
        cause: entry.cause.map(|id| id.to_string()),
        awards: entry
            .awards
            .iter()
            .map(|a| (a.rule.clone(), a.desired.to_string(), a.granted))
            .collect(),
        uncounted: entry.uncounted.clone(),
        silent: entry
            .silent
            .iter()
            .map(|silent| (silent.because.clone(), silent.rules.clone()))
            .collect(),
        lines: entry
            .lines
            .iter()
            .map(|l| {
                (
                    l.line.clone(),
                    l.quantity,
                    l.amount_minor,
                    l.granted,
                    l.sku.clone(),
                    l.category.clone(),
                )
            })
            .collect(),
        grants: entry.grants.iter().map(grant_row).collect(),
        draws: pairs(&entry.draws),
        activations: pairs(&entry.activations),
        dates: entry
            .dates
            .iter()
            .map(|d| (d.number.0, d.available_at.0, d.expires_at.map(|at| at.0)))
            .collect(),
        counts: entry
            .counts
            .iter()
            .map(|c| (c.counter.clone(), c.period, c.keep_from, c.times, c.points))
            .collect(),
        qualifying: entry.qualifying.map(qualifying_row),
        tier: entry.tier.as_ref().map(|t| (t.from.clone(), t.to.clone(), t.until.map(|at| at.0))),
        reminder: entry.reminder.as_ref().map(|r| (r.points, pairs(&r.lots), r.first_expires_at.0)),
        corrects: entry.corrects.map(|id| id.to_string()),
        reservation: entry.reservation.as_ref().map(|r| (r.until.0, pairs(&r.lots))),
        returns: entry.returns.iter().map(|back| (grant_row(&back.lot), back.points)).collect(),
        reversal: entry.reversal.as_ref().map(|r| {
            let line = |l: &LineReturn| (l.line.clone(), l.quantity, l.amount_minor, l.points);
            (r.lines.iter().map(line).collect(), r.desired, r.expired)
        }),
        debt: entry.debt,
        adjustment: entry.adjustment.as_ref().map(adjustments::row),
        frozen: entry.frozen.map(|frozen| (frozen.earning, frozen.spending)),
        review: entry.review.as_ref().map(review_row),
        tallies: entry.tallies.iter().map(tally_row).collect(),
        coupons: entry.coupons.iter().map(coupon_row).collect(),
        discount: entry.discount.map(|d| (d.order_minor, d.off_minor)),
        reward: entry
            .reward
            .as_ref()
            .map(|r| (r.reward.clone(), r.version, r.quantity, r.cash_minor)),
        counterparty: entry.counterparty.as_ref().map(ToString::to_string),
        pool: entry.pool.map(|change| (change.is_pool, change.joins)),
        invitation: entry.invitation.map(|until| until.0),
        carried: entry.carried.as_ref().map(standing_row),
        exchange: entry
            .exchange
            .as_ref()
            .map(|e| (e.programme.to_string(), e.points, e.rate.to_string())),
        claims: entry.tier.iter().flat_map(|tier| &tier.claims).map(claim_row).collect(),
        redacted: entry.redacted,
        deduction: entry.deduction.map(|d| (d.order_minor, d.wished, d.money_minor)),
    };
    serde_json::to_string(&body).map_err(|_| Error::Corrupt("entry to be written"))
}

fn qualifying_row(q: Qualifying) -> QualifyingRow {
    (q.month, q.keep_from, q.spend_minor, q.growth, q.orders)
}

fn qualifying((month, keep_from, spend_minor, growth, orders): QualifyingRow) -> Qualifying {
    Qualifying { month, keep_from, spend_minor, growth, orders }
}

/// A review in its stored shape.
pub(crate) fn review_row(review: &Review) -> ReviewRow {
    (review.because.clone(), review.qualifying.map(qualifying_row))
}

/// A review from its stored shape.
pub(crate) fn review((because, kept_back): ReviewRow) -> Review {
    Review { because, qualifying: kept_back.map(qualifying) }
}

fn exchange((programme, points, rate): (String, i64, String)) -> Option<Exchange> {
    Some(Exchange {
        programme: ProgrammeId::new(programme).ok()?,
        points,
        rate: Rate::parse(&rate).ok()?,
    })
}

/// A reversal from its stored shape.
pub(crate) fn reversal((lines, desired, expired): ReversalRow) -> Reversal {
    let line = |(line, quantity, amount_minor, points)| LineReturn {
        line,
        quantity,
        amount_minor,
        points,
    };
    Reversal { lines: lines.into_iter().map(line).collect(), desired, expired }
}

/// Reads an entry from 12 columns from `at` on: programme, member, sequence, id, kind, points,
/// balance_after, occurred_at, recorded_at, body, hash, previous hash (null for the first).
pub(crate) fn read(row: &mut Row, at: usize) -> Result<Entry, Error> {
    let corrupt = || Error::Corrupt("entry");
    let text = row.text(at + 9)?;
    let body: Body = serde_json::from_str(&text).map_err(|_| corrupt())?;
    let previous = row.optional_text(at + 11)?;
    let award = |(rule, desired, granted): (String, String, i64)| {
        Some(Award { rule, desired: Exact::parse(&desired)?, granted })
    };
    let line = |(line, quantity, amount_minor, granted, sku, category): LineRow| LineAward {
        line,
        sku,
        category,
        quantity,
        amount_minor,
        granted,
    };
    let grant =
        |(number, points, source, earned_at, available_at, expires_at): GrantRow| LotGrant {
            number: LotNumber(number),
            points,
            source,
            earned_at: instant(earned_at),
            available_at: instant(available_at),
            expires_at: expires_at.map(instant),
        };
    let dates = |(number, available_at, expires_at): (i64, i64, Option<i64>)| LotDates {
        number: LotNumber(number),
        available_at: instant(available_at),
        expires_at: expires_at.map(instant),
    };
    let claims = body.claims.into_iter().map(claim).collect::<Option<_>>().ok_or_else(corrupt)?;
    Ok(Entry {
        programme: ProgrammeId::new(row.text(at)?).map_err(|_| corrupt())?,
        member: MemberId::stored(row.text(at + 1)?).map_err(|_| corrupt())?,
        sequence: Sequence(row.integer(at + 2)?),
        id: EntryId::parse(&row.text(at + 3)?).ok_or_else(corrupt)?,
        kind: Kind::parse(&row.text(at + 4)?).ok_or_else(corrupt)?,
        points: row.integer(at + 5)?,
        balance_after: row.integer(at + 6)?,
        occurred_at: instant(row.integer(at + 7)?),
        recorded_at: instant(row.integer(at + 8)?),
        origin: Origin {
            actor: body.actor,
            channel: body.channel,
            store: body.store,
            reference: body.reference.map(Reference::new).transpose().map_err(|_| corrupt())?,
            reason: body.reason,
        },
        rulebook_version: body.rulebook,
        event: body.event,
        cause: body.cause.map(|id| EntryId::parse(&id).ok_or_else(corrupt)).transpose()?,
        awards: body.awards.into_iter().map(award).collect::<Option<_>>().ok_or_else(corrupt)?,
        lines: body.lines.into_iter().map(line).collect(),
        uncounted: body.uncounted,
        silent: body.silent.into_iter().map(|(because, rules)| Silent { because, rules }).collect(),
        grants: body.grants.into_iter().map(grant).collect(),
        draws: draws(&body.draws),
        activations: draws(&body.activations),
        dates: body.dates.into_iter().map(dates).collect(),
        counts: body
            .counts
            .into_iter()
            .map(|(counter, period, keep_from, times, points)| Count {
                counter,
                period,
                keep_from,
                times,
                points,
            })
            .collect(),
        qualifying: body.qualifying.map(qualifying),
        tier: body.tier.map(|(from, to, until)| TierMove {
            from,
            to,
            until: until.map(instant),
            claims,
        }),
        reminder: body.reminder.map(|(points, lots, first_expires_at)| Reminder {
            points,
            lots: draws(&lots),
            first_expires_at: instant(first_expires_at),
        }),
        corrects: body.corrects.map(|id| EntryId::parse(&id).ok_or_else(corrupt)).transpose()?,
        reservation: body
            .reservation
            .map(|(until, lots)| Reservation { until: instant(until), lots: draws(&lots) }),
        returns: body
            .returns
            .into_iter()
            .map(|(lot, points)| LotReturn { lot: grant(lot), points })
            .collect(),
        reversal: body.reversal.map(reversal),
        debt: body.debt,
        adjustment: body.adjustment.map(adjustments::adjustment),
        frozen: body.frozen.map(|(earning, spending)| Frozen { earning, spending }),
        review: body.review.map(review),
        tallies: body.tallies.into_iter().map(tally).collect(),
        coupons: body.coupons.into_iter().map(coupon).collect(),
        discount: body.discount.map(|(order_minor, off_minor)| Discount { order_minor, off_minor }),
        reward: body.reward.map(|(reward, version, quantity, cash_minor)| Taken {
            reward,
            version,
            quantity,
            cash_minor,
        }),
        counterparty: body.counterparty.map(MemberId::stored).transpose().map_err(|_| corrupt())?,
        pool: body.pool.map(|(is_pool, joins)| PoolChange { is_pool, joins }),
        invitation: body.invitation.map(instant),
        carried: body.carried.map(standing),
        exchange: body.exchange.map(|row| exchange(row).ok_or_else(corrupt)).transpose()?,
        redacted: body.redacted,
        deduction: body.deduction.map(|(order_minor, wished, money_minor)| Deduction {
            order_minor,
            wished,
            money_minor,
        }),
        hash: Hash::parse(&row.text(at + 10)?).ok_or_else(corrupt)?,
        previous_hash: previous
            .map_or(Some(Hash::default()), |text| Hash::parse(&text))
            .ok_or_else(corrupt)?,
    })
}
