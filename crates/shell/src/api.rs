//! The API: a file for each component, with its bodies, their checks, the submissions that become
//! of them, and its routes.
//!
//! A new component is a line in the list below. Unknown fields of a body are refused: a typo must
//! not silently lose points.

pub(crate) mod common;
mod roles;

use crate::route::Route;

/// Declares the file of each component, and the bodies that OpenAPI describes.
macro_rules! components {
    ($($component:ident $name:literal: [$($body:ident),*];)+) => {
        $(pub mod $component;)+

        /// Every body that a route names.
        pub mod bodies {
            $($(pub use super::$component::$body;)*)+
        }

        /// The routes of each component, by its name.
        pub const ROUTES: &[(&str, &[Route])] = &[
            $(($name, $component::ROUTES),)+
        ];

        /// Adds the schema of every body.
        #[cfg(feature = "schema")]
        pub fn add_schemas(generator: &mut schemars::SchemaGenerator) {
            let _ = generator.subschema_for::<common::ReasonBody>();
            $($(let _ = generator.subschema_for::<bodies::$body>();)*)+
        }
    };
}

components! {
    activate "activate": [ActivateBody];
    adjust "adjust": [AdjustmentBody];
    audit_log "audit-log": [];
    back_test "back-test": [BackTestBody, SimulationBody];
    coupon "coupon": [CouponBody, CouponRestoreBody];
    draft "draft": [];
    earn "earn": [BulkBody, EarnBody];
    endpoint "endpoint": [EndpointBody];
    erase "erase": [EraseBody];
    exchange "exchange": [ExchangeBody];
    find "find": [];
    freeze "freeze": [FreezeBody];
    front "front": [];
    hold "hold": [CaptureBody, ReleaseBody];
    import "import": [ImportRowBody];
    job "job": [];
    key "key": [KeyBody];
    member "member": [MemberBody, MemberPatchBody, TierBody];
    merge "merge": [MergeBody];
    pool "pool": [InvitationBody, PoolRedeemBody];
    programme "programme": [ProgrammeBody];
    publication "publication": [PublicationBody];
    recover "recover": [RecoverBody];
    redeem "redeem": [RedeemBody];
    report "report": [];
    reverse "reverse": [ReverseBody];
    review "review": [];
    reward "reward": [];
    trace "trace": [];
    transfer "transfer": [TransferBody];
}
