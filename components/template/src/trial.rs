//! A template that is tried: rendered as messages are, and sent by the code that sends them, to an
//! address that an admin has told for this. Never to a member.

use channels::Message;
use ledger::EntryId;
use reach::Channel;
use seal::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::api::contact::masked;
use shell::{
    App, FieldError, Lookup, Page, Problem, Reply, Request, TemplateTestBody, authenticate,
    authenticated_body, fresh, noted, now, once_of_member, open_member, opened_text,
    parse_json_of_lines, reach, scoped,
};
use store::{
    Begun, Caller, ChannelAccount, Spin, TestAddress, begin_test, list_channels,
    list_test_addresses,
};
use templates::{Language, Template, Variables, render};

use crate::preview::{bring, message, of_member};
use crate::{find, read};

/// Tests of a programme within a day.
const MAX_TESTS: i64 = 100;
/// Test addresses of a programme.
const MAX_ADDRESSES: i64 = 20;
/// Accounts of a programme.
const MAX_ACCOUNTS: i64 = 50;

/// The test addresses and the accounts for the channels of the template.
pub async fn places(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let template = read(&find(&reach, &caller, id).await?)?;
    let has = |channel: Channel| template.texts.contains_key(&channel);
    let mut addresses = Vec::new();
    for one in list_test_addresses(&*reach, no, MAX_ADDRESSES).await? {
        if has(one.channel) && !one.is_of_member {
            let place = Place::contact(no, one.channel.as_str());
            let address = opened_text(&one.address, &place).await;
            addresses.push(json!({
                "id": one.id,
                "channel": one.channel.as_str(),
                "address": address.map(|address| masked(&address)),
            }));
        }
    }
    let accounts = list_channels(&*reach, no, "", MAX_ACCOUNTS).await?;
    let accounts = accounts.iter().filter(|one| has(one.channel)).map(|one| {
        json!({
            "channel_id": one.id,
            "channel": one.channel.as_str(),
            "vendor": one.vendor,
            "is_paused": one.paused.is_some(),
        })
    });
    let mut body = Page::body(addresses, None);
    if let Some(body) = body.as_object_mut() {
        body.insert("accounts".to_owned(), accounts.collect());
    }
    Ok(Reply::json(200, &body).private())
}

/// What became of a test. Neither what it told of a member nor the vendor's words are kept: an
/// erasure has nothing to look for in answers.
#[derive(Serialize, Deserialize)]
struct Tried {
    outcome: String,
    #[serde(skip)]
    detail: Option<String>,
    after_s: Option<i64>,
    to: String,
    channel_id: String,
    version: i64,
    #[serde(skip)]
    message: Json,
}

/// A repetition with the same key sends nothing again.
pub async fn send(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: TemplateTestBody = parse_json_of_lines(text)?;
    let asked = Lookup::of(&*reach().await?).await?.fingerprint(&(id, &body))?;
    let own_key = scoped(&caller, &key);
    let act = async || tried(app, request, (&caller, &own_key), id, &body).await;
    once_of_member(app, &key, &caller, ("template-test", &asked), act, |tried: Tried| {
        let Tried { outcome, detail, after_s, to, channel_id, version, message } = tried;
        let body = json!({
            "outcome": outcome,
            "detail": detail,
            "after_s": after_s,
            "to": to,
            "channel_id": channel_id,
            "version": version,
            "message": message,
        });
        Reply::json(200, &body).private()
    })
    .await
}

