//! Own roles: each permission opens its routes and no other, and none more than its base may.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::collections::BTreeSet;

use shell::api::staff::{OwnRoleBody, OwnRoleNames};
use shell::{Access, Role, api, check_permission, check_role, permissions};
use store::{Caller, ProgrammeRef};

fn caller(role: Role, permissions: Option<Vec<String>>) -> Caller {
    let programme = ProgrammeRef {
        no: 1,
        id: "p".into(),
        rulebook_version: 1,
        rulebook_digest: String::new(),
        spread: 1,
    };
    Caller {
        programme,
        role: role.as_str().to_owned(),
        operator: false,
        hash: String::new(),
        ends_at: None,
        label: String::new(),
        lineage: String::new(),
        person: None,
        last_used_at: 0,
        stores: None,
        permissions,
    }
}

#[test]
fn each_permission_opens_its_routes_and_no_more_than_its_base() {
    let known = permissions(api::ROUTES);
    let names: BTreeSet<&str> = known.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), known.len(), "no name twice");
    assert!(names.contains("adjust:read") && names.contains("staff:write"), "{names:?}");
    let mut opened = 0;
    for base in Role::all() {
        let plain = caller(base, None);
        for permission in &known {
            let own = caller(base, Some(vec![permission.name.clone()]));
            let mut any = false;
            for (component, route) in api::ROUTES
                .iter()
                .flat_map(|(name, routes)| routes.iter().map(move |one| (*name, one)))
            {
                let name = format!("{base:?} {} {} {}", permission.name, route.method, route.path);
                let base_may = check_role(&plain, route.roles()).is_ok();
                assert!(check_permission(&plain, component, route).is_ok(), "{name}");
                let is_open = check_permission(&own, component, route).is_ok();
                if matches!(route.access, Access::Roles(_)) && !route.is_own {
                    let half = if route.method == "GET" { "read" } else { "write" };
                    assert_eq!(is_open, permission.name == format!("{component}:{half}"), "{name}");
                    any |= is_open && base_may;
                    opened += usize::from(is_open && base_may);
                } else {
                    assert!(is_open, "{name}");
                }
            }
            assert_eq!(permission.is_of(base), any, "{base:?} {}", permission.name);
        }
    }
    assert!(opened > 300, "{opened}");
    let nothing = caller(Role::Admin, Some(Vec::new()));
    let (component, routes) = api::ROUTES.iter().find(|(name, _)| *name == "adjust").unwrap();
    assert!(routes.iter().all(|route| check_permission(&nothing, component, route).is_err()));
}

/// The roles of the strings of the console, in one language.
fn words(strings: &str) -> Vec<&str> {
    let (_, after) = strings.split_once("\n  role: {\n").unwrap();
    let (block, _) = after.split_once("\n  }").unwrap();
    block.lines().map(|line| line.split('"').nth(1).unwrap()).collect()
}

fn wrong(id: &str, zh: &str, en: &str) -> String {
    let names = OwnRoleNames { zh_cn: zh.to_owned(), en: en.to_owned() };
    let permissions_of = vec!["member:read".to_owned()];
    let body = OwnRoleBody { names, base: "admin".to_owned(), permissions: permissions_of };
    let checked = body.check(id, &permissions(api::ROUTES));
    checked.map_or_else(|problem| problem.body().0["errors"].to_string(), |_| String::new())
}

/// An admin who approves of a role must not take it for another one.
#[test]
fn no_own_role_looks_like_a_built_in_one() {
    assert_eq!(wrong("desk-2", "前台", "Front desk"), "");
    assert_eq!(wrong("service-desk", "客服前台", "Service desk"), "");
    for (strings, count) in [
        (include_str!("../../../console/src/strings/en.ts"), 9),
        (include_str!("../../../console/src/strings/zh.ts"), 9),
    ] {
        let words = words(strings);
        assert_eq!(words.len(), count);
        for word in words {
            for (zh, en, place) in [(word, "Desk", "/names/zh-CN"), ("前台", word, "/names/en")] {
                let found = wrong("desk", zh, en);
                assert!(found.contains(place), "{word}: {found}");
            }
        }
    }
    for name in [" customer  SERVICE", "Custοmer service", "客服 ", "Admіn", "department-head"]
    {
        assert!(wrong("desk", "前台", name).contains("/names/en"), "{name}");
    }
    for id in ["service", "department-head", "departmenthead", "adrnin", "jo-b", "till", "f1nance"]
    {
        assert!(wrong(id, "前台", "Desk").contains("role_id"), "{id}");
    }
}

/// The menu of the console opens by permissions that exist.
#[test]
fn the_console_asks_for_permissions_that_exist() {
    let known = permissions(api::ROUTES);
    let mut seen = 0;
    for source in [
        include_str!("../../../console/src/places.tsx"),
        include_str!("../../../console/src/inbox.ts"),
        include_str!("../../../console/src/pages/inbox.tsx"),
        include_str!("../../../console/src/lib/roles.ts"),
    ] {
        let is_one = |text: &&str| text.ends_with(":read") || text.ends_with(":write");
        for asked in source.split('"').filter(is_one) {
            assert!(known.iter().any(|one| one.name == *asked), "{asked}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}
