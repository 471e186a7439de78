//! How what is told about a member becomes submissions: all of it, or what changes.

use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::{MemberId, Origin};
use rules::operations::{Change, Enrol, MAX_ALIASES, MAX_ATTRIBUTES, ProfileChange};
use rules::{Operation, Rulebook, normalised};
use store::Submission;

use crate::api::{MemberBody, MemberPatchBody};
use crate::check::Check;
use crate::earning::fingerprint;
use crate::problem::Problem;

/// What a change must find, and how names are spelt.
pub struct ProfileTerms<'a> {
    /// Tags of `If-Match`, one of which must hold; any does when there are none.
    pub if_match: Option<Vec<String>>,
    /// The published rulebook.
    pub book: &'a Rulebook,
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
                all.take(&format!("/aliases/{index}"), name, terms.book, &mut check);
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
                all.take(&at, &format!("{kind}:{value}"), terms.book, &mut check);
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
}

fn is_kind(kind: &str) -> bool {
    (1..=20).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Other names of a member, each with its kind in front. Old ids of members that became part of it
/// stay anyway.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    pub(crate) fn into_all(self) -> Vec<String> {
        self.0
    }

    pub(crate) fn take(&mut self, at: &str, name: &str, book: &Rulebook, check: &mut Check) {
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
