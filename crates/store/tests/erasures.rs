//! Texts of the erased leave the books, and nothing else does: the audit recomputes every hash, and
//! finds texts that were altered or have gone while nobody was erased.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use crate::support;

use std::rc::Rc;

use ledger::{ApprovalVerdict, Entry, MemberId, Origin, Person};
use rules::operations::{DecideAdjustment, Erase, Merge, NewAdjustment, RequestAdjustment};
use sha2::{Digest, Sha256};
use store::Submission;
use support::{SEED, World, act, redeem, wait};

/// Each of `old`, `li` and `wang` spent a point, for a reason; `li` asked for an adjustment and got
/// all of `old`.
fn merged_world() -> World {
    let world = World::new();
    for member in ["old", "li", "wang"] {
        world.one(act(member, member, "share"));
        said(&world, redeem(member, &format!("{member}1"), 1), "for Li Lei");
    }
    world.one(ask("li", "li2"));
    let merge = Merge { from: MemberId::new("old").unwrap() };
    said(
        &world,
        Submission { operation: Rc::new(merge), ..redeem("li", "li3", 1) },
        "Li Lei again",
    );
    world
}

fn said(world: &World, order: Submission, reason: &str) -> store::Outcome {
    let origin = Origin { reason: Some(reason.to_owned()), ..order.origin.clone() };
    world.one(Submission { origin, ..order })
}

fn ask(member: &str, key: &str) -> Submission {
    let wish = NewAdjustment {
        points: 5,
        reason_code: "goodwill".into(),
        evidence: Some("Li Lei, ticket 7".to_owned()),
        expiry: None,
        undoes: None,
        by: Person { actor: "key:anna".into(), label: "anna".into() },
    };
    Submission { operation: Rc::new(RequestAdjustment(wish)), ..redeem(member, key, 1) }
}

fn erase(world: &World) {
    said(world, Submission { operation: Rc::new(Erase), ..redeem("li", "li4", 1) }, "request 31");
}

fn redact(world: &World, name: &str) -> usize {
    wait(store::redact(&world.sql, 1, &MemberId::new(name).unwrap())).unwrap()
}

fn found(world: &World) -> Vec<String> {
    let audit = wait(store::audit(&world.sql, 1, None, 0, 1_000)).unwrap();
    let told = |found: store::AuditViolation| format!("{}: {}", found.member, found.violation);
    audit.violations.into_iter().map(told).collect()
}

fn member_no(world: &World, name: &str) -> i64 {
    world.number(&format!("SELECT no FROM member WHERE id = '{name}'"))
}

fn entries(world: &World, name: &str) -> Vec<Entry> {
    wait(store::span(&world.sql, member_no(world, name), 1, 1_000)).unwrap()
}

/// Everything that the database has, in the bytes of a file without free pages.
fn file(world: &World) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!(
        "accrue-erasures-{}-{:?}.db",
        std::process::id(),
        std::thread::current().id()
    ));
    // Left of a run that was ended.
    std::fs::remove_file(&path).unwrap_or_default();
    world.sql.connection().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Lets anything be changed from now on.
fn open(world: &World) {
    world.sql.connection().execute_batch("DROP TRIGGER entry_is_never_updated").unwrap();
}

fn change(world: &World, change: &str, of: &str) -> usize {
    let no = member_no(world, of);
    let rows = format!("UPDATE entry SET {change} AND member_no = {no}");
    world.sql.connection().execute(&rows, []).unwrap()
}

#[test]
fn texts_of_the_erased_go_and_the_chain_holds() {
    let world = merged_world();
    let texts = |name: &str| {
        let of =
            format!("SELECT count(*) FROM entry WHERE member_no = {}", member_no(&world, name));
        world.number(&format!("{of} AND instr(texts, 'Li Lei') > 0"))
    };
    assert_eq!(world.number("SELECT count(*) FROM entry WHERE instr(body, 'Li Lei') > 0"), 0);
    assert_eq!(
        (redact(&world, "li"), redact(&world, "old"), redact(&world, "wang")),
        (0, 0, 0),
        "nobody was erased"
    );
    erase(&world);
    assert_eq!(
        (texts("li"), texts("old"), texts("wang")),
        (4, 2, 1),
        "redeem, request, lapse, merger; redeem, merger; redeem"
    );
    let before = entries(&world, "li");
    assert!(has(&file(&world), b"Li Lei"));
    assert_eq!((redact(&world, "li"), redact(&world, "li")), (6, 0));
    assert_eq!((texts("li"), texts("old"), texts("wang")), (0, 0, 1));
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(world.number("SELECT count(*) FROM entry WHERE instr(texts, 'request 31') > 0"), 1);
    let erased = |mut entry: Entry| {
        if entry.kind() != ledger::Kind::Erase {
            entry.clear_texts();
        }
        entry
    };
    assert_eq!(entries(&world, "li"), before.into_iter().map(erased).collect::<Vec<_>>());
}

