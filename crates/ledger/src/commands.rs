//! What can be done to a member. Each command posts to a [`Journal`]; an operation that needs
//! several (an earn that crosses a tier line) posts several.
//!
//! The caller of a command that moves points first activates and expires what fell due, in entries
//! of their own, so a command never meets a lot whose time has come, whether or not a sweep has
//! run.

use crate::calendar::Timestamp;
use crate::coupons::with_coupons;
use crate::entry::{Count, Effects, Entry, LotDates, LotDraw, LotGrant, LotMoves, Origin};
use crate::entry::{drawn, sum};
use crate::fault::Fault;
use crate::id::{EntryId, LotNumber, MemberId};
use crate::journal::Journal;
use crate::kind::CouponTerms;
use crate::kind::{
    Award, Earned, LineAward, PointsPayment, Redeemed, Reminded, Reminder, Review, SkippedRules,
    TierChanged, TierMove, What,
};
use crate::lot::{Lot, LotState};
use crate::member::Member;
use crate::qualification::Qualifying;
use crate::refusal::Refusal;
use crate::stop::Stop;
use crate::tally::Tally;

/// An earn whose points the rules have worked out.
#[derive(Debug, Clone)]
pub struct Earn {
    /// The event: `purchase` or an action.
    pub event: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Rules that fired; their granted points add up to those of `grants`.
    pub awards: Vec<Award>,
    /// Rules that were there for it and did not fire.
    pub skipped: Vec<SkippedRules>,
    /// What each order line earned.
    pub lines: Vec<LineAward>,
    /// Lines, by their names, that do not count towards tiers.
    pub uncounted: Vec<String>,
    /// Lots to open (numbers are ignored); empty when nothing is granted.
    pub grants: Vec<LotGrant>,
    /// New ends of lots that can be spent, each later than the one before.
    pub extends: Vec<LotDates>,
    /// Counters to add to.
    pub counts: Vec<Count>,
    /// What it adds to the tier qualification.
    pub qualifying: Option<Qualifying>,
    /// Why somebody has to look at it first; its lots must be pending without end then, and
    /// `qualifying` is kept back in it.
    pub review: Option<Review>,
    /// Counters of the programme to add to.
    pub tallies: Vec<Tally>,
    /// Coupons to issue, as many as the member has room for: kind, terms, end.
    pub coupons: Vec<(String, CouponTerms, Option<Timestamp>)>,
}

/// A wish to spend points.
#[derive(Debug, Clone)]
pub struct Redeem {
    /// How many, at least 1.
    pub points: i64,
    /// Plain first-in-first-out instead of expiring first.
    pub first_in_first_out: bool,
    /// What the points take off an order, when they do.
    pub payment: Option<PointsPayment>,
    /// On whose behalf, where somebody else pays: a member of a pool.
    pub of: Option<MemberId>,
    /// The order lines that they pay, where the till names them: line, units, points.
    pub lines: Vec<(String, i64, i64)>,
    /// Later ends of open lots, as the member is active; a lot of which nothing stays free keeps
    /// its own.
    pub extends: Vec<LotDates>,
}

/// Records which pending points became spendable by the instant `at`. Posts nothing when none did.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn activate(journal: &mut Journal, at: Timestamp, origin: &Origin) -> Result<(), Fault> {
    let activations = due_lots(journal, at, |lot, at| lot.pending && lot.available_at <= at);
    if !activations.is_empty() {
        let lots = LotMoves { activations, ..LotMoves::default() };
        journal.post(Entry { lots, ..journal.due(What::Activate, at, origin.clone()) })?;
    }
    Ok(())
}

/// Makes pending lots spendable from now on, before their time, each with its new dates.
///
/// # Errors
/// A [`Fault`] when one of them is not pending, or the member's state is inconsistent.
pub fn activate_early(
    journal: &mut Journal,
    dates: Vec<LotDates>,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let (member, now) = (journal.member(), journal.now());
    let lot = |dates: &LotDates| {
        member.lots.iter().find(|lot| lot.number == dates.number && dates.available_at == now)
    };
    let activation =
        |dates| lot(dates).map(|lot| LotDraw { number: lot.number, points: lot.remaining });
    let activations: Option<Vec<LotDraw>> = dates.iter().map(activation).collect();
    let activations = activations.filter(|lots| !lots.is_empty()).ok_or(Fault::Draft)?;
    let lots = LotMoves { activations, dates, ..LotMoves::default() };
    journal.post(Entry { lots, ..journal.draft(What::Activate, origin) })
}

