//! All stored data of a person as one JSON, for requests under data protection law.

use ledger::{Closed, Refusal};
use serde_json::{Map, Value as Json, json};
use shell::{App, Page, Problem, Reply, Request, authenticate, now, published};
use store::{ActivityFilter, ActivityWindow, coupon_json, entry_json, trail};

use crate::{member_id, not_found, read_all_lots, show};

/// Max entries of one answer. Nearly all members have fewer.
const MAX_ENTRIES: i64 = 5_000;

/// Profile, names, balance, tier, lots, coupons and entries with their client data. Beyond 5,000
/// entries `next` leads to the rest.
pub async fn export(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let before = Page::of(request)?.number(i64::MAX)?;
    member_id(id)?;
    let (programme, loaded) = read_all_lots(app, caller.programme.clone(), id).await?;
    match &loaded.member.closed {
        _ if !loaded.member.exists() => return Err(not_found()),
        Some(Closed::Merged(into)) => {
            return Err(Problem::refused(Refusal::MemberMerged { into: into.to_string() }));
        }
        Some(Closed::Erased) => return Err(Problem::refused(Refusal::MemberErased)),
        None => {}
    }
    let (book, now) = (published(&app.sql, &programme).await?, now());
    let whose = ActivityFilter::Member(loaded.member.id.as_str());
    let mut found = trail(
        &app.sql,
        caller.programme.no,
        whose,
        &ActivityWindow::default(),
        before,
        MAX_ENTRIES + 1,
    )
    .await?;
    let is_more = found.len() as i64 > MAX_ENTRIES;
    found.truncate(usize::try_from(MAX_ENTRIES).unwrap_or_default());
    let next = found.last().filter(|_| is_more).map(|(number, ..)| number.to_string());
    let mut entries = Vec::new();
    for (_, entry, trace) in &found {
        let mut shown = entry_json(entry, book.zone());
        if let Some(fields) = shown.as_object_mut() {
            let told = [("device_id", &trace.device), ("client_ip", &trace.ip)];
            fields.extend(
                told.into_iter()
                    .filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into()))),
            );
        }
        entries.push(shown);
    }
    let mut body = Map::new();
    body.insert("programme_id".to_owned(), programme.id.as_str().into());
    body.insert("exported_at".to_owned(), now.to_string().into());
    body.insert("member".to_owned(), show::member(&book, &programme, &loaded, now));
    body.insert("lots".to_owned(), show::lots(&book, &programme, &loaded.member, now).into());
    let coupons = loaded.member.coupons.iter().map(|coupon| coupon_json(coupon, book.zone()));
    body.insert("coupons".to_owned(), coupons.collect::<Vec<Json>>().into());
    body.insert("entries".to_owned(), entries.into());
    body.insert("next".to_owned(), json!(next));
    Ok(Reply::json(200, &Json::Object(body)))
}
