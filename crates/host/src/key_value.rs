//! Where key-value stores keep their values: one SQLite file beside the databases, or Redis if the
//! runtime configuration sets it.

use crate::sqlite::{Database, Session, Value};
use anyhow::{Result, anyhow};
use redis::{AsyncCommands, aio::ConnectionManager};
use std::sync::Arc;

/// One store by its label; clones share it.
#[derive(Clone)]
pub enum Store {
    Sqlite { session: Arc<Session>, label: Arc<str> },
    Redis(ConnectionManager),
}

impl Store {
    /// A store in the shared file.
    pub async fn in_sqlite(database: &Database, label: &str) -> Result<Self> {
        const TABLE: &str = "CREATE TABLE IF NOT EXISTS key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
                             PRIMARY KEY (store, key)) WITHOUT ROWID";
        let session = Arc::new(database.session());
        session
            .execute(TABLE.into(), Vec::new(), &Arc::default())
            .await
            .map_err(|error| anyhow!("key-value: {error:?}"))?;
        Ok(Self::Sqlite { session, label: label.into() })
    }

    /// A store in Redis. It connects at once, so that a wrong address shows at the start. It
    /// reconnects automatically later.
    pub async fn in_redis(url: &str) -> Result<Self> {
        let client = redis::Client::open(url)?;
        Ok(Self::Redis(client.get_connection_manager().await?))
    }

    pub async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        match self {
            Self::Sqlite { .. } => {
                let rows = self
                    .sql("SELECT value FROM key_value WHERE store = ?1 AND key = ?2", key, None)
                    .await?;
                Ok(rows.into_iter().flatten().next().and_then(|value| match value {
                    Value::Blob(bytes) => Some(bytes),
                    _ => None,
                }))
            }
            Self::Redis(redis) => redis.clone().get(key).await.map_err(text),
        }
    }

    pub async fn set(&self, key: String, value: Vec<u8>) -> Result<(), String> {
        const UPSERT: &str = "INSERT INTO key_value (store, key, value) VALUES (?1, ?2, ?3) \
                              ON CONFLICT (store, key) DO UPDATE SET value = excluded.value";
        match self {
            Self::Sqlite { .. } => self.sql(UPSERT, key, Some(value)).await.map(drop),
            Self::Redis(redis) => redis.clone().set(key, value).await.map_err(text),
        }
    }

    pub async fn delete(&self, key: String) -> Result<(), String> {
        match self {
            Self::Sqlite { .. } => self
                .sql("DELETE FROM key_value WHERE store = ?1 AND key = ?2", key, None)
                .await
                .map(drop),
            Self::Redis(redis) => redis.clone().del(key).await.map_err(text),
        }
    }

    pub async fn exists(&self, key: String) -> Result<bool, String> {
        match self {
            Self::Sqlite { .. } => {
                let rows = self
                    .sql("SELECT 1 FROM key_value WHERE store = ?1 AND key = ?2", key, None)
                    .await?;
                Ok(!rows.is_empty())
            }
            Self::Redis(redis) => redis.clone().exists(key).await.map_err(text),
        }
    }

    pub async fn keys(&self) -> Result<Vec<String>, String> {
        match self {
            Self::Sqlite { session, label } => {
                let parameters = vec![Value::Text(label.to_string())];
                let sql = "SELECT key FROM key_value WHERE store = ?1 ORDER BY key".to_owned();
                let rows = session
                    .execute(sql, parameters, &Arc::default())
                    .await
                    .map_err(|error| format!("{error:?}"))?
                    .rows;
                let key = |value| if let Value::Text(key) = value { Some(key) } else { None };
                Ok(rows.into_iter().flatten().filter_map(key).collect())
            }
            Self::Redis(redis) => {
                let mut redis = redis.clone();
                let mut found = redis.scan::<String>().await.map_err(text)?;
                let mut keys = Vec::new();
                while let Some(key) = found.next_item().await {
                    keys.push(key.map_err(text)?);
                }
                Ok(keys)
            }
        }
    }

    async fn sql(
        &self,
        sql: &str,
        key: String,
        value: Option<Vec<u8>>,
    ) -> Result<Vec<Vec<Value>>, String> {
        let Self::Sqlite { session, label } = self else { return Ok(Vec::new()) };
        let mut parameters = vec![Value::Text(label.to_string()), Value::Text(key)];
        parameters.extend(value.map(Value::Blob));
        Ok(session
            .execute(sql.to_owned(), parameters, &Arc::default())
            .await
            .map_err(|error| format!("{error:?}"))?
            .rows)
    }
}

fn text(error: redis::RedisError) -> String {
    error.to_string()
}
