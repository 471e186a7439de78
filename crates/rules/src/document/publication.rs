//! The part of the document that tells which changes of the document itself somebody else has to
//! approve of.

use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};

use super::Document;
use super::approvals::APPROVERS;
use super::check::Check;

/// What is kept beside the rulebook and may need an approval, too.
const CATALOGUE: &str = "/rewards";
const MAX_PLACES: usize = 50;
const MAX_LENGTH: usize = 200;

/// The roles that have to approve of the next rulebook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The places, as RFC 6901 JSON pointers, whose change is a major one. Changes of `/approvals`,
    /// `/currency`, `/publication` and `/risk` always are: a rulebook must not free itself of being
    /// approved of. `/rewards` is the catalogue, which is no part of the document.
    #[serde(default = "what_can_make_points")]
    pub major: Vec<String>,
    /// The role that approves of major changes: `approver`, `department_head`, `vice_president`.
    #[serde(default = "department_head")]
    pub role: String,
}

impl Default for Publication {
    fn default() -> Self {
        Self { major: what_can_make_points(), role: department_head() }
    }
}

/// Every part by which points are made, kept, given away, or become worth more; the catalogue.
fn what_can_make_points() -> Vec<String> {
    let places = [
        "/accept_late_days",
        "/actions",
        "/caps",
        "/coupons",
        "/donations",
        "/exchanges",
        "/expiry",
        "/grants",
        "/groups",
        "/purchase",
        "/redemption",
        "/returns",
        "/rewards",
        "/rounding",
        "/rules",
        "/tiers",
        "/time_zone",
        "/transfers",
    ];
    places.map(str::to_owned).to_vec()
}

fn department_head() -> String {
    "department_head".to_owned()
}

impl Publication {
    pub(crate) fn check(&self, check: &mut Check<'_>) {
        let parts = Parts::of_document();
        if self.major.len() > MAX_PLACES {
            check.problem("/publication/major", "must be 50 places at most");
        }
        for (index, place) in self.major.iter().enumerate() {
            let part = place.strip_prefix('/').and_then(|path| path.split('/').next());
            // A place that no document has would never change.
            if place.len() > MAX_LENGTH
                || !part.is_some_and(|part| parts.contains(&part) || place == CATALOGUE)
            {
                let detail = "must be a JSON pointer to a part of the rulebook, such as /tiers or /purchase/points_per_unit";
                check.problem(&format!("/publication/major/{index}"), detail);
            }
        }
        if !APPROVERS.contains(&self.role.as_str()) {
            check.problem(
                "/publication/role",
                "must be approver, department_head or vice_president",
            );
        }
    }
}

/// The names of the parts of a document: the fields that its reader asks for.
struct Parts(&'static [&'static str]);

impl Parts {
    fn of_document() -> &'static [&'static str] {
        let mut parts = Self(&[]);
        // Nothing is read: the reader says which fields it knows, and gets an error.
        let _no_document = Document::deserialize(&mut parts);
        parts.0
    }
}

impl<'de> Deserializer<'de> for &mut Parts {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the fields of a struct are known"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn every_part_of_a_document_is_known() {
        let schema = schemars::schema_for!(super::Document).to_value();
        let fields = schema["properties"].as_object().unwrap();
        let mut parts: Vec<_> = fields.keys().map(String::as_str).collect();
        let mut known = Parts::of_document().to_vec();
        parts.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, parts);
    }
}
