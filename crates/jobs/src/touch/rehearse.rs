//! Rehearses what the job decides on a day: by the same rules and the same reads, and writes
//! nothing.
//!
//! A call looks at some pieces of the members. Its cursor holds the position and all that was
//! counted so far, so that nothing is stored. The same state and the same day give the same
//! figures, however they are cut into calls.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::{Timestamp, from_day_number};
use reach::playbook::{Mode, Playbook};
use reach::touch::{Left, Reason, Touch, Uses};
use reach::{Channel, Today};
use serde_json::{Map, Value as Json, json};
use store::{Error, ProgrammeRef, Sql, digest, facts_after, ledger_members, touch_run};

use super::accounts::{AccountFound, LoadCounts, Loads, Senders};
use super::day::{Day, Decided};
use super::{Messaging, starts_at};
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::customers::{Databases, MEMBERS};

/// How far ahead a day may lie. The further, the less of it is known today.
const MAX_AHEAD_DAYS: i32 = 366;
/// Members of a strategy that are named.
const EXAMPLES: usize = 10;

/// A rehearsal, from its first part on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchRehearsal {
    /// The instant that is rehearsed: when the walk of the day begins, or now where it has begun.
    pub at: Timestamp,
    /// Its local day, as a number since 1970-01-01.
    pub day: i32,
    /// The version of the playbook in force.
    pub playbook_version: i64,
    /// Members that were looked at.
    pub members: u64,
    /// What is decided, by strategy in the order of the playbook.
    pub strategies: Vec<StrategyFound>,
    /// Whether accounts are fast enough, by channel.
    pub accounts: Vec<AccountFound>,
    /// The cursor of the next part; `None` after the last member.
    pub next: Option<String>,
    loads: Loads,
}

/// What is decided for a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyFound {
    /// Its id.
    pub id: String,
    /// By the days of its nodes from the day of the occasion.
    pub nodes: BTreeMap<i32, Found>,
    /// Some of those who are told something.
    pub examples: Vec<Example>,
}

/// Counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Touches that are due.
    pub due: u64,
    /// What these use up.
    pub uses: Uses,
    /// How many of these ask people to do something.
    pub tasks: u64,
    /// How many of these go out by a channel, of `first_possible` the one that is tried first.
    pub channels: BTreeMap<Channel, u64>,
    /// What is not told, by the reason.
    pub reasons: BTreeMap<Reason, u64>,
}

/// A member that is told something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    member_no: i64,
    /// Its id; empty until it is asked for.
    pub member_id: String,
    /// The node.
    pub node: i32,
    /// When the message goes out.
    pub due_at: Timestamp,
    /// By which channels, in order.
    pub channels: Vec<Channel>,
}

/// What is rehearsed.
#[derive(Debug, Clone, Copy)]
pub struct TouchWish<'a> {
    /// The local day, as a number; tomorrow when not told.
    pub day: Option<i32>,
    /// The cursor of the part before.
    pub cursor: Option<&'a str>,
}

