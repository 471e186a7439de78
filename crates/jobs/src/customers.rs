//! Members as conditions ask for them, piece by piece: facts of one database, what the ledger tells
//! of the other one. The two are joined here, in the guest.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::{Customer, Cuts, Facts, Held, Today};
use store::{Error, LedgerMember, Sql, held_sets, home_stores, ledger_members};

use crate::context::JobContext;

/// Members of a piece.
pub(crate) const MEMBERS: i64 = 1_000;

/// What a merchant told of members that nobody asks the ledger about.
static NOTHING: BTreeMap<String, String> = BTreeMap::new();

/// What is read of members besides their facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What the ledger tells, and the home store.
    pub(crate) ledger: bool,
    /// The sets that they are in.
    pub(crate) held: bool,
}

/// The databases of a run.
pub(crate) struct Databases<'a, 'c, L, R> {
    pub(crate) ledger: &'a JobContext<'c, L>,
    pub(crate) reach: &'a JobContext<'c, R>,
    pub(crate) programme_no: i64,
}

impl<L, R> Clone for Databases<'_, '_, L, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, R> Copy for Databases<'_, '_, L, R> {}

/// When members are asked.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) now: Timestamp,
    pub(crate) today: Today,
    pub(crate) cuts: Option<&'a Cuts>,
}

/// Some members.
pub(crate) struct Piece {
    pub(crate) members: Vec<(i64, Facts)>,
    told: BTreeMap<i64, LedgerMember>,
    homes: BTreeMap<i64, String>,
    held: BTreeMap<i64, Vec<Held>>,
}

impl Piece {
    pub(crate) async fn of<L: Sql, R: Sql>(
        databases: &Databases<'_, '_, L, R>,
        members: Vec<(i64, Facts)>,
        wanted: Wanted,
    ) -> Result<Self, Error> {
        let Databases { ledger, reach, programme_no } = databases;
        let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
        let (mut told, mut homes, mut held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        if wanted.ledger && !numbers.is_empty() {
            let told_of = async || ledger_members(ledger.sql, *programme_no, &numbers).await;
            told = ledger.with_retries(told_of).await?;
            homes = reach
                .with_retries(async || home_stores(reach.sql, *programme_no, &numbers).await)
                .await?;
        }
        if wanted.held && !numbers.is_empty() {
            held = reach
                .with_retries(async || held_sets(reach.sql, *programme_no, &numbers).await)
                .await?;
        }
        Ok(Self { members, told, homes, held })
    }

    /// A member of the piece, without tags.
    pub(crate) fn customer<'a>(
        &'a self,
        (no, facts): (i64, &'a Facts),
        moment: Moment<'a>,
    ) -> Customer<'a> {
        let told = self.told.get(&no);
        let attributes = told.map_or(&NOTHING, |told| &told.attributes);
        Customer {
            id: told.map_or("", |told| told.id.as_str()),
            joined_at: told.map(|told| told.joined_at),
            attributes,
            facts,
            tags: Vec::new(),
            home_store: self.homes.get(&no).map_or("", String::as_str),
            cuts: moment.cuts,
            now: moment.now,
            today: moment.today,
        }
    }

    /// A member's id; `None` where the ledger has no such member.
    pub(crate) fn id(&self, no: i64) -> Option<&str> {
        self.told.get(&no).map(|told| told.id.as_str())
    }

    /// The sets that a member is in.
    pub(crate) fn held(&self, no: i64) -> &[Held] {
        self.held.get(&no).map_or(&[], Vec::as_slice)
    }
}
