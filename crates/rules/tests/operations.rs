//! Every operation, one after another: what it says of itself is what it does. An operation that
//! was forgotten somewhere fails here by its name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken test stops the test")]

use crate::support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use ledger::{
    Context, Entry, EntryId, Fault, Frozen, Member, MemberId, Origin, ProgrammeId, Refusal, Stop,
    Timestamp,
};
use rules::operations::{sample_document, samples};
use rules::{
    Activity, Case, Decided, Document, Expiry, Lots, MemberProof, Operation, Outcome, PriorRecords,
    Replay, Reward, Rulebook, SignedProof, StepUp, decide,
};
use support::{at, buy};

const DAY: &str = "2026-01-10T10:00:00+08:00";
const LATER: &str = "2026-01-15T10:00:00+08:00";

/// What a request shows of the caller.
#[derive(Default)]
struct Shown {
    is_new_device: bool,
    proof: MemberProof,
}

/// Two members with 3,000 points each, which live on when they are active.
struct World {
    book: Rulebook,
    members: BTreeMap<MemberId, Member>,
    entries: BTreeMap<MemberId, Vec<Entry>>,
    next_id: u128,
    shown: Shown,
}

fn id(name: &str) -> MemberId {
    MemberId::stored(name).unwrap()
}

impl World {
    fn new(change: impl FnOnce(&mut Document)) -> Self {
        let mut document = sample_document();
        change(&mut document);
        let book = Rulebook::new(&document, 1).unwrap();
        let mut world = Self {
            book,
            members: BTreeMap::new(),
            entries: BTreeMap::new(),
            next_id: 1 << 70,
            shown: Shown::default(),
        };
        for name in ["m", "other"] {
            let bought = world.decide(DAY, name, &*buy(&[300_000]), Member::clone).unwrap();
            world.commit(bought);
        }
        world
    }

    fn member(&self, name: &MemberId) -> Member {
        self.members.get(name).cloned().unwrap_or_else(|| Member::new(name.clone()))
    }

    /// Decides on the member as `loaded` leaves it.
    fn decide(
        &mut self,
        now: &str,
        name: &str,
        operation: &dyn Operation,
        loaded: impl FnOnce(&Member) -> Member,
    ) -> Outcome {
        self.next_id += 1 << 40;
        let name = id(name);
        let needs = operation.needs(&name);
        let mug =
            || -> Reward { serde_json::from_str(r#"{"name": "Mug", "points": 30}"#).unwrap() };
        let recorded = PriorRecords {
            others: needs.others.iter().map(|other| self.member(other)).collect(),
            reward: needs.reward.map(|_| (1, mug())),
            is_new_device: self.shown.is_new_device,
            proof: self.shown.proof,
            ..PriorRecords::default()
        };
        let context = Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: 1,
            rulebook_version: 1,
            now: at(now),
            first_id: EntryId(self.next_id),
            seed: ledger::Seed::default(),
        };
        let origin =
            Origin { actor: "till".into(), reason: Some("test".into()), ..Origin::default() };
        let case = Case { book: &self.book, origin: &origin, recorded: &recorded, context };
        decide(operation, &case, loaded(&self.member(&name)))
    }

    fn commit(&mut self, decided: Decided) {
        for member in decided.others.into_iter().chain([decided.member]) {
            self.members.insert(member.id.clone(), member);
        }
        for posting in decided.decision.postings {
            self.entries.entry(posting.entry.member.clone()).or_default().push(posting.entry);
        }
    }
}

fn sliding(document: &mut Document) {
    document.expiry.insert("shopping".into(), Expiry::Sliding { days: 30 });
}

/// Those samples that go through, each with the world that it is decided in.
fn that_go_through(change: fn(&mut Document)) -> Vec<(Rc<dyn Operation>, World, Decided)> {
    let mut done = Vec::new();
    for operation in samples() {
        let mut world = World::new(change);
        match world.decide(LATER, "m", &*operation, Member::clone) {
            Ok(decided) => done.push((operation, world, decided)),
            // Its sample names no other programme.
            Err(Stop::Refused(Refusal::NotOffered { offer })) if operation.name() != "exchange" => {
                panic!("{}: sample_document offers no {offer}", operation.name());
            }
            // What another request changed meanwhile must be asked for anew.
            Err(Stop::Refused(_) | Stop::Fault(Fault::Moved)) => {}
            Err(Stop::Fault(fault)) => panic!("{}: {fault:?}", operation.name()),
        }
    }
    done
}

/// What those samples write that go through: the entries of each account, and its state after them.
pub fn histories() -> Vec<(Vec<Entry>, Member)> {
    let mut found = Vec::new();
    for (_, mut world, decided) in that_go_through(|_| {}) {
        world.commit(decided);
        for (name, entries) in &world.entries {
            found.push((entries.clone(), world.member(name)));
        }
    }
    found
}

/// The types that implement `Operation`, by the texts of the crate.
fn declared(folder: &Path, found: &mut BTreeSet<String>) {
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.is_dir() {
            declared(&file, found);
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let name = line.strip_prefix("impl Operation for ");
            found.extend(name.map(|name| name.trim_end_matches(" {").to_owned()));
        }
    }
}

