//! Where members are reached, what they said about it, and how they want to be treated.
//!
//! Addresses are sealed with the variable `secrets_key`. Whole addresses are shown to those who
//! reach members by hand, and each time is logged.

mod own;

use ledger::{MemberId, Timestamp};
use reach::{Channel, ContactState, Purpose, may_reach};
use seal::Place;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use shell::api::contact::{channel_of, masked, time_of_day};
use shell::{
    App, BulkConsentBody, ConsentBody, ContactBody, FieldError, Page, PreferencesBody, Problem,
    Reply, Request, Role, authenticate, authenticated_body, digest, noted, now, once, open_member,
    opened, outcomes, parse_json, published, reach, sealed_text, seals,
};
use store::{
    Caller, Consent, Contact, NamedMember, Preference, add_consents, current_consents,
    delete_contact, list_consents, list_contacts, named_members, preference, put_contact,
    put_preference,
};

const MAX_CONSENTS: usize = 500;
/// Who reaches members by hand, and so sees whole addresses.
const REVEALERS: [Role; 4] =
    [Role::Service, Role::Approver, Role::DepartmentHead, Role::VicePresident];

shell::component! { shell::api::contact::ROUTES {
    "POST /v1/consents/bulk" => tell_many(),
    "GET /v1/members/{id}/contacts" => contacts(id),
    "PUT /v1/members/{id}/contacts/{channel}" => keep(id, channel),
    "DELETE /v1/members/{id}/contacts/{channel}" => forget(id, channel),
    "GET /v1/members/{id}/consents" => consents(id),
    "POST /v1/members/{id}/consents" => tell(id),
    "GET /v1/members/{id}/preferences" => preferences(id),
    "PUT /v1/members/{id}/preferences" => prefer(id),
    "GET /v1/me/consents" => own::list(),
    "POST /v1/me/consents" => own::tell(),
} }

/// What ties a sealed address to its place: what is sealed for one channel opens for no other.
fn place(programme_no: i64, channel: Channel) -> Place {
    Place::contact(programme_no, channel.as_str())
}

async fn contacts(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let reveals = request.flag("reveal")?;
    let may = Role::parse(&caller.role).is_some_and(|role| REVEALERS.contains(&role));
    if reveals && !may {
        let names: Vec<&str> = REVEALERS.iter().map(|role| role.as_str()).collect();
        return Err(Problem::Forbidden(names.join(", ")));
    }
    let member = open_member(app, &caller, id).await?;
    if reveals {
        noted(app, request, &caller, ("contact_revealed", &member.id), None).await?;
    }
    let (reach, seals, no) = (reach().await?, seals().await, caller.programme.no);
    let found = list_contacts(reach.as_ref(), no, member.no).await?;
    let said = current_consents(reach.as_ref(), no, member.no).await?;
    let items = found.into_iter().map(|contact| {
        let address = seals.open(&contact.address, &place(no, contact.channel));
        let reachable = |purpose: Purpose| {
            let said = said.iter().find(|said| (said.0, said.1) == (purpose, contact.channel));
            may_reach(purpose, Some(contact.state), said.map(|said| said.2))
        };
        let reason = |purpose| reachable(purpose).err().map(|reason| reason.as_str());
        json!({
            "channel": contact.channel.as_str(),
            "address": address.map(|address| if reveals { address } else { masked(&address) }),
            "state": contact.state.as_str(),
            "verified_at": contact.verified_at.map(instant),
            "updated_at": instant(contact.updated_at),
            "updated_by": contact.updated_by,
            "not_for_service_because": reason(Purpose::Service),
            "not_for_marketing_because": reason(Purpose::Marketing),
        })
    });
    Ok(Reply::json(200, &Page::body(items.collect(), None)))
}

async fn keep(app: &App, request: &Request, id: &str, channel: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ContactBody = parse_json(text)?;
    let channel = channel_of(channel)?;
    let book = published(&app.sql, &caller.programme).await?;
    let (address, state) = body.contact(channel, book.country_code())?;
    let member = open_member(app, &caller, id).await?;
    let asked = (&member.id, channel.as_str(), &body);
    once(app, &key, &caller, "contact", &asked, async || {
        kept(app, &caller, &member, (channel, &address, state), body.verified).await
    })
    .await
}

async fn kept(
    app: &App,
    caller: &Caller,
    member: &NamedMember,
    (channel, address, state): (Channel, &str, Option<ContactState>),
    is_verified: bool,
) -> Result<Reply, Problem> {
    let (no, now) = (caller.programme.no, now().0);
    let contact = Contact {
        channel,
        address: sealed_text(address, &place(no, channel), "an address of a member").await?,
        state: state.unwrap_or(ContactState::Open),
        verified_at: is_verified.then_some(now),
        updated_at: now,
        updated_by: caller.name().to_owned(),
    };
    let digest = digest(app, &format!("contact:{}:{address}", channel.as_str()));
    let reach = reach().await?;
    let written =
        put_contact(reach.as_ref(), (no, member.no), &contact, state.is_none(), &digest).await?;
    // The account was closed since it was looked up.
    let (verified_at, state) = written.ok_or(Problem::Busy)?;
    Ok(Reply::json(
        200,
        &json!({
            "member_id": member.id,
            "channel": channel.as_str(),
            "address": masked(address),
            "state": state.as_str(),
            "verified_at": verified_at.map(instant),
        }),
    ))
}

