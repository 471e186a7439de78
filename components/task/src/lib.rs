//! Tasks: what people are asked to do about members, and about accounts at vendors. The first
//! request that closes a task has closed it.

use std::collections::BTreeMap;

use channels::in_chinese;
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, TaskAssignBody, TaskOutcomeBody, authenticate,
    authenticated_body, named_person, noted, now, once, parse_json, parse_optional_json, reach,
    read_member, scoped,
};
use store::{
    Caller, ShownTask, Spin, TaskAsked, TaskClosing, TaskOrder, assign_task, close_task,
    ledger_members, shown_tasks, task_numbers,
};

/// Tasks read at a time.
const READ: i64 = 500;
/// Tasks looked at for one page, at most; the page may then be short, and the next one goes on.
const MAX_SCANNED: usize = 10_000;

shell::component! { shell::api::task::ROUTES {
    "GET /v1/tasks" => list(),
    "GET /v1/tasks/{id}" => show(id),
    "POST /v1/tasks/{id}/done" => done(id),
    "POST /v1/tasks/{id}/dismiss" => dismiss(id),
    "POST /v1/tasks/{id}/assign" => assign(id),
} }

/// Where a list begins, and which way it goes.
fn begins(
    page: &Page,
    (after, member): (Option<i64>, Option<i64>),
    state: Option<&str>,
) -> Result<TaskOrder, Problem> {
    Ok(match (after, member) {
        (Some(_), Some(_)) => {
            return Err(FieldError::new("?after", "does not go with member_id").into());
        }
        (Some(after), None) => TaskOrder::Above(page.number(after)?),
        (None, Some(member)) => TaskOrder::OfMember(page.number(i64::MAX)?, member),
        (None, None) if state == Some("open") => TaskOrder::OpenBelow(page.number(i64::MAX)?),
        (None, None) => TaskOrder::Below(page.number(i64::MAX)?),
    })
}

/// The same order from a number on.
fn from(order: TaskOrder, no: i64) -> TaskOrder {
    match order {
        TaskOrder::Below(_) => TaskOrder::Below(no),
        TaskOrder::OpenBelow(_) => TaskOrder::OpenBelow(no),
        TaskOrder::OfMember(_, member) => TaskOrder::OfMember(no, member),
        TaskOrder::Above(_) => TaskOrder::Above(no),
    }
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let state = request.query("state");
    if state.is_some_and(|state| !["open", "done", "dismissed"].contains(&state)) {
        return Err(FieldError::new("?state", "must be open, done or dismissed").into());
    }
    let after = request.query("after").map(|text| {
        let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
        number.ok_or_else(|| FieldError::new("?after", "must be the id of a task, or 0"))
    });
    let after = after.transpose()?;
    let is_mine = request.flag("mine")?;
    let stores = caller.stores.as_deref();
    // An admin may do everything, so every task is for an admin.
    let mine = (is_mine && caller.role != "admin")
        .then(|| (caller.person.as_deref().unwrap_or_default(), caller.role.as_str(), stores));
    let asked = TaskAsked {
        state,
        strategy: request.query("strategy"),
        store: request.query("store_id"),
        stores,
        mine,
    };
    let member = match request.query("member_id") {
        Some(name) => Some(read_member(app, request, &caller, name).await?.no),
        None => None,
    };
    let mut order = begins(&page, (after, member), state)?;
    let (reach, no) = (reach().await?, caller.programme.no);
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let (mut found, mut scanned): (Vec<ShownTask>, usize) = (Vec::new(), 0);
    let next = loop {
        let numbers = task_numbers(reach.as_ref(), no, order, READ).await?;
        let is_last = i64::try_from(numbers.len()).is_ok_and(|count| count < READ);
        scanned += numbers.len();
        let fitting = shown_tasks(reach.as_ref(), no, &numbers, &asked).await?;
        let is_more = found.len() + fitting.len() > limit;
        found.extend(fitting.into_iter().take(limit - found.len()));
        if is_more || (found.len() == limit && !is_last) {
            break found.last().map(|task| task.no);
        }
        let Some(last) = numbers.last().filter(|_| !is_last) else { break None };
        if scanned >= MAX_SCANNED {
            break Some(*last);
        }
        order = from(order, *last);
    };
    let items = shown(app, &caller, &found).await?;
    Ok(Reply::json(200, &Page::body(items, next.map(|no| no.to_string()))))
}

async fn show(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let task = find(reach().await?.as_ref(), &caller, id).await?;
    let shown = shown(app, &caller, std::slice::from_ref(&task)).await?;
    Ok(Reply::json(200, &shown.into_iter().next().ok_or(Problem::ResourceNotFound)?))
}

