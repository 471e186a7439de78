//! Points of one programme for those of another: tables, and random histories of two programmes.
//!
//! The histories say what each exchange must come to by arithmetic of their own. After every step
//! the books of both accounts are audited, and in the end what one programme says of the other is
//! what that one says of it. `ACCRUE_HISTORIES` runs a tenth of another number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::{
    Context, Entry, EntryId, Frozen, Kind, LotState, Member, MemberId, Origin, ProgrammeId,
    Refusal, Timestamp, What, verify,
};
use rules::operations::{Exchange, Freeze, Hold, Partner, Restore, Settle};
use rules::{
    Accepted, Case, Decided, Document, Exchanges, Expiry, Limit, OpenRate, Per, PriorRecords,
    Replay, RoundingMode, Rulebook, Transfers, decide, gaining_way, open_rates,
};
use support::{AnyOperation, Random, act, ask, at, buy, spend};

/// One person's accounts in programmes of a group.
struct Person {
    books: BTreeMap<&'static str, Rc<Rulebook>>,
    open: Vec<OpenRate>,
    members: BTreeMap<&'static str, Member>,
    entries: BTreeMap<&'static str, Vec<Entry>>,
    next_id: u128,
}

/// How a rulebook differs from the default one.
type Change<'a> = &'a dyn Fn(&mut Document);

const NO_EXCHANGE: &str = r#"refused NotOffered { offer: "exchange" }"#;

const ANY: Transfers =
    Transfers { min_points: 1, max_points: None, points_per_day: None, limit: None };

fn offering(to: &str, bounds: Transfers) -> Exchanges {
    Exchanges { offers: [(to.to_owned(), bounds)].into(), accepts: BTreeMap::new() }
}

fn accepting(from: &str, rate: &str, expiry: Option<&str>) -> Exchanges {
    let accepted = Accepted { rate: rate.to_owned(), expiry: expiry.map(str::to_owned) };
    Exchanges { offers: BTreeMap::new(), accepts: [(from.to_owned(), accepted)].into() }
}

impl Person {
    fn new(books: &[(&'static str, Change<'_>)]) -> Self {
        let document = |change: Change<'_>| {
            let mut document = rules::default_document();
            change(&mut document);
            document
        };
        let agreed = |(name, change): &(&'static str, Change<'_>)| {
            ((*name).to_owned(), document(change).exchanges)
        };
        let book = |change: Change<'_>| Rc::new(Rulebook::new(&document(change), 7).unwrap());
        let member =
            |(name, _): &(&'static str, _)| (*name, Member::new(MemberId::new("li").unwrap()));
        Self {
            members: books.iter().map(member).collect(),
            books: books.iter().map(|(name, change)| (*name, book(*change))).collect(),
            open: open_rates(&books.iter().map(agreed).collect::<Vec<_>>()),
            entries: BTreeMap::new(),
            next_id: 1 << 70,
        }
    }

    /// A member may exchange points of an airline for those of a hotel, at this rate.
    fn one_way(rate: &str) -> Self {
        Self::new(&[
            ("air", &|document| document.exchanges = offering("hotel", ANY)),
            ("hotel", &|document| document.exchanges = accepting("air", rate, None)),
        ])
    }

    /// An exchange with the only other programme, from there.
    fn swap(&self, to: &str, points: i64) -> AnyOperation {
        let from = self.books.keys().find(|from| **from != to).unwrap();
        self.way(from, to, points)
    }

    fn way(&self, from: &str, to: &str, points: i64) -> AnyOperation {
        let (programme, book) = (ProgrammeId::new(to).unwrap(), self.books[to].clone());
        let gains = gaining_way(&self.open, from, to).is_some();
        ask(Exchange { with: Some(Partner { programme, spread: 1, book, gains }), points })
    }

    fn decide(
        &mut self,
        now: Timestamp,
        programme: &str,
        command: &AnyOperation,
    ) -> Result<Decided, Refusal> {
        self.next_id += 1 << 40;
        let (first_id, rulebook_version) = (EntryId(self.next_id), 7);
        let context = Context {
            programme: ProgrammeId::new(programme).unwrap(),
            spread: 1,
            rulebook_version,
            now,
            first_id,
            seed: ledger::Seed::default(),
        };
        let needs = command.needs(&self.members[programme].id);
        let there = needs.other_programme.iter();
        let others = there.map(|there| self.members[there.as_str()].clone()).collect();
        let recorded = PriorRecords { others, ..PriorRecords::default() };
        let (actor, channel) = ("till".to_owned(), Some("app".to_owned()));
        let origin = Origin { actor, channel, ..Origin::default() };
        let member = self.members[programme].clone();
        let case =
            Case { book: &self.books[programme], origin: &origin, recorded: &recorded, context };
        decide(&**command, &case, member).map_err(|stop| stop.refusal().unwrap())
    }

