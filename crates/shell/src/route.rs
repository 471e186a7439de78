//! A route as one value. Dispatch, 405, the role check, limits, OpenAPI and the checks of the
//! documents all read it.

use crate::auth::Role;
use crate::problem::Problem;

/// Bytes of a KiB.
pub const KIB: usize = 1024;

/// What a route takes and answers. Pure data: the handler is bound to it by
/// [`component!`](crate::component).
#[derive(Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path; a segment in braces, such as `{id}`, takes any text.
    pub path: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Whose keys may call it.
    pub access: Access,
    /// Whether a key that is for some stores may call it. The handler then sees to it that such a
    /// key shows and does nothing of other stores.
    pub for_stores: bool,
    /// Whether it concerns the caller alone, so that no own role is asked for a permission.
    pub is_own: bool,
    /// The largest body, in bytes. With 0 the body is not read.
    pub max_bytes: usize,
    /// The name of the body's schema, where it is one JSON document.
    pub body: Option<&'static str>,
    /// Whether a request without a body is one, too.
    pub body_is_optional: bool,
    /// Query parameters: name and JSON type.
    pub query: &'static [(&'static str, &'static str)],
    /// Whether the query is left unread, whatever apps add to it.
    pub ignores_query: bool,
    /// Whether it takes an `Idempotency-Key`.
    pub is_mutation: bool,
    /// Whether it takes `If-Match`.
    pub takes_if_match: bool,
    /// The statuses of its successes.
    pub success: &'static [u16],
    /// The name of the answer's schema.
    pub answer: &'static str,
}

/// The callers that may use a route.
#[derive(Debug)]
pub enum Access {
    /// Everybody, without a key.
    Public,
    /// Keys with one of these roles, and admins.
    Roles(&'static [Role]),
    /// The operator alone.
    Operator,
    /// The pass of a member, for that member's own account.
    Pass,
}

/// Query parameters of lists.
pub const PAGE: &[(&str, &str)] = &[("limit", "integer"), ("cursor", "string")];
/// Query parameters of commands.
pub const DRY_RUN: &[(&str, &str)] = &[("dry_run", "boolean")];

impl Route {
    /// A read of one thing.
    #[must_use]
    pub const fn read(path: &'static str, summary: &'static str, roles: &'static [Role]) -> Self {
        Self {
            method: "GET",
            path,
            summary,
            access: Access::Roles(roles),
            for_stores: false,
            is_own: false,
            max_bytes: 0,
            body: None,
            body_is_optional: false,
            query: &[],
            ignores_query: false,
            is_mutation: false,
            takes_if_match: false,
            success: &[200],
            answer: "Object",
        }
    }

    /// A read of a list, page by page.
    #[must_use]
    pub const fn list(path: &'static str, summary: &'static str, roles: &'static [Role]) -> Self {
        Self { query: PAGE, answer: "Page", ..Self::read(path, summary, roles) }
    }

    /// A change that writes no entry. It answers 200 and takes no body.
    #[must_use]
    pub const fn write(path: &'static str, summary: &'static str, roles: &'static [Role]) -> Self {
        Self { method: "POST", is_mutation: true, ..Self::read(path, summary, roles) }
    }

    /// A command: it answers the entry that it wrote, and takes `dry_run`. Keys of stores may call
    /// it, as each order is checked for its store; where a command concerns a whole account, they
    /// may not.
    #[must_use]
    pub const fn command(
        path: &'static str,
        summary: &'static str,
        roles: &'static [Role],
        body: &'static str,
    ) -> Self {
        Self {
            query: DRY_RUN,
            success: &[200, 201],
            answer: "Written",
            for_stores: true,
            ..Self::write(path, summary, roles).takes(body, 64 * KIB)
        }
    }

    /// The same, whatever stands in the query: links get there by apps that add their own.
    #[must_use]
    pub const fn with_any_query(self) -> Self {
        Self { ignores_query: true, ..self }
    }

    /// The same with another method.
    #[must_use]
    pub const fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// The same with a JSON body of that schema and of so many bytes at most.
    #[must_use]
    pub const fn takes(self, body: &'static str, max_bytes: usize) -> Self {
        Self { body: Some(body), max_bytes, ..self }
    }

    /// The same, also without a body.
    #[must_use]
    pub const fn or_none(self) -> Self {
        Self { body_is_optional: true, ..self }
    }

    /// The same with a body that is no JSON document, or that is not used.
    #[must_use]
    pub const fn takes_bytes(self, max_bytes: usize) -> Self {
        Self { body: None, max_bytes, ..self }
    }

