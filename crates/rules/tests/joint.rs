//! What concerns several members: gifts, pools, merging, and gifts of a thief, as tables and as
//! random histories.
//!
//! The histories are of four members and a pool. After every step each member's books are audited,
//! and what members give each other must be what they get, lot by lot with its own end.
//! `ACCRUE_HISTORIES` runs another number of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Context, Entry, EntryId, Frozen, Kind, LotGrant, LotState, Member, MemberId, Origin,
    ProgrammeId, Refusal, Timestamp, home, verify,
};
use rules::operations::{
    Enrol, Erase, Freeze, Hold, Invite, Merge, Pool, Recover, RedeemCoupon, RedeemPooled,
    Redemption, Remind, RequestAdjustment, Restore, ReturnScope, Reverse, Settle, Stolen,
    ToReverse, Transfer,
};
use rules::{Case, Decided, Document, Expiry, Limit, Per, PriorRecords, Replay, Rulebook, decide};
use support::{AnyOperation, Random, act, ask, at, buy, histories, purchase, spend};

/// Many homes, so that members have different ones.
const SPREAD: u32 = 4_096;

/// Several members, each with its books.
struct Group {
    book: Rulebook,
    members: BTreeMap<String, Member>,
    entries: BTreeMap<String, Vec<Entry>>,
    next_id: u128,
    proof: rules::MemberProof,
}

fn id(name: &str) -> MemberId {
    MemberId::stored(name).unwrap()
}

impl Group {
    fn new(change: impl FnOnce(&mut Document)) -> Self {
        let mut document = rules::default_document();
        change(&mut document);
        let book = Rulebook::new(&document, 1).unwrap();
        let proof = rules::MemberProof::Missing;
        Self { book, members: BTreeMap::new(), entries: BTreeMap::new(), next_id: 1 << 70, proof }
    }

    fn member(&self, name: &str) -> Member {
        self.members.get(name).cloned().unwrap_or_else(|| Member::new(id(name)))
    }

    fn others(&self, name: &str, command: &AnyOperation) -> Vec<Member> {
        let names = command.needs(&id(name)).others;
        names.iter().map(|name| self.member(name.as_str())).collect()
    }

    fn decide(
        &mut self,
        now: Timestamp,
        name: &str,
        command: &AnyOperation,
    ) -> Result<Decided, Refusal> {
        self.next_id += 1 << 30;
        let context = Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: SPREAD,
            rulebook_version: 1,
            now,
            first_id: EntryId(self.next_id),
            seed: ledger::Seed::default(),
        };
        let all = self.entries.values().flatten();
        let reversals =
            all.filter_map(|entry| Some((entry.corrects()?, entry.reversal().cloned()?))).collect();
        let recorded = PriorRecords {
            reversals,
            others: self.others(name, command),
            proof: self.proof,
            ..PriorRecords::default()
        };
        let origin = Origin { actor: "till".into(), ..Origin::default() };
        let case = Case { book: &self.book, origin: &origin, recorded: &recorded, context };
        decide(&**command, &case, self.member(name)).map_err(|stop| stop.refusal().unwrap())
    }

    /// Writes all of a decision when every member is the one it was made on, or nothing.
    fn commit(&mut self, decided: &Decided) -> bool {
        let mut after = self.members.clone();
        for posting in &decided.decision.postings {
            let entry = &posting.entry;
            let name = entry.member.to_string();
            let member = after.entry(name.clone()).or_insert_with(|| Member::new(id(&name)));
            if member.head != entry.previous_hash {
                return false;
            }
            member.apply(entry).unwrap();
            assert_eq!(Member { lots: vec![], ..member.clone() }, posting.after);
        }
        for member in decided.others.iter().chain([&decided.member]) {
            if decided.decision.members().contains(&&member.id) {
                assert_eq!(
                    after[member.id.as_str()],
                    *member,
                    "the decision tells another state than its entries"
                );
            }
        }
        self.members = after;
        self.assert_ids(decided);
        for posting in &decided.decision.postings {
            self.entries
                .entry(posting.entry.member.to_string())
                .or_default()
                .push(posting.entry.clone());
        }
        true
    }

    /// Each entry of the decision has an id of its own, later than those of its member before, and
    /// tells the home of its member.
    fn assert_ids(&self, decided: &Decided) {
        let mut last: BTreeMap<&str, EntryId> = BTreeMap::new();
        let known = self.entries.values().flatten().map(|entry| entry.id);
        let mut known: BTreeSet<EntryId> = known.collect();
        for entry in decided.decision.postings.iter().map(|posting| &posting.entry) {
            assert_eq!(entry.id.home(), home(&entry.member, SPREAD), "{}", entry.member);
            assert!(known.insert(entry.id), "{} has the id of another entry", entry.member);
            let before = last.insert(entry.member.as_str(), entry.id);
            assert!(before.is_none_or(|before| before < entry.id), "{}", entry.member);
        }
    }

    fn run(&mut self, now: Timestamp, name: &str, command: &AnyOperation) -> String {
        match self.decide(now, name, command) {
            Ok(decided) => {
                let told = |p: &ledger::Posting| {
                    format!("{} {} {}", p.entry.member, p.entry.kind().as_str(), p.entry.points)
                };
                let lines: Vec<String> = decided.decision.postings.iter().map(told).collect();
                self.balanced(&decided);
                assert!(self.commit(&decided));
                lines.join(", ")
            }
            Err(refusal) => format!("refused {}", refusal.slug()),
        }
    }

    fn play(&mut self, table: &[(&str, &str, AnyOperation, &str)]) {
        for (row, (now, name, command, outcome)) in table.iter().enumerate() {
            assert_eq!(
                self.run(at(now), name, command),
                *outcome,
                "row {row}: {now} {name} {command:?}"
            );
            self.audit();
        }
    }

    /// What some gave by this decision is what others got, with the same ends.
    fn balanced(&self, decided: &Decided) {
        let mut by_end: BTreeMap<Option<Timestamp>, i64> = BTreeMap::new();
        for entry in decided.decision.postings.iter().map(|posting| &posting.entry) {
            let Entry { member, lots, .. } = entry;
            if !matches!(entry.kind(), Kind::Transfer | Kind::Merge) {
                continue;
            }
            for lot in &lots.grants {
                *by_end.entry(lot.expires_at).or_default() += lot.points;
            }
            let own = decided.decision.postings.iter().map(|posting| &posting.entry);
            let own =
                own.filter(|entry| entry.member == *member).flat_map(|entry| &entry.lots.grants);
            let known: Vec<&LotGrant> = self
                .entries
                .get(member.as_str())
                .into_iter()
                .flatten()
                .flat_map(|entry| &entry.lots.grants)
                .chain(own)
                .collect();
            for draw in &lots.draws {
                let lot = known.iter().find(|lot| lot.number == draw.number).unwrap();
                *by_end.entry(lot.expires_at).or_default() -= draw.points;
            }
        }
        assert!(by_end.values().all(|sum| *sum == 0), "gave {by_end:?} more than was got");
    }

    fn audit(&self) {
        for (name, member) in &self.members {
            assert_eq!(verify(&self.entries[name], member), [], "the books of {name} do not hold");
        }
        let given = |kind: Kind| -> i64 {
            self.entries
                .values()
                .flatten()
                .filter(|entry| entry.kind() == kind)
                .map(|entry| entry.points)
                .sum()
        };
        assert_eq!(
            (given(Kind::Transfer), given(Kind::Merge)),
            (0, 0),
            "nothing is made or lost between members"
        );
    }

    /// Every history told again under the rulebook that it was lived under comes to the same.
    fn again(&self, now: &str) {
        for (name, entries) in &self.entries {
            let rerun = || {
                Replay::new(&self.book, ProgrammeId::new("p").unwrap(), id(name), BTreeMap::new())
            };
            let (mut recorded, mut again) = (rerun(), rerun());
            for entry in entries {
                recorded.as_recorded(entry, &entry.body().unwrap(), true).unwrap();
                again.again(entry).unwrap();
            }
            let told = |(_, member): (_, Member)| {
                let lot = |lot: &ledger::Lot| {
                    (lot.expires_at, lot.available_at, lot.source.clone(), lot.remaining)
                };
                let mut lots: Vec<_> = member.lots.iter().map(lot).collect();
                lots.sort();
                let tier = member.tier.map(|tier| (tier.id, tier.until));
                (member.balance, member.debt, member.closed, tier, member.qualification, lots)
            };
            assert_eq!(
                told(again.end(at(now)).unwrap()),
                told(recorded.end(at(now)).unwrap()),
                "{name}"
            );
        }
    }

    fn spendable(&self, name: &str, now: Timestamp) -> i64 {
        let mut member = self.member(name);
        // What is over by the clock keeps nothing, written down or not.
        member.holds.retain(|hold| now < hold.until);
        let active = member.lots.iter().filter(|lot| lot.state(now) == LotState::Active);
        let free: i64 = active.map(|lot| member.free(lot)).sum();
        (free - member.debt).max(0)
    }

    /// The gift of that number, counted from 0, as something stolen.
    fn stolen(&self, name: &str, kind: Kind, number: usize) -> Stolen {
        let own = &self.entries[name];
        let entry = own
            .iter()
            .filter(|entry| entry.kind() == kind && !entry.lots.draws.is_empty())
            .nth(number)
            .unwrap()
            .clone();
        let lots = own.iter().flat_map(|entry| entry.lots.grants.clone()).collect();
        let all = self.entries.values().flatten();
        let received = all
            .into_iter()
            .find(|other| other.cause == Some(entry.id) && other.kind() == Kind::Transfer)
            .cloned();
        Stolen { redemption: Redemption::new(entry, lots), received }
    }
}

