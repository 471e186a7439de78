//! `/openapi.json` matches the components: every reference resolves, every route exists, and no
//! component has an undocumented route.

use std::collections::{BTreeMap, BTreeSet};

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
        let pointer =
            reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// Of two types with one name the second would get a number.
#[test]
fn each_schema_has_a_name_of_its_own() {
    let host = Host::start();
    let document = host.ask("GET", "/openapi.json").send().ok();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.contains_key("Budget") && schemas.contains_key("StrategyBudget"));
    for name in schemas.keys() {
        let first = name.trim_end_matches(|c: char| c.is_ascii_digit());
        assert!(first == name || !schemas.contains_key(first), "{name} beside {first}");
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

/// Called without a key, a body and parameters: the answer must show that the route and the method
/// exist.
#[test]
fn every_documented_route_exists() {
    let host = Host::start();
    let document = host.ask("GET", "/openapi.json").send().ok();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let address = path
            .replace("{id}", "x")
            .replace("{prefix}", "x")
            .replace("{kid}", "x")
            .replace("{token}", "x")
            .replace("{secret}", "x")
            .replace("{name}", "night");
        for (method, operation) in methods.as_object().unwrap() {
            let answer = host.ask(&method.to_uppercase(), &address).send();
            let public = operation.get("security").is_none();
            // Of the public routes some take a body, and those of an invitation need one.
            let expected = match path.as_str() {
                _ if !public => 401,
                "/v1/sign-out" => 204,
                "/v1/oidc/callback" => 303,
                _ if operation.get("requestBody").is_some() => 400,
                _ if path.contains("{token}") || path.contains("{secret}") => 404,
                _ => 200,
            };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text());
            operations += 1;
        }
        let answer = host.ask("BREW", &address).send();
        assert_eq!(answer.outcome(), "405 method-not-allowed", "BREW {path}");
        let documented: BTreeSet<String> =
            methods.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
        let allowed: BTreeSet<String> =
            answer.header("allow").unwrap().split(", ").map(str::to_owned).collect();
        assert_eq!(documented, allowed, "{path}");
    }
    assert!(operations > 20);
}

/// Every route with a method, its address with some text for each parameter, and its description in
/// the document.
fn operations(document: &Json) -> Vec<(String, String, &Json)> {
    let methods = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let address = path.replace("{name}", "night");
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, described)| (method.to_uppercase(), address.clone(), described))
    });
    methods.collect()
}

/// Routes for the passes of members take no key: `me.rs` tests them.
fn takes_pass(described: &Json) -> bool {
    described["security"][0].get("pass").is_some()
}

/// Sends a parameter that no route has: only permitted callers get that fault. A handler without
/// authentication fails here.
#[test]
fn roles_may_call_the_documented_routes() {
    let host = Host::start();
    let shop = host.shop();
    let document = shop.get("/openapi.json").send().ok();
    let roles = [
        "storefront",
        "service",
        "marketing",
        "finance",
        "approver",
        "department_head",
        "vice_president",
        "job",
        "admin",
    ];
    // The operator is an admin of the default programme, and of no other.
    let other = host.shop_with("other", |_| {});
    let keys: Vec<String> = roles.iter().map(|role| other.key(role)).collect();
    let mut checked = 0;
    for (method, address, described) in operations(&document) {
        let Some(allowed) = described["x-roles"].as_array() else { continue };
        for (role, key) in roles.iter().zip(&keys) {
            let answer = other.ask(&method, &format!("{address}?nonsense=1")).bearer(key).send();
            let outcome = if allowed.iter().any(|allowed| allowed == role) {
                "400 invalid-request ?nonsense"
            } else {
                "403 forbidden"
            };
            assert_eq!(answer.outcome(), outcome, "{role}: {method} {address}");
            checked += 1;
        }
    }
    assert!(checked > 700, "only {checked}");
}

