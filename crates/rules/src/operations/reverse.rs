//! Returns: how much of an earlier earn and redemption is undone, from what their entries say and
//! never from today's rules.
//!
//! Parts are shared out by running sums (the share of all that came back so far, less that of all
//! before), so that partial returns add up to the whole, whatever their order.

mod gifts;
mod paid;
mod replay;
mod returned;

use ledger::{
    ClawBack, Count, Coupon, Entry, Fault, GiveBack, Journal, Kind, LineAward, LotGrant, LotNumber,
    Member, MemberId, Money, Refusal, Reversal, RewardTaken, Stop, Tally, Timestamp, claw_back,
    give_back, local_date,
};

use crate::case::Case;
use crate::claims;
use crate::document::Per;
use crate::joint::joined;
use crate::limits::BY_MONTH;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome, ReversalTargets};
use crate::prior_records::PriorRecords;
use crate::rulebook::Rulebook;

pub(super) use paid::GivenBack;
pub(crate) use replay::{is_earned, is_of_one_operation, replay};
use returned::{Return, running, share};

/// Undo an earn, a redemption, or both sides of an order; `None` when the member has none by that
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverse(pub Option<Box<ToReverse>>);

impl Operation for Reverse {
    fn name(&self) -> &'static str {
        "reverse"
    }

    fn needs(&self, member: &MemberId) -> Needs {
        let Some(wish) = &self.0 else { return Needs::lots(Lots::All) };
        // The pool that paid.
        let others = wish.payer(member).into_iter().cloned().collect();
        Needs { undoes: Some(wish.targets()), ..Needs::others(Lots::All, others) }
    }

    fn guards(&self) -> Guards {
        Guards::FOLLOWING
    }

    fn allows(&self, _: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        self.0.as_ref().map(drop).ok_or(Refusal::ReferenceNotFound)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        let wish = self.0.as_ref().ok_or(Refusal::ReferenceNotFound)?;
        if wish.payer(&own.member().id).is_some() {
            return reverse_pooled(case, own, wish);
        }
        case.alone_at(own, |journal| reverse(journal, None, case, wish))
    }
}

/// What is to be undone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToReverse {
    /// What the order or event earned.
    pub earn: Option<Entry>,
    /// What was spent on it, or the redemption that is meant.
    pub redemption: Option<Redemption>,
    /// How much of it.
    pub part: ReturnScope,
    /// What tiers gave the member: moves on the ladder with gifts, the newest ones.
    pub gifts: Vec<Entry>,
    /// Both were an account's that became part of the member's. The lots of the earn are those that
    /// the member has of it.
    pub merged: Option<Merged>,
}

impl ToReverse {
    /// The account that paid instead of the member.
    fn payer(&self, member: &MemberId) -> Option<&MemberId> {
        let payer = self.redemption.as_ref().map(|redemption| &redemption.entry.member);
        payer.filter(|payer| self.merged.is_none() && *payer != member)
    }

    /// The entries that it undoes.
    pub(super) fn targets(&self) -> ReversalTargets {
        let redemption = self.redemption.as_ref().map(|redemption| redemption.entry.id);
        let granted = || self.earn.iter().chain(&self.gifts);
        let entries = granted().map(|entry| entry.id).chain(redemption).collect();
        let lots = granted().flat_map(|entry| &entry.lots.grants).map(|lot| lot.number).collect();
        ReversalTargets { entries, lots }
    }
}

/// An account that became part of the member's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The account; where several became one after another, the last of them.
    pub from: MemberId,
    /// Points of the earn's lots that had expired before.
    pub expired: i64,
}

/// Points that were spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The redemption, or the capture of a hold.
    pub entry: Entry,
    /// The lots that it drew from, as they were granted and dated when it did.
    pub lots: Vec<LotGrant>,
    /// Of a capture: the lines that the hold names.
    pub held_for: Vec<LineAward>,
}

impl Redemption {
    /// Points that were spent from these lots.
    #[must_use]
    pub fn new(entry: Entry, lots: Vec<LotGrant>) -> Self {
        Self { entry, lots, held_for: Vec::new() }
    }

    /// The capture of that hold.
    #[must_use]
    pub fn of_hold(self, hold: Option<&Entry>) -> Self {
        Self { held_for: hold.map_or_else(Vec::new, |hold| hold.lines().to_vec()), ..self }
    }

    /// The lines that the points paid, where the till named them.
    #[must_use]
    pub fn lines(&self) -> &[LineAward] {
        if self.held_for.is_empty() { self.entry.lines() } else { &self.held_for }
    }
}

