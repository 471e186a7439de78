//! What happened to members since the last run, of that for which strategies ask: entries of the
//! ledger, reported behaviour, and changes of tags and segments. Each source has a cursor.
//!
//! Of behaviour it is kept that a member did something of a kind on a local day, once, and when
//! that is to be asked for. The events themselves are read when it is.

use std::cell::OnceCell;
use std::rc::Rc;

use ledger::Timestamp;
use reach::Family;
use reach::playbook::Trigger;
use reach::touch::{Happening, Occasion, TierMove, answered_for_ms, asked_at};
use rules::{Level, Rulebook};
use store::{
    Error, Heard, HeardBehaviour, HeardEntry, ProgrammeRef, Sql, TouchRest, behaviour_to_hear,
    entries_to_hear, hear, heard_until, last_behaviour, last_entry, last_set_change, set_changes,
};

use super::Messaging;
use crate::context::{ActiveProgramme, JobContext, WorkLimit};

/// Entries, or changes, of a piece.
const PIECE: i64 = 1_000;
/// The source of entries. Its cursor begins at the last one: nobody is greeted for the past.
const ENTRIES: &str = "entry";
/// That of behaviour, which begins in the same way. The schema gives numbers above it.
const BEHAVIOUR: &str = "behaviour";

/// A programme with a playbook.
pub(super) struct Listening {
    pub(super) programme: ProgrammeRef,
    pub(super) messaging: Messaging,
    /// Until when nothing is to be decided, unless something happens.
    pub(super) rest: Option<TouchRest>,
    book: OnceCell<Rc<Rulebook>>,
}

impl Listening {
    pub(super) fn new(
        programme: ProgrammeRef,
        messaging: Messaging,
        rest: Option<TouchRest>,
    ) -> Self {
        Self { programme, messaging, rest, book: OnceCell::new() }
    }

    /// Whether nothing is to be decided at an instant, unless something happens. Another version
    /// of the rulebook may have another zone.
    pub(super) fn rests(&self, now: Timestamp) -> bool {
        let version = self.programme.rulebook_version;
        self.rest.is_some_and(|rest| rest.until > now && rest.rulebook_version == version)
    }

    /// The published rulebook, read where it is asked for.
    pub(super) async fn book<L: Sql>(
        &self,
        ledger: &JobContext<'_, L>,
    ) -> Result<Rc<Rulebook>, Error> {
        if let Some(book) = self.book.get() {
            return Ok(book.clone());
        }
        let active = ActiveProgramme::open(ledger, self.programme.clone()).await?;
        Ok(self.book.get_or_init(|| active.book).clone())
    }

    fn asks_for(&self, what: fn(&Trigger) -> bool) -> bool {
        self.messaging.playbook.strategies.iter().any(|of| what(&of.trigger))
    }

    /// What is to be kept of an occasion, if a strategy asks for it.
    fn heard(&self, member_no: i64, source: String, occasion: Occasion) -> Option<Heard> {
        let ask_at = asked_at(&self.messaging.playbook, &occasion)?;
        let until = occasion.at.plus_ms(answered_for_ms(&self.messaging.playbook));
        let programme_no = self.programme.no;
        Some(Heard { programme_no, member_no, source, occasion, until, ask_at })
    }

    fn behaviour(&self, event: HeardBehaviour) -> Option<Heard> {
        let source = format!("behaviour:{}:{}:{}", event.member_no, event.day, event.kind);
        let what = Happening::Behaviour { kind: event.kind };
        self.heard(event.member_no, source, Occasion { at: event.at, what })
    }

    fn entry(&self, entry: HeardEntry) -> Option<Heard> {
        let (member_no, source) = (entry.member_no, format!("entry:{}", entry.no));
        let occasion = occasion(entry, self.book.get().map(|book| book.levels()))?;
        self.heard(member_no, source, occasion)
    }
}

/// What an entry is to strategies; `None` for what was brought from elsewhere, and for what
/// strategies wrote. Without the order of tiers nobody's tier has moved.
pub(super) fn occasion(entry: HeardEntry, levels: Option<&[Level]>) -> Option<Occasion> {
    if entry.kind == "opening" || entry.is_of_strategy {
        return None;
    }
    let rank = |levels: &[Level], id: &str| {
        levels.iter().position(|level| level.id == id).map_or(0, |place| place + 1)
    };
    let moved = entry.tier.filter(|(from, to)| from.as_ref() != Some(to));
    let tier = levels.zip(moved).map(|(levels, (from, to))| {
        let is_up = rank(levels, &to) > from.as_deref().map_or(0, |from| rank(levels, from));
        TierMove { to, is_up }
    });
    let what = Happening::Entry { id: entry.id, kind: entry.kind, points: entry.points, tier };
    Some(Occasion { at: entry.at, what })
}

