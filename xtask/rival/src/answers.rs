//! What the service answers: the entry with the new balance, the member, or a problem.

use crate::requests::{Purchase, Redemption};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A successful answer.
pub struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

#[derive(Serialize)]
struct Done<'a> {
    entry: Entry<'a>,
    balance: i64,
}

#[derive(Serialize)]
struct Entry<'a> {
    member_id: &'a str,
    kind: &'a str,
    points: i64,
    balance_after: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

#[derive(Serialize)]
struct Member<'a> {
    member_id: &'a str,
    sequence: i64,
    balance: i64,
}

/// A member's row.
pub struct Standing {
    pub sequence: i64,
    pub balance: i64,
}

impl Answer {
    pub fn earned(purchase: &Purchase, balance: i64) -> Result<Self, Problem> {
        let entry = Entry {
            member_id: &purchase.member_id,
            kind: "earn",
            points: purchase.points(),
            balance_after: balance,
            reference: Some(&purchase.reference),
        };
        Self::of(StatusCode::CREATED, &Done { entry, balance })
    }

    pub fn redeemed(redemption: &Redemption, balance: i64) -> Result<Self, Problem> {
        let entry = Entry {
            member_id: &redemption.member_id,
            kind: "redeem",
            points: -redemption.points,
            balance_after: balance,
            reference: None,
        };
        Self::of(StatusCode::CREATED, &Done { entry, balance })
    }

    pub fn member(member_id: &str, standing: Standing) -> Result<Self, Problem> {
        let Standing { sequence, balance } = standing;
        Self::of(StatusCode::OK, &Member { member_id, sequence, balance })
    }

    fn of(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|_| Problem::INTERNAL)?;
        Ok(Self { status, body })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        answer(self.status, "application/json", self.body)
    }
}

/// A refusal, as `application/problem+json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    name: &'static str,
    detail: &'static str,
}

impl Problem {
    pub const ROUTE_NOT_FOUND: Self = Self::new(404, "route-not-found", "there is no such route");
    pub const UNAUTHORIZED: Self =
        Self::new(401, "unauthorized", "send `Authorization: Bearer` with a key that is in use");
    pub const KEY_MISSING: Self =
        Self::new(400, "idempotency-key-missing", "send the header Idempotency-Key");
    pub const KEY_INVALID: Self =
        Self::new(400, "idempotency-key-invalid", "the key has 1 to 255 visible ASCII characters");
    pub const BODY_REFUSED: Self =
        Self::new(413, "body-too-large", "the body is too large, or broke off");
    pub const MALFORMED_JSON: Self = Self::new(400, "malformed-json", "the body is not JSON");
    pub const MEMBER_NOT_FOUND: Self =
        Self::new(404, "member-not-found", "there is no such member");
    pub const KEY_REUSED: Self =
        Self::new(422, "idempotency-key-reused", "another request had this key");
    pub const REFERENCE_USED: Self =
        Self::new(409, "reference-already-used", "the order earned before, under another key");
    pub const INSUFFICIENT: Self =
        Self::new(422, "insufficient-points", "the member has too few points");
    pub const OUT_OF_RANGE: Self =
        Self::new(422, "outside-limits", "the balance would leave 64 bits");
    pub const BUSY: Self = Self::new(503, "busy", "the database gives no connection");
    pub const INTERNAL: Self = Self::new(500, "internal", "the service's log has the cause");

    pub const fn invalid(detail: &'static str) -> Self {
        Self::new(400, "invalid-request", detail)
    }

    const fn new(status: u16, name: &'static str, detail: &'static str) -> Self {
        Self { status, name, detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            r#type: String,
            status: u16,
            detail: &'static str,
        }
        let Self { status, name, detail } = self;
        let body = Body { r#type: format!("urn:rival:problem:{name}"), status, detail };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer(status, "application/problem+json", text)
    }
}

fn answer(status: StatusCode, content: &'static str, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static(content))], body).into_response()
}
