//! The own roles of a programme, as an admin writes them.

use ledger::ProgrammeId;
use serde::{Deserialize, Serialize};

use crate::auth::Role;
use crate::check::Check;
use crate::permission::Permission;
use crate::person::folded;
use crate::problem::Problem;

const MAX_PERMISSIONS: usize = 200;

/// What the console calls the built-in roles.
const WORDS: [&str; 18] = [
    "Till",
    "Customer service",
    "Marketing",
    "Finance",
    "Approver",
    "Department head",
    "Vice president",
    "Scheduler",
    "Administrator",
    "收银",
    "客服",
    "市场",
    "财务",
    "审批人",
    "部门主管",
    "副总裁",
    "调度任务",
    "管理员",
];

/// Whether a person takes the text for a built-in role.
fn is_as_built_in(text: &str) -> bool {
    let alike = |text: &str| folded(&text.replace(['_', '-'], "")).ok();
    let names = Role::all().map(Role::as_str).chain(WORDS);
    alike(text)
        .is_some_and(|text| names.into_iter().any(|name| alike(name).as_ref() == Some(&text)))
}

/// A role of a programme's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnRoleBody {
    /// What people call it.
    pub names: OwnRoleNames,
    /// The built-in role that it is a part of; never changes. Approvals see this one.
    pub base: String,
    /// What it may do, as `GET /v1/permissions` lists it, each of them something that the base may.
    pub permissions: Vec<String>,
}

/// Names of a role in the languages of the console, 1 to 100 characters each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnRoleNames {
    /// In Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// In English.
    pub en: String,
}

impl OwnRoleBody {
    /// The base, when all is right.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn check(&self, id: &str, known: &[Permission]) -> Result<Role, Problem> {
        let mut check = Check::default();
        if let Err(error) = ProgrammeId::new(id) {
            check.wrong("role_id", error.to_string());
        }
        if is_as_built_in(id) {
            check.wrong("role_id", "is a built-in role, or looks like one");
        }
        for (place, name) in [("/names/zh-CN", &self.names.zh_cn), ("/names/en", &self.names.en)] {
            check.text(place, Some(name), 100);
            if is_as_built_in(name) {
                check.wrong(place, "is what a built-in role is called, or looks like it");
            }
        }
        let base = Role::parse(&self.base).filter(|base| *base != Role::Job);
        if base.is_none() {
            check.wrong(
                "/base",
                "must be storefront, marketing, finance, service, approver, department_head, vice_president or admin",
            );
        }
        if self.permissions.is_empty() || self.permissions.len() > MAX_PERMISSIONS {
            check.wrong("/permissions", "must be 1 to 200 permissions");
        }
        for (at, name) in self.permissions.iter().take(MAX_PERMISSIONS).enumerate() {
            let place = format!("/permissions/{at}");
            let found = known.iter().find(|known| known.name == *name);
            if self.permissions.iter().take(at).any(|before| before == name) {
                check.wrong(place, "is named twice");
            } else if let Some(found) = found {
                if base.is_some_and(|base| !found.is_of(base)) {
                    check.wrong(place, format!("is nothing that {} may do", self.base));
                }
            } else {
                check.wrong(place, "is none of GET /v1/permissions");
            }
        }
        check.done(base)
    }

    /// The permissions in order, so that two lists of the same are equal.
    #[must_use]
    pub fn sorted(&self) -> Vec<String> {
        let mut sorted = self.permissions.clone();
        sorted.sort();
        sorted
    }
}
