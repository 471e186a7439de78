//! Addresses where templates may be tried: of staff, never of members.

use channels::Message;
use ledger::ProgrammeId;
use reach::Channel;
use seal::Place;
use serde_json::json;
use shell::api::contact::{ContactBody, masked};
use shell::{
    App, FieldError, Lookup, Page, Problem, Reply, Request, TestAddressBody, authenticate,
    authenticated_body, noted, now, once, opened_text, parse_json, reach, sealed_text,
};
use store::{list_test_addresses, put_test_address, remove_test_address};

/// Test addresses of a programme.
const MAX: i64 = 20;
/// Channels that templates have texts for.
const CHANNELS: [Channel; 5] =
    [Channel::Sms, Channel::Email, Channel::Push, Channel::Wecom, Channel::Wechat];

pub async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let mut items = Vec::new();
    for one in list_test_addresses(reach.as_ref(), no, MAX).await? {
        let address = opened_text(&one.address, &Place::contact(no, one.channel.as_str())).await;
        items.push(json!({
            "id": one.id,
            "channel": one.channel.as_str(),
            "address": address.map(|address| masked(&address)),
            "is_of_member": one.is_of_member,
            "updated_at": one.updated_at.to_string(),
            "updated_by": one.updated_by,
        }));
    }
    Ok(Reply::json(200, &Page::body(items, None)).private())
}

pub async fn keep(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: TestAddressBody = parse_json(text)?;
    if let Err(error) = ProgrammeId::new(id) {
        return Err(FieldError::new("id", error.to_string()).into());
    }
    let channel = Channel::parse(&body.channel).filter(|channel| CHANNELS.contains(channel));
    let channel = channel
        .ok_or_else(|| FieldError::new("/channel", "must be sms, email, push, wecom or wechat"))?;
    // In the spelling in which members' addresses are kept, so that theirs are known.
    let told = ContactBody { address: body.address.clone(), state: None, verified: false };
    let (address, _) = told.contact(channel, None)?;
    if !(Message { to: address.clone(), ..Message::default() }).is_addressed(channel) {
        return Err(FieldError::new("/address", "is none of that channel").into());
    }
    let (reach, no) = (reach().await?, caller.programme.no);
    let lookup = Lookup::of(&reach).await?;
    let asked = lookup.fingerprint(&(id, &body))?;
    let act = async || {
        let with = json!({"channel": channel.as_str()});
        noted(app, request, &caller, ("test_address_kept", id), Some(with)).await?;
        let place = Place::contact(no, channel.as_str());
        let sealed = sealed_text(&address, &place, "a test address").await?;
        let digest = lookup.digest(no, channel, &address);
        let (of, by) = ((id, channel), (now(), caller.name()));
        if !put_test_address(reach.as_ref(), no, of, (&sealed, &digest), by, MAX).await? {
            let detail = "is an address of a member, or there are 20 others: remove one first";
            return Err(FieldError::new("/address", detail).into());
        }
        let shown = json!({"id": id, "channel": channel.as_str(), "address": masked(&address)});
        Ok(Reply::json(200, &shown))
    };
    once(app, &key, &caller, "test-address", &asked, act).await
}

pub async fn remove(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let act = async || {
        let (reach, no) = (reach().await?, caller.programme.no);
        noted(app, request, &caller, ("test_address_removed", id), None).await?;
        if !remove_test_address(reach.as_ref(), no, id).await? {
            return Err(Problem::ResourceNotFound);
        }
        Ok(Reply::empty(204))
    };
    once(app, &key, &caller, "test-address-remove", &id, act).await
}