const DAY: &str = "2026-03-02T10:00:00+08:00";

fn gift(to: &str, points: i64) -> AnyOperation {
    ask(Transfer { to: id(to), points })
}

fn join(pool: &str) -> AnyOperation {
    ask(Pool { pool: id(pool), joins: true })
}

fn leave(pool: &str) -> AnyOperation {
    ask(Pool { pool: id(pool), joins: false })
}

fn invite(head: &str, guest: &str) -> AnyOperation {
    ask(Invite { head: id(head), guest: id(guest) })
}

fn together(members: &[&str], points: i64) -> AnyOperation {
    ask(RedeemPooled {
        members: members.iter().map(|name| id(name)).collect(),
        points,
        of: id(members[0]),
    })
}

#[test]
fn a_gift_keeps_its_end() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "a", gift("b", 1), "refused member-not-found"),
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "a", act("check_in"), "a earn 5"),
        (DAY, "a", gift("b", 10), "refused counterparty-not-found"),
        (DAY, "a", gift("a", 10), "refused same-member"),
        (DAY, "b", act("check_in"), "b earn 5"),
        (DAY, "a", gift("b", 106), "refused insufficient-points"),
        (DAY, "a", gift("b", 0), "refused outside-limits"),
        (DAY, "a", gift("b", 20), "a transfer -20, b transfer 20"),
        (DAY, "b", spend(25), "b redeem -25"),
        (DAY, "a", ask(Freeze(Frozen { earning: true, spending: false })), "a freeze 0"),
        (DAY, "a", gift("b", 5), "a transfer -5, b transfer 5"),
        (DAY, "b", gift("a", 5), "refused member-frozen"),
        (DAY, "a", ask(Freeze(Frozen { earning: false, spending: true })), "a freeze 0"),
        (DAY, "a", gift("b", 5), "refused member-frozen"),
    ]);
    // What expires first goes first: the 5 of the check-in, then 15 of the purchase, each with its
    // own end.
    let got = &group.entries["b"][1].lots.grants;
    let ends: Vec<_> =
        got.iter().map(|lot| (lot.points, lot.expires_at.unwrap().to_string())).collect();
    assert_eq!(
        ends,
        [(5, "2026-05-31T16:00:00Z".to_owned()), (15, "2027-03-31T16:00:00Z".to_owned())]
    );
}

