//! Accounts at vendors: what they are, how they do, and whether they send. Secrets are sealed with
//! the variable `secrets_key`, and never shown.

mod test_addresses;

use channels::{Account, Capability, Link, Repeat, Vendor, goes_elsewhere};
use jobs::{AddressPolicy, WebhookUrl, may_reach};
use ledger::ProgrammeId;
use seal::Place;
use serde_json::{Map, Value as Json, json};
use shell::{
    App, ChannelBody, FieldError, Page, Problem, ReasonBody, Reply, Request, authenticate,
    authenticated_body, digest, is_true, new_token, noted, now, once, opened_text,
    parse_json_of_lines, parse_optional_json, reach, sealed_text,
};
use store::{
    Caller, ChannelAccount, ChannelWish, channel_account, channel_counts, channel_tasks_done,
    list_channels, pause_channel, put_callback, put_channel, remove_channel,
};

/// Max accounts of a programme.
const MAX_ACCOUNTS: i64 = 50;
/// Over which time attempts are counted.
const DAY_MS: i64 = 24 * 3_600_000;
/// Max characters of a reason.
const MAX_REASON: usize = 200;

shell::component! { shell::api::channel::ROUTES {
    "GET /v1/channels" => list(),
    "GET /v1/channels/{id}" => get(id),
    "PUT /v1/channels/{id}" => put(id),
    "DELETE /v1/channels/{id}" => remove(id),
    "POST /v1/channels/{id}/pause" => pause(id),
    "POST /v1/channels/{id}/resume" => resume(id),
    "POST /v1/channels/{id}/callback" => callback(id),
    "GET /v1/test-addresses" => test_addresses::list(),
    "PUT /v1/test-addresses/{id}" => test_addresses::keep(id),
    "DELETE /v1/test-addresses/{id}" => test_addresses::remove(id),
} }

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.clone().unwrap_or_default();
    let reach = reach().await?;
    let no = caller.programme.no;
    let found = list_channels(reach.as_ref(), no, &after, page.limit + 1).await?;
    Ok(page.reply(found, |account| Json::Object(shown(account)), |last| last.id.clone()))
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let reach = reach().await?;
    let found = channel_account(reach.as_ref(), caller.programme.no, id).await?;
    let account = found.ok_or(Problem::ResourceNotFound)?;
    let since = now().plus_ms(-DAY_MS);
    let counts = channel_counts(reach.as_ref(), account.no, since).await?;
    let counts: Map<String, Json> =
        counts.into_iter().map(|(state, count)| (state, count.into())).collect();
    let mut shown = shown(&account);
    shown.insert("last_day".to_owned(), counts.into());
    // What it can do depends on its settings, and these are read with its secrets.
    if let Ok((opened, _)) = opened(&account).await {
        shown.insert("can".to_owned(), can(&opened.capability()));
    }
    Ok(Reply::json(200, &Json::Object(shown)))
}

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    // Private keys have several lines.
    let body: ChannelBody = parse_json_of_lines(text)?;
    let act = async || keep(app, request, &caller, id, &body).await;
    once(app, &key, &caller, "channel", &(id, &body), act).await
}

