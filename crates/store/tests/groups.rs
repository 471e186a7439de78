//! Programmes of a group, on the real `.sql`: whom names belong to, and exchanges that are written
//! on both sides or on neither.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::support;

use std::cell::Cell;
use std::rc::Rc;

use ledger::{MemberId, Timestamp};
use rules::operations::{Erase, Merge, Partner};
use rules::{Accepted, Document, Rulebook, Transfers};
use store::{
    Executor, LoadedMember, Outcome, ProgrammeRef, Scope, Submission, execute, load, programme,
    publish, set_group,
};
use support::{World, act, buy, enrol, exchange, redeem, told, wait};

/// Some programmes in one database, each with a rulebook of its own, all of one group.
struct Group {
    world: World,
    programmes: Vec<(ProgrammeRef, Rc<Rulebook>)>,
    next_id: Cell<u128>,
}

impl Group {
    /// Points of each programme may be exchanged for half as many of the next one.
    fn new(names: &[&str]) -> Self {
        let (world, mut programmes) = (World::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let mut document: Document = rules::default_document();
            let bounds =
                Transfers { min_points: 1, max_points: None, points_per_day: None, limit: None };
            if let Some(next) = names.get(at + 1) {
                document.exchanges.offers.insert((*next).to_owned(), bounds);
            }
            if at > 0 {
                let half = Accepted { rate: "0.5".to_owned(), expiry: None };
                document.exchanges.accepts.insert(names[at - 1].to_owned(), half);
            }
            let book = Rulebook::new(&document, 1).unwrap();
            wait(publish(&world.sql, name, name, 0, (&document, &book), 0, "test")).unwrap();
            assert!(wait(set_group(&world.sql, name, Some("g"))).unwrap());
            let found = wait(programme(&world.sql, name)).unwrap().unwrap();
            programmes.push((found.reference, Rc::new(book)));
        }
        Self { world, programmes, next_id: Cell::new(1 << 80) }
    }

    fn load(&self, at: usize, order: &Submission) -> Vec<LoadedMember> {
        let scope = Scope::Programme(self.programmes[at].0.no);
        let (_, _, loaded) =
            wait(load(&self.world.sql, scope, &[order.wanted()], order.lots())).unwrap().unwrap();
        loaded
    }

    fn execute(&self, at: usize, order: &Submission, loaded: Vec<LoadedMember>) -> Outcome {
        let fresh = || {
            self.next_id.set(self.next_id.get() + (1 << 40));
            support::fresh(self.next_id.get())
        };
        let (programme, book) = &self.programmes[at];
        let abroad = self.programmes.get(at + 1).map(|(programme, _)| programme);
        let (sql, now) = (&self.world.sql, self.world.now.get());
        let mut executor = Executor { sql, programme, book, now, fresh, abroad, in_flight: None };
        wait(execute(&mut executor, std::slice::from_ref(order), loaded)).unwrap().pop().unwrap()
    }

    fn run(&self, at: usize, order: &Submission) -> String {
        told(&self.execute(at, order, self.load(at, order)))
    }

    fn partner(&self, at: usize) -> Option<Partner> {
        let (programme, book) = &self.programmes[at];
        Some(Partner {
            programme: ledger::ProgrammeId::new(programme.id.clone()).unwrap(),
            spread: programme.spread,
            book: book.clone(),
            gains: false,
        })
    }

    /// Whom a name belongs to, in a decision and in a look-up.
    fn known(&self, at: usize, name: &str) -> (String, Option<String>) {
        let order = act(name, "who", "share");
        let loaded = self.load(at, &order).remove(0).member;
        let found =
            wait(store::member_by_alias(&self.world.sql, self.programmes[at].0.no, name)).unwrap();
        (loaded.id.to_string(), found.map(|id: MemberId| id.to_string()))
    }

    /// Whose a name is in the group, as a programme sees it: who may be given it there.
    fn means(&self, at: usize, name: &str) -> String {
        self.world
            .sql
            .connection()
            .query_row(
                "SELECT member_id FROM known_as WHERE programme_no = ?1 AND alias = ?2 ORDER BY distance LIMIT 1",
                (self.programmes[at].0.no, name),
                |row| row.get(0),
            )
            .unwrap()
    }

    /// Programmes in which somebody else is known by a name of this one.
    fn apart(&self, id: &str, of: Option<&str>) -> Vec<String> {
        wait(store::name_clashes(&self.world.sql, id, of)).unwrap()
    }

