//! Tasks: what people are asked to do about members, and about accounts at vendors.

use reach::playbook::TASK_ROLES;
use serde::{Deserialize, Serialize};

use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{KIB, Route};

/// Max characters of what came of a task.
const MAX_NOTE: usize = 500;
/// Max characters of the name of a person.
const MAX_NAME: usize = 64;

/// The roles that work on tasks: those of [`TASK_ROLES`].
const WORKERS: &[Role] =
    &[Role::Service, Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];
/// The roles that give tasks to others.
const PLANNERS: &[Role] = &[Role::Service, Role::Marketing, Role::DepartmentHead];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/tasks", "What people are asked to do, the latest first", WORKERS)
        .asks(&[
            ("state", "string"),
            ("mine", "boolean"),
            ("member_id", "string"),
            ("store_id", "string"),
            ("strategy", "string"),
            ("after", "integer"),
            ("limit", "integer"),
            ("cursor", "string"),
        ])
        .for_stores(),
    Route::read("/v1/tasks/{id}", "A task", WORKERS).for_stores(),
    Route::write("/v1/tasks/{id}/done", "Say that a task is done, and what came of it", WORKERS)
        .takes("TaskOutcomeBody", 4 * KIB)
        .or_none()
        .for_stores(),
    Route::write("/v1/tasks/{id}/dismiss", "Say that a task is not done, and why", WORKERS)
        .takes("TaskOutcomeBody", 4 * KIB)
        .or_none()
        .for_stores(),
    Route::write("/v1/tasks/{id}/assign", "Give a task to a role, a person or a store", PLANNERS)
        .takes("TaskAssignBody", 4 * KIB)
        .for_stores(),
];

/// What came of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TaskOutcomeBody {
    /// For people, up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The staff or software that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TaskAssignBody {
    /// `store` (the staff of the member's home store), `role`, `person` or `software`.
    pub to: String,
    /// Which role or person; not told of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl TaskOutcomeBody {
    /// Checks the note.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn check(&self) -> Result<(), Problem> {
        let mut check = Check::default();
        check.text("/note", self.note.as_deref(), MAX_NOTE);
        check.done(Some(()))
    }
}

impl TaskAssignBody {
    /// The kind and the name of the staff or software that is asked.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn asked(&self) -> Result<(&str, &str), Problem> {
        let mut check = Check::default();
        let name = self.name.as_deref();
        match (self.to.as_str(), name) {
            ("role", Some(name)) => {
                if !TASK_ROLES.contains(&name) {
                    check.wrong("/name", format!("must be one of {}", TASK_ROLES.join(", ")));
                }
            }
            ("person", Some(_)) => check.text("/name", name, MAX_NAME),
            ("role" | "person", None) => check.wrong("/name", "must be told: which one"),
            ("store" | "software", Some(_)) => {
                check.wrong("/name", "goes with role and person alone");
            }
            ("store" | "software", None) => {}
            _ => check.wrong("/to", "must be store, role, person or software"),
        }
        check.done(Some((self.to.as_str(), name.unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_that_can_be_asked_may_work_on_it() {
        let workers: Vec<&str> = WORKERS.iter().map(|role| role.as_str()).collect();
        assert_eq!(workers, TASK_ROLES);
    }

    #[test]
    fn a_task_is_given_to_one_who_can_do_it() {
        for (to, name, is_one) in [
            ("store", None, true),
            ("store", Some("s-1"), false),
            ("software", None, true),
            ("role", Some("service"), true),
            ("role", Some("job"), false),
            ("role", Some("boss"), false),
            ("role", None, false),
            ("person", Some("anna"), true),
            ("person", Some(""), false),
            ("person", None, false),
            ("manager", None, false),
        ] {
            let body = TaskAssignBody { to: to.into(), name: name.map(str::to_owned) };
            assert_eq!(body.asked().is_ok(), is_one, "{to} {name:?}");
        }
        for (note, is_one) in
            [(None, true), (Some("x".repeat(500)), true), (Some("x".repeat(501)), false)]
        {
            assert_eq!(TaskOutcomeBody { note }.check().is_ok(), is_one);
        }
    }
}
