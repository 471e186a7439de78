//! An entry as the API and the events show it.

mod lots;

use ledger::{
    Adjustment, Approval, Concern, Coupon, Discount, Entry, Exchange, LineAward, LineReturn,
    Person, PointsPayment, Reminder, Reservation, Reversal, RewardTaken, SkippedRules, Zone,
    last_valid_day,
};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value as Json, json};

pub use lots::dates;

/// Shows an entry: field names and units of the API, instants in RFC 3339 (UTC), days in this zone,
/// absent fields left out.
#[derive(Debug, Clone, Copy)]
pub struct EntryView<'a>(pub &'a Entry, pub Zone);

/// The entry as a JSON value.
#[must_use]
pub fn entry_json(entry: &Entry, zone: Zone) -> Json {
    serde_json::to_value(EntryView(entry, zone)).unwrap_or(Json::Null)
}

impl Serialize for EntryView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(entry, zone) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("entry_id", &entry.id.to_string())?;
        map.serialize_entry("member_id", entry.member.as_str())?;
        map.serialize_entry("sequence", &entry.sequence.0)?;
        map.serialize_entry("kind", entry.kind().as_str())?;
        if let Some((name, value)) = entry.what.subject() {
            map.serialize_entry(name, value)?;
        }
        optional(&mut map, "strategy", entry.strategy())?;
        map.serialize_entry("points", &entry.points)?;
        map.serialize_entry("balance_after", &entry.balance_after)?;
        map.serialize_entry("occurred_at", &entry.occurred_at.to_string())?;
        map.serialize_entry("recorded_at", &entry.recorded_at.to_string())?;
        map.serialize_entry("actor", &entry.origin.actor)?;
        optional(&mut map, "channel", entry.origin.channel.as_deref())?;
        optional(&mut map, "store_id", entry.origin.store.as_deref())?;
        optional(
            &mut map,
            "reference",
            entry.origin.reference.as_ref().map(|reference| reference.as_str()),
        )?;
        optional(&mut map, "reason", entry.origin.reason.as_deref())?;
        optional(&mut map, "cause", entry.cause.map(|id| id.to_string()))?;
        optional(&mut map, "corrects", entry.corrects().map(|id| id.to_string()))?;
        map.serialize_entry("rulebook_version", &entry.rulebook_version)?;
        list(
            &mut map,
            "rules",
            entry.awards().iter().map(|a| Rule {
                desired: a.desired.to_string(),
                granted: a.granted,
                rule: &a.rule,
                tags: &a.tags,
            }),
        )?;
        list(&mut map, "silent_rules", entry.skipped().iter().flat_map(skipped))?;
        list(&mut map, "lines", entry.lines().iter().map(line))?;
        list(&mut map, "lots", lots::changes(entry, zone).into_iter())?;
        optional(&mut map, "hold", entry.reservation().map(hold))?;
        optional(&mut map, "reversal", entry.reversal().map(|reversal| shown(entry, reversal)))?;
        optional(&mut map, "adjustment", entry.adjustment().map(|a| adjustment_json(a, zone)))?;
        optional(&mut map, "counterparty", entry.counterparty().map(|other| other.as_str()))?;
        optional(
            &mut map,
            "pool",
            entry.pool().map(|change| json!({"is_pool": change.is_pool, "joins": change.joins})),
        )?;
        optional(
            &mut map,
            "invitation",
            entry.invitation().map(|until| json!({"until": until.to_string()})),
        )?;
        let exchange = |e: &Exchange| json!({"programme_id": e.programme.as_str(), "points": e.points, "rate": e.rate.to_string()});
        optional(&mut map, "exchange", entry.exchange().map(exchange))?;
        list(
            &mut map,
            "coupons",
            entry.effects.coupons.iter().map(|coupon| coupon_json(coupon, zone)),
        )?;
        let discount =
            |d: Discount| json!({"order_minor": d.order_minor, "off_minor": d.off_minor});
        optional(&mut map, "discount", entry.discount().map(discount))?;
        optional(&mut map, "reward", entry.reward().map(taken))?;
        let deduction = |d: PointsPayment| json!({"order_minor": d.order_minor, "wished_points": d.wished, "money_minor": d.money_minor});
        optional(&mut map, "deduction", entry.payment().map(deduction))?;
        optional(
            &mut map,
            "frozen",
            entry.frozen().map(|f| json!({"earning": f.earning, "spending": f.spending})),
        )?;
        optional(
            &mut map,
            "review",
            entry.review().map(|review| json!({"because": review.reason})),
        )?;
        optional(&mut map, "debt", Some(entry.lots.debt).filter(|debt| *debt != 0))?;
        optional(
            &mut map,
            "growth",
            entry.effects.qualifying.map(|q| q.growth).filter(|growth| *growth != 0),
        )?;
        let tier = entry.tier().map(
            |t| json!({"from": t.from, "to": t.to, "until": t.until.map(|at| at.to_string())}),
        );
        optional(&mut map, "tier", tier)?;
        optional(&mut map, "reminder", entry.reminder().map(|told| reminder(told, zone)))?;
        map.serialize_entry("previous_hash", &entry.previous_hash.to_string())?;
        map.serialize_entry("hash", &entry.hash.to_string())?;
        map.end()
    }
}

