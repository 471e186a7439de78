//! Tags of members.

use std::collections::BTreeMap;

use reach::{Family, Refresh};
use rules::{MemberCondition, PlainCondition, compile_member, member_to_cel};
use serde::{Deserialize, Serialize};
use store::SetWish;

use super::roles::{MARKETING, PEOPLE, READERS};
use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{KIB, PAGE, Route};

/// Levels of a path, at most.
const MAX_LEVELS: usize = 3;
/// Rows of the plain form, at most.
const MAX_ROWS: usize = 20;
/// Members that one call brings in or takes out, at most.
pub const MAX_MEMBERS: usize = 500;

/// The roles that may see which members have a tag, and set tags by hand.
pub(super) const DESKS: &[Role] = &[Role::Service, Role::Marketing];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/tags", "The tags of the programme", PEOPLE).for_stores(),
    Route::read("/v1/tags/{path}", "A tag", PEOPLE).for_stores(),
    Route::write("/v1/tags/{path}", "Define a tag, or change it", MARKETING)
        .by("PUT")
        .takes("TagBody", 16 * KIB)
        .answers(&[200, 201], "Object"),
    Route::write("/v1/tags/{path}", "Remove a tag, and take it from all members", MARKETING)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::read("/v1/tags/{path}/versions", "What a tag was, newest first", MARKETING),
    Route::write("/v1/tags/{path}/refresh", "Evaluate a tag for all members soon", MARKETING)
        .answers(&[202], "Object"),
    Route::list("/v1/tags/{path}/members", "The members that have a tag", DESKS).for_stores(),
    Route::write("/v1/tags/{path}/members", "Give members a tag by hand, or take it", DESKS)
        .takes("SetMembersBody", 64 * KIB)
        .for_stores(),
    Route::read("/v1/members/{id}/tags", "The tags of a member, and why", READERS).for_stores(),
    Route::list("/v1/tag-changes", "Which members got or lost a tag, in order", MARKETING)
        .asks(PAGE),
    Route::write("/v1/jobs/refresh", "Bring tags and segments up to date", &[Role::Job])
        .without_key(),
];

/// The name of a thing in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NamesBody {
    /// In Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: String,
    /// In English.
    pub en: String,
}

impl NamesBody {
    pub(super) fn check(&self, check: &mut Check) {
        check.text("/names/zh-CN", Some(&self.zh), 40);
        check.text("/names/en", Some(&self.en), 60);
    }
}

/// What is told about a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TagBody {
    /// Its names.
    pub names: NamesBody,
    /// `basic`, `behaviour` or `value`.
    pub class: String,
    /// `static` (given by hand), `rule` (its condition decides) or `score` (given with a number by
    /// other software).
    pub kind: String,
    /// The condition for members who have it, in CEL; only of a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The same in the plain form; with `when`, both must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<PlainCondition>,
    /// `on_change`, `daily`, `weekly` or `manual`.
    pub refresh: String,
    /// What it is used for.
    #[serde(rename = "use")]
    pub used_for: String,
    /// The department that keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// For how many days a member has it that got it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lives_days: Option<i64>,
    /// Of the tags of one parent that are exclusive, a member has one at most.
    #[serde(default)]
    pub exclusive: bool,
}

/// Members that come into a set or leave it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetMembersBody {
    /// The members who come in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// The members who leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// The members who come in, each with its number, 0–1000; only for tags whose kind is score.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, i64>,
}

/// A condition as a definition has it: in CEL, with what it was made of.
pub(super) struct Condition {
    pub(super) text: Option<String>,
}

/// The condition of a definition, whether in CEL, in the plain form or both.
pub(super) fn condition(
    check: &mut Check,
    when: Option<&String>,
    rows: &[PlainCondition],
) -> Condition {
    let mut parts = Vec::new();
    if let Some(when) = when {
        match compile_member(when) {
            Ok(_) => parts.push(when.clone()),
            Err(detail) => check.wrong("/when", detail),
        }
    }
    if rows.len() > MAX_ROWS {
        check.wrong("/conditions", format!("must be at most {MAX_ROWS}"));
    } else if !rows.is_empty() {
        match member_to_cel(rows) {
            Ok(text) => match compile_member(&text) {
                Ok(_) => parts.push(text),
                Err(detail) => check.wrong("/conditions", detail),
            },
            Err(problems) => {
                for (at, detail) in problems {
                    check.wrong(format!("/conditions{at}"), detail);
                }
            }
        }
    }
    let text = match parts.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => {
            Some(several.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" && "))
        }
    };
    // Together they may be larger than each may be.
    if let Some(detail) = text.as_deref().and_then(|text| compile_member(text).err()) {
        check.wrong("/when", detail);
    }
    Condition { text }
}

