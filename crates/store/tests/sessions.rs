//! Sessions and failed sign-ins as the database keeps them.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use ledger::Timestamp;
use store::{
    CredentialChange, InvitationWish, KnownFor, NewSession, Who, accept_invitation,
    attempt_sign_in, begin_session, caller, change_credential, confirm_code, counted, find_person,
    find_sign_in, invite, keep_device, next_code, session_used, suspend_person, undo_attempt,
};
use support::{World, wait};

const MINUTE: i64 = 60_000;

fn who(at: i64) -> Who {
    Who { at: Timestamp(at), person: Some("anna".into()), key: None, address: None }
}

/// A person with the password `stored`, whose last code was that of step 10.
fn world() -> World {
    let world = World::new();
    let hash = "ab".repeat(32);
    let wish = InvitationWish {
        folded: "anna",
        id: "Anna",
        person: Some(("Anna Li", "en", "[]")),
        hash: &hash,
        expires_at: 1_000,
        waits: false,
    };
    assert!(wait(invite(&world.sql, 1, &wish, "operator", &who(1))).unwrap());
    world.sql.connection().execute("UPDATE invitation SET totp = 'secret'", ()).unwrap();
    let codes = ["one".to_owned(), "two".to_owned()];
    let accept =
        |at| wait(accept_invitation(&world.sql, &hash, "stored", Some(10), &codes, &who(at)));
    assert!(!accept(1_000).unwrap(), "over");
    assert!(accept(999).unwrap());
    assert!(!accept(999).unwrap(), "used");
    assert!(!wait(invite(&world.sql, 1, &wish, "operator", &who(1))).unwrap(), "has a password");
    let reset = InvitationWish { person: None, ..wish };
    assert!(wait(invite(&world.sql, 1, &reset, "operator", &who(1))).unwrap());
    let nobody = InvitationWish { folded: "ben", ..reset };
    assert!(!wait(invite(&world.sql, 1, &nobody, "operator", &who(1))).unwrap(), "unknown");
    world
}