    fn run(&mut self, now: Timestamp, programme: &str, command: &AnyOperation) -> String {
        match self.decide(now, programme, command) {
            Ok(decided) => {
                assert!(decided.others.is_empty());
                let mut lines = Vec::new();
                for ledger::Posting { entry, after, .. } in &decided.decision.postings {
                    let (name, member) = self
                        .members
                        .iter_mut()
                        .find(|(name, _)| **name == entry.programme.as_str())
                        .unwrap();
                    member.apply(entry).unwrap();
                    assert_eq!(Member { lots: vec![], ..member.clone() }, *after);
                    lines.push(format!("{name} {} {}", entry.kind().as_str(), entry.points));
                    self.entries.entry(name).or_default().push(entry.clone());
                }
                assert_eq!(self.members[programme], decided.member);
                let (told, primary) = decided.decision.entries_for_caller();
                assert!(
                    told.iter().all(|entry| entry.programme.as_str() == programme),
                    "the other's is not told"
                );
                if command.name() == "exchange" {
                    assert_eq!(told[primary].kind(), Kind::Exchange);
                }
                lines.join(", ")
            }
            Err(refusal) => format!("refused {refusal:?}"),
        }
    }

    fn play(&mut self, table: &[(&str, &str, AnyOperation, &str)]) {
        for (row, (now, programme, command, outcome)) in table.iter().enumerate() {
            assert_eq!(
                self.run(at(now), programme, command),
                *outcome,
                "row {row}: {now} {programme} {command:?}"
            );
            self.audit();
        }
    }

    fn audit(&self) {
        for (programme, member) in &self.members {
            let entries = self.entries.get(programme).cloned().unwrap_or_default();
            assert_eq!(verify(&entries, member), vec![], "{programme}");
        }
    }

    /// Points, first day and last instant of each open lot.
    fn lots(&self, programme: &str) -> Vec<(i64, String, String)> {
        let shown = |at: Timestamp| at.to_string();
        let lot = |lot: &ledger::Lot| {
            (lot.remaining, shown(lot.earned_at), lot.expires_at.map_or(String::new(), shown))
        };
        self.members[programme].lots.iter().map(lot).collect()
    }
}

/// One exchange: the entries of each account, and its state after them.
pub fn histories() -> Vec<(Vec<Entry>, Member)> {
    let mut person = Person::one_way("0.5");
    let swap = person.swap("hotel", 10);
    person.play(&[
        (DAY, "air", buy(&[10_000]), "air earn 100"),
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", swap, "air exchange -10, hotel exchange 5"),
    ]);
    let history = |(name, member): (&str, Member)| (person.entries[name].clone(), member);
    person.members.clone().into_iter().map(history).collect()
}

const DAY: &str = "2026-03-01T10:00:00+08:00";
const LATER: &str = "2026-04-02T10:00:00+08:00";

