//! Permissions: which routes an own role may call of those that its base may. They follow from the
//! routes, so nothing is listed twice: a component's routes are read (`adjust:read`) or written
//! (`adjust:write`).

use store::Caller;

use crate::auth::Role;
use crate::problem::Problem;
use crate::route::{Access, Route};

/// Reads or writes of a component.
#[derive(Debug)]
pub struct Permission {
    /// Its name, such as `adjust:write`.
    pub name: String,
    /// The component.
    pub component: &'static str,
    /// The routes that it opens.
    pub routes: Vec<&'static Route>,
}

impl Permission {
    /// Whether the role may call one of its routes.
    #[must_use]
    pub fn is_of(&self, role: Role) -> bool {
        self.routes.iter().any(|route| role == Role::Admin || route.roles().contains(&role))
    }
}

/// The half of its component that a route belongs to: `read` or `write`. `None` where no permission
/// opens it: it is for everybody, for the operator, or for what concerns the caller alone.
#[must_use]
pub fn half(route: &Route) -> Option<&'static str> {
    let takes_one = matches!(route.access, Access::Roles(_)) && !route.is_own;
    takes_one.then_some(if route.method == "GET" { "read" } else { "write" })
}

/// The permissions that the routes of these components make, in their order.
#[must_use]
pub fn permissions(components: &[(&'static str, &'static [Route])]) -> Vec<Permission> {
    let mut found = Vec::new();
    for (component, routes) in components {
        for wanted in ["read", "write"] {
            let routes: Vec<&Route> =
                routes.iter().filter(|route| half(route) == Some(wanted)).collect();
            if !routes.is_empty() {
                found.push(Permission { name: format!("{component}:{wanted}"), component, routes });
            }
        }
    }
    found
}

/// Whether the own role of a caller, where they have one, may call a route of a component.
///
/// # Errors
/// [`Problem::NotPermitted`].
pub fn check_permission(caller: &Caller, component: &str, route: &Route) -> Result<(), Problem> {
    let (Some(permissions), Some(half)) = (&caller.permissions, half(route)) else { return Ok(()) };
    let is_it = |permission: &String| permission.split_once(':') == Some((component, half));
    if permissions.iter().any(is_it) {
        Ok(())
    } else {
        Err(Problem::NotPermitted(format!("{component}:{half}")))
    }
}
