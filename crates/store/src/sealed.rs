//! What is stored sealed, in both databases: read in order, and put back when it was sealed anew.
//!
//! Opens nothing: the keys are the caller's.

use serde_json::{Value as Json, json};

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A sort of sealed texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// Secrets of webhook endpoints, and those from before a rotation.
    Endpoints,
    /// Secrets of QR keys.
    QrKeys,
    /// Secrets of persons' one-time codes, and those that are set up next.
    Credentials,
    /// The same of invitations.
    Invitations,
    /// What the second database keeps for itself.
    Secrets,
    /// Addresses of members.
    Contacts,
    /// Secrets of accounts at vendors.
    Channels,
    /// Secrets in the addresses to which vendors post.
    Callbacks,
    /// Addresses where templates may be tried.
    TestAddresses,
}

/// All sorts, those of the ledger's database first.
pub const SEALED: [Sealed; 9] = [
    Sealed::Endpoints,
    Sealed::QrKeys,
    Sealed::Credentials,
    Sealed::Invitations,
    Sealed::Secrets,
    Sealed::Contacts,
    Sealed::Channels,
    Sealed::Callbacks,
    Sealed::TestAddresses,
];

impl Sealed {
    /// Whether it stands in the second database.
    #[must_use]
    pub fn is_of_reach(self) -> bool {
        matches!(
            self,
            Self::Secrets | Self::Contacts | Self::Channels | Self::Callbacks | Self::TestAddresses
        )
    }
}

/// What a sealed text is of: programme, name, channel. Its order is that of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealedName {
    /// The programme's number; 0 for none.
    pub programme_no: i64,
    /// The name, or the member's number.
    pub name: Json,
    /// The channel of an address.
    pub channel: String,
}

impl SealedName {
    /// Before all others.
    #[must_use]
    pub fn first(sort: Sealed) -> Self {
        let name = if sort == Sealed::Contacts { json!(-1) } else { json!("") };
        Self { programme_no: -1, name, channel: String::new() }
    }
}

/// One or two sealed texts as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Whose they are.
    pub of: SealedName,
    /// The texts; `None` where there is none.
    pub stored: [Option<String>; 2],
}

/// Up to `most` rows after that one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn sealed_rows(
    sql: &impl Sql,
    sort: Sealed,
    after: &SealedName,
    most: i64,
) -> Result<Vec<SealedRow>, Error> {
    let statement = match sort {
        Sealed::Endpoints => statement!("queries/sealed_endpoints"),
        Sealed::QrKeys => statement!("queries/sealed_qr_keys"),
        Sealed::Credentials => statement!("queries/sealed_credentials"),
        Sealed::Invitations => statement!("queries/sealed_invitations"),
        Sealed::Secrets => statement!("queries/reach/sealed_secrets"),
        Sealed::Contacts => statement!("queries/reach/sealed_contacts"),
        Sealed::Channels => statement!("queries/reach/sealed_channels"),
        Sealed::Callbacks => statement!("queries/reach/sealed_callbacks"),
        Sealed::TestAddresses => statement!("queries/reach/sealed_test_addresses"),
    };
    let after = json!([after.programme_no, after.name, after.channel]);
    let rows = sql.query(statement, vec![after.to_string().into(), most.into()]).await?;
    let read = |mut row: Row| {
        let name =
            if sort == Sealed::Contacts { json!(row.integer(1)?) } else { json!(row.text(1)?) };
        let of = SealedName { programme_no: row.integer(0)?, name, channel: row.text(2)? };
        Ok(SealedRow { of, stored: [row.optional_text(3)?, row.optional_text(4)?] })
    };
    rows.into_iter().map(read).collect()
}

/// Puts texts in place of those that were read, each row with its new texts; leaves what was
/// changed meanwhile. Tells how many rows were written.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_sealed(
    sql: &impl Sql,
    sort: Sealed,
    rows: &[(SealedRow, [Option<String>; 2])],
) -> Result<usize, Error> {
    let statement = match sort {
        Sealed::Endpoints => statement!("queries/sealed_endpoints_put"),
        Sealed::QrKeys => statement!("queries/sealed_qr_keys_put"),
        Sealed::Credentials => statement!("queries/sealed_credentials_put"),
        Sealed::Invitations => statement!("queries/sealed_invitations_put"),
        Sealed::Secrets => statement!("queries/reach/sealed_secrets_put"),
        Sealed::Contacts => statement!("queries/reach/sealed_contacts_put"),
        Sealed::Channels => statement!("queries/reach/sealed_channels_put"),
        Sealed::Callbacks => statement!("queries/reach/sealed_callbacks_put"),
        Sealed::TestAddresses => statement!("queries/reach/sealed_test_addresses_put"),
    };
    let row = |(row, [first, second]): &(SealedRow, [Option<String>; 2])| {
        let SealedRow { of, stored: [read, read_second] } = row;
        json!([of.programme_no, of.name, of.channel, read, read_second, first, second])
    };
    let rows: Vec<Json> = rows.iter().map(row).collect();
    Ok(sql.query(statement, vec![Json::Array(rows).to_string().into()]).await?.len())
}