/// How much is undone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReturnScope {
    /// All that is left.
    #[default]
    Rest,
    /// Units of order lines, each line named once, at least 1 of each.
    Lines(Vec<(String, i64)>),
    /// The same, and how many of the points spent on the order come back with them.
    LinesFor(Vec<(String, i64)>, i64),
    /// Points of a redemption, at least 1.
    Points(i64),
    /// Pieces of what was taken from the catalogue, at least 1.
    Pieces(i64),
    /// Money of order lines, or (`None`) of the whole order, that goes back while the goods stay.
    Money(Vec<(Option<String>, Money)>),
}

impl ReturnScope {
    /// The part of it that concerns these lines.
    fn of_lines(&self, is_meant: impl Fn(&str) -> bool) -> Self {
        let meant = |lines: &[(String, i64)]| {
            lines.iter().filter(|(name, _)| is_meant(name)).cloned().collect()
        };
        match self {
            Self::Lines(lines) => Self::Lines(meant(lines)),
            Self::LinesFor(lines, points) => Self::LinesFor(meant(lines), *points),
            other => other.clone(),
        }
    }
}

/// Undoes both sides, the spent one first; tells which posting is the one that was asked for: the
/// member's, or, where nothing was earned, that of the pool whose points come back.
pub(super) fn reverse(
    journal: &mut Journal,
    mut pool: Option<&mut Journal>,
    case: &Case<'_>,
    wish: &ToReverse,
) -> Result<usize, Stop> {
    let Case { book, recorded, .. } = *case;
    // A line that points paid may have earned nothing, and stand in the redemption alone.
    let only_paid = |name: &str| {
        let named = |lines: &[LineAward]| lines.iter().any(|line| line.line == name);
        wish.redemption.as_ref().is_some_and(|redemption| named(redemption.lines()))
            && wish.earn.as_ref().is_some_and(|earn| !named(earn.lines()))
    };
    let of_earn = wish.part.of_lines(|name| !only_paid(name));
    let come_back = wish
        .earn
        .as_ref()
        .map(|earn| Return::of(earn, recorded, &of_earn, book.currency))
        .transpose()?;
    let given_back =
        |redemption| GivenBack::of(redemption, recorded, &wish.part, come_back.as_ref());
    let back = wish.redemption.as_ref().map(given_back).transpose()?.filter(|back| back.points > 0);
    let come_back = come_back.filter(|come_back| !come_back.is_empty);
    let mut primary = pool.as_ref().map_or(journal.posted(), |pool| pool.posted());
    if back.is_none() && come_back.is_none() {
        return Err(Refusal::NothingToReverse.into());
    }
    if let (Some(redemption), Some(back)) = (&wish.redemption, back) {
        let origin = match come_back {
            Some(_) => case.without_reference(),
            None => case.origin.clone(),
        };
        let payer = match &mut pool {
            Some(pool) => &mut **pool,
            None => &mut *journal,
        };
        let of = wish.merged.as_ref().map(|merged| merged.from.clone());
        match back_of(payer, book, redemption, back).map(|wish| GiveBack { of, ..wish }) {
            Ok(wish) => drop(give_back(payer, wish, None, origin)?),
            // A reward whose coupon is used stays taken, and the goods come back all the same.
            Err(Refusal::CouponResolved) if come_back.is_some() => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    let gifts = &wish.gifts;
    if let (Some(earn), Some(come_back)) = (&wish.earn, come_back) {
        primary = journal.posted();
        let elsewhere = wish.merged.as_ref().map_or(0, |merged| merged.expired);
        let wish = ClawBack {
            earn,
            shortfall: book.returns.shortfall,
            first_in_first_out: book.first_in_first_out(),
            counts: come_back.counts(book, journal, earn),
            review: come_back.review(book, journal, earn),
            // Used ones are gone; the others would be a gift for nothing.
            coupons: open_coupons(journal, earn).filter(|_| come_back.is_all).cloned().collect(),
            qualifying: come_back.qualifying(book, journal, earn),
            of: wish.merged.as_ref().map(|merged| merged.from.clone()),
            reversal: come_back
                .reversal(earn, expired_of(journal, earn, recorded).saturating_add(elsewhere)),
        };
        let came_back = wish.qualifying;
        let before = journal.member().clone();
        let id = claw_back(journal, wish, None, case.origin.clone())?;
        gifts::take_back(journal, case, (earn, gifts), &before, id)?;
        if let Some(came_back) = came_back.filter(|_| book.document.returns.lower_tier) {
            claims::lower(journal, book, earn, came_back, &case.without_reference(), id)?;
        }
    }
    Ok(primary)
}

/// Undoes an order of a member that a pool has paid: the pool's points come back to the pool.
fn reverse_pooled(case: &Case<'_>, mut own: Journal, wish: &ToReverse) -> Outcome {
    let account = case.recorded.others.first().ok_or(Fault::Moved)?;
    if account.closed.is_some() {
        // Nobody is left to give points to; the goods come back all the same.
        let wish = ToReverse { redemption: None, ..wish.clone() };
        let primary = reverse(&mut own, None, case, &wish)?;
        case.expire_and_repay(&mut own)?;
        return joined(vec![own], 0, primary);
    }
    let mut shared = case.journal(1, account.clone())?;
    let primary = reverse(&mut own, Some(&mut shared), case, wish)?;
    case.expire_and_repay(&mut own)?;
    case.expire_and_repay(&mut shared)?;
    // Where nothing but points came back, what was asked for is the pool's entry.
    let is_asked =
        |entry: &Entry| wish.earn.as_ref().is_some_and(|earn| entry.corrects() == Some(earn.id));
    let is_own = own.entries().nth(primary).is_some_and(is_asked);
    let primary = if is_own { primary } else { own.posted() + primary };
    joined(vec![own, shared], 0, primary)
}

/// How many points of the lots of an earn have expired, by what is recorded and by what this very
/// command has found.
fn expired_of(journal: &Journal, earn: &Entry, recorded: &PriorRecords) -> i64 {
    let found = journal
        .entries()
        .filter(|entry| entry.kind() == Kind::Expire)
        .flat_map(|entry| &entry.lots.draws);
    let own = |number: LotNumber| earn.lots.grants.iter().any(|lot| lot.number == number);
    let before =
        recorded.expired.iter().filter(|(number, _)| own(**number)).map(|(_, points)| *points);
    let found = found.filter(|draw| own(draw.number)).map(|draw| draw.points);
    before.chain(found).fold(0, i64::saturating_add)
}

fn open_coupons<'a>(journal: &'a Journal, of: &'a Entry) -> impl Iterator<Item = &'a Coupon> {
    of.effects.coupons.iter().filter(|coupon| journal.member().coupons.contains(coupon))
}

/// Points given back, and with them their part of what the redemption had counted: its place under
/// the member's limits, the stock. Coupons that it brought are taken away.
pub(super) fn back_of<'a>(
    journal: &Journal,
    book: &Rulebook,
    redemption: &'a Redemption,
    back: GivenBack,
) -> Result<GiveBack<'a>, Refusal> {
    let Redemption { entry, lots, .. } = redemption;
    let member = journal.member();
    let GivenBack { before, points, lines } = back;
    let of_points = |whole: i64| running(whole, -entry.points, before, points);
    let is_kept = |count: &&Count| {
        member.counters.iter().any(|c| c.name == count.counter && c.period == count.period)
    };
    let freed = |count: &Count| Count {
        times: -of_points(count.times),
        points: -of_points(count.points),
        ..count.clone()
    };
    let month = Per::Month.period(journal.now(), local_date(journal.now(), book.zone()));
    let counted = |tally: &Tally| Tally {
        // A month that is over stays as it was reported.
        period: if tally.name.ends_with(BY_MONTH) { month } else { tally.period },
        amount: -of_points(tally.amount),
        most: None,
        ..tally.clone()
    };
    Ok(GiveBack {
        redemption: entry,
        lots,
        before,
        points,
        lines,
        coupons: match entry.reward() {
            Some(taken) => coupons_of(member, entry, taken, points)?,
            None => Vec::new(),
        },
        counts: entry.effects.counts.iter().filter(is_kept).map(freed).collect(),
        tallies: entry.effects.tallies.iter().map(counted).filter(|t| t.amount != 0).collect(),
        of: None,
        grace: grace(book, journal.now()),
    })
}