/// Rehearses a day by what `messaging` tells, or goes on at the cursor. It stops after the last
/// member or at the work limit.
///
/// # Errors
/// `Ok(None)` for a day that is over or more than a year ahead, for a cursor that is not one, and
/// for one of another playbook or rulebook. [`Error`] when a database fails or the playbook cannot
/// be read.
pub async fn rehearse_touches<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme: ProgrammeRef,
    messaging: Messaging,
    wish: TouchWish<'_>,
    mut limit: WorkLimit,
) -> Result<Option<TouchRehearsal>, Error> {
    let no = programme.no;
    let databases = Databases { ledger, reach, programme_no: no };
    let active = ActiveProgramme::open(ledger, programme).await?;
    let now = (ledger.now)();
    let zone = active.book.zone();
    let today = Today::at(now, zone);
    let of = fingerprint(&active, &messaging.playbook)?;
    let (mut part, mut position) = match wish.cursor {
        Some(cursor) => match read(cursor, &of, &messaging, zone) {
            Some(found) => found,
            None => return Ok(None),
        },
        None => {
            let day = wish.day.unwrap_or(today.day.saturating_add(1));
            let at = starts_at(Today { day, zone }).max(now);
            (TouchRehearsal::begun(at, day, &messaging), 0)
        }
    };
    if part.day < today.day || part.day > today.day.saturating_add(MAX_AHEAD_DAYS) {
        return Ok(None);
    }
    let run = reach.with_retries(async || touch_run(reach.sql, no).await).await?;
    let (before, is_today) = (part.day.saturating_sub(1), part.day == today.day);
    // Today's walk decides what earlier ones left out. Of later days, those before are decided.
    let decided_through = match run {
        Some(run) if is_today => run.decided_through.min(before),
        _ => before,
    };
    let messaging = messaging.published_at(part.at);
    let salt_and_book = (active.programme.id.as_str(), &*active.book);
    let of_day = Today { day: part.day, zone };
    let day = Day::open(&databases, salt_and_book, &messaging, decided_through, of_day).await?;
    let day = day.map_err(|_| Error::Corrupt("playbook"))?;
    let senders = Senders::of(&databases).await?;
    loop {
        if !limit.take_chunk((ledger.now)()) {
            part.next = Some(write(&part, &of, position));
            break;
        }
        let members = reach
            .with_retries(async || facts_after(reach.sql, no, position, MEMBERS, 1).await)
            .await?;
        let count = members.len();
        part.members = part.members.saturating_add(u64::try_from(count).unwrap_or(0));
        let last = members.last().map(|(no, _)| *no);
        for some in day.concerned(&databases, members, part.at, is_today).await? {
            let (_, mut left) = day.budgets(&databases, &day.periods(part.at)).await?;
            part.take_from(&mut left, &messaging.playbook);
            let all = day.decide(&databases, some, part.at, &mut left, usize::MAX).await?;
            for decided in all.decided {
                part.count(decided, &senders);
            }
        }
        match last.filter(|_| i64::try_from(count).is_ok_and(|count| count == MEMBERS)) {
            Some(last) => position = last,
            None => break,
        }
        ledger.sql.give_way().await;
    }
    part.accounts = part.loads.found(&senders, &messaging.playbook, zone);
    part.name(&databases).await?;
    Ok(Some(part))
}

impl TouchRehearsal {
    fn begun(at: Timestamp, day: i32, messaging: &Messaging) -> Self {
        let none = |id: &String| StrategyFound {
            id: id.clone(),
            nodes: BTreeMap::new(),
            examples: Vec::new(),
        };
        let strategies = messaging.playbook.strategies.iter().map(|of| none(&of.id)).collect();
        Self {
            at,
            day,
            playbook_version: messaging.version,
            members: 0,
            strategies,
            accounts: Vec::new(),
            next: None,
            loads: Loads::default(),
        }
    }

    /// What was counted is used up.
    fn take_from(&self, left: &mut Left, playbook: &Playbook) {
        for (strategy, found) in playbook.strategies.iter().zip(&self.strategies) {
            left.take(strategy, found.all().uses);
        }
    }

    fn count(&mut self, decided: Decided, senders: &Senders) {
        for touch in &decided.touches {
            self.loads.add(touch, senders);
            let is_its = |of: &&mut StrategyFound| of.id == touch.key.strategy;
            let Some(found) = self.strategies.iter_mut().find(is_its) else { continue };
            found.nodes.entry(touch.key.node).or_default().count(touch);
            if touch.reason().is_none() && found.examples.len() < EXAMPLES {
                let member = (decided.member_no, decided.member_id.clone());
                found.examples.push(Example::of(touch, member));
            }
        }
    }

