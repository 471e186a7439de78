//! `reseal`: seals with the first key of `secrets_key` what another key has sealed, or none, in
//! both databases.
//!
//! A piece is read, opened, sealed anew and put back where nobody has changed it meanwhile. Nothing
//! is stored of how far it came: the caller is given a cursor. So a run may be killed anywhere, and
//! two at once do no harm.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use seal::{NONCE, Place, Seals};
use serde_json::{Value as Json, json};
use store::{Error, SEALED, Sealed, SealedName, SealedRow, Sql, put_sealed, sealed_rows};

use crate::context::{JobContext, WorkLimit};

/// Rows of a piece.
const ROWS: i64 = 200;

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResealReport {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that were sealed anew.
    pub sealed: u64,
    /// Texts that no key opens. They stay as they are.
    pub unopened: u64,
    /// Where the next call goes on; `None` when all rows were looked at.
    pub cursor: Option<String>,
}

impl ResealReport {
    /// The report as the API shows it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": "reseal",
            "done": self.cursor.is_none(),
            "rows": self.rows,
            "sealed": self.sealed,
            "unopened": self.unopened,
            "cursor": self.cursor,
        })
    }
}

/// Where a run is: the place in [`SEALED`], and the last row that it has seen.
type Cursor = (usize, i64, Json, String);

/// Seals anew from the cursor on, for as long as the limit allows. `random` gives fresh bytes each
/// time, or nothing where there are none. `Ok(None)` for a cursor that is none.
///
/// # Errors
/// [`Error`] when a database keeps failing. What was sealed stays.
pub async fn reseal<L: Sql, R: Sql>(
    (ledger, reach): (&JobContext<'_, L>, &JobContext<'_, R>),
    seals: &Seals,
    random: &dyn Fn() -> Option<[u8; NONCE]>,
    cursor: Option<&str>,
    mut limit: WorkLimit,
) -> Result<Option<ResealReport>, Error> {
    let begin = || Some((0, SealedName::first(Sealed::Endpoints)));
    let Some((mut place, mut after)) = cursor.map_or_else(begin, read) else { return Ok(None) };
    let mut report = ResealReport::default();
    while let Some(sort) = SEALED.get(place).copied() {
        if !limit.take_chunk((ledger.now)()) {
            report.cursor = Some(written(place, &after));
            break;
        }
        let last = if sort.is_of_reach() {
            piece(reach, sort, &after, (seals, random), &mut report).await?
        } else {
            piece(ledger, sort, &after, (seals, random), &mut report).await?
        };
        match last {
            Some(last) => after = last,
            None => {
                place += 1;
                after = SealedName::first(SEALED.get(place).copied().unwrap_or(sort));
            }
        }
    }
    Ok(Some(report))
}

/// The next rows of a sort. The last of them; `None` where there are no more.
async fn piece<S: Sql>(
    context: &JobContext<'_, S>,
    sort: Sealed,
    after: &SealedName,
    (seals, random): (&Seals, &dyn Fn() -> Option<[u8; NONCE]>),
    report: &mut ResealReport,
) -> Result<Option<SealedName>, Error> {
    let read = async || sealed_rows(context.sql, sort, after, ROWS).await;
    let rows = context.with_retries(read).await?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < ROWS);
    let last = rows.last().map(|row| row.of.clone()).filter(|_| !is_last);
    report.rows += u64::try_from(rows.len()).unwrap_or(0);
    let mut anew = Vec::new();
    for row in rows {
        if let Some(texts) = sealed_anew(&row, sort, (seals, random), report) {
            anew.push((row, texts));
        }
    }
    if !anew.is_empty() {
        let put = async || put_sealed(context.sql, sort, &anew).await;
        report.sealed += u64::try_from(context.with_retries(put).await?).unwrap_or(0);
    }
    Ok(last)
}

/// The texts of a row, sealed by the first key; `None` where they are, or can not be.
fn sealed_anew(
    row: &SealedRow,
    sort: Sealed,
    (seals, random): (&Seals, &dyn Fn() -> Option<[u8; NONCE]>),
    report: &mut ResealReport,
) -> Option<[Option<String>; 2]> {
    let place = place_of(sort, &row.of);
    let mut is_changed = false;
    let mut anew = |stored: &Option<String>| {
        let stored = stored.as_ref()?;
        if seals.is_current(stored) {
            return Some(stored.clone());
        }
        let Some(text) = seals.open(stored, &place) else {
            report.unopened += 1;
            return Some(stored.clone());
        };
        let Some(nonce) = random() else { return Some(stored.clone()) };
        is_changed = true;
        Some(seals.seal(&text, &place, nonce))
    };
    let texts = row.stored.each_ref().map(&mut anew);
    is_changed.then_some(texts)
}

/// Where the texts of a row are sealed for.
fn place_of(sort: Sealed, of: &SealedName) -> Place {
    let name = of.name.as_str().unwrap_or_default();
    match sort {
        Sealed::Endpoints => Place::endpoint(of.programme_no, name),
        Sealed::QrKeys => Place::qr_key(of.programme_no, name),
        Sealed::Credentials | Sealed::Invitations => Place::person(of.programme_no, name),
        Sealed::Secrets => Place::database(name),
        Sealed::Contacts | Sealed::TestAddresses => Place::contact(of.programme_no, &of.channel),
        Sealed::Channels => Place::channel(of.programme_no, name),
        Sealed::Callbacks => Place::callback(of.programme_no, name),
    }
}

fn written(place: usize, after: &SealedName) -> String {
    let cursor: Cursor = (place, after.programme_no, after.name.clone(), after.channel.clone());
    URL_SAFE_NO_PAD.encode(json!(cursor).to_string())
}

fn read(text: &str) -> Option<(usize, SealedName)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (place, programme_no, name, channel): Cursor = serde_json::from_slice(&bytes).ok()?;
    let is_number = *SEALED.get(place)? == Sealed::Contacts;
    let is_name = if is_number { name.is_i64() } else { name.is_string() };
    is_name.then_some((place, SealedName { programme_no, name, channel }))
}
