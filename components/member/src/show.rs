//! A member and its lots as the API shows them, by the clock.

use ledger::{Context, EntryId, Hold, Lot, LotState, Member, Origin, ProgrammeId, Timestamp};
use rules::{Command, Goal, Recorded, Rulebook, TierBasis, decide, projection};
use serde_json::{Map, Value as Json, json};
use store::{Loaded, ProgrammeRef, dates};

/// `balance` is what can be spent now, `held` what open holds keep; `ledger_balance` what the books hold, including lots whose end no job has
/// written down yet, less what the member owes.
pub fn member(book: &Rulebook, programme: &ProgrammeRef, loaded: &Loaded, now: Timestamp) -> Json {
    let member = &loaded.member;
    let points = |state: LotState| {
        member.lots.iter().filter(|lot| lot.state(now) == state).map(|lot| lot.remaining).sum::<i64>()
    };
    // A debt takes what became spendable before anybody else can.
    let spendable: i64 =
        member.lots.iter().filter(|lot| lot.state(now) == LotState::Active).map(|lot| free(member, lot, now)).sum();
    let held: i64 = open_holds(member, now).flat_map(|hold| &hold.lots).map(|lot| lot.points).sum();
    let attributes: Json =
        loaded.attributes.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!({}));
    json!({
        "member_id": member.id.as_str(),
        "joined_at": member.joined_at.map(|at| at.to_string()),
        "balance": (spendable - member.debt).max(0),
        "pending": points(LotState::Pending),
        "held": held,
        "debt": member.debt,
        "ledger_balance": member.balance,
        "expiring_next": expiring_next(member, now),
        "growth": member.standing.lifetime.growth,
        "tier": tier(book, programme, member, now),
        "attributes": attributes,
    })
}

/// A hold that timed out keeps nothing, whether or not that is written down.
fn open_holds(member: &Member, now: Timestamp) -> impl Iterator<Item = &Hold> {
    member.holds.iter().filter(move |hold| now < hold.until)
}

/// Points of a lot that no open hold keeps.
fn free(member: &Member, lot: &Lot, now: Timestamp) -> i64 {
    lot.remaining - held(member, lot, now)
}

fn held(member: &Member, lot: &Lot, now: Timestamp) -> i64 {
    let lots = open_holds(member, now).flat_map(|hold| &hold.lots);
    lots.filter(|held| held.number == lot.number).map(|held| held.points).sum()
}

/// The points that expire first, all that expire at that instant together.
fn expiring_next(member: &Member, now: Timestamp) -> Json {
    let active = || member.lots.iter().filter(|lot| lot.state(now) == LotState::Active && free(member, lot, now) > 0);
    let Some(first) = active().filter_map(|lot| lot.expires_at).min() else { return Json::Null };
    let points: i64 = active().filter(|lot| lot.expires_at == Some(first)).map(|lot| free(member, lot, now)).sum();
    json!({"points": points, "expires_at": first.to_string()})
}

fn tier(book: &Rulebook, programme: &ProgrammeRef, member: &Member, now: Timestamp) -> Json {
    let member = &by_the_clock(book, programme, member, now);
    let Some(at) = projection(book, member, now) else { return Json::Null };
    let basis = match at.basis {
        TierBasis::Spend => "spend",
        TierBasis::Growth => "growth",
        TierBasis::Orders => "orders",
    };
    let goal = |goal: Goal| json!({"tier": goal.tier, "from": goal.from, "missing": goal.missing, "by": goal.by.map(|at| at.to_string())});
    json!({
        "id": at.tier,
        "since": member.tier.as_ref().map(|tier| tier.since.to_string()),
        "until": member.tier.as_ref().and_then(|tier| tier.until).map(|at| at.to_string()),
        "basis": basis,
        "value": at.value,
        "next": at.next.map(goal),
        "keep": at.keep.map(goal),
    })
}

/// The member after everything that the clock has decided, written down or not: a tier whose time is over shows as what it becomes.
fn by_the_clock(book: &Rulebook, programme: &ProgrammeRef, member: &Member, now: Timestamp) -> Member {
    let has_ended = member.tier.as_ref().and_then(|tier| tier.until).is_some_and(|until| until <= now);
    let Some(programme) = ProgrammeId::new(programme.id.as_str()).ok().filter(|_| has_ended) else {
        return member.clone();
    };
    let context = Context { programme, rulebook_version: book.version(), now, first_id: EntryId(0) };
    let settled = decide(book, member.clone(), &Command::Settle, &Origin::default(), &Recorded::default(), context);
    settled.ok().and_then(Result::ok).map_or_else(|| member.clone(), |decided| decided.member)
}

/// Open lots in the order they will be spent.
pub fn lots(book: &Rulebook, member: &Member, now: Timestamp) -> Vec<Json> {
    let mut lots: Vec<&Lot> = member.lots.iter().collect();
    lots.sort_by_key(|lot| lot.expiring_first());
    if book.first_in_first_out() {
        lots.sort_by_key(|lot| lot.first_in_first_out());
    }
    lots.into_iter().map(|lot| lot_json(member, lot, now)).collect()
}

fn lot_json(member: &Member, lot: &Lot, now: Timestamp) -> Json {
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
    shown.insert("held".into(), held(member, lot, now).into());
    shown.insert("state".into(), state.into());
    shown.insert("earned_at".into(), lot.earned_at.to_string().into());
    shown.extend(dates(lot.available_at, lot.expires_at));
    shown.into()
}