#[test]
fn two_points_here_are_one_there_and_keep_their_dates() {
    let mut person = Person::one_way("0.5");
    let swap = |person: &Person, points| person.swap("hotel", points);
    let (hundred, fifty) = (swap(&person, 100), swap(&person, 55));
    person.play(&[
        (DAY, "air", buy(&[10_000]), "air earn 100"),
        (DAY, "air", hundred.clone(), "refused CounterpartyNotFound"),
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (LATER, "air", buy(&[4_500]), "air earn 45"),
        (LATER, "air", act("check_in"), "air earn 5"),
        // The campaign points end first, so they go first.
        // 27 there take 54 and not 55, which the member keeps one of.
        (LATER, "air", fifty, "air exchange -54, hotel exchange 27"),
    ]);
    let [given, got] =
        ["air", "hotel"].map(|programme| person.entries[programme].last().unwrap().clone());
    let exchange = |entry: &Entry| {
        let told = entry.exchange().cloned().unwrap();
        (told.programme.to_string(), told.points, told.rate.to_string())
    };
    assert_eq!(
        (exchange(&given), exchange(&got)),
        (("hotel".into(), 27, "0.5".into()), ("air".into(), 54, "0.5".into()))
    );
    assert_eq!(
        (got.cause, got.origin.actor.as_str(), got.origin.channel.clone()),
        (Some(given.id), "programme:air", None)
    );
    assert_eq!((given.cause, given.counterparty(), got.counterparty()), (None, None, None));
    // 5 of the check-in are 2.5, 49 of the purchase bring it to 27: each keeps its end.
    let shopping = "2027-03-31T16:00:00Z".to_owned();
    assert_eq!(
        person.lots("hotel")[..],
        [
            (10, "2026-03-01T02:00:00Z".to_owned(), "2026-05-30T16:00:00Z".to_owned()),
            (2, "2026-04-02T02:00:00Z".to_owned(), "2026-07-01T16:00:00Z".to_owned()),
            (25, "2026-03-01T02:00:00Z".to_owned(), shopping),
        ]
    );
    person.play(&[
        (LATER, "hotel", spend(37), "hotel redeem -37"),
        (LATER, "air", swap(&person, 97), "refused InsufficientPoints { balance: 96, missing: 1 }"),
        (
            LATER,
            "air",
            swap(&person, 1),
            "refused OutsideLimits { least: 2, most: 9223372036854775807 }",
        ),
        (LATER, "hotel", person.swap("air", 1), NO_EXCHANGE),
        (LATER, "air", ask(Exchange { with: None, points: 10 }), NO_EXCHANGE),
        (LATER, "hotel", ask(Freeze(Frozen { earning: true, spending: false })), "hotel freeze 0"),
        (LATER, "air", hundred.clone(), r#"refused MemberFrozen { side: "earning" }"#),
        (
            LATER,
            "hotel",
            ask(Restore(Frozen { earning: true, spending: false })),
            "hotel restore 0",
        ),
        (LATER, "air", ask(Freeze(Frozen { earning: false, spending: true })), "air freeze 0"),
        (LATER, "air", hundred, r#"refused MemberFrozen { side: "spending" }"#),
    ]);
}

/// A programme without an agreement hears the same whether somebody is a member there or not.
#[test]
fn nothing_is_told_about_members_of_a_programme_that_did_not_agree() {
    for (offers, accepts) in [(true, false), (false, true), (false, false)] {
        let mut person = Person::new(&[
            ("air", &|document| {
                document.exchanges =
                    if offers { offering("hotel", ANY) } else { Exchanges::default() }
            }),
            ("hotel", &|document| {
                document.exchanges =
                    if accepts { accepting("air", "1", None) } else { Exchanges::default() };
            }),
        ]);
        let swap = person.swap("hotel", 5);
        person.play(&[
            (DAY, "air", swap.clone(), "refused MemberNotFound"),
            (DAY, "air", act("share"), "air earn 10"),
            (DAY, "air", swap.clone(), NO_EXCHANGE),
            (DAY, "hotel", act("share"), "hotel earn 10"),
            (DAY, "air", swap, NO_EXCHANGE),
        ]);
    }
}

#[test]
fn the_taking_programme_may_give_them_a_life_of_their_own() {
    let mut person = Person::new(&[
        ("air", &|document| document.exchanges = offering("hotel", ANY)),
        ("hotel", &|document| {
            document.exchanges = accepting("air", "1.5", Some("campaign"));
            document.rounding = RoundingMode::HalfUp;
            document.time_zone = "America/New_York".into();
        }),
    ]);
    let swap = person.swap("hotel", 15);
    person.play(&[
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", act("share"), "air earn 10"),
        (LATER, "air", act("check_in"), "air earn 5"),
        // 22.5, rounded down whatever the rulebook says of purchases.
        (LATER, "air", swap, "air exchange -15, hotel exchange 22"),
    ]);
    // 90 days from the local 1 April, through 30 June, in New York.
    assert_eq!(
        person.lots("hotel")[1],
        (22, "2026-04-02T02:00:00Z".to_owned(), "2026-07-01T04:00:00Z".to_owned())
    );
}

/// Points that live by a sliding policy live on when the member is active.
#[test]
fn they_live_by_the_policy_that_was_agreed_on() {
    let mut person = Person::new(&[
        ("air", &|document| document.exchanges = offering("hotel", ANY)),
        ("hotel", &|document| {
            document.expiry.insert("active".into(), Expiry::Sliding { days: 30 });
            document.exchanges = accepting("air", "1", Some("active"));
        }),
    ]);
    let swap = person.swap("hotel", 10);
    person.play(&[
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", act("share"), "air earn 10"),
        (DAY, "air", swap, "air exchange -10, hotel exchange 10"),
    ]);
    assert_eq!(person.lots("hotel")[1].2, "2026-03-31T16:00:00Z");
    person.play(&[("2026-03-20T10:00:00+08:00", "hotel", act("share"), "hotel earn 10")]);
    let ends: Vec<String> = person.lots("hotel").into_iter().map(|(.., end)| end).collect();
    assert_eq!(ends, ["2026-05-30T16:00:00Z", "2026-04-19T16:00:00Z", "2026-06-18T16:00:00Z"]);
}

/// One point at a time to and fro, at rates that make no points: nobody ever has more than before.
#[test]
fn nobody_gains_by_going_to_and_fro() {
    for (there, back) in [
        ("0.5", "2"),
        ("0.4", "2.5"),
        ("2", "0.5"),
        ("1", "1"),
        ("1.5", "0.666666"),
        ("0.000001", "1000000"),
    ] {
        let open = |other: &'static str, rate: &'static str| {
            move |document: &mut Document| {
                document.exchanges.offers = offering(other, ANY).offers;
                document.exchanges.accepts = accepting(other, rate, None).accepts;
                document.rounding = RoundingMode::HalfUp;
            }
        };
        let mut person = Person::new(&[("a", &open("b", back)), ("b", &open("a", there))]);
        person.run(at(DAY), "a", &buy(&[100_000]));
        person.run(at(DAY), "b", &act("share"));
        person.run(at(DAY), "b", &spend(10));
        let balance = |person: &Person, of: &str| person.members[of].balance;
        let mut done = 0;
        for step in [1, 2, 3, 1, 1, 5, 7] {
            for (from, to) in [("a", "b"), ("b", "a")] {
                while balance(&person, from) >= step && done < 500 {
                    let swap = person.swap(to, step);
                    if person.run(at(DAY), from, &swap).starts_with("refused") {
                        break;
                    }
                    done += 1;
                }
            }
            // All of it back to where it came from.
            let rest = person.swap("a", balance(&person, "b").max(1));
            person.run(at(DAY), "b", &rest);
            assert!(
                balance(&person, "a") <= 1_000,
                "{there} and {back}: {}",
                balance(&person, "a")
            );
        }
        assert!(done > 5 || there == "0.000001", "{there} and {back}: {done}");
        person.audit();
    }
}

/// Rates whose product is above 1 are no agreement while both directions are open.
#[test]
fn rates_that_make_points_are_no_agreement() {
    for (there, back, both, outcome) in [
        ("0.5", "2", true, "air exchange -10, hotel exchange 5"),
        ("0.5", "2.000001", true, NO_EXCHANGE),
        ("0.5", "2.000001", false, "air exchange -10, hotel exchange 5"),
        ("1000000", "1000000", true, NO_EXCHANGE),
        ("1000000", "0.000001", true, "air exchange -10, hotel exchange 10000000"),
    ] {
        let mut person = Person::new(&[
            ("air", &|document| {
                document.exchanges.offers = offering("hotel", ANY).offers;
                document.exchanges.accepts = accepting("hotel", back, None).accepts;
            }),
            ("hotel", &|document| {
                document.exchanges.accepts = accepting("air", there, None).accepts;
                if both {
                    document.exchanges.offers = offering("air", ANY).offers;
                }
            }),
        ]);
        person.run(at(DAY), "air", &act("share"));
        person.run(at(DAY), "hotel", &act("share"));
        let swap = person.swap("hotel", 10);
        assert_eq!(person.run(at(DAY), "air", &swap), outcome, "{there} and {back}, {both}");
    }
}

/// Three programmes that exchange one way round: 300 points became 44,800 of 300.
#[test]
fn nobody_gains_on_a_way_over_several_programmes() {
    for (rates, outcome) in [
        (["2", "2", "2"], NO_EXCHANGE),
        (["2", "2", "0.250001"], NO_EXCHANGE),
        (["2", "2", "0.25"], "a exchange -100, b exchange 200"),
    ] {
        let accepts = |from: &'static str, rate: &'static str, to: &'static str| {
            move |document: &mut Document| {
                document.exchanges.offers = offering(to, ANY).offers;
                document.exchanges.accepts = accepting(from, rate, None).accepts;
            }
        };
        let mut person = Person::new(&[
            ("a", &accepts("c", rates[2], "b")),
            ("b", &accepts("a", rates[0], "c")),
            ("c", &accepts("b", rates[1], "a")),
        ]);
        for programme in ["a", "b", "c"] {
            person.run(at(DAY), programme, &buy(&[10_000]));
        }
        let swap = person.way("a", "b", 100);
        assert_eq!(person.run(at(DAY), "a", &swap), outcome, "{rates:?}");
    }
}

/// Random groups with random agreements and somebody who exchanges as it pleases: what it has is
/// never worth more, in points of any programme, than before. What it is worth is told by trying
/// all ways.
#[test]
fn nobody_gains_in_any_group() {
    const PROGRAMMES: [&str; 5] = ["a", "b", "c", "d", "e"];
    const RATES: [&str; 7] = ["0.5", "2", "1", "3", "0.333333", "0.1", "4"];
    let (mut done, mut refused, mut innocent) = (0, 0, 0);
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let count = 2 + random.below(4) as usize;
        let mut all: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for from in &PROGRAMMES[..count] {
            for to in PROGRAMMES[..count].iter().filter(|to| *to != from) {
                if random.below(2) == 0 {
                    all.insert((from, to), RATES[random.below(7) as usize]);
                }
            }
        }
        let change = |name: &'static str| {
            let all = &all;
            move |document: &mut Document| {
                for ((from, to), rate) in all {
                    if *from == name {
                        document.exchanges.offers.insert((*to).to_owned(), ANY);
                    }
                    if *to == name {
                        let accepted = Accepted { rate: (*rate).to_owned(), expiry: None };
                        document.exchanges.accepts.insert((*from).to_owned(), accepted);
                    }
                }
            }
        };
        let changes: Vec<_> =
            PROGRAMMES[..count].iter().map(|name| (*name, change(name))).collect();
        let changes: Vec<(&'static str, Change<'_>)> =
            changes.iter().map(|(name, change)| (*name, change as Change<'_>)).collect();
        let mut person = Person::new(&changes);
        for name in &PROGRAMMES[..count] {
            person.run(at(DAY), name, &buy(&[100_000]));
        }
        // What goes through, by trying.
        let mut goes: Vec<(&str, &str, f64)> = Vec::new();
        for ((from, to), rate) in &all {
            let swap = person.way(from, to, 100);
            let is_refused =
                matches!(person.decide(at(DAY), from, &swap), Err(Refusal::NotOffered { .. }));
            let is_gain = simple_ways(&all, to, from)
                .any(|way| way * rate.parse::<f64>().unwrap() > 1.0 + 1e-9);
            assert!(
                is_refused || !is_gain,
                "seed {seed}: {from} to {to} is part of a gain: {all:?}"
            );
            refused += u32::from(is_refused);
            if !is_refused {
                goes.push((from, to, rate.parse().unwrap()));
            }
        }
        let any_gain = all.iter().any(|((from, to), rate)| {
            simple_ways(&all, to, from).any(|way| way * rate.parse::<f64>().unwrap() > 1.0 + 1e-9)
        });
        if !any_gain {
            assert_eq!(
                goes.len(),
                all.len(),
                "seed {seed}: nobody gains, and something is refused: {all:?}"
            );
            innocent += 1;
        }
        let open: BTreeMap<(&str, &str), &str> =
            goes.iter().map(|(from, to, _)| ((*from, *to), all[&(*from, *to)])).collect();
        let worth = |person: &Person| -> Vec<f64> {
            let best = |from: &str, to: &str| simple_ways(&open, from, to).fold(0.0, f64::max);
            let of = |to: &&str| {
                PROGRAMMES[..count]
                    .iter()
                    .map(|from| person.members[from].balance as f64 * best(from, to))
                    .sum()
            };
            PROGRAMMES[..count].iter().map(of).collect()
        };
        let mut before = worth(&person);
        for _ in 0..30 {
            if goes.is_empty() {
                break;
            }
            let (from, to, _) = goes[random.below(goes.len() as u64) as usize];
            let has = person.members[from].balance;
            let some =
                if random.below(3) == 0 { has } else { 1 + random.below(has.max(1) as u64) as i64 };
            let swap = person.way(from, to, some.max(1));
            done += u32::from(!person.run(at(DAY), from, &swap).starts_with("refused"));
            let after = worth(&person);
            for (before, after) in before.iter().zip(&after) {
                assert!(
                    *after <= before * (1.0 + 1e-9),
                    "seed {seed}: {before} became {after}: {all:?}"
                );
            }
            before = after;
        }
        person.audit();
    }
    assert!(done > 2_000 && refused > 300 && innocent > 30, "{done} {refused} {innocent}");
}

/// What a point is worth on each way that meets no programme twice; on that of no exchange, one
/// point.
fn simple_ways<'a>(
    open: &'a BTreeMap<(&'a str, &'a str), &'a str>,
    from: &'a str,
    to: &'a str,
) -> Box<dyn Iterator<Item = f64> + 'a> {
    fn walk(
        open: &BTreeMap<(&str, &str), &str>,
        met: &mut Vec<String>,
        to: &str,
        worth: f64,
        found: &mut Vec<f64>,
    ) {
        let here = met.last().unwrap().clone();
        if here == to {
            found.push(worth);
            return;
        }
        for ((_, next), rate) in open.iter().filter(|((from, _), _)| *from == here) {
            if !met.iter().any(|before| before == next) {
                met.push((*next).to_owned());
                walk(open, met, to, worth * rate.parse::<f64>().unwrap(), found);
                met.pop();
            }
        }
    }
    let mut found = Vec::new();
    walk(open, &mut vec![from.to_owned()], to, 1.0, &mut found);
    Box::new(found.into_iter())
}

