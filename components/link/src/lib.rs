//! Links of messages: the redirect that counts clicks of persons, and the page that ends messages.
//!
//! Every bearer of a token may open it. What a visit is, is decided in `reach`; a token that was
//! not made here costs no read.

mod key;
mod page;
mod unsubscribe;

use reach::{Door, Hosts, Judged, Visit, judge, network};
use serde_json::json;
use shell::{
    App, FieldError, LinkSettingsBody, Problem, Reply, Request, authenticate, authenticated_body,
    keyed_digest, noted, now, once, parse_json, reach,
};
use store::{LinkSettings, VisitedLink, add_click, link_settings, put_link_settings, visited_link};

use key::Tokens;

shell::component! { shell::api::link::ROUTES {
    "GET /v1/link-settings" => settings(),
    "PUT /v1/link-settings" => keep(),
    "GET /l/{token}" => follow(token),
    "HEAD /l/{token}" => look(token),
    "POST /l/{token}" => press(token),
    "GET /u/{token}" => unsubscribe::ask(token),
    "HEAD /u/{token}" => unsubscribe::ask(token),
    "POST /u/{token}" => unsubscribe::end(token),
} }

async fn settings(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let found = link_settings(&*reach().await?, caller.programme.no).await?;
    Ok(Reply::json(200, &shown(found.as_ref())))
}

async fn keep(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: LinkSettingsBody = parse_json(body)?;
    let wrong = |(place, refused): (usize, reach::Refused)| {
        FieldError::new(format!("/hosts/{place}"), refused.to_string())
    };
    Hosts::new(&body.hosts).map_err(wrong)?;
    if body.base.as_deref().is_some_and(|base| !is_base(base)) {
        let detail = "must be an address without path, such as https://go.shop.example";
        return Err(FieldError::new("/base", detail).into());
    }
    let keep = async || {
        let with = json!({"hosts": body.hosts, "base": body.base});
        noted(app, request, &caller, ("link_settings", "links"), Some(with)).await?;
        let (hosts, base) = (body.hosts.clone(), body.base.clone());
        let told = LinkSettings { hosts, base, at: now(), by: caller.name().to_owned() };
        put_link_settings(&*reach().await?, caller.programme.no, &told).await?;
        Ok(Reply::json(200, &shown(Some(&told))))
    };
    once(app, &key, &caller, "link-settings", &body, keep).await
}

/// A host, and nothing behind it.
fn is_base(base: &str) -> bool {
    let host = base.strip_prefix("https://").unwrap_or_default();
    Hosts::new(&[host]).is_ok_and(|hosts| hosts.allows(base).is_ok())
}

fn shown(settings: Option<&LinkSettings>) -> serde_json::Value {
    json!({
        "hosts": settings.map_or(&[][..], |settings| &settings.hosts),
        "base": settings.and_then(|settings| settings.base.as_deref()),
        "updated_at": settings.map(|settings| settings.at.to_string()),
        "updated_by": settings.map(|settings| settings.by.as_str()),
    })
}

async fn follow(_: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    visit(request, token, "GET").await
}

/// Programs look before a person follows, so no visit is kept. The server sends no body.
async fn look(_: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    visit(request, token, "HEAD").await
}

async fn press(_: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    visit(request, token, "POST").await
}

async fn visit(request: &Request, token: &str, method: &str) -> Result<Reply, Problem> {
    let Some(opened) = open(request, Door::Link, token).await? else {
        return Ok(page::gone(request));
    };
    let Opened { number, link, network } = opened;
    // The list may have changed since the message was sent.
    let hosts = Hosts::new(&link.hosts).unwrap_or_default();
    if hosts.allows(&link.target).is_err() {
        return Ok(page::gone(request));
    }
    // A browser that fetches a page before somebody asks for it is a program.
    let is_ahead = ["sec-purpose", "purpose"]
        .iter()
        .any(|name| request.only_header(name).is_some_and(|purpose| purpose.contains("prefetch")));
    let agent = request.only_header("user-agent").filter(|_| !is_ahead).unwrap_or_default();
    let at = now();
    let judged = judge(&Visit {
        // A look is answered as a visit would be.
        method: if method == "HEAD" { "GET" } else { method },
        agent,
        channel: link.channel,
        delivered_at: Some(link.delivered_at),
        at,
        is_trap: link.is_trap,
        links: link.links,
        network_clicks: link.network_clicks,
        is_of_several: link.is_of_several,
    });
    let doubt = match judged {
        Judged::Human => None,
        Judged::Doubtful(doubt) => Some(doubt),
        Judged::Uncounted => return Ok(page::gone(request)),
    };
    let is_pressed = method == "POST";
    if method != "HEAD" {
        let kept = add_click(&*reach().await?, number, at, (doubt, is_pressed), &network).await;
        if let Err(error) = kept {
            // The person goes on; the click is missing in a report.
            let message = format!("a click was not kept: {error}");
            eprintln!("{}", json!({"level": "warn", "message": message}));
        }
    }
    match doubt {
        Some(_) if is_pressed => Ok(page::gone(request)),
        Some(_) => Ok(page::doubtful(request, &link.target)),
        None => Ok(page::redirect(if is_pressed { 303 } else { 302 }, &link.target)),
    }
}

/// A link that a token opens.
pub(crate) struct Opened {
    number: i64,
    link: VisitedLink,
    network: String,
}

/// The link of a token; `None` of every other text, and where its member is erased.
pub(crate) async fn open(
    request: &Request,
    door: Door,
    token: &str,
) -> Result<Option<Opened>, Problem> {
    let reach = reach().await?;
    let tokens = Tokens::of(&reach).await?;
    let number = tokens.key.number(door, token);
    let Some(number) = number.and_then(|number| i64::try_from(number).ok()) else {
        return Ok(None);
    };
    let from = request.address().map(network).unwrap_or_default();
    let network = keyed_digest(tokens.text.as_bytes(), &from);
    let link = visited_link(&*reach, number, &network, now()).await?;
    Ok(link.map(|link| Opened { number, link, network }))
}