async fn keep(
    app: &App,
    request: &Request,
    caller: &Caller,
    id: &str,
    body: &ChannelBody,
) -> Result<Reply, Problem> {
    body.check()?;
    if let Err(error) = ProgrammeId::new(id) {
        return Err(wrong("channel_id", error.to_string()));
    }
    let (reach, no) = (reach().await?, caller.programme.no);
    let before = channel_account(reach.as_ref(), no, id).await?;
    let vendor = Vendor::parse(&body.vendor).ok_or_else(|| {
        let names: Vec<&str> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
        wrong("/vendor", format!("must be one of {}", names.join(", ")))
    })?;
    let policy = AddressPolicy::of_variables(is_true).await;
    let (settings, refused) = normal(&body.settings, policy);
    let secrets = match (&body.secrets, &before) {
        (Some(secrets), _) => secrets.clone(),
        (None, Some(before))
            if before.vendor == body.vendor && goes_elsewhere(&before.settings, &settings) =>
        {
            let detail = "must be given again, as the settings name another address";
            return Err(wrong("/secrets", detail.to_owned()));
        }
        (None, Some(before)) if before.vendor == body.vendor => opened(before).await?.1,
        (None, _) => Json::Null,
    };
    let account = Account::read(vendor, &settings, &secrets).map_err(|faults| {
        let fields = faults.into_iter().map(|fault| FieldError::new(fault.path, fault.detail));
        Problem::InvalidRequest(fields.collect())
    })?;
    if !refused.is_empty() {
        return Err(Problem::InvalidRequest(refused));
    }
    may_reach(account.origin(), policy).map_err(|refused| wrong("/settings/base_url", refused))?;
    let place = Place::channel(no, id);
    let sealed = match &body.secrets {
        Some(secrets) => {
            let what = "the secrets of an account at a vendor";
            Some(sealed_text(&secrets.to_string(), &place, what).await?)
        }
        None => None,
    };
    let wish = ChannelWish {
        id,
        vendor: vendor.as_str(),
        channel: account.capability().channel,
        settings: &settings,
        secrets: sealed.as_deref(),
        rank: body.rank,
        per_second: body.per_second,
        burst: body.burst,
        message_cost_minor: body.message_cost_minor,
    };
    let with = json!({
        "vendor": vendor.as_str(),
        "settings": settings,
        "secrets_changed": body.secrets.is_some(),
    });
    noted(app, request, caller, ("channel_kept", id), Some(with)).await?;
    let by = caller.name().to_owned();
    if put_channel(reach.as_ref(), no, &wish, (now(), &by), MAX_ACCOUNTS).await?.is_none() {
        return Err(wrong("channel_id", "there are 50 others: remove one first".to_owned()));
    }
    channel_tasks_done(reach.as_ref(), no, id, (now(), &by)).await?;
    let kept = channel_account(reach.as_ref(), no, id).await?.ok_or(Problem::ResourceNotFound)?;
    let mut shown = shown(&kept);
    shown.insert("can".to_owned(), can(&account.capability()));
    Ok(Reply::json(if before.is_some() { 200 } else { 201 }, &Json::Object(shown)))
}

/// Settings with whole addresses in the form in which requests go there, such as one with a path;
/// and what is wrong with them.
fn normal(settings: &Json, policy: AddressPolicy) -> (Json, Vec<FieldError>) {
    let (mut normal, mut refused) = (settings.clone(), Vec::new());
    for name in ["url", "token_url"] {
        let Some(text) = settings.get(name).and_then(Json::as_str) else { continue };
        match WebhookUrl::parse(text, policy) {
            Ok(url) => {
                if let Some(place) = normal.get_mut(name) {
                    *place = url.to_string().into();
                }
            }
            Err(why) => refused.push(FieldError::new(format!("/settings/{name}"), why.to_string())),
        }
    }
    (normal, refused)
}

async fn remove(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let act = async || {
        let (reach, no) = (reach().await?, caller.programme.no);
        existing(&caller, id).await?;
        noted(app, request, &caller, ("channel_removed", id), None).await?;
        channel_tasks_done(reach.as_ref(), no, id, (now(), caller.name())).await?;
        remove_channel(reach.as_ref(), no, id).await?;
        Ok(Reply::empty(204))
    };
    once(app, &key, &caller, "channel-remove", &id, act).await
}

async fn pause(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ReasonBody = parse_optional_json(text)?;
    let because = body.reason.clone().unwrap_or_else(|| format!("by {}", caller.name()));
    if because.chars().count() > MAX_REASON {
        return Err(wrong("/reason", "must be at most 200 characters".to_owned()));
    }
    let act = async || set(app, request, &caller, id, Some(&because)).await;
    once(app, &key, &caller, "channel-pause", &(id, &body), act).await
}

async fn resume(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let act = async || set(app, request, &caller, id, None).await;
    once(app, &key, &caller, "channel-resume", &id, act).await
}

