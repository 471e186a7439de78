//! One statement that reads all a decision needs: who calls, the members, what is already there
//! under their keys and references.

use std::collections::BTreeMap;

use ledger::{Counted, EntryId, LotNumber, Member, MemberId, ProgrammeId, Refusal, Reversal};
use rules::{ExtraColumns, Lots, PriorRecords, ReversalTargets, Reward};
use serde_json::{Value as Json, json};

use crate::Error;
use crate::aliases;
use crate::member_row;
use crate::own_roles::read_permissions;
use crate::profile;
use crate::programmes::{ProgrammeRef, read_reference};
use crate::refusals::StoredRefusal;
use crate::sources::make_room;
use crate::sql::{Row, Rows, Sql, Value};
use crate::statement::statement;

/// The bearer of a key, as stored. The user of it must compare the hash first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The programme the key belongs to.
    pub programme: ProgrammeRef,
    /// Its role.
    pub role: String,
    /// True for the key of the variable `admin_key`, which may create programmes.
    pub operator: bool,
    /// SHA-256 of the key, 64 hexadecimal digits.
    pub hash: String,
    /// From when on it counts no more (milliseconds since 1970); 0 where it was revoked or waits
    /// for a second admin.
    pub ends_at: Option<i64>,
    /// What people call it.
    pub label: String,
    /// The line of keys that it continues, each made by rotating the one before: whose idempotency
    /// keys it uses.
    pub lineage: String,
    /// Whose it is, as the programme spells that person; `None` where it speaks for nobody.
    pub person: Option<String>,
    /// When it was used last, to the hour.
    pub last_used_at: i64,
    /// The stores that it is for; `None` for all.
    pub stores: Option<Vec<String>>,
    /// What it may do of what its role may, where it has a role of the programme's own; `None` for
    /// all.
    pub permissions: Option<Vec<String>>,
}

impl Caller {
    /// How the log and the list of keys name the caller: the person, or the key where that names
    /// none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.person.as_deref().unwrap_or(&self.label)
    }
}

/// What to load for one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRequest {
    /// The member.
    pub member: MemberId,
    /// The idempotency key with its operation in front, and the fingerprint of the request, when
    /// there is one.
    pub idem: Option<(String, String)>,
    /// The source that may be recorded once only.
    pub source: Option<String>,
    /// The store that the source is from, when that is told.
    pub store: Option<String>,
    /// Whether what was recorded under the source and undone stands in its way, too.
    pub once_ever: bool,
    /// What it undoes.
    pub undoes: Option<ReversalTargets>,
    /// Subjects whose counters it has to know.
    pub subjects: Vec<String>,
    /// The reward that it wants.
    pub reward: Option<String>,
    /// Other members that it names.
    pub others: Vec<MemberId>,
    /// The programme that those are members of, where it is another one.
    pub abroad: Option<ProgrammeId>,
    /// The names that it gives the member.
    pub aliases: Option<Vec<String>>,
    /// What to load of that which is told about the member beside its state.
    pub beside: ExtraColumns,
}

impl LoadRequest {
    /// A member alone, without anything that a command claims.
    #[must_use]
    pub fn member(member: MemberId) -> Self {
        Self {
            member,
            idem: None,
            source: None,
            store: None,
            once_ever: false,
            undoes: None,
            subjects: Vec::new(),
            reward: None,
            others: Vec::new(),
            abroad: None,
            aliases: None,
            beside: ExtraColumns::Nothing,
        }
    }

    /// Whether it asks for one member by its own id, and for nothing of other members, of earlier
    /// entries, of counters or of rewards.
    fn is_plain(&self) -> bool {
        !self.member.is_alias()
            && self.undoes.is_none()
            && self.subjects.is_empty()
            && self.reward.is_none()
            && self.others.is_empty()
            && self.aliases.is_none()
    }

    fn beside_code(&self) -> i64 {
        match self.beside {
            ExtraColumns::Nothing => 0,
            ExtraColumns::Profile => 1,
            ExtraColumns::Pricing => 2,
        }
    }