/// An entry that says more than the rate allows is found, from either side, by its own words.
#[test]
fn what_the_rate_does_not_give_is_found() {
    let mut person = Person::one_way("0.5");
    let swap = person.swap("hotel", 5);
    person.play(&[
        (DAY, "air", act("check_in"), "air earn 5"),
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", swap, "air exchange -4, hotel exchange 2"),
    ]);
    for (programme, points) in [("air", 3), ("air", 1), ("hotel", 6), ("hotel", 3), ("hotel", 0)] {
        let mut entries = person.entries[programme].clone();
        let last = entries.last_mut().unwrap();
        let id = last.id;
        let What::Exchange(exchanged) = &mut last.what else { panic!("no exchange") };
        exchanged.exchange.points = points;
        last.hash = last.computed_hash().unwrap();
        let mut member = person.members[programme].clone();
        member.head = last.hash;
        let found = verify(&entries, &member);
        assert!(found.len() == 1 && found[0].entry == Some(id), "{programme} {points}: {found:?}");
    }
}

/// Days are counted for each programme by itself, whatever the programmes are called.
#[test]
fn what_is_given_to_one_programme_counts_for_no_other() {
    let bounds = Transfers {
        points_per_day: Some(20),
        limit: Some(Limit { times: 1, per: Per::Day }),
        ..ANY
    };
    for (one, other) in [("x", "x:day"), ("x:day", "x")] {
        let change = |document: &mut Document| {
            document.exchanges.offers = [one, other].map(|id| (id.to_owned(), bounds)).into();
        };
        let taking = |document: &mut Document| document.exchanges = accepting("air", "1", None);
        for (first, then) in [(one, other), (other, one)] {
            let mut person = Person::new(&[("air", &change), (one, &taking), (other, &taking)]);
            for programme in ["air", one, other] {
                person.run(at(DAY), programme, &buy(&[100_000]));
            }
            for to in [first, then] {
                let swap = person.swap(to, 20);
                assert_eq!(
                    person.run(at(DAY), "air", &swap),
                    format!("air exchange -20, {to} exchange 20")
                );
            }
            let again = person.swap(first, 1);
            assert!(person.run(at(DAY), "air", &again).starts_with("refused OutsideLimits"));
        }
    }
}