/// A rule that did not fire, and why.
#[derive(Serialize)]
struct SkippedRule<'a> {
    because: &'a str,
    rule: &'a str,
}

fn skipped(skipped: &SkippedRules) -> impl Iterator<Item = SkippedRule<'_>> {
    skipped.rules.iter().map(|rule| SkippedRule { because: &skipped.reason, rule })
}

/// An order line.
#[derive(Serialize)]
struct LineShown<'a> {
    amount_minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    granted: i64,
    line_id: &'a str,
    quantity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<&'a str>,
}

fn line(line: &LineAward) -> LineShown<'_> {
    LineShown {
        amount_minor: line.amount_minor,
        category: line.category.as_deref(),
        granted: line.granted,
        line_id: &line.line,
        quantity: line.quantity,
        sku: line.sku.as_deref(),
    }
}

/// An adjustment as the API shows it: what was asked for, the person who asked, and the persons who
/// approved.
#[must_use]
pub fn adjustment_json(adjustment: &Adjustment, zone: Zone) -> Json {
    let Adjustment { terms, evidence, by, approvals } = adjustment;
    let person = |person: &Person| json!({"actor": person.actor, "name": person.label});
    let approval =
        |a: &Approval| json!({"by": person(&a.by), "role": a.role, "at": a.at.to_string()});
    let mut body = json!({
        "points": terms.points,
        "reason_code": terms.reason_code,
        "evidence": evidence,
        "expires_at": terms.expires_at.map(|at| at.to_string()),
        "valid_through": terms.expires_at.map(|at| last_valid_day(at, zone).to_string()),
        "steps": terms.steps,
        "until": terms.until.to_string(),
        "undoes": terms.undoes.map(|undone| undone.entry.to_string()),
        "requested_by": person(by),
        "approvals": approvals.iter().map(approval).collect::<Vec<_>>(),
    });
    if let (Some(body), Some(concern)) = (body.as_object_mut(), &terms.concern) {
        let (name, value) = match concern {
            Concern::Recover(ids) => {
                ("recovers", json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>()))
            }
            Concern::Merge(from) => ("merges", json!(from.as_str())),
        };
        body.insert(name.to_owned(), value);
    }
    body
}

/// A coupon as the API shows it.
#[must_use]
pub fn coupon_json(coupon: &Coupon, zone: Zone) -> Json {
    let Coupon { code, name, terms, expires_at } = coupon;
    json!({
        "code": code,
        "coupon": name,
        "off_minor": Some(terms.off_minor).filter(|off| *off > 0),
        "off_percent": Some(terms.off_percent).filter(|percent| *percent > 0),
        "max_off_minor": terms.max_off_minor,
        "min_minor": terms.min_minor,
        "categories": terms.categories,
        "channels": terms.channels,
        "stores": terms.stores,
        "stacks": terms.stacks,
        "expires_at": expires_at.map(|at| at.to_string()),
        "valid_through": expires_at.map(|at| last_valid_day(at, zone).to_string()),
    })
}

fn taken(taken: &RewardTaken) -> Json {
    json!({
        "reward_id": taken.reward,
        "version": taken.version,
        "quantity": taken.quantity,
        "cash_minor": taken.cash_minor,
    })
}

