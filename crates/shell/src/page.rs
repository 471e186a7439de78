//! Lists: `?limit` and an opaque `?cursor`.

use serde_json::{Value as Json, json};
use store::{Cursor, ONLY_STREAM};

use crate::answer::Reply;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Items at most, 1–200.
    pub limit: i64,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

impl Page {
    /// Reads limit (50 when absent) and cursor.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a limit outside 1–200.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        Self::within(request, 200)
    }

    /// As [`Page::of`], with another bound.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a limit outside it.
    pub fn within(request: &Request, most: i64) -> Result<Self, Problem> {
        let limit = request.query("limit");
        let limit = limit
            .map_or(Some(50), |text| text.parse().ok().filter(|limit| (1..=most).contains(limit)));
        let wrong = || {
            Problem::InvalidRequest(vec![FieldError::new("?limit", format!("must be 1 to {most}"))])
        };
        let limit = limit.ok_or_else(wrong)?;
        Ok(Self { limit, cursor: request.query("cursor").map(str::to_owned) })
    }

    /// A cursor that is a number, or `first` on the first page.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a cursor that this list never gave.
    pub fn number(&self, first: i64) -> Result<i64, Problem> {
        let read = |text: &str| text.parse().ok().filter(|number| *number >= 0);
        self.read(read).map(|number| number.unwrap_or(first))
    }

    /// A cursor that is a place among the entries; `None` on the first page.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a cursor that this list never gave.
    pub fn place(&self) -> Result<Option<Cursor>, Problem> {
        self.read(|text| Cursor::parse(text).filter(|cursor| cursor.stream == ONLY_STREAM))
    }

    fn read<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let bad = || {
            Problem::InvalidRequest(vec![FieldError::new(
                "?cursor",
                "is not one that this list gave",
            )])
        };
        self.cursor.as_deref().map(|text| read(text).ok_or_else(bad)).transpose()
    }

    /// Answers with what was found, of which one more than the page holds says that there is a
    /// next.
    #[must_use]
    pub fn reply<T>(
        &self,
        mut found: Vec<T>,
        show: impl Fn(&T) -> Json,
        cursor: impl Fn(&T) -> String,
    ) -> Reply {
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let is_more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| is_more).map(cursor);
        Reply::json(200, &Self::body(found.iter().map(show).collect(), next))
    }

    /// A list and the cursor of what follows it.
    #[must_use]
    pub fn body(items: Vec<Json>, next: Option<String>) -> Json {
        json!({"items": items, "next": next})
    }
}