    /// `of` is the programme, where it is another one than that of the call.
    fn row(&self, of: Option<&ProgrammeId>) -> Json {
        let undoes = self.undoes.as_ref();
        let entries =
            undoes.map(|undoes| undoes.entries.iter().map(ToString::to_string).collect::<Vec<_>>());
        let lots = undoes.map(|undoes| undoes.lots.iter().map(|lot| lot.0).collect::<Vec<_>>());
        let subjects = Some(&self.subjects).filter(|subjects| !subjects.is_empty());
        json!([
            self.member.as_str(),
            self.idem.as_ref().map(|(key, _)| key),
            self.source,
            entries,
            lots.filter(|lots| !lots.is_empty()),
            subjects,
            self.reward,
            self.aliases,
            self.beside_code(),
            of.map(ProgrammeId::as_str)
        ])
    }
}

fn limit(lots: Lots) -> i64 {
    match lots {
        Lots::None => 0,
        Lots::First(most) => i64::from(most),
        Lots::All => -1,
    }
}

/// What was found for one [`LoadRequest`].
#[derive(Debug, Clone)]
pub struct LoadedMember {
    /// The member's state; without entries when the programme has no such member.
    pub member: Member,
    /// Its row number, once it has entries.
    pub member_no: Option<i64>,
    /// The command that already bears the key.
    pub(crate) hit: Option<ReplayedCommand>,
    /// The name under which its document can be recorded, where its own name is taken.
    pub(crate) source: Option<String>,
    /// The refusal that is kept under the key.
    pub refusal: Option<StoredRefusal>,
    /// What the books say about the documents that the command names.
    pub recorded: PriorRecords,
    /// What the merchant told about the member, a JSON text; only loaded with the profile.
    pub attributes: Option<String>,
    /// The other names of the member, a JSON list; only loaded with the profile.
    pub aliases: Option<String>,
    /// The name by which somebody else in the group knows the member, who has no account yet: an
    /// account that is opened is known by it here.
    pub opened_as: Option<String>,
}

/// Where the entries of an earlier command are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplayedCommand {
    pub(crate) fingerprint: String,
    pub(crate) member_no: i64,
    pub(crate) first: i64,
    pub(crate) primary: i64,
    pub(crate) last: i64,
}

/// Whose members to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Those of the programme that the key with this prefix belongs to.
    KeyPrefix(&'a str),
    /// Those of the programme with this number.
    Programme(i64),
}

/// The programme, the caller, and what was found for each [`LoadRequest`], in order.
pub type Loads = (ProgrammeRef, Option<Caller>, Vec<LoadedMember>);

/// Loads one row per wanted member, in order. `None` when the key or programme does not exist. The
/// caller is given only for a key.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn load(
    sql: &impl Sql,
    scope: Scope<'_>,
    wanted: &[LoadRequest],
    lots: Lots,
) -> Result<Option<Loads>, Error> {
    let Some((mut programme, caller, mut loaded)) = look_up(sql, scope, wanted, lots).await? else {
        return Ok(None);
    };
    if let Some((known, names)) = known(sql, programme.no, wanted, &loaded).await? {
        // With the rulebook of that instant: what is loaded beside a member is what that one asks
        // for.
        let found = look_up(sql, scope, &known, lots).await?;
        (programme, _, loaded) = found.ok_or(Error::Corrupt("programme"))?;
        for (loaded, name) in loaded.iter_mut().zip(names) {
            loaded.opened_as = name.filter(|_| !loaded.member.exists());
        }
    }
    make_room(sql, programme.no, wanted, &mut loaded).await?;
    Ok(Some((programme, caller, loaded)))
}

/// The same, by the ids of those who have no account here and are known by a name elsewhere in the
/// group. `None` where there is nobody like that. Both sides of an exchange are the member that the
/// name means here.
async fn known(
    sql: &impl Sql,
    programme_no: i64,
    wanted: &[LoadRequest],
    loaded: &[LoadedMember],
) -> Result<Option<(Vec<LoadRequest>, Vec<Option<String>>)>, Error> {
    let mut known = wanted.to_vec();
    let (mut names, mut places) = (Vec::new(), Vec::new());
    let mut is_any = false;
    for (at, (wanted, loaded)) in known.iter_mut().zip(loaded).enumerate() {
        if loaded.member.id.is_alias() {
            names.push((loaded.member.id.clone(), None));
            places.push((at, &mut wanted.member));
        } else if wanted.abroad.is_some() && wanted.member.is_alias() {
            wanted.others = vec![loaded.member.id.clone()];
            is_any = true;
        }
    }
    let mut told: Vec<Option<String>> = loaded.iter().map(|_| None).collect();
    if !names.is_empty() {
        for (found, (at, id)) in
            aliases::known(sql, programme_no, &names).await?.into_iter().zip(places)
        {
            let Some((found, name)) = found else { continue };
            *id = found;
            is_any = true;
            if let Some(told) = told.get_mut(at) {
                *told = name.as_str().strip_prefix('~').map(str::to_owned);
            }
        }
    }
    Ok(is_any.then_some((known, told)))
}