/// The condition that a body asks for.
///
/// # Errors
/// [`Problem::InvalidRequest`] when there is none, or it cannot be read.
pub fn asked_condition(
    when: Option<&String>,
    rows: &[PlainCondition],
) -> Result<MemberCondition, Problem> {
    let mut check = Check::default();
    let found = condition(&mut check, when, rows).text;
    if when.is_none() && rows.is_empty() {
        check.wrong("/when", "give a condition here, or in conditions");
    }
    let compiled = found.as_deref().and_then(|text| compile_member(text).ok());
    check.done(compiled)
}

pub(super) fn refresh(check: &mut Check, name: &str) -> Refresh {
    Refresh::parse(name).unwrap_or_else(|| {
        check.wrong("/refresh", "must be on_change, daily, weekly or manual");
        Refresh::Manual
    })
}

fn one_of(check: &mut Check, pointer: &str, value: &str, known: &[&str]) {
    if !known.contains(&value) {
        check.wrong(pointer, format!("must be {}", known.join(", ")));
    }
}

/// Whether a text is the path of a tag: at most three levels of letters, digits, `_` and `-`.
fn check_path(check: &mut Check, path: &str) {
    let is_level = |level: &str| {
        (1..=40).contains(&level.chars().count())
            && level.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if path.split('/').count() > MAX_LEVELS {
        check.wrong("path", "must have at most three levels");
    } else if !path.split('/').all(is_level) {
        check.wrong("path", "must have levels of 1 to 40 letters, digits, _ or -, with / between");
    }
}

impl TagBody {
    /// The tag of that path.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn wish(&self, path: &str) -> Result<SetWish, Problem> {
        let mut check = Check::default();
        check_path(&mut check, path);
        self.names.check(&mut check);
        one_of(&mut check, "/class", &self.class, &["basic", "behaviour", "value"]);
        one_of(&mut check, "/kind", &self.kind, &["static", "rule", "score"]);
        check.text("/use", Some(&self.used_for), 200);
        check.text("/owner", self.owner.as_deref(), 100);
        let refresh = refresh(&mut check, &self.refresh);
        let found = condition(&mut check, self.when.as_ref(), &self.conditions);
        let has_condition = self.when.is_some() || !self.conditions.is_empty();
        let is_rule = self.kind == "rule";
        if is_rule && !has_condition {
            check.wrong("/when", "a rule needs a condition, here or in conditions");
        }
        if !is_rule && has_condition {
            check.wrong("/when", "only a rule has a condition");
        }
        if !is_rule && refresh != Refresh::Manual {
            check.wrong("/refresh", "must be manual for what is given by hand");
        }
        if let Some(days) = self.lives_days {
            if is_rule {
                check.wrong("/lives_days", "is for what is given by hand");
            } else if !(1..=3_660).contains(&days) {
                check.wrong("/lives_days", "must be 1 to 3660");
            }
        }
        let document = serde_json::to_string(self).map_err(|e| Problem::Internal(e.to_string()))?;
        check.done(Some(SetWish {
            family: Family::Tag,
            name: path.to_owned(),
            kind: self.kind.clone(),
            document,
            condition: found.text,
            refresh,
            lives_days: self.lives_days,
            is_exclusive: self.exclusive,
        }))
    }
}

/// A member, whether it comes in, and with which number.
pub type SetMember<'a> = (&'a str, bool, Option<i64>);

