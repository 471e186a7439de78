//! Tells whom a playbook would have told what on past days, had it been in force.
//!
//! Each member's entries are applied in one pass; on each morning, and at each entry that a
//! strategy asks for, it is decided by the job's own function. What is due goes out at its time.
//! Nothing is written: a call tells the figures of some members, and figures add up, because
//! budgets, the one thing that members share, are not asked.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::{Timestamp, Zone, from_day_number, start_of_day};
use reach::playbook::{Playbook, Trigger};
use reach::touch::{Concern, Occasion, Reason, State, Touch, answered_for_ms, asked_at};
use reach::{Facts, Today};
use rules::Rulebook;
use serde_json::{Value as Json, json};
use store::{Error, OpenOccasions, ProgrammeRef, Sql, facts_after, reachability, result_logins};

use super::day::Day;
use super::past::{Past, Untold};
use super::rehearse::{Example, Found, fingerprint};
use super::rest::Rest;
use super::{Messaging, starts_at};
use crate::BEHAVIOUR_DAYS;
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::customers::{Databases, Piece, Wanted};

/// Days of a back-test, at most.
const MAX_DAYS: i32 = 92;
/// Days up to yesterday where no first day is told.
const DAYS: i32 = 90;
/// Members of a piece: of each all entries are read.
const MEMBERS: i64 = 50;
/// Logins of a member, at most: the last ones.
const LOGINS: i64 = 2_000;
/// Members of a strategy that are named.
const EXAMPLES: usize = 10;
/// How far ahead strategies look, with the days over which messages are spread.
const AHEAD_DAYS: i32 = 400;
/// What is taken as it is now, as nobody keeps what it was.
const AS_OF_NOW: [&str; 9] = [
    "addresses",
    "preferences",
    "attributes",
    "tags",
    "kept_segments",
    "scores_cuts",
    "rulebook",
    "templates",
    "prices",
];

/// What is back-tested.
#[derive(Debug, Clone, Copy, Default)]
pub struct BackTestWish<'a> {
    /// The first local day, as a number.
    pub from: Option<i32>,
    /// The last one; yesterday when not told.
    pub to: Option<i32>,
    /// The cursor of the part before.
    pub cursor: Option<&'a str>,
}

/// Members whose past nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// They took another account over.
    pub merged: u64,
    /// They have too many entries.
    pub long: u64,
    /// Their entries cannot be read.
    pub unreadable: u64,
}

/// A part of a back-test: the figures of some members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchBackTest {
    /// The first local day, as a number since 1970-01-01.
    pub from: i32,
    /// The last one.
    pub to: i32,
    /// The version of the playbook in force.
    pub playbook_version: i64,
    /// Members that were looked at.
    pub members: u64,
    /// Those among them whose past nobody can tell.
    pub left_out: LeftOut,
    /// What would have been decided: by day, by the place of the strategy, and by node.
    pub days: BTreeMap<i32, BTreeMap<(usize, i32), Found>>,
    /// Some of those who would have been told something, by strategy.
    pub examples: Vec<Vec<Example>>,
    /// Strategies of the playbook.
    pub strategies: Vec<String>,
    /// Strategies that ask for what nobody keeps, and so tell nobody here.
    pub not_told: Vec<String>,
    /// The cursor of the next part; `None` after the last member.
    pub next: Option<String>,
}

/// The playbook, the first and the last day, and the last member.
type Cursor = (String, i32, i32, i64);

