//! Visits to a provider, tickets and links as the database keeps them.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use ledger::Timestamp;
use store::{
    InvitationWish, NewSession, TicketWish, VisitWish, Who, accept_by_identity, accept_invitation,
    begin_session, begin_visit, count_callback, count_visit, end_session, end_visit, find_identity,
    find_sign_in, invite, link_identity, make_ticket,
};
use support::{World, wait};

const ISSUER: &str = "https://id.example";

fn who(at: i64) -> Who {
    Who { at: Timestamp(at), person: Some("anna".into()), key: None, address: None }
}

fn digest(number: usize) -> String {
    format!("{number:064x}")
}

/// An invitation of a person with that hash.
fn invites(world: &World, folded: &str, number: usize) -> String {
    let hash = digest(number);
    let wish = InvitationWish {
        folded,
        id: folded,
        person: Some((folded, "en", "[]")),
        hash: &hash,
        expires_at: 1_000_000,
        waits: false,
    };
    assert!(wait(invite(&world.sql, 1, &wish, "operator", &who(1))).unwrap());
    hash
}

fn begins(world: &World, folded: &str, prefix: &str, session: NewSession<'_>) -> bool {
    let hash = digest(prefix.bytes().map(usize::from).sum());
    let session = NewSession {
        programme_no: 1,
        folded,
        roles: "[]",
        prefix,
        hash: &hash,
        lineage: "person_1",
        role: "service",
        expires_at: 900_000,
        until: 900_000,
        ..session
    };
    wait(begin_session(&world.sql, &session, &who(10))).unwrap()
}

#[test]
fn a_visit_ends_once_and_in_time() {
    let world = World::new();
    let plain = VisitWish { programme: Some("default"), ..VisitWish::default() };
    let begin = |number: usize, wish: &VisitWish<'_>, at: i64| {
        wait(begin_visit(&world.sql, &digest(number), wish, (at, at + 600), 5)).unwrap()
    };
    let end = |number: usize, at: i64| wait(end_visit(&world.sql, &digest(number), at)).unwrap();
    assert!(begin(1, &plain, 0));
    assert_eq!(end(2, 1), None);
    assert_eq!(end(1, 1).unwrap().programme.1, "default");
    assert_eq!(end(1, 1), None, "once");
    assert!(begin(1, &plain, 0));
    assert_eq!(end(1, 600), None, "over");
    // Of a programme that is not there nobody is told, and nothing comes of it.
    assert!(begin(3, &VisitWish { programme: Some("none"), ..plain.clone() }, 0));
    assert_eq!(end(3, 1), None);
    // Of those with one invitation the oldest makes room, and of nobody else's.
    let (hash, other) = (invites(&world, "anna", 100), invites(&world, "ben", 99));
    let invitation = VisitWish { invitation: Some(&hash), ..VisitWish::default() };
    assert!(begin(10, &VisitWish { invitation: Some(&other), ..VisitWish::default() }, 700));
    for number in 11..20 {
        let at = 700 + i64::try_from(number).unwrap();
        assert!(begin(number, &plain, at));
        assert!(begin(number + 20, &invitation, at));
    }
    assert_eq!(world.number("SELECT count(*) FROM visit"), 1 + 9 + 5);
    assert_eq!(end(34, 800), None);
    assert_eq!(end(35, 800).unwrap().invitation.as_deref(), Some(&*hash));
    assert!(end(11, 800).is_some(), "the oldest of those that sign in");
    for number in 40..48 {
        assert!(begin(number, &invitation, 700), "the same instant");
        let own = format!("SELECT count(*) FROM visit WHERE hash = unhex('{}')", digest(number));
        assert_eq!(world.number(&own), 1);
    }
    assert_eq!(world.number("SELECT count(*) FROM visit WHERE invitation IS NOT NULL"), 5 + 1);
    assert_eq!(end(10, 800).unwrap().invitation.as_deref(), Some(&*other));
    for wish in [
        VisitWish { invitation: Some(&digest(101)), ..VisitWish::default() },
        VisitWish { ticket: Some(&digest(102)), ..VisitWish::default() },
        VisitWish::default(),
    ] {
        assert!(!begin(30, &wish, 700), "{wish:?}");
    }
}

/// A flood of visits waits, and pushes out no visit that has begun. No other programme feels it.
#[test]
fn visits_of_a_programme_wait_together() {
    let world = World::new();
    let other =
        "INSERT INTO programme (no, id, name, rulebook_version, rulebook_digest, created_at)
        SELECT 2, 'other', name, rulebook_version, rulebook_digest, created_at FROM programme";
    world.sql.connection().execute(other, ()).unwrap();
    let plain = VisitWish { programme: Some("default"), ..VisitWish::default() };
    let counts = |programme: &str, at: i64| wait(count_visit(&world.sql, programme, at)).unwrap();
    let begin = |number: usize, at: i64| {
        wait(begin_visit(&world.sql, &digest(number), &plain, (at, at + 600_000), 20)).unwrap()
    };
    assert_eq!(counts("default", 1_000), None);
    assert!(begin(1, 1_000));
    let mut begun = 1;
    // Fifty a second, for 40 seconds.
    for number in 2..2_002_usize {
        let at = 1_000 + i64::try_from(number).unwrap() * 20;
        if counts("default", at).is_none() {
            assert!(begin(number, at));
            begun += 1;
        }
    }
    assert!((495..=505).contains(&begun), "300, and five a second: {begun}");
    assert_eq!(world.number("SELECT count(*) FROM visit"), begun);
    assert!(wait(end_visit(&world.sql, &digest(1), 42_000)).unwrap().is_some(), "the first of all");
    let until = counts("default", 41_021).unwrap();
    assert!((41_022..=41_221).contains(&until), "{until}");
    assert_eq!((counts("other", 41_021), counts("none", 41_021)), (None, None));
    // Those of programmes that are not there are one crowd.
    let unknown = (0..400).filter(|n| counts(&format!("none{n}"), 41_021).is_none()).count();
    assert_eq!(unknown, 299);
    assert_eq!(world.number("SELECT count(*) FROM failed_sign_in"), 3);
}