#[test]
fn gifts_are_bounded_by_the_rulebook() {
    let mut group = Group::new(|document| {
        let rule = document.transfers.as_mut().unwrap();
        (rule.min_points, rule.max_points, rule.points_per_day) = (5, Some(50), Some(60));
        rule.limit = Some(Limit { times: 3, per: Per::Day });
    });
    group.play(&[
        (DAY, "a", buy(&[100_000]), "a earn 1000"),
        (DAY, "b", buy(&[100]), "b earn 1"),
        (DAY, "a", gift("b", 4), "refused outside-limits"),
        (DAY, "a", gift("b", 51), "refused outside-limits"),
        (DAY, "a", gift("b", 50), "a transfer -50, b transfer 50"),
        (DAY, "a", gift("b", 11), "refused outside-limits"),
        (DAY, "a", gift("b", 5), "a transfer -5, b transfer 5"),
        (DAY, "a", gift("b", 5), "a transfer -5, b transfer 5"),
        ("2026-03-03T00:00:00+08:00", "a", gift("b", 20), "a transfer -20, b transfer 20"),
        ("2026-03-03T00:00:00+08:00", "a", gift("b", 20), "a transfer -20, b transfer 20"),
        ("2026-03-03T00:00:00+08:00", "a", gift("b", 10), "a transfer -10, b transfer 10"),
        ("2026-03-03T00:00:00+08:00", "a", gift("b", 10), "refused limit-reached"),
        ("2026-03-03T00:00:00+08:00", "a", gift("b", 11), "refused outside-limits"),
        ("2026-03-04T00:00:00+08:00", "a", gift("b", 10), "a transfer -10, b transfer 10"),
    ]);
    let mut none = Group::new(|document| document.transfers = None);
    none.play(&[
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "b", buy(&[100]), "b earn 1"),
        (DAY, "a", gift("b", 5), "refused not-offered"),
    ]);
}

/// A bug of other systems: twenty parallel gifts of 100 points from a member who has 100 credited
/// 2,000.
#[test]
fn two_gifts_at_once_are_one_after_the_other() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "b", buy(&[100]), "b earn 1"),
        (DAY, "c", buy(&[100]), "c earn 1"),
    ]);
    let both = [
        group.decide(at(DAY), "a", &gift("b", 100)).unwrap(),
        group.decide(at(DAY), "a", &gift("c", 100)).unwrap(),
    ];
    assert_eq!(both.map(|decided| group.commit(&decided)), [true, false]);
    // Nor is a gift written when only the receiver has moved on.
    let late = group.decide(at(DAY), "b", &gift("c", 50)).unwrap();
    group.play(&[(DAY, "c", buy(&[100]), "c earn 1")]);
    assert!(!group.commit(&late));
    group.audit();
    assert_eq!(["a", "b", "c"].map(|name| group.member(name).balance), [0, 101, 2]);
}

#[test]
fn a_gift_pays_a_debt_first() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "b", buy(&[5_000]), "b earn 50"),
        (DAY, "b", spend(50), "b redeem -50"),
    ]);
    let earn = group.entries["b"][0].clone();
    let back = ask(Reverse(Some(Box::new(ToReverse { earn: Some(earn), ..ToReverse::default() }))));
    group.play(&[
        (DAY, "b", back, "b reverse -50"),
        (DAY, "a", gift("b", 60), "a transfer -60, b transfer 60, b repay 0"),
        (DAY, "b", spend(11), "refused insufficient-points"),
        (DAY, "b", spend(10), "b redeem -10"),
    ]);
}

#[test]
fn a_pool_spends_what_expires_first_of_all_members() {
    let mut group = Group::new(|document| {
        document.expiry.insert("campaign".into(), Expiry::Days { days: 10, round_up_to: None });
    });
    group.play(&[
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "b", act("review"), "b earn 20"),
        (DAY, "c", act("sign_up"), "c earn 100"),
        (DAY, "a", join("pool/home"), "a pool 0, pool/home pool 0"),
        (DAY, "a", join("pool/home"), "refused nothing-to-change"),
        (DAY, "a", join("pool/other"), "refused items-open"),
        (DAY, "pool/home", join("pool/other"), "refused member-not-found"),
        (DAY, "b", leave("pool/home"), "refused nothing-to-change"),
        (DAY, "b", leave("pool/nowhere"), "refused counterparty-not-found"),
        (DAY, "b", join("pool/home"), "refused not-invited"),
        (DAY, "pool/home", invite("b", "b"), "refused not-head"),
        (DAY, "pool/home", invite("a", "b"), "pool/home pool 0"),
        (DAY, "b", join("pool/home"), "b pool 0, pool/home pool 0"),
        (DAY, "pool/home", invite("a", "b"), "refused nothing-to-change"),
        (DAY, "c", ask(Merge { from: id("a") }), "refused items-open"),
        (DAY, "pool/home", together(&["a", "b"], 121), "refused insufficient-points"),
        (
            DAY,
            "pool/home",
            together(&["a", "b"], 30),
            "a transfer -10, b transfer -20, pool/home transfer 10, pool/home transfer 20, pool/home redeem -30",
        ),
        (DAY, "pool/home", together(&["b", "a"], 90), "a transfer -90, pool/home transfer 90, pool/home redeem -90"),
        (DAY, "pool/home", together(&["a", "b"], 1), "refused insufficient-points"),
        (DAY, "pool/home", invite("a", "c"), "pool/home pool 0"),
        (DAY, "c", join("pool/home"), "c pool 0, pool/home pool 0"),
        (DAY, "c", ask(Freeze(Frozen { earning: false, spending: true })), "c freeze 0"),
        (DAY, "pool/home", together(&["a", "b", "c"], 1), "refused insufficient-points"),
        (DAY, "pool/home", together(&["c", "a", "b"], 1), "refused member-frozen"),
        (DAY, "c", ask(Restore(Frozen { earning: false, spending: true })), "c restore 0"),
        (
            DAY,
            "pool/home",
            together(&["a", "b", "c"], 40),
            "c transfer -40, pool/home transfer 40, pool/home redeem -40",
        ),
    ]);
    // What comes back is the pool's own, and is spent from there.
    let paid = group.entries["pool/home"].last().unwrap().clone();
    let lots =
        group.entries["pool/home"].iter().flat_map(|entry| entry.lots.grants.clone()).collect();
    let redemption = Some(Redemption::new(paid, lots));
    let back = ask(Reverse(Some(Box::new(ToReverse {
        redemption,
        part: ReturnScope::Points(15),
        ..ToReverse::default()
    }))));
    group.play(&[
        (DAY, "pool/home", back, "pool/home reverse 15"),
        (
            DAY,
            "pool/home",
            together(&["a", "b", "c"], 75),
            "c transfer -60, pool/home transfer 60, pool/home redeem -75",
        ),
        (DAY, "c", leave("pool/home"), "c pool 0, pool/home pool 0"),
        (DAY, "c", leave("pool/home"), "refused nothing-to-change"),
        (DAY, "pool/nobody", together(&["a"], 1), "refused counterparty-not-found"),
        (DAY, "c", together(&["a"], 1), "refused counterparty-not-found"),
        (
            DAY,
            "pool/home",
            ask(RedeemPooled { members: vec![id("a"), id("b")], points: 1, of: id("c") }),
            "refused counterparty-not-found",
        ),
    ]);
    for n in 0..18 {
        let name = format!("m{n}");
        assert_eq!(group.run(at(DAY), &name, &act("check_in")), format!("{name} earn 5"));
        assert_eq!(group.run(at(DAY), "pool/home", &invite("a", &name)), "pool/home pool 0");
        assert_eq!(
            group.run(at(DAY), &name, &join("pool/home")),
            format!("{name} pool 0, pool/home pool 0")
        );
    }
    assert_eq!(group.run(at(DAY), "pool/home", &invite("a", "c")), "pool/home pool 0");
    assert_eq!(group.run(at(DAY), "c", &join("pool/home")), "refused too-many-open");
}