    fn assert_sound(&self) {
        for (programme, _) in &self.programmes {
            assert_eq!(self.apart(&programme.id, None), Vec::<String>::new());
            let audit = wait(store::audit(&self.world.sql, programme.no, None, 0, 1_000)).unwrap();
            assert_eq!(audit.violations, vec![]);
            assert_eq!(
                wait(store::wrong_exchanges(&self.world.sql, programme.no)).unwrap(),
                Vec::<String>::new()
            );
            let sums = wait(store::totals(&self.world.sql, programme.no)).unwrap();
            assert_eq!((sums.entries, sums.entries), (sums.balances, sums.lots));
        }
    }
}

#[test]
fn a_name_means_the_same_person_in_the_group() {
    let group = Group::new(&["air", "hotel", "shop"]);
    assert_eq!(group.run(0, &enrol("li", "1", &["phone:138"])), "profile +0");
    assert_eq!(group.known(0, "~phone:138"), ("li".into(), Some("li".into())));
    // She has no account there yet: nobody to be looked up, but an earn makes her a member under
    // her own id.
    assert_eq!(group.known(1, "~phone:138"), ("li".into(), None));
    assert_eq!(group.known(1, "~phone:139"), ("~phone:139".into(), None));
    assert_eq!(group.run(1, &enrol("wang", "0", &[])), "profile +0");
    assert_eq!(group.run(1, &buy("~phone:138", "1", "o", 1_000)), "earn +10");
    assert_eq!(group.known(1, "~phone:138"), ("li".into(), Some("li".into())));
    assert_eq!(group.world.number("SELECT count(*) FROM member WHERE id = 'li'"), 2);
    // Nobody else gets her name, wherever it was told.
    assert_eq!(group.run(2, &enrol("wang", "1", &["card:1", "phone:138"])), "alias-taken");
    assert_eq!(group.run(1, &enrol("wang", "1", &["phone:138"])), "alias-taken");
    assert_eq!(group.run(2, &enrol("li", "2", &["phone:138", "card:7"])), "profile +0");
    assert_eq!(group.run(0, &enrol("li", "2", &["phone:138"])), "profile +0");
    // Nor does a name that the shop told lead to the account that she had in the hotel before.
    assert_eq!(
        (group.means(1, "card:7").as_str(), group.known(1, "~card:7")),
        ("li", ("~card:7".into(), None))
    );
    assert_eq!(group.run(1, &enrol("~card:7", "3", &["card:7", "card:8"])), "member-not-found");
    assert_eq!(group.run(1, &enrol("li", "3l", &["card:7", "card:8"])), "profile +0");
    assert_eq!(group.known(1, "~card:7").0, "li");
    assert_eq!(group.world.number("SELECT count(DISTINCT id) FROM member"), 2);
    // Outside of the group nobody knows her.
    assert!(wait(set_group(&group.world.sql, "hotel", Some("other"))).unwrap());
    assert_eq!(group.known(1, "~phone:138"), ("~phone:138".into(), None));
    assert_eq!(group.run(1, &enrol("wang", "4", &["phone:138"])), "profile +0");
    assert_eq!(
        (group.apart("hotel", Some("g")), group.apart("shop", Some("g"))),
        (vec!["air".into(), "shop".into()], vec![])
    );
    // Nor by a statement that asks no question first.
    assert!(!wait(set_group(&group.world.sql, "hotel", Some("g"))).unwrap());
    assert_eq!(wait(store::group_of(&group.world.sql, "hotel")).unwrap().as_deref(), Some("other"));
    assert!(wait(set_group(&group.world.sql, "hotel", None)).unwrap());
    assert_eq!(wait(store::group_of(&group.world.sql, "hotel")).unwrap(), None);
    assert_eq!(wait(store::group_of(&group.world.sql, "air")).unwrap().as_deref(), Some("g"));
    group.assert_sound();
}