/// The coupons that go with these points of a reward, which comes back by the piece.
fn coupons_of(
    member: &Member,
    entry: &Entry,
    taken: &RewardTaken,
    points: i64,
) -> Result<Vec<Coupon>, Refusal> {
    let one = piece(entry, taken);
    let pieces = points
        .checked_div(one)
        .filter(|pieces| pieces * one == points)
        .ok_or(Refusal::WholeOnly)?;
    // One of several that were taken is as good as another: the last ones go that are still there.
    let mut open: Vec<Coupon> = entry
        .effects
        .coupons
        .iter()
        .rev()
        .filter(|c| member.coupons.contains(c))
        .cloned()
        .collect();
    let issued = i64::try_from(entry.effects.coupons.len()).unwrap_or(i64::MAX);
    let wanted =
        usize::try_from(share(issued, pieces.into(), taken.quantity.into())).unwrap_or(usize::MAX);
    if open.len() < wanted {
        return Err(Refusal::CouponResolved);
    }
    open.truncate(wanted);
    open.reverse();
    Ok(open)
}

/// Points for one of those that were taken.
fn piece(entry: &Entry, taken: &RewardTaken) -> i64 {
    (-entry.points).checked_div(taken.quantity).unwrap_or(0).max(1)
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

impl PriorRecords {
    /// The earlier reversals of an entry.
    fn of(&self, entry: &Entry) -> impl Iterator<Item = &Reversal> {
        let id = entry.id;
        self.reversals
            .iter()
            .filter(move |(corrected, _)| *corrected == id)
            .map(|(_, reversal)| reversal)
    }
}