/// Nobody becomes a pool, and nobody joins one without its head, once and for a week.
#[test]
fn a_pool_is_nobody_and_its_head_says_who_joins() {
    const WEEK: &str = "2026-03-09T10:00:00+08:00";
    let mut group = Group::new(|document| {
        document.transfers = Some(rules::Transfers {
            min_points: 1,
            max_points: None,
            points_per_day: None,
            limit: None,
        });
    });
    group.play(&[
        (DAY, "victim", buy(&[80_000]), "victim earn 800"),
        (DAY, "mallory", act("check_in"), "mallory earn 5"),
        (DAY, "a", act("check_in"), "a earn 5"),
        (DAY, "b", act("check_in"), "b earn 5"),
        (DAY, "c", act("check_in"), "c earn 5"),
        (DAY, "mallory", join("victim"), "refused counterparty-not-found"),
        (DAY, "victim", together(&["mallory"], 800), "refused counterparty-not-found"),
        (DAY, "victim", invite("mallory", "mallory"), "refused counterparty-not-found"),
        (DAY, "pool/home", invite("a", "b"), "refused counterparty-not-found"),
        (DAY, "a", join("pool/home"), "a pool 0, pool/home pool 0"),
        (DAY, "mallory", join("pool/home"), "refused not-invited"),
        (DAY, "mallory", gift("pool/home", 1), "refused counterparty-not-found"),
        (DAY, "pool/home", gift("mallory", 1), "refused member-not-found"),
        (DAY, "pool/home", act("check_in"), "refused member-not-found"),
        (DAY, "pool/home", spend(1), "refused member-not-found"),
        (DAY, "pool/home", ask(Enrol), "refused member-not-found"),
        (DAY, "pool/home", ask(Erase), "refused member-not-found"),
        (DAY, "mallory", ask(Merge { from: id("pool/home") }), "refused counterparty-not-found"),
        (DAY, "pool/home", ask(Merge { from: id("a") }), "refused member-not-found"),
        (DAY, "pool/home", invite("mallory", "mallory"), "refused not-head"),
        (DAY, "pool/home", invite("a", "b"), "pool/home pool 0"),
        (DAY, "pool/home", invite("a", "c"), "pool/home pool 0"),
        (DAY, "mallory", join("pool/home"), "refused not-invited"),
        (WEEK, "b", join("pool/home"), "refused not-invited"),
        (WEEK, "pool/home", invite("a", "b"), "pool/home pool 0"),
        (WEEK, "b", join("pool/home"), "b pool 0, pool/home pool 0"),
        // An invitation is good for one joining; a member who leaves is asked anew.
        (WEEK, "b", leave("pool/home"), "b pool 0, pool/home pool 0"),
        (WEEK, "b", join("pool/home"), "refused not-invited"),
        (WEEK, "pool/home", invite("a", "b"), "pool/home pool 0"),
        (WEEK, "b", join("pool/home"), "b pool 0, pool/home pool 0"),
        // The next one is head when the first leaves, and begins without guests.
        (WEEK, "pool/home", invite("a", "c"), "pool/home pool 0"),
        (WEEK, "a", leave("pool/home"), "a pool 0, pool/home pool 0"),
        (WEEK, "c", join("pool/home"), "refused not-invited"),
        (WEEK, "pool/home", invite("a", "c"), "refused not-head"),
        (WEEK, "pool/home", invite("b", "c"), "pool/home pool 0"),
        (WEEK, "c", join("pool/home"), "c pool 0, pool/home pool 0"),
    ]);
    for n in 0..20 {
        assert_eq!(
            group.run(at(WEEK), "pool/home", &invite("b", &format!("g{n}"))),
            "pool/home pool 0"
        );
    }
    assert_eq!(group.run(at(WEEK), "pool/home", &invite("b", "g20")), "refused too-many-open");
    assert_eq!(group.run(at(WEEK), "pool/home", &invite("b", "g3")), "pool/home pool 0");
}

/// What a pool has of its own goes to the last member who leaves, and is not there for a member who
/// founds one of that name.
#[test]
fn the_last_one_takes_along_what_the_pool_has() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "mallory", act("check_in"), "mallory earn 5"),
        (DAY, "a", join("pool/home"), "a pool 0, pool/home pool 0"),
        (
            DAY,
            "pool/home",
            together(&["a"], 40),
            "a transfer -40, pool/home transfer 40, pool/home redeem -40",
        ),
    ]);
    let paid = group.entries["pool/home"].last().unwrap().clone();
    let lots: Vec<LotGrant> =
        group.entries["pool/home"].iter().flat_map(|entry| entry.lots.grants.clone()).collect();
    let back = |points| {
        let redemption = Some(Redemption::new(paid.clone(), lots.clone()));
        ask(Reverse(Some(Box::new(ToReverse {
            redemption,
            part: ReturnScope::Points(points),
            ..ToReverse::default()
        }))))
    };
    group.play(&[
        (DAY, "pool/home", back(30), "pool/home reverse 30"),
        (
            DAY,
            "a",
            leave("pool/home"),
            "pool/home pool 0, pool/home transfer -30, a pool 0, a transfer 30",
        ),
        (DAY, "a", spend(90), "a redeem -90"),
        // The rest of the order comes back when nobody is left.
        (DAY, "pool/home", back(10), "pool/home reverse 10"),
        (DAY, "mallory", join("pool/home"), "refused items-open"),
    ]);
}

