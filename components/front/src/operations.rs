//! Every route: what it takes and what it answers.

use crate::queries::{AUDIT, DRY_RUN, MEMBERS, PAGE, REHEARSAL, TRACE};

/// One operation.
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub summary: &'static str,
    /// Schema of the body; none for reads.
    pub body: Option<&'static str>,
    /// Query parameters: name and JSON type.
    pub query: &'static [(&'static str, &'static str)],
    /// Whether it takes an `Idempotency-Key`.
    pub is_mutation: bool,
    /// Whether it takes a key at all.
    pub is_public: bool,
    pub success: &'static [u16],
    /// Schema of the answer.
    pub answer: &'static str,
}

const READ: Operation = Operation {
    method: "get",
    path: "",
    summary: "",
    body: None,
    query: &[],
    is_mutation: false,
    is_public: false,
    success: &[200],
    answer: "Object",
};
const LIST: Operation = Operation { query: PAGE, answer: "Page", ..READ };
const WRITE: Operation = Operation { method: "post", is_mutation: true, success: &[201], answer: "Written", ..READ };
const DECIDE: Operation = Operation { success: &[200], answer: "Object", ..WRITE };

/// A command: answers what it wrote, and takes `dry_run`.
const fn command(path: &'static str, summary: &'static str, body: &'static str) -> Operation {
    Operation { path, summary, body: Some(body), query: DRY_RUN, success: &[200, 201], ..WRITE }
}

/// A change of what is told about a member.
const fn profile(method: &'static str, summary: &'static str, body: &'static str) -> Operation {
    Operation { method, path: "/v1/members/{id}", ..command("", summary, body) }
}