#[test]
fn failures_lock_longer_each_time() {
    let world = world();
    let attempt = |subject: (i64, &str), at: i64| {
        let counted = [(subject.0, subject.1.to_owned())];
        wait(attempt_sign_in(&world.sql, &counted, at))
            .unwrap()
            .first()
            .map(|(_, failures)| *failures)
    };
    let locked = |at: i64| {
        let found = find_sign_in(&world.sql, "default", "anna", ("192.0.2.1", None), at);
        wait(found).unwrap().locked_until - at
    };
    let anna = (1, "anna");
    for failures in 1..=4 {
        assert_eq!(attempt(anna, 1_000), Some(failures));
        assert!(locked(1_000) <= 0);
    }
    let mut at = 1_000;
    for (failures, seconds) in
        [(5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (12, 900)]
    {
        assert_eq!(attempt(anna, at), Some(failures));
        assert_eq!(locked(at), seconds * 1_000, "{failures}");
        assert_eq!(attempt(anna, at + seconds * 1_000 - 1), None, "not counted while it lasts");
        at += seconds * 1_000;
    }
    // One that only lacked a code is none, and its wait is over at once.
    let of_anna = [(1, "anna".to_owned())];
    assert_eq!(attempt(anna, at), Some(13));
    wait(undo_attempt(&world.sql, &of_anna)).unwrap();
    assert!(locked(at) <= 0);
    assert_eq!(attempt(anna, at), Some(13));
    assert_eq!(attempt(anna, at + 24 * 60 * MINUTE), Some(14));
    assert_eq!(attempt(anna, at + 48 * 60 * MINUTE + 1), Some(1), "a day without one");
    // Many share an address: it has more, and forgets one in five minutes.
    let place = (0, "192.0.2.1");
    for failures in 1..=20 {
        assert_eq!(attempt(place, at), Some(failures));
    }
    assert_eq!(attempt(place, at + 29_999), None);
    assert_eq!(attempt(place, at + 30_000), Some(21));
    assert_eq!(attempt(place, at + 30_000 + 50 * MINUTE), Some(12));
    assert_eq!(attempt(place, at + 30_000 + 500 * MINUTE), Some(1));
    // Those of an address where somebody signs in each minute are forgotten all the same.
    let busy = (0, "192.0.2.2");
    for failures in 1..=19 {
        assert_eq!(attempt(busy, at), Some(failures));
    }
    for minute in 1..=60 {
        assert!(attempt(busy, at + minute * MINUTE).is_some(), "{minute}");
        wait(undo_attempt(&world.sql, &[(0, "192.0.2.2".to_owned())])).unwrap();
    }
    assert_eq!(attempt(busy, at + 60 * MINUTE), Some(8));
    // What is over is forgotten.
    assert_eq!(attempt((1, "carl"), at + 200 * 60 * MINUTE), Some(1));
    assert_eq!(world.number("SELECT count(*) FROM failed_sign_in WHERE programme_no = 1"), 1);
}

/// Whom an attacker names, and from where, fills no database; and it takes longer to push out a row
/// than its wait can last.
#[test]
fn failures_of_many_names_have_a_bound() {
    let world = world();
    let attempt = |of: store::Counted, at: i64| {
        wait(attempt_sign_in(&world.sql, &[of], at)).unwrap().first().map(|(_, count)| *count)
    };
    let rows = |of: i64| {
        world.number(&format!("SELECT count(*) FROM failed_sign_in WHERE programme_no = {of}"))
    };
    let anna = || counted::person(1, "anna");
    for failures in 1..=4 {
        assert_eq!(attempt(anna(), 1_000), Some(failures));
    }
    assert_eq!(attempt(counted::person(2, "ben"), 1_000), Some(1));
    for name in 0..4_999 {
        assert_eq!(attempt(counted::person(1, &format!("n{name}")), 2_000 + name), Some(1));
    }
    assert_eq!(rows(1), 5_000);
    assert_eq!(attempt(anna(), 8_000), Some(5), "the oldest of 5,000 is still there");
    for name in 0..6_000 {
        attempt(counted::person(1, &format!("m{name}")), 9_000 + name);
        attempt(counted::address(&format!("2001:db8:{name:x}::")), 9_000 + name);
    }
    assert_eq!((rows(1), rows(2), rows(0)), (5_000, 1, 6_000), "each programme has its own");
    for place in 0..20_000 {
        attempt(counted::address(&format!("2001:db9:{place:x}::")), 20_000 + place);
    }
    assert_eq!(rows(0), 20_000);
}

/// All strangers of a programme together have so many attempts, whatever names and addresses they
/// use; those of other programmes and known browsers do not feel it.
#[test]
fn strangers_of_a_programme_wait_together() {
    let world = world();
    let attempt = |of: store::Counted, at: i64| {
        wait(attempt_sign_in(&world.sql, &[of], at)).unwrap().first().map(|(_, count)| *count)
    };
    let device = "cd".repeat(32);
    wait(keep_device(&world.sql, (1, "anna"), &device, 900)).unwrap();
    let asked = |programme: &str, person: &str, device: Option<&str>| {
        let found = find_sign_in(&world.sql, programme, person, ("192.0.2.9", device), 300_000);
        wait(found).unwrap()
    };
    for count in 1..=100 {
        assert_eq!(attempt(counted::strangers(Some(1)), 1_000), Some(count));
    }
    for person in ["anna", "nobody"] {
        assert_eq!(asked("default", person, None).locked_until, 1_500, "{person}");
    }
    assert_eq!(attempt(counted::strangers(Some(1)), 1_499), None);
    // Two a second go on.
    let let_in = (1_000..11_000)
        .step_by(100)
        .filter(|at| attempt(counted::strangers(Some(1)), *at).is_some());
    assert_eq!(let_in.count(), 19);
    assert_eq!(attempt(counted::strangers(None), 11_000), Some(1));
    assert_eq!(asked("none", "anna", Some(&device)).locked_until, 0);
    // Her own browser waits for nobody but itself.
    let known = asked("default", "anna", Some(&device.to_uppercase()));
    assert_eq!((known.device, known.locked_until), (KnownFor::ThePerson, 0));
    for failures in 1..=6 {
        attempt(counted::person(1, "anna"), 11_000 + failures * 40_000);
    }
    assert!(asked("default", "anna", None).locked_until > 251_000);
    assert_eq!(asked("default", "anna", Some(&device)).locked_until, 0);
    let of_ben = asked("default", "ben", Some(&device));
    assert_eq!(of_ben.device, KnownFor::Others);
    for failures in 1..=5 {
        assert_eq!(attempt(counted::device(1, &device), 300_000), Some(failures));
    }
    assert_eq!(asked("default", "anna", Some(&device)).locked_until, 330_000);
    // Those of known browsers have a bound of their own: five a second after 300.
    for count in 1..=300 {
        assert_eq!(attempt(counted::known(1), 400_000), Some(count));
    }
    assert_eq!(
        (attempt(counted::known(1), 400_199), attempt(counted::known(1), 400_200)),
        (None, Some(300))
    );
}

/// Counts as an attempt with a known browser does: whether it may go on.
fn with_browser(world: &World, person: &str, device: &str, at: i64) -> bool {
    let counted = [
        counted::uses(1, device),
        counted::known_of(1, person),
        counted::known(1),
        counted::device(1, device),
    ];
    let passes = wait(attempt_sign_in(&world.sql, &counted, at)).unwrap().len() == counted.len();
    if passes {
        // It was right.
        let own = "DELETE FROM failed_sign_in WHERE subject LIKE ' device %'";
        world.sql.connection().execute(own, ()).unwrap();
    }
    passes
}

/// A person who signs in rightly again and again keeps nobody out but their own browser, and
/// themselves.
#[test]
fn one_known_browser_has_a_part_of_what_all_have() {
    let world = world();
    let hash = |n: i64| format!("{n:064x}");
    let known = |person: &str, n: i64, at: i64| {
        wait(find_sign_in(&world.sql, "default", person, ("", Some(&hash(n))), at))
            .unwrap()
            .locked_until
    };
    for n in 0..10 {
        wait(keep_device(&world.sql, (1, "anna"), &hash(n), 900)).unwrap();
    }
    wait(keep_device(&world.sql, (1, "ben"), &hash(50), 900)).unwrap();
    let many = (0..400).filter(|_| with_browser(&world, "anna", &hash(0), 1_000)).count();
    assert_eq!(many, 20);
    // A person who waits is told after one read; and what must wait counts nowhere.
    assert_eq!((known("anna", 0, 1_000), known("anna", 1, 1_000)), (6_000, 0));
    assert!(!with_browser(&world, "anna", &hash(0), 5_999));
    assert_eq!(world.number("SELECT failures FROM failed_sign_in WHERE subject = ' known'"), 20);
    assert!(with_browser(&world, "anna", &hash(0), 6_000), "one more every 5 seconds");
    assert!(!with_browser(&world, "anna", &hash(0), 6_001));
    // All ten browsers of a person, and new ones in place of them, are one person's.
    let busy = |from: i64, to: i64| {
        (from..to)
            .filter(|n| with_browser(&world, "anna", &hash(1 + n % 9), 100_000 + n * 10))
            .count()
    };
    assert!((60..=75).contains(&busy(0, 1_000)), "60, and one more a second");
    assert_eq!(known("anna", 9, 109_999), 110_000);
    assert_eq!(known("ben", 50, 110_000), 0);
    assert!(with_browser(&world, "ben", &hash(50), 110_000), "another person does not feel it");
}

/// A clock that is set back neither multiplies what was counted nor makes anybody wait until it has
/// caught up.
#[test]
fn a_clock_may_be_set_back() {
    let at = 10_000_000;
    for back in [1, 60_000, 120 * MINUTE] {
        let world = world();
        let attempt = |of: store::Counted, at: i64| {
            wait(attempt_sign_in(&world.sql, &[of], at)).unwrap().first().map(|(_, count)| *count)
        };
        let strangers = || counted::strangers(Some(1));
        for of in [strangers(), counted::known(1), counted::address("192.0.2.1")] {
            assert_eq!(attempt(of.clone(), at), Some(1));
            assert_eq!(attempt(of.clone(), at - back), Some(2), "{of:?}, {back} back");
            assert_eq!(attempt(of.clone(), at - back), Some(3), "{of:?}, {back} back");
        }
        // From then on it forgets, by the new time.
        let next = at + 61_000;
        assert_eq!(attempt(strangers(), next), Some(1), "{back}");
        let mut now = next;
        while attempt(strangers(), now).is_some() {}
        for failures in 1..=5 {
            assert_eq!(attempt(counted::person(1, "anna"), now), Some(failures));
        }
        now -= back;
        let found = wait(find_sign_in(&world.sql, "default", "anna", ("", None), now)).unwrap();
        let waits = found.locked_until - now;
        let (of_anna, of_all) =
            (attempt(counted::person(1, "anna"), now), attempt(strangers(), now));
        if back > MINUTE {
            assert_eq!((waits <= 0, of_anna, of_all), (true, Some(6), Some(101)), "{back}");
            assert_eq!(
                (attempt(strangers(), now), attempt(strangers(), now + 500)),
                (None, Some(101))
            );
            // Its row is one of now, and the next name pushes out none of now.
            assert_eq!(attempt(counted::person(1, "ben"), now), Some(1));
            assert_eq!(attempt(counted::person(1, "anna"), now), None, "it waits as of now");
        } else {
            assert_eq!((waits, of_anna, of_all), (30_000 + back, None, None), "{back}");
        }
    }
}

/// A person has ten browsers; another password makes all of them strangers.
#[test]
fn known_browsers_are_few_and_end() {
    let world = world();
    let hash = |n: i64| format!("{n:064x}");
    let count = || world.number("SELECT count(*) FROM known_device");
    for n in 0..14 {
        wait(keep_device(&world.sql, (1, "anna"), &hash(n), 1_000 + n)).unwrap();
    }
    wait(keep_device(&world.sql, (1, "ben"), &hash(3), 1_000)).unwrap();
    assert_eq!(count(), 11);
    let at = |n: i64, at: i64| {
        let held = hash(n);
        wait(find_sign_in(&world.sql, "default", "anna", ("", Some(&held)), at)).unwrap().device
    };
    let of = |n: i64| at(n, 6_000);
    assert_eq!((of(2), of(3), of(4)), (KnownFor::Nobody, KnownFor::Others, KnownFor::ThePerson));
    wait(keep_device(&world.sql, (1, "anna"), &hash(4), 5_000)).unwrap();
    wait(keep_device(&world.sql, (1, "anna"), &hash(20), 6_000)).unwrap();
    assert_eq!((of(4), of(5)), (KnownFor::ThePerson, KnownFor::Nobody), "used meanwhile");
    // Not used for 180 days, it is known no more, whether or not anybody comes meanwhile.
    for (n, used) in [(4, 5_000), (20, 6_000)] {
        let over = used + 15_552_000_000;
        assert_eq!((at(n, over - 1), at(n, over)), (KnownFor::ThePerson, KnownFor::Nobody), "{n}");
    }
    let of_ben = 1_000 + 15_552_000_000;
    assert_eq!((at(3, of_ben - 1), at(3, of_ben)), (KnownFor::Others, KnownFor::Nobody));
    // The row goes when anybody else's comes.
    wait(keep_device(&world.sql, (2, "carl"), &hash(30), of_ben)).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM known_device WHERE folded = 'ben'"), 0);
    wait(keep_device(&world.sql, (1, "ben"), &hash(3), of_ben)).unwrap();
    wait(keep_device(&world.sql, (1, "anna"), &hash(21), 15_552_005_500)).unwrap();
    assert_eq!(
        (of(4), of(20), of(21)),
        (KnownFor::Nobody, KnownFor::ThePerson, KnownFor::ThePerson)
    );
    let proven =
        NewSession { password: Some("stored"), totp: Some("secret"), ..NewSession::default() };
    assert!(begins(&world, "ses_one", proven));
    let change = CredentialChange {
        session: "ses_one",
        proven: "stored",
        totp: Some("secret"),
        step: Some(11),
        password: Some("other"),
        ..CredentialChange::default()
    };
    assert!(wait(change_credential(&world.sql, &change, &who(2_000))).unwrap());
    assert_eq!(count(), 2, "those of others");
}

#[test]
fn a_session_begins_with_what_still_counts() {
    let world = world();
    let mut number = 0;
    let mut begin = |session: NewSession<'_>| {
        number += 1;
        let (prefix, hash) = (format!("ses_{number:08}"), format!("{number:064x}"));
        let session = NewSession {
            programme_no: 1,
            folded: "anna",
            roles: if session.roles.is_empty() { "[]" } else { session.roles },
            prefix: &prefix,
            hash: &hash,
            lineage: "person_1",
            role: "service",
            expires_at: 2_000 + 30 * MINUTE,
            until: 2_000 + 60 * MINUTE,
            ..session
        };
        wait(begin_session(&world.sql, &session, &who(2_000))).unwrap().then_some(prefix)
    };
    let with =
        NewSession { password: Some("stored"), totp: Some("secret"), ..NewSession::default() };
    let first = begin(NewSession { step: Some(11), ..with.clone() }).unwrap();
    for (what, session, begins) in [
        ("the code again", NewSession { step: Some(11), ..with.clone() }, false),
        ("a code before", NewSession { step: Some(10), ..with.clone() }, false),
        ("the next code", NewSession { step: Some(12), ..with.clone() }, true),
        ("a recovery code", NewSession { recovery: Some("one"), ..with.clone() }, true),
        ("that one again", NewSession { recovery: Some("one"), ..with.clone() }, false),
        ("another", NewSession { recovery: Some("two"), ..with.clone() }, true),
        ("other roles", NewSession { roles: "[{}]", ..with.clone() }, false),
        ("a password from before", NewSession { password: Some("old"), ..with.clone() }, false),
        ("codes from before", NewSession { totp: Some("old"), ..with.clone() }, false),
        ("no codes so far", NewSession { totp: None, ..with.clone() }, false),
        (
            "no such session",
            NewSession { follows: Some("ses_none"), ..NewSession::default() },
            false,
        ),
        ("a session", NewSession { follows: Some(&first), ..NewSession::default() }, true),
        ("it again", NewSession { follows: Some(&first), ..NewSession::default() }, false),
    ] {
        assert_eq!(begin(session).is_some(), begins, "{what}");
    }
    assert_eq!(world.number("SELECT json_array_length(recovery) FROM credential"), 0);
    assert_eq!(wait(caller(&world.sql, &first)).unwrap(), None, "ended by the one that follows");
    // Its end moves on with its use, up to its last end.
    let last = begin(NewSession { step: Some(13), ..with.clone() }).unwrap();
    let ends_at = || wait(caller(&world.sql, &last)).unwrap().unwrap().ends_at.unwrap();
    assert_eq!(ends_at(), 2_000 + 30 * MINUTE);
    for (minutes, end) in [(20, 50), (40, 60), (59, 60), (60, 60), (90, 60)] {
        let at = 2_000 + minutes * MINUTE;
        wait(session_used(&world.sql, &last, at, 30 * MINUTE)).unwrap();
        assert_eq!(ends_at(), 2_000 + end * MINUTE, "{minutes}");
    }
    // Suspended: all ends, and nothing begins.
    let of_key = "INSERT INTO api_key (prefix, programme_no, role, label, hash, person, person_folded, created_at)
        VALUES ('acc_key', 1, 'service', 'key', zeroblob(32), 'Anna', 'anna', 1)";
    world.sql.connection().execute(of_key, ()).unwrap();
    let counts =
        |prefix: &str| wait(caller(&world.sql, prefix)).unwrap().unwrap().ends_at != Some(0);
    assert!(counts(&last) && counts("acc_key"));
    assert!(wait(suspend_person(&world.sql, 1, "anna", true, &who(3_000))).unwrap());
    assert!(!counts(&last) && !counts("acc_key"));
    assert!(begin(NewSession { step: Some(14), ..with.clone() }).is_none());
    wait(suspend_person(&world.sql, 1, "anna", false, &who(3_000))).unwrap();
    assert!(!counts(&last) && counts("acc_key"));
    assert!(begin(NewSession { step: Some(14), ..with }).is_some());
    let person = wait(find_person(&world.sql, 1, "anna")).unwrap().unwrap();
    assert_eq!((person.id.as_str(), person.has_code, person.is_suspended), ("Anna", true, false));
}

