//! Exchanging points of one programme for those of another one of the group: a decision by two
//! rulebooks, with an entry in each programme.
//!
//! The programme that gives them up says how many ([`crate::Exchanges::offers`]), the one that
//! takes them in says what they are worth there ([`crate::Exchanges::accepts`]). Both accounts are
//! the same person's.

use std::rc::Rc;

use ledger::{
    Context, Fault, Journal, LotDraw, LotGrant, Member, MemberId, Origin, ProgrammeId, Rate,
    Refusal, converted, give_up, least_for_one, take_in,
};

use crate::case::Case;
use crate::document::Transfers;
use crate::joint::{first, joined, may_give, spendable};
use crate::operation::{Decided, Guards, Lots, Needs, Operation, Outcome};
use crate::rulebook::{Acceptance, Rulebook};

/// What granted lots that come from another programme, before its id; the counters of what is given
/// up for points of it are called alike.
pub(crate) const SOURCE: &str = "exchange:";

/// Exchange points for those of another programme, where the member has an account too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The other programme; `None` when the two do not belong together.
    pub with: Option<Partner>,
    /// How many to give up, at least 1.
    pub points: i64,
}

impl Exchange {
    fn terms(&self, case: &Case<'_>) -> Result<Terms<'_>, Refusal> {
        let terms = agreed(case.book, self.with.as_ref(), &case.context.programme);
        terms.ok_or_else(|| Refusal::not_offered("exchange"))
    }
}

impl Operation for Exchange {
    fn name(&self) -> &'static str {
        "exchange"
    }

    fn needs(&self, member: &MemberId) -> Needs {
        // The same person there.
        let others = self.with.iter().map(|_| member.clone()).collect();
        let programme = self.with.as_ref().map(|partner| partner.programme.clone());
        Needs { other_programme: programme, ..Needs::others(Lots::All, others) }
    }

    fn guards(&self) -> Guards {
        Guards::GIVING
    }

    fn allows(&self, case: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        // Before anything is told about the account there: who has no agreement with a programme
        // learns nothing about its members.
        self.terms(case).map(drop)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        exchange(case, own, self.points, &self.terms(case)?)
    }
}

/// The other programme of an exchange.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Its id.
    pub programme: ProgrammeId,
    /// How many homes its members are spread over.
    pub spread: u32,
    /// Its published rulebook.
    pub book: Rc<Rulebook>,
    /// Whether a way of exchanges that begins with this one comes back with more points, as
    /// [`crate::gaining_way`] tells.
    pub gains: bool,
}

impl PartialEq for Partner {
    fn eq(&self, other: &Self) -> bool {
        self.programme == other.programme
            && self.gains == other.gains
            && self.book.version() == other.book.version()
    }
}

impl Eq for Partner {}

/// Gives points up here and grants what they are worth there.
fn exchange(
    case: &Case<'_>,
    mut giver: Journal,
    points: i64,
    Terms { partner, offer, accepted }: &Terms<'_>,
) -> Outcome {
    let receiver = case.other().and_then(|receiver| may_receive(receiver, giver.member()))?;
    let primary = giver.posted();
    // Nobody gives points up for nothing.
    let least = least_for_one(accepted.rate).unwrap_or(i64::MAX).max(offer.min_points);
    let bounds = Transfers { min_points: least, ..*offer };
    // A slash is in no id, so that counters of one programme's days are not those of another one's.
    let counter = format!("{SOURCE}{}/given", partner.programme);
    // No more is given up than it takes for the same points there; bounds are for what was asked.
    let asked = points;
    let points = needed(asked, accepted.rate).unwrap_or(asked);
    let counts = may_give(case.book, bounds, &counter, giver.member(), asked, points, giver.now())?;
    let lots = spendable(&[&giver], case.book);
    // Nobody gives up what there is not, even where less would do.
    first(&lots, asked)?;
    let draws: Vec<LotDraw> = first(&lots, points)?.into_iter().map(|(_, draw)| draw).collect();
    let (grants, got) = grants(giver.member(), &draws, accepted, &partner.book, &case.context)?;
    let there =
        ledger::Exchange { programme: partner.programme.clone(), points: got, rate: accepted.rate };
    let here =
        ledger::Exchange { programme: case.context.programme.clone(), points, rate: accepted.rate };
    let cause = give_up(&mut giver, draws, there, counts, case.origin.clone())?;
    case.expire_and_repay(&mut giver)?;
    // Keys, channels and stores of one programme are nobody's business in the other.
    let from =
        Origin { actor: format!("programme:{}", case.context.programme), ..Origin::default() };
    let (programme, spread, rulebook_version) =
        (partner.programme.clone(), partner.spread, partner.book.version());
    let context = Context { programme, spread, rulebook_version, ..case.context.clone() };
    let abroad = Case { book: &partner.book, origin: &from, recorded: case.recorded, context };
    let mut taker = abroad.journal(1, receiver.clone())?;
    take_in(&mut taker, grants, here, cause, from.clone())?;
    abroad.expire_and_repay(&mut taker)?;
    let decided = joined(vec![giver, taker], 0, primary)?;
    // The member there is none of this programme.
    Ok(Decided { others: Vec::new(), ..decided })
}

