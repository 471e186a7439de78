//! The imports of guests, one file per interface. `guest.rs` holds the state that a call can see.
//! Routes, instances and threads are decided elsewhere.

pub mod cron;
pub mod guest;
pub mod key_value;
pub mod key_value_sync;
pub mod outbound_hosts;
pub mod outbound_http;
pub mod sqlite;
pub mod sqlite_sync;
pub mod stdio;
pub mod variables;

use guest::Guest;
use wasmtime::{
    Engine,
    component::{HasSelf, Linker},
};

/// The asynchronous interfaces that components of spin-sdk 7 import.
pub mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "http",
        imports: { default: async | trappable },
        with: {
            "spin:sqlite/sqlite.connection": super::sqlite::Connection,
            "spin:key-value/key-value.store": super::key_value::OpenStore,
        },
    });
}

/// Everything that either kind of component may import. Its grants decide which of it may be
/// *used*.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    bindings::spin::sqlite::sqlite::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    bindings::spin::key_value::key_value::add_to_linker::<_, HasSelf<Guest>>(
        &mut linker,
        |guest| guest,
    )?;
    bindings::spin::variables::variables::add_to_linker::<_, HasSelf<Guest>>(
        &mut linker,
        |guest| guest,
    )?;
    cron::bindings::Cron::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    Ok(linker)
}