/// A session of Anna's, by what was proven.
fn begins(world: &World, prefix: &str, proven: NewSession<'_>) -> bool {
    let hash = format!("{:0>64x}", prefix.len());
    let session = NewSession {
        programme_no: 1,
        folded: "anna",
        roles: "[]",
        prefix,
        hash: &hash,
        lineage: "person_1",
        role: "service",
        expires_at: 2_000 + 30 * MINUTE,
        until: 2_000 + 60 * MINUTE,
        ..proven
    };
    wait(begin_session(&world.sql, &session, &who(2_000))).unwrap()
}

/// A person with another password has neither an old session nor an old link: not the one that
/// asks, either, as a thief may ask with it.
#[test]
fn another_password_ends_sessions_and_links() {
    let world = world();
    let secret = Some("secret");
    let proven = NewSession { password: Some("stored"), totp: secret, ..NewSession::default() };
    for prefix in ["ses_one", "ses_elsewhere"] {
        assert!(begins(&world, prefix, proven.clone()));
    }
    let counts = |prefix: &str| {
        let found = wait(caller(&world.sql, prefix)).unwrap();
        found.is_some_and(|caller| caller.ends_at != Some(0))
    };
    assert_eq!(world.number("SELECT count(*) FROM invitation"), 1, "a reset of before");
    let change = CredentialChange {
        session: "ses_one",
        proven: "stored",
        totp: secret,
        step: Some(11),
        ..CredentialChange::default()
    };
    let changes = |change: CredentialChange<'_>| {
        wait(change_credential(&world.sql, &change, &who(2_000))).unwrap()
    };
    let codes = ["three".to_owned()];
    for totp in [None, Some("old")] {
        assert!(!changes(CredentialChange { totp, codes: Some(&codes), ..change.clone() }));
    }
    assert!(changes(CredentialChange { codes: Some(&codes), ..change.clone() }));
    assert!(counts("ses_one") && counts("ses_elsewhere"));
    assert_eq!(world.number("SELECT count(*) FROM invitation"), 1, "of a password alone");
    let other = CredentialChange { step: Some(12), password: Some("other"), ..change };
    assert!(changes(other.clone()));
    assert!(!counts("ses_one") && !counts("ses_elsewhere"));
    assert_eq!(world.number("SELECT count(*) FROM invitation"), 0);
    assert!(!changes(CredentialChange { step: Some(13), proven: "other", ..other }), "it is over");
    assert!(!begins(&world, "ses_old", proven));
    let proven = NewSession { password: Some("other"), totp: secret, ..NewSession::default() };
    assert!(begins(&world, "ses_next", proven));
}

