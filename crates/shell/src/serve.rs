//! From the host's request to the host's response: every component is one
//! [`component!`](crate::component).

use std::pin::Pin;

use bytes::Bytes;
use spin_sdk::http::{FullBody, Response as SpinResponse};

use crate::admissions::{may_read_body, programme_of};
use crate::answer::Reply;
use crate::app::App;
use crate::ids::now;
use crate::problem::Problem;
use crate::request::Request;
use crate::route::{Access, Route};

/// What a component's handler gives back to the host.
pub type Response = SpinResponse<FullBody<Bytes>>;

/// What tells the host whose request it was: it limits and schedules by this, and takes it away
/// from the answer.
const TENANT: &str = "tenant";

/// An answer under way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + 'a>>;
/// What answers the requests of one route.
pub type Handler = for<'a> fn(&'a App, &'a Request) -> Answering<'a>;
/// As [`Handler`], for routes that take no key and need no database.
pub type PublicHandler = for<'a> fn(&'a Request) -> Answering<'a>;

/// Writes a component: its entry point, and a handler for each route of its list, in the list's
/// order. A route without a handler, a handler without a route, and a parameter that the path does
/// not have do not compile.
///
/// A handler is given the app, the request, and the arguments in parentheses: the name of a
/// parameter of the path, or a literal. After `public`, for routes that need neither key nor
/// database, it is given the request alone.
///
/// ```ignore
/// shell::component! { shell::api::hold::ROUTES {
///     "GET /v1/holds/{id}" => state(id),
///     "POST /v1/holds/{id}/capture" => capture(id),
///     "POST /v1/holds/{id}/release" => release(id),
/// } }
/// ```
#[macro_export]
macro_rules! component {
    (public $routes:path { $($route:literal => $($handler:ident)::+()),+ $(,)? }) => {
        const _: () = $crate::check_bound($routes, &[$(($route, &[])),+]);

        #[::spin_sdk::http_service]
        async fn handle(request: ::spin_sdk::http::Request) -> $crate::Response {
            const HANDLERS: &[$crate::PublicHandler] = &[$(|request| Box::pin($($handler)::+(request))),+];
            $crate::serve_public(request, ::core::env!("CARGO_PKG_NAME"), $routes, HANDLERS).await
        }
    };
    ($routes:path { $($route:literal => $($handler:ident)::+($($argument:tt),*)),+ $(,)? }) => {
        const _: () = $crate::check_bound($routes, &[$(($route, &[$(stringify!($argument)),*])),+]);

        #[::spin_sdk::http_service]
        async fn handle(request: ::spin_sdk::http::Request) -> $crate::Response {
            const HANDLERS: &[$crate::Handler] = &[$(|app, request| {
                Box::pin($($handler)::+(app, request $(, $crate::component!(@argument request $argument))*))
            }),+];
            $crate::serve(request, ::core::env!("CARGO_PKG_NAME"), $routes, HANDLERS).await
        }
    };
    (@argument $request:ident $literal:literal) => { $literal };
    (@argument $request:ident $name:ident) => { $request.parameter(stringify!($name)) };
}

/// Finds the request's route, reads the request and answers. Problems become problem+json; nothing
/// becomes a transport error.
///
/// The key is looked at before the body: without a good one the body stays where it is, and
/// handlers answer as to a request without a key.
pub async fn serve(
    request: spin_sdk::http::Request,
    component: &'static str,
    routes: &'static [Route],
    handlers: &'static [Handler],
) -> Response {
    let (parts, body) = request.into_parts();
    let mut request = Request::head(parts, component);
    let answered = async {
        let place = request.find_route(routes)?;
        let handler = handlers.get(place).ok_or(Problem::RouteNotFound)?;
        let app = App::of_this_instance().await?;
        // A pass is no key: the handler looks at it, and the body is small.
        let is_public = matches!(request.route().access, Access::Public | Access::Pass);
        if request.route().max_bytes > 0
            && (is_public || may_read_body(&app.sql, &request, now()).await?)
        {
            request.read(body).await?;
        }
        handler(&app, &request).await
    };
    let mut reply = answered.await.unwrap_or_else(|problem| problem.reply());
    if matches!(request.route().access, Access::Pass) {
        reply = reply.private();
    }
    let programme = request.bearer().and_then(|bearer| programme_of(bearer.hash(), now()));
    respond(match programme {
        Some(programme) if reply.status != 401 => reply.with(TENANT, &programme),
        _ => reply,
    })
}

/// As [`serve`], for routes that must answer even when the database does not. They take neither key
/// nor body.
pub async fn serve_public(
    request: spin_sdk::http::Request,
    component: &'static str,
    routes: &'static [Route],
    handlers: &'static [PublicHandler],
) -> Response {
    let (parts, _) = request.into_parts();
    let mut request = Request::head(parts, component);
    let answered = async {
        let place = request.find_route(routes)?;
        handlers.get(place).ok_or(Problem::RouteNotFound)?(&request).await
    };
    respond(answered.await.unwrap_or_else(|problem| problem.reply()))
}

/// `content-length` is always set: without it the last chunk travels alone and waits 40 ms for an
/// acknowledgement on keep-alive connections.
fn respond(reply: Reply) -> Response {
    let length = reply.body.len();
    let mut response = SpinResponse::new(FullBody::new(Bytes::from(reply.body)));
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(length));
    if length > 0 {
        headers
            .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(reply.content_type));
    }
    for (name, value) in reply.headers {
        let Ok(value) = http::HeaderValue::from_str(&value) else { continue };
        // A browser may be given several cookies at once.
        if name == "set-cookie" {
            headers.append(name, value);
        } else {
            headers.insert(name, value);
        }
    }
    response
}
