//! Which members are meant by names, for what is kept of them in the second database.

use ledger::{Closed, MemberId};
use serde_json::json;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// A member by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMember {
    /// Its number.
    pub no: i64,
    /// Its id.
    pub id: String,
    /// What became of the account, where it is closed.
    pub closed: Option<Closed>,
}

/// The members of a programme that these ids and other names mean, in the order of the list.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn named_members(
    ledger: &impl Sql,
    programme_no: i64,
    names: &[&str],
) -> Result<Vec<Option<NamedMember>>, Error> {
    let mut found = vec![None; names.len()];
    let values = vec![programme_no.into(), json!(names).to_string().into()];
    for mut row in ledger.query(statement!("queries/members_named"), values).await? {
        let place = usize::try_from(row.integer(0)?).ok();
        let closed = match row.optional_text(3)?.as_deref() {
            None => None,
            Some("") => Some(Closed::Erased),
            Some(into) => Some(Closed::Merged(
                MemberId::stored(into).map_err(|_| Error::Corrupt("member id"))?,
            )),
        };
        let member = NamedMember { no: row.integer(1)?, id: row.text(2)?, closed };
        if let Some(named) = place.and_then(|place| found.get_mut(place)) {
            *named = Some(member);
        }
    }
    Ok(found)
}