/// A secret that was set up and forgotten is nothing to guess at for as long as the session lasts.
#[test]
fn another_phone_is_confirmed_soon() {
    let world = world();
    let secret = Some("secret");
    let proven = NewSession { password: Some("stored"), totp: secret, ..NewSession::default() };
    for prefix in ["ses_one", "ses_elsewhere"] {
        assert!(begins(&world, prefix, proven.clone()));
    }
    let mut step = 10;
    let mut sets_up = |next: &str, at: i64| {
        step += 1;
        let change = CredentialChange {
            session: "ses_one",
            proven: "stored",
            totp: secret,
            step: Some(step),
            next_totp: Some(next),
            ..CredentialChange::default()
        };
        assert!(wait(change_credential(&world.sql, &change, &who(at))).unwrap());
    };
    let next = |session: &str, at: i64| wait(next_code(&world.sql, session, at)).unwrap();
    let confirms = |session: &str, totp: &str, at: i64| {
        wait(confirm_code(&world.sql, session, (totp, 1), &[], &who(at))).unwrap()
    };
    sets_up("first", 2_000);
    let over = 2_000 + 10 * MINUTE;
    assert_eq!(next("ses_one", over - 1).as_deref(), Some("first"));
    assert_eq!((next("ses_one", over), next("ses_elsewhere", 2_000)), (None, None));
    assert!(!confirms("ses_one", "first", over), "it has lapsed");
    assert!(!confirms("ses_elsewhere", "first", 2_000));
    sets_up("second", over);
    assert!(!confirms("ses_one", "first", over), "it is another one");
    assert!(confirms("ses_one", "second", over + 10 * MINUTE - 1));
    assert!(!confirms("ses_one", "second", over), "once");
    let counts = |prefix: &str| {
        let found = wait(caller(&world.sql, prefix)).unwrap();
        found.is_some_and(|caller| caller.ends_at != Some(0))
    };
    assert!(counts("ses_one") && !counts("ses_elsewhere"));
}
