//! A message as it goes out: the member's data in the template's text, links, and the address.

use std::collections::BTreeMap;
use std::rc::Rc;

use channels::Message;
use ledger::Timestamp;
use reach::touch::{Cycle, Happening, Reason};
use reach::{Channel, Door, Purpose, Today};
use seal::Place;
use store::{
    Destination, Error, NewLink, Settlement, Sql, destinations, make_links, registered_store,
};
use templates::{Coupon, Language, Reward, Template, Variable, Variables, render};

use super::Outbox;
use super::act::Done;
use super::asked::Asked;
use super::opened::Opened;
use crate::Messaging;
use crate::deliver::DueTouch;

/// What is settled instead of sent.
type Settled = Vec<(i64, Settlement)>;

/// A message that lacks its links alone.
struct Draft {
    asked: Asked,
    template: Rc<Template>,
    language: Language,
    to: String,
    digest: String,
    done: Done,
    rewards: Vec<Reward>,
    /// The link's target; empty where a link only ends messages. `None` where there is no link.
    target: Option<String>,
}

impl<L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Outbox<'_, '_, L, R, M> {
    /// Writes messages of a channel, and says what becomes of those that cannot be written.
    pub(super) async fn write(
        &self,
        opened: &Opened,
        channel: Channel,
        wanted: Vec<Asked>,
        now: Timestamp,
    ) -> Result<(Vec<DueTouch>, Settled), Error> {
        let (reach, no) = (self.reach, opened.active.programme.no);
        let (mut ready, mut settled) = (Vec::new(), Vec::new());
        if wanted.is_empty() {
            return Ok((ready, settled));
        }
        let members: Vec<i64> = wanted.iter().map(|asked| asked.member_no).collect();
        let mut found = reach
            .with_retries(async || destinations(reach.sql, no, channel, &members).await)
            .await?;
        let mut drafts = Vec::new();
        for asked in wanted {
            let (touch_no, destination) = (asked.no, found.remove(&asked.member_no));
            match self.draft(opened, channel, asked, destination, now).await? {
                Ok(draft) => drafts.push(draft),
                Err(settlement) => settled.push((touch_no, settlement)),
            }
        }
        let links = self.links(opened, channel, &drafts, now).await?;
        let mut stores: BTreeMap<String, String> = BTreeMap::new();
        for draft in drafts {
            let home = &draft.asked.home_store;
            if !home.is_empty() && !stores.contains_key(home) {
                let ledger = self.ledger;
                let store = ledger
                    .with_retries(async || registered_store(ledger.sql, no, home).await)
                    .await?;
                let name = store.map(|found| found.store.name).unwrap_or_default();
                stores.insert(home.clone(), name);
            }
            let store = stores.get(home).cloned().unwrap_or_default();
            let touch_no = draft.asked.no;
            match finish(opened, channel, draft, links.get(&touch_no), (store, now)) {
                Ok(due) => ready.push(due),
                Err(settlement) => settled.push((touch_no, settlement)),
            }
        }
        Ok((ready, settled))
    }

    /// Finds the address and the text, and does what the strategy does beside.
    async fn draft(
        &self,
        opened: &Opened,
        channel: Channel,
        asked: Asked,
        destination: Option<Destination>,
        now: Timestamp,
    ) -> Result<Result<Draft, Settlement>, Error> {
        let Some(Destination { address: Some((sealed, digest)), language, is_personalised }) =
            destination
        else {
            return Ok(Err(Settlement::Passed(Reason::NoContact)));
        };
        let place = Place::contact(opened.active.programme.no, channel.as_str());
        let Some(to) = self.settings.seals.open(&sealed, &place) else {
            return Ok(Err(Settlement::Failed("the address cannot be read".to_owned())));
        };
        let id = asked.touch.template.as_deref().unwrap_or_default();
        let Some(template) = opened.template(self.reach, id).await? else {
            return Ok(Err(Settlement::Failed("the template is gone".to_owned())));
        };
        // The playbook was checked against it, but a purpose may have changed since.
        if template.template.purpose == Purpose::Marketing
            && asked.touch.purpose == Purpose::Service
        {
            let why = "the template is for marketing now: publish the playbook again";
            return Ok(Err(Settlement::Failed(why.to_owned())));
        }
        let language = Language::of_member(language.as_deref().unwrap_or_default());
        let Some((_, text)) = template.template.text(channel, language) else {
            let why = format!("the template has no text for {}", channel.as_str());
            return Ok(Err(Settlement::Failed(why)));
        };
        let needs_link = template.needs(channel, Variable::Link);
        let ends = template.needs(channel, Variable::Unsubscribe)
            || (channel == Channel::Email && template.template.purpose == Purpose::Marketing);
        let target = match &text.link {
            Some(target) => Some(target.clone()),
            None if needs_link => {
                return Ok(Err(Settlement::Failed(
                    "the text shows a link and has none".to_owned(),
                )));
            }
            None => ends.then(String::new),
        };
        if target.is_some() && opened.base.is_none() {
            let why = "links need the variable public_url, or the programme's own address";
            return Ok(Err(Settlement::Failed(why.to_owned())));
        }
        let done = match self.act_or_wait(opened, &asked).await? {
            Ok(done) => done,
            Err(settlement) => return Ok(Err(settlement)),
        };
        let rewards = match &asked.touch.action.recommend {
            Some(recommend) => {
                let wish = (recommend, is_personalised);
                self.recommended(opened, &asked, wish, now).await?
            }
            None => Vec::new(),
        };
        let template = template.template.clone();
        Ok(Ok(Draft { asked, template, language, to, digest, done, rewards, target }))
    }

