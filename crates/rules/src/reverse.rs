//! Returns: how much of an earlier earn and redemption is undone, from what their entries say and never from today's rules.
//!
//! Parts are shared out by running sums (the share of all that came back so far, less that of all before), so that partial returns add up to
//! the whole, whatever their order.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    ClawBack, Count, Coupon, Entry, EntryId, Fault, GiveBack, Journal, Kind, LineAward, LineReturn, LotDraw, LotGrant,
    LotNumber, Origin, Qualifying, Refusal, Reversal, Review, Timestamp, Totals, claw_back, give_back,
};

use crate::command::{Recorded, Stolen};
use crate::limits::{is_of_conduct, is_of_rule};
use crate::reward::stock;
use crate::rulebook::Rulebook;
use crate::tiers;

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
        let id = claw_back(journal, wish, None, origin)?;
        if book.returns.lower_tier {
            tiers::lower(journal, book, earn.recorded_at, &along, id)?;
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

/// `part` of `of`, of a whole of `total`; nothing of nothing.
fn share(of: i64, part: i128, total: i128) -> i64 {
    let share = i128::from(of).saturating_mul(part).checked_div(total).unwrap_or(0);
    i64::try_from(share).unwrap_or(0)
}

/// What of `whole` falls to the `part` that follows on `before`, of a whole of `total`.
fn running(whole: i64, total: i64, before: i64, part: i64) -> i64 {
    let upto = |points: i64| share(whole, i128::from(points), i128::from(total));
    upto(before.saturating_add(part)) - upto(before)
}

/// What comes back of an order, or an action that is undone.
struct Return {
    lines: Vec<LineReturn>,
    /// Points that these had earned.
    points: i64,
    /// What had come back before and comes back by now, of what the whole order cost.
    amounts: (i128, i128, i128),
    /// The same of those lines alone that count towards tiers.
    counted: (i128, i128, i128),
    /// Nothing is left after it.
    is_all: bool,
    /// Nothing was left before it.
    is_empty: bool,
    /// What expired of the earn and was set against earlier reversals.
    expired_before: i64,
    /// Points that had come back before.
    points_before: i64,
}

impl Return {
    fn of(earn: &Entry, recorded: &Recorded, part: &Part) -> Result<Self, Refusal> {
        let earlier: Vec<&Reversal> = recorded.of(earn).collect();
        let mut before: BTreeMap<&str, i64> = BTreeMap::new();
        for line in earlier.iter().flat_map(|reversal| &reversal.lines) {
            *before.entry(&line.line).or_default() += line.quantity;
        }
        let left = |line: &LineAward| line.quantity - before.get(line.line.as_str()).copied().unwrap_or(0);
        let units = |line: &LineAward, units: i64| line_return(line, line.quantity - left(line), units);
        let is_known = |(name, _): &&(String, i64)| earn.lines.iter().any(|line| line.line == *name);
        let lines: Vec<LineReturn> = match part {
            Part::Lines(wishes) => {
                if let Some((line, _)) = wishes.iter().find(|wish| !is_known(wish)) {
                    return Err(Refusal::UnknownLine { line: line.clone() });
                }
                if earn.lines.iter().all(|line| left(line) == 0) {
                    return Err(Refusal::NothingToReverse);
                }
                let one = |(name, wished): &(String, i64)| {
                    let line = earn.lines.iter().find(|line| line.line == *name);
                    let line = line.ok_or_else(|| Refusal::UnknownLine { line: name.clone() })?;
                    match left(line) {
                        left if *wished > left => Err(Refusal::MoreThanLeft { line: Some(name.clone()), left }),
                        _ => Ok(units(line, *wished)),
                    }
                };
                wishes.iter().map(one).collect::<Result<_, _>>()?
            }
            Part::Rest | Part::Points(_) => {
                let open = earn.lines.iter().filter(|line| left(line) > 0);
                open.map(|line| units(line, left(line))).collect()
            }
        };
        let returned = |name: &str| lines.iter().find(|line| line.line == name).map_or(0, |line| line.quantity);
        let amounts = |counts: &dyn Fn(&str) -> bool| {
            let sum = |lines: &mut dyn Iterator<Item = &LineReturn>| -> i128 {
                lines.filter(|line| counts(&line.line)).map(|line| i128::from(line.amount_minor)).sum()
            };
            let before = sum(&mut earlier.iter().flat_map(|reversal| &reversal.lines));
            let all =
                earn.lines.iter().filter(|line| counts(&line.line)).map(|line| i128::from(line.amount_minor)).sum();
            (before, before + sum(&mut lines.iter()), all)
        };
        let counted = amounts(&|line| earn.uncounted.iter().all(|uncounted| uncounted != line));
        let amounts = amounts(&|_| true);
        let (is_all, is_empty, points) = if earn.lines.is_empty() {
            (true, !earlier.is_empty(), earn.points)
        } else {
            let is_all = earn.lines.iter().all(|line| left(line) == returned(&line.line));
            (is_all, lines.is_empty(), lines.iter().map(|line| line.points).sum())
        };
        let expired_before = earlier.iter().map(|reversal| reversal.expired).sum();
        let points_before = earlier.iter().map(|reversal| reversal.desired).sum();
        Ok(Self { lines, points, amounts, counted, is_all, is_empty, expired_before, points_before })
    }

    /// What of `whole`, which the lines that count have counted, falls to this return.
    fn share(&self, whole: i64) -> i64 {
        let (before, after, total) = self.counted;
        let before = share(whole, before, total);
        if self.is_all { whole - before } else { share(whole, after, total) - before }
    }

    /// What came back, and how much of it is gone already, as `expired` points of the earn are.
    fn reversal(self, earn: &Entry, expired: i64) -> Reversal {
        // As nobody knows whose points they were, each return is excused its part of them.
        let part = share(expired, i128::from(self.points_before) + i128::from(self.points), i128::from(earn.points));
        let part = if self.is_all { expired } else { part };
        let expired = (part - self.expired_before).clamp(0, self.points.max(0));
        Reversal { lines: self.lines, desired: self.points, expired }
    }

    fn qualifying(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Option<Qualifying> {
        // What is still under review has not counted yet.
        if book.returns.keep_qualification || journal.member().review(earn.id).is_some() {
            return None;
        }
        let counted = earn.qualifying.or_else(|| earn.review.as_ref().and_then(|review| review.qualifying))?;
        let part = self.counted(&counted);
        let totals = Totals { spend_minor: -part.spend_minor, growth: -part.growth, orders: -part.orders };
        tiers::counted(book, counted.month, journal.now(), totals)
    }

    /// What of the earn's qualification falls to this return.
    fn counted(&self, whole: &Qualifying) -> Totals {
        Totals {
            spend_minor: self.share(whole.spend_minor),
            growth: self.share(whole.growth),
            orders: if self.is_all { whole.orders } else { 0 },
        }
    }

    /// What is left of the earn's review, when it has one and something is left.
    fn review(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Option<Review> {
        let open = journal.member().review(earn.id).filter(|_| !self.is_all)?;
        // Shares are those of what was kept back first, so that several returns add up.
        let whole = earn.review.as_ref().and_then(|review| review.qualifying);
        let part = whole.filter(|_| !book.returns.keep_qualification).map(|whole| self.counted(&whole));
        let qualifying = open.review.qualifying.map(|left| {
            let part = part.unwrap_or_default();
            let (spend_minor, growth) = (left.spend_minor - part.spend_minor, left.growth - part.growth);
            Qualifying { spend_minor, growth, orders: left.orders - part.orders, ..left }
        });
        Some(Review { qualifying, ..open.review.clone() })
    }

    /// Counters that are still kept.
    fn counts(&self, book: &Rulebook, journal: &Journal, earn: &Entry) -> Vec<Count> {
        let counters = &journal.member().counters;
        let is_kept = |count: &&Count| counters.iter().any(|c| c.name == count.counter && c.period == count.period);
        // Which lines a rule had awarded its points for is not recorded: they are freed when nothing is left of the order.
        let points = |count: &Count| match is_of_rule(&count.counter) {
            true if self.is_all => count.points,
            true => 0,
            false => running(count.points, earn.points, self.points_before, self.points),
        };
        let freed = |count: &Count| Count {
            times: if self.is_all { -count.times } else { 0 },
            points: -points(count),
            ..count.clone()
        };
        // What somebody did does not change when goods come back.
        let counts = earn.counts.iter().filter(|count| book.returns.free_caps && !is_of_conduct(&count.counter));
        let freed = counts.filter(is_kept).map(freed);
        freed.filter(|count| count.times != 0 || count.points != 0).collect()
    }
}

fn line_return(line: &LineAward, before: i64, units: i64) -> LineReturn {
    let of = |whole: i64| running(whole, line.quantity, before, units);
    LineReturn {
        line: line.line.clone(),
        quantity: units,
        amount_minor: of(line.amount_minor),
        points: of(line.granted),
    }
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