/// One provider serves all programmes, and has a bound of its own. Each uses up a part of it.
#[test]
fn callbacks_ask_the_provider_so_often() {
    let world = World::new();
    let asks = |programme: i64, at: i64| wait(count_callback(&world.sql, programme, at)).unwrap();
    let many = |programme: i64, at: i64| (0..2_000).filter(|_| asks(programme, at)).count();
    assert_eq!((many(1, 1_000), many(2, 1_000)), (300, 300));
    assert!(!asks(1, 1_199) && asks(1, 1_200), "five a second");
    // Together 1,200, and twenty a second.
    assert_eq!((many(3, 2_000), many(4, 2_000), many(5, 2_000)), (300, 300, 19));
    assert_eq!(many(6, 2_000), 0);
    assert_eq!(many(6, 3_000), 20);
}

#[test]
fn an_invitation_is_accepted_by_one_identity() {
    let world = World::new();
    let (anna, ben) = (invites(&world, "anna", 1), invites(&world, "ben", 2));
    let accepts = |hash: &str, subject: &str, at: i64| {
        wait(accept_by_identity(&world.sql, hash, (ISSUER, subject), &who(at))).unwrap()
    };
    assert!(!accepts(&anna, "s-1", 1_000_000), "over");
    assert!(accepts(&anna, "s-1", 10));
    assert!(!accepts(&anna, "s-1", 10), "used");
    assert!(!accepts(&ben, "s-1", 10), "another person has it");
    assert!(accepts(&ben, "s-2", 10));
    let of = |subject: &str| {
        let found = wait(find_identity(&world.sql, 1, (ISSUER, subject))).unwrap();
        found.map(|(folded, _)| folded)
    };
    assert_eq!((of("s-1").as_deref(), of("s-2").as_deref()), (Some("anna"), Some("ben")));
    assert_eq!(wait(find_identity(&world.sql, 1, ("https://evil.example", "s-1"))).unwrap(), None);
    let known = wait(find_sign_in(&world.sql, "default", "anna", ("", None), 1)).unwrap();
    assert_eq!((known.person.is_some(), known.password), (true, None));
    // A session begins for whom the provider knows, and for nobody else.
    let by = |subject| NewSession { identity: Some((ISSUER, subject)), ..NewSession::default() };
    assert!(!begins(&world, "anna", "ses_aaaaaaaa", by("s-2")));
    assert!(begins(&world, "anna", "ses_aaaaaaaa", by("s-1")));
    let with = NewSession { password: Some(""), ..NewSession::default() };
    assert!(!begins(&world, "anna", "ses_bbbbbbbb", with), "there is no password");
    // A reset that is accepted with a password takes the provider away.
    let hash = digest(3);
    let wish = InvitationWish {
        folded: "anna",
        id: "anna",
        person: None,
        hash: &hash,
        expires_at: 1_000_000,
        waits: false,
    };
    assert!(wait(invite(&world.sql, 1, &wish, "operator", &who(1))).unwrap());
    assert!(wait(accept_invitation(&world.sql, &hash, "stored", None, &[], &who(20))).unwrap());
    assert_eq!(of("s-1"), None);
}

#[test]
fn a_ticket_links_the_person_who_proved_it() {
    let world = World::new();
    let hash = invites(&world, "anna", 1);
    assert!(wait(accept_invitation(&world.sql, &hash, "stored", None, &[], &who(5))).unwrap());
    assert!(begins(&world, "anna", "ses_aaaaaaaa", NewSession::default()));
    let ticket = digest(50);
    let makes = |session: &str, proven: &str, at: i64| {
        let wish =
            TicketWish { session, hash: &ticket, expires_at: 700, proven, ..TicketWish::default() };
        wait(make_ticket(&world.sql, &wish, &who(at))).unwrap()
    };
    assert!(!makes("ses_none", "stored", 20));
    assert!(!makes("ses_aaaaaaaa", "other", 20));
    assert!(makes("ses_aaaaaaaa", "stored", 20));
    assert!(makes("ses_aaaaaaaa", "stored", 20), "in place of the first");
    let end = |number: usize| wait(end_visit(&world.sql, &digest(number), 30)).unwrap();
    assert_eq!(end(50), None, "a ticket is no visit");
    let wish = VisitWish { ticket: Some(&ticket), ..VisitWish::default() };
    assert!(wait(begin_visit(&world.sql, &digest(51), &wish, (30, 600), 5)).unwrap());
    assert!(!wait(begin_visit(&world.sql, &digest(52), &wish, (30, 600), 5)).unwrap(), "once");
    assert_eq!(end(51).unwrap().session.as_deref(), Some("ses_aaaaaaaa"));
    let links = |subject: &str| {
        wait(link_identity(&world.sql, "ses_aaaaaaaa", (ISSUER, subject), &who(40))).unwrap()
    };
    assert!(links("s-1") && links("s-2"));
    assert_eq!(world.number("SELECT count(*) FROM identity"), 1);
    let ben = invites(&world, "ben", 2);
    assert!(wait(accept_by_identity(&world.sql, &ben, (ISSUER, "s-3"), &who(40))).unwrap());
    assert!(!links("s-3"), "another person has it");
    wait(end_session(&world.sql, "ses_aaaaaaaa", &who(50))).unwrap();
    assert!(!links("s-4"), "the session is over");
}
