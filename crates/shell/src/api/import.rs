//! Members of another system.

mod table;

use std::collections::BTreeMap;

use ledger::{MemberId, Reference, Timestamp, Totals, Zone, start_of_day};
use rules::operations::{
    MAX_ALIASES, MAX_ATTRIBUTES, Open, Opening, OpeningLot, OpeningTier, ProfileChange,
};
use rules::{Rulebook, may_be_id};
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::fingerprint;
use super::member::{Names, attribute};
use super::roles::APPROVERS;
use crate::auth::Role;
use crate::check::{Check, MAX_AMOUNT};
use crate::json::{object, objects};
use crate::problem::{FieldError, Problem};
use crate::route::{KIB, Route};

pub use table::{Cells, ReadImport, read_import};

const IMPORTERS: &[Role] = &[Role::Service, Role::Marketing];

const IMPORT_READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];

const BOOKERS: &[Role] =
    &[Role::Service, Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/imports", "Imports, newest first", IMPORT_READERS),
    Route::write(
        "/v1/imports",
        "Stage a file of members from another system: a table, or ImportRowBody a line",
        IMPORTERS,
    )
    .takes("ImportRowBody", 2048 * KIB)
    .asks(&[("dry_run", "boolean"), ("date_order", "string")])
    .answers(&[200, 201], "Object"),
    Route::read("/v1/imports/{id}", "An import, its report and how far it is", IMPORT_READERS),
    Route::list("/v1/imports/{id}/refused", "Rows of an import that were refused", IMPORT_READERS),
    Route::write("/v1/imports/{id}/approve", "Approve of an import", APPROVERS)
        .takes("ReasonBody", 8 * KIB)
        .or_none(),
    Route::write("/v1/imports/{id}/reject", "Turn an import down", APPROVERS)
        .takes("ReasonBody", 8 * KIB)
        .or_none(),
    Route::write("/v1/imports/{id}/withdraw", "Take one's own import back", IMPORTERS)
        .takes("ReasonBody", 8 * KIB)
        .or_none(),
    Route::write("/v1/imports/{id}/continue", "Book the next rows of an import", BOOKERS)
        .without_key(),
];

/// The most lots that a member brings along.
const MAX_LOTS: usize = 1_000;

/// Characters of all tags of a member.
const MAX_TAGS_LENGTH: usize = 200;

/// A member of an import: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportRowBody {
    /// The member.
    pub member_id: String,
    /// Its points, lot by lot; at most 1,000.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<ImportLotBody>,
    /// Points that it owes, not negative.
    #[serde(default, skip_serializing_if = "is_default")]
    pub debt: i64,
    /// The tier that it has, by its name in the rulebook; capital and small letters are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The last local day of the tier; without it as long as if it were reached now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_through: Option<String>,
    /// What counts towards tiers in the running period.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "is_default")]
    pub totals: ImportTotalsBody,
    /// What is told about the member; other attributes that it has stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Tags, kept as the attribute `tags` with commas between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Other names, each with its kind in front, such as `phone:+8613800000001`; names of other
    /// kinds stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// Points that a member brings along.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportLotBody {
    /// How many, at least 1.
    pub points: i64,
    /// The local day on which they were earned; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned_on: Option<String>,
    /// The last local day on which they can be spent; they never end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<String>,
}

/// What counts towards tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportTotalsBody {
    /// Money spent, in minor units of the programme's currency.
    #[serde(default)]
    pub spend_minor: i64,
    /// Growth.
    #[serde(default)]
    pub growth: i64,
    /// Orders.
    #[serde(default)]
    pub orders: i64,
}