/// Back-tests what `messaging` tells over past days, or goes on at the cursor. It stops after the
/// last member or at the work limit.
///
/// # Errors
/// `Ok(None)` for days that are not over, too many or too long ago, for a cursor that is not one,
/// and for one of another playbook or rulebook. [`Error`] when a database fails or the playbook
/// cannot be read.
pub async fn back_test_touches<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme: ProgrammeRef,
    messaging: Messaging,
    wish: BackTestWish<'_>,
    mut limit: WorkLimit,
) -> Result<Option<TouchBackTest>, Error> {
    let no = programme.no;
    let databases = Databases { ledger, reach, programme_no: no };
    let active = ActiveProgramme::open(ledger, programme).await?;
    let zone = active.book.zone();
    let today = Today::at((ledger.now)(), zone);
    let of = fingerprint(&active, &messaging.playbook)?;
    let (from, to, mut position) = match wish.cursor {
        Some(cursor) => match read(cursor).filter(|(its, ..)| *its == of) {
            Some((_, from, to, position)) => (from, to, position),
            None => return Ok(None),
        },
        None => {
            let to = wish.to.unwrap_or(today.day.saturating_sub(1));
            (wish.from.unwrap_or(to.saturating_sub(DAYS - 1)), to, 0)
        }
    };
    let is_over = from <= to && to < today.day;
    let is_short = to.saturating_sub(from) < MAX_DAYS;
    // A cursor of yesterday may begin a day earlier.
    let oldest = today.day.saturating_sub(BEHAVIOUR_DAYS + i32::from(wish.cursor.is_some()));
    if !is_over || !is_short || from < oldest {
        return Ok(None);
    }
    let messaging = in_force_then(messaging);
    let first = Today { day: from, zone };
    let salt_and_book = (active.programme.id.as_str(), &*active.book);
    let before = from.saturating_sub(1);
    let opened = Day::open(&databases, salt_and_book, &messaging, before, first);
    let mut day = opened.await?.map_err(|_| Error::Corrupt("playbook"))?;
    day.share(active.book.shared_ends(from, to.saturating_add(AHEAD_DAYS)));
    let concerns = (from..=to).map(|day_no| day.concern(Today { day: day_no, zone })).collect();
    let test = Test { day: &day, book: &active.book, messaging: &messaging, from, zone, concerns };
    let mut part = TouchBackTest::begun((from, to), &messaging);
    loop {
        if !limit.take_chunk((ledger.now)()) {
            let cursor: Cursor = (of, from, to, position);
            part.next = Some(URL_SAFE_NO_PAD.encode(json!(cursor).to_string()));
            break;
        }
        let members = reach
            .with_retries(async || facts_after(reach.sql, no, position, MEMBERS, 1).await)
            .await?;
        let last = members.last().map(|(no, _)| *no);
        let is_full = i64::try_from(members.len()).is_ok_and(|count| count == MEMBERS);
        test.piece(&databases, members, &mut part).await?;
        match last.filter(|_| is_full) {
            Some(last) => position = last,
            None => break,
        }
        ledger.sql.give_way().await;
    }
    Ok(Some(part))
}

/// The same as if it had been in force before, with budgets that have room for all.
fn in_force_then(mut messaging: Messaging) -> Messaging {
    messaging.since.clear();
    messaging.playbook.strategies.iter_mut().for_each(|strategy| strategy.budget = None);
    messaging
}

/// Whether it asks for changes of sets, of which only the present is kept for long.
fn is_untold(trigger: &Trigger) -> bool {
    matches!(
        trigger,
        Trigger::EnteredSegment { .. }
            | Trigger::LeftSegment { .. }
            | Trigger::TagAdded { .. }
            | Trigger::Score { .. }
            | Trigger::Behaviour { .. }
    )
}

struct Test<'a, 'd> {
    day: &'a Day<'d>,
    book: &'a Rulebook,
    messaging: &'a Messaging,
    from: i32,
    zone: Zone,
    /// Whom each day may concern.
    concerns: Vec<Concern>,
}

/// A member on its way through the days.
struct Walked<'a, 'p> {
    piece: &'a Piece,
    member_no: i64,
    past: Past<'p>,
    occasions: Vec<Occasion>,
    touches: Vec<Touch>,
    /// The last day that is decided.
    decided_through: i32,
}

