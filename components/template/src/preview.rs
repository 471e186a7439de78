//! A template as messages: to a member of the programme, or to a sample, in both languages.

use reach::{Channel, Today};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, OccasionBody, Problem, Reply, Request, TemplatePreviewBody, authenticate,
    parse_json_of_lines, published, reach, read_member,
};
use store::{Caller, Spin, ledger_members, preference, read_facts, registered_store};
use templates::{Coupon, Language, Reward, Template, Variables, parts, render};

use crate::{find, hosts, needs, read, template_of};

pub async fn show(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: TemplatePreviewBody = parse_json_of_lines(request.body()?)?;
    let reach = reach().await?;
    let template = match (&body.template_id, &body.template) {
        (Some(id), None) => read(&find(&reach, &caller, id).await?)?,
        (None, Some(body)) => {
            body.check("/template")?;
            template_of("preview", body)?
        }
        _ => return Err(FieldError::new("", "give template_id or template").into()),
    };
    let occasion = body.occasion.clone().unwrap_or_default();
    let day = occasion.day()?;
    let mut variables = match &body.member_id {
        Some(name) => of_member(app, request, &reach, &caller, name).await?,
        None => Variables::sample(),
    };
    bring(&mut variables, &occasion, day);
    let faults = template.check(&hosts(&reach, caller.programme.no).await?);
    let faults: Vec<Json> =
        faults.iter().map(|fault| json!({"pointer": fault.path, "detail": fault.detail})).collect();
    // What cannot be saved is not tried with each variable.
    let needs = if faults.is_empty() { needs(&template) } else { json!({}) };
    let messages = template.texts.keys().flat_map(|channel| {
        Language::ALL.map(|language| message(&template, *channel, language, &variables))
    });
    let shown = json!({
        "faults": faults,
        "needs": needs,
        "messages": messages.collect::<Vec<_>>(),
    });
    Ok(Reply::json(200, &shown).private())
}

/// What is known of a member; of the occasion what a sample has.
pub async fn of_member(
    app: &App,
    request: &Request,
    reach: &Spin,
    caller: &Caller,
    name: &str,
) -> Result<Variables, Problem> {
    let member = read_member(app, request, caller, name).await?;
    let no = caller.programme.no;
    let now = shell::now();
    let today = Today::at(now, published(&app.sql, &caller.programme).await?.zone());
    let told =
        ledger_members(&app.sql, caller.programme.no, &[member.no]).await?.remove(&member.no);
    let named = told.and_then(|mut told| told.attributes.remove("name"));
    let stored = read_facts(reach, &[(no, member.no)]).await?.into_iter().next();
    let facts = stored.map(|stored| stored.facts).transpose()?.unwrap_or_default();
    let home = preference(reach, no, member.no).await?.and_then(|told| told.home_store);
    let store = match home {
        Some(id) => registered_store(&app.sql, no, &id).await?.map(|found| found.store.name),
        None => None,
    };
    let next = facts.next_expiry(today);
    Ok(Variables {
        name: named.unwrap_or_default(),
        points: next.map(|(_, points)| points),
        expires_on: next.map(|(day, _)| day),
        days_left: next.map(|(day, _)| i64::from(day) - i64::from(today.day)),
        balance: facts.balance(today),
        tier: facts.tier_at(now).unwrap_or_default().to_owned(),
        store: store.unwrap_or_default(),
        ..Variables::sample()
    })
}

/// Puts what the occasion brings in place of the sample's.
pub fn bring(variables: &mut Variables, occasion: &OccasionBody, day: Option<i32>) {
    if let Some(points) = occasion.points {
        variables.points = Some(points);
    }
    if let Some(day) = day {
        let left = variables.days_left.zip(variables.expires_on);
        variables.days_left = left.map(|(left, until)| left + i64::from(day) - i64::from(until));
        variables.expires_on = Some(day);
    }
    if let Some(code) = &occasion.coupon_code {
        variables.coupon = Some(Coupon { code: code.clone() });
    }
    if !occasion.rewards.is_empty() {
        let reward = |of: &shell::api::template::OccasionRewardBody| Reward {
            name: of.name.clone(),
            points: of.points,
            cash_minor: of.cash_minor,
        };
        variables.rewards = occasion.rewards.iter().map(reward).collect();
    }
}

pub fn message(
    template: &Template,
    channel: Channel,
    language: Language,
    variables: &Variables,
) -> Json {
    let (channel_name, language_name) = (channel.as_str(), language.as_str());
    match render(template, channel, language, variables) {
        Ok(message) => {
            let parameter =
                |(name, value): &(String, String)| json!({"name": name, "value": value});
            let size = (channel == Channel::Sms).then(|| crate::size(parts(&message.text)));
            json!({
                "channel": channel_name,
                "language": language_name,
                "shown_in": message.language.as_str(),
                "title": message.title,
                "text": message.text,
                "vendor_template_id": message.vendor_template_id,
                "parameters": message.parameters.iter().map(parameter).collect::<Vec<_>>(),
                "link": message.link,
                "picture": message.picture,
                "sms": size,
            })
        }
        Err(fault) => json!({
            "channel": channel_name,
            "language": language_name,
            "fault": {"pointer": fault.path, "detail": fault.detail},
        }),
    }
}
