//! Persons: their ids and names, their roles, and the admins who invite them.

use std::collections::BTreeMap;

use ledger::{ProgrammeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::roles::ADMIN;
pub use super::staff_roles::{OwnRoleBody, OwnRoleNames};
use super::stores::{REGION, is_region};
use crate::auth::Role;
use crate::check::Check;
use crate::grants::{Grant, Grants};
use crate::problem::Problem;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/invitations", "Invite a person; the link is shown once", ADMIN)
        .takes("PersonInvitationBody", 64 * KIB)
        .answers(&[201], "Object"),
    Route::list("/v1/staff", "List persons", ADMIN),
    Route::read("/v1/staff/{id}", "Show a person", ADMIN),
    Route::write("/v1/staff/{id}", "Change a person", ADMIN).by("PUT").takes("StaffBody", 64 * KIB),
    Route::write("/v1/staff/{id}/approve", "Approve what waits for a second admin", ADMIN)
        .takes("StaffApprovalBody", KIB),
    Route::write("/v1/staff/{id}/suspend", "Suspend a person at once", ADMIN),
    Route::write("/v1/staff/{id}/restore", "Restore a suspended person", ADMIN),
    Route::write("/v1/staff/{id}/reset", "Invite a person anew; the link is shown once", ADMIN)
        .answers(&[201], "Object"),
    Route::read("/v1/staff/{id}/sessions", "List a person's sessions", ADMIN)
        .answers(&[200], "Page"),
    Route::write("/v1/staff/{id}/sessions", "End a person's sessions at once", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::read("/v1/permissions", "List what own roles can be permitted", ADMIN)
        .answers(&[200], "Page"),
    Route::list("/v1/roles", "List own roles", ADMIN),
    Route::read("/v1/roles/{id}", "Show an own role", ADMIN),
    Route::write("/v1/roles/{id}", "Make or change an own role", ADMIN)
        .by("PUT")
        .takes("OwnRoleBody", 64 * KIB),
    Route::write("/v1/roles/{id}/approve", "Approve new permissions of an own role", ADMIN)
        .takes("StaffApprovalBody", KIB),
    Route::write("/v1/roles/{id}", "Remove an own role that nobody has", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
];

/// The base of each own role, by its id.
pub type OwnRoles = BTreeMap<String, String>;

const MAX_ROLES: usize = 20;
const MAX_STORES: usize = 100;
const MAX_REGIONS: usize = 20;
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];

/// A person who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonInvitationBody {
    /// Another programme than the caller's; for the operator only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<String>,
    /// The id by which the person signs in and is named in entries, 1 to 100 characters.
    pub person_id: String,
    /// What people call them, 1 to 100 characters.
    pub name: String,
    /// `zh-CN` or `en`; `zh-CN` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What they may act as, 1 to 20.
    pub roles: Vec<PersonRoleBody>,
}

/// A person as an admin changes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StaffBody {
    /// What people call them, 1 to 100 characters.
    pub name: String,
    /// `zh-CN` or `en`; `zh-CN` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What they may act as, 20 at most; without any they cannot sign in.
    pub roles: Vec<PersonRoleBody>,
}

/// What another admin approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StaffApprovalBody {
    /// The `waiting_id` of the person as the admin saw them.
    pub waiting_id: String,
}

/// A role that a person may act in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonRoleBody {
    /// storefront, marketing, finance, service, approver, department_head, vice_president, admin,
    /// or the id of an own role.
    pub role: String,
    /// In which stores, 1 to 100; all when neither stores nor regions are named. Not for the role
    /// admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores: Option<Vec<String>>,
    /// In the stores of which regions, 1 to 20 paths such as `east/shanghai`. Not for the role
    /// admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<String>>,
    /// From when on, RFC 3339; at once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when, RFC 3339; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl PersonInvitationBody {
    /// What the person may act as, as given by `by`.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn grants(&self, by: &str, own: &OwnRoles) -> Result<Grants, Problem> {
        let mut check = Check::default();
        if let Some(Err(error)) = self.programme_id.as_deref().map(ProgrammeId::new) {
            check.wrong("/programme_id", error.to_string());
        }
        if self.roles.is_empty() {
            check.wrong("/roles", "must have a role");
        }
        let grants =
            grants(&mut check, &self.name, self.language.as_deref(), &self.roles, (by, own));
        check.done(Some(grants))
    }

    /// The language that they read.
    #[must_use]
    pub fn language(&self) -> &str {
        self.language.as_deref().unwrap_or(LANGUAGES[0])
    }
}