    /// Tells the ids of examples of earlier parts. An account that was closed since has none.
    async fn name<L: Sql, R: Sql>(
        &mut self,
        databases: &Databases<'_, '_, L, R>,
    ) -> Result<(), Error> {
        let (ledger, no) = (databases.ledger, databases.programme_no);
        let mut unnamed: Vec<&mut Example> =
            self.strategies.iter_mut().flat_map(|of| &mut of.examples).collect();
        unnamed.retain(|example| example.member_id.is_empty());
        if unnamed.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = unnamed.iter().map(|example| example.member_no).collect();
        let told =
            ledger.with_retries(async || ledger_members(ledger.sql, no, &numbers).await).await?;
        for example in unnamed {
            if let Some(told) = told.get(&example.member_no) {
                example.member_id = told.id.clone();
            }
        }
        Ok(())
    }

    /// The rehearsal as the API shows it; to whom may see members with some of them.
    #[must_use]
    pub fn to_json(&self, sees_members: bool) -> Json {
        let mut all = Found::default();
        let strategies: Vec<Json> = self
            .strategies
            .iter()
            .map(|of| {
                let sum = of.all();
                all.add(&sum);
                let node =
                    |(days, found): (&i32, &Found)| found.to_json([("node", (*days).into())]);
                let nodes: Vec<Json> = of.nodes.iter().map(node).collect();
                let mut shown = vec![("strategy", json!(of.id)), ("nodes", nodes.into())];
                if sees_members {
                    let examples: Vec<Json> = of.examples.iter().map(Example::to_json).collect();
                    shown.push(("examples", examples.into()));
                }
                sum.to_json(shown)
            })
            .collect();
        json!({
            "day": from_day_number(self.day).to_string(),
            "at": self.at.to_string(),
            "playbook_version": self.playbook_version,
            "done": self.next.is_none(),
            "members": self.members,
            "totals": all.to_json([]),
            "strategies": strategies,
            "accounts": self.accounts.iter().map(AccountFound::to_json).collect::<Vec<_>>(),
            "next": self.next,
        })
    }
}

impl StrategyFound {
    /// Of all nodes.
    #[must_use]
    pub fn all(&self) -> Found {
        let mut all = Found::default();
        self.nodes.values().for_each(|found| all.add(found));
        all
    }
}

impl Example {
    pub(super) fn of(touch: &Touch, (member_no, member_id): (i64, String)) -> Self {
        Self {
            member_no,
            member_id,
            node: touch.key.node,
            due_at: touch.due_at,
            channels: touch.channels.clone(),
        }
    }

    pub(super) fn to_json(&self) -> Json {
        json!({
            "member_id": self.member_id,
            "node": self.node,
            "due_at": self.due_at.to_string(),
            "channels": self.channels,
        })
    }
}

