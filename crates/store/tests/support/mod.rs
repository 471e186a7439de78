//! A programme in an in-memory database, driven without HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use futures::FutureExt;
use ledger::{
    Currency, Entry, EntryId, Fresh, Hash, MemberId, Money, Origin, Reference, Seed, Timestamp,
};
use rules::operations::{
    Activate, Activation, Capture, Earn, Enrol, Exchange, Hold, Partner, Redeem, RedeemReward,
    Redemption, Release, ReturnScope, Reverse, ToReverse,
};
use rules::{Document, EarnEvent, Line, Operation, Rulebook};
use store::{
    Executor, Native, Outcome, ProgrammeRef, Scope, Submission, execute, load, migrate, programme,
    publish, seed,
};

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("rusqlite answers at once")
}

/// The SQL files of a folder of this crate and of the folders in it: the name within the folder,
/// the text.
pub fn sql_files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().with_extension("");
            found.push((name.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// What the seed of every world is: no database may hold it.
pub const SEED: [u8; 32] = *b"the seed that nobody ever stores";

pub fn fresh(id: u128) -> Fresh {
    Fresh { id: EntryId(id), seed: Seed(SEED) }
}

pub struct World {
    pub sql: Native,
    pub programme: ProgrammeRef,
    pub book: Rulebook,
    pub now: Cell<Timestamp>,
    ids: Cell<u128>,
}

/// A member who exchanges points with a programme of the group.
pub fn exchange(member: &str, key: &str, with: Option<Partner>, points: i64) -> Submission {
    order(member, Exchange { with, points }, "exchange", key, None)
}

/// A member that is known by these names.
pub fn enrol(member: &str, key: &str, names: &[&str]) -> Submission {
    let aliases = Some(names.iter().map(|name| (*name).to_owned()).collect());
    Submission { aliases, ..order(member, Enrol, "member", key, None) }
}

impl World {
    pub fn new() -> Self {
        Self::on(Native::in_memory().unwrap())
    }

    pub fn on(sql: Native) -> Self {
        wait(migrate(&sql)).unwrap();
        wait(seed(&sql, 0)).unwrap();
        let found = wait(programme(&sql, "default")).unwrap().unwrap();
        let book = Rulebook::new(&found.document, found.reference.rulebook_version).unwrap();
        let now = Cell::new(Timestamp::parse("2026-01-10T10:00:00+08:00").unwrap());
        Self { sql, programme: found.reference, book, now, ids: Cell::new(1) }
    }

    pub fn with_rules(change: impl FnOnce(&mut Document)) -> Self {
        let mut world = Self::new();
        let mut document = rules::default_document();
        change(&mut document);
        world.book = Rulebook::new(&document, 2).unwrap();
        wait(publish(&world.sql, "default", "Default", 1, (&document, &world.book), 0, "test"))
            .unwrap();
        world.programme.rulebook_version = 2;
        world
    }

    pub fn at(&self, text: &str) -> &Self {
        self.now.set(Timestamp::parse(text).unwrap());
        self
    }

    pub fn run(&self, orders: &[Submission]) -> Vec<Outcome> {
        let wanted: Vec<_> = orders.iter().map(Submission::wanted).collect();
        let lots = orders.first().map_or(store::Lots::None, Submission::lots);
        let (_, _, loaded) =
            wait(load(&self.sql, Scope::Programme(self.programme.no), &wanted, lots))
                .unwrap()
                .unwrap();
        self.run_loaded(orders, loaded)
    }

    /// What becomes of orders that were loaded before, whatever has happened since.
    pub fn run_loaded(
        &self,
        orders: &[Submission],
        loaded: Vec<store::LoadedMember>,
    ) -> Vec<Outcome> {
        let ids = || {
            self.ids.set(self.ids.get() + 1000);
            fresh(self.ids.get())
        };
        let mut executor = Executor {
            sql: &self.sql,
            programme: &self.programme,
            book: &self.book,
            now: self.now.get(),
            fresh: ids,
            abroad: None,
            in_flight: None,
        };
        wait(execute(&mut executor, orders, loaded)).unwrap()
    }

    pub fn one(&self, order: Submission) -> Outcome {
        self.run(&[order]).pop().unwrap()
    }

    /// The entry that bears a source.
    pub fn bearing(&self, source: &str) -> Option<Entry> {
        let found =
            wait(store::records(&self.sql, self.programme.no, &[source.to_owned()])).unwrap();
        found.into_iter().map(|past| past.entry).next_back()
    }

    /// Both sides of an order, or the redemption alone, undone.
    pub fn undo(
        &self,
        member: &str,
        key: &str,
        earn: Option<&str>,
        redemption: Option<&str>,
        part: ReturnScope,
    ) -> Submission {
        let earn = earn.and_then(|source| self.bearing(source));
        let redemption = redemption.and_then(|source| self.bearing(source)).map(|entry| {
            let lots = wait(store::drawn_lots(&self.sql, self.programme.no, &entry)).unwrap();
            Redemption::new(entry, lots)
        });
        let wish = ToReverse { earn, redemption, part, ..ToReverse::default() };
        order(member, Reverse(Some(Box::new(wish))), "reverse", key, None)
    }

    /// The hold that was placed last.
    pub fn last_hold(&self) -> EntryId {
        let newest = "SELECT id FROM entry WHERE kind = 'hold' ORDER BY no DESC LIMIT 1";
        self.id(newest)
    }

    /// The id that a query finds.
    pub fn id(&self, question: &str) -> EntryId {
        let bytes: [u8; 16] =
            self.sql.connection().query_row(question, [], |row| row.get(0)).unwrap();
        EntryId(u128::from_be_bytes(bytes))
    }

    /// Puts a reward into the catalogue.
    pub fn offer(&self, id: &str, reward: &str) {
        let reward = serde_json::from_str(reward).unwrap();
        let now = self.now.get();
        wait(store::put_reward(&self.sql, self.programme.no, id, &reward, now, "test", None))
            .unwrap();
    }

    /// The redemption that was written last, undone.
    pub fn undo_last(&self, member: &str, key: &str) -> Submission {
        let newest = "SELECT id FROM entry WHERE kind = 'redeem' ORDER BY no DESC LIMIT 1";
        let id = self.id(newest);
        let entry = wait(store::named_entry(&self.sql, self.programme.no, id)).unwrap().unwrap();
        let lots = wait(store::drawn_lots(&self.sql, self.programme.no, &entry)).unwrap();
        let wish =
            ToReverse { redemption: Some(Redemption::new(entry, lots)), ..ToReverse::default() };
        order(member, Reverse(Some(Box::new(wish))), "reverse", key, None)
    }

    pub fn number(&self, question: &str) -> i64 {
        self.sql.connection().query_row(question, [], |row| row.get(0)).unwrap()
    }
}

fn order(
    member: &str,
    operation: impl Operation + 'static,
    scope: &str,
    key: &str,
    source: Option<String>,
) -> Submission {
    let mut fingerprint = Hash::of(format!("{member}{operation:?}").as_bytes()).to_string();
    fingerprint.truncate(32);
    let document =
        source.as_ref().and_then(|source| source.split_once(':')).map(|(_, document)| document);
    let reference = document.map(|document| Reference::new(document).unwrap());
    let member = MemberId::new(member).unwrap();
    let origin = Origin { actor: "key:test".into(), reference, ..Origin::default() };
    Submission::new(member, operation, origin)
        .under_key(scope, key, fingerprint)
        .with_source(source)
}

/// A purchase of one line.
pub fn purchase(amount_minor: i64) -> EarnEvent {
    let amount = Money { amount_minor, currency: Currency::new("CNY").unwrap() };
    let lines = vec![Line { line: "1".into(), sku: None, category: None, quantity: 1, amount }];
    EarnEvent { event: "purchase".into(), occurred_at: None, lines, device: None }
}

pub fn buy(member: &str, key: &str, order_id: &str, amount_minor: i64) -> Submission {
    let source = Some(format!("purchase:{order_id}"));
    order(member, Earn(purchase(amount_minor)), "earn", key, source)
}

pub fn act(member: &str, key: &str, action: &str) -> Submission {
    let event = EarnEvent { event: action.into(), occurred_at: None, lines: vec![], device: None };
    order(member, Earn(event), "earn", key, None)
}

pub fn activate(member: &str, key: &str, activation: Option<Activation>) -> Submission {
    order(member, Activate(activation), "activate", key, None)
}

pub fn redeem(member: &str, key: &str, points: i64) -> Submission {
    order(member, Redeem { points }, "redeem", key, None)
}

/// Something from the catalogue.
pub fn take(member: &str, key: &str, reward: &str, quantity: i64) -> Submission {
    order(member, RedeemReward { reward: reward.into(), quantity }, "redeem", key, None)
}

pub fn hold(member: &str, key: &str, document: &str, points: i64) -> Submission {
    let source = Some(format!("redeem:{document}"));
    order(member, Hold { points, minutes: 30 }, "redeem", key, source)
}

pub fn capture(
    member: &str,
    key: &str,
    hold: EntryId,
    document: &str,
    points: Option<i64>,
) -> Submission {
    let source = Some(format!("redeem:{document}"));
    order(member, Capture { hold, points }, "capture", key, source)
}

pub fn release(member: &str, key: &str, hold: EntryId) -> Submission {
    order(member, Release { hold }, "release", key, None)
}

pub fn job(member: &str, operation: impl Operation + 'static) -> Submission {
    Submission::of_job(MemberId::new(member).unwrap(), Rc::new(operation), "test")
}

/// Points of each entry written, or the refusal's slug, or what else became of it.
pub fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(answer) => {
            let points: Vec<String> = answer
                .entries
                .iter()
                .map(|entry| format!("{} {:+}", entry.kind().as_str(), entry.points))
                .collect();
            format!("{}{}", if answer.replayed { "again: " } else { "" }, points.join(", "))
        }
        Outcome::Refused { refusal, replayed, .. } => {
            format!("{}{}", if *replayed { "again: " } else { "" }, refusal.slug())
        }
        Outcome::KeyReused => "key reused".into(),
        Outcome::Nothing(_) => "nothing".into(),
    }
}