impl SetMembersBody {
    /// The members that it names, each once: those who come in, with which number, and those who
    /// leave.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn members(&self, kind: &str) -> Result<Vec<SetMember<'_>>, Problem> {
        let mut check = Check::default();
        let all = self.add.len() + self.remove.len() + self.scores.len();
        if all == 0 || all > MAX_MEMBERS {
            check.wrong("", format!("must name 1 to {MAX_MEMBERS} members"));
        }
        match kind {
            "score" if !self.add.is_empty() => {
                check.wrong("/add", "a score needs a number: name the members in scores");
            }
            "static" if !self.scores.is_empty() => {
                check.wrong("/scores", "only a tag whose kind is score has numbers");
            }
            "static" | "score" => {}
            _ => check.wrong("", "its condition decides who is in it"),
        }
        for (name, score) in &self.scores {
            if !(0..=1000).contains(score) {
                check.wrong(format!("/scores/{name}"), "must be 0 to 1000");
            }
        }
        let add = self.add.iter().map(|name| (name.as_str(), true, None));
        let scores = self.scores.iter().map(|(name, score)| (name.as_str(), true, Some(*score)));
        let remove = self.remove.iter().map(|name| (name.as_str(), false, None));
        check.done(Some(add.chain(scores).chain(remove).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rules::PlainRow;

    fn body(change: impl FnOnce(&mut TagBody)) -> TagBody {
        let mut body = TagBody {
            names: NamesBody { zh: "高活跃客户".into(), en: "Highly active".into() },
            class: "behaviour".into(),
            kind: "rule".into(),
            when: Some("member.orders_30 >= 3".into()),
            conditions: vec![],
            refresh: "on_change".into(),
            used_for: "invitations to sales".into(),
            owner: None,
            lives_days: None,
            exclusive: false,
        };
        change(&mut body);
        body
    }

    fn places(result: Result<SetWish, Problem>) -> String {
        match result {
            Ok(_) => "ok".into(),
            Err(Problem::InvalidRequest(errors)) => {
                errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>().join(" ")
            }
            Err(other) => other.status().to_string(),
        }
    }

    #[test]
    fn a_tag_has_at_most_three_levels() {
        for (path, outcome) in [
            ("a", "ok"),
            ("value/high/active", "ok"),
            ("价值/高/活跃-1", "ok"),
            ("a/b/c/d", "path"),
            ("a//b", "path"),
            ("", "path"),
            ("a/", "path"),
            ("a b", "path"),
            ("a,b", "path"),
            (&"x".repeat(41), "path"),
        ] {
            assert_eq!(places(body(|_| {}).wish(path)), outcome, "{path}");
        }
    }

    #[test]
    fn a_tag_says_when_it_is_refreshed_and_what_for() {
        let plain = |field: &str| {
            PlainCondition::Row(PlainRow {
                field: field.into(),
                operator: rules::Operator::AtLeast,
                values: vec!["3".into()],
            })
        };
        let by_hand = |of: &mut TagBody| {
            (of.kind, of.when, of.refresh) = ("static".into(), None, "manual".into());
        };
        for (tag, outcome) in [
            (body(|of| of.used_for.clear()), "/use"),
            (body(|of| of.refresh = "hourly".into()), "/refresh"),
            (body(|of| of.class = "x".into()), "/class"),
            (body(|of| of.kind = "x".into()), "/kind /when /refresh"),
            (body(|of| of.names.en.clear()), "/names/en"),
            (body(|of| of.when = None), "/when"),
            (body(|of| of.when = Some("member.nothing > 1".into())), "/when"),
            (body(|of| of.lives_days = Some(3)), "/lives_days"),
            (body(|of| of.conditions = vec![plain("member.orders_90")]), "ok"),
            (body(|of| of.conditions = vec![plain("rfm.r"), plain("x")]), "/conditions/1/field"),
            (body(by_hand), "ok"),
            (body(|of| (of.kind, of.refresh) = ("static".into(), "manual".into())), "/when"),
            (
                body(|of| {
                    by_hand(of);
                    (of.refresh, of.lives_days) = ("daily".into(), Some(0));
                }),
                "/refresh /lives_days",
            ),
        ] {
            assert_eq!(places(tag.wish("a/b")), outcome, "{tag:?}");
        }
        let both = body(|of| of.conditions = vec![plain("member.orders_90")]).wish("a").unwrap();
        let expected = "(member.orders_30 >= 3) && (member.orders_90 >= 3)";
        assert_eq!(both.condition.as_deref(), Some(expected));
    }
}