/// Whatever a till of one programme says of a person, it does not open the account that she has in
/// another one.
#[test]
fn a_name_told_elsewhere_opens_no_account_that_was_there() {
    let spends = |name: &str, key: &str| redeem(name, key, 5);
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(1, &buy("li", "1", "o", 1_000));
    let closed = |group: &Group, name: &str, key: &str| {
        assert_eq!(group.run(1, &spends(name, key)), "member-not-found");
        assert_eq!(group.known(1, name), (name.into(), None));
        assert_eq!(
            group.run(1, &buy(name, &format!("{key}b"), &format!("{key}b"), 1_000)),
            "member-not-found"
        );
    };
    // Told where she has no account, where she gets one, and after it.
    assert_eq!(group.run(0, &enrol("li", "2", &["phone:666"])), "profile +0");
    closed(&group, "~phone:666", "3");
    // Nor by a merger there, whichever of the two she becomes.
    group.run(0, &enrol("mallory", "4", &["phone:667"]));
    assert_eq!(group.run(0, &merge("mallory", "li", "5")), "merge +0");
    closed(&group, "~phone:667", "6");
    group.run(2, &enrol("li", "7", &[]));
    group.run(2, &enrol("mallory", "8", &["card:1"]));
    assert_eq!(group.run(2, &merge("li", "mallory", "9")), "merge +0");
    closed(&group, "~card:1", "10");
    // Nor when the programme leaves and joins again, or forgets her.
    assert!(wait(set_group(&group.world.sql, "hotel", None)).unwrap());
    closed(&group, "~phone:666", "11");
    assert!(wait(set_group(&group.world.sql, "hotel", Some("g"))).unwrap());
    closed(&group, "~phone:666", "12");
    assert_eq!(group.run(0, &erase("li", "13")), "erase +0");
    closed(&group, "~phone:666", "14");
    // The hotel's own word does, and it alone.
    assert_eq!(group.run(1, &enrol("li", "15", &["card:1"])), "profile +0");
    assert_eq!(group.run(1, &spends("~card:1", "16")), "redeem -5");
    group.assert_sound();
}

/// A person who comes by a name that only others know gets an account, and the name is the
/// programme's own from then on, whatever becomes of it elsewhere.
#[test]
fn an_account_that_is_opened_by_a_name_is_known_by_it() {
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("li", "1", &["phone:1", "card:1"]));
    assert_eq!(group.run(1, &buy("~phone:1", "2", "o", 1_000)), "earn +10");
    assert_eq!(group.run(1, &redeem("~phone:1", "3", 5)), "redeem -5");
    assert_eq!(
        group.known(1, "~card:1"),
        ("~card:1".into(), None),
        "the name that she came by, and no other"
    );
    // Given up by the one that told it, or forgotten there, or with the group left.
    assert_eq!(group.run(0, &enrol("li", "4", &["card:1"])), "profile +0");
    assert_eq!(group.run(1, &redeem("~phone:1", "5", 1)), "redeem -1");
    assert_eq!(group.run(0, &enrol("wang", "6", &["phone:1"])), "alias-taken");
    assert_eq!(group.run(0, &erase("li", "7")), "erase +0");
    assert!(wait(set_group(&group.world.sql, "hotel", None)).unwrap());
    assert_eq!(group.run(1, &redeem("~phone:1", "8", 1)), "redeem -1");
    // Forgotten here, it is gone.
    assert_eq!(group.run(1, &erase("li", "9")), "erase -3");
    assert_eq!(group.world.number("SELECT count(*) FROM alias WHERE alias NOT LIKE 'id:%'"), 0);
    assert_eq!(group.run(1, &buy("~phone:1", "10", "p", 1_000)), "member-not-found");
    group.assert_sound();
    // A profile that lists her names says all of them; without, she keeps the one that she came by.
    let group = Group::new(&["air", "hotel"]);
    group.run(0, &enrol("li", "1", &["phone:1", "card:1"]));
    group.run(0, &enrol("wang", "1w", &["phone:2"]));
    assert_eq!(group.run(1, &enrol("~phone:1", "2", &["card:1"])), "profile +0");
    assert_eq!(
        (group.known(1, "~card:1").0.as_str(), group.known(1, "~phone:1").0.as_str()),
        ("li", "~phone:1")
    );
    let nameless = Submission { aliases: None, ..enrol("~phone:2", "3", &[]) };
    assert_eq!(group.run(1, &nameless), "profile +0");
    assert_eq!(group.known(1, "~phone:2").0, "wang");
    // An exchange goes by the id that the name means where it is asked for.
    group.run(0, &buy("~card:1", "4", "q", 10_000));
    group.run(1, &act("li", "5", "share"));
    assert_eq!(group.run(0, &exchange("~phone:1", "6", group.partner(1), 10)), "exchange -10");
    group.assert_sound();
}

/// Two tills open the account of one name at once: there is one, and it has the name.
#[test]
fn two_tills_open_one_account() {
    let group = Group::new(&["air", "hotel"]);
    group.run(0, &enrol("li", "1", &["phone:1"]));
    let (first, second) = (buy("~phone:1", "2", "o", 1_000), buy("~phone:1", "3", "p", 1_000));
    let (loaded, late) = (group.load(1, &first), group.load(1, &second));
    assert_eq!(told(&group.execute(1, &first, loaded)), "earn +10");
    assert_eq!(told(&group.execute(1, &second, late)), "earn +10");
    assert_eq!(group.run(1, &redeem("~phone:1", "4", 20)), "redeem -20");
    group.assert_sound();
}

