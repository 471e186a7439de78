//! What the demo's members are told: the ready-made playbook in force, the templates that it names,
//! and an account at a vendor. Nothing leaves this machine: the account is paused.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::console::{post, put};
use crate::http::Client;
use crate::server::Server;

/// The playbook that ships.
const PLAYBOOK: &str = include_str!("../../../crates/reach/src/playbook/example.json");
/// The templates that it names, by their ids.
const TEMPLATES: &str = include_str!("../../demo/templates.json");
const ACCOUNT: &str = "/v1/channels/gateway";
const DRAFT: &str = "/v1/playbook/drafts/ready-made";

/// Writes the templates, and publishes the playbook as marketing asks and the head of a department
/// approves.
pub async fn publish(server: &Server) -> Result<()> {
    let mut operator = server.client();
    let mut marketing = person(server, &mut operator, ("mei.lin", "marketing")).await?;
    let mut head = person(server, &mut operator, ("bai.lu", "department_head")).await?;
    let templates: Value =
        serde_json::from_str(TEMPLATES).context("demo/templates.json is no JSON")?;
    for (id, template) in templates.as_object().context("demo/templates.json is no object")? {
        put(&mut marketing, &format!("/v1/templates/{id}"), template).await?;
    }
    let account = json!({
        "vendor": "webhook", "settings": {"url": "https://gateway.example.com/messages", "channel": "sms"},
        "secrets": {"signing_secret": "whsec_YSBkZW1vIHNlbmRzIG5vdGhpbmcgdG8gYW55Ym9keQ=="},
    });
    put(&mut operator, ACCOUNT, &account).await?;
    let reason = json!({"reason": "演示环境不外发"});
    post(&mut operator, &format!("{ACCOUNT}/pause"), "pause-gateway", &reason).await?;
    let playbook: Value = serde_json::from_str(PLAYBOOK).context("example.json is no JSON")?;
    put(&mut marketing, DRAFT, &playbook).await?;
    let asked =
        post(&mut marketing, &format!("{DRAFT}/publication"), "ready-made", &json!({})).await?;
    let id = asked.get("publication_id").and_then(Value::as_str).context("no publication_id")?;
    let path = format!("/v1/rulebook/publications/{id}/approve");
    let approved = post(&mut head, &path, "approve-ready-made", &json!({})).await?;
    anyhow::ensure!(
        approved.get("state").and_then(Value::as_str) == Some("published"),
        "the ready-made playbook is not in force: {approved}"
    );
    Ok(())
}

/// A key that speaks for a person.
async fn person(
    server: &Server,
    operator: &mut Client,
    (id, role): (&str, &str),
) -> Result<Client> {
    let body = json!({"role": role, "label": "demo", "person_id": id});
    let made = post(operator, "/v1/keys", &format!("strategies-{id}"), &body).await?;
    let key = made.get("key").and_then(Value::as_str).context("no key")?;
    Ok(Client::new(server.api, key))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use reach::Hosts;
    use reach::playbook::{Known, KnownGrant, KnownTemplate, Playbook};
    use templates::Template;

    use super::*;

    fn templates() -> BTreeMap<String, Template> {
        let all: BTreeMap<String, Template> = serde_json::from_str(TEMPLATES).unwrap();
        let named = |(id, template): (String, Template)| (id.clone(), Template { id, ..template });
        all.into_iter().map(named).collect()
    }

    #[test]
    fn templates_can_be_saved() {
        let hosts = Hosts::new::<&str>(&[]).map_err(|(_, refused)| refused.to_string()).unwrap();
        for (id, template) in templates() {
            assert_eq!(template.check(&hosts), [], "{id}");
        }
    }

    #[test]
    fn the_playbook_finds_all_that_it_names() {
        let playbook: Playbook = serde_json::from_str(PLAYBOOK).unwrap();
        let rulebook: rules::Document =
            serde_json::from_str(super::super::console::RULEBOOK).unwrap();
        let known = |(id, template): (String, Template)| {
            let of = |channel: &reach::Channel| {
                let needs = template.needs(*channel).into_iter();
                (*channel, needs.map(|variable| variable.as_str().to_owned()).collect())
            };
            let needs = template.texts.keys().map(of).collect();
            (id, KnownTemplate { purpose: template.purpose, needs })
        };
        let known = Known {
            templates: templates().into_iter().map(known).collect(),
            grants: KnownGrant::of_rulebook(&rulebook.grants),
            coupons: rulebook.coupons.keys().cloned().collect(),
            ..Known::default()
        };
        assert_eq!(playbook.check(&known), []);
        let named: BTreeSet<&String> = playbook
            .strategies
            .iter()
            .filter_map(|strategy| strategy.send.as_ref())
            .map(|send| &send.template)
            .collect();
        assert_eq!(named, known.templates.keys().collect(), "no template is left over");
    }
}
