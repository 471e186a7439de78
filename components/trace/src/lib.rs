//! Lists entries by their client data: time, actor, device and address.

use ledger::Timestamp;
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, authenticate, noted, resolve_member_id, zone,
};
use store::{ActivityFilter, ActivityWindow, Cursor, entry_json, trail};

shell::component! { shell::api::trace::ROUTES {
    "GET /v1/traces" => traces(),
} }

async fn traces(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let ip = request.query("ip").map(address).transpose()?;
    let whose = activity_filter(request, ip.as_deref())?;
    // The audit log gets the kind of the filter, and its value only for a member's id: a device or
    // an address must be erasable.
    let (kind, subject) = match whose {
        ActivityFilter::Member(name) if !name.starts_with('~') => ("member_id", name),
        ActivityFilter::Member(_) => ("member_id", "~"),
        ActivityFilter::Device(_) => ("device_id", "-"),
        ActivityFilter::Ip(_) => ("ip", "-"),
    };
    noted(app, request, &caller, ("traces_read", subject), Some(json!({"by": kind}))).await?;
    let known = match whose {
        ActivityFilter::Member(name) => Some(resolve_member_id(app, &caller, name).await?),
        ActivityFilter::Device(_) | ActivityFilter::Ip(_) => None,
    };
    let whose = known.as_deref().map_or(whose, ActivityFilter::Member);
    let part = ActivityWindow {
        from: instant(request, "from")?,
        to: instant(request, "to")?,
        actor: request.query("actor"),
        stores: caller.stores.as_deref(),
    };
    let before = page.place()?.map_or(i64::MAX, |place| place.no);
    // One entry more than requested shows whether there is a next page.
    let mut found =
        trail(&app.sql, caller.programme.no, whose, &part, before, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next =
        found.last().filter(|_| is_more).map(|(number, _, _)| Cursor::at(*number).to_string());
    let zone = zone(&app.sql, &caller.programme).await?;
    let shown = |(_, entry, trace): &(i64, ledger::Entry, store::ClientInfo)| -> Json {
        json!({"device_id": trace.device, "ip": trace.ip, "entry": entry_json(entry, zone)})
    };
    Ok(Reply::json(200, &Page::body(found.iter().map(shown).collect(), next)))
}

fn activity_filter<'a>(
    request: &'a Request,
    ip: Option<&'a str>,
) -> Result<ActivityFilter<'a>, Problem> {
    match (request.query("member_id"), request.query("device_id"), ip) {
        (Some(member), None, None) => Ok(ActivityFilter::Member(member)),
        (None, Some(device), None) => Ok(ActivityFilter::Device(device)),
        (None, None, Some(ip)) => Ok(ActivityFilter::Ip(ip)),
        _ => Err(wrong("?member_id", "exactly one of member_id, device_id and ip must be given")),
    }
}

/// An address in its stored form, from any spelling.
fn address(text: &str) -> Result<String, Problem> {
    let address: Result<std::net::IpAddr, _> = text.parse();
    address.map(|ip| ip.to_string()).map_err(|_| wrong("?ip", "must be one IPv4 or IPv6 address"))
}

fn instant(request: &Request, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let at = Timestamp::parse(text);
    at.map(Some).ok_or_else(|| {
        wrong(&format!("?{name}"), "must be RFC 3339 with an offset, its + written as %2B")
    })
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::InvalidRequest(vec![FieldError::new(pointer, detail)])
}
