//! Texts are in the order of their bytes, wherever a list is in the order of a text.

use store::MemberOrder;

use crate::support::{World, act, enrol, wait};

const NAMES: [&str; 4] = ["Z", "a", "é", "字"];

/// Lists page by page, so that the place to go on after is compared in the same order.
fn paged(list: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while let Some(next) = list(&after).into_iter().next() {
        after.clone_from(&next);
        found.push(next);
    }
    found
}

#[test]
fn lists_are_in_the_order_of_bytes() {
    let world = World::new();
    let sql = &world.sql;
    for name in NAMES.iter().rev() {
        world.offer(name, r#"{"name": "Mug", "points": 1}"#);
        for write in [
            "INSERT INTO draft (programme_no, kind, name, document, updated_at, updated_by, base_version) VALUES (1, 'rulebook', ?1, '', 0, '', 0)",
            "INSERT INTO endpoint (programme_no, id, url, secret, lease, created_at) VALUES (1, ?1, '', '', '', 0)",
            "INSERT INTO api_key (prefix, programme_no, role, label, hash, created_at) VALUES (?1, 1, '', '', zeroblob(32), 0)",
        ] {
            sql.connection().execute(write, [name]).unwrap();
        }
    }
    let drafts = |after: &str| {
        let found =
            wait(store::list_drafts(sql, (1, store::DocumentKind::Rulebook), after, 1)).unwrap();
        found.into_iter().map(|draft| draft.name).collect()
    };
    let endpoints = |after: &str| {
        let found = wait(store::list_endpoints(sql, 1, after, 1)).unwrap();
        found.into_iter().map(|endpoint| endpoint.id).collect()
    };
    let rewards = |after: &str| {
        let found = wait(store::list_rewards(sql, 1, after, 1)).unwrap();
        found.into_iter().map(|reward| reward.id).collect()
    };
    let keys = |after: &str| {
        let found = wait(store::list_keys(sql, 1, "", after, 1)).unwrap();
        found.into_iter().map(|key| key.prefix).collect()
    };
    assert_eq!(paged(drafts), NAMES);
    assert_eq!(paged(endpoints), NAMES);
    assert_eq!(paged(rewards), NAMES);
    assert_eq!(paged(keys), NAMES);
}

/// Ids and names of members are ASCII.
#[test]
fn members_are_in_the_order_of_bytes() {
    let world = World::new();
    for name in ["z", "a", "Z", "A", "1"] {
        world.one(enrol(name, name, &[&format!("card:{name}")]));
        world.one(act(name, &format!("k{name}"), "share"));
    }
    for (order, prefix) in [(MemberOrder::Id, ""), (MemberOrder::Name, "card:")] {
        let list = |after: &str| {
            let after = Some(after).filter(|after| !after.is_empty());
            let found =
                wait(store::list_members(&world.sql, 1, order, (prefix, after), None, 1)).unwrap();
            found.into_iter().map(|member| member.found_by).collect()
        };
        let expected = ["1", "A", "Z", "a", "z"].map(|name| format!("{prefix}{name}"));
        assert_eq!(paged(list), expected);
    }
}
