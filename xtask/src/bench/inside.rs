//! Runs the ledger in this process, on a SQLite file of its own: for the native figure, and to seed
//! a database fast.

use super::zipf::Random;
use anyhow::{Context as _, Result, anyhow, bail};
use ledger::{Currency, EntryId, Fresh, Hash, MemberId, Money, Origin, Reference, Seed, Timestamp};
use rules::operations::Earn;
use rules::{Document, EarnEvent, Line, Rulebook};
use std::path::Path;
use store::{Executor, Native, Outcome, ProgrammeRef, Scope, Submission};

pub struct Inside {
    sql: Native,
    programme: ProgrammeRef,
    book: Rulebook,
    random: Random,
}

impl Inside {
    /// A new database with one programme, `default`.
    pub async fn create(file: &Path, document: &Document, at: Timestamp) -> Result<Self> {
        let sql = Native::open(file).map_err(to_anyhow)?;
        store::migrate(&sql).await.map_err(to_anyhow)?;
        let book = Rulebook::new(document, 1)
            .map_err(|problems| anyhow!("the bench's rulebook: {problems:?}"))?;
        store::publish(&sql, "default", "Bench", 0, (document, &book), at.0, "bench")
            .await
            .map_err(to_anyhow)?;
        let programme = store::programmes(&sql)
            .await
            .map_err(to_anyhow)?
            .pop()
            .context("no programme after publishing one")?;
        Ok(Self { sql, programme, book, random: Random(1) })
    }

    /// Loads, decides and commits the orders in one round, as for a request with as many events.
    pub async fn execute(&mut self, orders: &[Submission], now: Timestamp) -> Result<()> {
        let wanted: Vec<store::LoadRequest> = orders.iter().map(Submission::wanted).collect();
        let lots = orders.first().map_or(store::Lots::None, Submission::lots);
        let scope = Scope::Programme(self.programme.no);
        let found = store::load(&self.sql, scope, &wanted, lots).await.map_err(to_anyhow)?;
        let (_, _, loaded) = found.context("the programme is gone")?;
        let random = &mut self.random;
        let fresh = || Fresh { id: entry_id(now, random), seed: Seed([7; 32]) };
        let mut executor = Executor {
            sql: &self.sql,
            programme: &self.programme,
            book: &self.book,
            now,
            fresh,
            abroad: None,
            in_flight: None,
        };
        let outcomes = store::execute(&mut executor, orders, loaded).await.map_err(to_anyhow)?;
        match outcomes.iter().find(|outcome| !matches!(outcome, Outcome::Done(_))) {
            Some(outcome) => bail!("an order was not carried out: {outcome:?}"),
            None => Ok(()),
        }
    }
}

/// A purchase of one line, as the earn component would submit it.
pub fn purchase(member: usize, order: &str, cents: u32) -> Result<Submission> {
    let currency = Currency::new("CNY").context("CNY is no currency")?;
    let line = Line {
        line: "1".to_owned(),
        sku: None,
        category: None,
        quantity: 1,
        amount: Money { amount_minor: i64::from(cents), currency },
    };
    let event = EarnEvent {
        event: "purchase".to_owned(),
        occurred_at: None,
        lines: vec![line],
        device: None,
    };
    let reference = Reference::new(order).map_err(to_anyhow)?;
    let origin =
        Origin { actor: "bench".to_owned(), reference: Some(reference), ..Origin::default() };
    let member = MemberId::new(format!("m{member}")).map_err(to_anyhow)?;
    // Of requests a database keeps 16 bytes.
    let mut fingerprint = Hash::of(order.as_bytes()).to_string();
    fingerprint.truncate(32);
    Ok(Submission::new(member, Earn(event), origin)
        .under_key("earn", order, fingerprint)
        .with_source(Some(format!("purchase:{order}"))))
}

fn entry_id(now: Timestamp, random: &mut Random) -> EntryId {
    let milliseconds = u128::try_from(now.0).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    let high = u128::from(random.next_u32() & 0x0FFF);
    let low = u128::from(random.next_u64() >> 2);
    EntryId((milliseconds << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)
}

fn to_anyhow(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{error}")
}
