//! Members, their profiles and their levels.

use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::{MemberId, Origin, Timestamp};
use rules::operations::{Change, Enrol, MAX_ALIASES, MAX_ATTRIBUTES, ProfileChange, SetLevel};
use rules::{COPIED_TAGS, Operation, Rulebook, normalised};
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::fingerprint;
use super::import::end_of;
use super::roles::{READERS, STAFF};
use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{PAGE, Route};

const SETTERS: &[Role] = &[Role::DepartmentHead, Role::VicePresident];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/members/{id}", "Balance by the clock, tier and projection", READERS)
        .for_stores(),
    Route::command(
        "/v1/members/{id}",
        "Change the attributes and names that are named",
        STAFF,
        "MemberPatchBody",
    )
    .by("PATCH")
    .if_match(),
    Route::command(
        "/v1/members/{id}",
        "Register a member or replace its attributes",
        STAFF,
        "MemberBody",
    )
    .by("PUT")
    .if_match(),
    Route::command(
        "/v1/members/{id}/tier",
        "Set a level by hand, with its end",
        SETTERS,
        "TierBody",
    )
    .by("PUT")
    .for_all_stores(),
    Route::list("/v1/members/{id}/entries", "A member's history, newest first", READERS)
        .for_stores(),
    Route::read(
        "/v1/members/{id}/lots",
        "Open lots in the order they will be spent, and what they add up to, read at one instant",
        READERS,
    )
    .asks(PAGE)
    .answers(&[200], "LotsPage")
    .for_stores(),
    Route::read("/v1/members/{id}/coupons", "Coupons that can be used", READERS)
        .answers(&[200], "Page")
        .for_stores(),
    Route::read(
        "/v1/members/{id}/export",
        "Everything that the books keep of a person",
        &[Role::Service],
    )
    .asks(&[("cursor", "string")]),
];

/// What a merchant tells about a member. Replaces what was told before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberBody {
    /// Up to 50 names with texts of up to 200 characters.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Other names the member is known by, each with its kind in front, such as
    /// `phone:+8613800000000`; those there are stay when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<String>>,
}

/// What changes of what is told about a member; what is not named stays (a JSON merge patch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberPatchBody {
    /// Attributes by name, as in [`MemberBody::attributes`]; null takes one away.
    #[serde(default)]
    pub attributes: BTreeMap<String, Option<String>>,
    /// Other names by their kind, without it: `{"phone": ["+8613800000000"], "card": null}`. All of
    /// a kind are replaced; null takes them away.
    #[serde(default)]
    pub aliases: BTreeMap<String, Option<Vec<String>>>,
}

/// What a change must find, and how names are spelt.
pub struct ProfileTerms<'a> {
    /// Tags of `If-Match`, one of which must hold; any does when there are none.
    pub if_match: Option<Vec<String>>,
    /// The published rulebook.
    pub book: &'a Rulebook,
}

/// Other names of a member, each with its kind in front. Old ids of members that became part of it
/// stay anyway.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

/// A level set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierBody {
    /// The level, by its name in the rulebook.
    pub tier: String,
    /// The last local day on which it is kept; without it as long as if it were reached now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl ProfileTerms<'_> {
    /// A list without tags asks only that the member is there.
    fn tags(&self) -> Option<Vec<String>> {
        self.if_match.clone().filter(|tags| !tags.is_empty())
    }
}

impl MemberBody {
    /// Checks the values and makes a submission of it for the member of the path.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        member: &str,
        terms: &ProfileTerms<'_>,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        if self.attributes.len() > MAX_ATTRIBUTES {
            check.wrong("/attributes", "must be 50 at most");
        }
        for (name, value) in &self.attributes {
            attribute(name, Some(value), &mut check);
        }
        let attributes = serde_json::to_string(&self.attributes).ok();
        let aliases = self.aliases.as_ref().map(|aliases| {
            if aliases.len() > MAX_ALIASES {
                check.wrong("/aliases", "must be 20 at most");
            }
            let mut all = Names::default();
            for (index, name) in aliases.iter().take(MAX_ALIASES).enumerate() {
                all.add(&format!("/aliases/{index}"), name, terms.book, &mut check);
            }
            all.0
        });
        let operation: Rc<dyn Operation> = match &terms.if_match {
            None => Rc::new(Enrol),
            Some(_) => Rc::new(Change(ProfileChange {
                if_match: terms.tags(),
                ..ProfileChange::default()
            })),
        };
        let fingerprint = match &terms.if_match {
            None => fingerprint(&(member, self)),
            Some(tags) => fingerprint(&(member, self, tags)),
        };
        let submission = member_id.map(|member| Submission {
            aliases,
            ..told(member, operation, (key, fingerprint), actor)
        });
        check.done(submission.map(|submission| Submission { attributes, ..submission }))
    }
}