/// Takes away the points of lots that reached their end by the instant `at`, but for those that a
/// hold keeps. Posts nothing when there are none.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn expire(journal: &mut Journal, at: Timestamp, origin: &Origin) -> Result<(), Fault> {
    let mut draws = due_lots(journal, at, Lot::has_expired);
    for draw in &mut draws {
        draw.points -= journal.member().held(draw.number);
    }
    draws.retain(|draw| draw.points > 0);
    if !draws.is_empty() {
        let lots = LotMoves { draws, ..LotMoves::default() };
        journal.post(Entry { lots, ..journal.due(What::Expire, at, origin.clone()) })?;
    }
    Ok(())
}

fn due_lots(journal: &Journal, at: Timestamp, due: fn(&Lot, Timestamp) -> bool) -> Vec<LotDraw> {
    let member = journal.member();
    if !member.is_due(at) {
        return Vec::new();
    }
    let lots = member.lots.iter().filter(|lot| due(lot, at));
    lots.map(|lot| LotDraw { number: lot.number, points: lot.remaining }).collect()
}

/// Grants what the rules worked out.
///
/// # Errors
/// A [`Fault`] when awards and lots do not add up, or the member's state is inconsistent.
pub fn earn(journal: &mut Journal, earn: Earn, origin: Origin) -> Result<EntryId, Fault> {
    let awarded = sum(earn.awards.iter().map(|award| award.granted))?;
    if awarded != sum(earn.grants.iter().map(|lot| lot.points))?
        || earn.awards.iter().any(|award| award.granted < 0)
    {
        return Err(Fault::Draft);
    }
    let earned = Earned {
        event: earn.event,
        awards: earn.awards,
        skipped: earn.skipped,
        lines: earn.lines,
        uncounted: earn.uncounted,
        review: earn.review,
    };
    let draft = Entry {
        occurred_at: earn.occurred_at,
        lots: LotMoves { grants: earn.grants, dates: earn.extends, ..LotMoves::default() },
        effects: Effects {
            counts: earn.counts,
            qualifying: earn.qualifying,
            tallies: earn.tallies,
            coupons: Vec::new(),
        },
        ..journal.draft(What::Earn(earned), origin)
    };
    let draft = with_coupons(journal, draft, &earn.coupons);
    journal.post(draft)
}

/// Spends points from the member's spendable lots. All or nothing.
///
/// # Errors
/// A [`Refusal`] when the member does not exist or cannot spend that many; a [`Fault`] when the
/// state is inconsistent.
pub fn redeem(journal: &mut Journal, redeem: Redeem, origin: Origin) -> Result<EntryId, Stop> {
    if let Some(open) = journal.member().hold_for(&origin) {
        return Err(Refusal::ReferenceAlreadyUsed { entry: Some(open.id) }.into());
    }
    let draws = drawn_for(journal, redeem.points, redeem.first_in_first_out)?;
    let dates = lasting(journal.member(), redeem.extends, &draws, None);
    let redeemed = Redeemed {
        lines: paid(redeem.lines),
        reward: None,
        payment: redeem.payment,
        on_behalf_of: redeem.of,
    };
    let lots = LotMoves { draws, dates, ..LotMoves::default() };
    Ok(journal.post(Entry { lots, ..journal.draft(What::Redeem(redeemed), origin) })?)
}

/// Order lines as the entry of what paid them tells them: line, units, points, which count as lost.
pub(crate) fn paid(lines: Vec<(String, i64, i64)>) -> Vec<LineAward> {
    let line = |(line, quantity, points): (String, i64, i64)| LineAward {
        line,
        quantity,
        amount_minor: 0,
        granted: points.saturating_neg(),
        sku: None,
        category: None,
    };
    lines.into_iter().map(line).collect()
}

/// The lots that a redemption draws from, in the order they are spent.
pub(crate) fn drawn_for(
    journal: &Journal,
    points: i64,
    first_in_first_out: bool,
) -> Result<Vec<LotDraw>, Stop> {
    if !journal.member().exists() {
        return Err(Refusal::MemberNotFound.into());
    }
    if points < 1 {
        return Err(Fault::Draft.into());
    }
    let lots = spendable(journal, journal.now(), first_in_first_out);
    let draws = taken(&lots, points);
    let missing = points - drawn(&draws)?;
    if missing > 0 {
        return Err(Refusal::InsufficientPoints { balance: drawn(&lots)?, missing }.into());
    }
    Ok(draws)
}

