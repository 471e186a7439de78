//! Members who come from another system: what they bring along, under the ladder of this one.

use ledger::{
    Brought, Claim, EntryId, Fault, Journal, LotGrant, LotNumber, Member, MemberId, Period,
    Refusal, Stop, TierMove, Timestamp, Totals, day_number, local_date, open,
};

use crate::case::Case;
use crate::claims;
use crate::names::may_open;
use crate::operation::{Account, ExtraColumns, Guards, Lots, Needs, Operation, Outcome};
use crate::operations::ProfileChange;
use crate::rulebook::Rulebook;
use crate::tiers::counted;

/// What grants an opening lot.
const SOURCE: &str = "opening";

/// Points that a member brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningLot {
    /// How many, at least 1.
    pub points: i64,
    /// When they were earned; `None` is now.
    pub earned_at: Option<Timestamp>,
    /// From when on they can no longer be spent; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// What a member brings along from another system.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opening {
    /// Its points.
    pub lots: Vec<OpeningLot>,
    /// Points that it owes, not negative.
    pub debt: i64,
    /// The level that it has there.
    pub tier: Option<OpeningTier>,
    /// What counts there towards the levels of the running period.
    pub totals: Totals,
    /// What is told about it.
    pub profile: ProfileChange,
}

/// A level that a member brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningTier {
    /// Its name in the rulebook.
    pub id: String,
    /// From when on it is not kept; `None` is as long as if it were reached now.
    pub until: Option<Timestamp>,
}

/// Book what the member brings along from another system, and take over what is told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open(pub Opening);

impl Operation for Open {
    fn name(&self) -> &'static str {
        "open"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let names = self.0.profile.aliases.values().flatten().cloned().collect();
        let columns = ExtraColumns::Profile;
        Needs { names: Some(names), columns, ..Needs::lots(Lots::All) }
    }

    fn guards(&self) -> Guards {
        Guards::STAFF.on(Account::New)
    }

    fn allows(&self, case: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        self.0.profile.may(case.recorded)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| opening(journal, case, &self.0))
    }

    fn profile(&self) -> Option<&ProfileChange> {
        Some(&self.0.profile)
    }
}

/// Books what a member brings along. It brings neither gifts nor notices: those it had there.
fn opening(journal: &mut Journal, case: &Case<'_>, wish: &Opening) -> Result<EntryId, Stop> {
    let book = case.book;
    may_open(book, journal.member())?;
    let now = journal.now();
    let month = day_number(Period::Month.first_day(local_date(now, book.zone())));
    let tier = tier(journal, book, wish)?;
    let grant = |lot: &OpeningLot| LotGrant {
        number: LotNumber(0),
        points: lot.points,
        source: SOURCE.to_owned(),
        earned_at: lot.earned_at.unwrap_or(now),
        available_at: now,
        expires_at: lot.expires_at,
    };
    let lots = wish.lots.iter().map(grant).collect();
    let qualifying = counted(book, month, now, wish.totals);
    open(journal, Brought { lots, debt: wish.debt, tier, qualifying }, case.origin.clone())
}

/// The move to the highest of the level that is told, the one that the totals give, and what the
/// member holds; `None` when that changes nothing.
fn tier(journal: &Journal, book: &Rulebook, wish: &Opening) -> Result<Option<TierMove>, Stop> {
    let unknown = |tier: &OpeningTier| Refusal::UnknownTier { tier: tier.id.clone() };
    let Some(ladder) = &book.ladder else {
        return wish.tier.as_ref().map_or(Ok(None), |tier| Err(unknown(tier).into()));
    };
    let (member, now) = (journal.member(), journal.now());
    let today = local_date(now, book.zone());
    let totals = ladder.totals_on(member, today).checked_add(wish.totals).ok_or(Fault::Overflow)?;
    let reached = ladder.qualified(totals);
    let period = Some(ladder.days(today, ladder.last_day(today)));
    let mut claims: Vec<Claim> =
        ladder.claim(reached, (now, today), period, book).into_iter().collect();
    if let Some(told) = &wish.tier {
        let Some(level) = ladder.levels.iter().position(|level| level.id == told.id) else {
            return Err(unknown(told).into());
        };
        // No totals of this programme gave it, so no return takes it away.
        let claim = ladder.claim(level, (now, today), None, book);
        claims.extend(claim.map(|claim| Claim { until: told.until.or(claim.until), ..claim }));
    }
    claims.extend(claims::held(ladder, member, now, book));
    let level = |claim: &Claim| ladder.index_of(Some(&claim.tier));
    claims.sort_by_key(|claim| {
        std::cmp::Reverse((level(claim), claim.until.unwrap_or(Timestamp::LAST)))
    });
    let to = claims.first().map_or(0, level);
    let is_as_before = member.tier.as_ref().is_some_and(|tier| tier.claims == claims);
    let says_nothing = to == 0 && (wish.tier.is_none() || member.tier.is_some());
    Ok(if is_as_before || says_nothing { None } else { claims::moved(ladder, member, to, claims) })
}