fn merge(from: &str, into: &str, key: &str) -> Submission {
    Submission {
        operation: Rc::new(Merge { from: MemberId::new(from).unwrap() }),
        ..redeem(into, key, 1)
    }
}

fn erase(member: &str, key: &str) -> Submission {
    Submission { operation: Rc::new(Erase), ..redeem(member, key, 1) }
}

/// Each programme joins accounts by itself; names lead to the account that there is.
#[test]
fn names_follow_mergers() {
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("new", "1", &["phone:1"]));
    group.run(0, &enrol("old", "2", &["phone:2"]));
    group.run(1, &buy("~phone:2", "1", "o", 1_000));
    assert_eq!(group.run(0, &merge("old", "new", "3")), "merge +0");
    assert_eq!(group.known(0, "~phone:2").0, "new");
    // In the hotel the old account is still the only one; where she has none, she is who she
    // became.
    assert_eq!(
        (group.known(1, "~phone:2").0.as_str(), group.known(2, "~phone:2").0.as_str()),
        ("old", "new")
    );
    assert_eq!(group.known(1, "~id:old").0, "~id:old");
    assert_eq!(group.run(1, &enrol("old", "4", &["phone:2"])), "profile +0");
    assert_eq!(group.known(1, "~phone:2").0, "old", "told here, it is meant as it is here");
    assert_eq!(
        group.known(2, "~phone:2").0,
        "new",
        "who she was before is the last that an account is opened under"
    );
    // That she is the old one still in the hotel keeps nobody from joining again.
    assert!(wait(set_group(&group.world.sql, "hotel", None)).unwrap());
    assert!(wait(set_group(&group.world.sql, "hotel", Some("g"))).unwrap());
    group.run(1, &buy("new", "5", "p", 1_000));
    assert_eq!(group.run(1, &merge("old", "new", "6")), "merge +10");
    assert_eq!(group.known(1, "~phone:2").0, "new");
    assert_eq!(group.known(1, "~id:old").0, "new");
    group.assert_sound();
}

/// Programmes merge the same ids in different ways, or know nothing of a merger: all her ids are
/// one person's in the whole group.
#[test]
fn what_was_merged_anywhere_is_one_person_everywhere() {
    // The third programme opens an account under the id that she has become, and is told her name.
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("new", "1", &[]));
    group.run(0, &enrol("old", "2", &["phone:2"]));
    group.run(1, &enrol("old", "3", &["phone:2"]));
    assert_eq!(group.run(0, &merge("old", "new", "4")), "merge +0");
    assert_eq!(group.run(2, &enrol("new", "5", &["phone:2"])), "profile +0");
    group.assert_sound();
    assert!(wait(set_group(&group.world.sql, "shop", None)).unwrap());
    assert!(wait(set_group(&group.world.sql, "shop", Some("g"))).unwrap());
    // Two programmes made different ids of the same one.
    let group = Group::new(&["air", "hotel"]);
    for (at, other) in [(0, "b"), (1, "c")] {
        group.run(at, &enrol("a", "1", &["phone:1"]));
        group.run(at, &enrol(other, "2", &[]));
    }
    for (at, other) in [(0, "b"), (1, "c")] {
        assert_eq!(group.run(at, &merge("a", other, "3")), "merge +0");
    }
    group.assert_sound();
    assert_eq!(group.run(1, &enrol("c", "4", &["phone:1", "card:1"])), "profile +0");
    assert_eq!(group.means(0, "card:1"), "b");
    assert_eq!(group.run(0, &enrol("b", "5", &["card:1"])), "profile +0");
    assert_eq!(group.run(0, &enrol("wang", "6", &["card:1"])), "alias-taken");
    group.assert_sound();
    // The merger is known to a third programme only: a person who was forgotten stays so, and a
    // person with an account gets no second one.
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("old", "1", &[]));
    assert_eq!(group.run(0, &erase("old", "2")), "erase +0");
    for id in ["old", "new"] {
        group.run(2, &enrol(id, id, &[]));
    }
    assert_eq!(group.run(2, &merge("old", "new", "3")), "merge +0");
    group.run(1, &enrol("new", "4", &["phone:9"]));
    assert_eq!(group.run(0, &buy("~phone:9", "5", "o", 1_000)), "member-not-found");
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("old", "1", &["phone:1"]));
    group.run(1, &enrol("new", "2", &[]));
    for id in ["old", "new"] {
        group.run(2, &enrol(id, id, &[]));
    }
    assert_eq!(group.run(2, &merge("old", "new", "3")), "merge +0");
    assert_eq!((group.means(1, "phone:1").as_str(), group.known(1, "~phone:1").1), ("new", None));
    assert_eq!(group.run(1, &enrol("new", "4", &["phone:1"])), "profile +0");
    group.assert_sound();
}

