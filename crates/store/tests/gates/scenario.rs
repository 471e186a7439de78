//! A shop whose requests are the same in each run: members, ids, instants and order are fixed.
//!
//! A request is what a component does with it after it has parsed the body: load by the caller's
//! key, decide, commit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::cell::Cell;
use std::rc::Rc;

use ledger::{
    Currency, Entry, EntryId, Fresh, MemberId, Money, Origin, Reference, Seed, Timestamp,
};
use rules::operations::{Capture, Earn, Hold, Redeem, Settle};
use rules::{EarnEvent, ExtraColumns, Line, Operation, Rulebook};
use store::{
    Executor, InFlight, LoadRequest, LoadedMember, Lots, Native, Outcome, ProgrammeRef, Scope, Sql,
    Submission,
};

use super::counted::Counted;
use crate::support::wait;

/// Max events of `POST /v1/earn/bulk`.
pub const EVENTS: usize = 500;
/// Members of a group in a night.
pub const DUE_MEMBERS: usize = 250;

/// What a caller's key begins with.
const PREFIX: &str = "acc_01234567";
const DAY: i64 = 24 * 60 * 60 * 1000;
/// As a component asks for them when it shows a balance.
const LIKELY_LOTS: u16 = 64;

pub struct Shop<S = Counted> {
    pub sql: S,
    programme: ProgrammeRef,
    book: Rulebook,
    in_flight: InFlight,
    pub members: usize,
    order: Vec<usize>,
    now: Cell<Timestamp>,
    /// How many requests there were: makes their keys, documents and ids.
    requests: Cell<u64>,
}

impl<S: Sql> Shop<S> {
    /// Without entries; [`Shop::seed`] writes the first ones. `watched` is what stands between the
    /// shop and its database.
    pub fn new(native: Native, members: usize, watched: impl FnOnce(Native) -> S) -> Self {
        wait(store::migrate(&native)).unwrap();
        wait(store::seed(&native, 0)).unwrap();
        wait(store::ensure_operator(&native, PREFIX, &"0".repeat(64), 0)).unwrap();
        let found = wait(store::programme(&native, "default")).unwrap().unwrap();
        let book = Rulebook::new(&found.document, found.reference.rulebook_version).unwrap();
        let mut order: Vec<usize> = (0..members).collect();
        order.sort_by_key(|member| mixed(u64::try_from(*member).unwrap()));
        Self {
            sql: watched(native),
            programme: found.reference,
            book,
            in_flight: InFlight::default(),
            members,
            order,
            now: Cell::new(Timestamp::parse("2026-01-10T10:00:00+08:00").unwrap()),
            requests: Cell::new(0),
        }
    }

    /// Lets each member buy so often, once a day.
    pub fn seed(&self, lots: usize) {
        for _ in 0..lots {
            for first in (0..self.members).step_by(EVENTS) {
                self.bulk(first..self.members.min(first + EVENTS));
            }
            self.now.set(Timestamp(self.now.get().0 + DAY));
        }
    }

    /// `POST /v1/earn`
    pub fn earn(&self, member: usize) {
        self.one(&self.purchase(member));
    }

    /// `POST /v1/redeem`
    pub fn redeem(&self, member: usize) {
        self.one(&self.submission(member, "redeem", "redeem", Redeem { points: 100 }));
    }

    /// `POST /v1/redeem` with `hold`, and its capture.
    pub fn hold_and_capture(&self, member: usize) {
        let hold = Hold { points: 100, minutes: 30 };
        let held = self.one(&self.submission(member, "redeem", "redeem", hold));
        let caller = wait(store::caller(&self.sql, PREFIX)).unwrap().unwrap();
        let no = caller.programme.no;
        let placed = wait(store::named_entry(&self.sql, no, held.id)).unwrap().unwrap();
        let capture = Capture { hold: placed.id, points: None };
        let source = placed.origin.reference.map(|order| format!("redeem:{}", order.as_str()));
        let submission = self.submission(member, "capture", "redeem", capture).with_source(source);
        self.run(Scope::Programme(no), &[submission]);
    }

    /// `GET /v1/members/{id}`
    pub fn balance(&self, member: usize) {
        let request =
            LoadRequest { beside: ExtraColumns::Profile, ..LoadRequest::member(name(member)) };
        let loaded = self.load(Scope::KeyPrefix(PREFIX), &[request], Lots::First(LIKELY_LOTS));
        assert!(loaded[0].member.exists());
    }

