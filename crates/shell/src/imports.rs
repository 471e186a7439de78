//! Members who come from another system: a file becomes rows, and a row becomes the submission
//! that books it.

mod table;

use std::collections::BTreeMap;

use ledger::{MemberId, Reference, Timestamp, Totals, Zone, start_of_day};
use rules::operations::{
    MAX_ALIASES, MAX_ATTRIBUTES, Open, Opening, OpeningLot, OpeningTier, ProfileChange,
};
use rules::{Rulebook, may_be_id};
use store::Submission;

use crate::api::{ImportLotBody, ImportRowBody};
use crate::check::{Check, MAX_AMOUNT};
use crate::earning::fingerprint;
use crate::problem::{FieldError, Problem};
use crate::profile::{Names, attribute};

pub use table::{Cells, ReadImport, read_import};

/// The most lots that a member brings along.
const MAX_LOTS: usize = 1_000;
/// Characters of all tags of a member.
const MAX_TAGS_LENGTH: usize = 200;

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
            names.take(&format!("/aliases/{at}"), name, book, check);
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

fn day(text: &str, pointer: &str, check: &mut Check) -> Option<chrono::NaiveDate> {
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
