//! What the members of a programme are decided by on a day, and what is decided about some of
//! them. Nothing here is written: the job writes what it gets, and a rehearsal counts it.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Timestamp, Zone};
use reach::playbook::{Compiled, Known, KnownGrant, Playbook};
use reach::touch::{
    Concern, DecidedPart, Left, Planned, Reason, Terms, Touch, budget_period, decide, decide_some,
    planned, settles_on,
};
use reach::{Cuts, Facts, Family, Today};
use rules::Rulebook;
use store::{
    Error, OpenOccasions, Sql, UsedBudget, list_sets, rare_states, reachability, rfm_cuts,
    touches_of_members, used_budgets,
};

use super::Messaging;
use super::rest::{Rest, occasions};
use crate::customers::{Databases, Moment, Piece, Wanted};

/// Members of whom all is read that is known, at a time: each may have hundreds of touches.
const CONCERNED: usize = 250;
/// Sets of a family, at most.
const SETS: i64 = 1_000;
/// How far ahead strategies look, with the days over which messages are spread.
const AHEAD_DAYS: i32 = 400;

/// What all members of a programme are decided by.
pub(super) struct Day<'a> {
    messaging: &'a Messaging,
    /// The playbook with nobody held out: who is, is asked by it as well.
    without_holdouts: Playbook,
    known: Known,
    compiled: Compiled,
    salt: &'a str,
    shared_days: BTreeSet<i32>,
    decided_through: i32,
    zone: Zone,
    /// Whether a strategy has nodes days after something happened.
    has_later_nodes: bool,
    cuts: Option<Cuts>,
    /// Names of sets by their numbers.
    sets: BTreeMap<i64, (Family, String)>,
}

/// What is decided about some members.
pub(super) struct DecidedPiece {
    pub(super) decided: Vec<Decided>,
    /// Members about whom there is more to decide: that comes as if all had been decided at once,
    /// from a decision that knows these touches.
    pub(super) unfinished: Vec<(i64, Facts)>,
    /// Accounts that became part of others, which the fold does not know yet.
    pub(super) merged: BTreeSet<i64>,
}

/// What is decided about a member.
pub(super) struct Decided {
    pub(super) member_no: i64,
    pub(super) member_id: String,
    pub(super) touches: Vec<Touch>,
    /// What results need of each of these, its local day, and the one on which its occasion is
    /// over, where that is settled.
    pub(super) plans: Vec<(Planned, i32, Option<i32>)>,
}

impl<'a> Day<'a> {
    /// What a day is decided by, after `decided_through`. The inner error says why the playbook
    /// cannot be read.
    pub(super) async fn open<L: Sql, R: Sql>(
        databases: &Databases<'_, '_, L, R>,
        (salt, book): (&'a str, &Rulebook),
        messaging: &'a Messaging,
        decided_through: i32,
        today: Today,
    ) -> Result<Result<Self, String>, Error> {
        let Databases { reach, programme_no: no, .. } = *databases;
        let compiled = match messaging.playbook.compile() {
            Ok(compiled) => compiled,
            // Of a version of this software that knew more.
            Err(faults) => {
                return Ok(Err(faults.into_iter().next().map_or(String::new(), |of| of.detail)));
            }
        };
        let cuts = reach.with_retries(async || rfm_cuts(reach.sql, no).await).await?;
        let known = Known {
            templates: messaging.templates.clone(),
            grants: KnownGrant::of_rulebook(book.grants()),
            ..Known::default()
        };
        Ok(Ok(Self {
            messaging,
            without_holdouts: messaging.playbook.without_holdouts(),
            known,
            compiled,
            salt,
            shared_days: book.shared_ends(today.day, today.day.saturating_add(AHEAD_DAYS)),
            zone: today.zone,
            has_later_nodes: has_later_nodes(&messaging.playbook),
            decided_through,
            cuts: cuts.and_then(|stored| stored.cuts),
            sets: sets(databases).await?,
        }))
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            playbook: &self.messaging.playbook,
            compiled: &self.compiled,
            version: self.messaging.version,
            known: &self.known,
            salt: self.salt,
            shared_days: &self.shared_days,
            cost_minor: &self.messaging.cost_minor,
            decided_through: self.decided_through,
            since: &self.messaging.since,
        }
    }

