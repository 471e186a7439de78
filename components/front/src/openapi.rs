//! OpenAPI 3.1: the routes of [`shell::api`]. Request bodies come from the types that parse
//! them, problems from the list that answers use.

use ledger::KINDS;
use rules::{Document, Reward};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};
use shell::{Access, PROBLEMS, Role, Route, api, half};

pub fn document() -> Json {
    let mut paths: Map<String, Json> = Map::new();
    let all = api::ROUTES
        .iter()
        .flat_map(|(name, routes)| routes.iter().map(move |route| (*name, route)));
    for (component, route) in all {
        let entry = paths.entry(route.path).or_insert_with(|| Json::Object(Map::new()));
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(route.method.to_lowercase(), describe(component, route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Accrue",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Loyalty points: earn, redeem, expire, climb tiers, on books that always add up.",
        },
        "paths": paths,
        "webhooks": webhooks(),
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "pass": {"type": "http", "scheme": "bearer", "description": "the pass of a member: POST /v1/members/{id}/passes"},
            },
            "schemas": schemas(),
        },
    })
}

fn describe(component: &str, route: &Route) -> Json {
    let mut parameters: Vec<Json> = route.path.split('/').filter_map(path_parameter).collect();
    let query = |(name, kind): &(&str, &str)| json!({"name": name, "in": "query", "schema": {"type": kind}});
    parameters.extend(route.query.iter().map(query));
    if route.is_mutation {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "The same key and request give the first answer again and do nothing twice.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }));
    }
    if route.takes_if_match {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "schema": {"type": "string"},
            "description": "Applies the change only if the profile still has this ETag, which GET returned.",
        }));
    }
    if route.answer == "Written" {
        parameters.extend(COMMAND_HEADERS.map(header));
    }
    let mut responses = Map::new();
    for status in route.success {
        // Pages for persons are no JSON.
        let kind = if route.answer == "Html" { "text/html" } else { "application/json" };
        let content =
            json!({"description": "done", "content": {kind: {"schema": reference(route.answer)}}});
        responses.insert(
            status.to_string(),
            if *status == 204 { json!({"description": "done"}) } else { content },
        );
    }
    let problem = json!({"description": "see type and docs/reference/problems.md", "content": {"application/problem+json": {"schema": reference("Problem")}}});
    responses.insert("default".to_owned(), problem);
    let mut described =
        json!({"summary": route.summary, "parameters": parameters, "responses": responses});
    if let Some(described) = described.as_object_mut() {
        if let Some(body) = route.body {
            described.insert(
                "requestBody".into(),
                json!({"required": !route.body_is_optional, "content": {"application/json": {"schema": reference(body)}}}),
            );
        }
        let roles = match route.access {
            Access::Public | Access::Pass => None,
            Access::Operator => Some(vec!["operator"]),
            Access::Roles(roles) => {
                Some(roles.iter().copied().chain([Role::Admin]).map(Role::as_str).collect())
            }
        };
        if matches!(route.access, Access::Pass) {
            described.insert("security".into(), json!([{"pass": []}]));
        }
        if let Some(roles) = roles {
            described.insert("security".into(), json!([{"key": []}]));
            described.insert("x-roles".into(), json!(roles));
            described.insert("x-for-stores".into(), json!(route.for_stores));
            let permission = half(route).map(|half| format!("{component}:{half}"));
            described.insert("x-permission".into(), json!(permission));
        }
    }
    described
}

/// What commands may be sent with: header, and what it tells.
const COMMAND_HEADERS: [(&str, &str); 3] = [
    ("Verification", "The proof that the member confirmed it: docs/reference/api/verification.md"),
    ("Device-Id", "The member's device."),
    ("Client-Ip", "The address that the command came from."),
];

fn header((name, description): (&str, &str)) -> Json {
    json!({"name": name, "in": "header", "description": description, "schema": {"type": "string"}})
}

fn path_parameter(segment: &str) -> Option<Json> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
}

