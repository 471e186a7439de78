//! `fermyon:spin/sqlite@2.0.0`, the older synchronous interface of cron components. The same
//! sessions as `sqlite.rs`.

use super::{
    cron::bindings::fermyon::spin::sqlite as wit,
    guest::Guest,
    sqlite::{CallGuard, Connection},
};
use crate::sqlite::{Error, Value};
use wasmtime::component::Resource;

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
        let parameters = parameters.into_iter().map(Value::from).collect();
        let row = |values: Vec<Value>| wit::RowResult {
            values: values.into_iter().map(wit::Value::from).collect(),
        };
        Ok(match session.execute_blocking(sql, parameters, &CallGuard::default().0).await {
            Ok(result) => Ok(wit::QueryResult {
                columns: result.columns,
                rows: result.rows.into_iter().map(row).collect(),
            }),
            Err(Error::Full) => Err(wit::Error::DatabaseFull),
            Err(Error::Stopped(stop)) => Err(wit::Error::Io(stop.to_string())),
            Err(Error::Io(message) | Error::Refused(message)) => Err(wit::Error::Io(message)),
        })
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
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