impl StaffBody {
    /// What the person may act as from now on. What they had before stays as it was given.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn grants(&self, before: &Grants, by: &str, own: &OwnRoles) -> Result<Grants, Problem> {
        let mut check = Check::default();
        let wanted =
            grants(&mut check, &self.name, self.language.as_deref(), &self.roles, (by, own));
        let kept = |grant: Grant| {
            before.0.iter().find(|before| before.is_as(&grant)).cloned().unwrap_or(grant)
        };
        check.done(Some(Grants(wanted.0.into_iter().map(kept).collect())))
    }

    /// The language that they read.
    #[must_use]
    pub fn language(&self) -> &str {
        self.language.as_deref().unwrap_or(LANGUAGES[0])
    }
}

fn grants(
    check: &mut Check,
    name: &str,
    language: Option<&str>,
    roles: &[PersonRoleBody],
    (by, own): (&str, &OwnRoles),
) -> Grants {
    check.text("/name", Some(name), 100);
    if language.is_some_and(|language| !LANGUAGES.contains(&language)) {
        check.wrong("/language", "must be zh-CN or en");
    }
    if roles.len() > MAX_ROLES {
        check.wrong("/roles", "must be 20 at most");
        return Grants::default();
    }
    let mut found: Vec<Grant> = Vec::new();
    for (at, role) in roles.iter().enumerate() {
        let grant = grant(check, &format!("/roles/{at}"), role, (by, own));
        if found.iter().any(|before| before.is_as(&grant)) {
            check.wrong(format!("/roles/{at}"), "is given twice");
        }
        found.push(grant);
    }
    Grants(found)
}

fn grant(
    check: &mut Check,
    place: &str,
    body: &PersonRoleBody,
    (by, own): (&str, &OwnRoles),
) -> Grant {
    let base = own.get(&body.role);
    let name = base.unwrap_or(&body.role);
    let role = Role::parse(name).filter(|role| *role != Role::Job);
    if role.is_none() {
        check.wrong(
            format!("{place}/role"),
            "must be storefront, marketing, finance, service, approver, department_head, vice_president, admin or an own role",
        );
    }
    if let Some(stores) = &body.stores {
        if stores.is_empty() || stores.len() > MAX_STORES {
            check.wrong(format!("{place}/stores"), "must be 1 to 100 stores");
        }
        for store in stores.iter().take(MAX_STORES) {
            check.text(&format!("{place}/stores"), Some(store), 64);
        }
        if role == Some(Role::Admin) {
            check.wrong(format!("{place}/stores"), "does not go with the role admin");
        }
    }
    if let Some(regions) = &body.regions {
        if regions.is_empty() || regions.len() > MAX_REGIONS {
            check.wrong(format!("{place}/regions"), "must be 1 to 20 regions");
        }
        if regions.iter().take(MAX_REGIONS).any(|region| !is_region(region)) {
            check.wrong(format!("{place}/regions"), REGION);
        }
        if role == Some(Role::Admin) {
            check.wrong(format!("{place}/regions"), "does not go with the role admin");
        }
    }
    let mut instant = |name: &str, text: Option<&str>| {
        let at = text.map(Timestamp::parse);
        if at == Some(None) {
            check.wrong(format!("{place}/{name}"), "must be RFC 3339 with an offset");
        }
        at.flatten().map(|at| at.0)
    };
    let from = instant("from", body.from.as_deref());
    let until = instant("until", body.until.as_deref());
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        check.wrong(format!("{place}/until"), "must be after from");
    }
    Grant {
        role: body.role.clone(),
        base: base.cloned(),
        stores: body.stores.clone(),
        regions: body.regions.clone(),
        from,
        until,
        waits: false,
        by: by.to_owned(),
    }
}
