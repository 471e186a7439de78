//! The registry of stores.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use store::Store;

use super::import::day;
use super::roles::{ADMIN, PEOPLE};
use crate::auth::Role;
use crate::check::Check;
use crate::problem::{FieldError, Problem};
use crate::route::{KIB, Route};

/// Max parts of a region.
const MAX_PARTS: usize = 4;

/// The departments that look at all stores.
const OFFICES: &[Role] = &[Role::Marketing, Role::Finance];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/stores", "The registry of stores", PEOPLE)
        .asks(&[("region", "string"), ("limit", "integer"), ("cursor", "string")])
        .for_stores(),
    Route::read("/v1/stores/{id}", "A store", PEOPLE).for_stores(),
    Route::write("/v1/stores/{id}", "Register a store, or change what is told about it", ADMIN)
        .by("PUT")
        .takes("StoreBody", 16 * KIB)
        .answers(&[200, 201], "Object"),
    Route::write("/v1/stores/{id}", "Take a store out of the registry", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::list("/v1/unassigned-stores", "Stores that entries name and nobody registered", OFFICES),
];

/// What is told about a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StoreBody {
    /// Its name, for people.
    pub name: String,
    /// Where it lies: up to four parts with slashes between, the widest first, such as
    /// `east/shanghai`.
    pub region: String,
    /// The department that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The id of the person who manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<String>,
    /// The local day of its opening, such as 2026-03-01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_on: Option<String>,
    /// Its last local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<String>,
}

impl StoreBody {
    /// The store of that id.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn store(&self, id: &str) -> Result<Store, Problem> {
        let mut check = Check::default();
        check.text("store_id", Some(id), 64);
        check.text("/name", Some(&self.name), 100);
        if !is_region(&self.region) {
            check.wrong("/region", REGION);
        }
        check.text("/department", self.department.as_deref(), 100);
        check.text("/manager_id", self.manager_id.as_deref(), 100);
        let mut day_of = |text: &Option<String>, pointer| {
            text.as_deref().and_then(|text| day(text, pointer, &mut check))
        };
        let opened = day_of(&self.opened_on, "/opened_on");
        let closed = day_of(&self.closed_on, "/closed_on");
        if opened.zip(closed).is_some_and(|(opened, closed)| closed < opened) {
            check.wrong("/closed_on", "is before the day of its opening");
        }
        // One spelling of a day, so that the same again is the same.
        let spelled = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        check.done(Some(Store {
            id: id.to_owned(),
            name: self.name.clone(),
            region: self.region.clone(),
            department: self.department.clone(),
            manager: self.manager_id.clone(),
            opened_on: spelled(opened),
            closed_on: spelled(closed),
        }))
    }
}

pub(super) const REGION: &str = "must have 1 to 4 parts with slashes between, each of 1 to 40 characters without spaces at its ends and control characters";

/// The region of a query.
///
/// # Errors
/// [`Problem::InvalidRequest`] when it has not the form of one.
pub fn region_of_query(text: Option<&str>) -> Result<Option<&str>, Problem> {
    match text {
        Some(text) if !is_region(text) => Err(FieldError::new("?region", REGION).into()),
        text => Ok(text),
    }
}

pub(super) fn is_region(text: &str) -> bool {
    let is_part = |part: &str| {
        (1..=40).contains(&part.chars().count())
            && part.trim() == part
            && !part.chars().any(char::is_control)
    };
    text.split('/').count() <= MAX_PARTS && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_paths() {
        for (text, is) in [
            ("east", true),
            ("华东/上海/浦东/世纪大道", true),
            ("a/b/c/d/e", false),
            ("", false),
            ("/east", false),
            ("east/", false),
            ("east//shanghai", false),
            ("east/ shanghai", false),
            ("east\n", false),
        ] {
            assert_eq!(is_region(text), is, "{text:?}");
        }
        assert!(is_region(&"x".repeat(40)) && !is_region(&"x".repeat(41)));
    }

    #[test]
    fn a_store_is_told_with_all_its_faults() {
        let body = StoreBody {
            name: String::new(),
            region: "/".to_owned(),
            department: Some("d".repeat(101)),
            manager_id: Some("\u{7}".to_owned()),
            opened_on: Some("2026-02-30".to_owned()),
            closed_on: Some("soon".to_owned()),
        };
        let Err(Problem::InvalidRequest(errors)) = body.store(&"s".repeat(65)) else {
            unreachable!("it is refused")
        };
        let places: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        let expected = [
            "store_id",
            "/name",
            "/region",
            "/department",
            "/manager_id",
            "/opened_on",
            "/closed_on",
        ];
        assert_eq!(places, expected);
    }
}
