//! Segments of members, and scores by recency, frequency and money.

use reach::{Family, Refresh};
use rules::PlainCondition;
use serde::{Deserialize, Serialize};
use store::SetWish;

use super::roles::{MARKETING, PEOPLE, READERS};
use super::tag::{DESKS, NamesBody, condition, refresh};
use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{DRY_RUN, KIB, Route};

/// Segments that a preview compares with, at most.
const MAX_OVERLAPS: usize = 10;
/// Of so many members one may be looked at.
const MAX_SAMPLE: i64 = 1_000;

/// The roles that may count members.
const COUNTERS: &[Role] = &[Role::Service, Role::Marketing, Role::Finance];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/segments/preview", "Count the members that a condition holds for", COUNTERS)
        .takes("PreviewBody", 16 * KIB)
        .without_key()
        .for_stores(),
    Route::list("/v1/segments", "The segments of the programme", PEOPLE).for_stores(),
    Route::read("/v1/segments/{id}", "A segment", PEOPLE).for_stores(),
    Route::write("/v1/segments/{id}", "Define a segment, or change it", MARKETING)
        .by("PUT")
        .takes("SegmentBody", 16 * KIB)
        .answers(&[200, 201], "Object"),
    Route::write("/v1/segments/{id}", "Remove a segment", MARKETING)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::read("/v1/segments/{id}/versions", "What a segment was, newest first", MARKETING),
    Route::write("/v1/segments/{id}/refresh", "Evaluate a segment for all members soon", MARKETING)
        .answers(&[202], "Object"),
    Route::list("/v1/segments/{id}/members", "The members of a segment", DESKS).for_stores(),
    Route::write("/v1/segments/{id}/members", "Put members on a list, or take them off", DESKS)
        .takes("SetMembersBody", 64 * KIB)
        .for_stores(),
    Route::write(
        "/v1/segments/{id}/file",
        "Put the members of a CSV or text file on a list",
        DESKS,
    )
    .takes_bytes(1024 * KIB)
    .asks(DRY_RUN)
    .for_stores(),
    Route::read("/v1/members/{id}/segments", "The segments of a member", READERS).for_stores(),
    Route::list("/v1/segment-changes", "Which members came into a segment or left it", MARKETING),
    Route::read("/v1/rfm", "Members by recency, frequency and money", COUNTERS).for_stores(),
];

/// What is told about a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SegmentBody {
    /// Its names.
    pub names: NamesBody,
    /// `static` (a list), `passive` (evaluated when somebody asks) or `active` (kept up to date).
    pub kind: String,
    /// The condition for members in it, in CEL; not of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The same in the plain form; with `when`, both must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<PlainCondition>,
    /// Of an active segment: `on_change` (the default), `daily`, `weekly` or `manual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// What it is used for.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "use")]
    pub used_for: Option<String>,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    /// The condition, in CEL.
    #[serde(default)]
    pub when: Option<String>,
    /// The same in the plain form; with `when`, both must hold.
    #[serde(default)]
    pub conditions: Vec<PlainCondition>,
    /// Look at one of so many members; 1, the default, looks at all.
    #[serde(default)]
    pub sample: Option<i64>,
    /// Segments to compare with.
    #[serde(default)]
    pub overlap: Vec<String>,
}

impl SegmentBody {
    /// The segment of that id.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn wish(&self, id: &str) -> Result<SetWish, Problem> {
        let mut check = Check::default();
        let is_id = (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !is_id {
            check.wrong("id", "must have 1 to 64 letters, digits, _ or -");
        }
        self.names.check(&mut check);
        check.text("/use", self.used_for.as_deref(), 200);
        let is_list = self.kind == "static";
        if !is_list && self.kind != "passive" && self.kind != "active" {
            check.wrong("/kind", "must be static, passive or active");
        }
        let found = condition(&mut check, self.when.as_ref(), &self.conditions);
        let has_condition = self.when.is_some() || !self.conditions.is_empty();
        if is_list && has_condition {
            check.wrong("/when", "a list has no condition");
        }
        if !is_list && !has_condition {
            check.wrong("/when", "give a condition here, or in conditions");
        }
        let refresh = match &self.refresh {
            Some(_) if self.kind != "active" => {
                check.wrong("/refresh", "is for active segments");
                Refresh::Manual
            }
            Some(name) => refresh(&mut check, name),
            None if self.kind == "active" => Refresh::OnChange,
            None => Refresh::Manual,
        };
        let document = serde_json::to_string(self).map_err(|e| Problem::Internal(e.to_string()))?;
        check.done(Some(SetWish {
            family: Family::Segment,
            name: id.to_owned(),
            kind: self.kind.clone(),
            document,
            condition: found.text,
            refresh,
            lives_days: None,
            is_exclusive: false,
        }))
    }
}

impl PreviewBody {
    /// Of how many members one is looked at.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for what is out of bounds.
    pub fn checked_sample(&self) -> Result<i64, Problem> {
        let mut check = Check::default();
        let sample = self.sample.unwrap_or(1);
        if !(1..=MAX_SAMPLE).contains(&sample) {
            check.wrong("/sample", format!("must be 1 to {MAX_SAMPLE}"));
        }
        if self.overlap.len() > MAX_OVERLAPS {
            check.wrong("/overlap", format!("must be at most {MAX_OVERLAPS}"));
        }
        check.done(Some(sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_a_list_or_has_a_condition() {
        let names = || NamesBody { zh: "沉睡".into(), en: "Asleep".into() };
        let body = |kind: &str, when: Option<&str>, refresh: Option<&str>| SegmentBody {
            names: names(),
            kind: kind.into(),
            when: when.map(str::to_owned),
            conditions: vec![],
            refresh: refresh.map(str::to_owned),
            used_for: None,
        };
        let asleep = Some("member.days_since_order > 90");
        for (id, segment, outcome) in [
            ("asleep", body("active", asleep, None), "on_change"),
            ("asleep", body("active", asleep, Some("weekly")), "weekly"),
            ("asleep", body("passive", asleep, None), "manual"),
            ("vip-list", body("static", None, None), "manual"),
            ("a/b", body("static", None, None), "id"),
            ("", body("static", None, None), "id"),
            ("a", body("static", asleep, None), "/when"),
            ("a", body("active", None, None), "/when"),
            ("a", body("passive", asleep, Some("daily")), "/refresh"),
            ("a", body("dynamic", asleep, None), "/kind"),
            ("a", body("active", Some("1 +"), Some("x")), "/when /refresh"),
        ] {
            let found = match segment.wish(id) {
                Ok(wish) => wish.refresh.as_str().to_owned(),
                Err(Problem::InvalidRequest(errors)) => {
                    errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>().join(" ")
                }
                Err(other) => other.status().to_string(),
            };
            assert_eq!(found, outcome, "{id} {segment:?}");
        }
    }
}