    /// The numbers of the messages' links, by their touches.
    async fn links(
        &self,
        opened: &Opened,
        channel: Channel,
        drafts: &[Draft],
        now: Timestamp,
    ) -> Result<BTreeMap<i64, (String, String)>, Error> {
        let (reach, no) = (self.reach, opened.active.programme.no);
        let wanted: Vec<NewLink> = drafts
            .iter()
            .filter_map(|draft| {
                Some(NewLink {
                    member_no: draft.asked.member_no,
                    touch_no: draft.asked.no,
                    channel,
                    purpose: draft.asked.touch.purpose,
                    target: draft.target.clone()?,
                    is_trap: false,
                })
            })
            .collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let made =
            reach.with_retries(async || make_links(reach.sql, no, &wanted, now).await).await?;
        let base = opened.base.as_deref().unwrap_or_default().trim_end_matches('/');
        let address = |door: Door, path: &str, number: i64| {
            let token = self.settings.links.token(door, u64::try_from(number).unwrap_or(0));
            format!("{base}/{path}/{token}")
        };
        let of = |(link, number): (&NewLink, Option<i64>)| {
            let number = number?;
            let both = (address(Door::Link, "l", number), address(Door::Unsubscribe, "u", number));
            Some((link.touch_no, both))
        };
        Ok(wanted.iter().zip(made).filter_map(of).collect())
    }
}

fn finish(
    opened: &Opened,
    channel: Channel,
    draft: Draft,
    links: Option<&(String, String)>,
    (store, now): (String, Timestamp),
) -> Result<DueTouch, Settlement> {
    let Draft { asked, template, language, to, digest, done, rewards, target } = draft;
    if target.is_some() && links.is_none() {
        // No link is made for an account that is closed.
        return Err(Settlement::Suppressed(Reason::Erased));
    }
    let has_target = target.as_ref().is_some_and(|target| !target.is_empty());
    let today = Today::at(now, opened.zone());
    let mut variables = variables(&asked, done, store, (now, today));
    variables.rewards = rewards;
    variables.link = links.filter(|_| has_target).map(|(link, _)| link.clone());
    variables.unsubscribe = links.map(|(_, unsubscribe)| unsubscribe.clone());
    let unsubscribe_link =
        variables.unsubscribe.clone().filter(|_| template.purpose == Purpose::Marketing);
    let rendered = render(&template, channel, language, &variables)
        .map_err(|fault| Settlement::Failed(format!("the template: {fault}")))?;
    Ok(DueTouch {
        touch_no: asked.no,
        member_no: asked.member_no,
        digest,
        deadline: asked.touch.deadline_at,
        message: Message {
            to,
            title: rendered.title,
            text: rendered.text,
            vendor_template_id: rendered.vendor_template_id,
            parameters: rendered.parameters,
            link: rendered.link,
            unsubscribe_link,
            ..Message::default()
        },
    })
}

/// What a text may name of the member and the occasion.
fn variables(
    asked: &Asked,
    done: Done,
    store: String,
    (now, today): (Timestamp, Today),
) -> Variables {
    let facts = &asked.facts;
    let day = asked.day;
    let (mut points, mut coupon) = (None, done.coupon);
    match &asked.touch.key.cycle {
        Cycle::End(_) => {
            let ends = facts.ends.iter().find(|(end, _)| Some(*end) == day);
            points = ends.map(|(_, points)| *points);
        }
        Cycle::Coupon(code) => coupon = coupon.or_else(|| Some(code.clone())),
        Cycle::Entry(id) => {
            points = asked.occasions.iter().find_map(|occasion| match &occasion.what {
                Happening::Entry { id: of, points, .. } if of == id => {
                    Some(points.saturating_abs())
                }
                _ => None,
            });
        }
        Cycle::Tier(_) | Cycle::Day(_) | Cycle::Date { .. } | Cycle::Set(_) => {}
    }
    Variables {
        name: asked.attributes.get("name").cloned().unwrap_or_default(),
        points,
        expires_on: day,
        days_left: day.map(|day| i64::from(day) - i64::from(today.day)),
        balance: facts.balance(today).saturating_add(done.points),
        tier: facts.tier_at(now).unwrap_or_default().to_owned(),
        rewards: Vec::new(),
        coupon: coupon.map(|code| Coupon { code }),
        // It is sent for a moment's wish, and not by a strategy.
        code: None,
        store,
        link: None,
        unsubscribe: None,
    }
}
