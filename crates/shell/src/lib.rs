//! HTTP in one place: everything the components share between the wire and the ledger.
//!
//! Owns: requests and replies, authentication and roles, idempotency keys, RFC 9457 problems, the
//! bodies of the API, and what an instance keeps between requests (its database connection and the
//! rulebooks it has read), and the routes of the [`api`]. A component is a [`component!`],
//! which binds a handler to each route of its list.
//!
//! Architecture invariant: a request awaits host calls only. No task waits for another one of the
//! same instance, but for the first one that sets the instance up, and on Spin for its turn to
//! write. Nothing kept between requests belongs to a single one.
#![deny(missing_docs)]

mod admissions;
mod answer;
pub mod api;
mod app;
mod audit;
mod auth;
mod bulk;
mod check;
mod command;
mod drafts;
mod gains;
mod grants;
mod idempotent;
mod ids;
mod json;
mod keeping;
mod known;
mod lookup;
mod page;
mod pass;
mod permission;
mod person;
mod problem;
mod publishing;
mod reach;
mod receipt;
mod request;
mod route;
mod rulebooks;
mod sealing;
mod serve;
mod sessions;
mod set_file;
mod sets;
mod signed;
mod stores;
mod trace;
mod variables;
mod verification;

/// With the allocator of the C library a third of what a guest computed was getting and giving back
/// memory; with this one it is a fifth.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use answer::Reply;
pub use api::behaviour::Behaviour;
pub use api::bodies::*;
pub use api::common::{LineBody, MoneyBody, ReasonBody, fingerprint};
pub use api::freeze::SideBody;
pub use api::import::{Cells, ReadImport, read_import};
pub use api::import::{ImportLotBody, ImportTotalsBody};
pub use api::member::ProfileTerms;
pub use api::member::level_submission;
pub use api::pool::pool_submission;
pub use api::recover::stolen;
pub use api::redeem::HoldBody;
pub use api::reverse::ReturnedLineBody;
pub use api::reverse::Target;
pub use api::slip::Slip;
pub use api::staff::OwnRoles;
pub use api::tag::asked_condition;
pub use api::touches::asked_day;
pub use app::App;
pub use audit::{noted, noted_of_staff, noted_search, sealed, sealed_of, who};
pub use auth::{Bearer, Role, check_role, line_of, new_key, new_session, new_token, no_cookie};
pub use bulk::outcomes;
pub use command::{
    SESSION_IDLE_MS, actor_of, admitted, authenticate, authenticated_body, resolve_member_id,
    simulate_submission, submit, submit_approved, submit_as, submit_many, submit_many_as,
    submit_to_two_programmes,
};
pub use drafts::{CheckedDraft, Drafts};
pub use gains::makes_no_points;
pub use grants::{Acting, Grant, Grants, TRUSTED_ROLES};
pub use idempotent::{once, once_of_member};
pub use ids::{fresh, new_id, now};
pub use json::{parse_json, parse_json_of_lines, parse_json_of_parts, parse_optional_json, wide};
pub use keeping::{digest, keyed_digest, scoped};
pub use known::known;
pub use lookup::Lookup;
pub use page::Page;
pub use pass::{
    acting, device_of, ends_of_pass, holder, is_shops_own, new_pass, only_the_shops_own,
    too_many_writes, writes,
};
pub use permission::{Permission, check_permission, half, permissions};
pub use person::{FIRST_ADMIN, OPERATOR, folded, named_person, person};
pub use problem::{FieldError, PROBLEMS, Problem};
pub use publishing::{
    Candidate, PublicationWish, ask_to_publish, publish_due_and_show, shown_publication,
};
pub use reach::{open_member, opened, reach, read_member};
pub use receipt::{Contents, Receipt, ReceiptLine};
pub use request::Request;
pub use route::{Access, Route, check_bound};
pub use rulebooks::{Drafted, drafted, in_force, published, zone};
pub use sealing::{opened_text, random, sealed_text, seals};
pub use serve::{Answering, Handler, PublicHandler, Response, serve, serve_public};
pub use sessions::{ActedAs, Beginning, MAX_OWN_ROLES, SESSION_MS, stores_of, visitor};
pub use sets::{Sets, shown_set, visible_members};
pub use signed::{signed, verified};
pub use stores::may_see;
pub use variables::is_true;
pub use verification::Proof;