async fn look_up(
    sql: &impl Sql,
    scope: Scope<'_>,
    wanted: &[LoadRequest],
    lots: Lots,
) -> Result<Option<Loads>, Error> {
    let (number, prefix) = match scope {
        Scope::KeyPrefix(prefix) => (Value::Null, Value::from(prefix)),
        Scope::Programme(number) => (Value::from(number), Value::Null),
    };
    // Nearly every request is for one member, and needs nothing else of the books.
    if let [only] = wanted
        && only.is_plain()
    {
        let values = vec![
            number,
            prefix,
            only.member.as_str().into(),
            only.idem.as_ref().map(|(key, _)| key.as_str()).into(),
            only.source.as_deref().into(),
            limit(lots).into(),
            only.beside_code().into(),
        ];
        let rows = sql.look_up(statement!("queries/load_one"), values).await?;
        return read_loads(rows, wanted);
    }
    // Those that a command names follow the one that it is for.
    let others = |wanted: &LoadRequest| {
        let row = |id: &MemberId| LoadRequest::member(id.clone()).row(wanted.abroad.as_ref());
        wanted.others.iter().map(row).collect::<Vec<_>>()
    };
    let rows = |wanted: &LoadRequest| {
        std::iter::once(wanted.row(None)).chain(others(wanted)).collect::<Vec<_>>()
    };
    let list: Vec<Json> = wanted.iter().flat_map(rows).collect();
    let values = vec![number, prefix, Json::Array(list).to_string().into(), limit(lots).into()];
    read_loads(sql.look_up(statement!("queries/load"), values).await?, wanted)
}

fn read_loads(rows: Rows, wanted: &[LoadRequest]) -> Result<Option<Loads>, Error> {
    let read = |mut row: Row| Row::from_json(&row.text(0)?);
    let mut rows = rows.into_iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    let Some(first) = rows.first_mut() else { return Ok(None) };
    let programme = read_reference(first, 40)?;
    let caller = read_caller(first, &programme, 4, (38, 41))?;
    let mut found = rows.iter_mut().map(read_loaded);
    let mut next = || found.next().ok_or(Error::Corrupt("answer"))?;
    let mut loaded = Vec::new();
    for wanted in wanted {
        let mut one = next()?;
        for _ in &wanted.others {
            one.recorded.others.push(next()?.member);
        }
        loaded.push(one);
    }
    Ok(Some((programme, caller, loaded)))
}

/// The bearer of the key with that prefix, for requests that touch no member.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn caller(sql: &impl Sql, prefix: &str) -> Result<Option<Caller>, Error> {
    let mut rows = sql.look_up(statement!("queries/caller"), vec![prefix.into()]).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let programme = read_reference(row, 13)?;
    read_caller(row, &programme, 4, (12, 14))
}

fn read_caller(
    row: &mut Row,
    programme: &ProgrammeRef,
    at: usize,
    (lineage, permissions): (usize, usize),
) -> Result<Option<Caller>, Error> {
    let Some(role) = row.optional_text(at)? else { return Ok(None) };
    Ok(Some(Caller {
        programme: programme.clone(),
        role,
        operator: row.integer(at + 1)? != 0,
        hash: row.text(at + 2)?,
        ends_at: row.optional_integer(at + 3)?,
        label: row.text(at + 4)?,
        lineage: row.text(lineage)?,
        person: row.optional_text(at + 5)?,
        last_used_at: row.optional_integer(at + 6)?.unwrap_or(0),
        stores: row.optional_text(at + 7)?.map(|text| read_stores(&text)).transpose()?,
        permissions: read_permissions(row.optional_text(permissions)?)?,
    }))
}