async fn forget(app: &App, request: &Request, id: &str, channel: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let channel = channel_of(channel)?;
    let member = open_member(app, &caller, id).await?;
    let asked = (&member.id, channel.as_str());
    once(app, &key, &caller, "contact-delete", &asked, async || {
        let reach = reach().await?;
        match delete_contact(reach.as_ref(), caller.programme.no, member.no, channel).await? {
            true => Ok(Reply::empty(204)),
            false => Err(Problem::ResourceNotFound),
        }
    })
    .await
}

async fn consents(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.number(i64::MAX)?;
    let member = open_member(app, &caller, id).await?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let current = current_consents(reach.as_ref(), no, member.no).await?;
    let mut found = list_consents(reach.as_ref(), (no, member.no), before, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|consent| consent.no.to_string());
    let current: Vec<Json> = current
        .into_iter()
        .map(|(purpose, channel, decision, at)| {
            json!({
                "purpose": purpose.as_str(),
                "channel": channel.as_str(),
                "decision": decision.as_str(),
                "since": instant(at),
            })
        })
        .collect();
    let items: Vec<Json> = found.iter().map(shown).collect();
    Ok(Reply::json(200, &json!({"current": current, "items": items, "next": next})))
}

fn shown(said: &Consent) -> Json {
    json!({
        "purpose": said.purpose.as_str(),
        "channel": said.channel.as_str(),
        "decision": said.decision.as_str(),
        "occurred_at": instant(said.at),
        "source": said.source,
        "evidence": said.evidence,
        "recorded_at": instant(said.recorded_at),
        "recorded_by": said.recorded_by,
    })
}

async fn tell(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ConsentBody = parse_json(text)?;
    let said = body.consent(now(), caller.name())?;
    let member = open_member(app, &caller, id).await?;
    once(app, &key, &caller, "consent", &(&member.id, &body), async || {
        let reach = reach().await?;
        let said = (member.no, said);
        add_consents(reach.as_ref(), caller.programme.no, std::slice::from_ref(&said)).await?;
        Ok(Reply::json(201, &shown(&said.1)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consents {
    /// Kept as text, so that a bad one is a problem of its own, and not of the whole call.
    consents: Vec<Box<RawValue>>,
}

async fn tell_many(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let Consents { consents } = parse_json(request.body()?)?;
    if consents.is_empty() || consents.len() > MAX_CONSENTS {
        return Err(FieldError::new("/consents", "must be 1 to 500 consents").into());
    }
    let now = now();
    let read = |text: &RawValue| {
        parse_json::<BulkConsentBody>(text.get().as_bytes())?.consent(now, caller.name())
    };
    let read: Vec<Result<(MemberId, Consent), Problem>> =
        consents.iter().map(|text| read(text)).collect();
    let names: Vec<&str> = read.iter().flatten().map(|(member, _)| member.as_str()).collect();
    let mut members = named_members(&app.sql, caller.programme.no, &names).await?.into_iter();
    let (mut places, mut rows) = (Vec::new(), Vec::new());
    for said in read {
        places.push(said.and_then(|(_, said)| {
            let member = opened(members.next().flatten()).map_err(Problem::refused)?;
            rows.push((member.no, said));
            Ok(())
        }));
    }
    let reach = reach().await?;
    let new = add_consents(reach.as_ref(), caller.programme.no, &rows).await?;
    let mut new = new.into_iter().zip(&rows);
    let mut reply = |place: Result<(), Problem>| match place {
        Err(problem) => problem.reply(),
        Ok(()) => match new.next() {
            Some((true, (_, said))) => Reply::json(201, &shown(said)),
            Some((false, (_, said))) => {
                Reply::json(201, &shown(said)).with("idempotent-replayed", "true")
            }
            None => Problem::Busy.reply(),
        },
    };
    outcomes(places.into_iter().map(&mut reply).collect())
}

async fn preferences(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let member = open_member(app, &caller, id).await?;
    let reach = reach().await?;
    let found = preference(reach.as_ref(), caller.programme.no, member.no).await?;
    Ok(Reply::json(200, &told(&member, found.as_ref())))
}

fn told(member: &NamedMember, told: Option<&Preference>) -> Json {
    let quiet = told.and_then(|told| told.quiet);
    json!({
        "member_id": member.id,
        "language": told.and_then(|told| told.language.as_deref()),
        "quiet_hours": quiet.map(|(from, until)| json!({"from": time_of_day(from), "until": time_of_day(until)})),
        "personalised": told.is_none_or(|told| told.personalised),
        "home_store_id": told.and_then(|told| told.home_store.as_deref()),
        "updated_at": told.map(|told| instant(told.updated_at)),
    })
}

async fn prefer(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: PreferencesBody = parse_json(text)?;
    let wish = body.preference(now())?;
    let member = open_member(app, &caller, id).await?;
    once(app, &key, &caller, "preferences", &(&member.id, &body), async || {
        let reach = reach().await?;
        let place = (caller.programme.no, member.no);
        if !put_preference(reach.as_ref(), place, &wish, caller.name()).await? {
            return Err(Problem::Busy);
        }
        Ok(Reply::json(200, &told(&member, Some(&wish))))
    })
    .await
}

fn instant(at: i64) -> String {
    Timestamp(at).to_string()
}
