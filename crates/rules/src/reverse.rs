//! Returns: how much of an earlier earn and redemption is undone, from what their entries say and never from today's rules.
//!
//! Parts are shared out by running sums (the share of all that came back so far, less that of all before), so that partial returns add up to
//! the whole, whatever their order.

mod returned;

use std::collections::BTreeSet;

use ledger::{
    ClawBack, Count, Coupon, Entry, EntryId, Fault, GiveBack, Journal, Kind, LotDraw, LotGrant, LotNumber, Origin,
    Refusal, Reversal, Timestamp, claw_back, give_back,
};

use crate::claims;
use crate::command::{Recorded, Stolen};
use crate::reward::stock;
use crate::rulebook::Rulebook;

use returned::{Return, share};

/// What is to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverse {
    /// What the order or event earned.
    pub earn: Option<Entry>,
    /// What was spent on it, or the redemption that is meant.
    pub redemption: Option<Redemption>,
    /// How much of it.
    pub part: Part,
}

/// Points that were spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The redemption, or the capture of a hold.
    pub entry: Entry,
    /// The lots that it drew from, as they were granted and dated when it did.
    pub lots: Vec<LotGrant>,
}

/// How much is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All that is left.
    Rest,
    /// Units of order lines, each line named once, at least 1 of each.
    Lines(Vec<(String, i64)>),
    /// Points of a redemption, at least 1.
    Points(i64),
}

