//! Whether a rulebook to be published would let points grow by exchanges that come back.

use rules::Exchanges;
use store::{ProgrammeRef, Sql, gains};

use crate::problem::{FieldError, Problem};

/// Holds the exchanges of a rulebook against those of the other programmes of the group: its own,
/// unless another one is told.
///
/// # Errors
/// [`Problem::InvalidRequest`] at `pointer` when points would grow on some way over the group, and
/// what the database does.
pub async fn makes_no_points(
    sql: &impl Sql,
    id: &str,
    programme: Option<&ProgrammeRef>,
    group: Option<&str>,
    exchanges: &Exchanges,
    pointer: &str,
) -> Result<(), Problem> {
    // A programme that is not there yet has no number, and the group that it is to join, if any.
    let no = programme.map_or(0, |programme| programme.no);
    match gains(sql, (no, id), group, exchanges).await? {
        None => Ok(()),
        Some(way) => {
            let detail = format!("lets points grow on the way {}", way.join(" → "));
            Err(Problem::InvalidRequest(vec![FieldError::new(pointer, detail)]))
        }
    }
}