/// That two ids are one person's is remembered when the account is erased, so that the others still
/// agree, and the forgotten stay forgotten.
#[test]
fn what_was_merged_outlives_the_account() {
    let group = Group::new(&["air", "hotel", "shop"]);
    for id in ["old", "new"] {
        group.run(0, &enrol(id, id, &["phone:2", "card:2"][..usize::from(id == "old")]));
    }
    group.run(1, &enrol("old", "1", &["phone:2"]));
    assert_eq!(group.run(0, &merge("old", "new", "2")), "merge +0");
    group.run(2, &enrol("new", "3", &["phone:2"]));
    assert_eq!(group.run(1, &erase("old", "4")), "erase +0");
    assert_eq!(group.known(1, "~phone:2").1, None);
    assert_eq!(group.run(0, &erase("new", "5")), "erase +0");
    for at in [0, 1] {
        assert_eq!(group.known(at, "~phone:2"), ("~phone:2".into(), None));
        assert_eq!(group.run(at, &buy("~phone:2", "6", "o", 1_000)), "member-not-found");
    }
    assert_eq!(
        group.world.number(
            "SELECT count(*) FROM alias WHERE programme_no IN (2, 3) AND alias NOT LIKE 'id:%'"
        ),
        0
    );
    assert_eq!(group.known(2, "~phone:2").0, "new");
    group.assert_sound();
}

/// A person who really is somebody else still is, whatever was merged.
#[test]
fn names_of_different_people_are_apart() {
    let group = Group::new(&["air", "hotel", "shop"]);
    assert!(wait(set_group(&group.world.sql, "shop", None)).unwrap());
    for (at, ids) in [(0, ["a", "b"]), (2, ["c", "d"])] {
        for id in ids {
            group.run(at, &enrol(id, id, &[]));
        }
        assert_eq!(group.run(at, &merge(ids[0], ids[1], "m")), "merge +0");
        assert_eq!(group.run(at, &enrol(ids[1], "n", &["phone:1"])), "profile +0");
    }
    assert_eq!(group.apart("shop", Some("g")), ["air"]);
    assert_eq!(group.apart("air", None), Vec::<String>::new());
    assert!(!wait(set_group(&group.world.sql, "shop", Some("g"))).unwrap());
    // The audit tells of it if it ever came to be.
    group
        .world
        .sql
        .connection()
        .execute("INSERT INTO programme_group SELECT no, 'g' FROM programme WHERE id = 'shop'", [])
        .unwrap();
    assert_eq!(
        (group.apart("air", None), group.apart("shop", None)),
        (vec!["shop".into()], vec!["air".into()])
    );
}

/// An account that was opened before a merger is found where the merger was not made, whichever
/// programme joined first.
#[test]
fn the_one_who_became_another_is_the_last_to_get_an_account() {
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("old", "1", &["phone:2"]));
    group.run(1, &enrol("old", "2", &["phone:2"]));
    group.run(1, &enrol("new", "3", &["card:9"]));
    assert_eq!(group.run(1, &merge("old", "new", "4")), "merge +0");
    assert_eq!(group.known(2, "~phone:2").0, "new");
    assert_eq!(
        (group.known(0, "~phone:2").0.as_str(), group.means(0, "card:9").as_str()),
        ("old", "old")
    );
    group.assert_sound();
}