async fn set(
    app: &App,
    request: &Request,
    caller: &Caller,
    id: &str,
    because: Option<&str>,
) -> Result<Reply, Problem> {
    existing(caller, id).await?;
    let action = if because.is_some() { "channel_paused" } else { "channel_resumed" };
    noted(app, request, caller, (action, id), because.map(|why| json!({"reason": why}))).await?;
    let reach = reach().await?;
    let no = caller.programme.no;
    pause_channel(reach.as_ref(), no, id, (because, now())).await?;
    if because.is_none() {
        channel_tasks_done(reach.as_ref(), no, id, (now(), caller.name())).await?;
    }
    Ok(Reply::json(200, &Json::Object(shown(&existing(caller, id).await?))))
}

/// A repetition makes another address, so a call needs no idempotency key.
async fn callback(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    request.body()?;
    existing(&caller, id).await?;
    let (secret, _) =
        new_token().ok_or_else(|| Problem::Internal("the host gives no randomness".to_owned()))?;
    noted(app, request, &caller, ("channel_callback_changed", id), None).await?;
    let reach = reach().await?;
    let no = caller.programme.no;
    let what = "the address for reports of an account at a vendor";
    let sealed = sealed_text(&secret, &Place::callback(no, id), what).await?;
    put_callback(reach.as_ref(), no, id, (&digest(app, &secret), &sealed)).await?;
    let path = format!("/v1/callbacks/{id}/{secret}");
    Ok(Reply::json(200, &json!({"channel_id": id, "callback_path": path})).private())
}

async fn existing(caller: &Caller, id: &str) -> Result<ChannelAccount, Problem> {
    let reach = reach().await?;
    let found = channel_account(reach.as_ref(), caller.programme.no, id).await?;
    found.ok_or(Problem::ResourceNotFound)
}

/// An account with its secrets.
async fn opened(kept: &ChannelAccount) -> Result<(Account, Json), Problem> {
    let unreadable =
        || wrong("/secrets", "cannot be read with secrets_key: give them again".to_owned());
    let text = opened_text(&kept.secrets, &Place::channel(kept.programme_no, &kept.id)).await;
    let secrets: Json =
        serde_json::from_str(&text.ok_or_else(unreadable)?).map_err(|_| unreadable())?;
    let vendor = Vendor::parse(&kept.vendor).ok_or_else(unreadable)?;
    let account = Account::read(vendor, &kept.settings, &secrets).map_err(|_| unreadable())?;
    Ok((account, secrets))
}

fn wrong(place: &str, detail: String) -> Problem {
    Problem::InvalidRequest(vec![FieldError::new(place, detail)])
}

fn shown(account: &ChannelAccount) -> Map<String, Json> {
    let paused = account.paused.as_ref();
    let shown = json!({
        "channel_id": account.id,
        "vendor": account.vendor,
        "channel": account.channel.as_str(),
        "settings": account.settings,
        "rank": account.rank,
        "per_second": account.per_second,
        "burst": account.burst,
        "message_cost_minor": account.message_cost_minor,
        "has_callback": account.has_callback,
        "paused_because": paused.map(|(because, _)| because),
        "paused_at": paused.map(|(_, at)| at.to_string()),
        "failures": account.failures,
        "rests_until": (account.rests_until.0 > 0).then(|| account.rests_until.to_string()),
        "updated_at": account.updated_at.to_string(),
        "updated_by": account.updated_by,
    });
    shown.as_object().cloned().unwrap_or_default()
}

fn can(capability: &Capability) -> Json {
    let link = match capability.link {
        Link::PerMessage => "per_message",
        Link::Parameter => "parameter",
        Link::Fixed => "fixed",
        Link::None => "none",
    };
    let repeats_within_s = match capability.repeat {
        Repeat::Never => None,
        Repeat::SameId { within_s } | Repeat::Reserved { within_s } => Some(within_s),
    };
    json!({
        "link": link,
        "batch": capability.batch,
        "templates": capability.templates,
        "reports": capability.reports,
        "repeats_within_s": repeats_within_s,
    })
}
