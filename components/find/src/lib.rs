//! Finds members, entries and orders without a known member. Writes nothing.

mod export;

use std::collections::BTreeMap;

use ledger::EntryId;
use rules::{Past, Rulebook};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, authenticate, noted, published,
    visible_members, zone,
};
use store::{
    ListedMember, MemberOrder, entry_json, find_entry, list_members, records, source, tier_counts,
};

/// Members read at a time.
const READ: i64 = 500;
/// Max members scanned for one page; the page may then be short, and the next one goes on.
const MAX_SCANNED: usize = 10_000;
/// The same for keys that are for some stores: where each member bought is looked up besides.
const MAX_SCANNED_FOR_STORES: usize = 2_000;
/// Max members of a page of an export.
const MAX_EXPORTED: i64 = 5_000;
/// Max records of a reference in an answer.
const MAX_RECORDS: usize = 200;

shell::component! { shell::api::find::ROUTES {
    "GET /v1/members" => members(),
    "GET /v1/tiers" => tiers(),
    "GET /v1/entries/{id}" => entry(id),
    "GET /v1/orders" => orders(),
} }

/// The filters of a list of members.
struct Filters<'a> {
    order: MemberOrder,
    prefix: &'a str,
    tier: Option<&'a str>,
    /// Whether those have the tier as well that the books hold none for.
    or_none: bool,
    attribute: Option<(&'a str, &'a str)>,
}

impl<'a> Filters<'a> {
    fn of(request: &'a Request) -> Result<Self, Problem> {
        let wrong = |name: &str, detail: &str| {
            Err(Problem::InvalidRequest(vec![FieldError::new(name, detail)]))
        };
        let (order, prefix) = match (request.query("id"), request.query("alias")) {
            (Some(_), Some(_)) => return wrong("?alias", "either this or id, not both"),
            (None, Some(alias)) => (MemberOrder::Name, alias),
            (id, None) => (MemberOrder::Id, id.unwrap_or_default()),
        };
        if prefix.len() > 64 || prefix.chars().any(|c| !('+'..='z').contains(&c)) {
            return wrong(
                if order == MemberOrder::Id { "?id" } else { "?alias" },
                "must be the beginning of one",
            );
        }
        let attribute = match request.query("attribute").map(|text| text.split_once(':')) {
            Some(None) => return wrong("?attribute", "must be a name, a colon, and its text"),
            Some(found) => found,
            None => None,
        };
        Ok(Self { order, prefix, tier: request.query("tier"), or_none: false, attribute })
    }

    fn fits(&self, member: &ListedMember) -> bool {
        let tier = member.tier.as_ref().map(|(tier, _)| tier.as_str());
        let has = |(name, value): (&str, &str)| {
            let told = member
                .attributes
                .as_deref()
                .and_then(|text| serde_json::from_str::<Json>(text).ok());
            told.is_some_and(|told| told.get(name).and_then(Json::as_str) == Some(value))
        };
        let has_tier = |wanted| tier == Some(wanted) || self.or_none && tier.is_none();
        self.tier.is_none_or(has_tier) && self.attribute.is_none_or(has)
    }
}

async fn members(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let mut wish = Filters::of(request)?;
    let wrong =
        || Problem::InvalidRequest(vec![FieldError::new("?format", "must be json, jsonl or csv")]);
    let format = match request.query("format") {
        None | Some("json") => None,
        Some(name) => Some(export::Format::parse(name).ok_or_else(wrong)?),
    };
    let page = match format {
        None => Page::of(request)?,
        Some(_) => Page::within(request, MAX_EXPORTED)?,
    };
    if let Some(tier) = wish.tier {
        wish.or_none = lowest(&*published(&app.sql, &caller.programme).await?) == Some(tier);
    }
    let by = if wish.order == MemberOrder::Id { "id" } else { "alias" };
    noted(app, request, &caller, ("members_listed", by), Some(json!({"limit": page.limit})))
        .await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let most_scanned = if caller.stores.is_some() { MAX_SCANNED_FOR_STORES } else { MAX_SCANNED };
    let (mut found, mut after, mut scanned) = (Vec::new(), page.cursor.clone(), 0);
    let next = loop {
        let read = list_members(
            &app.sql,
            caller.programme.no,
            wish.order,
            (wish.prefix, after.as_deref()),
            // Nearly everybody has the lowest one, so no index finds them faster.
            wish.tier.filter(|_| !wish.or_none),
            READ,
        )
        .await?;
        let is_last = i64::try_from(read.len()).is_ok_and(|count| count < READ);
        scanned += read.len();
        let numbers: Vec<i64> = read.iter().map(|member| member.no).collect();
        let visible = visible_members(app, &caller, &numbers).await?;
        for member in read {
            if found.len() == limit {
                break;
            }
            after = Some(member.found_by.clone());
            if visible.contains(&member.no) && wish.fits(&member) {
                found.push(member);
            }
        }
        // The page was full before all were checked; the rest is for the next page.
        if found.len() == limit || scanned >= most_scanned {
            break after;
        }
        if is_last {
            break None;
        }
    };
    match format {
        None => Ok(Reply::json(200, &Page::body(found.iter().map(shown).collect(), next))),
        Some(format) => Ok(format.reply(&found, page.cursor.is_none(), next.as_deref())),
    }
}