/// A task that the caller may see.
async fn find(reach: &Spin, caller: &Caller, id: &str) -> Result<ShownTask, Problem> {
    let number: i64 = id.parse().map_err(|_| Problem::ResourceNotFound)?;
    let asked = TaskAsked { stores: caller.stores.as_deref(), ..TaskAsked::default() };
    let found = shown_tasks(reach, caller.programme.no, &[number], &asked).await?;
    found.into_iter().next().ok_or(Problem::ResourceNotFound)
}

async fn done(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    close(app, request, id, ("done", "task_done")).await
}

async fn dismiss(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    close(app, request, id, ("dismissed", "task_dismissed")).await
}

async fn close(
    app: &App,
    request: &Request,
    id: &str,
    (state, action): (&str, &str),
) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: TaskOutcomeBody = parse_optional_json(text)?;
    body.check()?;
    let own_key = scoped(&caller, &key);
    let act = async || {
        let reach = reach().await?;
        let task = find(&reach, &caller, id).await?;
        let no = caller.programme.no;
        if task.state == "open" {
            noted(app, request, &caller, (action, id), None).await?;
            let (note, by) = (body.note.as_deref(), caller.name());
            let closing = TaskClosing { state, note, by, key: &own_key };
            if close_task(reach.as_ref(), no, task.no, &closing, now()).await? {
                return Ok(answer(id, state));
            }
        }
        // The first one may be this request, which was lost before its answer was kept.
        let task = find(&reach, &caller, id).await?;
        if task.closed_key.as_ref() == Some(&own_key) && task.state == state {
            return Ok(answer(id, state));
        }
        Err(Problem::TaskClosed(task.state))
    };
    once(app, &key, &caller, action, &(id, &body), act).await
}

async fn assign(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: TaskAssignBody = parse_json(text)?;
    let (to, name) = body.asked()?;
    let act = async || {
        // Lists compare the spelling that the programme keeps.
        let person = match to {
            "person" => Some(
                named_person(app, &caller, ("/name", name))
                    .await?
                    .ok_or_else(|| FieldError::new("/name", "is no person of this programme"))?,
            ),
            _ => None,
        };
        let to = (to, person.as_deref().unwrap_or(name));
        let reach = reach().await?;
        let task = find(&reach, &caller, id).await?;
        if to.0 == "store" && task.member_no.is_none() {
            return Err(FieldError::new("/to", "is about no member, so no store is asked").into());
        }
        if task.state == "open" {
            let with = json!({"to": to.0, "name": body.name.as_ref().map(|_| to.1)});
            noted(app, request, &caller, ("task_assigned", id), Some(with)).await?;
            if assign_task(reach.as_ref(), caller.programme.no, task.no, to).await? {
                return Ok(answer(id, "open"));
            }
        }
        let task = find(&reach, &caller, id).await?;
        Err(Problem::TaskClosed(task.state))
    };
    once(app, &key, &caller, "task-assign", &(id, &body), act).await
}

/// Answers are kept for repeated requests, so they say nothing that has to be erased.
fn answer(id: &str, state: &str) -> Reply {
    Reply::json(200, &json!({"task_id": id, "state": state}))
}

async fn shown(app: &App, caller: &Caller, tasks: &[ShownTask]) -> Result<Vec<Json>, Problem> {
    let members: Vec<i64> = tasks.iter().filter_map(|task| task.member_no).collect();
    let told = ledger_members(&app.sql, caller.programme.no, &members).await?;
    let ids: BTreeMap<i64, &str> = told.iter().map(|(no, of)| (*no, of.id.as_str())).collect();
    Ok(tasks.iter().map(|task| of(task, &ids)).collect())
}

fn of(task: &ShownTask, ids: &BTreeMap<i64, &str>) -> Json {
    let is_of_channel = task.account_no.is_some();
    let (kind, name) = (&task.to.0, Some(&task.to.1).filter(|name| !name.is_empty()));
    let closed = task.closed.as_ref();
    json!({
        "task_id": task.no.to_string(),
        "state": task.state,
        "member_id": task.member_no.and_then(|no| ids.get(&no)),
        "store_id": task.home_store,
        "strategy": (!is_of_channel).then_some(&task.source),
        "touch_id": task.touch_no.map(|no| no.to_string()),
        "channel_id": is_of_channel.then_some(&task.source),
        "to": kind,
        "name": name,
        "title": task.title,
        "text": if is_of_channel { in_both(&task.text) } else { task.text.clone() },
        "made_at": task.made_at.to_string(),
        "due_at": task.due_at.to_string(),
        "note": task.note,
        "closed_at": closed.map(|(at, _)| at.to_string()),
        "closed_by": closed.map(|(_, by)| by),
    })
}

/// A vendor's reason in both languages.
fn in_both(text: &Json) -> Json {
    let english = text.get("en").and_then(Json::as_str).unwrap_or_default();
    match in_chinese(english) {
        Some(chinese) => json!({"zh-CN": chinese, "en": english}),
        None => json!({"en": english}),
    }
}
