//! How many members a condition holds for, and how scores are spread, counted when somebody asks.
//!
//! Reads all members of a programme piece by piece and writes nothing. A caller that is for some
//! stores counts the members of these stores alone, whatever it asks.

use std::collections::{BTreeMap, BTreeSet};

use reach::{Customer, Family, Group, Held, Measures, Today, WINDOW_DAYS};
use rules::MemberCondition;
use store::{
    Error, Sql, StoredSet, bought_in, facts_after, ledger_members, list_sets, reachable_members,
    rfm_cuts,
};

use crate::context::JobContext;
use crate::customers::{Databases, Moment, Piece, Wanted};

/// Members that a count reads at once.
const MEMBERS: i64 = 2_000;
/// Members whose addresses one statement looks at.
const CHECKED: usize = 10_000;
/// Members of an answer that are named.
const EXAMPLES: usize = 10;
/// Tags of a programme, at most.
const TAGS: i64 = 1_000;

/// Whose members are counted, and when.
pub struct Audience<'a, 'c, L, R> {
    /// The ledger's database.
    pub ledger: &'a JobContext<'c, L>,
    /// The database with what is known of customers.
    pub reach: &'a JobContext<'c, R>,
    /// The programme.
    pub programme_no: i64,
    /// The local day.
    pub today: Today,
    /// The stores that the caller is for; all members where there are none. A member is theirs by
    /// its home store, or by a purchase there within 365 days.
    pub stores: Option<&'a [String]>,
    /// Of so many members one is looked at.
    pub sample: i64,
}

/// What is counted besides.
#[derive(Debug)]
pub enum Other {
    /// The members of a set, by its number.
    Set(i64),
    /// Those that a condition holds for.
    Condition(MemberCondition),
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Count {
    /// Members that were looked at.
    pub seen: u64,
    /// Those that the condition holds for.
    pub found: u64,
    /// Ids of the first ones.
    pub examples: Vec<String>,
    /// How many of them are in each of the others.
    pub overlaps: Vec<u64>,
    /// How many of them may be sent offers, by channel.
    pub reachable: BTreeMap<String, i64>,
}

/// Members of a page, and where the next one goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundMembers {
    /// Numbers and ids.
    pub members: Vec<(i64, String)>,
    /// The last member that was looked at; `None` when all were.
    pub next: Option<i64>,
}

/// How scores are spread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spread {
    /// Members with an order, and what they spent in 365 days in minor units: by recency, then
    /// frequency, from 1.
    pub cells: [[(u64, i64); 5]; 5],
    /// The same by group.
    pub groups: BTreeMap<Group, (u64, i64)>,
    /// Members without an order.
    pub without_order: u64,
}

impl<L: Sql, R: Sql> Audience<'_, '_, L, R> {
    /// Counts the members that the condition holds for, and how many of them are in the others.
    ///
    /// # Errors
    /// [`Error`] when a database keeps failing.
    pub async fn count(
        &self,
        condition: &MemberCondition,
        others: &[Other],
    ) -> Result<Count, Error> {
        let mut count = Count { overlaps: vec![0; others.len()], ..Count::default() };
        let asked = others.iter().filter_map(|other| match other {
            Other::Condition(condition) => Some(condition),
            Other::Set(_) => None,
        });
        let asks_the_ledger = asked
            .map(MemberCondition::asks_the_ledger)
            .fold(condition.asks_the_ledger(), |any, asks| any | asks);
        let has_sets = others.iter().any(|other| matches!(other, Other::Set(_)));
        let wanted = Wanted { ledger: asks_the_ledger, held: has_sets || asks_the_ledger };
        let (mut examples, mut all) = (Vec::new(), Vec::new());
        self.each(wanted, 0, &mut |no, customer, held| {
            count.seen += 1;
            if !condition.holds(&customer) {
                return true;
            }
            count.found += 1;
            all.push(no);
            if examples.len() < EXAMPLES {
                examples.push(no);
            }
            for (sum, other) in count.overlaps.iter_mut().zip(others) {
                *sum += u64::from(match other {
                    Other::Condition(condition) => condition.holds(&customer),
                    Other::Set(set_no) => {
                        held.iter().any(|row| row.set_no == *set_no && row.counts(customer.now))
                    }
                });
            }
            true
        })
        .await?;
        for members in all.chunks(CHECKED) {
            let (reach, no) = (self.reach, self.programme_no);
            let found = reach
                .with_retries(async || reachable_members(reach.sql, no, members).await)
                .await?;
            for (channel, members) in found {
                *count.reachable.entry(channel).or_default() += members;
            }
        }
        count.examples = self.named(&examples).await?.into_iter().map(|(_, id)| id).collect();
        Ok(count)
    }