fn shown(member: &ListedMember) -> Json {
    let attributes = member.attributes.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "member_id": member.id,
        "joined_at": member.joined_at.to_string(),
        "tier": member.tier.as_ref().map(|(tier, _)| tier),
        "tier_until": member.tier.as_ref().and_then(|(_, until)| until.map(|at| at.to_string())),
        "ledger_balance": member.balance,
        "debt": member.debt,
        "closed": closed(member),
        "aliases": member.aliases,
        "attributes": attributes.unwrap_or_else(|| json!({})),
    })
}

async fn tiers(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let book = published(&app.sql, &caller.programme).await?;
    let mut counts: BTreeMap<Option<&str>, i64> = BTreeMap::new();
    let found = tier_counts(&app.sql, caller.programme.no).await?;
    for (tier, members) in &found {
        let tier = Some(tier.as_str()).filter(|tier| !tier.is_empty()).or(lowest(&book));
        *counts.entry(tier).or_default() += members;
    }
    let shown = counts.iter().map(|(tier, members)| json!({"tier": tier, "members": members}));
    Ok(Reply::json(200, &Page::body(shown.collect(), None)))
}

/// The tier of every member who has reached no other: the first one, where it begins at 0.
fn lowest(book: &Rulebook) -> Option<&str> {
    book.levels().first().filter(|level| level.from == 0).map(|level| level.id.as_str())
}

fn closed(member: &ListedMember) -> Option<&'static str> {
    member.closed.as_deref().map(|into| if into.is_empty() { "erased" } else { "merged" })
}

async fn entry(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let id = EntryId::parse(id).ok_or(Problem::ResourceNotFound)?;
    let found = find_entry(&app.sql, caller.programme.no, id).await?;
    let entry = found.ok_or(Problem::ResourceNotFound)?;
    Ok(Reply::json(200, &entry_json(&entry, zone(&app.sql, &caller.programme).await?)))
}

async fn orders(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let wrong =
        |name: &str, detail: &str| Problem::InvalidRequest(vec![FieldError::new(name, detail)]);
    let reference = request.query("reference").and_then(|text| ledger::Reference::new(text).ok());
    let reference = reference.ok_or_else(|| {
        wrong("?reference", "must be the order, 1 to 128 visible ASCII characters")
    })?;
    let events = match request.query("event") {
        Some(event) if (1..=40).contains(&event.len()) => vec![event],
        Some(_) => return Err(wrong("?event", "must be purchase, redeem, coupon or an action")),
        None => vec!["purchase", "redeem", "coupon"],
    };
    let sources: Vec<String> =
        events.iter().map(|event| source(event, reference.as_str())).collect();
    let store = request.query("store_id");
    let is_of_store = |past: &Past| store.is_none() || past.entry.origin.store.as_deref() == store;
    let found =
        records(&app.sql, caller.programme.no, &sources).await?.into_iter().filter(is_of_store);
    let zone = zone(&app.sql, &caller.programme).await?;
    let items = found.take(MAX_RECORDS).map(|past| {
        json!({
            "member_id": past.entry.member.as_str(),
            "store_id": past.entry.origin.store,
            "state": if past.is_undone() { "undone" } else { "recorded" },
            "entry": entry_json(&past.entry, zone),
            "corrections": past.corrections.iter().map(|entry| entry_json(entry, zone)).collect::<Vec<_>>(),
        })
    });
    Ok(Reply::json(200, &Page::body(items.collect(), None)))
}
