//! RFC 9457 problems: the closed list of everything but success, in order of precedence.
//!
//! Business refusals come from the ledger and are shown here; their order is theirs.
//! docs/reference/problems.md explains each slug.

use ledger::{EntryId, Refusal};
use serde_json::{Map, Value as Json, json};

use crate::answer::Reply;
use crate::ids::new_id;

/// A place in the request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// RFC 6901 JSON pointer into the body, or the name of a header or query parameter.
    pub pointer: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl FieldError {
    /// A place and what is wrong with it.
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::InvalidRequest(vec![error])
    }
}

/// Every answer but success. When several apply, the first of this order is given.
#[derive(Debug)]
pub enum Problem {
    /// No such route.
    RouteNotFound,
    /// The route exists, but not for this method; carries those that do.
    MethodNotAllowed(String),
    /// A browser may have been led here by another page.
    CrossSite,
    /// No key, or one that does not count.
    Unauthorized,
    /// The key's role may not do this; carries the roles that may.
    Forbidden(String),
    /// The caller's own role lacks this permission.
    NotPermitted(String),
    /// The provider of sign-in does not answer, or not as it must.
    ProviderFailed,
    /// Only a person may do this, and the key names none.
    PersonNeeded,
    /// The key is for other stores.
    StoreForbidden,
    /// The body is larger than this many bytes.
    BodyTooLarge(usize),
    /// A mutation without `Idempotency-Key`.
    IdempotencyKeyMissing,
    /// An `Idempotency-Key` that is not 1–255 visible characters.
    IdempotencyKeyInvalid,
    /// The body is not JSON in UTF-8.
    MalformedJson(String),
    /// The request has the wrong shape: every place that is wrong, or the first that could not be
    /// read.
    InvalidRequest(Vec<FieldError>),
    /// Nobody signs in so; carries the seconds to wait where there were too many failures.
    SignInFailed(Option<i64>),
    /// The password is right, and a code is missing.
    CodeNeeded,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// The programme, key or endpoint named in the path does not exist.
    ResourceNotFound,
    /// Somebody else changed it in between.
    Conflict,
    /// The task is closed; carries how.
    TaskClosed(String),
    /// The code is not the one that was sent, or counts no more; carries the tries that are left.
    VerificationFailed(i64),
    /// No code can be sent to the member; carries why.
    VerificationNotPossible(String),
    /// A business answer other than "done".
    Refused {
        /// Which.
        refusal: Refusal,
        /// Names the occurrence; a UUID.
        id: String,
        /// True when an earlier request with the same key heard so.
        replayed: bool,
    },
    /// Others were always first; come back in a moment.
    Busy,
    /// The database has no room for what is to be written.
    StorageFull,
    /// It is our fault. The text goes to the log, never to the caller.
    Internal(String),
}

/// Slug, status and title of every problem that is not a refusal, in order of precedence.
pub const PROBLEMS: [(&str, u16, &str); 24] = [
    ("route-not-found", 404, "No such route"),
    ("method-not-allowed", 405, "Method not allowed"),
    ("cross-site", 403, "The request may come from another page"),
    ("unauthorized", 401, "A valid key is needed"),
    ("forbidden", 403, "The key's role may not do this"),
    ("person-needed", 403, "The key names no person"),
    ("store-forbidden", 403, "The key is for other stores"),
    ("body-too-large", 413, "The body is too large"),
    ("idempotency-key-missing", 400, "Idempotency-Key is missing"),
    ("idempotency-key-invalid", 400, "Idempotency-Key is invalid"),
    ("malformed-json", 400, "The body is not JSON"),
    ("invalid-request", 400, "The request is invalid"),
    ("sign-in-failed", 401, "Nobody signs in so"),
    ("code-needed", 401, "A code is needed"),
    ("idempotency-key-reused", 422, "The idempotency key belongs to another request"),
    ("resource-not-found", 404, "Not found"),
    ("conflict", 409, "Changed by somebody else"),
    ("task-closed", 409, "The task is closed"),
    ("verification-failed", 403, "The code does not count"),
    ("verification-not-possible", 409, "No code can be sent"),
    ("busy", 503, "Busy, try again"),
    ("storage-full", 503, "There is no room to write"),
    ("provider-failed", 502, "The provider does not answer as it must"),
    ("internal", 500, "Internal error"),
];