/// Undoes both sides, the spent one first; tells which posting is the one that was asked for.
pub(crate) fn reverse(
    journal: &mut Journal,
    book: &Rulebook,
    wish: &Reverse,
    recorded: &Recorded,
    origin: Origin,
) -> Result<Result<usize, Refusal>, Fault> {
    let come_back = wish.earn.as_ref().map(|earn| Return::of(earn, recorded, &wish.part)).transpose();
    let come_back = match come_back {
        Ok(come_back) => come_back,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let back = match &wish.redemption {
        None => None,
        Some(redemption) => match GivenBack::of(redemption, recorded, &wish.part, come_back.as_ref()) {
            Ok(back) => Some(back).filter(|back| back.points > 0),
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    let come_back = come_back.filter(|come_back| !come_back.is_empty);
    let mut primary = journal.posted();
    if back.is_none() && come_back.is_none() {
        return Ok(Err(Refusal::NothingToReverse));
    }
    if let (Some(redemption), Some(GivenBack { before, points })) = (&wish.redemption, back) {
        let origin = match come_back {
            Some(_) => Origin { reference: None, ..origin.clone() },
            None => origin.clone(),
        };
        match back_of(journal, book, redemption, before, points) {
            Ok(wish) => drop(give_back(journal, wish, None, origin)?),
            // A reward whose coupon is used stays taken, and the goods come back all the same.
            Err(Refusal::CouponResolved) if come_back.is_some() => {}
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    if let (Some(earn), Some(come_back)) = (&wish.earn, come_back) {
        primary = journal.posted();
        let wish = ClawBack {
            earn,
            shortfall: book.returns.shortfall,
            first_in_first_out: book.first_in_first_out(),
            counts: come_back.counts(book, journal, earn),
            review: come_back.review(book, journal, earn),
            // Used ones are gone; the others would be a gift for nothing.
            coupons: open_coupons(journal, earn).filter(|_| come_back.is_all).cloned().collect(),
            qualifying: come_back.qualifying(book, journal, earn),
            reversal: come_back.reversal(earn, expired_of(journal, earn, recorded)),
        };
        let along = Origin { reference: None, ..origin.clone() };
        let came_back = wish.qualifying;
        let id = claw_back(journal, wish, None, origin)?;
        if let Some(came_back) = came_back.filter(|_| book.returns.lower_tier) {
            claims::lower(journal, book, (earn, came_back), &along, id)?;
        }
    }
    Ok(Ok(primary))
}

/// Gives back all that is left of each redemption, in entries that name the first of them as their cause; tells of each its correction and
/// how many points came back to lots that still live.
pub(crate) fn recover(
    journal: &mut Journal,
    book: &Rulebook,
    stolen: &[Stolen],
    recorded: &Recorded,
    origin: &Origin,
) -> Result<Result<Vec<(EntryId, i64)>, Refusal>, Fault> {
    let (mut first, mut seen) = (None, BTreeSet::new());
    let (mut given, now) = (Vec::new(), journal.now());
    for Stolen { redemption, .. } in stolen {
        let is_new = seen.insert(redemption.entry.id);
        let back = match GivenBack::of(redemption, recorded, &Part::Rest, None) {
            Ok(back) => back,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if back.points == 0 || !is_new {
            given.push((redemption.entry.id, 0));
            continue;
        }
        let wish = match back_of(journal, book, redemption, back.before, back.points) {
            Ok(wish) => wish,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = give_back(journal, wish, first, origin.clone())?;
        first = first.or(Some(id));
        let lives = |draw: &&LotDraw| {
            let lot = redemption.lots.iter().find(|lot| lot.number == draw.number);
            lot.is_some_and(|lot| lot.expires_at.is_none_or(|end| now < end))
        };
        let living: i64 = redemption.entry.draws.iter().filter(lives).map(|draw| draw.points).sum();
        given.push((id, living.min(back.points)));
    }
    Ok(if first.is_some() { Ok(given) } else { Err(Refusal::NothingToReverse) })
}

/// How many points of the lots of an earn have expired, by what is recorded and by what this very command has found.
fn expired_of(journal: &Journal, earn: &Entry, recorded: &Recorded) -> i64 {
    let found = journal.entries().filter(|entry| entry.kind == Kind::Expire).flat_map(|entry| &entry.draws);
    let own = |draw: &&LotDraw| earn.grants.iter().any(|lot| lot.number == draw.number);
    found.filter(own).map(|draw| draw.points).fold(recorded.expired, i64::saturating_add)
}

fn open_coupons<'a>(journal: &'a Journal, of: &'a Entry) -> impl Iterator<Item = &'a Coupon> {
    of.coupons.iter().filter(|coupon| journal.member().coupons.contains(coupon))
}

/// Points given back, and with them what was taken from the catalogue: its coupons, its stock, its place under the member's limit.
fn back_of<'a>(
    journal: &Journal,
    book: &Rulebook,
    redemption: &'a Redemption,
    before: i64,
    points: i64,
) -> Result<GiveBack<'a>, Refusal> {
    let Redemption { entry, lots } = redemption;
    let member = journal.member();
    let mut wish = GiveBack {
        redemption: entry,
        lots,
        before,
        points,
        coupons: Vec::new(),
        counts: Vec::new(),
        tallies: Vec::new(),
        grace: grace(book, journal.now()),
    };
    let Some(taken) = &entry.reward else { return Ok(wish) };
    if points != -entry.points {
        return Err(Refusal::WholeOnly);
    }
    if entry.coupons.iter().any(|coupon| !member.coupons.contains(coupon)) {
        return Err(Refusal::CouponResolved);
    }
    let is_kept = |count: &&Count| member.counters.iter().any(|c| c.name == count.counter && c.period == count.period);
    let freed = |count: &Count| Count { times: -count.times, points: -count.points, ..count.clone() };
    wish.coupons = entry.coupons.clone();
    wish.counts = entry.counts.iter().filter(is_kept).map(freed).collect();
    wish.tallies = vec![stock(&taken.reward, -taken.quantity, None)];
    Ok(wish)
}

/// The lot that stands for spent points whose own lots have expired meanwhile.
fn grace(book: &Rulebook, now: Timestamp) -> Option<LotGrant> {
    let expires_at = book.returns.grace.as_ref()?.expires_at(now, book.zone());
    Some(LotGrant {
        number: LotNumber(0),
        points: 0,
        source: "grace".to_owned(),
        earned_at: now,
        available_at: now,
        expires_at,
    })
}

/// What is given back of a redemption.
struct GivenBack {
    before: i64,
    points: i64,
}

impl GivenBack {
    fn of(
        redemption: &Redemption,
        recorded: &Recorded,
        part: &Part,
        come_back: Option<&Return>,
    ) -> Result<Self, Refusal> {
        let spent = -redemption.entry.points;
        let before: i64 = recorded.of(&redemption.entry).map(|reversal| reversal.desired).sum();
        let left = spent - before;
        let points = match (come_back, part) {
            (Some(all), _) if all.is_all => left,
            // What was taken from the catalogue does not come back by the line.
            (Some(_), _) if redemption.entry.reward.is_some() => 0,
            // In proportion to what came back, whatever was given back by itself before.
            (Some(part), _) => (share(spent, part.amounts.1, part.amounts.2) - before).clamp(0, left),
            (None, Part::Lines(lines)) => {
                let line = lines.first().map(|(line, _)| line.clone()).unwrap_or_default();
                return Err(Refusal::UnknownLine { line });
            }
            (None, Part::Points(points)) if left > 0 && *points > left => {
                return Err(Refusal::MoreThanLeft { line: None, left });
            }
            (None, Part::Points(points)) => left.min(*points),
            (None, Part::Rest) => left,
        };
        Ok(Self { before, points })
    }
}

impl Recorded {
    /// The earlier reversals of an entry.
    fn of(&self, entry: &Entry) -> impl Iterator<Item = &Reversal> {
        let id = entry.id;
        self.reversals.iter().filter(move |(corrected, _)| *corrected == id).map(|(_, reversal)| reversal)
    }
}
