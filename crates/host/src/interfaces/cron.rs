//! Bindings of the world of cron components (`wit/` at the root of the repository; the guests bind
//! it, too). It has the one export that a schedule calls, and the synchronous Spin interfaces.

/// Generated from `wit/world.wit`.
pub mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "cron",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "fermyon:spin/sqlite.connection": crate::interfaces::sqlite::Connection,
            "fermyon:spin/key-value.store": crate::interfaces::key_value::OpenStore,
        },
    });
}

/// The types have no functions to call.
impl bindings::fermyon::spin_cron::cron_types::Host for super::guest::Guest {}
