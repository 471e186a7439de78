//! Templates of messages: kept with their versions, checked before they are saved, shown to a
//! member or to a sample before they are sent, and tried at the addresses of staff.

mod preview;
mod trial;

use reach::Hosts;
use serde_json::{Map, Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, TemplateBody, authenticate, authenticated_body,
    noted, now, once, parse_json_of_lines, reach,
};
use store::{
    Caller, MAX_TEMPLATES, Spin, StoredTemplate, link_settings, list_templates, put_template,
    remove_template, stored_template, template_versions,
};
use templates::{Encoding, Fault, Template};

/// Versions that are shown: all that are kept.
const VERSIONS: i64 = 20;

shell::component! { shell::api::template::ROUTES {
    "POST /v1/templates/preview" => preview::show(),
    "GET /v1/templates" => list(),
    "GET /v1/templates/{id}" => get(id),
    "PUT /v1/templates/{id}" => put(id),
    "DELETE /v1/templates/{id}" => remove(id),
    "GET /v1/templates/{id}/versions" => versions(id),
    "GET /v1/templates/{id}/test" => trial::places(id),
    "POST /v1/templates/{id}/test" => trial::send(id),
} }

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.as_deref().unwrap_or_default();
    let reach = reach().await?;
    let found = list_templates(&*reach, caller.programme.no, after, page.limit + 1).await?;
    // Texts are long: a list has what tells one from another.
    let shown = |stored: &StoredTemplate| {
        let document = document(stored);
        let channels = document.get("texts").and_then(Json::as_object).into_iter().flatten();
        json!({
            "template_id": stored.id,
            "version": stored.version,
            "purpose": document.get("purpose"),
            "channels": channels.map(|(channel, _)| channel.as_str()).collect::<Vec<_>>(),
            "updated_at": stored.at.to_string(),
            "updated_by": stored.by,
        })
    };
    Ok(page.reply(found, shown, |last| last.id.clone()))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let stored = find(&*reach().await?, &caller, id).await?;
    let template = read(&stored)?;
    let texts = document(&stored).remove("texts").unwrap_or_default();
    Ok(Reply::json(200, &shown(&stored, &template)).and("texts", texts))
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: TemplateBody = parse_json_of_lines(body)?;
    body.check("")?;
    let template = template_of(id, &body)?;
    // 0 is for a template that is to be new.
    let base = request.version("base_version")?;
    let put = async || {
        let reach = reach().await?;
        let no = caller.programme.no;
        refuse(template.check(&hosts(&reach, no).await?))?;
        let before = stored_template(&*reach, no, id).await?.map_or(0, |stored| stored.version);
        // Looked at again in the statement: two may come here at once.
        if base.is_some_and(|base| base != before) {
            return Err(Problem::Conflict);
        }
        let channels = body.texts.keys().map(String::as_str).collect::<Vec<_>>();
        let with = json!({"purpose": body.purpose, "channels": channels});
        noted(app, request, &caller, ("template_put", id), Some(with)).await?;
        let text = serde_json::to_string(&body).map_err(|error| internal(&error))?;
        let by = (now(), caller.name());
        let needs = needs(&template).to_string();
        let kept = (id, text.as_str(), needs.as_str());
        if put_template(&*reach, no, kept, by, (MAX_TEMPLATES, base)).await?.is_none() {
            let now = stored_template(&*reach, no, id).await?.map_or(0, |stored| stored.version);
            if base.is_some_and(|base| base != now) {
                return Err(Problem::Conflict);
            }
            let detail = format!("there are {MAX_TEMPLATES} others: change one of them");
            return Err(FieldError::new("template_id", detail).into());
        }
        let stored = find(&reach, &caller, id).await?;
        Ok(Reply::json(if before == 0 { 201 } else { 200 }, &shown(&stored, &read(&stored)?)))
    };
    once(app, &key, &caller, "template", &(id, base, &body), put).await
}

async fn remove(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let remove = async || {
        let reach = reach().await?;
        find(&reach, &caller, id).await?;
        noted(app, request, &caller, ("template_removed", id), None).await?;
        remove_template(&*reach, caller.programme.no, id, (now(), caller.name())).await?;
        Ok(Reply::empty(204))
    };
    once(app, &key, &caller, "template-delete", &id, remove).await
}

async fn versions(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let reach = reach().await?;
    let stored = find(&reach, &caller, id).await?;
    let no = caller.programme.no;
    let found = template_versions(&*reach, no, id, stored.version, VERSIONS).await?;
    let shown = found.iter().map(|stored| {
        let mut body = document(stored);
        body.insert("version".to_owned(), stored.version.into());
        body.insert("at".to_owned(), stored.at.to_string().into());
        body.insert("by".to_owned(), stored.by.as_str().into());
        Json::Object(body)
    });
    Ok(Reply::json(200, &Page::body(shown.collect(), None)))
}

async fn find(reach: &Spin, caller: &Caller, id: &str) -> Result<StoredTemplate, Problem> {
    stored_template(reach, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}

/// The hosts that links of a programme may lead to.
async fn hosts(reach: &Spin, programme_no: i64) -> Result<Hosts, Problem> {
    let settings = link_settings(reach, programme_no).await?;
    let hosts = settings.map(|settings| settings.hosts).unwrap_or_default();
    Hosts::new(&hosts).map_err(|(_, refused)| Problem::Internal(refused.to_string()))
}

/// The template that a body describes.
fn template_of(id: &str, body: &TemplateBody) -> Result<Template, Problem> {
    let body = serde_json::to_value(body).map_err(|error| internal(&error))?;
    let template: Template = serde_json::from_value(body).map_err(|error| internal(&error))?;
    Ok(Template { id: id.to_owned(), ..template })
}

fn read(stored: &StoredTemplate) -> Result<Template, Problem> {
    let template: Template =
        serde_json::from_str(&stored.document).map_err(|error| internal(&error))?;
    Ok(Template { id: stored.id.clone(), ..template })
}

fn document(stored: &StoredTemplate) -> Map<String, Json> {
    serde_json::from_str(&stored.document).unwrap_or_default()
}

fn internal(error: &serde_json::Error) -> Problem {
    Problem::Internal(error.to_string())
}

/// The faults of a template as those of the request.
fn refuse(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    let errors = faults.into_iter().map(|fault| {
        // The id stands in the path of the request.
        let pointer = if fault.path == "/id" { "template_id".to_owned() } else { fault.path };
        FieldError::new(pointer, fault.detail)
    });
    Err(Problem::InvalidRequest(errors.collect()))
}

fn shown(stored: &StoredTemplate, template: &Template) -> Json {
    json!({
        "template_id": stored.id,
        "version": stored.version,
        "purpose": template.purpose.as_str(),
        "needs": needs(template),
        "sms": sms(template),
        "updated_at": stored.at.to_string(),
        "updated_by": stored.by,
    })
}

/// What a message needs to know, by channel.
fn needs(template: &Template) -> Json {
    let of = |channel: &reach::Channel| {
        let needs = template.needs(*channel).into_iter().map(|variable| variable.as_str());
        (channel.as_str().to_owned(), needs.collect::<Vec<_>>().into())
    };
    Json::Object(template.texts.keys().map(of).collect())
}

/// The most that a text message comes to, by language.
fn sms(template: &Template) -> Json {
    let of = |(language, size): (templates::Language, templates::Parts)| {
        (language.as_str().to_owned(), self::size(size))
    };
    Json::Object(template.sms_parts().into_iter().map(of).collect())
}

fn size(size: templates::Parts) -> Json {
    let encoding = match size.encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    };
    json!({"encoding": encoding, "places": size.places, "parts": size.parts})
}
