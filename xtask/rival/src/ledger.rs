//! The calls of the PL/pgSQL ledger: one statement an operation, prepared once a connection. The
//! same statement looks the caller's key up, so that no request asks twice.

use crate::answers::{Problem, Standing};
use crate::requests::{Caller, Purchase, Redemption};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use std::error::Error;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};

const EARN: &str = include_str!("earn.sql");
const REDEEM: &str = include_str!("redeem.sql");
const STANDING: &str = include_str!("standing.sql");
const CONNECTIONS: usize = 16;
/// Returned by the function `redeem` for too few points.
const REFUSED: i64 = -1;
/// A message and a constraint of xtask/bench/rival.sql.
const KEY_REUSED: &str = "idempotency key reused";
const KEY_TAKEN: &str = "entry_idempotency_key_key";

#[derive(Clone)]
pub struct Ledger {
    pool: Pool,
}

impl Ledger {
    /// Opens no connection yet.
    pub fn connect(database: &str) -> Result<Self, Box<dyn Error>> {
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(database.parse()?, NoTls, fast);
        Ok(Self { pool: Pool::builder(manager).max_size(CONNECTIONS).build()? })
    }

    /// Grants the points of a purchase and returns the balance.
    pub async fn earn(
        &self,
        caller: &Caller,
        purchase: &Purchase<'_>,
        key: &str,
    ) -> Result<i64, Problem> {
        let Purchase { number, cents, reference, .. } = purchase;
        let digest = caller.0.as_slice();
        self.post(EARN, &[&digest, number, cents, &reference.as_ref(), &key]).await
    }

    /// Spends points and returns the balance.
    pub async fn redeem(
        &self,
        caller: &Caller,
        redemption: &Redemption<'_>,
        key: &str,
    ) -> Result<i64, Problem> {
        let Redemption { number, points, .. } = redemption;
        let digest = caller.0.as_slice();
        match self.post(REDEEM, &[&digest, number, points, &key]).await? {
            REFUSED => Err(Problem::INSUFFICIENT),
            balance => Ok(balance),
        }
    }

    pub async fn standing(&self, caller: &Caller, number: i64) -> Result<Standing, Problem> {
        let digest = caller.0.as_slice();
        let row = self.ask(STANDING, &[&digest, &number]).await?.ok_or(Problem::UNAUTHORIZED)?;
        match (get(&row, 0)?, get(&row, 1)?) {
            (Some(sequence), Some(balance)) => Ok(Standing { sequence, balance }),
            _ => Err(Problem::MEMBER_NOT_FOUND),
        }
    }

    async fn post(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<i64, Problem> {
        let row = match self.ask(sql, values).await {
            // Another request with this key committed meanwhile: now its answer is found.
            Err(Failure::KeyTaken) => self.ask(sql, values).await?,
            row => row?,
        };
        get(&row.ok_or(Problem::UNAUTHORIZED)?, 0)?.ok_or(Problem::INTERNAL)
    }

    /// No row means that the caller's key is not in use.
    async fn ask(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Failure> {
        let connection = self.pool.get().await.map_err(|error| {
            eprintln!("no connection: {error}");
            Failure::Problem(Problem::BUSY)
        })?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_opt(&statement, values).await?)
    }
}

fn get(row: &Row, column: usize) -> Result<Option<i64>, Problem> {
    row.try_get(column).map_err(|error| {
        eprintln!("an unexpected row: {error}");
        Problem::INTERNAL
    })
}

enum Failure {
    KeyTaken,
    Problem(Problem),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let database = error.as_db_error();
        if database.and_then(DbError::constraint) == Some(KEY_TAKEN) {
            return Self::KeyTaken;
        }
        Self::Problem(match database {
            Some(refused) if refused.message() == KEY_REUSED => Problem::KEY_REUSED,
            Some(refused) if *refused.code() == SqlState::UNIQUE_VIOLATION => {
                Problem::REFERENCE_USED
            }
            Some(refused) if *refused.code() == SqlState::NUMERIC_VALUE_OUT_OF_RANGE => {
                Problem::OUT_OF_RANGE
            }
            _ => {
                eprintln!("the database refused: {error}");
                Problem::INTERNAL
            }
        })
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::KeyTaken => Self::KEY_REUSED,
            Failure::Problem(problem) => problem,
        }
    }
}