async fn tried(
    app: &App,
    request: &Request,
    (caller, own_key): (&Caller, &str),
    id: &str,
    body: &TemplateTestBody,
) -> Result<Tried, Problem> {
    let (reach, no) = (reach().await?, caller.programme.no);
    let stored = find(&reach, caller, id).await?;
    let template = read(&stored)?;
    let language = match body.language.as_deref() {
        None => Language::Chinese,
        Some(name) => Language::ALL
            .into_iter()
            .find(|one| one.as_str() == name)
            .ok_or_else(|| wrong("/language", "must be zh-CN or en"))?,
    };
    let (to, address) = address_of(&reach, no, &body.to).await?;
    let account = account_of(&reach, no, (to.channel, body.channel_id.as_deref())).await?;
    let of = (&template, to.channel, language);
    let shown = variables(app, request, (&reach, caller), of, body).await?;
    let rendered = render(&template, to.channel, language, &shown);
    let rendered = rendered.map_err(|fault| FieldError::new("/template", fault_of(&fault)))?;
    // The name by which the member was found must stay erasable.
    let member = match &body.member_id {
        Some(name) => Some(open_member(app, caller, name).await?.id),
        None => None,
    };
    let with = json!({
        "version": stored.version,
        "to": to.id,
        "channel_id": account.id,
        "member_id": member,
    });
    noted(app, request, caller, ("template_tested", id), Some(with)).await?;
    let message = message(&template, to.channel, language, &shown);
    let with = |outcome: &str, detail: Option<String>, after_s: Option<i64>| Tried {
        outcome: outcome.to_owned(),
        detail,
        after_s,
        to: to.id.clone(),
        channel_id: account.id.clone(),
        version: stored.version,
        message: message.clone(),
    };
    match begin_test(&*reach, no, own_key, now(), MAX_TESTS).await? {
        Begun::Now => {}
        Begun::Before => {
            let why = "a request with this key has begun it, and was not answered yet";
            return Ok(with("unknown", Some(why.to_owned()), None));
        }
        Begun::TooMany => {
            let detail = format!("{MAX_TESTS} tests went within a day: wait until some are older");
            return Err(FieldError::new("", detail).into());
        }
    }
    let EntryId(number) = fresh().id;
    let sent = Message {
        id: format!("test-{number:x}"),
        to: address,
        title: rendered.title,
        text: rendered.text,
        vendor_template_id: rendered.vendor_template_id,
        parameters: rendered.parameters,
        link: rendered.link,
        ..Message::default()
    };
    let sending::Told { outcome, detail, after_s } =
        sending::told(sending::send(&reach, &account, sent).await?);
    Ok(with(outcome, detail, after_s))
}

/// A test address, opened.
async fn address_of(reach: &Spin, no: i64, id: &str) -> Result<(TestAddress, String), Problem> {
    let found = list_test_addresses(reach, no, MAX_ADDRESSES).await?;
    let found = found.into_iter().find(|one| one.id == id);
    let to = found.ok_or_else(|| wrong("/to", "is no test address"))?;
    if to.is_of_member {
        return Err(wrong("/to", "is an address of a member: no test goes there").into());
    }
    let opened = opened_text(&to.address, &Place::contact(no, to.channel.as_str())).await;
    let address = opened.ok_or_else(|| wrong("/to", "cannot be read: tell the address again"))?;
    Ok((to, address))
}

/// The account that is named, else the first that would send.
async fn account_of(
    reach: &Spin,
    no: i64,
    (channel, wanted): (Channel, Option<&str>),
) -> Result<ChannelAccount, Problem> {
    let first = sending::account(reach, no, (channel, wanted)).await?;
    let account = first.ok_or_else(|| {
        let detail = format!("is no account for {} that sends", channel.as_str());
        FieldError::new("/channel_id", detail)
    })?;
    if account.paused.is_some() {
        return Err(wrong("/channel_id", "is paused: resume it first").into());
    }
    Ok(account)
}

/// What is shown: of a member or a sample, with links that lead where the text's own leads.
async fn variables(
    app: &App,
    request: &Request,
    (reach, caller): (&Spin, &Caller),
    (template, channel, language): (&Template, Channel, Language),
    body: &TemplateTestBody,
) -> Result<Variables, Problem> {
    let occasion = body.occasion.clone().unwrap_or_default();
    let day = occasion.day()?;
    let mut variables = match &body.member_id {
        Some(name) => of_member(app, request, reach, caller, name).await?,
        None => Variables::sample(),
    };
    bring(&mut variables, &occasion, day);
    let target = template.text(channel, language).and_then(|(_, text)| text.link.clone());
    if target.is_some() {
        variables.link = target;
    }
    Ok(variables)
}

fn fault_of(fault: &templates::Fault) -> String {
    format!("{} {}", fault.path, fault.detail)
}

fn wrong(place: &str, detail: &str) -> FieldError {
    FieldError::new(place, detail)
}