    /// The next members after that number that the condition holds for, at most so many.
    ///
    /// # Errors
    /// As [`Audience::count`].
    pub async fn find(
        &self,
        condition: &MemberCondition,
        after: i64,
        most: usize,
    ) -> Result<FoundMembers, Error> {
        let asks_the_ledger = condition.asks_the_ledger();
        let wanted = Wanted { ledger: asks_the_ledger, held: asks_the_ledger };
        let mut numbers = Vec::new();
        let next = self
            .each(wanted, after, &mut |no, customer, _| {
                if condition.holds(&customer) {
                    numbers.push(no);
                }
                numbers.len() < most
            })
            .await?;
        Ok(FoundMembers { members: self.named(&numbers).await?, next })
    }

    /// How scores are spread over the members; `None` before the first cuts.
    ///
    /// # Errors
    /// As [`Audience::count`].
    pub async fn spread(&self) -> Result<Option<Spread>, Error> {
        let mut spread = Spread::default();
        let nothing = Wanted { ledger: false, held: false };
        let mut has_cuts = true;
        self.each(nothing, 0, &mut |_, customer, _| {
            let (Some(cuts), measures) =
                (customer.cuts, Measures::of(customer.facts, customer.today))
            else {
                has_cuts = false;
                return false;
            };
            let Some(measures) = measures else {
                spread.without_order += 1;
                return true;
            };
            let scores = cuts.scores(Some(measures));
            let row = spread.cells.get_mut(usize::from(scores.r).saturating_sub(1));
            let cell = row.and_then(|row| row.get_mut(usize::from(scores.f).saturating_sub(1)));
            let group = spread.groups.entry(cuts.group(scores)).or_default();
            for (members, spend) in cell.into_iter().chain([group]) {
                *members += 1;
                *spend = spend.saturating_add(measures.spend_minor);
            }
            true
        })
        .await?;
        Ok(has_cuts.then_some(spread))
    }

    /// Shows every member that the caller may count, in order, until `see` has seen enough. Gives
    /// back the last member then.
    async fn each(
        &self,
        mut wanted: Wanted,
        mut after: i64,
        see: &mut dyn FnMut(i64, Customer<'_>, &[Held]) -> bool,
    ) -> Result<Option<i64>, Error> {
        let (reach, ledger, programme_no) = (self.reach, self.ledger, self.programme_no);
        let databases = Databases { ledger, reach, programme_no };
        let cuts = reach.with_retries(async || rfm_cuts(reach.sql, programme_no).await).await?;
        let cuts = cuts.and_then(|stored| stored.cuts);
        let tags = if wanted.held { self.tags().await? } else { BTreeMap::new() };
        wanted.ledger |= self.stores.is_some();
        loop {
            let members = reach
                .with_retries(async || {
                    facts_after(reach.sql, programme_no, after, MEMBERS, self.sample).await
                })
                .await?;
            let Some((last, _)) = members.last() else { return Ok(None) };
            let is_last = i64::try_from(members.len()).is_ok_and(|count| count < MEMBERS);
            after = *last;
            let piece = Piece::of(&databases, members, wanted).await?;
            let moment = Moment { now: (ledger.now)(), today: self.today, cuts: cuts.as_ref() };
            let buyers = match self.stores {
                Some(stores) => {
                    let numbers: Vec<i64> = piece.members.iter().map(|(no, _)| *no).collect();
                    self.buyers(stores, &numbers).await?
                }
                None => BTreeSet::new(),
            };
            for (no, facts) in &piece.members {
                let mut customer = piece.customer((*no, facts), moment);
                let is_theirs = self.stores.is_none_or(|stores| {
                    buyers.contains(no) || stores.iter().any(|store| store == customer.home_store)
                });
                if !is_theirs {
                    continue;
                }
                let held = piece.held(*no);
                let counting = held.iter().filter(|row| row.counts(moment.now));
                customer.tags = counting
                    .filter_map(|row| tags.get(&row.set_no))
                    .map(|set| set.wish.name.as_str())
                    .collect();
                if !see(*no, customer, held) {
                    return Ok(Some(*no));
                }
            }
            if is_last {
                return Ok(None);
            }
            ledger.sql.give_way().await;
        }
    }

    async fn tags(&self) -> Result<BTreeMap<i64, StoredSet>, Error> {
        let (reach, no) = (self.reach, self.programme_no);
        let tags = reach
            .with_retries(async || list_sets(reach.sql, no, Family::Tag, "", TAGS).await)
            .await?;
        Ok(tags.into_iter().map(|set| (set.no, set)).collect())
    }

    /// Those of the members that bought in one of the stores within 365 days.
    async fn buyers(&self, stores: &[String], numbers: &[i64]) -> Result<BTreeSet<i64>, Error> {
        let (ledger, since) = (self.ledger, self.today.start_of(WINDOW_DAYS));
        ledger.with_retries(async || bought_in(ledger.sql, numbers, stores, since).await).await
    }

    /// The ids of members, in the order of the list.
    async fn named(&self, numbers: &[i64]) -> Result<Vec<(i64, String)>, Error> {
        let (ledger, no) = (self.ledger, self.programme_no);
        let mut told =
            ledger.with_retries(async || ledger_members(ledger.sql, no, numbers).await).await?;
        let named = |no: &i64| told.remove(no).map(|told| (*no, told.id));
        Ok(numbers.iter().filter_map(named).collect())
    }
}
