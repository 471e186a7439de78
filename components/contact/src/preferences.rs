//! How members want to be treated.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::api::contact::time_of_day;
use shell::{
    App, Lookup, PreferencesBody, Problem, Reply, Request, authenticate, authenticated_body,
    noted_of_staff, now, once_of_member, open_member, parse_json, reach, read_member,
};
use store::{NamedMember, Preference, PreferenceWish, preference, put_preference};

use crate::instant;

pub async fn show(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let member = read_member(app, request, &caller, id).await?;
    let reach = reach().await?;
    let found = preference(reach.as_ref(), caller.programme.no, member.no).await?;
    Ok(Reply::json(200, &all(&member, found.as_ref())))
}

fn all(member: &NamedMember, told: Option<&Preference>) -> Json {
    json!({
        "member_id": member.id,
        "language": told.and_then(|told| told.language.as_deref()),
        "quiet_hours": told.and_then(|told| told.quiet).map(hours),
        "personalised": told.is_none_or(|told| told.personalised),
        "home_store_id": told.and_then(|told| told.home_store.as_deref()),
        "updated_at": told.map(|told| instant(told.updated_at)),
    })
}

fn hours((from, until): (i64, i64)) -> Json {
    json!({"from": time_of_day(from), "until": time_of_day(until)})
}

/// What of an answer its request does not tell.
#[derive(Serialize, Deserialize)]
struct Kept {
    updated_at: i64,
}

/// Answers what was told and nothing else: a till that tells a language reads no home store.
pub async fn tell(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: PreferencesBody = parse_json(text)?;
    let wish = body.wish()?;
    let member = open_member(app, &caller, id).await?;
    let reach = reach().await?;
    let asked = Lookup::of(&reach).await?.fingerprint(&(&member.id, &body))?;
    let act = async || {
        noted_of_staff(app, request, &caller, ("preferences_told", &member.id), None).await?;
        let updated_at = now().0;
        let place = (caller.programme.no, member.no);
        if !put_preference(reach.as_ref(), place, &wish, (updated_at, caller.name())).await? {
            return Err(Problem::Busy);
        }
        Ok(Kept { updated_at })
    };
    once_of_member(app, &key, &caller, ("preferences", &asked), act, |kept: Kept| {
        Reply::json(200, &told(&member, &wish, kept.updated_at))
    })
    .await
}

fn told(member: &NamedMember, wish: &PreferenceWish, updated_at: i64) -> Json {
    let mut shown = json!({"member_id": member.id, "updated_at": instant(updated_at)});
    let mut tell = |name: &str, value: Option<Json>| {
        if let (Some(fields), Some(value)) = (shown.as_object_mut(), value) {
            fields.insert(name.to_owned(), value);
        }
    };
    tell("language", wish.language.as_ref().map(|language| json!(language)));
    tell("quiet_hours", wish.quiet.map(|quiet| json!(quiet.map(hours))));
    tell("personalised", wish.personalised.map(|personalised| json!(personalised)));
    tell("home_store_id", wish.home_store.as_ref().map(|store| json!(store)));
    shown
}