/// Those of the later ends whose lots keep some free points when these are spent or set aside;
/// `resolved` is a hold that ends with it.
pub(crate) fn lasting(
    member: &Member,
    extends: Vec<LotDates>,
    taken: &[LotDraw],
    resolved: Option<EntryId>,
) -> Vec<LotDates> {
    let of = |lots: &[LotDraw], number: LotNumber| {
        lots.iter()
            .filter(|lot| lot.number == number)
            .fold(0i64, |sum, lot| sum.saturating_add(lot.points))
    };
    let held = |number: LotNumber| {
        let others = member.holds.iter().filter(|hold| Some(hold.id) != resolved);
        others.fold(0i64, |sum, hold| sum.saturating_add(of(&hold.lots, number)))
    };
    let stays = |lot: &Lot| lot.remaining - held(lot.number) - of(taken, lot.number) > 0;
    let lasts =
        |dates: &LotDates| member.lots.iter().any(|lot| lot.number == dates.number && stays(lot));
    extends.into_iter().filter(lasts).collect()
}

/// Puts lots in the order they are spent in.
pub(crate) fn in_order(lots: &mut [&Lot], first_in_first_out: bool) {
    if first_in_first_out {
        lots.sort_by_key(|lot| lot.first_in_first_out());
    } else {
        lots.sort_by_key(|lot| lot.expiring_first());
    }
}

/// What can be spent of each lot at the instant `at`, in the order it is spent. What holds keep is
/// left out.
pub(crate) fn spendable(
    journal: &Journal,
    at: Timestamp,
    first_in_first_out: bool,
) -> Vec<LotDraw> {
    let member = journal.member();
    let mut lots: Vec<&Lot> =
        member.lots.iter().filter(|lot| lot.state(at) == LotState::Active).collect();
    in_order(&mut lots, first_in_first_out);
    let free = lots.into_iter().map(|lot| LotDraw { number: lot.number, points: member.free(lot) });
    free.filter(|lot| lot.points > 0).collect()
}

/// The first `points` of these lots, or all there are.
pub(crate) fn taken(lots: &[LotDraw], points: i64) -> Vec<LotDraw> {
    let mut missing = points;
    let draw = |lot: &LotDraw| {
        let points = missing.min(lot.points);
        missing -= points;
        (points > 0).then_some(LotDraw { points, ..*lot })
    };
    lots.iter().map_while(draw).collect()
}

/// Registers a member or notes that its profile changed. Moves no points.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn enrol(journal: &mut Journal, origin: Origin) -> Result<EntryId, Fault> {
    journal.post(journal.draft(What::Profile, origin))
}

/// What a move on the ladder brings along.
#[derive(Debug, Clone, Default)]
pub struct Gift {
    /// The lot of its points, when there are any.
    pub lot: Option<LotGrant>,
    /// Coupons, as many as the member has room for.
    pub coupons: Vec<(String, CouponTerms, Option<Timestamp>)>,
    /// What is counted of gifts for later moves.
    pub counts: Vec<Count>,
    /// Which levels gave, and how many points each.
    pub awards: Vec<Award>,
    /// When the tier was reached; now when `None`.
    pub reached_at: Option<Timestamp>,
}

/// Moves the member on the tier ladder, with its gifts.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn tier_change(
    journal: &mut Journal,
    tier: TierMove,
    gift: Gift,
    origin: Origin,
    cause: Option<EntryId>,
) -> Result<EntryId, Fault> {
    let Gift { lot, coupons, counts, awards, reached_at } = gift;
    let occurred_at = reached_at.unwrap_or(journal.now());
    let changed = TierChanged { tier, awards };
    let draft = Entry {
        occurred_at,
        lots: LotMoves { grants: lot.into_iter().collect(), ..LotMoves::default() },
        effects: Effects { counts, ..Effects::default() },
        cause,
        ..journal.draft(What::TierChange(changed), origin)
    };
    let draft = with_coupons(journal, draft, &coupons);
    journal.post(draft)
}

/// Records a warning about lots that expire soon. Moves no points.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn remind(journal: &mut Journal, reminder: Reminder, origin: Origin) -> Result<EntryId, Fault> {
    journal.post(journal.draft(What::Remind(Reminded { reminder }), origin))
}
