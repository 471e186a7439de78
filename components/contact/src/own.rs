//! What a member says of itself, by its pass: on which of its addresses it wants what.

use reach::{Channel, ContactState, Decision, Purpose};
use serde_json::{Value as Json, json};
use shell::api::contact::masked;
use shell::{
    App, ConsentBody, Lookup, OwnConsentBody, Page, Problem, Reply, Request, acting, holder, now,
    once_of_member, parse_json, reach, seals, too_many_writes, writes,
};
use store::{contact_digests, current_consents, list_contacts};

use crate::consents::{Of, Recorded, digest_of, recorded};
use crate::{instant, place};

/// Where a member says so, as the proof tells.
const SOURCE: &str = "member-page";

pub async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let (reach, seals, no) = (reach().await?, seals().await, pass.programme.no);
    let found = list_contacts(reach.as_ref(), no, pass.member_no).await?;
    let said = current_consents(reach.as_ref(), no, pass.member_no).await?;
    let last_word = |purpose: Purpose, channel: Channel| {
        said.iter().find(|said| (said.0, said.1) == (purpose, channel)).map(|said| said.2)
    };
    let item = |contact: store::Contact| -> Json {
        let address = seals.open(&contact.address, &place(no, contact.channel));
        let marketing = last_word(Purpose::Marketing, contact.channel);
        let service = last_word(Purpose::Service, contact.channel);
        json!({
            "channel": contact.channel.as_str(),
            "address": address.map(|address| masked(&address)),
            "is_open": contact.state == ContactState::Open,
            "marketing": marketing == Some(Decision::Given),
            "service": service != Some(Decision::Withdrawn),
        })
    };
    Ok(Reply::json(200, &Page::body(found.into_iter().map(item).collect(), None)).private())
}

/// Of the address that the page shows. A pass that staff made tells nothing: what stands here as
/// the member's word is the member's.
pub async fn tell(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let key = request.idempotency_key()?;
    if let Some(seconds) = writes(app, request, &pass).await? {
        return Ok(too_many_writes(seconds));
    }
    let OwnConsentBody { purpose, channel, decision } = parse_json(request.body()?)?;
    let body = ConsentBody {
        purpose,
        channel,
        decision,
        address: None,
        source: SOURCE.to_owned(),
        evidence: None,
        occurred_at: None,
    };
    let (said, _) = body.consent(now(), "member", None)?;
    let no = pass.programme.no;
    let reach = reach().await?;
    let lookup = Lookup::of(&reach).await?;
    let asked = lookup.fingerprint(&body)?;
    let act = async || {
        let kept = contact_digests(reach.as_ref(), no, &[(pass.member_no, said.channel)]).await?;
        let of = Of { address: None, is_past: false };
        let digest = digest_of(&lookup, no, (pass.member_no, &said), &of, &kept)?;
        let said = store::Consent { digest, ..said.clone() };
        recorded(&reach, no, (pass.member_no, said)).await
    };
    let caller = acting(&pass);
    once_of_member(app, &key, &caller, ("own-consent", &asked), act, |done: Recorded| {
        let shown = json!({
            "purpose": said.purpose.as_str(),
            "channel": said.channel.as_str(),
            "decision": said.decision.as_str(),
            "occurred_at": instant(done.at),
        });
        Reply::json(201, &shown).private()
    })
    .await
}