/// A person forgotten in one programme cannot be found there by what another one remembers. Nobody
/// else gets a name that means her in the group.
#[test]
fn the_forgotten_are_not_remembered_by_others() {
    let group = Group::new(&["air", "hotel", "shop"]);
    for at in 0..2 {
        assert_eq!(group.run(at, &enrol("li", "1", &["phone:1"])), "profile +0");
    }
    assert_eq!(group.run(0, &erase("li", "2")), "erase +0");
    assert_eq!(group.known(0, "~phone:1"), ("~phone:1".into(), None));
    assert_eq!(group.known(1, "~phone:1"), ("li".into(), Some("li".into())));
    assert_eq!(group.run(0, &enrol("li-2", "3", &["phone:1"])), "alias-taken");
    assert_eq!(group.run(0, &enrol("wang", "3w", &["phone:1"])), "alias-taken");
    assert_eq!(group.run(0, &buy("~phone:1", "4", "o", 1_000)), "member-not-found");
    assert_eq!(group.known(2, "~phone:1").0, "li");
    assert!(wait(set_group(&group.world.sql, "air", None)).unwrap());
    assert!(wait(set_group(&group.world.sql, "air", Some("g"))).unwrap());
    group.assert_sound();
    // Once nobody knows her by it, the name is free.
    assert_eq!(group.run(1, &enrol("li", "5", &["phone:2"])), "profile +0");
    assert_eq!(group.run(0, &enrol("li-2", "5", &["phone:1"])), "profile +0");
    assert_eq!(group.known(2, "~phone:1").0, "li-2");
    // Or once she is the same again where she is known.
    assert_eq!(group.run(0, &enrol("li-2", "6", &["phone:1", "phone:2"])), "alias-taken");
    group.run(1, &enrol("li-2", "7", &[]));
    assert_eq!(group.run(1, &merge("li", "li-2", "8")), "merge +0");
    assert_eq!(group.run(0, &enrol("li-2", "9", &["phone:1", "phone:2"])), "profile +0");
    assert_eq!(group.known(0, "~phone:2").0, "li-2");
    group.assert_sound();
}

/// She may have been forgotten under any of her ids, before a merger or after it, here or
/// elsewhere.
#[test]
fn the_forgotten_are_not_found_by_what_was_merged() {
    let unknown = |group: &Group| {
        assert_eq!(group.known(0, "~phone:1"), ("~phone:1".into(), None));
        assert_eq!(group.run(0, &enrol("wang", "w", &["phone:1"])), "alias-taken");
        assert_eq!(group.run(0, &buy("~phone:1", "e", "e", 1_000)), "member-not-found");
        group.assert_sound();
    };
    // Merged here, and then forgotten.
    let group = Group::new(&["air", "hotel"]);
    group.run(1, &enrol("old", "1", &["phone:1"]));
    group.run(0, &enrol("old", "1", &[]));
    group.run(0, &enrol("new", "2", &[]));
    assert_eq!(group.run(0, &merge("old", "new", "3")), "merge +0");
    assert_eq!(group.means(0, "phone:1"), "new");
    assert_eq!(group.run(0, &erase("new", "4")), "erase +0");
    unknown(&group);
    // Forgotten here, and merged elsewhere since.
    let group = Group::new(&["air", "hotel"]);
    group.run(1, &enrol("old", "1", &["phone:1"]));
    group.run(1, &enrol("new", "2", &[]));
    group.run(0, &enrol("old", "1", &[]));
    assert_eq!(group.run(0, &erase("old", "4")), "erase +0");
    assert_eq!(group.run(1, &merge("old", "new", "5")), "merge +0");
    unknown(&group);
    // An account that she has is hers, whatever she had before.
    group.run(0, &enrol("new", "6", &[]));
    assert_eq!(group.means(0, "phone:1"), "new");
    // Of earlier ids one was forgotten, and another is an account.
    let group = Group::new(&["air", "hotel"]);
    for (key, id) in [("1", "a"), ("2", "b")] {
        group.run(0, &enrol(id, key, &[]));
        group.run(1, &enrol(id, key, &[]));
    }
    group.run(1, &enrol("c", "3", &["phone:1"]));
    assert_eq!(group.run(0, &erase("a", "4")), "erase +0");
    for (key, id) in [("5", "a"), ("6", "b")] {
        assert_eq!(group.run(1, &merge(id, "c", key)), "merge +0");
    }
    assert_eq!(group.means(0, "phone:1"), "b");
    group.assert_sound();
}