/// The stores that a key is for.
pub(crate) fn read_stores(text: &str) -> Result<Vec<String>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("stores"))
}

fn read_loaded(row: &mut Row) -> Result<LoadedMember, Error> {
    const MEMBER: usize = 12;
    let (mut member, member_no) = member_row::member(row, MEMBER)?;
    member.lots_counted = row.optional_integer(MEMBER + 27)?;
    let claim = row.optional_text(MEMBER + 17)?.map(|text| read_claim(&text)).transpose()?;
    let (hit, refusal) = claim.unwrap_or_default();
    let used = row.optional_entry_id(MEMBER + 18)?;
    let attributes = row.optional_text(MEMBER + 19)?;
    let reversals =
        row.optional_text(MEMBER + 20)?.map_or(Ok(Vec::new()), |text| read_reversals(&text))?;
    let expired =
        row.optional_text(MEMBER + 21)?.map_or(Ok(BTreeMap::new()), |text| read_expired(&text))?;
    let tallies =
        row.optional_text(MEMBER + 22)?.map_or(Ok(Vec::new()), |text| read_tallies(&text))?;
    let reward = row.optional_text(MEMBER + 23)?.map(|text| read_reward(&text)).transpose()?;
    let names = row.optional_text(MEMBER + 24)?.map_or(Ok(Vec::new()), |text| read_names(&text))?;
    let is_taken =
        |(_, id): &(String, Option<String>)| id.as_ref().is_some_and(|id| id != member.id.as_str());
    let taken_alias = names.into_iter().find(is_taken).map(|(name, _)| name);
    let aliases = row.optional_text(MEMBER + 25)?;
    // Attributes are texts by name; what an earlier version wrote otherwise is nothing that a rule
    // can ask for.
    let told =
        attributes.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let own: Vec<String> =
        aliases.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let tag = aliases.as_ref().map(|_| profile::tag(&told, &own)).unwrap_or_default();
    let recorded = PriorRecords {
        used,
        reversals,
        expired,
        tallies,
        attributes: told,
        aliases: own,
        tag,
        reward,
        taken_alias,
        ..PriorRecords::default()
    };
    Ok(LoadedMember {
        member,
        member_no,
        hit,
        source: None,
        refusal,
        recorded,
        attributes,
        aliases,
        opened_as: None,
    })
}

fn read_reward(text: &str) -> Result<(i64, Reward), Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("reward"))
}

/// Names, and whom each of them belongs to.
fn read_names(text: &str) -> Result<Vec<(String, Option<String>)>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("names"))
}

fn read_tallies(text: &str) -> Result<Vec<Counted>, Error> {
    let rows: Vec<(String, String, i32, i64)> =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("tallies"))?;
    let read = |(subject, name, period, amount)| Counted { subject, name, period, amount };
    Ok(rows.into_iter().map(read).collect())
}

fn read_reversals(text: &str) -> Result<Vec<(EntryId, Reversal)>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("reversals"))
}

/// Points of lots that were written down as expired.
fn read_expired(text: &str) -> Result<BTreeMap<LotNumber, i64>, Error> {
    let rows: Vec<(i64, i64)> =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("expiries"))?;
    let mut expired: BTreeMap<LotNumber, i64> = BTreeMap::new();
    for (lot, points) in rows {
        let sum = expired.entry(LotNumber(lot)).or_default();
        *sum = sum.saturating_add(points);
    }
    Ok(expired)
}

/// Fingerprint; member number, first, primary and last entry; id and body of a refusal.
type ClaimRow =
    (String, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<String>, Option<Refusal>);

/// What has an idempotency key: a command's entries, or a refusal.
fn read_claim(text: &str) -> Result<(Option<ReplayedCommand>, Option<StoredRefusal>), Error> {
    let row: ClaimRow =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("idempotency key"))?;
    match row {
        (fingerprint, Some(member_no), Some(first), Some(primary), Some(last), None, None) => {
            Ok((Some(ReplayedCommand { fingerprint, member_no, first, primary, last }), None))
        }
        (fingerprint, None, None, None, None, Some(id), Some(refusal)) => {
            Ok((None, Some(StoredRefusal { fingerprint, id, refusal })))
        }
        _ => Err(Error::Corrupt("idempotency key")),
    }
}
