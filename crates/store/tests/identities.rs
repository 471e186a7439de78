//! Visits to a provider, tickets and links as the database keeps them.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use ledger::Timestamp;
use store::{
    InvitationWish, NewSession, TicketWish, VisitWish, Who, accept_by_identity, accept_invitation,
    begin_session, begin_visit, end_session, end_visit, find_identity, find_sign_in, invite,
    link_identity, make_ticket,
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
    // Where there are too many, the oldest of the same programme and purpose makes room.
    let hash = invites(&world, "anna", 100);
    let invitation = VisitWish { invitation: Some(&hash), ..VisitWish::default() };
    assert!(begin(10, &invitation, 700));
    for number in 11..20 {
        assert!(begin(number, &plain, 700 + i64::try_from(number).unwrap()));
        let elsewhere = VisitWish { programme: Some("none"), ..plain.clone() };
        assert!(begin(number + 20, &elsewhere, 720 + i64::try_from(number).unwrap()));
    }
    assert_eq!(world.number("SELECT count(*) FROM visit"), 5 + 5 + 1);
    assert_eq!(end(14, 800), None);
    assert!(end(15, 800).is_some());
    for number in 40..48 {
        assert!(begin(number, &invitation, 700), "the same instant");
        assert_eq!(
            world.number(&format!(
                "SELECT count(*) FROM visit WHERE hash = unhex('{}')",
                digest(number)
            )),
            1
        );
    }
    assert!(begin(60, &invitation, 790));
    assert_eq!(world.number("SELECT count(*) FROM visit WHERE invitation IS NOT NULL"), 5);
    assert_eq!(end(10, 800).unwrap().invitation.as_deref(), Some(&*hash));
    for wish in [
        VisitWish { invitation: Some(&digest(101)), ..VisitWish::default() },
        VisitWish { ticket: Some(&digest(102)), ..VisitWish::default() },
        VisitWish::default(),
    ] {
        assert!(!begin(30, &wish, 700), "{wish:?}");
    }
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
    let known = wait(find_sign_in(&world.sql, "default", "anna", ("", None))).unwrap();
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
