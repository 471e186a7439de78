//! What members were told, and why others were not.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::touch::{Reason, State};
use serde_json::{Map, Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, asked_day, authenticate, noted, reach,
    read_member, visible_members,
};
use store::{
    LoggedTouch, ShownTouch, TouchDelivery, TouchLink, deliveries_of_touch, ledger_members,
    links_of_touch, list_channels, logged_touches, shown_touches,
};

/// Touches read at a time.
const READ: i64 = 500;
/// Touches looked at for one page, at most; the page may then be short, and the next one goes on.
const MAX_SCANNED: usize = 10_000;
/// The same for keys that are for some stores: where each member bought is looked up besides.
const MAX_SCANNED_FOR_STORES: usize = 2_000;
/// Links of a touch that are shown.
const LINKS: i64 = 50;
/// Accounts of a programme that are read for their ids.
const ACCOUNTS: i64 = 200;
/// The last day of all.
const LAST_DAY: i32 = i32::MAX;

/// The filters of a list of touches.
struct Filters<'a> {
    strategy: Option<&'a str>,
    node: Option<i32>,
    state: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> Filters<'a> {
    fn of(request: &'a Request) -> Result<Self, Problem> {
        let state = request.query("state");
        // Any reason will do.
        let some = Some(Reason::Condition);
        if state.is_some_and(|name| State::parse(name, some).is_none()) {
            let detail = "must be due, suppressed, sending, sent, unknown or failed";
            return Err(FieldError::new("?state", detail).into());
        }
        let reason = request.query("reason");
        if reason.is_some_and(|name| Reason::parse(name).is_none()) {
            return Err(FieldError::new("?reason", "is no reason").into());
        }
        let read = |text: &str| {
            let wrong = || FieldError::new("?node", "must be a number of days, such as -7");
            text.parse().map_err(|_| Problem::from(wrong()))
        };
        let node = request.query("node").map(read).transpose()?;
        Ok(Self { strategy: request.query("strategy"), node, state, reason })
    }

    fn fits(&self, touch: &LoggedTouch) -> bool {
        self.strategy.is_none_or(|strategy| touch.strategy == strategy)
            && self.node.is_none_or(|node| touch.node == node)
            && self.state.is_none_or(|state| touch.state == state)
            && self.reason.is_none_or(|reason| touch.reason.as_deref() == Some(reason))
    }
}

pub async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let filters = Filters::of(request)?;
    let from = asked_day(request, "from")?.unwrap_or(0);
    let to = asked_day(request, "to")?.unwrap_or(LAST_DAY);
    if from > to {
        return Err(FieldError::new("?to", "must not be before from").into());
    }
    let mut before = match page.cursor.as_deref() {
        None => Some((LAST_DAY, i64::MAX)),
        Some(cursor) => {
            cursor.split_once('.').and_then(|(day, no)| Some((day.parse().ok()?, no.parse().ok()?)))
        }
    }
    .ok_or_else(|| FieldError::new("?cursor", "is not one that this list gave"))?;
    let member = match request.query("member_id") {
        Some(name) => Some(read_member(app, request, &caller, name).await?),
        None => None,
    };
    let whose = member.as_ref().map_or("all", |member| member.id.as_str());
    noted(app, request, &caller, ("touches_read", whose), None).await?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let member_no = member.map(|member| member.no);
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let most_scanned = if caller.stores.is_some() { MAX_SCANNED_FOR_STORES } else { MAX_SCANNED };
    let (mut found, mut scanned): (Vec<LoggedTouch>, usize) = (Vec::new(), 0);
    let next = loop {
        let read = logged_touches(reach.as_ref(), no, member_no, (from, to), before, READ).await?;
        let is_last = i64::try_from(read.len()).is_ok_and(|count| count < READ);
        scanned += read.len();
        let fitting = read.iter().filter(|touch| filters.fits(touch));
        let members: BTreeSet<i64> = fitting.map(|touch| touch.member_no).collect();
        let members: Vec<i64> = members.into_iter().collect();
        let visible = visible_members(app, &caller, &members).await?;
        for touch in read {
            if found.len() == limit {
                break;
            }
            before = (touch.day, touch.no);
            if filters.fits(&touch) && visible.contains(&touch.member_no) {
                found.push(touch);
            }
        }
        // The page was full before all were looked at; the rest is for the next page.
        if found.len() == limit || scanned >= most_scanned {
            break Some(format!("{}.{}", before.0, before.1));
        }
        if is_last {
            break None;
        }
    };
    let numbers: Vec<i64> = found.iter().map(|touch| touch.no).collect();
    let mut touches = shown_touches(reach.as_ref(), no, &numbers).await?;
    let members: Vec<i64> = found.iter().map(|touch| touch.member_no).collect();
    let told = ledger_members(&app.sql, no, &members).await?;
    let items = found.iter().filter_map(|of| {
        let id = told.get(&of.member_no)?.id.as_str();
        Some(Json::Object(shown(&touches.remove(&of.no)?, id)))
    });
    Ok(Reply::json(200, &Page::body(items.collect(), next)))
}