    /// The same with these query parameters.
    #[must_use]
    pub const fn asks(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    /// The same with these successes.
    #[must_use]
    pub const fn answers(self, success: &'static [u16], answer: &'static str) -> Self {
        Self { success, answer, ..self }
    }

    /// The same, also for keys that are for some stores.
    #[must_use]
    pub const fn for_stores(self) -> Self {
        Self { for_stores: true, ..self }
    }

    /// The same, of what concerns the caller alone: no own role takes it away.
    #[must_use]
    pub const fn own(self) -> Self {
        Self { is_own: true, ..self }
    }

    /// The same, not for keys that are for some stores.
    #[must_use]
    pub const fn for_all_stores(self) -> Self {
        Self { for_stores: false, ..self }
    }

    /// The same without an `Idempotency-Key`: a repetition does no harm.
    #[must_use]
    pub const fn without_key(self) -> Self {
        Self { is_mutation: false, ..self }
    }

    /// The same, only while the ETag is the one that `If-Match` names.
    #[must_use]
    pub const fn if_match(self) -> Self {
        Self { takes_if_match: true, ..self }
    }

    /// The same for the operator alone.
    #[must_use]
    pub const fn operators(self) -> Self {
        Self { access: Access::Operator, ..self }
    }

    /// The same for everybody.
    #[must_use]
    pub const fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    /// The same for the passes of members. The handler lets them in.
    #[must_use]
    pub const fn with_pass(self) -> Self {
        Self { access: Access::Pass, for_stores: false, ..self }
    }

    /// The roles that it names; `admin` may besides.
    #[must_use]
    pub const fn roles(&self) -> &'static [Role] {
        match self.access {
            Access::Roles(roles) => roles,
            Access::Public | Access::Operator | Access::Pass => &[],
        }
    }

    /// Whether its path is this one.
    fn leads(&self, segments: &[String]) -> bool {
        let mut parts = self.path.split('/').skip(1);
        let mut segments = segments.iter();
        loop {
            match (parts.next(), segments.next()) {
                (None, None) => return true,
                (Some(part), Some(segment)) if part.starts_with('{') || part == segment => {}
                _ => return false,
            }
        }
    }

    /// The place of its parameter `{name}` among the path's segments.
    pub(crate) fn place_of(&self, name: &str) -> Option<usize> {
        let is_it = |part: &str| {
            part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name)
        };
        self.path.split('/').skip(1).position(is_it)
    }
}

/// The place in the list of the route that a request means. Of two paths that fit, the first one
/// counts, with all its methods: as in OpenAPI, `/things/batch` is no `/things/{id}`.
///
/// # Errors
/// [`Problem::RouteNotFound`]; [`Problem::MethodNotAllowed`] with the methods of the path.
pub(crate) fn find(routes: &[Route], method: &str, segments: &[String]) -> Result<usize, Problem> {
    let meant = routes.iter().find(|route| route.leads(segments)).ok_or(Problem::RouteNotFound)?;
    let mut methods = Vec::new();
    for (place, route) in routes.iter().enumerate().filter(|(_, route)| route.path == meant.path) {
        if route.method == method {
            return Ok(place);
        }
        methods.push(route.method);
    }
    Err(Problem::MethodNotAllowed(methods.join(", ")))
}

/// Checks, while a component is compiled, that its table binds a handler to each of its routes, in
/// their order: each row has the route's name, such as `POST /v1/earn`, and the parameters of the
/// path that the handler is given.
#[doc(hidden)]
pub const fn check_bound(routes: &[Route], table: &[(&str, &[&str])]) {
    assert!(routes.len() == table.len(), "the table needs one row for each route of the list");
    let mut rows = table;
    let mut routes = routes;
    while let ([(name, given), other_rows @ ..], [route, other_routes @ ..]) = (rows, routes) {
        assert!(is_name(name, route), "this row is not the list's route at this place");
        let mut parameters = 0;
        let mut unseen = *given;
        while let [parameter, others @ ..] = unseen {
            // A literal argument is not of the path.
            if is_word(parameter) {
                assert!(has_parameter(route.path, parameter), "the path has no such parameter");
                parameters += 1;
            }
            unseen = others;
        }
        assert!(
            parameters == count_parameters(route.path),
            "the handler needs every parameter of the path"
        );
        rows = other_rows;
        routes = other_routes;
    }
}

const fn is_name(name: &str, route: &Route) -> bool {
    let (name, method, path) = (name.as_bytes(), route.method.as_bytes(), route.path.as_bytes());
    name.len() == method.len() + 1 + path.len()
        && is_at(name, 0, method)
        && is_at(name, method.len(), b" ")
        && is_at(name, method.len() + 1, path)
}