#[test]
fn bounds_are_those_of_the_giving_programme() {
    let bounds = Transfers {
        min_points: 10,
        max_points: Some(60),
        points_per_day: Some(100),
        limit: Some(Limit { times: 3, per: Per::Day }),
    };
    let mut person = Person::new(&[
        ("air", &|document| document.exchanges = offering("hotel", bounds)),
        ("hotel", &|document| document.exchanges = accepting("air", "0.1", None)),
    ]);
    let swap = |points| person.swap("hotel", points);
    let (nine, ten, sixty, more) = (swap(9), swap(10), swap(60), swap(61));
    person.play(&[
        (DAY, "air", buy(&[100_000]), "air earn 1000"),
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", nine, "refused OutsideLimits { least: 10, most: 60 }"),
        (DAY, "air", more, "refused OutsideLimits { least: 10, most: 60 }"),
        (DAY, "air", sixty.clone(), "air exchange -60, hotel exchange 6"),
        (DAY, "air", sixty.clone(), "refused OutsideLimits { least: 10, most: 40 }"),
        (DAY, "air", ten.clone(), "air exchange -10, hotel exchange 1"),
        (DAY, "air", ten.clone(), "air exchange -10, hotel exchange 1"),
        (DAY, "air", ten.clone(), r#"refused LimitReached { times: 3, per: "day" }"#),
        (LATER, "air", sixty, "air exchange -60, hotel exchange 6"),
    ]);
}

/// What is due is written down on both sides first, and a debt there is paid first.
#[test]
fn both_accounts_are_settled_and_debts_are_paid() {
    let mut person = Person::one_way("2");
    let swap = person.swap("hotel", 20);
    let after = "2026-06-10T10:00:00+08:00";
    person.play(&[
        (DAY, "air", act("check_in"), "air earn 5"),
        (DAY, "air", buy(&[10_000]), "air earn 100"),
        (DAY, "hotel", act("check_in"), "hotel earn 5"),
        (after, "air", swap, "air expire -5, air exchange -20, hotel expire -5, hotel exchange 40"),
    ]);
    assert_eq!(person.entries["hotel"].last().unwrap().recorded_at, at(after));
}

/// A back-test tells again what was exchanged, as it was.
#[test]
fn exchanges_are_told_again() {
    let mut person = Person::one_way("2");
    let swap = person.swap("hotel", 20);
    person.play(&[
        (DAY, "air", buy(&[10_000]), "air earn 100"),
        (DAY, "hotel", act("check_in"), "hotel earn 5"),
        (LATER, "air", swap, "air exchange -20, hotel exchange 40"),
        (LATER, "hotel", spend(41), "hotel redeem -41"),
    ]);
    for (programme, balance) in [("air", 80), ("hotel", 4)] {
        let id = ProgrammeId::new(programme).unwrap();
        let member = person.members[programme].id.clone();
        // Under rules that know of no exchange.
        let book = Rulebook::new(&rules::default_document(), 8).unwrap();
        let mut again = Replay::new(&book, id, member, BTreeMap::new());
        person.entries[programme].iter().for_each(|entry| again.again(entry).unwrap());
        let (_, member) = again.end(at(LATER)).unwrap();
        assert_eq!(
            (member.balance, member.lots),
            (balance, person.members[programme].lots.clone()),
            "{programme}"
        );
    }
}

#[test]
fn sums_beyond_the_ledger_are_refused() {
    let mut person = Person::new(&[
        ("air", &|document| {
            document.exchanges = offering("hotel", ANY);
            document.caps.points_per_day = None;
            document.tiers = None;
        }),
        ("hotel", &|document| document.exchanges = accepting("air", "1000000", None)),
    ]);
    let (fits, more) =
        (person.swap("hotel", 900_000_000), person.swap("hotel", 10_000_000_000_000));
    person.play(&[
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", buy(&[9_000_000_000_000_000]), "air earn 90000000000000"),
        (DAY, "air", more, "refused AmountOutOfRange"),
        (DAY, "air", fits.clone(), "air exchange -900000000, hotel exchange 900000000000000"),
        (DAY, "air", fits, "refused AmountOutOfRange"),
    ]);
}

const RATES: [&str; 6] = ["0.5", "1", "0.333333", "2.5", "0.01", "3"];

fn millionths(rate: &str) -> i128 {
    let (whole, decimals) = rate.split_once('.').unwrap_or((rate, ""));
    format!("{whole}{decimals:0<6}").parse().unwrap()
}

/// Points at a rate, rounded down once.
fn worth(points: i64, rate: &str) -> i64 {
    i64::try_from(i128::from(points) * millionths(rate) / 1_000_000).unwrap()
}

fn wander(seed: u64) -> BTreeMap<String, u64> {
    let mut random = Random::new(seed);
    let rates = [RATES[random.below(6) as usize], RATES[random.below(6) as usize]];
    let agree = millionths(rates[0]) * millionths(rates[1]) <= 1_000_000 * 1_000_000;
    let (half_up, own_life, fifo) =
        (random.below(2) == 0, random.below(3) == 0, random.below(2) == 0);
    let change = |other: &str, rate: &str| {
        let (other, rate) = (other.to_owned(), rate.to_owned());
        move |document: &mut Document| {
            document.exchanges.offers = offering(&other, ANY).offers;
            document.exchanges.accepts =
                accepting(&other, &rate, own_life.then_some("campaign")).accepts;
            document.expiry.insert("campaign".into(), Expiry::Days { days: 9, round_up_to: None });
            document.expiry.insert("shopping".into(), Expiry::Days { days: 25, round_up_to: None });
            document.actions.get_mut("share").unwrap().pending =
                Some(rules::Pending { days: Some(2) });
            document.rounding = if half_up { RoundingMode::HalfUp } else { RoundingMode::Down };
            if fifo {
                document.consumption = rules::Consumption::FirstInFirstOut;
            }
        }
    };
    let mut person = Person::new(&[("a", &change("b", rates[0])), ("b", &change("a", rates[1]))]);
    let mut now = at(DAY);
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..60 {
        now = now.plus_ms([0, 1_000, 3_600_000, 90_000_000, 400_000_000][random.below(5) as usize]);
        let (from, to, rate) =
            if random.below(2) == 0 { ("a", "b", rates[1]) } else { ("b", "a", rates[0]) };
        // What a hold that timed out had set aside is there again.
        let member = person.decide(now, from, &ask(Settle)).unwrap().member;
        let active = member.lots.iter().filter(|lot| lot.state(now) == LotState::Active);
        let has: i64 = active.map(|lot| member.free(lot)).sum();
        let some = 1 + random.below(has.max(1) as u64 + 3) as i64;
        let command = match random.below(100) {
            0..25 => buy(&[1 + random.below(30_000) as i64]),
            25..35 => act(["check_in", "review", "share"][random.below(3) as usize]),
            35..42 => spend(some),
            42..80 => person.swap(to, some),
            80..85 => ask(Hold { points: some, minutes: 60 }),
            85..88 => ask(Freeze(Frozen {
                earning: random.below(2) == 0,
                spending: random.below(2) == 0,
            })),
            88..94 => ask(Restore(Frozen { earning: true, spending: true })),
            _ => ask(Settle),
        };
        let there = &person.members[to];
        let free = there.exists() && !there.frozen.earning && person.members[from].exists();
        let free = free && !person.members[from].frozen.spending;
        let line = person.run(now, from, &command);
        person.audit();
        if command.name() == "exchange" {
            let got = worth(some, rate);
            // The least that comes to as much.
            let least = (1..=some).find(|points| worth(*points, rate) == got).unwrap_or(some);
            let done = format!("{from} exchange -{least}");
            let taken = format!("{to} exchange {got}");
            // It goes through exactly when there is as much to spend and something to get.
            let goes = agree && free && some <= has && got > 0;
            assert_eq!(
                line.contains(&done) && line.ends_with(&taken),
                goes,
                "seed {seed}: {some} of {has} at {rate}: {line}"
            );
            assert_eq!(line.starts_with("refused"), !goes, "seed {seed}: {line}");
            let word = if goes { "done" } else { line.split([' ', '{']).nth(1).unwrap() };
            *met.entry(word.to_owned()).or_default() += 1;
        }
    }
    // What one says of the other is what the other says of it.
    for (from, to) in [("a", "b"), ("b", "a")] {
        let sums = |programme: &str, gives: bool| {
            let entries = person.entries.get(programme).into_iter().flatten();
            let of_these = entries
                .filter(|entry| entry.kind() == Kind::Exchange && (entry.points < 0) == gives);
            let pair = |entry: &Entry| (entry.points.abs(), entry.exchange().unwrap().points);
            of_these.map(pair).collect::<Vec<_>>()
        };
        let turned: Vec<(i64, i64)> =
            sums(to, false).into_iter().map(|(own, other)| (other, own)).collect();
        assert_eq!(sums(from, true), turned, "seed {seed}: {from} to {to}");
    }
    met
}

#[test]
fn histories_of_two_programmes_add_up() {
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    for (what, times) in (0..support::histories() / 10).flat_map(wander) {
        *met.entry(what).or_default() += times;
    }
    for what in [
        "done",
        "NotOffered",
        "InsufficientPoints",
        "OutsideLimits",
        "CounterpartyNotFound",
        "MemberFrozen",
        "MemberNotFound",
    ] {
        assert!(met.contains_key(what), "the histories never meet {what}: {met:?}");
    }
}

#[test]
fn an_exchange_of_many_points_asks_who_it_is() {
    let mut person = Person::new(&[
        ("air", &|document| {
            document.exchanges = offering("hotel", ANY);
            let above_points = Some(10);
            document.risk.step_up =
                Some(rules::StepUp { above_points, ..rules::StepUp::default() });
        }),
        ("hotel", &|document| document.exchanges = accepting("air", "0.5", None)),
    ]);
    let (few, many) = (person.swap("hotel", 11), person.swap("hotel", 12));
    let needed = r#"VerificationNeeded { because: "points", proof: "missing", points: 12 }"#;
    person.play(&[
        (DAY, "air", buy(&[10_000]), "air earn 100"),
        (DAY, "hotel", act("share"), "hotel earn 10"),
        (DAY, "air", many, &format!("refused {needed}")),
        // 5 there take 10.
        (DAY, "air", few, "air exchange -10, hotel exchange 5"),
    ]);
}
