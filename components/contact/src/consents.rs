//! What members said about being reached: told by the shop, listed, and what is left of it after an
//! erasure.
//!
//! A yes is said of an address, and counts for no other. Which one it is stands beside it as a
//! digest.

use std::collections::HashMap;
use std::rc::Rc;

use ledger::MemberId;
use reach::{Channel, Decision};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use shell::{
    App, BulkConsentBody, ConsentBody, ConsentProofsBody, FieldError, Lookup, Page, Problem, Reply,
    Request, authenticate, authenticated_body, noted, noted_of_staff, now, once_of_member,
    open_member, opened, outcomes, parse_json, parse_json_of_parts, published, reach, read_member,
};
use store::{
    Added, Consent, Spin, add_consents, consent_proofs, contact_digests, current_consents,
    list_consents, named_members,
};

use crate::instant;

const MAX_CONSENTS: usize = 500;
/// Of one address there are a few.
const MAX_PROOFS: i64 = 500;

pub async fn list(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.number(i64::MAX)?;
    let member = read_member(app, request, &caller, id).await?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let current = current_consents(reach.as_ref(), no, member.no).await?;
    let mut found = list_consents(reach.as_ref(), (no, member.no), before, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|(consent, _)| consent.no.to_string());
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
    let items: Vec<Json> = found
        .iter()
        .map(|(said, is_of_address)| {
            let mut item = shown(said);
            if let Some(fields) = item.as_object_mut() {
                fields.insert("for_present_address".to_owned(), (*is_of_address).into());
            }
            item
        })
        .collect();
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

/// What of a recorded consent its request does not tell.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    pub at: i64,
    recorded_at: i64,
    recorded_by: String,
}

pub async fn tell(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ConsentBody = parse_json(text)?;
    let no = caller.programme.no;
    let book = published(&app.sql, &caller.programme).await?;
    let (said, address) = body.consent(now(), caller.name(), book.country_code())?;
    let member = open_member(app, &caller, id).await?;
    let reach = reach().await?;
    let lookup = Lookup::of(&reach).await?;
    let asked = lookup.fingerprint(&(&member.id, &body))?;
    let act = async || {
        let mut said = said.clone();
        let kept = contact_digests(reach.as_ref(), no, &[(member.no, said.channel)]).await?;
        let of = Of { address: address.as_deref(), is_past: body.occurred_at.is_some() };
        said.digest = digest_of(&lookup, no, (member.no, &said), &of, &kept)?;
        let with = json!({
            "purpose": said.purpose.as_str(),
            "channel": said.channel.as_str(),
            "decision": said.decision.as_str(),
        });
        noted_of_staff(app, request, &caller, ("consent_told", &member.id), Some(with)).await?;
        recorded(&reach, no, (member.no, said)).await
    };
    once_of_member(app, &key, &caller, ("consent", &asked), act, |done: Recorded| {
        let Recorded { at, recorded_at, recorded_by } = done;
        Reply::json(201, &shown(&Consent { at, recorded_at, recorded_by, ..said.clone() }))
    })
    .await
}

/// Adds one consent.
///
/// # Errors
/// [`Problem::Busy`] where the account was closed since it was looked up: a repetition is told.
pub async fn recorded(reach: &Spin, no: i64, said: (i64, Consent)) -> Result<Recorded, Problem> {
    let added = add_consents(reach, no, std::slice::from_ref(&said)).await?;
    if added.contains(&Added::Closed) {
        return Err(Problem::Busy);
    }
    let Consent { at, recorded_at, recorded_by, .. } = said.1;
    Ok(Recorded { at, recorded_at, recorded_by })
}

/// What a request tells of the address that a consent is of.
pub struct Of<'a> {
    pub address: Option<&'a str>,
    /// Whether it was said before, so that it may have been said of another address than is kept.
    pub is_past: bool,
}