#[test]
fn changes_take_an_idempotency_key_as_documented() {
    let host = Host::start();
    let shop = host.shop();
    let document = shop.get("/openapi.json").send().ok();
    for (method, address, described) in operations(&document)
        .iter()
        .filter(|(method, _, of)| !["GET", "HEAD"].contains(&method.as_str()) && !takes_pass(of))
    {
        // Pages for persons, which answer no problems.
        if address.starts_with("/l/") || address.starts_with("/u/") {
            continue;
        }
        let parameters = described["parameters"].as_array().unwrap();
        let is_documented =
            parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        let answer = shop.ask(method, address).without("idempotency-key").body("{}").send();
        let is_needed = answer.outcome() == "400 idempotency-key-missing";
        assert_eq!(is_needed, is_documented, "{method} {address}: {}", answer.outcome());
    }
}

/// Where a body is needed, a request without one is refused for that, and nowhere else.
#[test]
fn bodies_are_required_as_documented() {
    let host = Host::start();
    let shop = host.shop();
    let document = shop.get("/openapi.json").send().ok();
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let mut checked = 0;
    for (method, address, described) in operations(&document) {
        let Some(body) = described.get("requestBody").filter(|_| !takes_pass(described)) else {
            continue;
        };
        let role =
            described["x-roles"][0].as_str().filter(|role| !["operator", "admin"].contains(role));
        let ask = match role {
            Some(role) => {
                let key = keys.entry(role.to_owned()).or_insert_with(|| shop.key(role));
                shop.ask(&method, &address).bearer(key)
            }
            None => shop.ask(&method, &address),
        };
        let answer = ask.send();
        // An empty table is one without its heading, and no broken JSON.
        let is_table = address == "/v1/imports" && answer.status == 400;
        let is_refused = is_table || answer.outcome() == "400 malformed-json";
        assert_eq!(is_refused, body["required"] == true, "{method} {address}: {}", answer.text());
        checked += 1;
    }
    assert!(checked > 40, "only {checked}");
}

/// No body may bring a control character, in whichever field.
#[test]
fn control_characters_are_refused_by_every_route() {
    let host = Host::start();
    let shop = host.shop();
    let document = shop.get("/openapi.json").send().ok();
    let roles =
        ["service", "approver", "department_head", "vice_president", "marketing", "storefront"];
    let of = |role: &&str| shop.with_bearer(&shop.key(role));
    let callers: Vec<tests::Shop> =
        std::iter::once(host.shop()).chain(roles.iter().map(of)).collect();
    let before = host.books().snapshot();
    let mut checked = 0;
    for (method, address, described) in operations(&document) {
        let told = |ask: tests::Ask, pointer: &str| {
            let expected = format!("400 invalid-request {pointer}");
            assert_eq!(ask.send().outcome(), expected, "{method} {address}");
        };
        if described.get("security").is_some() {
            told(shop.ask(&method, &format!("{address}?limit=%C2%85")), "?limit");
            checked += 1;
        }
        // A file of members is a table, or an object a line.
        let is_document = described.get("requestBody").is_some() && !takes_pass(described);
        if !is_document || address == "/v1/imports" {
            continue;
        }
        let has_lines = ["/v1/templates", "/v1/channels/{id}"]
            .iter()
            .any(|of| address.starts_with(of) && !address.ends_with("/pause"));
        for text in ["a\\u0000", "a\\nb", "\u{7f}", "\u{85}"] {
            // Texts of messages and private keys have lines.
            if has_lines && text == "a\\nb" {
                continue;
            }
            let body = format!("{{\"one\": {{\"two\": [\"ok\", \"{text}\"]}}}}");
            // No role may call all routes.
            let ask = |caller: &tests::Shop| caller.ask(&method, &address).body(&body);
            let may = |caller: &&tests::Shop| ask(caller).send().status != 403;
            // Parts of bulk calls are looked through one by one, and this field is no part.
            let pointer = if address.ends_with("/bulk") { "/one" } else { "/one/two/1" };
            told(ask(callers.iter().find(may).unwrap()), pointer);
        }
        checked += 1;
    }
    assert!(checked > 80, "only {checked}");
    let member = shop.ask("GET", "/v1/members/a%00b");
    assert_eq!(member.send().outcome(), "400 invalid-request ");
    assert_eq!(host.books().snapshot(), before);
}