impl Test<'_, '_> {
    async fn piece<L: Sql, R: Sql>(
        &self,
        databases: &Databases<'_, '_, L, R>,
        members: Vec<(i64, Facts)>,
        part: &mut TouchBackTest,
    ) -> Result<(), Error> {
        let Databases { reach, programme_no: no, .. } = *databases;
        let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
        let piece = Piece::of(databases, members, Wanted { ledger: true, held: true }).await?;
        let mut ways =
            reach.with_retries(async || reachability(reach.sql, no, &numbers).await).await?;
        let days = (Timestamp(0), self.start(part.to.saturating_add(1)));
        let mut logins: BTreeMap<i64, Vec<Timestamp>> = BTreeMap::new();
        let told = async || result_logins(reach.sql, no, &numbers, days, LOGINS).await;
        let found = reach.with_retries(told).await?;
        for (member_no, at) in found {
            logins.entry(member_no).or_default().push(at);
        }
        for (member_no, facts) in &piece.members {
            part.members += 1;
            let of = (
                logins.remove(member_no).unwrap_or_default(),
                ways.remove(member_no).unwrap_or_default(),
            );
            let Some(id) = piece.id(*member_no) else { continue };
            let book = (self.book, facts.last_login_at);
            let past = match Past::load(databases, (*member_no, id), book, of).await? {
                Ok(past) => past,
                Err(untold) => {
                    part.left_out.add(untold);
                    continue;
                }
            };
            let mut walked = Walked {
                piece: &piece,
                member_no: *member_no,
                past,
                occasions: Vec::new(),
                touches: Vec::new(),
                decided_through: self.from.saturating_sub(1),
            };
            match self.walk(&mut walked, part.to) {
                Ok(decided) => part.count(&decided, (id, *member_no), self.zone),
                Err(untold) => part.left_out.add(untold),
            }
        }
        Ok(())
    }

    /// All that is decided about a member, with the instants.
    fn walk(
        &self,
        walked: &mut Walked<'_, '_>,
        to: i32,
    ) -> Result<Vec<(Timestamp, Touch)>, Untold> {
        let begins = starts_at(Today { day: self.from, zone: self.zone });
        let mut decided = Vec::new();
        for (day, concern) in (self.from..=to).zip(&self.concerns) {
            let at = starts_at(Today { day, zone: self.zone });
            self.go_on(walked, (begins, at), &mut decided)?;
            let hears = self.day.has_later_nodes() && !walked.occasions.is_empty();
            if walked.past.exists() && (hears || concern.may(walked.past.facts(at))) {
                self.decide(walked, at, &mut decided);
            }
            walked.decided_through = day;
        }
        let end = self.start(to.saturating_add(1)).plus_ms(-1);
        self.go_on(walked, (begins, end), &mut decided)?;
        Ok(decided)
    }

    /// Applies entries up to an instant; those that strategies ask for are answered at once.
    fn go_on(
        &self,
        walked: &mut Walked<'_, '_>,
        (begins, at): (Timestamp, Timestamp),
        decided: &mut Vec<(Timestamp, Touch)>,
    ) -> Result<(), Untold> {
        let playbook = &self.messaging.playbook;
        while let Some(recorded) = walked.past.next_at().filter(|next| *next <= at) {
            let Some(occasion) = walked.past.step()? else { continue };
            if recorded < begins || asked_at(playbook, &occasion).is_none() {
                continue;
            }
            walked.occasions.push(occasion);
            self.decide(walked, recorded, decided);
        }
        Ok(())
    }

    fn decide(
        &self,
        walked: &mut Walked<'_, '_>,
        at: Timestamp,
        decided: &mut Vec<(Timestamp, Touch)>,
    ) {
        let no = walked.member_no;
        let kept_ms = answered_for_ms(&self.messaging.playbook);
        walked.occasions.retain(|occasion| occasion.at.plus_ms(kept_ms) > at);
        for touch in &mut walked.touches {
            if touch.state == State::Due && touch.due_at <= at {
                touch.state = State::Sent;
                touch.sent_at = Some(touch.due_at);
                touch.channel = touch.channels.first().copied();
            }
        }
        let occasions = OpenOccasions { all: walked.occasions.clone(), has_new: false };
        let mut known = Rest {
            occasions: [(no, occasions)].into(),
            ways: [(no, walked.past.ways(at))].into(),
            rare: [(no, walked.past.rare())].into(),
            touches: [(no, std::mem::take(&mut walked.touches))].into(),
        };
        let facts = walked.past.facts(at);
        let both = (walked.piece, &known);
        let new = self.day.decide_one(both, (no, facts), at, walked.decided_through).touches;
        walked.touches = known.touches.remove(&no).unwrap_or_default();
        let is_kept = |touch: &&Touch| !touch.reason().is_some_and(Reason::is_not_for_the_member);
        walked.touches.extend(new.iter().filter(is_kept).cloned());
        decided.extend(new.into_iter().map(|touch| (at, touch)));
    }