/// What a program may want to tell one problem from another by.
const TYPE_PREFIX: &str = "urn:accrue:problem:";

impl Problem {
    /// A refusal that is found without carrying anything out, and not kept.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused { refusal, id: new_id().to_string(), replayed: false }
    }

    fn row(&self) -> (&'static str, u16, &'static str) {
        let index = match self {
            Self::RouteNotFound => 0,
            Self::MethodNotAllowed(_) => 1,
            Self::CrossSite => 2,
            Self::Unauthorized => 3,
            Self::Forbidden(_) | Self::NotPermitted(_) => 4,
            Self::PersonNeeded => 5,
            Self::StoreForbidden => 6,
            Self::BodyTooLarge(_) => 7,
            Self::IdempotencyKeyMissing => 8,
            Self::IdempotencyKeyInvalid => 9,
            Self::MalformedJson(_) => 10,
            Self::InvalidRequest(_) => 11,
            Self::SignInFailed(_) => 12,
            Self::CodeNeeded => 13,
            Self::IdempotencyKeyReused => 14,
            Self::ResourceNotFound => 15,
            Self::Conflict => 16,
            Self::TaskClosed(_) => 17,
            Self::VerificationFailed(_) => 18,
            Self::VerificationNotPossible(_) => 19,
            Self::Busy => 20,
            Self::Refused { refusal, .. } => {
                return (refusal.slug(), refusal.status(), "The rules refuse this");
            }
            Self::StorageFull => 21,
            Self::ProviderFailed => 22,
            Self::Internal(_) => 23,
        };
        PROBLEMS.get(index).copied().unwrap_or(("internal", 500, "Internal error"))
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.row().1
    }

    fn detail(&self) -> String {
        match self {
            Self::RouteNotFound => "See /openapi.json for the routes.".to_owned(),
            Self::MethodNotAllowed(allowed) => format!("This route takes {allowed}."),
            Self::CrossSite => "Send the header `X-Accrue: 1` with every change that a session makes, from a page of this host.".to_owned(),
            Self::Unauthorized => "Send `Authorization: Bearer <key>` with a key that is not revoked or expired, and does not wait for a second admin.".to_owned(),
            Self::Forbidden(roles) => format!("This route needs a key with the role {roles}."),
            Self::NotPermitted(permission) => format!("Your role lacks the permission {permission}."),
            Self::StoreForbidden => {
                "This key is limited to its stores. Name one of them, or use a key for all stores.".to_owned()
            }
            Self::PersonNeeded => "This route is for persons. Use a key that was made with a person_id.".to_owned(),
            Self::BodyTooLarge(most) => format!("The body can have at most {most} bytes."),
            Self::IdempotencyKeyMissing => {
                "Send the header Idempotency-Key, so that the request can be retried safely.".to_owned()
            }
            Self::IdempotencyKeyInvalid => {
                "Idempotency-Key must be 1 to 255 visible ASCII characters, quoted or not.".to_owned()
            }
            Self::MalformedJson(what) => format!("The body must be JSON in UTF-8: {what}."),
            Self::InvalidRequest(_) => "The list errors names each place and its fault.".to_owned(),
            Self::SignInFailed(_) => {
                "Person, password and code do not go together, or the person may not sign in now. After several failures everybody has to wait.".to_owned()
            }
            Self::CodeNeeded => "Send the same again with the code that the app on your phone shows, or a recovery code.".to_owned(),
            Self::IdempotencyKeyReused => "Use a new key for a new request.".to_owned(),
            Self::ResourceNotFound => "The programme has no resource with this name.".to_owned(),
            Self::Conflict => "The resource has changed. Read it again and repeat the change.".to_owned(),
            Self::TaskClosed(_) => "Somebody closed the task before. Read it: it tells who, when and how.".to_owned(),
            Self::VerificationFailed(0) => "The code counts no more. Send the member a new one.".to_owned(),
            Self::VerificationFailed(left) => format!("The code is wrong. Tries left: {left}."),
            Self::VerificationNotPossible(why) => why.clone(),
            Self::Refused { refusal, .. } => refusal.to_string(),
            Self::ProviderFailed => "Nobody can sign in by the provider now. The server's log has the cause.".to_owned(),
            Self::Busy => "Too many concurrent changes. Send the same request with the same key again.".to_owned(),
            Self::StorageFull => {
                "The database is full, and nothing was written. Send the same request with the same key again later.".to_owned()
            }
            Self::Internal(_) => {
                "The server failed. Send the same request with the same key again. The server's log has the cause under this instance."
                    .to_owned()
            }
        }
    }

    /// The body, and the id that names this occurrence.
    #[must_use]
    pub fn body(&self) -> (Json, String) {
        let (slug, status, title) = self.row();
        let id = match self {
            Self::Refused { id, .. } => id.clone(),
            _ => new_id().to_string(),
        };
        let mut body = Map::new();
        body.insert("type".into(), format!("{TYPE_PREFIX}{slug}").into());
        body.insert("title".into(), title.into());
        body.insert("status".into(), status.into());
        body.insert("detail".into(), self.detail().into());
        body.insert("instance".into(), format!("urn:uuid:{id}").into());
        match self {
            Self::InvalidRequest(errors) => {
                let errors = errors
                    .iter()
                    .map(|e| json!({"pointer": e.pointer, "detail": e.detail}))
                    .collect::<Vec<_>>();
                body.insert("errors".into(), errors.into());
            }
            Self::Refused { refusal, .. } => extend(&mut body, refusal),
            Self::TaskClosed(state) => {
                body.insert("state".into(), state.as_str().into());
            }
            Self::VerificationFailed(left) => {
                body.insert("tries_left".into(), (*left).into());
            }
            _ => {}
        }
        (Json::Object(body), id)
    }

    /// The reply. What is our fault is logged with the id that the caller sees.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let (body, id) = self.body();
        if let Self::Internal(cause) = self {
            eprintln!("{}", json!({"level": "error", "instance": id, "cause": cause}));
        }
        let mut reply = Reply::new(self.status(), "application/problem+json", body.to_string());
        match self {
            Self::MethodNotAllowed(allowed) => reply = reply.with("allow", allowed),
            Self::Unauthorized | Self::CodeNeeded => {
                reply = reply.with("www-authenticate", "Bearer");
            }
            Self::SignInFailed(wait) => {
                reply = reply.with("www-authenticate", "Bearer");
                if let Some(seconds) = wait {
                    reply = reply.with("retry-after", &seconds.to_string());
                }
            }
            Self::Busy => reply = reply.with("retry-after", "1"),
            // Somebody has to make room first.
            Self::StorageFull => reply = reply.with("retry-after", "60"),
            Self::Refused { replayed: true, .. } => {
                reply = reply.with("idempotent-replayed", "true")
            }
            _ => {}
        }
        reply
    }
}

