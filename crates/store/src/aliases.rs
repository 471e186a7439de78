//! Other names that members are known by: phone numbers, openids, cards. They are set with the
//! profile, and can be erased.
//!
//! A name is looked up as it is written first, so that names from before spellings were made alike
//! go on; then as it would be kept now.

use ledger::MemberId;
use rules::{has_spellings, spellings_of};
use serde_json::json;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// The member that is known by a name, which has `~` and its kind in front.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn member_by_alias(
    sql: &impl Sql,
    programme_no: i64,
    name: &str,
) -> Result<Option<MemberId>, Error> {
    let found = by_name(sql, programme_no, name).await?;
    let Some(name) = MemberId::new(name).ok().filter(|name| found.is_none() && has_spellings(name))
    else {
        return Ok(found);
    };
    let code = country_code(sql, programme_no).await?;
    for spelling in spellings_of(&name, code.as_deref()) {
        if let Some(found) = by_name(sql, programme_no, spelling.as_str()).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn by_name(sql: &impl Sql, programme_no: i64, name: &str) -> Result<Option<MemberId>, Error> {
    let values = vec![programme_no.into(), name.into()];
    let mut rows = sql.look_up(statement!("queries/member_by_alias"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    MemberId::stored(row.text(0)?).map(Some).map_err(|_| Error::Corrupt("member id"))
}

async fn country_code(sql: &impl Sql, programme_no: i64) -> Result<Option<String>, Error> {
    let mut rows =
        sql.look_up(statement!("queries/country_code"), vec![programme_no.into()]).await?;
    rows.first_mut().map_or(Ok(None), |row| row.optional_text(0))
}

/// The person without an account in the programme who is known by each of these names elsewhere in
/// the group, if anybody, with the name as it is told there. The name has `~` in front, and the
/// programme in which it is asked where that is another one. A person with an account goes by the
/// programme's own names.
pub(crate) async fn known(
    sql: &impl Sql,
    programme_no: i64,
    names: &[(MemberId, Option<String>)],
) -> Result<Vec<Option<(MemberId, MemberId)>>, Error> {
    let found = asked(sql, programme_no, names, true).await?;
    let by_name = |(found, (name, _)): (Option<MemberId>, &(MemberId, Option<String>))| {
        Some((found?, name.clone()))
    };
    let mut found: Vec<Option<(MemberId, MemberId)>> =
        found.into_iter().zip(names).map(by_name).collect();
    type Asked<'a> = (&'a (MemberId, Option<String>), &'a Option<(MemberId, MemberId)>);
    let is_open =
        |(_, ((name, _), found)): &(usize, Asked<'_>)| found.is_none() && has_spellings(name);
    let open: Vec<usize> =
        names.iter().zip(&found).enumerate().filter(is_open).map(|(at, _)| at).collect();
    if open.is_empty() {
        return Ok(found);
    }
    let code = country_code(sql, programme_no).await?;
    let (mut places, mut again) = (Vec::new(), Vec::new());
    for (at, (name, there)) in open.into_iter().filter_map(|at| Some((at, names.get(at)?))) {
        for spelling in spellings_of(name, code.as_deref()) {
            places.push(at);
            again.push((spelling, there.clone()));
        }
    }
    let told = asked(sql, programme_no, &again, true).await?;
    for (at, (one, (spelling, _))) in places.into_iter().zip(told.into_iter().zip(again)) {
        if let Some(place) = found.get_mut(at).filter(|place| place.is_none()) {
            *place = one.map(|id| (id, spelling));
        }
    }
    Ok(found)
}

/// The members that these names belong to, each with its kind in front.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn holders(
    sql: &impl Sql,
    programme_no: i64,
    names: &[String],
) -> Result<Vec<Option<MemberId>>, Error> {
    let named = names.iter().map(|name| MemberId::new(format!("~{name}")).map(|name| (name, None)));
    let named = named.collect::<Result<Vec<_>, _>>().map_err(|_| Error::Corrupt("name"))?;
    asked(sql, programme_no, &named, false).await
}

async fn asked(
    sql: &impl Sql,
    programme_no: i64,
    names: &[(MemberId, Option<String>)],
    new_only: bool,
) -> Result<Vec<Option<MemberId>>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = names.iter().map(|(name, there)| json!([name.as_str(), there])).collect();
    let values =
        vec![programme_no.into(), json!(rows).to_string().into(), i64::from(new_only).into()];
    let rows = sql.look_up(statement!("queries/known"), values).await?;
    let read = |mut row: crate::Row| {
        let id = row.optional_text(0)?;
        id.map(MemberId::stored).transpose().map_err(|_| Error::Corrupt("member id"))
    };
    rows.into_iter().map(read).collect()
}
