//! What a member says of itself, by its pass: on which of its addresses it wants what.

use ledger::Timestamp;
use reach::{Channel, ContactState, Decision, Purpose};
use serde_json::{Value as Json, json};
use shell::api::contact::masked;
use shell::{
    App, ConsentBody, OwnConsentBody, Page, Problem, Reply, Request, acting, holder, now, once,
    parse_json, reach, seals, too_many_writes, writes,
};
use store::{add_consents, current_consents, list_contacts};

use crate::place;

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

pub async fn tell(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let key = request.idempotency_key()?;
    if let Some(seconds) = writes(app, request, &pass).await? {
        return Ok(too_many_writes(seconds));
    }
    let OwnConsentBody { purpose, channel, decision } = parse_json(request.body()?)?;
    let source = SOURCE.to_owned();
    let body =
        ConsentBody { purpose, channel, decision, source, evidence: None, occurred_at: None };
    let said = body.consent(now(), "member")?;
    once(app, &key, &acting(&pass), "own-consent", &body, async || {
        let reach = reach().await?;
        let said = (pass.member_no, said);
        add_consents(reach.as_ref(), pass.programme.no, std::slice::from_ref(&said)).await?;
        Ok(Reply::json(
            201,
            &json!({
                "purpose": said.1.purpose.as_str(),
                "channel": said.1.channel.as_str(),
                "decision": said.1.decision.as_str(),
                "occurred_at": Timestamp(said.1.at).to_string(),
            }),
        )
        .private())
    })
    .await
}
