//! What a message with a code says: the programme's template `verification`, else a short text.

use channels::Message;
use reach::Channel;
use shell::Problem;
use store::{ChannelAccount, Spin, stored_template};
use templates::{Language, Rendered, Template, Variables, render};

use crate::not_possible;

/// The template of codes.
const TEMPLATE: &str = "verification";

/// What the message is about.
pub struct About<'a> {
    pub channel: Channel,
    /// As the request or the member names it.
    pub language: Option<&'a str>,
    pub points: i64,
}

/// The message without its id and address.
pub async fn words(
    reach: &Spin,
    programme_no: i64,
    account: &ChannelAccount,
    about: &About<'_>,
    code: &str,
) -> Result<Message, Problem> {
    let language = Language::ALL.into_iter().find(|one| about.language == Some(one.as_str()));
    let language = language.unwrap_or(Language::Chinese);
    let stored = stored_template(reach, programme_no, TEMPLATE).await?;
    let template = stored.map(|stored| {
        let read: Result<Template, _> = serde_json::from_str(&stored.document);
        read.map_err(|error| Problem::Internal(error.to_string()))
    });
    let template = template.transpose()?.filter(|one| one.texts.contains_key(&about.channel));
    let approved = sending::capability(account)
        .await
        .map_err(|why| not_possible(format!("The account {} cannot send: {why}.", account.id)))?;
    match template {
        Some(template) => of_template(&template, about, language, (code, approved.templates)),
        None if approved.templates => Err(not_possible(format!(
            "The account {} sends only texts that its vendor has approved. Keep a template with the id {TEMPLATE} that names one.",
            account.id
        ))),
        None => Ok(of_our_own(about, language, code)),
    }
}

fn of_template(
    template: &Template,
    about: &About<'_>,
    language: Language,
    (code, is_approved): (&str, bool),
) -> Result<Message, Problem> {
    let of = |name: &str, balance: i64| {
        let [name, tier, store] = [name; 3].map(str::to_owned);
        let (code, points) = (Some(code.to_owned()), Some(about.points));
        let variables =
            Variables { name, balance, tier, store, code, points, ..Variables::default() };
        render(template, about.channel, language, &variables).map_err(|fault| {
            not_possible(format!("The template {TEMPLATE}: {} {}.", fault.path, fault.detail))
        })
    };
    let rendered = of("", 0)?;
    if rendered != of("x", 1)? {
        let more = format!("The template {TEMPLATE} shows more than the code and the points.");
        return Err(not_possible(more));
    }
    let Rendered { title, text, vendor_template_id, parameters, .. } = rendered;
    // A vendor with texts of its own sends the parameters alone.
    let shows = if is_approved {
        parameters.iter().any(|(_, value)| value.contains(code))
    } else {
        text.contains(code)
    };
    if !shows {
        return Err(not_possible(format!("The template {TEMPLATE} does not show the code.")));
    }
    Ok(Message { title, text, vendor_template_id, parameters, ..Message::default() })
}

fn of_our_own(about: &About<'_>, language: Language, code: &str) -> Message {
    let points = about.points;
    let (title, text) = match language {
        Language::Chinese => (
            "积分核销验证码",
            format!(
                "验证码 {code},用于核销 {points} 积分,5 分钟内有效。如非本人操作,请勿告知任何人。"
            ),
        ),
        Language::English => (
            "Your verification code",
            format!(
                "{code} is your code to spend {points} points. It is valid for 5 minutes. If this was not you, tell it to nobody."
            ),
        ),
    };
    let title = if about.channel == Channel::Email { title } else { "" };
    Message { title: title.to_owned(), text, ..Message::default() }
}