impl MemberPatchBody {
    /// Checks the values and makes a submission of it for the member of the path.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        member: &str,
        terms: &ProfileTerms<'_>,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        if self.attributes.is_empty() && self.aliases.is_empty() {
            check.wrong("", "must change something: attributes or aliases");
        }
        for (name, value) in &self.attributes {
            attribute(name, value.as_deref(), &mut check);
        }
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (kind, values) in &self.aliases {
            let mut all = Names::default();
            for (index, value) in values.iter().flatten().take(MAX_ALIASES + 1).enumerate() {
                let at = format!("/aliases/{}/{index}", escaped(kind));
                all.add(&at, &format!("{kind}:{value}"), terms.book, &mut check);
            }
            if all.0.is_empty() && !is_kind(kind) {
                check.wrong(format!("/aliases/{}", escaped(kind)), "must be 1 to 20 of a–z _");
            }
            aliases.insert(kind.clone(), all.0);
        }
        let change =
            ProfileChange { if_match: terms.tags(), attributes: self.attributes.clone(), aliases };
        let fingerprint = fingerprint(&("patch", member, self, &terms.if_match));
        check.done(
            member_id
                .map(|member| told(member, Rc::new(Change(change)), (key, fingerprint), actor)),
        )
    }
}

impl Names {
    pub(crate) fn into_all(self) -> Vec<String> {
        self.0
    }

    pub(crate) fn add(&mut self, at: &str, name: &str, book: &Rulebook, check: &mut Check) {
        let (kind, value) = name.split_once(':').unwrap_or((name, ""));
        if !is_kind(kind) || value.is_empty() || MemberId::new(format!("~{name}")).is_err() {
            check.wrong(
                at,
                "must be a kind (1 to 20 of a–z _), a colon, and A–Z a–z 0–9 . _ : @ + = -, 63 characters at most",
            );
            return;
        }
        let Some(name) = normalised(name, book.country_code()) else {
            check.wrong(at, format!("is no {kind} that anybody has"));
            return;
        };
        if self.0.contains(&name) {
            check.wrong(at, "is named before");
        }
        if kind != "id" {
            self.0.push(name);
        }
    }
}

/// The submission that puts a member on a level by hand.
///
/// # Errors
/// [`Problem::InvalidRequest`] with every place that is wrong.
pub fn level_submission(
    body: &TierBody,
    id: &str,
    (key, actor): (&str, &str),
    book: &Rulebook,
    now: Timestamp,
) -> Result<Submission, Problem> {
    let mut check = Check::default();
    let member = check.id("member_id", MemberId::new(id));
    check.text("/tier", Some(&body.tier), 40);
    let until =
        body.through.as_deref().and_then(|day| end_of(day, book.zone(), "/through", &mut check));
    if until.is_some_and(|until| until <= now) {
        check.wrong("/through", "is over");
    }
    let origin = check.origin(actor, None, Some(&body.reason), None, None);
    let submission = member.map(|member| {
        Submission::new(member, SetLevel { tier: body.tier.clone(), until }, origin).under_key(
            "tier",
            key,
            fingerprint(&(id, body)),
        )
    });
    check.done(submission)
}

fn told(
    member: MemberId,
    operation: Rc<dyn Operation>,
    (key, fingerprint): (&str, String),
    actor: &str,
) -> Submission {
    Submission::of(member, operation, Origin { actor: actor.to_owned(), ..Origin::default() })
        .under_key("member", key, fingerprint)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(crate) fn attribute(name: &str, value: Option<&str>, check: &mut Check) {
    let at = format!("/attributes/{}", escaped(name));
    check.text(&at, Some(name), 64);
    check.text(&at, value, 200);
    if name == COPIED_TAGS {
        check.wrong(&at, "is kept for the member's tags");
    }
}

fn is_kind(kind: &str) -> bool {
    (1..=20).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
