//! A member and its lots as the API shows them, by the clock.

use ledger::{Lot, LotState, Member, ProgrammeId, Timestamp};
use rules::{Goal, Rulebook, TierBasis, projection};
use serde_json::{Map, Value as Json, json};
use store::{LoadedMember, ProgrammeRef, dates};

/// By the clock: the points that are spendable, held or owed now. `ledger_balance` is the balance
/// of the books, which includes due changes that no entry has recorded yet.
pub fn member(
    book: &Rulebook,
    programme: &ProgrammeRef,
    loaded: &LoadedMember,
    now: Timestamp,
) -> Json {
    let ledger_balance = loaded.member.balance;
    let member = &by_the_clock(book, programme, &loaded.member, now);
    let Sums { balance, pending, held } = Sums::of(member, now);
    let attributes: Json = loaded
        .attributes
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| json!({}));
    json!({
        "member_id": member.id.as_str(),
        "as_of": now.to_string(),
        "sequence": loaded.member.sequence.0,
        "joined_at": member.joined_at.map(|at| at.to_string()),
        "balance": balance,
        "pending": pending,
        "held": held,
        "debt": member.debt,
        "aliases": aliases(loaded),
        "pool_id": member.pool.as_ref().map(|pool| pool.name()),
        "frozen": {"earning": member.frozen.earning, "spending": member.frozen.spending},
        "ledger_balance": ledger_balance,
        "expiring_next": expiring_next(book, member, now),
        "growth": member.qualification.lifetime.growth,
        "tier": tier(book, member, now),
        "attributes": attributes,
    })
}

/// Points of a member by the clock: the sums of its lots.
struct Sums {
    balance: i64,
    pending: i64,
    held: i64,
}

impl Sums {
    fn of(member: &Member, now: Timestamp) -> Self {
        let points = |state: LotState| {
            let lots = member.lots.iter().filter(|lot| lot.state(now) == state);
            lots.map(|lot| member.free(lot)).sum::<i64>()
        };
        let held = member.holds.iter().flat_map(|hold| &hold.lots).map(|lot| lot.points).sum();
        Self { balance: points(LotState::Active), pending: points(LotState::Pending), held }
    }
}

/// The other names of the member, each with its kind in front.
fn aliases(loaded: &LoadedMember) -> Vec<String> {
    let mut names: Vec<String> = loaded
        .aliases
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    names.sort_unstable();
    names
}

/// The points that expire first, with all that expire at the same instant.
fn expiring_next(book: &Rulebook, member: &Member, now: Timestamp) -> Json {
    let active = || {
        member.lots.iter().filter(|lot| lot.state(now) == LotState::Active && member.free(lot) > 0)
    };
    let Some(first) = active().filter_map(|lot| lot.expires_at).min() else { return Json::Null };
    let points: i64 =
        active().filter(|lot| lot.expires_at == Some(first)).map(|lot| member.free(lot)).sum();
    json!({"points": points, "expires_at": first.to_string(), "valid_through": book.last_day(first)})
}

fn tier(book: &Rulebook, member: &Member, now: Timestamp) -> Json {
    let Some(at) = projection(book, member, now) else { return Json::Null };
    let basis = match at.basis {
        TierBasis::Spend => "spend",
        TierBasis::Growth => "growth",
        TierBasis::Orders => "orders",
        TierBasis::AverageOrder => "average_order",
    };
    let goal = |goal: Goal| {
        let by = goal.by.map(|at| at.to_string());
        let mut shown =
            json!({"tier": goal.tier, "from": goal.from, "missing": goal.missing, "by": by});
        let others = [
            ("or_missing_growth", goal.or_missing_growth),
            ("missing_orders", goal.missing_orders),
        ];
        for (name, value) in others {
            if let (Some(value), Some(fields)) = (value, shown.as_object_mut()) {
                fields.insert(name.to_owned(), value.into());
            }
        }
        shown
    };
    json!({
        "id": at.tier,
        "since": member.tier.as_ref().map(|tier| tier.since.to_string()),
        "until": member.tier.as_ref().and_then(|tier| tier.until).map(|at| at.to_string()),
        "basis": basis,
        "value": at.value,
        "benefits": book.benefits(&at.tier),
        "next": at.next.map(goal),
        "keep": at.keep.map(goal),
    })
}

/// The member with everything that is due until now, recorded or not: its state after the next
/// night.
pub fn by_the_clock(
    book: &Rulebook,
    programme: &ProgrammeRef,
    member: &Member,
    now: Timestamp,
) -> Member {
    ProgrammeId::new(programme.id.as_str()).map_or_else(
        |_| member.clone(),
        |programme| rules::by_the_clock(book, &programme, member, now),
    )
}

/// The member's sums and open lots, read at once, so that the lots add up to the sums.
pub fn account(
    book: &Rulebook,
    programme: &ProgrammeRef,
    member: &Member,
    now: Timestamp,
) -> (Json, Vec<Json>) {
    let by_the_clock = by_the_clock(book, programme, member, now);
    let Sums { balance, pending, held } = Sums::of(&by_the_clock, now);
    let sums = json!({
        "balance": balance,
        "pending": pending,
        "held": held,
        "debt": by_the_clock.debt,
        "ledger_balance": member.balance,
    });
    (sums, open_lots(book, &by_the_clock, now))
}

/// Open lots in the order of spending, by the clock: without expired lots and without points that a
/// debt takes.
pub fn lots(
    book: &Rulebook,
    programme: &ProgrammeRef,
    member: &Member,
    now: Timestamp,
) -> Vec<Json> {
    open_lots(book, &by_the_clock(book, programme, member, now), now)
}

fn open_lots(book: &Rulebook, member: &Member, now: Timestamp) -> Vec<Json> {
    let mut lots: Vec<&Lot> = member.lots.iter().collect();
    lots.sort_by_key(|lot| lot.expiring_first());
    if book.first_in_first_out() {
        lots.sort_by_key(|lot| lot.first_in_first_out());
    }
    lots.into_iter().map(|lot| lot_json(book, lot, member.held(lot.number), now)).collect()
}

fn lot_json(book: &Rulebook, lot: &Lot, held: i64, now: Timestamp) -> Json {
    let state = match lot.state(now) {
        LotState::Pending => "pending",
        LotState::Active => "active",
        LotState::Spent => "spent",
        LotState::Expired => "expired",
    };
    let mut shown = Map::new();
    shown.insert("lot".into(), lot.number.0.into());
    shown.insert("source".into(), lot.source.as_str().into());
    shown.insert("granted".into(), lot.granted.into());
    shown.insert("remaining".into(), lot.remaining.into());
    shown.insert("held".into(), held.into());
    shown.insert("state".into(), state.into());
    shown.insert("earned_at".into(), lot.earned_at.to_string().into());
    shown.extend(dates(lot.available_at, lot.expires_at, book.zone()));
    shown.into()
}
