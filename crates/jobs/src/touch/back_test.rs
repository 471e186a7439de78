//! Tells whom a playbook would have told what on past days, had it been in force.
//!
//! Each member's entries are applied in one pass; on each morning, and at each entry that a
//! strategy asks for, it is decided by the job's own function. What is due goes out at its time.
//! Nothing is written: a call tells the figures of some members, and figures add up, because
//! budgets, the one thing that members share, are not asked.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::{Timestamp, from_day_number};
use reach::playbook::{Playbook, Trigger};
use reach::{Facts, Today};
use rules::Rulebook;
use serde_json::{Value as Json, json};
use store::{Error, ProgrammeRef, Sql, facts_after, reachability, result_logins};

use super::Messaging;
use super::day::Day;
use super::past::{Past, Untold};
use super::rehearse::{Example, Found, fingerprint};
use super::walk::{Counted, Walk, Walked};
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
pub(super) const EXAMPLES: usize = 10;
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
    let walk = Walk::new((&day, &messaging), (from, to, zone), concerns);
    let test = Test { walk, book: &active.book };
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
        let is_full = i64::try_from(members.len()).is_ok_and(|count| count == MEMBERS);
        let last = members.last().map(|(no, _)| *no);
        let seen = test.piece(&databases, members, limit, &mut part).await?;
        let is_whole = seen == last;
        position = seen.unwrap_or(position);
        if is_whole && !is_full {
            break;
        }
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
    walk: Walk<'a, 'd>,
    book: &'a Rulebook,
}

impl Test<'_, '_> {
    /// Goes with members through the days, one after the other, until the time is over. The last
    /// one that was looked at.
    async fn piece<L: Sql, R: Sql>(
        &self,
        databases: &Databases<'_, '_, L, R>,
        members: Vec<(i64, Facts)>,
        limit: WorkLimit,
        part: &mut TouchBackTest,
    ) -> Result<Option<i64>, Error> {
        let Databases { ledger, reach, programme_no: no } = *databases;
        let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
        let piece = Piece::of(databases, members, Wanted { ledger: true, held: true }).await?;
        let mut ways =
            reach.with_retries(async || reachability(reach.sql, no, &numbers).await).await?;
        let days = (Timestamp(0), self.walk.end());
        let mut logins: BTreeMap<i64, Vec<Timestamp>> = BTreeMap::new();
        let told = async || result_logins(reach.sql, no, &numbers, days, LOGINS).await;
        let found = reach.with_retries(told).await?;
        for (member_no, at) in found {
            logins.entry(member_no).or_default().push(at);
        }
        let mut seen = None;
        for (member_no, facts) in &piece.members {
            // A member may take as long as many others.
            if seen.is_some() && limit.is_over((ledger.now)()) {
                break;
            }
            seen = Some(*member_no);
            part.members += 1;
            let of = (
                logins.remove(member_no).unwrap_or_default(),
                ways.remove(member_no).unwrap_or_default(),
            );
            let Some(id) = piece.id(*member_no) else { continue };
            let book = (self.book, facts.last_login_at);
            let past = Past::load(databases, (*member_no, id), book, of).await?;
            let counted = match past {
                Ok(past) => {
                    let walked = Walked::new((&piece, (*member_no, id)), past);
                    self.walk.through(walked, ledger.sql).await
                }
                Err(untold) => Err(untold),
            };
            match counted {
                Ok(counted) => part.add(counted),
                Err(untold) => part.left_out.add(untold),
            }
            ledger.sql.give_way().await;
        }
        Ok(seen)
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

    fn add(&mut self, counted: Counted) {
        for (day, nodes) in counted.days {
            let own = self.days.entry(day).or_default();
            for (of, found) in nodes {
                own.entry(of).or_default().add(&found);
            }
        }
        for (place, examples) in counted.examples {
            if let Some(own) = self.examples.get_mut(place) {
                own.extend(examples);
                own.truncate(EXAMPLES);
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
