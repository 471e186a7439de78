//! The lists of routes against what else tells of them: the components, and the pages in
//! `docs/reference/api`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test: whatever is not as expected must fail it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use shell::{Access, Role, Route, api};

const ROLES: [Role; 8] = [
    Role::Storefront,
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
    Role::Job,
];

/// Components of pages for people, which have no part in the API.
const PAGES: [&str; 2] = ["console", "member-page"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A component that is not in [`api::ROUTES`] would have no page and no line in OpenAPI.
#[test]
fn every_component_serves_the_list_of_its_name() {
    let mut components = BTreeSet::new();
    for folder in std::fs::read_dir(root().join("components")).unwrap().flatten() {
        let name = folder.file_name().into_string().unwrap();
        let manifest = read(&format!("components/{name}/Cargo.toml"));
        if !manifest.contains("kind = \"http\"") {
            continue;
        }
        if PAGES.contains(&name.as_str()) {
            assert!(!manifest.contains("shell"), "{name} serves files only, so it needs no API");
            continue;
        }
        let module = name.replace('-', "_");
        let source = read(&format!("components/{name}/src/lib.rs"));
        assert!(
            source.contains(&format!("shell::api::{module}::ROUTES {{")),
            "{name} does not serve api::{module}::ROUTES"
        );
        components.insert(name);
    }
    let listed: BTreeSet<String> = api::ROUTES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed, components);
}

#[test]
fn routes_are_of_one_form() {
    let mut seen = BTreeSet::new();
    for route in api::ROUTES.iter().flat_map(|(_, routes)| *routes) {
        let name = format!("{} {}", route.method, route.path);
        assert!(seen.insert(name.clone()), "{name} is listed twice");
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
        assert!(methods.contains(&route.method), "{name}");
        assert!(route.path.starts_with('/') && !route.path.ends_with('/'), "{name}");
        assert!(!route.summary.is_empty() && !route.summary.ends_with('.'), "{name}");
        assert!(!route.success.is_empty(), "{name}");
        if ["GET", "HEAD"].contains(&route.method) {
            assert!(
                route.max_bytes == 0 && route.body.is_none() && !route.is_mutation,
                "{name} is a read"
            );
        }
        assert!(
            route.body.is_none() || route.max_bytes > 0,
            "{name} has a body, but no room for it"
        );
    }
}

/// Each page has a table with a row for each route of its component, and no other: with its roles,
/// the size of its body and its query.
#[test]
fn the_pages_tell_what_the_routes_say() {
    let mut faults = String::new();
    for (component, routes) in api::ROUTES {
        let page = format!("docs/reference/api/{component}.md");
        let mut rows = rows_of(&read(&page));
        for route in *routes {
            let name = format!("{} {}", route.method, route.path);
            let expected =
                Row { roles: roles_of(route), body: body_of(route), query: query_of(route) };
            match rows.remove(&name) {
                Some(row) if row == expected => {}
                found => {
                    writeln!(faults, "{page}: `{name}`\n  is {found:?}\n  must be {expected:?}")
                        .unwrap()
                }
            }
        }
        for name in rows.keys() {
            writeln!(faults, "{page}: `{name}` is no route of {component}").unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    roles: BTreeSet<String>,
    body: String,
    query: BTreeSet<String>,
}

/// The rows of the tables whose first column is `Route`, by the route. `POST /x/approve · /reject`
/// are two.
fn rows_of(page: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    let mut columns: Option<Vec<&str>> = None;
    for line in page.lines() {
        let Some(line) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            columns = columns.filter(|_| line.starts_with("|---"));
            continue;
        };
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match &columns {
            None if cells.first() == Some(&"Route") => columns = Some(cells),
            None => {}
            Some(columns) => {
                let cell = |name: &str| {
                    let place = columns.iter().position(|column| *column == name);
                    place.and_then(|place| cells.get(place)).copied().unwrap_or_default()
                };
                let mut name = String::new();
                for text in quoted(cell("Route")) {
                    // Another end of the same path.
                    name = if text.starts_with('/') {
                        format!("{}{text}", name.rsplit_once('/').unwrap().0)
                    } else {
                        text
                    };
                    rows.insert(name.clone(), row(cell("Roles"), cell("Body"), cell("Query")));
                }
            }
        }
    }
    rows
}

/// What comes after a semicolon is for people.
fn row(roles: &str, body: &str, query: &str) -> Row {
    let roles = roles.split(';').next().unwrap_or_default().split(", ");
    let size = body.split([',', ';']).next().unwrap_or_default().trim_start_matches("up to ");
    Row {
        roles: roles.filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        body: if size == "none" { String::new() } else { size.to_owned() },
        query: quoted(query.split(';').next().unwrap_or_default()).into_iter().collect(),
    }
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn roles_of(route: &Route) -> BTreeSet<String> {
    match route.access {
        Access::Public => BTreeSet::new(),
        Access::Pass => BTreeSet::from(["pass".to_owned()]),
        Access::Operator => BTreeSet::from(["operator".to_owned()]),
        Access::Roles([]) => BTreeSet::from(["admin".to_owned()]),
        Access::Roles(roles) => roles.iter().map(|role| role.as_str().to_owned()).collect(),
    }
}

fn body_of(route: &Route) -> String {
    let size = match route.max_bytes / 1024 {
        0 => return String::new(),
        kib if kib >= 1024 => format!("{} MiB", kib / 1024),
        kib => format!("{kib} KiB"),
    };
    if route.body_is_optional { format!("{size} or none") } else { size }
}

fn query_of(route: &Route) -> BTreeSet<String> {
    route.query.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// What each role is for stands in words; which routes it may call, on the pages.
#[test]
fn every_role_is_explained() {
    let readme = read("docs/reference/api/README.md");
    let rows = readme.lines().skip_while(|line| *line != "| Role | For |").skip(2);
    let explained: Vec<String> = rows
        .take_while(|line| line.starts_with('|'))
        .filter_map(|row| quoted(row).into_iter().next())
        .collect();
    assert_eq!(explained, ROLES.map(Role::as_str));
}
