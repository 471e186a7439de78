//! `spin:variables@3.0.0` and `fermyon:spin/variables@2.0.0`: the component's variables, resolved
//! when the host started.

use super::{
    bindings::spin::variables::variables as wit,
    cron::bindings::fermyon::spin::variables as wit_sync, guest::Guest,
};
use wasmtime::component::{Accessor, HasSelf};

impl wit::Host for Guest {}

impl wit::HostWithStore<Guest> for HasSelf<Guest> {
    async fn get(
        accessor: &Accessor<Guest, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, wit::Error>> {
        let value = accessor.with(|mut access| access.get().grants.variables.get(&name).cloned());
        Ok(value.ok_or(wit::Error::Undefined(name)))
    }
}

impl wit_sync::Host for Guest {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, wit_sync::Error>> {
        Ok(self.grants.variables.get(&name).cloned().ok_or(wit_sync::Error::Undefined(name)))
    }
}
