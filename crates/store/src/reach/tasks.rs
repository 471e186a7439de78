//! Tasks: what people are asked to do about members, and about accounts at vendors.

use ledger::Timestamp;
use serde_json::{Value as Json, json};

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A task that a touch asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask<'a> {
    /// The touch's number.
    pub touch_no: i64,
    /// The strategy's id.
    pub strategy: &'a str,
    /// The member's number.
    pub member_no: i64,
    /// The staff or software that is asked: `store`, `role`, `person` or `software`.
    pub to_kind: &'a str,
    /// Which role or person; else empty.
    pub to_name: &'a str,
    /// Its title in both languages.
    pub title: Json,
    /// What is to be done, in both languages.
    pub text: Json,
    /// Until when.
    pub due_at: Timestamp,
}

/// Makes a task, once for a touch; nothing where it is there, or its account is closed. Whether it
/// is new.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn make_task(
    reach: &impl Sql,
    programme_no: i64,
    task: &NewTask<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        task.touch_no.into(),
        task.strategy.into(),
        task.member_no.into(),
        task.to_kind.into(),
        task.to_name.into(),
        task.title.to_string().into(),
        task.text.to_string().into(),
        now.0.into(),
        task.due_at.0.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/task_make"), values).await?.is_empty())
}

/// Which tasks are looked at, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOrder {
    /// All below a number, the latest first.
    Below(i64),
    /// The open ones below a number, the latest first.
    OpenBelow(i64),
    /// Those of a member below a number, the latest first: number, then member.
    OfMember(i64, i64),
    /// All above a number, in order.
    Above(i64),
}

/// The numbers of tasks of a programme, at most so many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn task_numbers(
    reach: &impl Sql,
    programme_no: i64,
    order: TaskOrder,
    most: i64,
) -> Result<Vec<i64>, Error> {
    let (statement, from) = match order {
        TaskOrder::Below(no) => (statement!("queries/reach/tasks_all"), no),
        TaskOrder::OpenBelow(no) => (statement!("queries/reach/tasks_open"), no),
        TaskOrder::OfMember(no, _) => (statement!("queries/reach/tasks_member"), no),
        TaskOrder::Above(no) => (statement!("queries/reach/tasks_after"), no),
    };
    let mut values = vec![programme_no.into(), from.into(), most.into()];
    if let TaskOrder::OfMember(_, member_no) = order {
        values.push(member_no.into());
    }
    let rows = reach.query(statement, values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// What a list of tasks asks for; the default asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskAsked<'a> {
    /// In that state.
    pub state: Option<&'a str>,
    /// Of that strategy.
    pub strategy: Option<&'a str>,
    /// Of members whose home store is this one.
    pub store: Option<&'a str>,
    /// Of members whose home store is one of these.
    pub stores: Option<&'a [String]>,
    /// For that person, that role, or the staff of one of these stores, of any where there is none.
    pub mine: Option<(&'a str, &'a str, Option<&'a [String]>)>,
}

/// A task as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTask {
    /// Its number.
    pub no: i64,
    /// The touch that asked for it.
    pub touch_no: Option<i64>,
    /// The number of the account that a vendor refused, where it is about one.
    pub account_no: Option<i64>,
    /// The strategy's id; of an account the account's.
    pub source: String,
    /// The member's number.
    pub member_no: Option<i64>,
    /// The member's home store.
    pub home_store: Option<String>,
    /// The staff or software that is asked.
    pub to: (String, String),
    /// Its title in both languages.
    pub title: Json,
    /// What is to be done, in both languages.
    pub text: Json,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it is to be done.
    pub due_at: Timestamp,
    /// `open`, `done` or `dismissed`.
    pub state: String,
    /// What came of it.
    pub note: Option<String>,
    /// When it was closed, and by whom.
    pub closed: Option<(Timestamp, String)>,
    /// Which request closed it.
    pub closed_key: Option<String>,
}

/// Of tasks of a programme, by their numbers, those that are asked for, in the order of the
/// numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn shown_tasks(
    reach: &impl Sql,
    programme_no: i64,
    numbers: &[i64],
    asked: &TaskAsked<'_>,
) -> Result<Vec<ShownTask>, Error> {
    let mine = |(person, role, stores): (&str, &str, Option<&[String]>)| {
        json!({"person": person, "role": role, "stores": stores}).to_string()
    };
    let values = vec![
        programme_no.into(),
        json!(numbers).to_string().into(),
        asked.state.map(str::to_owned).into(),
        asked.strategy.map(str::to_owned).into(),
        asked.store.map(str::to_owned).into(),
        asked.stores.map(|stores| json!(stores).to_string()).into(),
        asked.mine.map(mine).into(),
    ];
    let read = |mut row: Row| {
        let json = |text: String| serde_json::from_str(&text).map_err(|_| Error::Corrupt("task"));
        let closed_at = row.optional_integer(14)?.map(Timestamp);
        let closed_by = row.optional_text(15)?.unwrap_or_default();
        Ok(ShownTask {
            no: row.integer(0)?,
            touch_no: row.optional_integer(1)?,
            account_no: row.optional_integer(2)?,
            source: row.text(3)?,
            member_no: row.optional_integer(4)?,
            home_store: row.optional_text(5)?,
            to: (row.text(6)?, row.text(7)?),
            title: json(row.text(8)?)?,
            text: json(row.text(9)?)?,
            made_at: Timestamp(row.integer(10)?),
            due_at: Timestamp(row.integer(11)?),
            state: row.text(12)?,
            note: row.optional_text(13)?,
            closed: closed_at.map(|at| (at, closed_by)),
            closed_key: row.optional_text(16)?,
        })
    };
    let rows = reach.query(statement!("queries/reach/tasks_shown"), values).await?;
    rows.into_iter().map(read).collect()
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskClosing<'a> {
    /// `done` or `dismissed`.
    pub state: &'a str,
    /// What came of it.
    pub note: Option<&'a str>,
    /// The caller that says so.
    pub by: &'a str,
    /// The key of the request.
    pub key: &'a str,
}

/// Closes an open task. Whether it was open.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn close_task(
    reach: &impl Sql,
    programme_no: i64,
    no: i64,
    closing: &TaskClosing<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        no.into(),
        closing.state.into(),
        closing.note.map(str::to_owned).into(),
        now.0.into(),
        closing.by.into(),
        closing.key.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/task_close"), values).await?.is_empty())
}

/// Gives an open task to somebody else. Whether it was open.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn assign_task(
    reach: &impl Sql,
    programme_no: i64,
    no: i64,
    (kind, name): (&str, &str),
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), no.into(), kind.into(), name.into()];
    Ok(!reach.query(statement!("queries/reach/task_assign"), values).await?.is_empty())
}

/// An account sends again, or is about to be removed: nobody has to see to it any more.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn channel_tasks_done(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
    (now, by): (Timestamp, &str),
) -> Result<(), Error> {
    let values = vec![programme_no.into(), id.into(), now.0.into(), by.into()];
    reach.query(statement!("queries/reach/task_account_done"), values).await.map(drop)
}

/// Forgets tasks of before an instant, at most so many. How many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_tasks(reach: &impl Sql, before: Timestamp, most: i64) -> Result<usize, Error> {
    let values = vec![before.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/tasks_forget"), values).await?.len())
}