/// Whether `part` stands in `whole` at this place.
const fn is_at(whole: &[u8], place: usize, part: &[u8]) -> bool {
    let Some((_, rest)) = whole.split_at_checked(place) else { return false };
    let (mut rest, mut part) = (rest, part);
    while let ([left, lefts @ ..], [right, rights @ ..]) = (rest, part) {
        if *left != *right {
            return false;
        }
        (rest, part) = (lefts, rights);
    }
    part.is_empty()
}

const fn is_word(argument: &str) -> bool {
    matches!(argument.as_bytes(), [first, ..] if first.is_ascii_lowercase()) && !is_bool(argument)
}

const fn is_bool(argument: &str) -> bool {
    matches!(argument.as_bytes(), b"true" | b"false")
}

const fn has_parameter(path: &str, name: &str) -> bool {
    let (path, name) = (path.as_bytes(), name.as_bytes());
    let mut place = 0;
    while place + name.len() + 2 <= path.len() {
        if is_at(path, place, b"{")
            && is_at(path, place + 1, name)
            && is_at(path, place + 1 + name.len(), b"}")
        {
            return true;
        }
        place += 1;
    }
    false
}

const fn count_parameters(path: &str) -> usize {
    let (mut rest, mut count) = (path.as_bytes(), 0);
    while let [byte, others @ ..] = rest {
        if *byte == b'{' {
            count += 1;
        }
        rest = others;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &[Route] = &[
        Route::write("/v1/things/batch", "", &[]),
        Route::read("/v1/things/{id}", "", &[]),
        Route::write("/v1/things/{id}", "", &[]).by("PUT"),
        Route::read("/v1/things/{id}/parts/{part}", "", &[]),
    ];

    #[test]
    fn a_request_means_the_first_route_that_fits() {
        for (method, path, outcome) in [
            ("POST", "/v1/things/batch", "0"),
            ("GET", "/v1/things/batch", "405 POST"),
            ("GET", "/v1/things/x", "1"),
            ("PUT", "/v1/things/x", "2"),
            ("GET", "/v1/things/x/parts/y", "3"),
            ("DELETE", "/v1/things/batch", "405 POST"),
            ("DELETE", "/v1/things/x", "405 GET, PUT"),
            ("POST", "/v1/things/x/parts/y", "405 GET"),
            ("GET", "/v1/things", "404"),
            ("GET", "/v1/things/x/parts", "404"),
            ("GET", "/v1/things/x/parts/y/z", "404"),
            ("GET", "/v1/other/x", "404"),
            ("GET", "/", "404"),
        ] {
            let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
            let found = match find(ROUTES, method, &segments) {
                Ok(place) => place.to_string(),
                Err(Problem::MethodNotAllowed(allowed)) => format!("405 {allowed}"),
                Err(problem) => problem.status().to_string(),
            };
            assert_eq!(found, outcome, "{method} {path}");
        }
        assert_eq!(
            (ROUTES[3].place_of("part"), ROUTES[3].place_of("id"), ROUTES[3].place_of("x")),
            (Some(4), Some(2), None)
        );
    }

    const WHOLE: [(&str, &[&str]); 4] = [
        ("POST /v1/things/batch", &[]),
        ("GET /v1/things/{id}", &["id", "true"]),
        ("PUT /v1/things/{id}", &["id", "\"put\""]),
        ("GET /v1/things/{id}/parts/{part}", &["id", "part"]),
    ];

    #[test]
    fn a_whole_table_is_bound() {
        check_bound(ROUTES, &WHOLE);
    }

    /// Components call this in a constant, where a panic is an error of the compiler.
    #[test]
    fn a_table_with_a_fault_is_not_bound() {
        let with = |place: usize, row: (&'static str, &'static [&'static str])| {
            let mut table = WHOLE.to_vec();
            table[place] = row;
            table
        };
        for (what, table) in [
            ("a route without a handler", WHOLE[..3].to_vec()),
            ("a handler without a route", [&WHOLE[..], &[("GET /v1/other", &[])]].concat()),
            ("another method", with(0, ("PUT /v1/things/batch", &[]))),
            ("another path", with(0, ("POST /v1/things/botch", &[]))),
            ("a longer path", with(0, ("POST /v1/things/batches", &[]))),
            ("a parameter that is not there", with(1, ("GET /v1/things/{id}", &["name"]))),
            (
                "a parameter that is not taken",
                with(3, ("GET /v1/things/{id}/parts/{part}", &["id"])),
            ),
        ] {
            let bound = std::panic::catch_unwind(|| check_bound(ROUTES, &table));
            assert!(bound.is_err(), "{what}");
        }
    }
}
