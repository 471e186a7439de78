//! HTTP in one place: everything the components share between the wire and the ledger.
//!
//! Owns: requests and replies, authentication and roles, idempotency keys, RFC 9457 problems, the
//! bodies of the API, and what an instance keeps between requests (its database connection and the
//! rulebooks it has read), and the [`routes`]. A component is a [`component!`], which binds a
//! handler to each route of its list.
//!
//! Architecture invariant: a request awaits host calls only. No task waits for another one of the
//! same instance, and nothing kept between requests belongs to a single one.
#![deny(missing_docs)]

mod admissions;
mod answer;
mod api;
mod app;
mod approvals;
mod audit;
mod auth;
mod check;
mod command;
mod earning;
mod gains;
mod idempotent;
mod ids;
mod imports;
mod joint;
mod json;
mod keeping;
mod level;
mod page;
mod person;
mod problem;
mod profile;
mod request;
mod risk;
mod route;
pub mod routes;
mod rulebooks;
mod serve;
mod spending;
mod spent;
mod stores;
mod trace;

/// With the allocator of the C library a third of what a guest computed was getting and giving back
/// memory; with this one it is a fifth.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use answer::Reply;
pub use api::{
    ActivateBody, AdjustmentBody, BackTestBody, BulkBody, CaptureBody, CouponBody,
    CouponRestoreBody, DecisionBody, EarnBody, EndpointBody, EraseBody, ExchangeBody, FreezeBody,
    HoldBody, ImportLotBody, ImportRowBody, ImportTotalsBody, InvitationBody, KeyBody, LineBody,
    MemberBody, MemberPatchBody, MergeBody, MoneyBody, PoolRedeemBody, ProgrammeBody,
    PublicationBody, RecoverBody, RedeemBody, ReleaseBody, ReturnedLineBody, ReverseBody, SideBody,
    SimulationBody, TierBody, TransferBody,
};
pub use app::App;
pub use audit::{noted, sealed, who};
pub use auth::{Bearer, Role, check_role, new_key};
pub use command::{
    actor_of, admitted, authenticate, authenticated_body, resolve_member_id, simulate_submission,
    submit, submit_approved, submit_as, submit_many, submit_many_as, submit_to_two_programmes,
};
pub use gains::makes_no_points;
pub use idempotent::once;
pub use ids::{new_id, now};
pub use imports::{Cells, ReadImport, read_import};
pub use joint::pool_submission;
pub use json::{parse_json, parse_optional_json, wide};
pub use keeping::scoped;
pub use level::level_submission;
pub use page::Page;
pub use person::{FIRST_ADMIN, OPERATOR, folded, person};
pub use problem::{FieldError, PROBLEMS, Problem};
pub use profile::ProfileTerms;
pub use request::Request;
pub use risk::stolen;
pub use route::{Access, Route, check_bound};
pub use rulebooks::{Drafted, drafted, in_force, published, zone};
pub use serve::{Answering, Handler, PublicHandler, Response, serve, serve_public};
pub use spent::Target;
pub use stores::may_see;