    fn start(&self, day: i32) -> Timestamp {
        start_of_day(from_day_number(day), self.zone)
    }
}

impl LeftOut {
    fn add(&mut self, untold: Untold) {
        match untold {
            Untold::Merged => self.merged += 1,
            Untold::Long => self.long += 1,
            Untold::Unreadable => self.unreadable += 1,
        }
    }
}

impl TouchBackTest {
    fn begun((from, to): (i32, i32), messaging: &Messaging) -> Self {
        let Playbook { strategies, .. } = &messaging.playbook;
        let untold = strategies.iter().filter(|of| is_untold(&of.trigger));
        Self {
            from,
            to,
            playbook_version: messaging.version,
            members: 0,
            left_out: LeftOut::default(),
            days: BTreeMap::new(),
            examples: vec![Vec::new(); strategies.len()],
            strategies: strategies.iter().map(|of| of.id.clone()).collect(),
            not_told: untold.map(|of| of.id.clone()).collect(),
            next: None,
        }
    }

    fn count(&mut self, decided: &[(Timestamp, Touch)], (id, member_no): (&str, i64), zone: Zone) {
        for (at, touch) in decided {
            let own = self.strategies.iter().position(|of| *of == touch.key.strategy);
            let Some(place) = own else { continue };
            let day = self.days.entry(Today::at(*at, zone).day).or_default();
            day.entry((place, touch.key.node)).or_default().count(touch);
            let Some(examples) = self.examples.get_mut(place) else { continue };
            if touch.reason().is_none() && examples.len() < EXAMPLES {
                examples.push(Example::of(touch, (member_no, id.to_owned())));
            }
        }
    }

    /// The part as the API shows it; to whom may see members with some of them.
    #[must_use]
    pub fn to_json(&self, sees_members: bool) -> Json {
        let mut all = Found::default();
        let mut by_strategy = vec![Found::default(); self.strategies.len()];
        let mut days = Vec::new();
        for (day, nodes) in &self.days {
            let mut shown = Vec::new();
            for ((place, node), found) in nodes {
                all.add(found);
                if let Some(own) = by_strategy.get_mut(*place) {
                    own.add(found);
                }
                let id = self.strategies.get(*place);
                shown.push(found.to_json([("strategy", json!(id)), ("node", json!(node))]));
            }
            days.push(json!({"day": from_day_number(*day).to_string(), "nodes": shown}));
        }
        let strategy = |((id, found), examples): ((&String, &Found), &Vec<Example>)| {
            let mut shown = vec![("strategy", json!(id))];
            if sees_members {
                let examples: Vec<Json> = examples.iter().map(Example::to_json).collect();
                shown.push(("examples", examples.into()));
            }
            found.to_json(shown)
        };
        let strategies = self.strategies.iter().zip(&by_strategy).zip(&self.examples);
        json!({
            "from": from_day_number(self.from).to_string(),
            "to": from_day_number(self.to).to_string(),
            "playbook_version": self.playbook_version,
            "done": self.next.is_none(),
            "members": self.members,
            "left_out": {
                "merged": self.left_out.merged,
                "long": self.left_out.long,
                "unreadable": self.left_out.unreadable,
            },
            "totals": all.to_json([]),
            "days": days,
            "strategies": strategies.map(strategy).collect::<Vec<_>>(),
            "as_of_now": AS_OF_NOW,
            "not_told": self.not_told,
            "next": self.next,
        })
    }
}

fn read(cursor: &str) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice(&bytes).ok()
}
