//! Programmes of a group, on the real `.sql`: whom names belong to, and exchanges that are written on both sides or on neither.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

mod support;

use std::cell::Cell;
use std::rc::Rc;

use ledger::{EntryId, MemberId, Timestamp};
use rules::{Accepted, Command, Document, Partner, Rulebook, Transfers};
use store::{Desk, Loaded, Order, Outcome, ProgrammeRef, Scope, carry_out, load, programme, publish, set_group};
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
            let bounds = Transfers { least_points: 1, most_points: None, points_per_day: None, limit: None };
            if let Some(next) = names.get(at + 1) {
                document.exchanges.offers.insert((*next).to_owned(), bounds);
            }
            if at > 0 {
                let half = Accepted { rate: "0.5".to_owned(), expiry: None };
                document.exchanges.accepts.insert(names[at - 1].to_owned(), half);
            }
            let book = Rulebook::new(&document, 1).unwrap();
            wait(publish(&world.sql, name, name, 0, (&document, &book), 0, "test")).unwrap();
            wait(set_group(&world.sql, name, Some("g"))).unwrap();
            let found = wait(programme(&world.sql, name)).unwrap().unwrap();
            programmes.push((found.reference, Rc::new(book)));
        }
        Self { world, programmes, next_id: Cell::new(1 << 80) }
    }

    fn load(&self, at: usize, order: &Order) -> Vec<Loaded> {
        let scope = Scope::Programme(self.programmes[at].0.no);
        let (_, _, loaded) = wait(load(&self.world.sql, scope, &[order.wanted()], order.lots())).unwrap().unwrap();
        loaded
    }

    fn carry_out(&self, at: usize, order: &Order, loaded: Vec<Loaded>) -> Outcome {
        let ids = || {
            self.next_id.set(self.next_id.get() + (1 << 40));
            EntryId(self.next_id.get())
        };
        let (programme, book) = &self.programmes[at];
        let abroad = self.programmes.get(at + 1).map(|(programme, _)| programme);
        let (sql, now) = (&self.world.sql, self.world.now.get());
        let mut desk = Desk { sql, programme, book, now, ids, abroad, in_flight: None };
        wait(carry_out(&mut desk, std::slice::from_ref(order), loaded)).unwrap().pop().unwrap()
    }

    fn run(&self, at: usize, order: &Order) -> String {
        told(&self.carry_out(at, order, self.load(at, order)))
    }

    fn partner(&self, at: usize) -> Option<Partner> {
        let (programme, book) = &self.programmes[at];
        Some(Partner { programme: ledger::ProgrammeId::new(programme.id.clone()).unwrap(), book: book.clone() })
    }

    /// Whom a name belongs to, in a decision and in a look-up.
    fn known(&self, at: usize, name: &str) -> (String, Option<String>) {
        let order = act(name, "who", "share");
        let loaded = self.load(at, &order).remove(0).member;
        let found = wait(store::member_by_alias(&self.world.sql, self.programmes[at].0.no, name)).unwrap();
        (loaded.id.to_string(), found.map(|id: MemberId| id.to_string()))
    }

    fn assert_sound(&self) {
        for (programme, _) in &self.programmes {
            let audit = wait(store::audit(&self.world.sql, programme.no, None, 0, 1_000)).unwrap();
            assert_eq!(audit.violations, vec![]);
            assert_eq!(wait(store::wrong_exchanges(&self.world.sql, programme.no)).unwrap(), Vec::<String>::new());
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
    // She has no account there yet: nobody to be looked up, but an earn makes her a member under her own id.
    assert_eq!(group.known(1, "~phone:138"), ("li".into(), None));
    assert_eq!(group.known(1, "~phone:139"), ("~phone:139".into(), None));
    assert_eq!(group.run(1, &buy("~phone:138", "1", "o", 1_000)), "earn +10");
    assert_eq!(group.known(1, "~phone:138"), ("li".into(), Some("li".into())));
    assert_eq!(group.world.number("SELECT count(*) FROM member WHERE id = 'li'"), 2);
    // Nobody else gets her name, wherever it was told.
    assert_eq!(group.run(2, &enrol("wang", "1", &["card:1", "phone:138"])), "alias-taken");
    assert_eq!(group.run(1, &enrol("wang", "1", &["phone:138"])), "alias-taken");
    assert_eq!(group.run(2, &enrol("li", "2", &["phone:138", "card:7"])), "profile +0");
    assert_eq!(group.run(0, &enrol("li", "2", &["phone:138"])), "profile +0");
    assert_eq!(group.known(1, "~card:7").0, "li");
    // By a name that is told with it, one that is new in a programme is the same person.
    assert_eq!(group.run(1, &enrol("~card:7", "3", &["card:7", "card:8"])), "profile +0");
    assert_eq!(group.world.number("SELECT count(DISTINCT id) FROM member"), 1);
    // Outside of the group nobody knows her.
    wait(set_group(&group.world.sql, "hotel", Some("other"))).unwrap();
    assert_eq!(group.known(1, "~phone:138"), ("~phone:138".into(), None));
    assert_eq!(group.run(1, &enrol("wang", "4", &["phone:138"])), "profile +0");
    let clash = |id: &str| wait(store::names_clash(&group.world.sql, id, "g")).unwrap();
    assert_eq!((clash("hotel"), clash("shop")), (Some("air".into()), None));
    wait(set_group(&group.world.sql, "hotel", None)).unwrap();
    assert_eq!(wait(store::group_of(&group.world.sql, "hotel")).unwrap(), None);
    assert_eq!(wait(store::group_of(&group.world.sql, "air")).unwrap().as_deref(), Some("g"));
    group.assert_sound();
}

/// Each programme joins accounts by itself; names lead to the account that there is.
#[test]
fn names_follow_mergers() {
    let group = Group::new(&["air", "hotel", "shop"]);
    group.run(0, &enrol("new", "1", &["phone:1"]));
    group.run(0, &enrol("old", "2", &["phone:2"]));
    group.run(1, &buy("~phone:2", "1", "o", 1_000));
    let merge =
        |key: &str| Order { command: Command::Merge { from: MemberId::new("old").unwrap() }, ..redeem("new", key, 1) };
    assert_eq!(group.run(0, &merge("3")), "merge +0");
    assert_eq!(group.known(0, "~phone:2").0, "new");
    // In the hotel the old account is still the only one; where she has none, she is who she became.
    assert_eq!((group.known(1, "~phone:2").0.as_str(), group.known(2, "~phone:2").0.as_str()), ("old", "new"));
    assert_eq!(group.known(1, "~id:old").0, "~id:old");
    assert_eq!(group.run(1, &enrol("old", "4", &["phone:2"])), "profile +0");
    assert_eq!(group.known(1, "~phone:2").0, "old", "told here, it is meant as it is here");
    group.run(1, &buy("new", "5", "p", 1_000));
    assert_eq!(group.run(1, &merge("6")), "merge +10");
    assert_eq!(group.known(1, "~phone:2").0, "new");
    assert_eq!(group.known(1, "~id:old").0, "new");
    group.assert_sound();
}

/// Whoever is forgotten in one programme cannot be found there by what another one remembers, and may come back as somebody new.
#[test]
fn the_forgotten_are_not_remembered_by_others() {
    let group = Group::new(&["air", "hotel"]);
    for at in 0..2 {
        assert_eq!(group.run(at, &enrol("li", "1", &["phone:1"])), "profile +0");
    }
    let erase = Order { command: Command::Erase, ..redeem("li", "2", 1) };
    assert_eq!(group.run(0, &erase), "erase +0");
    assert_eq!(group.known(0, "~phone:1"), ("~phone:1".into(), None));
    assert_eq!(group.known(1, "~phone:1"), ("li".into(), Some("li".into())));
    assert_eq!(group.run(0, &enrol("li-2", "3", &["phone:1"])), "profile +0");
    assert_eq!((group.known(0, "~phone:1").0.as_str(), group.known(1, "~phone:1").0.as_str()), ("li-2", "li"));
    group.assert_sound();
}

#[test]
fn an_exchange_is_written_on_both_sides_or_on_neither() {
    let group = Group::new(&["air", "hotel"]);
    let swap = |key: &str, points| exchange("li", key, group.partner(1), points);
    assert_eq!(group.run(0, &buy("li", "a", "a", 10_000)), "earn +100");
    assert_eq!(group.run(0, &swap("0", 10)), "counterparty-not-found");
    assert_eq!(group.run(1, &act("li", "a", "share")), "earn +10");
    assert_eq!(group.run(0, &swap("1", 41)), "exchange -41");
    assert_eq!(group.run(0, &swap("1", 41)), "again: exchange -41");
    assert_eq!(group.run(0, &swap("1", 42)), "key reused");
    assert_eq!(group.run(0, &swap("0", 10)), "again: counterparty-not-found");
    assert_eq!(group.run(0, &exchange("li", "2", None, 5)), "exchange-not-offered");
    let balance = |programme: &str| {
        group.world.number(&format!(
            "SELECT balance FROM member JOIN programme AS p ON p.no = programme_no WHERE p.id = '{programme}'"
        ))
    };
    assert_eq!((balance("air"), balance("hotel")), (59, 30));
    // Decided before somebody else wrote, on either side: decided again.
    for (at, write) in [(0, redeem("li", "x", 9)), (1, redeem("li", "y", 30))] {
        let order = swap(&format!("late-{at}"), 10);
        let loaded = group.load(0, &order);
        assert!(group.run(at, &write).starts_with("redeem"));
        assert_eq!(told(&group.carry_out(0, &order, loaded)), "exchange -10");
        group.assert_sound();
    }
    assert_eq!((balance("air"), balance("hotel")), (30, 10));
    let entries = "SELECT count(*) FROM entry AS there JOIN entry AS here ON here.id = json_extract(there.body, '$.cause')
        WHERE there.kind = 'exchange' AND here.kind = 'exchange' AND here.programme_no <> there.programme_no
        AND json_extract(here.body, '$.exchange[1]') = there.points AND json_extract(there.body, '$.exchange[1]') = -here.points";
    assert_eq!(group.world.number(entries), 3);
    let all = |programme: usize| {
        let no = group.programmes[programme].0.no;
        wait(store::exchanges(&group.world.sql, no, Timestamp(0), Timestamp::LAST)).unwrap()
    };
    let side = |points, points_there, entries| store::Exchanged { points, points_there, entries };
    let [air, hotel] = [all(0), all(1)].map(|all| all.into_iter().next().unwrap());
    assert_eq!((air.given, air.taken), (side(61, 30, 3), side(0, 0, 0)));
    assert_eq!((hotel.given, hotel.taken), (side(0, 0, 0), side(30, 61, 3)));
    assert_eq!((air.programme.as_str(), hotel.programme.as_str()), ("hotel", "air"));
    assert!(
        wait(store::exchanges(&group.world.sql, group.programmes[0].0.no, Timestamp(0), Timestamp(1)))
            .unwrap()
            .is_empty()
    );
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
    connection.execute_batch("DROP TRIGGER entry_is_never_updated; DROP TRIGGER entry_is_never_deleted").unwrap();
    let wrong = |at: usize| wait(store::wrong_exchanges(&group.world.sql, group.programmes[at].0.no)).unwrap();
    for tampered in [
        "UPDATE entry SET body = json_replace(body, '$.exchange[1]', 21) WHERE kind = 'exchange' AND points < 0",
        "UPDATE entry SET body = json_replace(body, '$.exchange[1]', 41) WHERE kind = 'exchange' AND points > 0",
        "UPDATE entry SET points = points + 1 WHERE kind = 'exchange' AND points > 0",
        "DELETE FROM entry WHERE kind = 'exchange' AND points > 0",
        "DELETE FROM entry WHERE kind = 'exchange' AND points < 0",
    ] {
        connection.execute_batch("SAVEPOINT t").unwrap();
        assert_eq!(connection.execute(tampered, []).unwrap(), 1, "{tampered}");
        assert_eq!((wrong(0), wrong(1)), (vec!["hotel".to_owned()], vec!["air".to_owned()]), "{tampered}");
        connection.execute_batch("ROLLBACK TO t; RELEASE t").unwrap();
    }
    group.assert_sound();
}