    /// Days that expiry policies name, where they are not those of the year from the day on.
    pub(super) fn share(&mut self, days: BTreeSet<i32>) {
        self.shared_days = days;
    }

    /// Whether a strategy has nodes days after something happened.
    pub(super) fn has_later_nodes(&self) -> bool {
        self.has_later_nodes
    }

    /// Whom a day may concern, where those before it are decided.
    pub(super) fn concern(&self, today: Today) -> Concern {
        let decided_through = today.day.saturating_sub(1);
        Concern::on(&Terms { decided_through, ..self.terms() }, today)
    }

    /// What is decided about one member at an instant, where days up to one are decided. Budgets
    /// have all their room.
    pub(super) fn decide_one(
        &self,
        (piece, known): (&Piece, &Rest),
        (member_no, facts): (i64, &Facts),
        at: Timestamp,
        decided_through: i32,
    ) -> DecidedPart {
        let today = Today::at(at, self.zone);
        let moment = Moment { now: at, today, cuts: self.cuts.as_ref() };
        let recipient = known.recipient(piece, (member_no, facts), moment, &self.sets);
        let terms = Terms { decided_through, ..self.terms() };
        decide_some(&terms, &recipient, &mut Left::default(), usize::MAX)
    }

    /// Those of some members about whom something may be decided at an instant, a few at a time.
    /// Facts tell of most members that nothing can be due. With `new`, what happened and was not
    /// asked for yet is asked for as well.
    pub(super) async fn concerned<L: Sql, R: Sql>(
        &self,
        databases: &Databases<'_, '_, L, R>,
        members: Vec<(i64, Facts)>,
        at: Timestamp,
        new: bool,
    ) -> Result<Vec<Vec<(i64, Facts)>>, Error> {
        let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
        let open = match self.has_later_nodes || new {
            true => self.occasions(databases, &numbers, at).await?,
            false => BTreeMap::new(),
        };
        let concern = Concern::on(&self.terms(), Today::at(at, self.zone));
        let is_one = |(no, facts): &(i64, Facts)| {
            let has_heard =
                open.get(no).is_some_and(|of| self.has_later_nodes || (new && of.has_new));
            has_heard || concern.may(facts)
        };
        let mut concerned = members.into_iter().filter(is_one).peekable();
        let mut pieces = Vec::new();
        while concerned.peek().is_some() {
            pieces.push(concerned.by_ref().take(CONCERNED).collect());
        }
        Ok(pieces)
    }

    /// What happened to members and may be answered at an instant.
    pub(super) async fn occasions<L: Sql, R: Sql>(
        &self,
        databases: &Databases<'_, '_, L, R>,
        members: &[i64],
        at: Timestamp,
    ) -> Result<BTreeMap<i64, OpenOccasions>, Error> {
        occasions(databases, &self.messaging.playbook, members, at).await
    }

    /// The local day on which the occasion of a touch is over, where its strategy settles.
    fn settles_on(&self, touch: &Touch, today: Today) -> Option<i32> {
        let mut strategies = self.messaging.playbook.strategies.iter();
        settles_on(strategies.find(|of| of.id == touch.key.strategy)?, touch, today)
    }

    /// The periods of budgets at an instant, by strategy.
    pub(super) fn periods(&self, at: Timestamp) -> BTreeMap<&str, String> {
        let today = Today::at(at, self.zone);
        let of_strategies = self.messaging.playbook.strategies.iter();
        of_strategies
            .filter_map(|of| Some((of.id.as_str(), budget_period(of.budget.as_ref()?, at, today))))
            .collect()
    }

    /// What is used up of budgets in these periods, and what is left of them.
    pub(super) async fn budgets<L: Sql, R: Sql>(
        &self,
        databases: &Databases<'_, '_, L, R>,
        periods: &BTreeMap<&str, String>,
    ) -> Result<(Vec<UsedBudget>, Left), Error> {
        let Databases { reach, programme_no: no, .. } = *databases;
        let asked: Vec<(&str, String)> =
            periods.iter().map(|(id, period)| (*id, period.clone())).collect();
        let used = reach.with_retries(async || used_budgets(reach.sql, no, &asked).await).await?;
        let mut left = Left::default();
        for strategy in &self.messaging.playbook.strategies {
            if let Some(uses) = used.get(&strategy.id) {
                left.take(strategy, *uses);
            }
        }
        let known = |(strategy, period): (&str, String)| {
            let uses = used.get(strategy).copied().unwrap_or_default();
            UsedBudget { strategy: strategy.to_owned(), period, uses }
        };
        Ok((asked.into_iter().map(known).collect(), left))
    }