#[test]
fn two_accounts_of_one_person_become_one() {
    let mut group = Group::new(|document| {
        document.actions.get_mut("review").unwrap().pending =
            Some(rules::Pending { days: Some(3) });
    });
    group.play(&[
        (DAY, "old", buy(&[210_000]), "old earn 2100, old tier_change 500"),
        (DAY, "old", act("review"), "old earn 20"),
        (DAY, "old", act("sign_up"), "old earn 100"),
        (DAY, "new", buy(&[10_000]), "new earn 100"),
        (DAY, "new", ask(Merge { from: id("nobody") }), "refused counterparty-not-found"),
        (DAY, "new", ask(Merge { from: id("new") }), "refused same-member"),
        (DAY, "old", ask(Hold { points: 5, minutes: 30 }), "old hold 0"),
        (DAY, "new", ask(Merge { from: id("old") }), "refused items-open"),
        (
            "2026-03-02T10:30:00+08:00",
            "new",
            ask(Merge { from: id("old") }),
            "old release 0, old merge -2720, new merge 2720, new tier_change 0",
        ),
        (DAY, "old", spend(1), "refused member-merged"),
        (DAY, "old", act("check_in"), "refused member-merged"),
        (DAY, "old", ask(Enrol), "refused member-merged"),
        (DAY, "old", ask(Settle), ""),
        (DAY, "new", ask(Merge { from: id("old") }), "refused counterparty-not-found"),
        // Once in a lifetime is once for the person.
        (DAY, "new", act("sign_up"), "refused limit-reached"),
        (DAY, "new", spend(2_801), "refused insufficient-points"),
        ("2026-03-06T00:00:00+08:00", "new", spend(2_801), "new activate 0, new redeem -2801"),
    ]);
    let new = group.member("new");
    assert_eq!(new.qualification.lifetime.spend_minor, 220_000);
    // The gift of silver was given once, to the old account, and gold comes with what both have
    // spent.
    assert_eq!(new.tier.as_ref().unwrap().id, "silver");
    group.play(&[(
        "2026-03-06T00:00:00+08:00",
        "new",
        buy(&[780_000]),
        "new earn 8580, new tier_change 2000",
    )]);
    group.again("2026-03-06T00:00:00+08:00");
}

/// The member who spends has to show it, and not the pool, which is nobody.
#[test]
fn many_points_of_a_pool_or_to_another_member_ask_who_it_is() {
    let mut group = Group::new(|document| {
        let step_up = rules::StepUp { above_points: Some(50), ..rules::StepUp::default() };
        document.risk.step_up = Some(step_up);
    });
    let give = |points| ask(Transfer { to: id("b"), points });
    group.play(&[
        (DAY, "a", buy(&[20_000]), "a earn 200"),
        (DAY, "b", buy(&[20_000]), "b earn 200"),
        (DAY, "a", give(51), "refused verification-needed"),
        (DAY, "a", give(50), "a transfer -50, b transfer 50"),
        (DAY, "a", join("pool/home"), "refused verification-needed"),
    ]);
    // Others spend the points of a member that joins, so as many are confirmed.
    let until = ledger::Timestamp(at(DAY).0 + 1);
    let signed =
        |points| rules::MemberProof::Signed(rules::SignedProof { points, until, is_used: false });
    group.proof = signed(149);
    group.play(&[(DAY, "a", join("pool/home"), "refused verification-needed")]);
    group.proof = signed(150);
    group.play(&[(DAY, "a", join("pool/home"), "a pool 0, pool/home pool 0")]);
    group.proof = rules::MemberProof::Missing;
    group.play(&[
        (DAY, "pool/home", together(&["a"], 51), "refused verification-needed"),
        (
            DAY,
            "pool/home",
            together(&["a"], 50),
            "a transfer -50, pool/home transfer 50, pool/home redeem -50",
        ),
        (DAY, "a", leave("pool/home"), "a pool 0, pool/home pool 0"),
    ]);
    assert_eq!(*together(&["a", "b"], 1).asked_by(&id("pool/home")), id("a"));
    assert_eq!(*give(1).asked_by(&id("a")), id("a"));
}

#[test]
fn a_pool_gets_back_what_it_paid_for_an_order() {
    let mut group = Group::new(|_| {});
    let of_she =
        ask(RedeemPooled { members: vec![id("he"), id("she")], points: 300, of: id("she") });
    group.play(&[
        (DAY, "he", buy(&[20_000]), "he earn 200"),
        (DAY, "she", buy(&[20_000]), "she earn 200"),
        (DAY, "he", join("pool/home"), "he pool 0, pool/home pool 0"),
        (DAY, "pool/home", invite("he", "she"), "pool/home pool 0"),
        (DAY, "she", join("pool/home"), "she pool 0, pool/home pool 0"),
        (
            DAY,
            "pool/home",
            of_she,
            "he transfer -200, she transfer -100, pool/home transfer 200, pool/home transfer 100, pool/home redeem -300",
        ),
        (DAY, "she", buy(&[10_000, 5_000]), "she earn 150"),
    ]);
    let paid = group.entries["pool/home"].last().unwrap().clone();
    assert_eq!(paid.counterparty(), Some(&id("she")), "it tells for whom");
    let earn = group.entries["she"].last().unwrap().clone();
    let lots: Vec<LotGrant> =
        group.entries["pool/home"].iter().flat_map(|entry| entry.lots.grants.clone()).collect();
    let back = |part| {
        let redemption = Some(Redemption::new(paid.clone(), lots.clone()));
        ask(Reverse(Some(Box::new(ToReverse {
            earn: Some(earn.clone()),
            redemption,
            part,
            ..ToReverse::default()
        }))))
    };
    group.play(&[
        (
            DAY,
            "she",
            back(ReturnScope::Lines(vec![("1".into(), 1)])),
            "she reverse -50, pool/home reverse 100",
        ),
        (DAY, "she", back(ReturnScope::Rest), "she reverse -100, pool/home reverse 200"),
        (DAY, "she", back(ReturnScope::Rest), "refused nothing-to-reverse"),
    ]);
    assert_eq!((group.member("pool/home").balance, group.member("she").balance), (300, 100));
}

