//! Where members are reached, what they said about it, and how they want to be treated.
//!
//! Addresses are sealed with the variable `secrets_key`. Whole addresses are shown to those who
//! reach members by hand, and each time is logged.

mod consents;
mod own;
mod preferences;

use ledger::Timestamp;
use reach::{Channel, ContactState, Purpose, may_reach};
use seal::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::api::contact::{channel_of, masked};
use shell::{
    App, ContactBody, Lookup, Page, Problem, Reply, Request, Role, authenticate,
    authenticated_body, noted, noted_of_staff, now, once, once_of_member, open_member, parse_json,
    published, reach, read_member, sealed_text, seals,
};
use store::{Caller, Contact, Spin, current_consents, delete_contact, list_contacts, put_contact};

/// The roles that reach members by hand, and so see whole addresses.
const REVEALERS: [Role; 4] =
    [Role::Service, Role::Approver, Role::DepartmentHead, Role::VicePresident];

shell::component! { shell::api::contact::ROUTES {
    "POST /v1/consents/bulk" => consents::tell_many(),
    "POST /v1/consents/proofs" => consents::proofs(),
    "GET /v1/members/{id}/contacts" => contacts(id),
    "PUT /v1/members/{id}/contacts/{channel}" => keep(id, channel),
    "DELETE /v1/members/{id}/contacts/{channel}" => forget(id, channel),
    "GET /v1/members/{id}/consents" => consents::list(id),
    "POST /v1/members/{id}/consents" => consents::tell(id),
    "GET /v1/members/{id}/preferences" => preferences::show(id),
    "PUT /v1/members/{id}/preferences" => preferences::tell(id),
    "GET /v1/me/consents" => own::list(),
    "POST /v1/me/consents" => own::tell(),
} }

/// What is sealed for one channel opens for no other.
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
    let member = read_member(app, request, &caller, id).await?;
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
    let reach = reach().await?;
    let lookup = Lookup::of(&reach).await?;
    let asked = lookup.fingerprint(&(&member.id, channel.as_str(), &body))?;
    let act = async || {
        let with = json!({
            "channel": channel.as_str(),
            "state": state.map(ContactState::as_str),
            "verified": body.verified,
        });
        let (what, lets_spend) = (("contact_kept", member.id.as_str()), book.step_up().is_some());
        noted_of_contact(app, request, &caller, lets_spend, what, with).await?;
        let (no, now) = (caller.programme.no, now().0);
        let kept = Contact {
            channel,
            address: sealed_text(&address, &place(no, channel), "an address of a member").await?,
            state: state.unwrap_or(ContactState::Open),
            verified_at: body.verified.then_some(now),
            updated_at: now,
            updated_by: caller.name().to_owned(),
        };
        let digest = lookup.digest(no, channel, &address);
        kept_now(&reach, (no, member.no), (&kept, state.is_none()), &digest).await
    };
    once_of_member(app, &key, &caller, ("contact", &asked), act, |kept: Kept| {
        Reply::json(
            200,
            &json!({
                "member_id": member.id,
                "channel": channel.as_str(),
                "address": masked(&address),
                "state": kept.state,
                "verified_at": kept.verified_at.map(instant),
            }),
        )
    })
    .await
}

/// Notes a change of an address: of staff, and of tills where a code that goes there lets points
/// leave.
async fn noted_of_contact(
    app: &App,
    request: &Request,
    caller: &Caller,
    lets_spend: bool,
    what: (&str, &str),
    with: Json,
) -> Result<(), Problem> {
    if lets_spend {
        return noted(app, request, caller, what, Some(with)).await;
    }
    noted_of_staff(app, request, caller, what, Some(with)).await
}

/// What of an answer its request does not tell.
#[derive(Serialize, Deserialize)]
struct Kept {
    state: String,
    verified_at: Option<i64>,
}

async fn kept_now(
    reach: &Spin,
    member: (i64, i64),
    (contact, keeps_state): (&Contact, bool),
    digest: &str,
) -> Result<Kept, Problem> {
    let written = put_contact(reach, member, contact, keeps_state, digest).await?;
    // The account was closed since it was looked up.
    let (verified_at, state) = written.ok_or(Problem::Busy)?;
    Ok(Kept { state: state.as_str().to_owned(), verified_at })
}

async fn forget(app: &App, request: &Request, id: &str, channel: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let channel = channel_of(channel)?;
    let member = open_member(app, &caller, id).await?;
    let asked = (&member.id, channel.as_str());
    once(app, &key, &caller, "contact-delete", &asked, async || {
        let with = json!({"channel": channel.as_str()});
        let book = published(&app.sql, &caller.programme).await?;
        let (what, lets_spend) =
            (("contact_removed", member.id.as_str()), book.step_up().is_some());
        noted_of_contact(app, request, &caller, lets_spend, what, with).await?;
        let reach = reach().await?;
        match delete_contact(reach.as_ref(), caller.programme.no, member.no, channel).await? {
            true => Ok(Reply::empty(204)),
            false => Err(Problem::ResourceNotFound),
        }
    })
    .await
}

fn instant(at: i64) -> String {
    Timestamp(at).to_string()
}