/// The digest of the address that a consent is of: the one that is named, or that is kept.
///
/// Vendors change the addresses of push by themselves, so a consent to push is of none.
///
/// # Errors
/// [`Problem::InvalidRequest`] for a yes of which nobody knows the address.
pub fn digest_of(
    lookup: &Lookup,
    programme_no: i64,
    (member_no, said): (i64, &Consent),
    of: &Of<'_>,
    kept: &HashMap<(i64, Channel), String>,
) -> Result<String, Problem> {
    if said.channel == Channel::Push {
        return Ok(String::new());
    }
    if let Some(address) = of.address {
        return Ok(lookup.digest(programme_no, said.channel, address));
    }
    let kept = kept.get(&(member_no, said.channel)).cloned();
    match (said.decision, kept) {
        (Decision::Withdrawn, kept) => Ok(kept.unwrap_or_default()),
        (Decision::Given, Some(kept)) if !of.is_past => Ok(kept),
        (Decision::Given, kept) => {
            let wrong = match kept {
                Some(_) => "must name the address that it was said of, as it was said before",
                None => {
                    "must name the address that it is said of, as none is kept for that channel"
                }
            };
            Err(FieldError::new("/address", wrong).into())
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consents {
    /// Kept as text, so that a bad one is a problem of its own, and not of the whole call.
    consents: Vec<Box<RawValue>>,
}

/// Of whom, what was said, and the address that is named.
type Read = (MemberId, (Consent, Option<String>));

pub async fn tell_many(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let Consents { consents } = parse_json_of_parts(request.body()?)?;
    if consents.is_empty() || consents.len() > MAX_CONSENTS {
        return Err(FieldError::new("/consents", "must be 1 to 500 consents").into());
    }
    let (now, no) = (now(), caller.programme.no);
    let book = published(&app.sql, &caller.programme).await?;
    let read = |text: &RawValue| {
        let body: BulkConsentBody = parse_json(text.get().as_bytes())?;
        body.consent(now, caller.name(), book.country_code())
    };
    let read: Vec<Result<Read, Problem>> = consents.iter().map(|text| read(text)).collect();
    let names: Vec<&str> = read.iter().flatten().map(|(member, _)| member.as_str()).collect();
    let mut members = named_members(&app.sql, no, &names).await?.into_iter();
    let mut told = Vec::with_capacity(read.len());
    for said in read {
        told.push(said.and_then(|(_, said)| {
            let member = opened(members.next().flatten()).map_err(Problem::refused)?;
            Ok((member.no, said))
        }));
    }
    let wanted: Vec<(i64, Channel)> =
        told.iter().flatten().map(|(member_no, (said, _))| (*member_no, said.channel)).collect();
    let reach = reach().await?;
    let lookup = Lookup::of(&reach).await?;
    let kept = contact_digests(reach.as_ref(), no, &wanted).await?;
    let (mut places, mut rows) = (Vec::new(), Vec::new());
    for said in told {
        places.push(said.and_then(|(member_no, (mut said, address))| {
            let of = Of { address: address.as_deref(), is_past: true };
            said.digest = digest_of(&lookup, no, (member_no, &said), &of, &kept)?;
            rows.push((member_no, said));
            Ok(())
        }));
    }
    let with = json!({"consents": rows.len()});
    noted_of_staff(app, request, &caller, ("consents_told", "bulk"), Some(with)).await?;
    let added = add_consents(reach.as_ref(), no, &rows).await?;
    let mut added = added.into_iter().zip(&rows);
    let mut reply = |place: Result<(), Problem>| {
        if let Err(problem) = place {
            return problem.reply();
        }
        match added.next() {
            Some((Added::New, (_, said))) => Reply::json(201, &shown(said)),
            Some((Added::Known, (_, said))) => {
                Reply::json(201, &shown(said)).with("idempotent-replayed", "true")
            }
            // The account was closed since it was looked up: a repetition is told.
            Some((Added::Closed, _)) | None => Problem::Busy.reply(),
        }
    };
    outcomes(places.into_iter().map(&mut reply).collect())
}

/// What is left of consents of erased persons. The address stands in the body, as logs have paths.
pub async fn proofs(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: ConsentProofsBody = parse_json(request.body()?)?;
    let no = caller.programme.no;
    let book = published(&app.sql, &caller.programme).await?;
    let (channel, address) = body.read(book.country_code())?;
    noted(app, request, &caller, ("consent_proofs_read", channel.as_str()), None).await?;
    let reach: Rc<Spin> = reach().await?;
    let digest = Lookup::of(&reach).await?.digest(no, channel, &address);
    let found = consent_proofs(reach.as_ref(), no, channel, &digest, MAX_PROOFS).await?;
    let items = found.into_iter().map(|proof| {
        json!({
            "purpose": proof.purpose.as_str(),
            "channel": channel.as_str(),
            "decision": proof.decision.as_str(),
            "occurred_at": instant(proof.at),
            "source": proof.source,
            "kept_until": instant(proof.until),
        })
    });
    Ok(Reply::json(200, &Page::body(items.collect(), None)).private())
}