impl Found {
    pub(super) fn count(&mut self, touch: &Touch) {
        if let Some(reason) = touch.reason() {
            more(&mut self.reasons, reason, 1);
            return;
        }
        self.due = self.due.saturating_add(1);
        self.uses.add(touch.uses);
        self.tasks = self.tasks.saturating_add(u64::from(touch.action.task.is_some()));
        let used = match touch.mode {
            Mode::All => touch.channels.as_slice(),
            Mode::FirstPossible => touch.channels.get(..1).unwrap_or_default(),
        };
        for channel in used {
            more(&mut self.channels, *channel, 1);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.due = self.due.saturating_add(other.due);
        self.uses.add(other.uses);
        self.tasks = self.tasks.saturating_add(other.tasks);
        for (channel, count) in &other.channels {
            more(&mut self.channels, *channel, *count);
        }
        for (reason, count) in &other.reasons {
            more(&mut self.reasons, *reason, *count);
        }
    }

    pub(super) fn to_json(&self, more: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
        let by_channel = self.channels.iter().map(|(of, count)| (of.as_str(), *count));
        let by_reason = self.reasons.iter().map(|(of, count)| (of.as_str(), *count));
        let mut shown: Map<String, Json> =
            more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let counts = json!({
            "due": self.due,
            "messages": self.uses.messages,
            "cost_minor": self.uses.cost_minor,
            "points": self.uses.points,
            "tasks": self.tasks,
            "channels": by_channel.collect::<BTreeMap<_, _>>(),
            "reasons": by_reason.collect::<BTreeMap<_, _>>(),
        });
        shown.extend(counts.as_object().cloned().unwrap_or_default());
        Json::Object(shown)
    }
}

fn more<T: Ord>(counts: &mut BTreeMap<T, u64>, of: T, count: u64) {
    let counted = counts.entry(of).or_default();
    *counted = counted.saturating_add(count);
}

/// What a cursor is for: one playbook under one rulebook.
pub(super) fn fingerprint(active: &ActiveProgramme, playbook: &Playbook) -> Result<String, Error> {
    let text = serde_json::to_string(playbook).map_err(|_| Error::Corrupt("playbook"))?;
    let of = digest(&format!("{} {text}", active.programme.rulebook_version));
    Ok(of.chars().take(16).collect())
}

/// The place of the strategy, the node, and the counts of [`Found`].
type NodeCounts = (usize, i32, u64, (i64, i64, i64, u64), Vec<(Channel, u64)>, Vec<(String, u64)>);
/// The place of the strategy, the member, the node, when and by which channels.
type ExampleText = (usize, i64, i32, i64, Vec<Channel>);
type Cursor = (i64, i32, String, i64, u64, Vec<NodeCounts>, Vec<ExampleText>, Vec<LoadCounts>);

fn write(part: &TouchRehearsal, of: &str, position: i64) -> String {
    let strategies = || part.strategies.iter().enumerate();
    let counts = |(place, of): (usize, &StrategyFound)| -> Vec<NodeCounts> {
        let row = |(node, found): (&i32, &Found)| {
            let uses = found.uses;
            let uses = (uses.messages, uses.cost_minor, uses.points, found.tasks);
            let channels = found.channels.iter().map(|(of, count)| (*of, *count)).collect();
            let reasons = found.reasons.iter();
            let reasons = reasons.map(|(of, count)| (of.as_str().to_owned(), *count)).collect();
            (place, *node, found.due, uses, channels, reasons)
        };
        of.nodes.iter().map(row).collect()
    };
    let examples = |(place, of): (usize, &StrategyFound)| -> Vec<ExampleText> {
        let text =
            |one: &Example| (place, one.member_no, one.node, one.due_at.0, one.channels.clone());
        of.examples.iter().map(text).collect()
    };
    let cursor: Cursor = (
        part.at.0,
        part.day,
        of.to_owned(),
        position,
        part.members,
        strategies().flat_map(counts).collect(),
        strategies().flat_map(examples).collect(),
        part.loads.rows(),
    );
    URL_SAFE_NO_PAD.encode(json!(cursor).to_string())
}

fn read(
    cursor: &str,
    of: &str,
    messaging: &Messaging,
    zone: ledger::Zone,
) -> Option<(TouchRehearsal, i64)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (at, day, its, position, members, nodes, examples, loads): Cursor =
        serde_json::from_slice(&bytes).ok()?;
    if its != of || Today::at(Timestamp(at), zone).day != day {
        return None;
    }
    let mut part = TouchRehearsal::begun(Timestamp(at), day, messaging);
    part.members = members;
    part.loads = Loads::of_rows(loads)?;
    for (place, node, due, (messages, cost_minor, points, tasks), channels, reasons) in nodes {
        let reasons = reasons.into_iter();
        let reasons = reasons.map(|(name, count)| Some((Reason::parse(&name)?, count)));
        let found = Found {
            due,
            uses: Uses { messages, cost_minor, points },
            tasks,
            channels: channels.into_iter().collect(),
            reasons: reasons.collect::<Option<_>>()?,
        };
        part.strategies.get_mut(place)?.nodes.insert(node, found);
    }
    for (place, member_no, node, due_at, channels) in examples {
        let due_at = Timestamp(due_at);
        let example = Example { member_no, member_id: String::new(), node, due_at, channels };
        let examples = &mut part.strategies.get_mut(place)?.examples;
        if examples.len() >= EXAMPLES {
            return None;
        }
        examples.push(example);
    }
    Some((part, position))
}