#[test]
fn an_order_of_a_merged_account_comes_back() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "old", buy(&[10_000]), "old earn 100"),
        (DAY, "old", spend(40), "old redeem -40"),
        (DAY, "old", buy(&[5_000]), "old earn 50"),
        (DAY, "new", buy(&[2_000]), "new earn 20"),
        (DAY, "new", ask(Merge { from: id("old") }), "old merge -110, new merge 110"),
    ]);
    let handed: Vec<_> =
        group.entries["old"].last().unwrap().lots.draws.iter().map(|draw| draw.number).collect();
    let taken = group.entries["new"].last().unwrap().lots.grants.clone();
    // As the component finds it: the earn with the lots that the member has of it, the redemption
    // as it was.
    let earn = |at: usize| {
        let mut earn = group.entries["old"][at].clone();
        let there = |lot: &LotGrant| {
            handed.iter().position(|number| *number == lot.number).map(|at| taken[at].clone())
        };
        earn.lots.grants = earn.lots.grants.iter().filter_map(there).collect();
        earn
    };
    let (first, second) = (earn(0), earn(2));
    let spent = group.entries["old"][1].clone();
    let lots: Vec<LotGrant> =
        group.entries["old"].iter().flat_map(|entry| entry.lots.grants.clone()).collect();
    let merged = || Some(rules::operations::Merged { from: id("old"), expired: 0 });
    let both = ToReverse {
        earn: Some(second),
        redemption: Some(Redemption::new(spent, lots)),
        merged: merged(),
        ..ToReverse::default()
    };
    let alone = ToReverse { earn: Some(first), merged: merged(), ..ToReverse::default() };
    group.play(&[
        (DAY, "new", ask(Reverse(Some(Box::new(both.clone())))), "new reverse 40, new reverse -50"),
        (DAY, "new", ask(Reverse(Some(Box::new(both)))), "refused nothing-to-reverse"),
        (DAY, "new", ask(Reverse(Some(Box::new(alone)))), "new reverse -100"),
    ]);
    let new = group.member("new");
    assert_eq!((new.balance, new.debt, new.qualification.lifetime.spend_minor), (20, 0, 2_000));
    assert_eq!(group.entries["new"].last().unwrap().counterparty(), Some(&id("old")));
}

#[test]
fn a_debt_goes_with_the_person() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "old", buy(&[5_000]), "old earn 50"),
        (DAY, "old", spend(50), "old redeem -50"),
        (DAY, "new", buy(&[2_000]), "new earn 20"),
    ]);
    let earn = group.entries["old"][0].clone();
    let back = ask(Reverse(Some(Box::new(ToReverse { earn: Some(earn), ..ToReverse::default() }))));
    group.play(&[
        (DAY, "old", back, "old reverse -50"),
        (DAY, "new", ask(Merge { from: id("old") }), "old merge 50, new merge -50, new repay 0"),
        (DAY, "new", buy(&[4_000]), "new earn 40, new repay 0"),
        (DAY, "new", spend(10), "new redeem -10"),
    ]);
    group.again(DAY);
}

#[test]
fn the_forgotten_leave_books_that_add_up() {
    let mut group = Group::new(|_| {});
    let wants = |points: i64| {
        let by = ledger::Person { actor: "key:anna".into(), label: "anna".into() };
        let reason_code = "goodwill".to_owned();
        ask(RequestAdjustment(rules::operations::NewAdjustment {
            points,
            reason_code,
            evidence: None,
            expiry: None,
            by,
            undoes: None,
        }))
    };
    group.play(&[
        (DAY, "a", ask(Erase), "refused member-not-found"),
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "a", ask(Hold { points: 30, minutes: 60 }), "a hold 0"),
        (DAY, "a", wants(5), "a request 0"),
        (DAY, "a", join("pool/home"), "a pool 0, pool/home pool 0"),
        (DAY, "a", ask(Erase), "refused items-open"),
        (DAY, "a", leave("pool/home"), "a pool 0, pool/home pool 0"),
        (DAY, "a", ask(Erase), "a release 0, a lapse 0, a erase -100"),
        (DAY, "a", ask(Erase), "refused member-erased"),
        (DAY, "a", buy(&[10_000]), "refused member-erased"),
        (DAY, "a", ask(Enrol), "refused member-erased"),
        ("2030-03-02T10:00:00+08:00", "a", ask(Settle), ""),
        ("2030-03-02T10:00:00+08:00", "a", ask(Remind), ""),
    ]);
}

/// The victim has everything back, the thief owes what it has spent, and a member that the thief
/// gave points to keeps them.
#[test]
fn a_stolen_gift_comes_back_and_the_thief_owes_it() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "victim", buy(&[10_000]), "victim earn 100"),
        (DAY, "thief", buy(&[1_000]), "thief earn 10"),
        (DAY, "victim", gift("thief", 60), "victim transfer -60, thief transfer 60"),
        (DAY, "victim", spend(20), "victim redeem -20"),
        (DAY, "thief", spend(50), "thief redeem -50"),
    ]);
    let stolen =
        vec![group.stolen("victim", Kind::Transfer, 0), group.stolen("victim", Kind::Redeem, 0)];
    group.play(&[
        (
            DAY,
            "victim",
            ask(Recover(stolen.clone())),
            "victim reverse 60, victim reverse 20, thief reverse -60",
        ),
        (DAY, "victim", ask(Recover(stolen)), "refused nothing-to-reverse"),
        (DAY, "victim", spend(100), "victim redeem -100"),
    ]);
    let thief = group.member("thief");
    assert_eq!((thief.balance, thief.debt), (-40, 40));
    let (own, others) = (&group.entries["victim"], &group.entries["thief"]);
    let first = own.iter().find(|entry| entry.kind() == Kind::Reverse).unwrap();
    assert_eq!(others.last().unwrap().cause, Some(first.id), "one correction");
}

/// A part of the gift has ended before anybody looks, with the member who has it: that is nobody's
/// any more, and the rest is taken in full.
#[test]
fn a_stolen_gift_that_ended_is_set_off_once() {
    let mut group = Group::new(|document| {
        document.expiry.insert("campaign".into(), Expiry::Days { days: 1, round_up_to: None });
    });
    group.play(&[
        (DAY, "victim", act("sign_up"), "victim earn 100"),
        (DAY, "victim", buy(&[10_000]), "victim earn 100"),
        (DAY, "thief", act("check_in"), "thief earn 5"),
        (DAY, "victim", gift("thief", 140), "victim transfer -140, thief transfer 140"),
    ]);
    let stolen = vec![group.stolen("victim", Kind::Transfer, 0)];
    let back = "victim reverse 140, victim expire -100, thief expire -105, thief reverse -40";
    group.play(&[("2026-03-10T10:00:00+08:00", "victim", ask(Recover(stolen)), back)]);
    assert_eq!((group.member("victim").balance, group.member("thief").balance), (100, 0));
}

