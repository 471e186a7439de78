//! Cursors that hold figures: a caller gives back what it was given, and nothing of its own.

use store::Caller;

use crate::app::App;
use crate::keeping::digest;

/// Digits of the digest before the text.
const DIGITS: usize = 32;

/// A cursor for that caller's programme; `of` names what it is a cursor of.
#[must_use]
pub fn signed(app: &App, caller: &Caller, of: &str, text: &str) -> String {
    format!("{}{text}", tag(app, caller, of, text))
}

/// The text of a cursor that was [`signed`] so.
#[must_use]
pub fn verified<'a>(app: &App, caller: &Caller, of: &str, cursor: &'a str) -> Option<&'a str> {
    let (its, text) = cursor.split_at_checked(DIGITS)?;
    (its == tag(app, caller, of, text)).then_some(text)
}

fn tag(app: &App, caller: &Caller, of: &str, text: &str) -> String {
    digest(app, &format!("cursor of {of} {} {text}", caller.programme.no))
}
