//! The API: a file for each component, with its bodies, their checks, the submissions that become
//! of them, and its routes.
//!
//! A new component is a module and a line in the list below. Unknown fields of a body are refused:
//! a typo must not silently lose points.

pub mod activate;
pub mod adjust;
pub mod audit_log;
pub mod back_test;
pub mod behaviour;
pub mod callback;
pub mod channel;
pub(crate) mod common;
pub mod contact;
pub mod coupon;
pub mod donate;
pub mod draft;
pub mod earn;
pub mod endpoint;
pub mod erase;
pub mod exchange;
pub mod facts;
pub mod find;
pub mod freeze;
pub mod front;
pub mod grant;
pub mod hold;
pub mod import;
pub mod job;
pub mod key;
pub mod link;
pub mod me;
pub mod member;
pub mod merge;
pub mod oidc;
pub mod pass;
pub mod playbook;
pub mod pool;
pub mod programme;
pub mod publication;
pub mod qr_key;
pub mod recover;
pub mod redeem;
pub mod report;
pub mod reverse;
pub mod review;
pub mod reward;
mod roles;
pub mod scan;
pub mod segment;
pub mod sign_in;
pub mod slip;
pub mod staff;
mod staff_roles;
pub mod stores;
pub mod tag;
pub mod task;
pub mod template;
pub mod touches;
pub mod trace;
pub mod transfer;
pub mod verification;

use crate::route::Route;

/// Lists the components and the bodies that OpenAPI describes. The modules stand outside, as
/// rustfmt does not look for modules in a macro.
macro_rules! components {
    ($($component:ident $name:literal: [$($body:ident),*];)+) => {
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
            let _ = generator.subschema_for::<reach::playbook::Playbook>();
            $($(let _ = generator.subschema_for::<bodies::$body>();)*)+
        }
    };
}

components! {
    activate "activate": [ActivateBody];
    adjust "adjust": [AdjustmentBody];
    audit_log "audit-log": [];
    back_test "back-test": [BackTestBody, SimulationBody];
    behaviour "behaviour": [BehaviourBody];
    callback "callback": [];
    channel "channel": [ChannelBody, TestAddressBody];
    contact "contact": [
        BulkConsentBody, ConsentBody, ConsentProofsBody, ContactBody, OwnConsentBody,
        PreferencesBody
    ];
    coupon "coupon": [CouponBody, CouponRestoreBody];
    donate "donate": [DonateBody];
    draft "draft": [ConditionsBody];
    earn "earn": [BulkBody, EarnBody];
    endpoint "endpoint": [EndpointBody];
    erase "erase": [EraseBody];
    exchange "exchange": [ExchangeBody];
    facts "facts": [];
    find "find": [];
    freeze "freeze": [FreezeBody];
    front "front": [];
    grant "grant": [GrantBody];
    hold "hold": [CaptureBody, ReleaseBody];
    import "import": [ImportRowBody];
    job "job": [];
    key "key": [KeyBody];
    link "link": [LinkSettingsBody];
    me "me": [];
    member "member": [MemberBody, MemberPatchBody, TierBody];
    merge "merge": [MergeBody];
    oidc "oidc": [OidcBody];
    pass "pass": [];
    playbook "playbook": [PlaybookBackTestBody, PlaybookPublicationBody, PlaybookRehearsalBody];
    pool "pool": [InvitationBody, PoolRedeemBody];
    programme "programme": [ProgrammeBody];
    publication "publication": [PublicationBody];
    qr_key "qr-key": [QrKeyBody, QrKeyRetirementBody];
    recover "recover": [RecoverBody];
    redeem "redeem": [RedeemBody];
    report "report": [];
    reverse "reverse": [ReverseBody];
    review "review": [];
    reward "reward": [];
    scan "scan": [OwnScanBody, ScanBody];
    segment "segment": [PreviewBody, SegmentBody];
    sign_in "sign-in": [AcceptBody, OwnCodeBody, OwnPasswordBody, ProofBody, SessionRoleBody, SignInBody];
    slip "slip": [SlipBody];
    staff "staff": [OwnRoleBody, PersonInvitationBody, StaffApprovalBody, StaffBody];
    stores "stores": [StoreBody];
    tag "tag": [SetMembersBody, TagBody];
    task "task": [TaskAssignBody, TaskOutcomeBody];
    template "template": [OccasionBody, TemplateBody, TemplatePreviewBody, TemplateTestBody];
    touches "touches": [];
    trace "trace": [];
    transfer "transfer": [TransferBody];
    verification "verification": [VerificationBody, VerificationCodeBody];
}