/// Once the receiver is part of another account, a clerk has to look where its points are.
#[test]
fn a_stolen_gift_of_a_merged_receiver_is_refused() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "victim", buy(&[10_000]), "victim earn 100"),
        (DAY, "thief", act("check_in"), "thief earn 5"),
        (DAY, "gone", act("check_in"), "gone earn 5"),
        (DAY, "other", act("check_in"), "other earn 5"),
        (DAY, "victim", gift("thief", 60), "victim transfer -60, thief transfer 60"),
        (DAY, "victim", gift("gone", 10), "victim transfer -10, gone transfer 10"),
        (DAY, "other", ask(Merge { from: id("thief") }), "thief merge -65, other merge 65"),
        (DAY, "gone", ask(Erase), "gone erase -15"),
    ]);
    let (first, second) =
        (group.stolen("victim", Kind::Transfer, 0), group.stolen("victim", Kind::Transfer, 1));
    group.play(&[
        (DAY, "victim", ask(Recover(vec![first.clone(), second.clone()])), "refused member-merged"),
        (DAY, "victim", ask(Recover(vec![second])), "victim reverse 10"),
    ]);
    assert_eq!(group.member("victim").balance, 40, "of a forgotten member nothing can be taken");
}

/// A frozen member does not get rid of the freeze by becoming somebody else.
#[test]
fn a_freeze_goes_with_the_person() {
    let mut group = Group::new(|_| {});
    let spending = Frozen { earning: false, spending: true };
    group.play(&[
        (DAY, "old", buy(&[5_000]), "old earn 50"),
        (DAY, "new", buy(&[2_000]), "new earn 20"),
        (DAY, "old", ask(Freeze(spending)), "old freeze 0"),
        (DAY, "new", ask(Merge { from: id("old") }), "old merge -50, new merge 50"),
        (DAY, "new", spend(1), "refused member-frozen"),
        (DAY, "new", act("check_in"), "new earn 5"),
        (DAY, "new", ask(Restore(spending)), "new restore 0"),
        (DAY, "new", spend(75), "new redeem -75"),
    ]);
}

/// Coupons go along, and are used once, under their codes.
#[test]
fn coupons_go_with_the_person() {
    let mut group = Group::new(|document| {
        let fifty = serde_json::from_str(r#"{"off_minor": 50, "expiry": "campaign"}"#).unwrap();
        document.coupons.insert("fifty".into(), fifty);
        document.actions.get_mut("review").unwrap().coupon = Some("fifty".into());
    });
    group.play(&[
        (DAY, "old", act("review"), "old earn 20"),
        (DAY, "old", act("review"), "old earn 20"),
        (DAY, "new", act("review"), "new earn 20"),
        (DAY, "new", ask(Merge { from: id("old") }), "old merge -40, new merge 40"),
    ]);
    assert_eq!((group.member("old").coupons.len(), group.member("new").coupons.len()), (0, 3));
    let order = |code: &str| {
        let lines = purchase(&[10_000]).lines;
        ask(RedeemCoupon { code: code.to_owned(), lines, of: None })
    };
    let codes: Vec<String> =
        group.member("new").coupons.iter().map(|coupon| coupon.code.clone()).collect();
    for code in &codes {
        group.play(&[
            (DAY, "new", order(code), "new coupon_redeem 0"),
            (DAY, "new", order(code), "refused coupon-resolved"),
        ]);
    }
}

/// When a tier was reached counts for how long it lasts: a merge does not begin it anew.
#[test]
fn a_tier_goes_with_the_person_as_old_as_it_is() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "old", buy(&[210_000]), "old earn 2100, old tier_change 500"),
        (DAY, "new", buy(&[2_000]), "new earn 20"),
        (
            "2026-04-02T10:00:00+08:00",
            "new",
            ask(Merge { from: id("old") }),
            "old merge -2600, new merge 2600, new tier_change 0",
        ),
    ]);
    let tier = |name: &str| group.member(name).tier.unwrap();
    assert_eq!((tier("new").id.as_str(), tier("new").since), ("silver", at(DAY)));
    group.play(&[("2026-04-03T10:00:00+08:00", "new", buy(&[1_000]), "new earn 11")]);
    group.again("2026-04-03T10:00:00+08:00");
}

/// What two accounts reach together is asked of the draft; what one of them had is kept.
#[test]
fn a_tier_that_came_with_a_merger_is_told_again() {
    for (from, spent, tier) in [
        (500_000, 60_000, None),
        (100_000, 60_000, Some("silver")),
        (500_000, 210_000, Some("silver")),
    ] {
        let ladder = |from| {
            move |document: &mut Document| {
                let tiers = document.tiers.as_mut().unwrap();
                tiers.levels.truncate(2);
                (tiers.levels[1].from, tiers.levels[1].gift_points) = (from, 0);
            }
        };
        let mut group = Group::new(ladder(100_000));
        let (first, second) = ("2026-03-02T10:00:00+08:00", "2026-03-03T10:00:00+08:00");
        group.run(at(first), "old", &buy(&[spent]));
        group.run(at(first), "new", &buy(&[60_000]));
        group.run(at(second), "new", &ask(Merge { from: id("old") }));
        assert_eq!(group.member("new").tier.unwrap().id, "silver");
        let draft = Group::new(ladder(from)).book;
        let mut again =
            Replay::new(&draft, ProgrammeId::new("p").unwrap(), id("new"), BTreeMap::new());
        group.entries["new"].iter().for_each(|entry| again.again(entry).unwrap());
        let (_, member) = again.end(at(second)).unwrap();
        assert_eq!(member.tier.map(|tier| tier.id).as_deref(), tier, "{from} {spent}");
    }
}

/// Of lots that are alike the pool's own go first.
#[test]
fn a_pool_spends_its_own_first() {
    let mut group = Group::new(|_| {});
    group.play(&[
        (DAY, "a", buy(&[10_000]), "a earn 100"),
        (DAY, "a", join("pool/home"), "a pool 0, pool/home pool 0"),
        (
            DAY,
            "pool/home",
            together(&["a"], 40),
            "a transfer -40, pool/home transfer 40, pool/home redeem -40",
        ),
    ]);
    let paid = group.entries["pool/home"].last().unwrap().clone();
    let lots =
        group.entries["pool/home"].iter().flat_map(|entry| entry.lots.grants.clone()).collect();
    let redemption = Some(Redemption::new(paid, lots));
    let back = ask(Reverse(Some(Box::new(ToReverse { redemption, ..ToReverse::default() }))));
    group.play(&[
        (DAY, "pool/home", back, "pool/home reverse 40"),
        (DAY, "pool/home", together(&["a"], 40), "pool/home redeem -40"),
        (
            DAY,
            "pool/home",
            together(&["a"], 10),
            "a transfer -10, pool/home transfer 10, pool/home redeem -10",
        ),
    ]);
}