/// The least points that come to as many there as `points` do.
fn needed(points: i64, rate: Rate) -> Option<i64> {
    let [got] = converted(&[points], rate)?.try_into().ok()?;
    let (one, rate) = (i128::from(Rate::ONE.millionths()), i128::from(rate.millionths()));
    let least = i128::from(got).checked_mul(one)?.checked_add(rate - 1)?.checked_div(rate)?;
    // Nobody gives points up for nothing: that is refused by its bounds.
    i64::try_from(least).ok().map(|least| if got == 0 { points } else { least })
}

/// What two programmes have agreed on.
struct Terms<'a> {
    partner: &'a Partner,
    offer: Transfers,
    accepted: &'a Acceptance,
}

/// Both programmes' terms, when both agree to the exchange. Rates that would make more points of
/// some on a way that comes back are no agreement.
fn agreed<'a>(
    book: &Rulebook,
    partner: Option<&'a Partner>,
    own: &ProgrammeId,
) -> Option<Terms<'a>> {
    let partner = partner.filter(|partner| !partner.gains)?;
    let offer = *book.document.exchanges.offers.get(partner.programme.as_str())?;
    let accepted = partner.book.accepts.get(own.as_str())?;
    Some(Terms { partner, offer, accepted })
}

/// The account there must be the same person's, and must be allowed to earn.
fn may_receive<'a>(receiver: &'a Member, member: &Member) -> Result<&'a Member, Refusal> {
    if receiver.id != member.id {
        return Err(Refusal::CounterpartyNotFound);
    }
    if receiver.frozen.earning {
        return Err(Refusal::MemberFrozen { side: "earning" });
    }
    Ok(receiver)
}

/// What the lots that are given up become there, and the points of them all: each keeps its dates,
/// or all live by the policy that the rulebook there names.
fn grants(
    member: &Member,
    draws: &[LotDraw],
    accepted: &Acceptance,
    there: &Rulebook,
    context: &Context,
) -> Result<(Vec<LotGrant>, i64), Fault> {
    let amounts: Vec<i64> = draws.iter().map(|draw| draw.points).collect();
    let shares = converted(&amounts, accepted.rate).ok_or(Fault::Overflow)?;
    let all = shares
        .iter()
        .try_fold(0i64, |sum, share| sum.checked_add(*share))
        .ok_or(Fault::Overflow)?;
    let grant = |points, earned_at, available_at, expires_at| LotGrant {
        number: ledger::LotNumber(0),
        points,
        source: format!("{SOURCE}{}", context.programme),
        earned_at,
        available_at,
        expires_at,
    };
    if let Some(policy) = &accepted.expiry {
        let now = context.now;
        return Ok((vec![grant(all, now, now, policy.expires_at(now, there.zone()))], all));
    }
    let mut grants = Vec::new();
    for (draw, share) in draws.iter().zip(shares).filter(|(_, share)| *share > 0) {
        let lot = member.lots.iter().find(|lot| lot.number == draw.number).ok_or(Fault::Lot)?;
        grants.push(grant(share, lot.earned_at, lot.available_at, lot.expires_at));
    }
    Ok((grants, all))
}