    /// What is decided about some members at an instant, up to so many touches that are kept. It
    /// takes from `left`.
    pub(super) async fn decide<L: Sql, R: Sql>(
        &self,
        databases: &Databases<'_, '_, L, R>,
        members: Vec<(i64, Facts)>,
        at: Timestamp,
        left: &mut Left,
        mut most: usize,
    ) -> Result<DecidedPiece, Error> {
        let Databases { ledger, reach, programme_no: no } = *databases;
        let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
        let wanted = Wanted { ledger: true, held: true };
        let piece = Piece::of(databases, members, wanted).await?;
        let known = Rest {
            occasions: self.occasions(databases, &numbers, at).await?,
            ways: reach.with_retries(async || reachability(reach.sql, no, &numbers).await).await?,
            rare: ledger.with_retries(async || rare_states(ledger.sql, &numbers).await).await?,
            touches: reach
                .with_retries(async || touches_of_members(reach.sql, no, &numbers).await)
                .await?,
        };
        let today = Today::at(at, self.zone);
        let moment = Moment { now: at, today, cuts: self.cuts.as_ref() };
        let terms = self.terms();
        let (mut decided, mut unfinished, mut merged) =
            (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (member_no, facts) in &piece.members {
            let rare = known.rare.get(member_no);
            // What the second database does not know yet.
            if rare.is_some_and(|rare| rare.is_merged) {
                merged.insert(*member_no);
                continue;
            }
            if rare.is_some_and(|rare| rare.is_erased) {
                continue;
            }
            let recipient = known.recipient(&piece, (*member_no, facts), moment, &self.sets);
            if most == 0 {
                unfinished.insert(*member_no);
                continue;
            }
            let before = left.clone();
            let part = decide_some(&terms, &recipient, left, most);
            let mut touches = part.touches;
            let is_kept =
                |touch: &Touch| !touch.reason().is_some_and(Reason::is_not_for_the_member);
            most = most.saturating_sub(touches.iter().filter(|touch| is_kept(touch)).count());
            if !part.is_whole {
                // The last part tells what was not for the member.
                touches.retain(is_kept);
                unfinished.insert(*member_no);
            }
            let is_held_out = |touch: &Touch| touch.reason().is_some_and(Reason::is_held_out);
            let otherwise = match touches.iter().any(is_held_out) {
                true => {
                    let terms = Terms { playbook: &self.without_holdouts, ..terms };
                    decide(&terms, &recipient, &mut { before })
                }
                false => Vec::new(),
            };
            let plans = planned(&touches, &otherwise).into_iter().zip(&touches);
            let plans = plans.map(|(planned, touch)| {
                (planned, today.day_of(planned.at), self.settles_on(touch, today))
            });
            let plans = plans.collect();
            if !touches.is_empty() {
                let member_id = recipient.customer.id.to_owned();
                decided.push(Decided { member_no: *member_no, member_id, touches, plans });
            }
        }
        let members = piece.members.into_iter();
        let unfinished = members.filter(|(no, _)| unfinished.contains(no)).collect();
        Ok(DecidedPiece { decided, unfinished, merged })
    }
}

/// Whether a strategy has nodes days after something happened.
fn has_later_nodes(playbook: &Playbook) -> bool {
    playbook.strategies.iter().any(|of| {
        let nodes = of.sequence.iter().flat_map(|sequence| &sequence.nodes);
        nodes.into_iter().any(|node| node.offset_days() > 0)
    })
}

async fn sets<L: Sql, R: Sql>(
    databases: &Databases<'_, '_, L, R>,
) -> Result<BTreeMap<i64, (Family, String)>, Error> {
    let Databases { reach, programme_no: no, .. } = *databases;
    let mut sets = BTreeMap::new();
    for family in [Family::Tag, Family::Segment] {
        let found =
            reach.with_retries(async || list_sets(reach.sql, no, family, "", SETS).await).await?;
        sets.extend(found.into_iter().map(|set| (set.no, (family, set.wish.name))));
    }
    Ok(sets)
}