pub async fn show(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let number: i64 = id.parse().map_err(|_| Problem::ResourceNotFound)?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let mut found = shown_touches(reach.as_ref(), no, &[number]).await?;
    let touch = found.remove(&number).ok_or(Problem::ResourceNotFound)?;
    if !visible_members(app, &caller, &[touch.member_no]).await?.contains(&touch.member_no) {
        return Err(Problem::ResourceNotFound);
    }
    let told = ledger_members(&app.sql, no, &[touch.member_no]).await?;
    let member = told.get(&touch.member_no).ok_or(Problem::ResourceNotFound)?;
    noted(app, request, &caller, ("touches_read", &member.id), None).await?;
    let attempts = deliveries_of_touch(reach.as_ref(), number).await?;
    let accounts = list_channels(reach.as_ref(), no, "", ACCOUNTS).await?;
    let accounts: BTreeMap<i64, String> = accounts.into_iter().map(|of| (of.no, of.id)).collect();
    let links = links_of_touch(reach.as_ref(), no, number, LINKS).await?;
    let mut body = shown(&touch, &member.id);
    let attempts = attempts.iter().map(|of| attempt(of, accounts.get(&of.account_no)));
    body.insert("attempts".to_owned(), attempts.collect());
    body.insert("links".to_owned(), links.iter().map(link).collect());
    Ok(Reply::json(200, &Json::Object(body)))
}

fn instant(at: Option<Timestamp>) -> Json {
    at.map_or(Json::Null, |at| at.to_string().into())
}

fn shown(touch: &ShownTouch, member: &str) -> Map<String, Json> {
    let body = json!({
        "touch_id": touch.no.to_string(),
        "day": ledger::from_day_number(touch.day).to_string(),
        "member_id": member,
        "strategy": touch.strategy,
        "node": touch.node,
        "cycle": touch.cycle,
        "playbook_version": touch.playbook_version,
        "purpose": touch.purpose,
        "state": touch.state,
        "reason": touch.reason,
        "error": touch.error,
        "mode": touch.mode,
        "channels": touch.channels,
        "template": touch.template,
        "action": touch.action,
        "decided_at": touch.decided_at.to_string(),
        "due_at": touch.due_at.to_string(),
        "deadline_at": touch.deadline_at.to_string(),
        "sent_at": instant(touch.sent_at),
        "channel": touch.channel,
        "responded_at": instant(touch.responded_at),
    });
    match body {
        Json::Object(body) => body,
        _ => Map::new(),
    }
}

fn attempt(of: &TouchDelivery, account: Option<&String>) -> Json {
    json!({
        "channel": of.channel,
        "attempt": of.attempt,
        "account": account,
        "state": of.state,
        "provider_id": of.provider_id,
        "error": of.error,
        "started_at": of.started_at.to_string(),
        "settled_at": instant(of.settled_at),
    })
}

fn link(of: &TouchLink) -> Json {
    json!({
        "channel": of.channel,
        "target": Some(&of.target).filter(|target| !target.is_empty()),
        "is_trap": of.is_trap,
        "made_at": of.made_at.to_string(),
        "visits": of.visits,
        "clicks": of.clicks,
        "first_click_at": instant(of.between.map(|(first, _)| first)),
        "last_click_at": instant(of.between.map(|(_, last)| last)),
    })
}
