//! Messages that are due, asked again: by what is known of their members now.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::touch::{Occasion, Reason, Touch, Verdict, ask_next, day_of_occasion, still_wanted};
use reach::{Channel, Facts, Today};
use store::{
    Error, Settlement, Sql, WaitingTouch, facts_of_members, fold_position, last_entries,
    rare_states, reachability, rebuilds_due, touches_of_members,
};

use super::opened::Opened;
use super::{FOLD_MS, Outbox};
use crate::Messaging;
use crate::customers::{Databases, Moment, Piece, Wanted};
use crate::touch::{Rest, occasions};

/// A message that goes out now.
pub(super) struct Asked {
    pub(super) no: i64,
    pub(super) member_no: i64,
    pub(super) touch: Touch,
    /// The member's id.
    pub(super) member: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) facts: Facts,
    pub(super) home_store: String,
    pub(super) occasions: Vec<Occasion>,
    /// The local day of what the occasion is about.
    pub(super) day: Option<i32>,
}

/// What became of the questions.
#[derive(Default)]
pub(super) struct Verdicts {
    pub(super) wanted: Vec<Asked>,
    pub(super) settled: Vec<(i64, Settlement)>,
    /// Whether messages wait for another one of this piece to the same member.
    pub(super) has_others: bool,
}

impl<L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Outbox<'_, '_, L, R, M> {
    /// Asks whether messages go out now; without a channel, whether touches act.
    pub(super) async fn ask(
        &self,
        opened: &Opened,
        channel: Option<Channel>,
        waiting: Vec<WaitingTouch>,
        now: Timestamp,
    ) -> Result<Verdicts, Error> {
        let (ledger, reach) = (self.ledger, self.reach);
        let no = opened.active.programme.no;
        let members: BTreeSet<i64> = waiting.iter().map(|touch| touch.member_no).collect();
        let members: Vec<i64> = members.into_iter().collect();
        // Before the facts: what is folded meanwhile makes them newer than they are taken for.
        let folded = reach.with_retries(async || fold_position(reach.sql).await).await?;
        let found =
            reach.with_retries(async || facts_of_members(reach.sql, no, &members).await).await?;
        let mut facts: BTreeMap<i64, Facts> = found.into_iter().collect();
        let facts = members.iter().map(|of| (*of, facts.remove(of).unwrap_or_default())).collect();
        let databases = Databases { ledger, reach, programme_no: no };
        let piece = Piece::of(&databases, facts, Wanted { ledger: true, held: false }).await?;
        let known = Rest {
            occasions: occasions(&databases, &opened.messaging.playbook, &members, now).await?,
            ways: reach.with_retries(async || reachability(reach.sql, no, &members).await).await?,
            rare: ledger.with_retries(async || rare_states(ledger.sql, &members).await).await?,
            touches: reach
                .with_retries(async || touches_of_members(reach.sql, no, &members).await)
                .await?,
        };
        let last = ledger.with_retries(async || last_entries(ledger.sql, &members).await).await?;
        // Facts that are made anew are of some time ago.
        let rebuilds = reach.with_retries(async || rebuilds_due(reach.sql).await).await?;
        let is_rebuilt = rebuilds.contains_key(&no);
        let moment = Moment { now, today: Today::at(now, opened.zone()), cuts: None };
        let (terms, sets) = (opened.terms(), BTreeMap::new());
        let of_member: BTreeMap<i64, &Facts> =
            piece.members.iter().map(|(no, facts)| (*no, facts)).collect();
        let mut verdicts = Verdicts::default();
        let mut asked = BTreeSet::new();
        for WaitingTouch { no, member_no, touch } in waiting {
            let rare = known.rare.get(&member_no);
            let is_behind = is_rebuilt
                || last.get(&member_no).is_some_and(|last| *last > folded.entry_no)
                || rare.is_some_and(|rare| rare.is_merged);
            let Some(facts) = of_member.get(&member_no) else { continue };
            if rare.is_some_and(|rare| rare.is_erased) {
                verdicts.settled.push((no, Settlement::Suppressed(Reason::Erased)));
                continue;
            }
            if is_behind {
                // What stops a message may be among what is not folded yet.
                let again = settle_behind(&touch, now.plus_ms(FOLD_MS));
                verdicts.settled.push((no, again));
                continue;
            }
            // The second message to a member is asked when it is known what became of the first: it
            // may have taken room, or left room that this piece takes for full.
            if !asked.insert(member_no) {
                verdicts.has_others = true;
                continue;
            }
            let recipient = known.recipient(&piece, (member_no, facts), moment, &sets);
            match still_wanted(&terms, &recipient, &touch, channel) {
                Verdict::Send => {
                    verdicts.wanted.push(Asked {
                        no,
                        member_no,
                        member: recipient.customer.id.to_owned(),
                        attributes: recipient.customer.attributes.clone(),
                        facts: (*facts).clone(),
                        day: day_of_occasion(&recipient, &touch.key.cycle),
                        home_store: recipient.customer.home_store.to_owned(),
                        occasions: recipient.occasions,
                        touch,
                    });
                }
                Verdict::Later(due_at) => {
                    let ask_at = ask_next(terms.playbook, moment.today, due_at);
                    verdicts.settled.push((no, Settlement::Waits { ask_at, due_at }));
                }
                Verdict::Suppress(reason) => verdicts.settled.push((no, suppressed(reason))),
                Verdict::Over => verdicts.settled.push((no, Settlement::Over)),
            }
        }
        Ok(verdicts)
    }
}

/// A message that is asked again when facts are folded, unless it is too late then.
fn settle_behind(touch: &Touch, at: Timestamp) -> Settlement {
    if at < touch.deadline_at {
        Settlement::Behind(at)
    } else {
        Settlement::Suppressed(Reason::Missed)
    }
}

/// Some reasons are of the channel: another one may take the message.
fn suppressed(reason: Reason) -> Settlement {
    match reason {
        Reason::NoContact | Reason::NoConsent | Reason::Frequency | Reason::QuietTooLate => {
            Settlement::Passed(reason)
        }
        _ => Settlement::Suppressed(reason),
    }
}
