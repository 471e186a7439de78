//! Roles of a programme's own: nobody has one that is gone, and none comes back unasked.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use ledger::Timestamp;
use store::{
    InvitationWish, OwnRole, Who, find_person, invite, own_role, put_own_role, put_person,
    remove_own_role,
};
use support::{World, wait};

fn who() -> Who {
    Who { at: Timestamp(1), person: Some("ben".into()), key: None, address: None }
}

fn desk(base: &str, permissions: &[&str]) -> OwnRole {
    OwnRole {
        id: "desk".to_owned(),
        names: ("前台".to_owned(), "Desk".to_owned()),
        base: base.to_owned(),
        permissions: permissions.iter().map(|one| (*one).to_owned()).collect(),
        wanted: None,
    }
}

fn puts(world: &World, role: &OwnRole, before: Option<&OwnRole>) -> bool {
    wait(put_own_role(&world.sql, 1, role, before, &who())).unwrap()
}

fn removes(world: &World) -> bool {
    wait(remove_own_role(&world.sql, 1, "desk", &who())).unwrap()
}

const DESK: &str = r#"[{"role":"desk","base":"service"}]"#;

/// Anna, whom an admin has invited with these roles.
fn invites(world: &World, folded: &str, roles: &str) -> bool {
    let hash: String = folded.bytes().map(|byte| format!("{byte:02x}")).collect();
    let hash = format!("{hash:0>64}");
    let wish = InvitationWish {
        folded,
        id: folded,
        person: Some(("Anna Li", "en", roles)),
        hash: &hash,
        expires_at: 1_000,
        waits: false,
    };
    wait(invite(&world.sql, 1, &wish, "ben", &who())).unwrap()
}

#[test]
fn a_role_that_is_gone_does_not_come_back() {
    let world = World::new();
    let made = desk("service", &["member:read"]);
    assert!(puts(&world, &made, None));
    assert!(!puts(&world, &made, None), "there is one");
    let wider = desk("service", &["find:read", "member:read"]);
    assert!(puts(&world, &wider, Some(&made)));
    assert!(!puts(&world, &made, Some(&made)), "it is another one by now");
    assert!(removes(&world));
    assert!(!puts(&world, &made, Some(&wider)), "a change makes none");
    assert_eq!(wait(own_role(&world.sql, 1, "desk")).unwrap(), None);
}

/// An admin gives a role while another admin removes it: one of them is refused.
#[test]
fn nobody_gets_a_role_that_is_gone() {
    let world = World::new();
    assert!(invites(&world, "anna", "[]"));
    let gives = |roles: &str| {
        let anna = wait(find_person(&world.sql, 1, "anna")).unwrap().unwrap();
        wait(put_person(&world.sql, 1, &anna, ("Anna", "en", roles), &who())).unwrap()
    };
    let built_in = r#"[{"role":"service"}]"#;
    let both = r#"[{"role":"service"},{"role":"desk","base":"service"}]"#;
    assert!(gives(built_in));
    assert!(!gives(DESK) && !gives(both), "there is no such role");
    assert!(!invites(&world, "carl", DESK));
    assert_eq!(wait(find_person(&world.sql, 1, "carl")).unwrap(), None);
    assert!(puts(&world, &desk("marketing", &["member:read"]), None));
    assert!(!gives(DESK) && !invites(&world, "carl", both), "its base is another one");
    assert!(removes(&world));
    assert!(puts(&world, &desk("service", &["member:read"]), None));
    assert!(gives(both) && invites(&world, "carl", DESK));
    assert!(!removes(&world), "both have it");
}

/// What names a role that never was gets none by a role that is made later.
#[test]
fn no_role_is_made_that_persons_name_already() {
    let world = World::new();
    assert!(invites(&world, "anna", "[]"));
    let stray = "UPDATE person SET roles = '[{\"role\":\"desk\",\"base\":\"service\"}]'";
    world.sql.connection().execute(stray, ()).unwrap();
    let made = desk("admin", &["staff:write"]);
    assert!(!puts(&world, &made, None));
    world.sql.connection().execute("UPDATE person SET roles = '[]'", ()).unwrap();
    assert!(puts(&world, &made, None));
}