#[test]
fn an_exchange_is_written_on_both_sides_or_on_neither() {
    let group = Group::new(&["air", "hotel"]);
    let swap = |key: &str, points| exchange("li", key, group.partner(1), points);
    assert_eq!(group.run(0, &buy("li", "a", "a", 10_000)), "earn +100");
    assert_eq!(group.run(0, &swap("0", 10)), "counterparty-not-found");
    assert_eq!(group.run(1, &act("li", "a", "share")), "earn +10");
    assert_eq!(group.run(0, &swap("1", 41)), "exchange -40");
    assert_eq!(group.run(0, &swap("1", 41)), "again: exchange -40");
    assert_eq!(group.run(0, &swap("1", 42)), "key reused");
    assert_eq!(group.run(0, &swap("0", 10)), "again: counterparty-not-found");
    assert_eq!(group.run(0, &exchange("li", "2", None, 5)), "not-offered");
    let balance = |programme: &str| {
        group.world.number(&format!(
            "SELECT points_in_lots FROM member JOIN programme AS p ON p.no = programme_no WHERE p.id = '{programme}'"
        ))
    };
    assert_eq!((balance("air"), balance("hotel")), (60, 30));
    // Decided before somebody else wrote, on either side: decided again.
    for (at, write) in [(0, redeem("li", "x", 10)), (1, redeem("li", "y", 30))] {
        let order = swap(&format!("late-{at}"), 10);
        let loaded = group.load(0, &order);
        assert!(group.run(at, &write).starts_with("redeem"));
        assert_eq!(told(&group.execute(0, &order, loaded)), "exchange -10");
        group.assert_sound();
    }
    assert_eq!((balance("air"), balance("hotel")), (30, 10));
    let entries = "SELECT count(*) FROM entry AS there JOIN entry AS here ON here.id = there.cause
        WHERE there.kind = 'exchange' AND here.kind = 'exchange' AND here.programme_no <> there.programme_no
        AND json_extract(here.body, '$.exchange[1]') = there.points AND json_extract(there.body, '$.exchange[1]') = -here.points";
    assert_eq!(group.world.number(entries), 3);
    let all = |programme: usize| {
        let no = group.programmes[programme].0.no;
        wait(store::exchanges(&group.world.sql, no, Timestamp(0), Timestamp::LAST)).unwrap()
    };
    let side = |points, points_there, entries| store::Exchanged { points, points_there, entries };
    let [air, hotel] = [all(0), all(1)].map(|all| all.into_iter().next().unwrap());
    assert_eq!((air.given, air.taken), (side(60, 30, 3), side(0, 0, 0)));
    assert_eq!((hotel.given, hotel.taken), (side(0, 0, 0), side(30, 60, 3)));
    assert_eq!((air.programme.as_str(), hotel.programme.as_str()), ("hotel", "air"));
    assert!(
        wait(store::exchanges(
            &group.world.sql,
            group.programmes[0].0.no,
            Timestamp(0),
            Timestamp(1)
        ))
        .unwrap()
        .is_empty()
    );
}

/// Two rulebooks that were published at once, each held against the other as it was before: what
/// neither saw, the next exchange does.
#[test]
fn what_was_published_at_once_is_found_by_the_exchange() {
    let group = Group::new(&["air", "hotel", "shop"]);
    let ways = |group: &Group| {
        let no = group.programmes[0].0.no;
        let all = wait(store::agreements(&group.world.sql, no, None)).unwrap();
        let open = rules::open_rates(&all);
        rules::gaining_way(&open, "air", "hotel").map(|way| way.join(" "))
    };
    assert_eq!(ways(&group), None);
    for (name, from, to, rate) in [("shop", "hotel", "air", "2"), ("air", "shop", "hotel", "1.5")] {
        let mut document: Document = rules::default_document();
        let bounds =
            Transfers { min_points: 1, max_points: None, points_per_day: None, limit: None };
        document.exchanges.offers.insert(to.to_owned(), bounds);
        document
            .exchanges
            .accepts
            .insert(from.to_owned(), Accepted { rate: rate.to_owned(), expiry: None });
        let book = Rulebook::new(&document, 2).unwrap();
        wait(publish(&group.world.sql, name, name, 1, (&document, &book), 0, "test")).unwrap();
    }
    let all = wait(store::agreements(&group.world.sql, group.programmes[0].0.no, None)).unwrap();
    assert_eq!(ways(&group).as_deref(), Some("air hotel shop air"), "0.5 × 2 × 1.5: {all:?}");
    group.run(0, &buy("li", "1", "o", 10_000));
    group.run(1, &act("li", "2", "share"));
    let partner =
        group.partner(1).map(|partner| Partner { gains: ways(&group).is_some(), ..partner });
    assert_eq!(group.run(0, &exchange("li", "3", partner, 10)), "not-offered");
    // In another group there is no way back.
    assert!(wait(set_group(&group.world.sql, "shop", None)).unwrap());
    assert_eq!(ways(&group), None);
    group.assert_sound();
}