fn reference(schema: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn webhooks() -> Json {
    let event = json!({"post": {
        "summary": "An entry, as Standard Webhooks 1.0: see docs/reference/events.md",
        "requestBody": {"content": {"application/json": {"schema": {
            "type": "object",
            "properties": {"type": {"type": "string"}, "timestamp": {"type": "string"}, "data": reference("Entry"), "member": {
                "type": "object",
                "properties": {"spendable": {"type": "integer"}, "pending": {"type": "integer"}, "language": {"type": ["string", "null"]}},
            }},
        }}}},
        "responses": {"2XX": {"description": "accepted"}},
    }});
    json!({ "entry": event })
}

fn schemas() -> Json {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|s| s.definitions_path = "/components/schemas".into())
        .into_generator();
    api::add_schemas(&mut generator);
    let _ = generator.subschema_for::<Reward>();
    let mut schemas: Map<String, Json> = generator.take_definitions(true);
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.as_str()).collect();
    let slugs: Vec<String> =
        PROBLEMS.iter().map(|(slug, _, _)| format!("urn:accrue:problem:{slug}")).collect();
    let others = [
        ("Object", json!({"type": "object"})),
        ("Html", json!({"type": "string"})),
        (
            "Page",
            json!({"type": "object", "required": ["items", "next"], "properties": {"items": {"type": "array"}, "next": {"type": ["string", "null"]}}}),
        ),
        (
            "Entry",
            json!({
                "type": "object",
                "required": ["entry_id", "member_id", "sequence", "kind", "points", "balance_after", "occurred_at", "recorded_at", "hash"],
                "properties": {
                    "kind": {"enum": kinds},
                    "points": {"type": "integer"},
                    "balance_after": {"type": "integer"},
                    "lots": {"type": "array", "items": reference("LotChange")},
                },
            }),
        ),
        (
            "LotChange",
            json!({
                "type": "object",
                "required": ["lot", "change", "points"],
                "properties": {
                    "lot": {"type": "integer"},
                    "change": {"enum": ["granted", "drawn", "returned", "activated", "renewed"]},
                    "points": {"type": "integer", "description": "above 0 where granted, returned or activated, below 0 where drawn, 0 where renewed"},
                    "source": {"type": "string", "description": "where granted or returned: the source of the lot, such as an event"},
                    "available_at": {"type": ["string", "null"], "format": "date-time", "description": "null while the lot waits for an activation"},
                    "expires_at": {"type": ["string", "null"], "format": "date-time", "description": "null is never, or not known yet while available_at is null"},
                    "valid_through": {"type": ["string", "null"], "format": "date", "description": "the last local day before expires_at"},
                },
            }),
        ),
        (
            "LotsPage",
            json!({
                "type": "object",
                "required": ["items", "next", "as_of", "sequence", "sums"],
                "properties": {
                    "items": {"type": "array"},
                    "next": {"type": ["string", "null"]},
                    "as_of": {"type": "string", "format": "date-time", "description": "the instant of the lots and sums"},
                    "sequence": {"type": "integer", "description": "the member's last entry at that instant"},
                    "sums": {"type": "object", "description": "of all the member's lots: balance, pending, held, debt, ledger_balance"},
                },
            }),
        ),
        (
            "Written",
            json!({
                "type": "object",
                "required": ["entry", "follow_ups", "balance"],
                "properties": {
                    "entry": reference("Entry"),
                    "also_asked": {"type": "array", "items": reference("Entry"), "description": "if the call requested several entries: all but the first"},
                    "follow_ups": {"type": "array", "items": reference("Entry"), "description": "entries that followed from the requested one"},
                    "balance": {"type": "integer"},
                },
            }),
        ),
        (
            "BulkEarn",
            json!({"type": "object", "required": ["events"], "properties": {"events": {"type": "array", "minItems": 1, "maxItems": 500, "items": reference("BulkBody")}}}),
        ),
        (
            "BulkBehaviour",
            json!({"type": "object", "required": ["events"], "properties": {"events": {"type": "array", "minItems": 1, "maxItems": 500, "items": reference("BehaviourBody")}}}),
        ),
        (
            "BulkConsents",
            json!({"type": "object", "required": ["consents"], "properties": {"consents": {"type": "array", "minItems": 1, "maxItems": 500, "items": reference("BulkConsentBody")}}}),
        ),
        (
            "BulkOutcomes",
            json!({"type": "object", "required": ["outcomes"], "properties": {"outcomes": {"type": "array"}}}),
        ),
        (
            "Problem",
            json!({
                "type": "object",
                "required": ["type", "title", "status", "detail", "instance"],
                "properties": {"type": {"type": "string", "examples": slugs}, "title": {"type": "string"}, "status": {"type": "integer"}},
            }),
        ),
    ];
    schemas.extend(others.map(|(name, schema)| (name.to_owned(), schema)));
    Json::Object(schemas)
}

/// The shape of rulebooks, as JSON Schema 2020-12. Validation reports limits beyond a field's type.
pub fn rulebook_schema() -> Json {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>();
    let mut schema = schema.to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$id".to_owned(), "urn:accrue:rulebook:1".into());
        schema.insert("title".to_owned(), "Accrue rulebook, format 1".into());
    }
    schema
}