/// Hears the entries that were written since the last run. True when all were heard.
pub(super) async fn hear_entries<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programmes: &[Listening],
    limit: &mut WorkLimit,
) -> Result<bool, Error> {
    let last = ledger.with_retries(async || last_entry(ledger.sql).await).await?;
    let last = last.map_or(0, |(no, _)| no);
    loop {
        let heard = reach.with_retries(async || heard_until(reach.sql, ENTRIES).await).await?;
        // Where nobody asks, the cursor only follows. Behind it there is nothing where the ledger
        // was put back to an earlier copy.
        let asks = |of: &Listening| of.asks_for(is_about_entries);
        let goes_on = |position: &i64| *position <= last && programmes.iter().any(asks);
        let Some(position) = heard.filter(goes_on) else {
            if heard == Some(last) {
                return Ok(true);
            }
            step(reach, ENTRIES, heard, last, &[]).await?;
            return Ok(true);
        };
        if position == last {
            return Ok(true);
        }
        if !limit.take_chunk((ledger.now)()) {
            return Ok(false);
        }
        let entries = ledger
            .with_retries(async || entries_to_hear(ledger.sql, position, PIECE).await)
            .await?;
        let Some(next) = entries.last().map(|entry| entry.no) else { return Ok(true) };
        for listening in programmes.iter().filter(|of| of.asks_for(is_about_tiers)) {
            let no = listening.programme.no;
            if entries.iter().any(|entry| entry.programme_no == no && entry.tier.is_some()) {
                match listening.book(ledger).await {
                    // What is wrong with one programme is told when it is decided about.
                    Ok(_) | Err(Error::Corrupt(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let kept: Vec<Heard> = entries
            .into_iter()
            .filter_map(|entry| {
                let is_its = |of: &&Listening| of.programme.no == entry.programme_no;
                programmes.iter().find(is_its)?.entry(entry)
            })
            .collect();
        step(reach, ENTRIES, Some(position), next, &kept).await?;
    }
}

/// Hears the behaviour that was reported since the last run. True when all was heard.
pub(super) async fn hear_behaviour<R: Sql>(
    reach: &JobContext<'_, R>,
    programmes: &[Listening],
    limit: &mut WorkLimit,
) -> Result<bool, Error> {
    loop {
        let heard = reach.with_retries(async || heard_until(reach.sql, BEHAVIOUR).await).await?;
        let asks = |of: &Listening| of.asks_for(is_about_behaviour);
        let Some(position) = heard.filter(|_| programmes.iter().any(asks)) else {
            // Where nobody asks, the cursor only follows.
            let last = reach.with_retries(async || last_behaviour(reach.sql).await).await?;
            if heard != Some(last) {
                step(reach, BEHAVIOUR, heard, last, &[]).await?;
            }
            return Ok(true);
        };
        let events = reach
            .with_retries(async || behaviour_to_hear(reach.sql, position, PIECE).await)
            .await?;
        let Some(next) = events.last().map(|event| event.no) else { return Ok(true) };
        if !limit.take_chunk((reach.now)()) {
            return Ok(false);
        }
        let kept: Vec<Heard> = events
            .into_iter()
            .filter_map(|event| {
                let is_its = |of: &&Listening| of.programme.no == event.programme_no;
                programmes.iter().find(is_its)?.behaviour(event)
            })
            .collect();
        step(reach, BEHAVIOUR, Some(position), next, &kept).await?;
    }
}

/// Hears who came into sets of a programme and left them. True when all were heard.
pub(super) async fn hear_sets<R: Sql>(
    reach: &JobContext<'_, R>,
    listening: &Listening,
    limit: &mut WorkLimit,
) -> Result<bool, Error> {
    let no = listening.programme.no;
    for family in [Family::Tag, Family::Segment] {
        let source = format!("{}:{no}", family.as_str());
        loop {
            let heard = reach.with_retries(async || heard_until(reach.sql, &source).await).await?;
            let Some(position) = heard else {
                let last =
                    reach.with_retries(async || last_set_change(reach.sql, no).await).await?;
                step(reach, &source, None, last, &[]).await?;
                break;
            };
            let changes = reach
                .with_retries(async || set_changes(reach.sql, no, family, position, PIECE).await)
                .await?;
            let Some(next) = changes.last().map(|change| change.no) else { break };
            if !limit.take_chunk((reach.now)()) {
                return Ok(false);
            }
            let kept: Vec<Heard> = changes
                .into_iter()
                .filter_map(|change| {
                    let what = Happening::Set {
                        change_no: change.no,
                        family,
                        name: change.name,
                        is_in: change.is_in,
                        score: None,
                    };
                    let occasion = Occasion { at: change.at, what };
                    listening.heard(change.member_no, format!("set:{}", change.no), occasion)
                })
                .collect();
            step(reach, &source, Some(position), next, &kept).await?;
        }
    }
    Ok(true)
}

fn is_about_entries(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Entry { .. } | Trigger::BalanceChanged { .. })
        || is_about_tiers(trigger)
}

fn is_about_behaviour(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Behaviour { .. })
}

fn is_about_tiers(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::TierChanged { .. })
}

async fn step<R: Sql>(
    reach: &JobContext<'_, R>,
    source: &str,
    before: Option<i64>,
    position: i64,
    heard: &[Heard],
) -> Result<bool, Error> {
    reach.with_retries(async || hear(reach.sql, source, before, position, heard).await).await
}
