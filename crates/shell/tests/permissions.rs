//! Own roles: each permission opens its routes and no other, and none more than its base may.

use std::collections::BTreeSet;

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