fn hold(reservation: &Reservation) -> Json {
    let points = total(reservation.lots.iter().map(|lot| lot.points));
    let lots =
        reservation.lots.iter().map(|lot| json!({"lot": lot.number.0, "points": lot.points}));
    json!({"points": points, "until": reservation.until.to_string(), "lots": lots.collect::<Vec<_>>()})
}

fn reminder(reminder: &Reminder, zone: Zone) -> Json {
    let lots = reminder.lots.iter().map(|lot| json!({"lot": lot.number.0, "points": lot.points}));
    json!({
        "points": reminder.points,
        "first_expires_at": reminder.first_expires_at.to_string(),
        "first_valid_through": last_valid_day(reminder.first_expires_at, zone).to_string(),
        "lots": lots.collect::<Vec<_>>(),
    })
}

/// What was to be undone and what became of it: `taken` or `returned` in points, the rest expired
/// before, is owed, or was let go.
fn shown(entry: &Entry, reversal: &Reversal) -> Json {
    let line = |l: &LineReturn| json!({"line_id": l.line, "quantity": l.quantity, "amount_minor": l.amount_minor, "points": l.points});
    let taken = total(entry.lots.draws.iter().map(|draw| draw.points));
    let returned = total(entry.lots.returns.iter().map(|back| back.points));
    let grace = total(entry.lots.grants.iter().map(|lot| lot.points));
    let living = reversal.desired.saturating_sub(reversal.expired);
    let moved = total([taken, returned, entry.lots.debt].into_iter());
    json!({
        "lines": reversal.lines.iter().map(line).collect::<Vec<_>>(),
        "desired": reversal.desired,
        "taken": taken,
        "returned": returned.saturating_add(grace),
        "expired": reversal.expired,
        "let_go": living.saturating_sub(moved).max(0),
    })
}

/// A sum for people. What does not add up is shown as far as it goes, and found by the audit.
fn total(points: impl Iterator<Item = i64>) -> i64 {
    points.fold(0, i64::saturating_add)
}

/// A rule that fired.
#[derive(Serialize)]
struct Rule<'a> {
    desired: String,
    granted: i64,
    rule: &'a str,
    /// The member's tags that its conditions look for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
}

fn optional<M: SerializeMap>(
    map: &mut M,
    name: &str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

fn list<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &str,
    items: impl Iterator<Item = T>,
) -> Result<(), M::Error> {
    let items: Vec<T> = items.collect();
    if items.is_empty() { Ok(()) } else { map.serialize_entry(name, &items) }
}

#[cfg(test)]
mod tests {
    use ledger::{
        Context, EntryId, Journal, LotDraw, LotGrant, LotNumber, Member, MemberId, Origin,
        ProgrammeId, Reversed, Seed, Timestamp, What,
    };

    use super::*;

    /// An entry that somebody wrote past the ledger is shown, so that it can be looked at.
    #[test]
    fn sums_that_leave_their_range_are_shown_as_far_as_they_go() {
        let programme = ProgrammeId::new("p").unwrap();
        let context = Context {
            programme,
            spread: 1,
            rulebook_version: 1,
            now: Timestamp(0),
            first_id: EntryId(1),
            seed: Seed::default(),
        };
        let journal = Journal::new(Member::new(MemberId::new("m").unwrap()), context);
        let (most, least) = (i64::MAX, i64::MIN);
        let reversal = Reversal { lines: Vec::new(), desired: least, expired: most };
        let reversed = Reversed { corrects: EntryId(2), reversal, review: None, merged: None };
        let mut entry = journal.draft(What::Reverse(reversed), Origin::default());
        let lot = LotGrant {
            number: LotNumber(1),
            points: most,
            source: "s".to_owned(),
            earned_at: Timestamp(0),
            available_at: Timestamp(0),
            expires_at: None,
        };
        entry.lots.grants = vec![lot.clone(), lot];
        entry.lots.draws = vec![most, most, least]
            .into_iter()
            .map(|points| LotDraw { number: LotNumber(1), points })
            .collect();
        entry.lots.debt = least;
        let zone = Zone::new("Asia/Shanghai", 8 * 3600, &[]).unwrap();
        let shown = entry_json(&entry, zone);
        assert_eq!(
            (&shown["reversal"]["returned"], &shown["reversal"]["let_go"]),
            (&json!(most), &json!(0))
        );
        assert_eq!(shown["lots"][2]["points"], json!(-most));
    }
}