/// It holds a whole entry, which only the books can make.
const WITHOUT_SAMPLE: [&str; 1] = ["RestoreCoupon"];

#[test]
fn every_operation_has_a_sample_and_a_name() {
    let mut types = BTreeSet::new();
    declared(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/operations"), &mut types);
    let of = |operation: &Rc<dyn Operation>| {
        let text = format!("{operation:?}");
        text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
    };
    let sampled: BTreeSet<String> = samples().iter().map(of).collect();
    types.retain(|name| !WITHOUT_SAMPLE.contains(&name.as_str()));
    let missing: Vec<&String> = types.difference(&sampled).collect();
    assert!(missing.is_empty(), "no sample in operations.rs: {missing:?}");
    let names: BTreeSet<&str> = samples().iter().map(|operation| operation.name()).collect();
    assert_eq!(names.len(), types.len(), "two operations of one name: {names:?}");
    let is_snake = |name: &&str| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
    assert!(names.iter().all(is_snake), "{names:?}");
}

/// What takes points from a frozen account all the same: staff decide on the whole account.
const TAKE_FROM_FROZEN: [&str; 1] = ["erase"];

#[test]
fn nothing_leaves_and_nothing_comes_to_a_frozen_account() {
    let sides = Frozen { earning: true, spending: true };
    let mut met = 0;
    for (operation, mut world, open) in that_go_through(|_| {}) {
        let own = |decided: &Decided| {
            let mut entries = decided.decision.postings.iter().map(|posting| &posting.entry);
            entries.any(|entry| {
                let is_own = entry.member.as_str() == "m";
                is_own && (entry.points != 0 || entry.reservation().is_some())
            })
        };
        if !own(&open) || TAKE_FROM_FROZEN.contains(&operation.name()) {
            continue;
        }
        met += 1;
        let name = id("m");
        let frozen = Member { frozen: sides, ..world.member(&name) };
        world.members.insert(name, frozen);
        let moves = world.decide(LATER, "m", &*operation, Member::clone).is_ok_and(|it| own(&it));
        // A merger brings what the other account has, whatever this one may do.
        let name = operation.name();
        assert!(
            !moves || name == "merge",
            "{name} moves points of a frozen account: see its guards"
        );
    }
    assert!(met >= 7, "only {met} operations move points");
}

#[test]
fn what_is_activity_extends_sliding_expiry() {
    for (operation, _, decided) in that_go_through(sliding) {
        let name = operation.name();
        let entries = || decided.decision.postings.iter().map(|posting| &posting.entry);
        let extends = entries()
            .any(|entry| !entry.lots.dates.is_empty() && entry.lots.activations.is_empty());
        let says = operation.guards().activity == Activity::Extends;
        assert_eq!(extends, says, "{name} extends: {extends}, and its guards say {says}");
    }
}

/// Where nothing is due, what an operation says it needs is enough, or it is refused for more.
#[test]
fn what_an_operation_needs_is_enough() {
    for (operation, mut world, decided) in that_go_through(|_| {}) {
        let name = operation.name();
        let few = |member: &Member| match operation.needs(&member.id).lots {
            Lots::All => member.clone(),
            Lots::None => Member { lots: Vec::new(), lots_complete: false, ..member.clone() },
            Lots::First(most) => {
                let lots = member.lots.iter().take(usize::from(most)).cloned().collect();
                Member { lots, ..member.clone() }
            }
        };
        let found = world.decide(LATER, "m", &*operation, few);
        let again = found.unwrap_or_else(|stop| panic!("{name} needs more lots: {stop:?}"));
        assert_eq!(
            again.decision.postings.len(),
            decided.decision.postings.len(),
            "{name} does something else on the lots that it asks for"
        );
    }
}

#[test]
fn what_an_operation_writes_passes_the_audit_and_is_told_again() {
    let book_of = |world: &World| world.book.clone();
    for (operation, mut world, decided) in that_go_through(|_| {}) {
        let name = operation.name();
        world.commit(decided);
        let book = book_of(&world);
        for (member, entries) in &world.entries {
            let after = world.member(member);
            assert_eq!(ledger::verify(entries, &after), [], "{name}: the audit of {member}");
            let replay = || {
                let programme = ProgrammeId::new("p").unwrap();
                Replay::new(&book, programme, member.clone(), BTreeMap::new())
            };
            let (mut recorded, mut again) = (replay(), replay());
            for entry in entries {
                recorded.as_recorded(entry, &entry.body().unwrap(), true).unwrap();
                again.again(entry).unwrap();
            }
            let end = Timestamp(at(LATER).0 + 1);
            let (recorded, again) = (recorded.end(end).unwrap(), again.end(end).unwrap());
            assert_eq!(again.0, recorded.0, "{name}: the history of {member} told again");
            assert_eq!(again.1.balance, recorded.1.balance, "{name}: {member} told again");
        }
    }
}

/// docs/reference/rulebook.md: what a member, or a till for the member, wishes to spend, and a join
/// of a pool. Those that go through here; pools that spend, and exchanges, have tests of their own.
const ASKED: [&str; 8] = [
    "donate",
    "hold",
    "pay_lines",
    "pay_with_points",
    "pool",
    "redeem",
    "redeem_reward",
    "transfer",
];

/// Every operation on its own: a new one that lets points leave is asked about by itself.
#[test]
fn what_spends_asks_for_a_proof_and_nothing_else_does() {
    let strictest = |document: &mut Document| {
        document.risk.step_up =
            Some(StepUp { above_points: Some(0), new_device: true, ..StepUp::default() });
    };
    let good = SignedProof { points: 1_000_000, until: Timestamp(at(LATER).0 + 1), is_used: false };
    let mut asked = BTreeSet::new();
    for (operation, ..) in that_go_through(|_| {}) {
        let name = operation.name();
        let mut world = World::new(strictest);
        match world.decide(LATER, "m", &*operation, Member::clone) {
            Ok(_) => continue,
            Err(Stop::Refused(refusal @ Refusal::VerificationNeeded { .. })) => {
                assert!(!refusal.is_kept() && refusal.retry_may_help() && refusal.status() == 403);
                asked.insert(name);
            }
            Err(stop) => panic!("{name}: {stop:?}"),
        }
        let is_new_device = true;
        world.shown = Shown { is_new_device, proof: MemberProof::Signed(good) };
        assert!(
            world.decide(LATER, "m", &*operation, Member::clone).is_ok(),
            "{name} with a proof"
        );
    }
    assert_eq!(asked, BTreeSet::from(ASKED));
}
