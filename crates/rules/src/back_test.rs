//! A draft held against what has happened: the books as they are, and what they would be under the
//! published rulebook and under the draft.

use std::collections::BTreeMap;

use ledger::{Entry, Fault, Member, MemberId, ProgrammeId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::condition::COPIED_TAGS;
use crate::replay::{Replay, Sums};
use crate::rulebook::Rulebook;

/// What members came to by the end of the period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Side {
    /// What was issued, spent and lost in the period.
    pub sums: Sums,
    /// Points that members have, less what they owe.
    pub outstanding: i128,
    /// By tier at the end of the period; members without one by an empty name.
    pub tiers: BTreeMap<String, OfTier>,
}

/// What the members of one tier came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OfTier {
    /// How many there are.
    pub members: i64,
    /// Points issued to them in the period.
    pub issued: i128,
    /// Points that they have, less what they owe.
    pub outstanding: i128,
}

impl Side {
    fn add(&mut self, sums: &Sums, member: &Member) {
        self.sums.add(sums);
        self.outstanding += i128::from(member.balance);
        let tier = member.tier.as_ref().map(|tier| tier.id.clone()).unwrap_or_default();
        let tier = self.tiers.entry(tier).or_default();
        tier.members += 1;
        tier.issued += sums.accounts.get("issued").copied().unwrap_or(0);
        tier.outstanding += i128::from(member.balance);
    }
}

/// What a back-test has found so far; members are added one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BackTest {
    /// Members looked at.
    pub members: i64,
    /// Members for whom the draft comes to something else than the published rulebook.
    pub affected: i64,
    /// Their entries, those before the period too.
    pub entries: i64,
    /// Members whose history is too long to be told.
    #[serde(default)]
    pub left_out: i64,
    /// The books as they are.
    pub recorded: Side,
    /// Told again under the published rulebook.
    pub published: Side,
    /// Told again under the draft.
    pub draft: Side,
}

/// Lots that are looked at for one member, under both rulebooks together: a few seconds.
const MAX_EFFORT: u64 = 20_000_000;
/// Parts of entries that are kept at hand for one member, under both rulebooks together: about a
/// hundred bytes each.
const MAX_KEPT: usize = 1_000_000;

/// The period that is told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// What earns under a rulebook read of a member.
fn told_under(book: &Rulebook, attributes: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut told = attributes.clone();
    if let Some(tags) = told.get_mut(COPIED_TAGS) {
        let named = book.tags_named();
        let kept: Vec<&str> = tags.split(',').filter(|tag| named.contains_key(*tag)).collect();
        *tags = kept.join(",");
    }
    told
}

/// One member on the way through its history, three times.
#[derive(Debug)]
pub struct MemberTest<'a> {
    span: Span,
    has_begun: bool,
    is_over: bool,
    entries: i64,
    recorded: Replay<'a>,
    again: [Replay<'a>; 2],
}

impl<'a> MemberTest<'a> {
    /// Before the member's first entry; `attributes` is what is told about it now. Of the
    /// [copied tags](COPIED_TAGS) each side has those that its own rulebook names.
    #[must_use]
    pub fn new(
        (published, draft): (&'a Rulebook, &'a Rulebook),
        programme: &ProgrammeId,
        member: &MemberId,
        attributes: &BTreeMap<String, String>,
        span: Span,
    ) -> Self {
        let rerun = |book| {
            let told = told_under(book, attributes);
            Replay::new(book, programme.clone(), member.clone(), told)
        };
        let (recorded, again) = (rerun(published), [rerun(published), rerun(draft)]);
        Self { span, has_begun: false, is_over: false, entries: 0, recorded, again }
    }

    /// Whether the history takes more time or room to tell than one call has.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        let effort: u64 = self.again.iter().map(Replay::effort).sum();
        let kept: usize = self.again.iter().map(Replay::kept).sum();
        effort > MAX_EFFORT || kept > MAX_KEPT
    }

    /// Takes the member's next entry with its stored body; those after the period are left out.
    ///
    /// # Errors
    /// A [`Fault`] when the entries do not follow each other.
    pub fn entry(&mut self, entry: &Entry, body: &str) -> Result<(), Fault> {
        // A clock that was set back neither ends the period twice nor leaves it again.
        self.is_over |= entry.recorded_at >= self.span.to;
        if self.is_over {
            return Ok(());
        }
        self.entries += 1;
        let is_within = self.has_begun || entry.recorded_at >= self.span.from;
        self.recorded.as_booked(entry, body, is_within)?;
        if is_within {
            self.begin()?;
            self.again.iter_mut().try_for_each(|again| again.again(entry))
        } else {
            self.again.iter_mut().try_for_each(|again| again.as_recorded(entry, body, false))
        }
    }

    fn begin(&mut self) -> Result<(), Fault> {
        let from = self.span.from;
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        self.again.iter_mut().try_for_each(|again| again.begin(from))
    }

    /// After the last entry: adds the member to what was found.
    ///
    /// # Errors
    /// A [`Fault`] when the state is inconsistent.
    pub fn end(mut self, found: &mut BackTest) -> Result<(), Fault> {
        self.begin()?;
        // What ends with the period has not ended within it.
        let last = self.span.to.plus_ms(-1);
        let [published, draft] = self.again;
        let (recorded, published, draft) =
            (self.recorded.end(last)?, published.end(last)?, draft.end(last)?);
        found.members += 1;
        found.entries += self.entries;
        let came_to = |(sums, member): &(Sums, Member)| {
            (
                sums.clone(),
                member.balance,
                member.tier.as_ref().map(|tier| (tier.id.clone(), tier.until)),
            )
        };
        found.affected += i64::from(came_to(&published) != came_to(&draft));
        for (side, (sums, member)) in [
            (&mut found.recorded, recorded),
            (&mut found.published, published),
            (&mut found.draft, draft),
        ] {
            side.add(&sums, &member);
        }
        Ok(())
    }
}