/// Fields that a program can use.
fn extend(body: &mut Map<String, Json>, refusal: &Refusal) {
    body.insert("retry_may_help".into(), refusal.retry_may_help().into());
    match refusal {
        Refusal::ReferenceAlreadyUsed { entry: Some(entry) }
        | Refusal::ReferenceOfAnother { entry: Some(entry) }
        | Refusal::CouponNotStackable { entry } => {
            body.insert("entry_id".into(), entry.to_string().into());
        }
        Refusal::ReferenceAmbiguous { candidates } => {
            let candidate = |(id, store): &(EntryId, Option<String>)| json!({"entry_id": id.to_string(), "store_id": store});
            body.insert(
                "candidates".into(),
                candidates.iter().map(candidate).collect::<Vec<_>>().into(),
            );
        }
        Refusal::InsufficientPoints { balance, missing } => {
            body.insert("balance".into(), (*balance).into());
            body.insert("missing_points".into(), (*missing).into());
        }
        Refusal::LimitReached { times, per } | Refusal::DeviceLimitReached { times, per } => {
            body.insert("limit".into(), json!({"times": times, "per": per}));
        }
        Refusal::CurrencyMismatch { expected } => {
            body.insert("expected_currency".into(), expected.as_str().into());
        }
        Refusal::OccurredTooLongAgo { earliest } => {
            body.insert("earliest".into(), earliest.to_string().into());
        }
        Refusal::UnknownEvent { event } => {
            body.insert("event".into(), event.as_str().into());
        }
        Refusal::TooManyOpen { most }
        | Refusal::TooManyReviews { most }
        | Refusal::TooManyLots { most } => {
            body.insert("max".into(), (*most).into());
        }
        Refusal::WrongApprover { role } => {
            body.insert("role".into(), role.as_str().into());
        }
        Refusal::ApprovalsExceeded { of, per, most } => {
            body.insert("of".into(), (*of).into());
            body.insert("per".into(), (*per).into());
            body.insert("max".into(), (*most).into());
        }
        Refusal::BudgetSpent { of, per } => {
            body.insert("of".into(), (*of).into());
            body.insert("per".into(), per.as_str().into());
        }
        Refusal::UnknownTier { tier } | Refusal::TierEarned { tier } => {
            body.insert("tier".into(), tier.as_str().into());
        }
        Refusal::UnknownReason { reason: name } | Refusal::UnknownPolicy { policy: name } => {
            body.insert("name".into(), name.as_str().into());
        }
        Refusal::MemberMerged { into } => {
            body.insert("into".into(), into.as_str().into());
        }
        Refusal::AliasTaken { kind } => {
            body.insert("kind".into(), kind.as_str().into());
        }
        Refusal::OutsideLimits { least, most } => {
            body.insert("min".into(), (*least).into());
            body.insert("max".into(), (*most).into());
        }
        Refusal::TierRequired { tiers } => {
            body.insert("tiers".into(), tiers.as_slice().into());
        }
        Refusal::OutOfStock { left } | Refusal::PointsNeeded { left } => {
            body.insert("left".into(), (*left).into());
        }
        Refusal::BelowMinimum { points, minimum } => {
            body.insert("points".into(), (*points).into());
            body.insert("min".into(), (*minimum).into());
        }
        Refusal::CouponConditions { condition } => {
            body.insert("condition".into(), (*condition).into());
        }
        Refusal::VerificationNeeded { because, proof, points } => {
            body.insert("because".into(), (*because).into());
            body.insert("proof".into(), (*proof).into());
            body.insert("points".into(), (*points).into());
        }
        Refusal::MemberFrozen { side } => {
            body.insert("side".into(), (*side).into());
        }
        Refusal::NotOffered { offer } => {
            body.insert("offer".into(), offer.as_str().into());
        }
        Refusal::UnknownLine { line } => {
            body.insert("line_id".into(), line.as_str().into());
        }
        Refusal::MoreThanLeft { line, left } => {
            body.extend(line.iter().map(|line| ("line_id".to_owned(), line.as_str().into())));
            body.insert("left".into(), (*left).into());
        }
        Refusal::MemberNotFound
        | Refusal::MemberIdRefused
        | Refusal::ProfileChanged
        | Refusal::ReferenceNotFound
        | Refusal::HoldNotFound
        | Refusal::RequestNotFound
        | Refusal::HoldResolved
        | Refusal::NothingToReverse
        | Refusal::RequestResolved
        | Refusal::NotYours
        | Refusal::OwnRequest
        | Refusal::AlreadyApproved
        | Refusal::NothingPending
        | Refusal::MemberErased
        | Refusal::CounterpartyNotFound
        | Refusal::SameMember
        | Refusal::ItemsOpen
        | Refusal::NotHead
        | Refusal::NotInvited
        | Refusal::RewardNotFound
        | Refusal::CouponNotFound
        | Refusal::RewardUnavailable
        | Refusal::CouponResolved
        | Refusal::WholeOnly
        | Refusal::NothingToChange
        | Refusal::OpeningExists
        | Refusal::UnderReview
        | Refusal::ConditionsTooCostly
        | Refusal::ReferenceRequired
        | Refusal::ReferenceAlreadyUsed { entry: None }
        | Refusal::ReferenceOfAnother { entry: None }
        | Refusal::OccurredInFuture
        | Refusal::AmountOutOfRange => {}
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy => Self::Busy,
            store::Error::Full => Self::StorageFull,
            other => Self::Internal(other.to_string()),
        }
    }
}
