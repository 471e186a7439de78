//! Checks of the values in a body. Each names its place, and all that are wrong are told at once.

use ledger::{IdError, Origin, Reference};

use crate::problem::{FieldError, Problem};

/// The most one line or redemption may be about: far beyond any till, far below what sums can hold.
pub(crate) const MAX_AMOUNT: i64 = 1_000_000_000_000_000;

/// What is wrong with a cell that a spreadsheet has cut.
pub(crate) const DIGITS_LOST: &str =
    "is in scientific notation: its digits are lost; format the column as text and fill it anew";

/// Collects every value that is wrong.
#[derive(Default)]
pub(crate) struct Check(Vec<FieldError>);

impl Check {
    pub(crate) fn wrong(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, detail));
    }

    pub(crate) fn id<T>(&mut self, pointer: &str, id: Result<T, IdError>) -> Option<T> {
        id.map_err(|error| self.wrong(pointer, error.to_string())).ok()
    }

    pub(crate) fn reference(&mut self, text: Option<&str>) -> Option<Reference> {
        text.and_then(|text| self.id("/reference", Reference::new(text)))
    }

    /// The merchant's document, and the source by which it is recorded once.
    pub(crate) fn document(
        &mut self,
        operation: &str,
        text: Option<&str>,
    ) -> (Option<Reference>, Option<String>) {
        let reference = self.reference(text);
        let source =
            reference.as_ref().map(|reference| store::source(operation, reference.as_str()));
        (reference, source)
    }

    pub(crate) fn text(&mut self, pointer: &str, text: Option<&str>, most: usize) {
        let Some(text) = text else { return };
        let length = text.chars().count();
        if length == 0 || length > most || text.chars().any(char::is_control) {
            self.wrong(
                pointer,
                format!("must have 1 to {most} characters and no control characters"),
            );
        }
    }

    /// The caller and the place of a command. The fields are those that every command has.
    pub(crate) fn origin(
        &mut self,
        actor: &str,
        reference: Option<Reference>,
        reason: Option<&String>,
        channel: Option<&String>,
        store: Option<&String>,
    ) -> Origin {
        self.text("/reason", reason.map(String::as_str), 500);
        self.text("/channel", channel.map(String::as_str), 64);
        self.text("/store_id", store.map(String::as_str), 64);
        Origin {
            actor: actor.to_owned(),
            channel: channel.cloned(),
            store: store.cloned(),
            reference,
            reason: reason.cloned(),
        }
    }

    /// How many points are meant.
    pub(crate) fn points(&mut self, points: i64) {
        if !(1..=MAX_AMOUNT).contains(&points) {
            self.wrong("/points", "must be 1 to 1000000000000000");
        }
    }

    pub(crate) fn done<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::InvalidRequest(self.0)),
        }
    }
}