fn wander(seed: u64) -> BTreeMap<String, u64> {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let mut random = Random::new(seed);
    let fifo = random.below(2) == 0;
    let mut group = Group::new(|document| {
        document.transfers = Some(rules::Transfers {
            min_points: 1,
            max_points: None,
            points_per_day: None,
            limit: None,
        });
        document.expiry.insert("campaign".into(), Expiry::Days { days: 9, round_up_to: None });
        document.expiry.insert("shopping".into(), Expiry::Days { days: 25, round_up_to: None });
        document.actions.get_mut("share").unwrap().pending = Some(rules::Pending { days: Some(2) });
        if fifo {
            document.consumption = rules::Consumption::FirstInFirstOut;
        }
    });
    let mut now = at(DAY);
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..60 {
        now = now.plus_ms([0, 1_000, 3_600_000, 90_000_000, 400_000_000][random.below(5) as usize]);
        let name = NAMES[random.below(4) as usize];
        let other = NAMES[random.below(4) as usize];
        let has = group.spendable(name, now);
        let some = 1 + random.below(has.max(1) as u64 + 3) as i64;
        let command = match random.below(100) {
            0..22 => buy(&[1 + random.below(30_000) as i64]),
            22..32 => act(["check_in", "review", "share"][random.below(3) as usize]),
            32..40 => spend(some),
            40..62 => gift(other, some),
            62..66 => {
                let Some(head) = group.member("pool/home").pool_members.first().cloned() else {
                    continue;
                };
                let line = step(
                    &mut group,
                    now,
                    "pool/home",
                    &ask(Invite { head, guest: id(name) }),
                    &mut random,
                );
                *met.entry(format!("Invite {line}")).or_default() += 1;
                continue;
            }
            66..74 => ask(Pool {
                pool: id(["pool/home", "pool/home", "pool/work"][random.below(3) as usize]),
                joins: random.below(3) > 0,
            }),
            74..82 => {
                let pooled = group.member("pool/home").pool_members;
                let points = 1 + random.below(60) as i64;
                let Some(of) = pooled.first().cloned() else { continue };
                let command = ask(RedeemPooled { members: pooled, points, of });
                let line = step(&mut group, now, "pool/home", &command, &mut random);
                *met.entry(format!("pooled {line}")).or_default() += 1;
                continue;
            }
            82..85 => ask(Merge { from: id(other) }),
            85..90 => {
                let gifts = group.entries.get(name).into_iter().flatten();
                let gifts = gifts
                    .filter(|entry| entry.kind() == Kind::Transfer && !entry.lots.draws.is_empty())
                    .count();
                if gifts == 0 {
                    continue;
                }
                ask(Recover(vec![group.stolen(
                    name,
                    Kind::Transfer,
                    random.below(gifts as u64) as usize,
                )]))
            }
            90..93 => ask(Hold { points: some, minutes: 60 }),
            93..94 => ask(Erase),
            94..97 => ask(Freeze(Frozen { earning: false, spending: random.below(4) == 0 })),
            97..98 => ask(Restore(Frozen { earning: true, spending: true })),
            _ => ask(Settle),
        };
        let kind = format!("{command:?}").split([' ', '(', '{']).next().unwrap().to_owned();
        // A gift goes through exactly when there is as much to spend.
        let giver = group.member(name);
        let plain = command.name() == "transfer" && name != other && !giver.frozen.spending;
        let open = |name: &str| group.member(name).exists() && group.member(name).closed.is_none();
        let plain = plain && open(name) && open(other) && !group.member(other).frozen.earning;
        let line = step(&mut group, now, name, &command, &mut random);
        if plain {
            assert_eq!(line == "done", some <= has, "seed {seed}: {command:?} with {has}: {line}");
        }
        *met.entry(format!("{kind} {line}")).or_default() += 1;
    }
    met
}

/// Does it once, and lets a rival try it who decided on the same states.
fn step(
    group: &mut Group,
    now: Timestamp,
    name: &str,
    command: &AnyOperation,
    random: &mut Random,
) -> String {
    let late = (random.below(10) == 0).then(|| group.decide(now, name, command).ok()).flatten();
    let line = group.run(now, name, command);
    group.audit();
    if let Some(late) = late.filter(|late| !late.decision.postings.is_empty()) {
        assert!(!group.commit(&late), "written twice");
    }
    if line.starts_with("refused") { line } else { "done".to_owned() }
}

#[test]
fn histories_of_several_members_add_up() {
    let histories = histories();
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get() as u64);
    std::thread::scope(|scope| {
        let worker = |offset: u64| {
            move || (offset..histories).step_by(threads as usize).map(wander).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..threads).map(|offset| scope.spawn(worker(offset))).collect();
        for all in workers.into_iter().map(|worker| worker.join().unwrap()) {
            for (what, times) in all.into_iter().flatten() {
                *met.entry(what).or_default() += times;
            }
        }
    });
    println!("{met:#?}");
    for what in [
        "Transfer done",
        "Transfer refused insufficient-points",
        "Transfer refused member-frozen",
        "Transfer refused member-merged",
        "Transfer refused counterparty-not-found",
        "Pool done",
        "Pool refused not-invited",
        "Invite done",
        "Pool refused items-open",
        "pooled done",
        "pooled refused insufficient-points",
        "Merge done",
        "Merge refused items-open",
        "Recover done",
        "Recover refused nothing-to-reverse",
        "Erase done",
        "Erase refused items-open",
    ] {
        assert!(met.contains_key(what), "the histories never meet: {what}");
    }
}

/// Two short runs of days are not one long one.
#[test]
fn days_in_a_row_are_not_added_up() {
    let rule = r#"{"id": "long", "event": "check_in", "when": "event.streak_days >= 4", "award": {"kind": "fixed", "points": 100}}"#;
    let mut group =
        Group::new(|document| document.rules = vec![serde_json::from_str(rule).unwrap()]);
    group.play(&[
        ("2026-03-01T10:00:00+08:00", "old", act("check_in"), "old earn 5"),
        ("2026-03-02T10:00:00+08:00", "old", act("check_in"), "old earn 5"),
        ("2026-03-02T10:00:00+08:00", "new", act("check_in"), "new earn 5"),
        (
            "2026-03-02T11:00:00+08:00",
            "new",
            ask(Merge { from: id("old") }),
            "old merge -10, new merge 10",
        ),
        ("2026-03-03T10:00:00+08:00", "new", act("check_in"), "new earn 5"),
        ("2026-03-04T10:00:00+08:00", "new", act("check_in"), "new earn 105"),
    ]);
}
