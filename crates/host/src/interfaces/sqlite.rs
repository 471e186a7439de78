//! `spin:sqlite@3.1.0`, as spin-sdk 7 calls it. Threads and commits are in `crate::sqlite`.

use super::{bindings::spin::sqlite::sqlite as wit, guest::Guest};
use crate::sqlite::{Error, Outcome, RequestState, Session, Value};
use std::sync::Arc;
use wasmtime::{
    AsContextMut as _,
    component::{Access, Accessor, FutureReader, HasData, HasSelf, Resource, StreamReader},
};

/// The value behind a guest's connection resource. It is shared, because a statement may outlast
/// the resource.
#[derive(Clone)]
pub struct Connection(pub Arc<Session>);

impl Connection {
    /// Opens a database that the component was granted.
    pub fn open(guest: &mut Guest, label: &str) -> wasmtime::Result<Option<Resource<Self>>> {
        let Some(database) = guest.grants.databases.get(label) else {
            tracing::warn!(
                component = guest.grants.component,
                label,
                "refused a database that the manifest does not grant"
            );
            return Ok(None);
        };
        let session = Arc::new(database.session());
        Ok(Some(guest.table.push(Self(session))?))
    }
}

type Streamed = (Vec<String>, StreamReader<wit::RowResult>, FutureReader<Result<(), wit::Error>>);

impl wit::Host for Guest {}

impl wit::HostConnection for Guest {
    async fn open(
        &mut self,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        Ok(Connection::open(self, &label)?.ok_or(wit::Error::AccessDenied))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<wit::Value>,
    ) -> wasmtime::Result<Result<wit::QueryResult, wit::Error>> {
        let session = self.table.get(&connection)?.0.clone();
        Ok(run(&session, sql, parameters, &CallGuard::default().0)
            .await
            .map(|(columns, rows)| wit::QueryResult { columns, rows }))
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&connection)?.0.changes())
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        Ok(self.table.get(&connection)?.0.last_insert_rowid())
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl wit::HostConnectionWithStore<Guest> for HasSelf<Guest> {
    async fn open_async(
        accessor: &Accessor<Guest, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        let opened = accessor.with(|mut access| Connection::open(access.get(), &label))?;
        Ok(opened.ok_or(wit::Error::AccessDenied))
    }

    async fn execute_async(
        accessor: &Accessor<Guest, Self>,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<wit::Value>,
    ) -> wasmtime::Result<Result<Streamed, wit::Error>> {
        let session = session(accessor, &connection)?;
        let request_state = accessor.with(|mut access| request_state(&mut access))?;
        // Spin's engine reports the errors of a statement in the future. Reporting them at the call
        // is as correct and saves one wake-up.
        let (columns, rows) = match run(&session, sql, parameters, &request_state).await {
            Ok(result) => result,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            let ended = FutureReader::new(
                &mut access,
                std::future::ready(wasmtime::Result::<_, wasmtime::Error>::Ok(Ok(()))),
            )?;
            Ok(Ok((columns, rows, ended)))
        })
    }

    async fn changes_async(
        accessor: &Accessor<Guest, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        Ok(session(accessor, &connection)?.changes())
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<Guest, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        Ok(session(accessor, &connection)?.last_insert_rowid())
    }
}

/// A statement without a known request. It is over when the call is dropped, which happens when its
/// instance ends.
#[derive(Default)]
pub struct CallGuard(pub Arc<RequestState>);

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.set_over();
    }
}

/// The state of the request on whose behalf the guest calls.
fn request_state(
    access: &mut Access<'_, Guest, HasSelf<Guest>>,
) -> wasmtime::Result<Arc<RequestState>> {
    let first = access.as_context_mut().async_call_stack()?.last();
    Ok(first.and_then(|task| access.get().requests.get(&task).cloned()).unwrap_or_default())
}

fn session<T>(
    accessor: &Accessor<Guest, T>,
    connection: &Resource<Connection>,
) -> wasmtime::Result<Arc<Session>>
where
    T: for<'a> HasData<Data<'a> = &'a mut Guest>,
{
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.0.clone()))
}

async fn run(
    session: &Session,
    sql: String,
    parameters: Vec<wit::Value>,
    request_state: &Arc<RequestState>,
) -> Result<(Vec<String>, Vec<wit::RowResult>), wit::Error> {
    let parameters = parameters.into_iter().map(Value::from).collect();
    let outcome: Outcome = session.execute(sql, parameters, request_state).await;
    let result = outcome.map_err(wit::Error::from)?;
    let row = |values: Vec<Value>| wit::RowResult {
        values: values.into_iter().map(wit::Value::from).collect(),
    };
    Ok((result.columns, result.rows.into_iter().map(row).collect()))
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::DatabaseFull,
            Error::Io(message) | Error::Refused(message) => Self::Io(message),
            Error::Stopped(stop) => Self::Io(stop.to_string()),
        }
    }
}

impl From<wit::Value> for Value {
    fn from(value: wit::Value) -> Self {
        match value {
            wit::Value::Integer(number) => Self::Integer(number),
            wit::Value::Real(number) => Self::Real(number),
            wit::Value::Text(text) => Self::Text(text),
            wit::Value::Blob(bytes) => Self::Blob(bytes),
            wit::Value::Null => Self::Null,
        }
    }
}

impl From<Value> for wit::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Text(text) => Self::Text(text),
            Value::Blob(bytes) => Self::Blob(bytes),
            Value::Null => Self::Null,
        }
    }
}
