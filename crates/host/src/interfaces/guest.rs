//! The state of one instance: its WASI state, its resource table, its memory limit, and its
//! component's grants.

use super::{key_value::Store, outbound_http::Outbound, stdio::GuestLog};
use crate::{
    clock::GuestClock,
    sqlite::{Database, RequestState},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use wasmtime::{
    StoreLimits, StoreLimitsBuilder,
    component::{GuestTaskId, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The grants of one component from the manifest, shared by its instances.
pub struct Grants {
    pub component: String,
    pub databases: HashMap<String, Database>,
    pub stores: HashMap<String, Store>,
    pub variables: BTreeMap<String, String>,
    pub environment: Vec<(String, String)>,
    pub outbound: Outbound,
    pub clock: GuestClock,
    pub memory_bytes: usize,
}

/// The data of one wasmtime store.
pub struct Guest {
    pub table: ResourceTable,
    pub grants: Arc<Grants>,
    pub limits: StoreLimits,
    /// The requests that this instance works on, by the task that answers each.
    pub requests: HashMap<GuestTaskId, Arc<RequestState>>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
}

impl Guest {
    pub fn new(grants: &Arc<Grants>) -> Self {
        let mut wasi = WasiCtxBuilder::new();
        wasi.wall_clock(grants.clock.clone())
            .envs(&grants.environment)
            .stdout(GuestLog::new(&grants.component, "stdout"))
            .stderr(GuestLog::new(&grants.component, "stderr"));
        Self {
            table: ResourceTable::new(),
            grants: grants.clone(),
            limits: StoreLimitsBuilder::new().memory_size(grants.memory_bytes).build(),
            requests: HashMap::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: grants.outbound.clone(),
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}
