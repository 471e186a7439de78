//! Back-tests: replay a past period under a draft, some thousand entries per call.

use ledger::{MemberId, ProgrammeId, Timestamp};
use rules::{BackTest, OfTier, Rulebook, Side, Span};
use serde_json::{Map, Value as Json, json};
use shell::{
    App, BackTestBody, Drafted, FieldError, Page, Problem, Reply, Request, authenticate,
    authenticated_body, drafted, in_force, new_id, now, once, parse_json, reach, resolve_member_id,
    wide,
};
use store::{
    BackTestRow, Caller, back_test, begin_back_test, list_back_tests, member_no, move_back_test,
    parse_rulebook,
};

/// About how many entries one call replays: a second's work.
const ENTRIES_A_CALL: i64 = 5_000;

pub async fn begin(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: BackTestBody = parse_json(body)?;
    once(app, &key, &caller, "back-test", &body, async || begun(app, &caller, &body).await).await
}

async fn begun(app: &App, caller: &Caller, body: &BackTestBody) -> Result<Reply, Problem> {
    let span = span_of(body)?;
    let Drafted { stored, book, .. } = drafted(&app.sql, &caller.programme, &body.draft).await?;
    let version = caller.programme.rulebook_version;
    if book.currency() != in_force(&app.sql, &caller.programme, version).await?.currency() {
        let error = FieldError::new(
            "/draft",
            "has a currency that is not the one that the books are kept in",
        );
        return Err(Problem::InvalidRequest(vec![error]));
    }
    let member = match &body.member_id {
        None => None,
        Some(name) => {
            let id = resolve_member_id(app, caller, name).await?;
            let no = member_no(&app.sql, caller.programme.no, &id).await?;
            Some(no.ok_or_else(|| Problem::refused(ledger::Refusal::MemberNotFound))?)
        }
    };
    let id = new_id();
    let asked =
        json!({"draft": body.draft, "member_id": body.member_id, "by": caller.label}).to_string();
    begin_back_test(&app.sql, (caller.programme.no, version), id, asked, &stored, span, member)
        .await?;
    Ok(Reply::json(201, &advance(app, caller, &id.to_string()).await?))
}

pub async fn go_on(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let go_on = async || Ok(Reply::json(200, &advance(app, &caller, id).await?));
    once(app, &key, &caller, "back-test-continue", &id, go_on).await
}

pub async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let test = existing(app, &caller, id).await?;
    let books = books(app, &caller, &test).await?;
    Ok(Reply::json(200, &shown(&test, &books)))
}

pub async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.cursor.as_deref().unwrap_or("~");
    let found = list_back_tests(&app.sql, caller.programme.no, before, page.limit + 1).await?;
    Ok(page.reply(found, |test| Json::Object(summary(test)), |last| last.id.clone()))
}

fn span_of(body: &BackTestBody) -> Result<Span, Problem> {
    let mut errors = Vec::new();
    let mut instant = |pointer: &str, text: &str| {
        let at = Timestamp::parse(text);
        if at.is_none() {
            errors.push(FieldError::new(
                pointer,
                "must be RFC 3339 with an offset, such as 2026-01-31T00:00:00+08:00",
            ));
        }
        at.unwrap_or(Timestamp(0))
    };
    let span = Span { from: instant("/from", &body.from), to: instant("/to", &body.to) };
    if errors.is_empty() && span.to <= span.from {
        errors.push(FieldError::new("/to", "must be after from"));
    }
    if errors.is_empty() && span.to > now() {
        errors.push(FieldError::new("/to", "must not lie in the future"));
    }
    if let Some(Err(error)) = body
        .member_id
        .as_ref()
        .filter(|id| !id.starts_with('~'))
        .map(|id| MemberId::new(id.as_str()))
    {
        errors.push(FieldError::new("/member_id", error.to_string()));
    }
    if errors.is_empty() { Ok(span) } else { Err(Problem::InvalidRequest(errors)) }
}

async fn existing(app: &App, caller: &Caller, id: &str) -> Result<BackTestRow, Problem> {
    back_test(&app.sql, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}

/// The published rulebook and the draft.
struct Books {
    published: std::rc::Rc<Rulebook>,
    draft: Rulebook,
}

async fn books(app: &App, caller: &Caller, test: &BackTestRow) -> Result<Books, Problem> {
    let published = in_force(&app.sql, &caller.programme, test.version).await?;
    Ok(Books { published, draft: parse_rulebook(&test.rulebook, test.version + 1)? })
}

/// Continues the test with some more members, unless it is done.
async fn advance(app: &App, caller: &Caller, id: &str) -> Result<Json, Problem> {
    let test = existing(app, caller, id).await?;
    let books = books(app, caller, &test).await?;
    if test.done {
        return Ok(shown(&test, &books));
    }
    let programme = ProgrammeId::new(caller.programme.id.as_str())
        .map_err(|error| Problem::Internal(error.to_string()))?;
    let programme = (caller.programme.no, &programme);
    let (published, draft) = (&books.published, &books.draft);
    let mut named = published.tags_named();
    named.append(&mut draft.tags_named());
    let named: Vec<String> = named.into_keys().collect();
    let reach = if named.is_empty() { None } else { Some(reach().await?) };
    let tags = reach.as_deref().map(|reach| (reach, &*named, now()));
    move_back_test(&app.sql, programme, &test, (published, draft), tags, ENTRIES_A_CALL).await?;
    Ok(shown(&existing(app, caller, id).await?, &books))
}

/// The fields of a test in a list.
fn summary(test: &BackTestRow) -> Map<String, Json> {
    let BackTestRow { id, asked, version, span, done, found, .. } = test;
    let mut shown: Map<String, Json> = serde_json::from_str(asked).unwrap_or_default();
    let fields = json!({
        "back_test_id": id,
        "from": span.from.to_string(),
        "to": span.to.to_string(),
        "published_version": version,
        "done": done,
        "members": found.members,
        "affected": found.affected,
        "entries": found.entries,
        "left_out": found.left_out,
    });
    shown.extend(fields.as_object().cloned().unwrap_or_default());
    shown
}

fn shown(test: &BackTestRow, books: &Books) -> Json {
    let mut body = summary(test);
    let BackTest { recorded, published, draft, .. } = &test.found;
    let sides = json!({
        "recorded": side(recorded, &books.published),
        "published": side(published, &books.published),
        "draft": side(draft, &books.draft),
    });
    body.insert("sides".to_owned(), sides);
    let not_applied = [books.published.shared_limits(), books.draft.shared_limits()];
    body.insert(
        "not_applied".to_owned(),
        json!({"published": not_applied[0], "draft": not_applied[1]}),
    );
    Json::Object(body)
}

fn side(side: &Side, book: &Rulebook) -> Json {
    let issued = side.sums.accounts.get("issued").copied().unwrap_or(0);
    let tier = |(tier, of): (&String, &OfTier)| {
        let OfTier { members, issued, outstanding } = of;
        json!({"tier": Some(tier).filter(|tier| !tier.is_empty()), "members": members, "issued": wide(*issued), "outstanding": wide(*outstanding)})
    };
    json!({
        "points": side.sums.accounts.iter().map(|(account, points)| (account.clone(), wide(*points))).collect::<Map<_, _>>(),
        "issued_minor": book.worth_minor(issued).map(wide),
        "outstanding": wide(side.outstanding),
        "outstanding_minor": book.worth_minor(side.outstanding).map(wide),
        "refused": side.sums.refused,
        "tiers": side.tiers.iter().map(tier).collect::<Vec<_>>(),
    })
}
