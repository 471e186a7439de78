//! What a person may act as: roles, each in some stores and for some time.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use ledger::Timestamp;

use crate::auth::Role;
use crate::problem::Problem;

/// Roles that can decide, or make those who can: one admin alone gives them to nobody.
pub const TRUSTED_ROLES: [Role; 4] =
    [Role::Approver, Role::DepartmentHead, Role::VicePresident, Role::Admin];

/// Roles in which nobody acts without one-time codes.
const ROLES_WITH_CODE: [Role; 5] =
    [Role::Approver, Role::DepartmentHead, Role::VicePresident, Role::Finance, Role::Admin];

/// A role that a person may act in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name: of a built-in role, or the id of an own role.
    pub role: String,
    /// The built-in role that an own role is a part of, which never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// In which stores; `None` for all, or for those of `regions` alone.
    pub stores: Option<Vec<String>>,
    /// In the stores of which regions, paths such as `east/shanghai`.
    pub regions: Option<Vec<String>>,
    /// From when on (milliseconds since 1970).
    pub from: Option<i64>,
    /// Until when.
    pub until: Option<i64>,
    /// Whether it waits for another admin.
    pub waits: bool,
    /// The person who gave it.
    pub by: String,
}

impl Grant {
    /// Whether it is the same role, in the same stores and for the same time.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        let place = (&self.role, &self.stores, &self.regions);
        place == (&other.role, &other.stores, &other.regions)
            && (self.from, self.until) == (other.from, other.until)
    }

    /// Whether another admin has to let it count.
    #[must_use]
    pub fn is_of_trust(&self) -> bool {
        Role::parse(self.base()).is_some_and(|role| TRUSTED_ROLES.contains(&role))
    }

    /// The built-in role that it is, or is a part of.
    #[must_use]
    pub fn base(&self) -> &str {
        self.base.as_deref().unwrap_or(&self.role)
    }

    fn needs_code(&self) -> bool {
        Role::parse(self.base()).is_some_and(|role| ROLES_WITH_CODE.contains(&role))
    }

    /// As a session shows it.
    #[must_use]
    pub fn json(&self) -> Json {
        let instant = |at: Option<i64>| at.map(|at| Timestamp(at).to_string());
        json!({
            "role": self.role,
            "base": self.base(),
            "stores": self.stores,
            "regions": self.regions,
            "from": instant(self.from),
            "until": instant(self.until),
        })
    }
}

/// What a person acts as in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// The built-in role that an own role is a part of; `None` for a built-in one.
    pub base: Option<String>,
    /// In which stores; `None` for all.
    pub stores: Option<Vec<String>>,
    /// In the stores of which regions besides.
    pub regions: Vec<String>,
    /// Until when.
    pub until: Option<i64>,
}

/// All roles of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub Vec<Grant>);

impl Grants {
    /// From the text that is stored.
    ///
    /// # Errors
    /// [`Problem::Internal`].
    pub fn read(text: &str) -> Result<Self, Problem> {
        let read = |error: serde_json::Error| Problem::Internal(format!("roles: {error}"));
        serde_json::from_str(text).map(Self).map_err(read)
    }

    /// The text that is stored.
    #[must_use]
    pub fn text(&self) -> String {
        json!(self.0).to_string()
    }

    /// Whether one of them takes one-time codes, now or later.
    #[must_use]
    pub fn need_code(&self) -> bool {
        self.0.iter().any(Grant::needs_code)
    }

    /// Those that count at this instant. Without one-time codes the roles that take them do not.
    pub fn current(&self, has_code: bool, now: Timestamp) -> impl Iterator<Item = &Grant> {
        self.0.iter().filter(move |grant| {
            !grant.waits
                && grant.from.is_none_or(|from| from <= now.0)
                && grant.until.is_none_or(|until| now.0 < until)
                && (has_code || !grant.needs_code())
        })
    }

    /// What the person acts as in that role: in the stores of all current grants of it, until the
    /// first of them ends. `None` when they have no such role now.
    #[must_use]
    pub fn acting(&self, role: &str, has_code: bool, now: Timestamp) -> Option<Acting> {
        let grants: Vec<&Grant> =
            self.current(has_code, now).filter(|grant| grant.role == role).collect();
        let is_everywhere =
            grants.iter().any(|grant| grant.stores.is_none() && grant.regions.is_none());
        let all = |of: fn(&Grant) -> &Option<Vec<String>>| {
            let mut all: Vec<String> =
                grants.iter().filter_map(|grant| of(grant).clone()).flatten().collect();
            all.sort();
            all.dedup();
            all
        };
        let (stores, regions) = if is_everywhere {
            (None, Vec::new())
        } else {
            (Some(all(|grant| &grant.stores)), all(|grant| &grant.regions))
        };
        let until = grants.iter().filter_map(|grant| grant.until).min();
        let base = grants.first()?.base.clone();
        Some(Acting { base, stores, regions, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: &str, stores: Option<&[&str]>, from: Option<i64>, until: Option<i64>) -> Grant {
        let stores = stores.map(|stores| stores.iter().map(|store| (*store).to_owned()).collect());
        let (regions, waits) = (None, false);
        Grant {
            role: role.into(),
            base: None,
            stores,
            regions,
            from,
            until,
            waits,
            by: "anna".into(),
        }
    }

    #[test]
    fn a_person_acts_as_what_counts_now() {
        let mut waits = grant("approver", None, None, None);
        waits.waits = true;
        let grants = Grants(vec![
            grant("service", Some(&["b", "a"]), None, None),
            grant("service", Some(&["a", "c"]), Some(100), Some(200)),
            grant("marketing", Some(&["a"]), None, None),
            grant("marketing", None, Some(100), None),
            grant("finance", None, None, Some(150)),
            Grant {
                regions: Some(vec!["west".into(), "east/shanghai".into()]),
                ..grant("storefront", None, None, None)
            },
            grant("storefront", Some(&["d"]), Some(100), None),
            waits,
        ]);
        assert!(grants.need_code());
        assert_eq!(Grants::read(&grants.text()).unwrap(), grants);
        let told = |role: &str, has_code: bool, now: i64| match grants.acting(
            role,
            has_code,
            Timestamp(now),
        ) {
            None => "none".to_owned(),
            Some(acting) => {
                let mut stores = acting.stores.unwrap_or_else(|| vec!["all".to_owned()]);
                stores.extend(acting.regions.iter().map(|region| format!("{region}/")));
                let stores = stores.join(" ");
                format!(
                    "{stores}{}",
                    acting.until.map_or(String::new(), |at| format!(" until {at}"))
                )
            }
        };
        for (role, has_code, now, outcome) in [
            ("service", true, 99, "a b"),
            ("service", true, 100, "a b c until 200"),
            ("service", false, 199, "a b c until 200"),
            ("service", true, 200, "a b"),
            ("marketing", true, 99, "a"),
            ("marketing", true, 100, "all"),
            ("finance", true, 149, "all until 150"),
            ("finance", true, 150, "none"),
            ("finance", false, 149, "none"),
            ("storefront", true, 99, "east/shanghai/ west/"),
            ("storefront", true, 100, "d east/shanghai/ west/"),
            ("approver", true, 1, "none"),
            ("admin", true, 1, "none"),
        ] {
            assert_eq!(told(role, has_code, now), outcome, "{role} {has_code} {now}");
        }
        assert_eq!(grants.current(true, Timestamp(100)).count(), 7);
    }
}