impl ImportRowBody {
    /// Checks the values and makes a submission of it, which is done once under `key`; `import`
    /// names the file in the member's history.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        import: &str,
        key: &str,
        actor: &str,
        book: &Rulebook,
        now: Timestamp,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        if !may_be_id(book, &self.member_id) || self.member_id.starts_with('~') {
            check.wrong("/member_id", "is no id that a member can have here");
        }
        if self.lots.len() > MAX_LOTS {
            check.wrong("/lots", "must be 1000 at most");
        }
        let lots = self.lots.iter().take(MAX_LOTS).enumerate();
        let lots =
            lots.filter_map(|(at, lot)| lot_of(at, lot, (book.zone(), now), &mut check)).collect();
        if !(0..=MAX_AMOUNT).contains(&self.debt) {
            check.wrong("/debt", "must be 0 to 1000000000000000");
        }
        let tier = self.tier_of(book, now, &mut check);
        let totals = Totals {
            spend_minor: self.totals.spend_minor,
            growth: self.totals.growth,
            orders: self.totals.orders,
        };
        for (name, total) in [
            ("spend_minor", totals.spend_minor),
            ("growth", totals.growth),
            ("orders", totals.orders),
        ] {
            if !(0..=MAX_AMOUNT).contains(&total) {
                check.wrong(format!("/totals/{name}"), "must be 0 to 1000000000000000");
            }
        }
        let profile = self.profile(book, &mut check);
        let opening = Opening { lots, debt: self.debt, tier, totals, profile };
        let mut origin = check.origin(actor, None, None, None, None);
        origin.reference = Reference::new(format!("import:{import}")).ok();
        let submission = member.map(|member| {
            Submission::new(member, Open(opening), origin).under_key(
                "import",
                key,
                fingerprint(self),
            )
        });
        check.done(submission)
    }

    fn tier_of(&self, book: &Rulebook, now: Timestamp, check: &mut Check) -> Option<OpeningTier> {
        let until = self
            .tier_through
            .as_deref()
            .and_then(|day| end_of(day, book.zone(), "/tier_through", check));
        if until.is_some_and(|until| until <= now) {
            check.wrong("/tier_through", "is over");
        }
        let Some(named) = &self.tier else {
            if self.tier_through.is_some() {
                check.wrong("/tier", "is missing, though its last day is told");
            }
            return None;
        };
        let level = book
            .levels()
            .iter()
            .find(|level| level.id.to_lowercase() == named.trim().to_lowercase());
        if level.is_none() {
            check.wrong("/tier", "the rulebook has no tier of that name");
        }
        level.map(|level| OpeningTier { id: level.id.clone(), until })
    }

    fn profile(&self, book: &Rulebook, check: &mut Check) -> ProfileChange {
        let mut attributes: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (name, value) in &self.attributes {
            attribute(name, Some(value), check);
            attributes.insert(name.clone(), Some(value.clone()));
        }
        if !self.tags.is_empty() {
            let tags = self.tags.join(",");
            if self.tags.iter().any(|tag| tag.is_empty() || tag.contains(','))
                || tags.chars().count() > MAX_TAGS_LENGTH
            {
                check.wrong("/tags", "must have no commas, and 200 characters in all at most");
            }
            attributes.insert("tags".to_owned(), Some(tags));
        }
        if attributes.len() > MAX_ATTRIBUTES {
            check.wrong("/attributes", "must be 50 at most, tags included");
        }
        if self.aliases.len() > MAX_ALIASES {
            check.wrong("/aliases", "must be 20 at most");
        }
        let mut names = Names::default();
        for (at, name) in self.aliases.iter().take(MAX_ALIASES).enumerate() {
            names.add(&format!("/aliases/{at}"), name, book, check);
        }
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in names.into_all() {
            let kind = name.split(':').next().unwrap_or_default().to_owned();
            aliases.entry(kind).or_default().push(name);
        }
        ProfileChange { if_match: None, attributes, aliases }
    }

    /// The names that no other member of the file may have, as they are kept.
    #[must_use]
    pub fn names(&self, book: &Rulebook) -> Vec<String> {
        let spelt =
            self.aliases.iter().filter_map(|name| rules::normalised(name, book.country_code()));
        spelt.collect()
    }
}

fn lot_of(
    at: usize,
    lot: &ImportLotBody,
    (zone, now): (Zone, Timestamp),
    check: &mut Check,
) -> Option<OpeningLot> {
    if !(1..=MAX_AMOUNT).contains(&lot.points) {
        check.wrong(format!("/lots/{at}/points"), "must be 1 to 1000000000000000");
    }
    let pointer = format!("/lots/{at}/earned_on");
    let earned_at = lot.earned_on.as_deref().and_then(|text| day(text, &pointer, check));
    let earned_at = earned_at.map(|day| start_of_day(day, zone));
    if earned_at.is_some_and(|earned_at| earned_at > now) {
        check.wrong(pointer, "lies in the future");
    }
    let pointer = format!("/lots/{at}/valid_through");
    let expires_at =
        lot.valid_through.as_deref().and_then(|text| end_of(text, zone, &pointer, check));
    if expires_at.is_some_and(|end| end <= now) {
        check.wrong(pointer, "is over: these points have ended");
    } else if expires_at.zip(earned_at).is_some_and(|(end, earned)| end <= earned) {
        check.wrong(pointer, "is before the day on which they were earned");
    }
    Some(OpeningLot { points: lot.points, earned_at, expires_at })
}

pub(super) fn day(text: &str, pointer: &str, check: &mut Check) -> Option<chrono::NaiveDate> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let day = day.filter(|day| (1900..=9999).contains(&chrono::Datelike::year(day)));
    if day.is_none() {
        check.wrong(pointer, "must be a day such as 2026-12-31");
    }
    day
}

/// The first instant after the last local day.
pub(crate) fn end_of(
    text: &str,
    zone: Zone,
    pointer: &str,
    check: &mut Check,
) -> Option<Timestamp> {
    let last = day(text, pointer, check)?;
    // What many systems write for never.
    if chrono::Datelike::year(&last) == 9999 {
        return None;
    }
    Some(start_of_day(last.succ_opt()?, zone))
}

/// What is wrong with a file as a whole.
pub(crate) fn of_file(detail: impl Into<String>) -> Problem {
    Problem::InvalidRequest(vec![FieldError::new("", detail)])
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
