//! Opening entries: what a member brings along from the system that kept its points before.

use crate::entry::{Count, Effects, Entry, LotGrant, LotMoves, Origin};
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{Opened, TierMove, What};
use crate::member::Member;
use crate::qualification::Qualifying;
use crate::refusal::Refusal;
use crate::stop::Stop;

/// The counter that tells whether a member has had its opening entry.
const OPENED: &str = "opening";

/// What a member brings along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brought {
    /// Its lots; their numbers are given when the entry is posted.
    pub lots: Vec<LotGrant>,
    /// Points that it owes.
    pub debt: i64,
    /// Its move on the ladder, when it has reached a level there.
    pub tier: Option<TierMove>,
    /// What counts towards tiers from now on.
    pub qualifying: Option<Qualifying>,
}

/// Whether the member has had its opening entry.
#[must_use]
pub fn is_opened(member: &Member) -> bool {
    member.counted(OPENED, 0).0 > 0
}

/// Books what a member brings along, once.
///
/// # Errors
/// [`Refusal::OpeningExists`]; [`Stop::Fault`] when the lots or the member's state are
/// inconsistent.
pub fn open(journal: &mut Journal, brought: Brought, origin: Origin) -> Result<EntryId, Stop> {
    if is_opened(journal.member()) {
        return Err(Refusal::OpeningExists.into());
    }
    let Brought { lots: grants, debt, tier, qualifying } = brought;
    let counts =
        vec![Count { counter: OPENED.to_owned(), period: 0, keep_from: 0, times: 1, points: 0 }];
    Ok(journal.post(Entry {
        lots: LotMoves { grants, debt, ..LotMoves::default() },
        effects: Effects { counts, qualifying, ..Effects::default() },
        ..journal.draft(What::Opening(Opened { tier }), origin)
    })?)
}
