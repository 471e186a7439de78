//! Ends messages: by the page, or in one click of a mail program (RFC 8058), which sends a `POST`
//! without asking. A `GET` changes nothing, as programs visit every link.

use reach::{Decision, Door};
use shell::{App, Problem, Reply, Request, now, reach};
use store::{Consent, add_consents, current_consents};

use crate::{open, page};

/// Where the member says so, as the proof tells.
const SOURCE: &str = "unsubscribe";

pub async fn ask(_: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    let opened = open(request, Door::Unsubscribe, token).await?;
    Ok(opened.map_or_else(|| page::gone(request), |_| page::ask(request)))
}

/// Withdraws the consent for the purpose and channel of the message. A no holds for every address.
pub async fn end(_: &App, request: &Request, token: &str) -> Result<Reply, Problem> {
    let Some(opened) = open(request, Door::Unsubscribe, token).await? else {
        return Ok(page::gone(request));
    };
    let link = &opened.link;
    let reach = reach().await?;
    let said = current_consents(&*reach, link.programme_no, link.member_no).await?;
    let is_said = said.iter().any(|(purpose, channel, decision, _)| {
        (*purpose, *channel, *decision) == (link.purpose, link.channel, Decision::Withdrawn)
    });
    // A member who presses again says nothing new.
    if !is_said {
        let at = now().0;
        let no = Consent {
            no: 0,
            purpose: link.purpose,
            channel: link.channel,
            decision: Decision::Withdrawn,
            digest: String::new(),
            at,
            source: SOURCE.to_owned(),
            evidence: Some(format!("link {} of touch {}", opened.number, link.touch_no)),
            recorded_at: at,
            recorded_by: "member".to_owned(),
        };
        add_consents(&*reach, link.programme_no, &[(link.member_no, no)]).await?;
    }
    Ok(page::ended(request))
}
