//! `/openapi.json` describes what runs: every reference resolves, every route exists, and no component has a route that it leaves out.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tests::Host;

#[test]
fn every_reference_resolves() {
    let host = Host::start();
    let document = host.ask("GET", "/openapi.json").send().ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "only {} references", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn references(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Json::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Called without a key, a body and parameters: whatever else is wrong, the route and the method are there.
#[test]
fn every_documented_route_exists() {
    let host = Host::start();
    let document = host.ask("GET", "/openapi.json").send().ok();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let address = path.replace("{id}", "x").replace("{prefix}", "x").replace("{name}", "night");
        for (method, operation) in methods.as_object().unwrap() {
            let answer = host.ask(&method.to_uppercase(), &address).send();
            let public = operation.get("security").is_none();
            assert_eq!(answer.status, if public { 200 } else { 401 }, "{method} {path}: {}", answer.text());
            operations += 1;
        }
        let answer = host.ask("BREW", &address).send();
        assert_eq!(answer.outcome(), "405 method-not-allowed", "BREW {path}");
        let documented: BTreeSet<String> = methods.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
        let allowed: BTreeSet<String> = answer.header("allow").unwrap().split(", ").map(str::to_owned).collect();
        assert_eq!(documented, allowed, "{path}");
    }
    assert!(operations > 20);
}

/// The header of each component lists its routes; the document must have the same.
#[test]
fn every_route_of_a_component_is_documented() {
    let host = Host::start();
    let document = host.ask("GET", "/openapi.json").send().ok();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        documented
            .extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let mut listed = BTreeSet::new();
    let components = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../components")).unwrap();
    for component in components.flatten() {
        let source = std::fs::read_to_string(component.path().join("src/lib.rs")).unwrap();
        let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'));
        listed.extend(rows.map(|(route, _)| route.to_owned()));
    }
    assert_eq!(documented, listed);
}