/// What is left of a short text is a digest with a salt that is not left.
#[test]
fn a_text_cannot_be_guessed_from_what_is_left() {
    let world = merged_world();
    erase(&world);
    let stored: Vec<String> = ["li", "old"]
        .iter()
        .flat_map(|name| entries(&world, name))
        .filter(|entry| entry.kind() != ledger::Kind::Erase)
        .filter_map(|entry| entry.texts?.stored)
        .collect();
    let salts: Vec<String> = stored
        .iter()
        .map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap()["salt"].to_string())
        .map(|salt| salt.trim_matches('"').to_owned())
        .collect();
    assert_eq!(salts.len(), 6);
    for (at, salt) in salts.iter().enumerate() {
        assert!(salt.len() == 32 && !salts[..at].contains(salt), "{salts:?}");
    }
    redact(&world, "li");
    // The living keep theirs: only that of the erased must be gone.
    open(&world);
    change(&world, "texts = NULL WHERE texts IS NOT NULL", "wang");
    let left = file(&world);
    let raw = |salt: &str| -> Vec<u8> {
        (0..16).map(|at| u8::from_str_radix(&salt[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    assert!(!has(&left, b"Li Lei") && !has(&left, b"ticket 7"));
    assert!(!has(&left, &SEED) && !has(&left, SEED.get(..16).unwrap()));
    for (salt, text) in salts.iter().zip(&stored) {
        assert!(!has(&left, salt.as_bytes()) && !has(&left, &raw(salt)), "{salt} is left");
        // A reader who knows the text without its salt finds another digest.
        let digest = |text: &str| ledger::Hash(Sha256::digest(text).into()).to_string();
        assert!(has(&left, digest(text).as_bytes()), "the digest stays");
        let guess = text.replace(&format!(r#""salt":"{salt}","#), "");
        assert!(guess.contains("Li Lei") && !has(&left, digest(&guess).as_bytes()));
    }
}

#[test]
fn the_database_lets_nothing_but_texts_of_the_erased_go() {
    let refused = |world: &World, tampered: &str| {
        let error = world.sql.connection().execute(tampered, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{tampered}: {error}");
    };
    let world = merged_world();
    // Neither texts of the living go, nor of what became part of them.
    for member in ["old", "li", "wang"] {
        let no = member_no(&world, member);
        refused(
            &world,
            &format!("UPDATE entry SET texts = NULL WHERE member_no = {no} AND texts IS NOT NULL"),
        );
    }
    erase(&world);
    redact(&world, "li");
    for tampered in [
        "UPDATE entry SET texts = NULL WHERE instr(texts, 'Li Lei') > 0",
        "UPDATE entry SET texts = '{\"salt\":\"\"}' WHERE kind = 'erase'",
        "UPDATE entry SET texts = 'x' WHERE texts IS NULL",
        "UPDATE entry SET points = points + 1, texts = NULL",
        "UPDATE entry SET corrects = id, texts = NULL",
        "UPDATE entry SET store = 's', texts = NULL",
        "UPDATE entry SET body = json_set(body, '$.actor', 'key:evil'), texts = NULL WHERE kind = 'erase'",
        "UPDATE entry SET body = json_remove(body, '$.texts'), texts = NULL WHERE kind = 'erase'",
        "UPDATE claim SET fingerprint = zeroblob(16) WHERE fingerprint IS NOT NULL",
    ] {
        refused(&world, tampered);
    }
    assert_eq!(found(&world), [""; 0]);
}

/// Before, the hash of an entry without its texts was taken as it stood.
#[test]
fn what_comes_before_lost_texts_cannot_be_altered() {
    let world = merged_world();
    erase(&world);
    redact(&world, "li");
    assert_eq!(found(&world), [""; 0]);
    let no = member_no(&world, "li");
    let lost = world.number(&format!(
        "SELECT min(sequence) FROM entry WHERE member_no = {no} AND texts IS NULL AND instr(body, 'texts') > 0"
    ));
    assert!(lost > 1);
    open(&world);
    assert_eq!(
        change(&world, "body = replace(body, 'key:test', 'key:evil') WHERE sequence = 1", "li"),
        1
    );
    // Everything up to the entry without its texts is sealed anew.
    let mut before = ledger::Hash::default();
    for mut entry in wait(store::span(&world.sql, no, 1, lost - 1)).unwrap() {
        entry.previous_hash = before;
        before = entry.computed_hash().unwrap();
        let set = format!("hash = unhex('{before}') WHERE sequence = {}", entry.sequence.0);
        assert_eq!(change(&world, &set, "li"), 1);
    }
    let told = found(&world);
    assert!(told.len() == 1 && told[0].contains("does not continue the hash chain"), "{told:?}");
    let id = entries(&world, "li")[usize::try_from(lost).unwrap() - 1].id;
    assert!(told[0].starts_with(&format!("li: entry {id}:")), "{told:?}");
}

/// Tells what each change is found as, in a world where nobody was erased.
#[test]
fn texts_that_are_altered_or_gone_are_found() {
    let gone = "texts = NULL WHERE texts IS NOT NULL";
    for (tampered, of, outcome) in [
        // Of an account that is open; of one that became part of an account that is open.
        (gone, "wang", "wang: has lost its texts, and nobody was erased"),
        // Its open request has evidence, which the state keeps.
        (
            gone,
            "li",
            "li: has lost its texts, and nobody was erased; li: stored requests is not what the entries give",
        ),
        (gone, "old", "old: has lost its texts, and nobody was erased"),
        (
            "texts = replace(texts, 'Li Lei', 'Li Mei') WHERE kind = 'redeem'",
            "wang",
            "wang: its texts are not those that its body seals",
        ),
        (
            "texts = replace(texts, 'Li Lei', 'Li Mei') WHERE kind = 'redeem'",
            "old",
            "old: its texts are not those that its body seals",
        ),
        (
            "texts = replace(texts, '{', '{ ') WHERE kind = 'redeem'",
            "wang",
            "wang: its texts are not those that its body seals",
        ),
        (
            r#"texts = '{"salt":"","reason":"x"}' WHERE kind = 'earn'"#,
            "wang",
            "wang: cannot be read: texts of which the body says nothing",
        ),
        (
            "body = json_remove(body, '$.texts'), texts = NULL WHERE kind = 'redeem'",
            "wang",
            "wang: the entry does not continue the hash chain",
        ),
    ] {
        let world = merged_world();
        assert_eq!(found(&world), [""; 0]);
        open(&world);
        assert!(change(&world, tampered, of) > 0, "{tampered} of {of}");
        let told = found(&world);
        let plain = |told: &String| match told.split_once(": entry ") {
            Some((member, what)) => format!("{member}: {}", &what[38..]),
            None => told.clone(),
        };
        let told: Vec<String> = told.iter().map(plain).collect();
        assert_eq!(told.join("; "), outcome, "{tampered} of {of}");
    }
}

/// An account may become part of one that becomes part of another one.
#[test]
fn texts_of_what_became_part_of_the_erased_by_way_of_others_go_too() {
    let world = merged_world();
    let merge = Merge { from: MemberId::new("li").unwrap() };
    let withdraw = DecideAdjustment {
        request: world.id("SELECT id FROM entry WHERE kind = 'request'"),
        verdict: ApprovalVerdict::Withdraw,
        by: Person { actor: "key:anna".into(), label: "anna".into() },
        role: "approver".into(),
    };
    world.one(Submission { operation: Rc::new(withdraw), ..redeem("li", "li5", 1) });
    said(&world, Submission { operation: Rc::new(merge), ..redeem("wang", "w3", 1) }, "Li Lei");
    said(&world, Submission { operation: Rc::new(Erase), ..redeem("wang", "w4", 1) }, "request 31");
    assert_eq!(redact(&world, "wang"), 9);
    assert_eq!(world.number("SELECT count(*) FROM entry WHERE instr(texts, 'Li Lei') > 0"), 0);
    assert_eq!(found(&world), [""; 0]);
}

/// Entries outside the sequence of a member are replayed with nobody, so they are counted apart.
#[test]
fn an_entry_in_no_history_is_found() {
    let world = merged_world();
    let strays = || wait(store::stray_entries(&world.sql, 1)).unwrap();
    assert_eq!(strays(), [""; 0]);
    let columns = "programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body";
    let copy = |programme: &str, member: &str, sequence: &str, id: &str| {
        let values = columns
            .replace("programme_no", programme)
            .replace("member_no", member)
            .replace("sequence", sequence)
            .replace(" id", &format!(" x'{id:0>32}'"));
        let insert =
            format!("INSERT INTO entry ({columns}) SELECT {values} FROM entry WHERE no = 1");
        world.sql.connection().execute_batch(&insert)
    };
    assert!(copy("programme_no", "member_no", "0", "01").is_err(), "sequences begin with 1");
    assert!(copy("programme_no", "member_no", "-1", "01").is_err());
    copy("programme_no", "member_no", "5000", "01").unwrap();
    copy("77", "member_no", "5001", "02").unwrap();
    copy("programme_no", "99999", "1", "03").unwrap();
    copy("77", "99999", "1", "04").unwrap_err();
    copy("77", "99998", "1", "05").unwrap();
    assert_eq!(strays().len(), 4, "{:?}", strays());
    let lot = "INSERT INTO lot SELECT 99999, 1, source, 7, 7, earned_at, available_at, expires_at, 0 FROM lot LIMIT 1";
    world.sql.connection().execute_batch(lot).unwrap();
    assert_eq!(strays().len(), 5, "{:?}", strays());
    // A number that is free again would be given to the next member, with what it left.
    for sql in ["DELETE FROM member", "UPDATE member SET no = no + 1000"] {
        let error = world.sql.connection().execute_batch(sql).unwrap_err();
        assert!(error.to_string().starts_with("member"), "{sql}: {error}");
    }
}