/// A publication that was good when it was planned is held against the group again when its time
/// comes.
#[test]
fn a_planned_publication_that_would_make_points_by_now_is_rejected() {
    let group = Group::new(&["air", "hotel"]);
    let sql = &group.world.sql;
    let air = group.programmes[0].0.clone();
    let back = |rate: &str, version: i64| {
        let mut document = wait(programme(sql, "air")).unwrap().unwrap().document;
        document
            .exchanges
            .accepts
            .insert("hotel".to_owned(), Accepted { rate: rate.to_owned(), expiry: None });
        let book = Rulebook::new(&document, version).unwrap();
        (document, book)
    };
    let plan = |id: &str, rate: &str, at: i64| {
        let (document, book) = back(rate, 2);
        let wish = store::Publication {
            id: id.to_owned(),
            kind: store::DocumentKind::Rulebook,
            draft: "back".to_owned(),
            base_version: 1,
            at: Timestamp(at),
            major: Vec::new(),
            role: "department_head".to_owned(),
            asked_at: Timestamp(0),
            asked_by: "ana".to_owned(),
            state: store::PublicationState::Planned,
            decided: None,
            published_at: None,
            approved: None,
            reason: None,
        };
        let who =
            store::Who { at: Timestamp(0), person: Some("ana".into()), key: None, address: None };
        let stored = store::as_stored(&document, &book).unwrap();
        let document = store::Publishable::rulebook(stored, &book);
        wait(store::ask_for_publication(sql, air.no, &wish, document, id, &who)).unwrap();
    };
    plan("a", "2", 10);
    plan("b", "1", 20);
    // Meanwhile the hotel lets its points go to the airline, too.
    let mut document = wait(programme(sql, "hotel")).unwrap().unwrap().document;
    let bounds = Transfers { min_points: 1, max_points: None, points_per_day: None, limit: None };
    document.exchanges.offers.insert("air".to_owned(), bounds);
    document.exchanges.accepts.get_mut("air").unwrap().rate = "0.6".to_owned();
    let book = Rulebook::new(&document, 2).unwrap();
    wait(publish(sql, "hotel", "hotel", 1, (&document, &book), 0, "test")).unwrap();
    assert_eq!(wait(store::publish_due(sql, &air, Timestamp(15))).unwrap(), 0);
    let found = wait(store::publication(sql, air.no, "a")).unwrap().unwrap();
    assert_eq!(found.state, store::PublicationState::Rejected);
    assert_eq!(found.decided, Some((Timestamp(15), "publish".to_owned())));
    assert_eq!(found.reason.as_deref(), Some("lets points grow on the way air → hotel → air"));
    assert_eq!(wait(programme(sql, "air")).unwrap().unwrap().reference.rulebook_version, 1);
    // What comes after it is looked at by itself.
    assert_eq!(wait(store::publish_due(sql, &air, Timestamp(25))).unwrap(), 1);
    assert_eq!(wait(programme(sql, "air")).unwrap().unwrap().reference.rulebook_version, 2);
    group.assert_sound();
}

/// What one side says and the other does not is found, from either side.
#[test]
fn the_audit_compares_both_sides() {
    let group = Group::new(&["air", "hotel"]);
    group.run(0, &buy("li", "a", "a", 10_000));
    group.run(1, &act("li", "a", "share"));
    group.run(0, &exchange("li", "1", group.partner(1), 40));
    group.assert_sound();
    let connection = group.world.sql.connection();
    connection
        .execute_batch("DROP TRIGGER entry_is_never_updated; DROP TRIGGER entry_is_never_deleted")
        .unwrap();
    let wrong = |at: usize| {
        wait(store::wrong_exchanges(&group.world.sql, group.programmes[at].0.no)).unwrap()
    };
    for tampered in [
        "UPDATE entry SET body = json_replace(body, '$.exchange[1]', 21) WHERE kind = 'exchange' AND points < 0",
        "UPDATE entry SET body = json_replace(body, '$.exchange[1]', 41) WHERE kind = 'exchange' AND points > 0",
        "UPDATE entry SET points = points + 1 WHERE kind = 'exchange' AND points > 0",
        "UPDATE entry SET body = json_replace(body, '$.exchange[2]', '0.51') WHERE kind = 'exchange' AND points > 0",
        "UPDATE entry SET cause = zeroblob(16) WHERE kind = 'exchange' AND points > 0",
        "DELETE FROM entry WHERE kind = 'exchange' AND points > 0",
        "DELETE FROM entry WHERE kind = 'exchange' AND points < 0",
    ] {
        connection.execute_batch("SAVEPOINT t").unwrap();
        assert_eq!(connection.execute(tampered, []).unwrap(), 1, "{tampered}");
        assert_eq!(
            (wrong(0), wrong(1)),
            (vec!["hotel".to_owned()], vec!["air".to_owned()]),
            "{tampered}"
        );
        connection.execute_batch("ROLLBACK TO t; RELEASE t").unwrap();
    }
    group.assert_sound();
}