/// Every operation that a component serves.
pub const OPERATIONS: &[Operation] = &[
    command("/v1/earn", "Earn points for a purchase or an action", "EarnBody"),
    Operation {
        path: "/v1/earn/bulk",
        summary: "Earn for up to 500 events, each with its own key and outcome",
        query: DRY_RUN,
        body: Some("BulkEarn"),
        is_mutation: false,
        success: &[200],
        answer: "BulkOutcomes",
        ..WRITE
    },
    command("/v1/redeem", "Spend points or set them aside, all or nothing", "RedeemBody"),
    Operation { path: "/v1/holds/{id}", summary: "A hold and what became of it", ..READ },
    command("/v1/holds/{id}/capture", "Spend the points of a hold, all or some", "CaptureBody"),
    command("/v1/holds/{id}/release", "Give a hold up", "ReleaseBody"),
    command("/v1/reverse", "Undo an order, an action or a redemption, wholly or in part", "ReverseBody"),
    command("/v1/adjustments", "Ask for an adjustment by hand", "AdjustmentBody"),
    Operation { path: "/v1/adjustments", summary: "Open requests for adjustments", ..LIST },
    Operation {
        path: "/v1/adjustments/batch",
        summary: "Ask for an adjustment a row of a CSV file, each with its own outcome",
        query: DRY_RUN,
        success: &[200],
        answer: "BulkOutcomes",
        ..WRITE
    },
    Operation { path: "/v1/adjustments/{id}", summary: "A request and what was decided", ..READ },
    command("/v1/adjustments/{id}/approve", "Approve of a request; the last approval moves the points", "DecisionBody"),
    command("/v1/adjustments/{id}/reject", "Turn a request down", "DecisionBody"),
    command("/v1/adjustments/{id}/withdraw", "Take one's own request back", "DecisionBody"),
    Operation {
        path: "/v1/imports",
        summary: "Stage a file of members from another system: a table, or ImportRowBody a line",
        body: Some("ImportRowBody"),
        query: &[("dry_run", "boolean"), ("date_order", "string")],
        success: &[200, 201],
        answer: "Object",
        ..WRITE
    },
    Operation { path: "/v1/imports", summary: "Imports, newest first", ..LIST },
    Operation { path: "/v1/imports/{id}", summary: "An import, its report and how far it is", ..READ },
    Operation { path: "/v1/imports/{id}/refused", summary: "Rows of an import that were refused", ..LIST },
    Operation {
        path: "/v1/imports/{id}/approve",
        summary: "Approve of an import",
        body: Some("DecisionBody"),
        ..DECIDE
    },
    Operation { path: "/v1/imports/{id}/reject", summary: "Turn an import down", body: Some("DecisionBody"), ..DECIDE },
    Operation {
        path: "/v1/imports/{id}/withdraw",
        summary: "Take one's own import back",
        body: Some("DecisionBody"),
        ..DECIDE
    },
    Operation { path: "/v1/imports/{id}/continue", summary: "Book the next rows of an import", ..DECIDE },
    command("/v1/activate", "Make pending points spendable before their time", "ActivateBody"),
    command("/v1/members/{id}/freeze", "Forbid earning, spending or both", "FreezeBody"),
    command("/v1/members/{id}/restore", "Allow what was frozen again", "FreezeBody"),
    command("/v1/members/{id}/recover", "Give back what a thief has spent", "RecoverBody"),
    Operation {
        path: "/v1/rewards/{id}/changes/{change}/approve",
        summary: "Put a change into the catalogue that waits",
        ..DECIDE
    },
    Operation {
        path: "/v1/rewards/{id}/changes/{change}/reject",
        summary: "Drop a change of the catalogue that waits",
        ..DECIDE
    },
    Operation {
        method: "put",
        path: "/v1/rewards/{id}",
        summary: "Put a reward into the catalogue, or change it",
        body: Some("Reward"),
        success: &[200, 201],
        answer: "Object",
        ..WRITE
    },
    Operation { path: "/v1/rewards/{id}", summary: "A reward, with what is left of it", ..READ },
    Operation { path: "/v1/rewards", summary: "The catalogue", ..LIST },
    Operation { path: "/v1/coupons/{code}", summary: "What a coupon is good for", ..READ },
    command("/v1/coupons/{code}/redeem", "Use a coupon for an order", "CouponBody"),
    command("/v1/coupons/{code}/cancel", "Take a coupon away", "DecisionBody"),
    command("/v1/coupons/{code}/restore", "Undo the use of a coupon", "CouponRestoreBody"),
    command("/v1/transfers", "Give points to another member", "TransferBody"),
    command("/v1/exchanges", "Exchange points for those of another programme of the group", "ExchangeBody"),
    Operation {
        method: "put",
        path: "/v1/pools/{id}/members/{member_id}",
        summary: "Let a member join a pool",
        query: DRY_RUN,
        success: &[200, 201],
        ..WRITE
    },
    Operation {
        method: "delete",
        path: "/v1/pools/{id}/members/{member_id}",
        summary: "Let a member leave a pool",
        query: DRY_RUN,
        success: &[200, 201],
        ..WRITE
    },
    Operation {
        method: "put",
        path: "/v1/pools/{id}/invitations/{member_id}",
        summary: "Let a member join a pool within seven days, as its head wishes",
        query: DRY_RUN,
        body: Some("InvitationBody"),
        ..WRITE
    },
    Operation { path: "/v1/pools/{id}/entries", summary: "History of the pool's own account", ..LIST },
    Operation { path: "/v1/pools/{id}", summary: "A pool, and what its members can spend together", ..READ },
    command("/v1/pools/{id}/redeem", "Spend points of a pool", "PoolRedeemBody"),
    command("/v1/members/{id}/merge", "Take over all that another member has", "MergeBody"),
    command("/v1/members/{id}/erase", "Forget whose an account is", "EraseBody"),
    Operation { path: "/v1/reviews", summary: "Earns that wait to be looked at", ..LIST },
    Operation { path: "/v1/reviews/{id}", summary: "An earn that had to be looked at, and what became of it", ..READ },
    command("/v1/reviews/{id}/approve", "Let the points of an earn go their way", "DecisionBody"),
    command("/v1/reviews/{id}/reject", "Undo an earn that had to be looked at", "DecisionBody"),
    Operation {
        path: "/v1/traces",
        summary: "Entries of a member, a device or an address, with where they were asked from",
        query: TRACE,
        answer: "Page",
        ..READ
    },
    Operation {
        path: "/v1/members/{id}/export",
        summary: "Everything that is kept of a person",
        query: &[("cursor", "string")],
        ..READ
    },
    Operation { path: "/v1/members/{id}/coupons", summary: "Coupons that can be used", answer: "Page", ..READ },
    Operation {
        path: "/v1/members",
        summary: "Members by the beginning of an id or a name, by tier and attribute; format=jsonl or csv is a page of an export",
        query: MEMBERS,
        answer: "Page",
        ..READ
    },
    Operation { path: "/v1/entries/{id}", summary: "An entry, whosever it is", answer: "Entry", ..READ },
    Operation {
        path: "/v1/orders",
        summary: "What is recorded under a reference, in whichever store",
        query: &[("reference", "string"), ("store_id", "string"), ("event", "string")],
        answer: "Page",
        ..READ
    },
    Operation { path: "/v1/members/{id}", summary: "Balance by the clock, tier and projection", ..READ },
    profile("put", "Register a member or replace its attributes", "MemberBody"),
    profile("patch", "Change the attributes and names that are named", "MemberPatchBody"),
    Operation { method: "put", ..command("/v1/members/{id}/tier", "Set a level by hand, with its end", "TierBody") },
    Operation { path: "/v1/members/{id}/entries", summary: "A member's history, newest first", ..LIST },
    Operation {
        path: "/v1/members/{id}/lots",
        summary: "Open lots in the order they will be spent, and what they add up to, read at one instant",
        query: PAGE,
        answer: "LotsPage",
        ..READ
    },
    Operation { path: "/v1/programmes/{id}", summary: "A programme and its published rulebook", ..READ },
    Operation {
        path: "/v1/programmes/{id}/rulebooks",
        summary: "The rulebooks a programme has had, newest first",
        ..LIST
    },
    Operation {
        path: "/v1/programmes/{id}/rulebooks/{version}",
        summary: "One rulebook that a programme has had",
        ..READ
    },
    Operation {
        path: "/v1/programmes/{id}/rulebooks/{version}/diff",
        summary: "What is different in a rulebook from the one before, or another",
        query: &[("from", "integer")],
        ..READ
    },
    Operation {
        path: "/v1/programmes/{id}/rulebooks/{version}/restore",
        summary: "Publish an earlier rulebook again (operator)",
        success: &[200],
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/programmes/{id}/republish",
        summary: "Publish the rulebook with today's clocks of its zone, and list what moves (operator)",
        query: &[("dry_run", "boolean")],
        success: &[200],
        answer: "Object",
        ..WRITE
    },
    Operation {
        method: "put",
        path: "/v1/rulebook/drafts/{name}",
        summary: "Keep a draft of a rulebook, and hear what is wrong with it",
        body: Some("Document"),
        success: &[200, 201],
        answer: "Object",
        ..WRITE
    },
    Operation { path: "/v1/rulebook/drafts/{name}", summary: "A draft of a rulebook", ..READ },
    Operation { path: "/v1/rulebook/drafts", summary: "Drafts of rulebooks", ..LIST },
    Operation {
        method: "delete",
        path: "/v1/rulebook/drafts/{name}",
        summary: "Drop a draft",
        success: &[204],
        ..WRITE
    },
    Operation {
        path: "/v1/rulebook/publications",
        summary: "Publish a draft, at once or at some time",
        body: Some("PublicationBody"),
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/rulebook/publications/{id}/approve",
        summary: "Approve of a publication with major changes",
        success: &[200],
        answer: "Object",
        body: Some("DecisionBody"),
        ..WRITE
    },
    Operation {
        path: "/v1/rulebook/publications/{id}/reject",
        summary: "Decide against a publication",
        success: &[200],
        answer: "Object",
        body: Some("DecisionBody"),
        ..WRITE
    },
    Operation {
        path: "/v1/rulebook/publications/{id}/withdraw",
        summary: "Take one's own publication back",
        success: &[200],
        answer: "Object",
        body: Some("DecisionBody"),
        ..WRITE
    },
    Operation { path: "/v1/rulebook/publications/{id}", summary: "How a publication stands", ..READ },
    Operation { path: "/v1/rulebook/publications", summary: "Publications", ..LIST },
    Operation {
        path: "/v1/rulebook/simulations",
        summary: "What an event would earn under a draft",
        body: Some("SimulationBody"),
        is_mutation: false,
        success: &[201],
        ..WRITE
    },
    Operation {
        path: "/v1/rulebook/back-tests",
        summary: "Begin to hold a draft against what has happened",
        body: Some("BackTestBody"),
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/rulebook/back-tests/{id}/continue",
        summary: "Go on with a back-test",
        success: &[200],
        answer: "Object",
        ..WRITE
    },
    Operation { path: "/v1/rulebook/back-tests/{id}", summary: "What a back-test has found", ..READ },
    Operation { path: "/v1/rulebook/back-tests", summary: "The newest back-tests", ..LIST },
    Operation {
        method: "put",
        path: "/v1/programmes/{id}",
        summary: "Create a programme or publish its next rulebook (operator)",
        query: DRY_RUN,
        body: Some("ProgrammeBody"),
        success: &[200, 201],
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/audit-log",
        summary: "Who did what that is no entry, newest first",
        query: AUDIT,
        answer: "Page",
        ..READ
    },
    Operation {
        path: "/v1/keys",
        summary: "List keys",
        query: &[("prefix", "string"), ("limit", "integer"), ("cursor", "string")],
        answer: "Page",
        ..READ
    },
    Operation { path: "/v1/keys", summary: "Make a key; shown once", body: Some("KeyBody"), answer: "Object", ..WRITE },
    Operation { path: "/v1/keys/{prefix}/approve", summary: "Let a key count that waits for a second admin", ..DECIDE },
    Operation {
        path: "/v1/keys/{prefix}/rotate",
        summary: "Make a key's successor; shown once",
        answer: "Object",
        ..WRITE
    },
    Operation {
        method: "delete",
        path: "/v1/keys/{prefix}",
        summary: "Revoke a key at once",
        success: &[204],
        answer: "Object",
        ..WRITE
    },
    Operation { path: "/v1/endpoints", summary: "List webhook endpoints", ..LIST },
    Operation { path: "/v1/endpoints/{id}", summary: "A webhook endpoint", ..READ },
    Operation {
        method: "put",
        path: "/v1/endpoints/{id}",
        summary: "Send events to a URL; the secret is shown once",
        body: Some("EndpointBody"),
        success: &[200, 201],
        answer: "Object",
        ..WRITE
    },
    Operation {
        method: "delete",
        path: "/v1/endpoints/{id}",
        summary: "Stop sending events to an endpoint",
        success: &[204],
        answer: "Object",
        ..WRITE
    },
    Operation { path: "/v1/endpoints/{id}/dead", summary: "Events an endpoint did not take", ..LIST },
    Operation {
        path: "/v1/endpoints/{id}/rotate",
        summary: "Give an endpoint another secret; the one before signs beside it for a day",
        body: Some("Object"),
        success: &[200],
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/endpoints/{id}/replay",
        summary: "Send dead events again",
        success: &[200],
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/jobs/{name}",
        summary: "Run a job, for schedulers that only speak HTTP; night with dry_run=true rehearses the coming one",
        query: REHEARSAL,
        is_mutation: false,
        success: &[200],
        answer: "Object",
        ..WRITE
    },
    Operation {
        path: "/v1/reports/audit",
        summary: "Replay every entry and check every invariant",
        query: &[("member_id", "string"), ("limit", "integer"), ("cursor", "string")],
        ..READ
    },
    Operation {
        path: "/v1/reports/exchanges",
        summary: "What was exchanged with each other programme",
        query: &[("from", "string"), ("to", "string")],
        ..READ
    },
    Operation { path: "/v1/reports/budgets", summary: "How much of each budget is gone", ..READ },
    Operation {
        path: "/v1/reports/trial-balance",
        summary: "Points by account; sums to zero",
        query: &[("from", "string"), ("to", "string")],
        ..READ
    },
    Operation { path: "/healthz", summary: "The process answers", is_public: true, ..READ },
    Operation { path: "/readyz", summary: "The database answers and takes writes", is_public: true, ..READ },
    Operation { path: "/rulebook.schema.json", summary: "JSON Schema of rulebooks", is_public: true, ..READ },
    Operation { path: "/openapi.json", summary: "This document", is_public: true, ..READ },
];