    /// `POST /v1/earn/bulk`
    pub fn bulk(&self, members: impl Iterator<Item = usize>) {
        let purchases: Vec<Submission> = members.map(|member| self.purchase(member)).collect();
        self.run(Scope::KeyPrefix(PREFIX), &purchases);
    }

    /// A group of a night run in which all lots of the seed are due.
    pub fn night(&self, members: impl Iterator<Item = usize>) {
        self.now.set(Timestamp::parse("2027-02-01T00:30:00+08:00").unwrap());
        let due: Vec<Submission> = members
            .map(|member| Submission::of_job(name(member), Rc::new(Settle), "night"))
            .collect();
        self.run(Scope::Programme(self.programme.no), &due);
    }

    /// Reads what an earn reads.
    pub fn load_for_earn(&self, member: usize) {
        let purchase = self.purchase(member);
        self.load(Scope::KeyPrefix(PREFIX), &[purchase.wanted()], purchase.lots());
    }

    fn one(&self, submission: &Submission) -> Entry {
        self.run(Scope::KeyPrefix(PREFIX), std::slice::from_ref(submission)).pop().unwrap()
    }

    /// Each of the submissions writes one entry.
    fn run(&self, scope: Scope<'_>, submissions: &[Submission]) -> Vec<Entry> {
        let wanted: Vec<LoadRequest> = submissions.iter().map(Submission::wanted).collect();
        let loaded = self.load(scope, &wanted, submissions[0].lots());
        let fresh = || {
            let id = self.number();
            // Version 7: milliseconds, then what a generator would draw.
            let time = u128::try_from(self.now.get().0).unwrap() << 80;
            let drawn = mixed(id) & 0x3FFF_FFFF_FFFF_FFFF;
            let id = EntryId(time | (7 << 76) | (2 << 62) | u128::from(drawn));
            Fresh { id, seed: Seed([7; 32]) }
        };
        let mut executor = Executor {
            sql: &self.sql,
            programme: &self.programme,
            book: &self.book,
            now: self.now.get(),
            fresh,
            abroad: None,
            in_flight: Some(&self.in_flight),
        };
        let outcomes = wait(store::execute(&mut executor, submissions, loaded)).unwrap();
        let written = |outcome| match outcome {
            Outcome::Done(answer) if answer.entries.len() == 1 => {
                answer.entries.into_iter().next().unwrap()
            }
            other => panic!("no entry, or more than one: {other:?}"),
        };
        outcomes.into_iter().map(written).collect()
    }

    fn load(&self, scope: Scope<'_>, wanted: &[LoadRequest], lots: Lots) -> Vec<LoadedMember> {
        wait(store::load(&self.sql, scope, wanted, lots)).unwrap().unwrap().2
    }

    /// Two lines of an order.
    fn purchase(&self, member: usize) -> Submission {
        let line = |line: &str, amount_minor| Line {
            line: line.to_owned(),
            sku: Some(format!("sku-{line}")),
            category: Some("food".to_owned()),
            quantity: 1,
            amount: Money { amount_minor, currency: Currency::new("CNY").unwrap() },
        };
        let event = EarnEvent {
            event: "purchase".to_owned(),
            occurred_at: None,
            lines: vec![line("1", 4_900), line("2", 2_450)],
            device: None,
        };
        self.submission(member, "earn", "purchase", Earn(event))
    }

    /// A submission as a component hands it on, under a key and for a document of its own.
    fn submission(
        &self,
        member: usize,
        scope: &str,
        document: &str,
        operation: impl Operation + 'static,
    ) -> Submission {
        let number = self.number();
        let reference = format!("order-{number:08}");
        let origin = Origin {
            actor: "key:acc_01234567".to_owned(),
            reference: Some(Reference::new(&reference).unwrap()),
            ..Origin::default()
        };
        let fingerprint = format!("{:032x}", mixed(number));
        let key = format!("{PREFIX}/{scope}:key-{number:08}");
        Submission {
            idem: Some((key, fingerprint)),
            ..Submission::new(name(member), operation, origin)
        }
        .with_source(Some(format!("{document}:{reference}")))
    }

    /// The members in an order that has nothing to do with their rows, as tills ask for them; each
    /// comes once before any comes again.
    pub fn any_member(&self, number: usize) -> usize {
        self.order[number % self.members]
    }

    fn number(&self) -> u64 {
        self.requests.set(self.requests.get() + 1);
        self.requests.get()
    }
}

/// The member's id.
fn name(member: usize) -> MemberId {
    MemberId::new(format!("member-{member:06}")).unwrap()
}

/// SplitMix64 of a number.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
