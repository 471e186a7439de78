//! `spin:key-value@3.0.0`. Where the values are kept is in `crate::key_value`.

use super::{bindings::spin::key_value::key_value as wit, guest::Guest};
pub use crate::key_value::Store;
use wasmtime::component::{Accessor, FutureReader, HasData, HasSelf, Resource, StreamReader};

/// The value behind a guest's store resource.
pub struct OpenStore(pub Store);

impl OpenStore {
    /// Opens a store that the component was granted.
    pub fn open(guest: &mut Guest, label: &str) -> wasmtime::Result<Option<Resource<Self>>> {
        let Some(store) = guest.grants.stores.get(label).cloned() else {
            tracing::warn!(
                component = guest.grants.component,
                label,
                "refused a key-value store that the manifest does not grant"
            );
            return Ok(None);
        };
        Ok(Some(guest.table.push(Self(store))?))
    }
}

type Keys = (StreamReader<String>, FutureReader<Result<(), wit::Error>>);

impl wit::Host for Guest {}

impl wit::HostStore for Guest {
    async fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

impl wit::HostStoreWithStore<Guest> for HasSelf<Guest> {
    async fn open(
        accessor: &Accessor<Guest, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<OpenStore>, wit::Error>> {
        let opened = accessor.with(|mut access| OpenStore::open(access.get(), &label))?;
        Ok(opened.ok_or(wit::Error::AccessDenied))
    }

    async fn get(
        accessor: &Accessor<Guest, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wit::Error>> {
        Ok(opened(accessor, &store)?.get(key).await.map_err(wit::Error::Other))
    }

    async fn set(
        accessor: &Accessor<Guest, Self>,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        Ok(opened(accessor, &store)?.set(key, value).await.map_err(wit::Error::Other))
    }

    async fn delete(
        accessor: &Accessor<Guest, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        Ok(opened(accessor, &store)?.delete(key).await.map_err(wit::Error::Other))
    }

    async fn exists(
        accessor: &Accessor<Guest, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<bool, wit::Error>> {
        Ok(opened(accessor, &store)?.exists(key).await.map_err(wit::Error::Other))
    }

    async fn get_keys(
        accessor: &Accessor<Guest, Self>,
        store: Resource<OpenStore>,
    ) -> wasmtime::Result<Keys> {
        let (keys, ended) = match opened(accessor, &store)?.keys().await {
            Ok(keys) => (keys, Ok(())),
            Err(message) => (Vec::new(), Err(wit::Error::Other(message))),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            Ok((
                keys,
                FutureReader::new(
                    &mut access,
                    std::future::ready(wasmtime::Result::<_, wasmtime::Error>::Ok(ended)),
                )?,
            ))
        })
    }
}

fn opened<T>(accessor: &Accessor<Guest, T>, store: &Resource<OpenStore>) -> wasmtime::Result<Store>
where
    T: for<'a> HasData<Data<'a> = &'a mut Guest>,
{
    accessor.with(|mut access| Ok(access.get().table.get(store)?.0.clone()))
}
