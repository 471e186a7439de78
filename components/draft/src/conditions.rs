//! What conditions may ask for, and conditions as rows and in CEL: one implementation, so that no
//! page needs a reader of CEL.

use rules::{
    ConditionFault, FIELDS, Known, MEMBER_FIELDS, MemberField, Operator, PlainCondition, Scope,
    Type, member_to_cel, read_condition, read_member_condition, to_cel, to_rows,
};
use serde_json::{Value as Json, json};
use shell::api::draft::{ConditionScope, ConditionsBody};
use shell::{App, Problem, Reply, Request, authenticate, parse_json};

/// The fields, in the order of the reference.
pub async fn fields(app: &App, request: &Request) -> Result<Reply, Problem> {
    authenticate(app, request).await?;
    let of_attributes = |scope| {
        let names = ("会员属性".to_owned(), "attribute".to_owned());
        shown("attributes.", scope, Type::Text, (false, true), names, "an attribute of the member")
    };
    let mut items = Vec::new();
    for (name, field, kind, meaning) in &FIELDS {
        let scope = if field.is_of_line() { "line" } else { "event" };
        let (chinese, english) = field.names();
        let names = (chinese.to_owned(), english.to_owned());
        let is_money = name.ends_with("_minor");
        items.push(shown(name, scope, *kind, (is_money, false), names, meaning));
    }
    items.push(of_attributes("event"));
    for (name, field, kind, meaning) in &MEMBER_FIELDS {
        // Of a field with a key, rows write the key behind the name.
        let takes_name = matches!(field, MemberField::CategoryShare(_));
        let name = field.row_name().unwrap_or_else(|| (*name).to_owned());
        let how = (field.is_money(), takes_name);
        items.push(shown(&name, "member", *kind, how, field.names(), meaning));
    }
    items.push(of_attributes("member"));
    Ok(Reply::json(200, &json!({"items": items})))
}

fn shown(
    name: &str,
    scope: &str,
    kind: Type,
    (money, takes_name): (bool, bool),
    (chinese, english): (String, String),
    meaning: &str,
) -> Json {
    json!({
        "field": name,
        "takes_name": takes_name,
        "scope": scope,
        "type": type_name(kind),
        "money": money,
        "operators": Operator::of(kind),
        "names": {"zh-CN": chinese, "en": english},
        "meaning": meaning,
    })
}

/// Both forms of a condition. Faults are an answer: an editor asks while somebody types.
pub async fn translate(app: &App, request: &Request) -> Result<Reply, Problem> {
    authenticate(app, request).await?;
    let ConditionsBody { scope, conditions, when } = parse_json(request.body()?)?;
    let when = when.filter(|text| !text.trim().is_empty());
    let mut problems = Vec::new();
    let of_rows = match scope {
        ConditionScope::Member => member_to_cel(&conditions),
        ConditionScope::Event | ConditionScope::Line => to_cel(&conditions),
    };
    let of_rows = of_rows.unwrap_or_else(|found| {
        let at = |(at, detail): &(String, String)| json!({"pointer": format!("/conditions{at}"), "detail": detail});
        problems.extend(found.iter().map(at));
        String::new()
    });
    if let Some(text) = &when {
        check(text, scope, "/when", &mut problems);
    }
    let text = match when {
        None => of_rows,
        Some(text) if of_rows.is_empty() => text,
        Some(text) => {
            // One group alone is written without parentheses.
            let is_any = matches!(conditions.as_slice(), [PlainCondition::Any { .. }]);
            let of_rows = if is_any { format!("({of_rows})") } else { of_rows };
            let is_chain = !text.contains("||") && !text.contains('?');
            let text = if is_chain { text } else { format!("({text})") };
            format!("{of_rows} && {text}")
        }
    };
    let mut rows = None;
    if problems.is_empty() && text.is_empty() {
        rows = Some(Vec::new());
    } else if problems.is_empty() {
        rows = check(&text, scope, "", &mut problems);
    }
    let text = problems.is_empty().then_some(text);
    Ok(Reply::json(200, &json!({"conditions": rows, "when": text, "problems": problems})))
}

/// The rows of a text, if they can say it; adds what is wrong with it.
fn check(
    text: &str,
    scope: ConditionScope,
    pointer: &str,
    problems: &mut Vec<Json>,
) -> Option<Vec<PlainCondition>> {
    let found = match scope {
        ConditionScope::Event => read_condition(text, Scope::Event).map(|one| to_rows(&one)),
        ConditionScope::Line => read_condition(text, Scope::Line).map(|one| to_rows(&one)),
        ConditionScope::Member => read_member_condition(text).map(|one| to_rows(&one)),
    };
    found.unwrap_or_else(|ConditionFault { detail, place }| {
        let (line, column) = place.unzip();
        problems
            .push(json!({"pointer": pointer, "detail": detail, "line": line, "column": column}));
        None
    })
}

fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "boolean",
        Type::Int => "number",
        Type::Text => "text",
        Type::Texts | Type::Ints => "texts",
    }
}
