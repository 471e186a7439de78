//! `fermyon:spin/key-value@2.0.0`, the older synchronous interface of cron components. The same
//! stores as `key_value.rs`.

use super::{
    cron::bindings::fermyon::spin::key_value as wit,
    guest::Guest,
    key_value::{OpenStore, Store},
};
use wasmtime::component::Resource;

impl wit::Host for Guest {}

impl wit::HostStore for Guest {
    async fn open(
        &mut self,
        label: String,
    ) -> wasmtime::Result<Result<Resource<OpenStore>, wit::Error>> {
        Ok(OpenStore::open(self, &label)?.ok_or(wit::Error::AccessDenied))
    }

    async fn get(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wit::Error>> {
        Ok(opened(self, &store)?.get(key).await.map_err(wit::Error::Other))
    }

    async fn set(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        Ok(opened(self, &store)?.set(key, value).await.map_err(wit::Error::Other))
    }

    async fn delete(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        Ok(opened(self, &store)?.delete(key).await.map_err(wit::Error::Other))
    }

    async fn exists(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<bool, wit::Error>> {
        Ok(opened(self, &store)?.exists(key).await.map_err(wit::Error::Other))
    }

    async fn get_keys(
        &mut self,
        store: Resource<OpenStore>,
    ) -> wasmtime::Result<Result<Vec<String>, wit::Error>> {
        Ok(opened(self, &store)?.keys().await.map_err(wit::Error::Other))
    }

    async fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

fn opened(guest: &Guest, store: &Resource<OpenStore>) -> wasmtime::Result<Store> {
    Ok(guest.table.get(store)?.0.clone())
}
