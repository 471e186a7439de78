//! Links of messages and the visits to them. What a visit is, is decided in `reach`.

use ledger::Timestamp;
use reach::{Channel, Doubt, Purpose};
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// Where links of a programme may lead, and where they are opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSettings {
    /// The hosts.
    pub hosts: Vec<String>,
    /// The address before `/l/…`; none for that of the installation.
    pub base: Option<String>,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// The settings of a programme, where somebody told them.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn link_settings(
    reach: &impl Sql,
    programme_no: i64,
) -> Result<Option<LinkSettings>, Error> {
    let values = vec![programme_no.into()];
    let rows = reach.query(statement!("queries/reach/link_settings"), values).await?;
    let read = |mut row: Row| {
        Ok(LinkSettings {
            hosts: hosts(&row.text(0)?)?,
            base: row.optional_text(1)?,
            at: Timestamp(row.integer(2)?),
            by: row.text(3)?,
        })
    };
    rows.into_iter().next().map(read).transpose()
}

fn hosts(text: &str) -> Result<Vec<String>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("hosts of links"))
}

/// Keeps the settings of a programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_link_settings(
    reach: &impl Sql,
    programme_no: i64,
    settings: &LinkSettings,
) -> Result<(), Error> {
    let values = vec![
        programme_no.into(),
        json!(settings.hosts).to_string().into(),
        settings.base.clone().into(),
        settings.at.0.into(),
        settings.by.as_str().into(),
    ];
    reach.query(statement!("queries/reach/link_settings_put"), values).await.map(drop)
}

/// A link that a message is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The member who gets the message.
    pub member_no: i64,
    /// The touch.
    pub touch_no: i64,
    /// The channel.
    pub channel: Channel,
    /// What the message is for.
    pub purpose: Purpose,
    /// Where the link leads; empty where it only ends messages.
    pub target: String,
    /// Whether persons cannot see it.
    pub is_trap: bool,
}

/// Makes links; their numbers, in the order of the list. Those that are there already keep theirs.
/// `None` where the account is closed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn make_links(
    reach: &impl Sql,
    programme_no: i64,
    links: &[NewLink],
    now: Timestamp,
) -> Result<Vec<Option<i64>>, Error> {
    let row = |of: &NewLink| {
        json!([
            programme_no,
            of.member_no,
            of.touch_no,
            of.channel.as_str(),
            of.purpose.as_str(),
            of.target,
            i64::from(of.is_trap),
            now.0
        ])
    };
    let rows: Vec<_> = links.iter().map(row).collect();
    let values = vec![json!(rows).to_string().into()];
    let mut made = std::collections::HashMap::new();
    for mut row in reach.query(statement!("queries/reach/link_make"), values).await? {
        let key = (row.integer(1)?, row.text(2)?, row.text(3)?, row.integer(4)? == 1);
        made.insert(key, row.integer(0)?);
    }
    let number = |of: &NewLink| {
        let key = (of.touch_no, of.channel.as_str().to_owned(), of.target.clone(), of.is_trap);
        made.get(&key).copied()
    };
    Ok(links.iter().map(number).collect())
}

/// Keeps when messages of touches were delivered. The first word counts.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn links_delivered(
    reach: &impl Sql,
    programme_no: i64,
    delivered: &[(i64, Channel, Timestamp)],
) -> Result<(), Error> {
    let row = |(touch_no, channel, at): &(i64, Channel, Timestamp)| {
        json!([programme_no, touch_no, channel.as_str(), at.0])
    };
    let rows: Vec<_> = delivered.iter().map(row).collect();
    let values = vec![json!(rows).to_string().into()];
    reach.query(statement!("queries/reach/link_delivered"), values).await.map(drop)
}

/// A link that is visited, with what speaks for or against a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitedLink {
    /// The programme.
    pub programme_no: i64,
    /// The member who got the message.
    pub member_no: i64,
    /// The touch.
    pub touch_no: i64,
    /// The channel.
    pub channel: Channel,
    /// What the message is for.
    pub purpose: Purpose,
    /// Where it leads; empty where it only ends messages.
    pub target: String,
    /// Whether persons cannot see it.
    pub is_trap: bool,
    /// When the message was delivered; when the link was made, where that is not known.
    pub delivered_at: Timestamp,
    /// The hosts of the programme.
    pub hosts: Vec<String>,
    /// Links of the message within the last 10 seconds, this one with them; at most 4.
    pub links: usize,
    /// Visits of the network within the last minute, this one with them; at most 22.
    pub network_clicks: u32,
    /// Whether they are of more than one member.
    pub is_of_several: bool,
}

/// The link of that number, visited now from a network of that digest.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn visited_link(
    reach: &impl Sql,
    number: i64,
    network: &str,
    now: Timestamp,
) -> Result<Option<VisitedLink>, Error> {
    let values = vec![number.into(), network.into(), now.0.into()];
    let rows = reach.query(statement!("queries/reach/link_visit"), values).await?;
    let read = |mut row: Row| {
        // With this visit.
        let count = |others: i64| u32::try_from(others.saturating_add(1)).unwrap_or(u32::MAX);
        let made_at = row.integer(7)?;
        Ok(VisitedLink {
            programme_no: row.integer(0)?,
            member_no: row.integer(1)?,
            touch_no: row.integer(2)?,
            channel: Channel::parse(&row.text(3)?).ok_or(Error::Corrupt("channel of a link"))?,
            purpose: Purpose::parse(&row.text(4)?).ok_or(Error::Corrupt("purpose of a link"))?,
            target: row.text(5)?,
            is_trap: row.integer(6)? == 1,
            delivered_at: Timestamp(row.optional_integer(8)?.unwrap_or(made_at)),
            hosts: row.optional_text(9)?.map_or(Ok(Vec::new()), |text| hosts(&text))?,
            links: count(row.integer(10)?) as usize,
            network_clicks: count(row.integer(11)?),
            is_of_several: row.integer(12)? == 1,
        })
    };
    rows.into_iter().next().map(read).transpose()
}

/// Keeps a visit; of a person where there is no doubt. False where the link has enough of its kind.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn add_click(
    reach: &impl Sql,
    number: i64,
    at: Timestamp,
    (doubt, is_pressed): (Option<Doubt>, bool),
    network: &str,
) -> Result<bool, Error> {
    let values = vec![
        number.into(),
        at.0.into(),
        doubt.map(|doubt| doubt.as_str().to_owned()).into(),
        i64::from(is_pressed).into(),
        network.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/click_add"), values).await?.is_empty())
}

/// The visits of a touch's message by one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClickCounts {
    /// The touch.
    pub touch_no: i64,
    /// The channel.
    pub channel: String,
    /// Links of the message.
    pub links: i64,
    /// Visits, doubtful ones with them.
    pub visits: i64,
    /// Clicks of persons.
    pub clicks: i64,
    /// The first and the last of these.
    pub between: Option<(Timestamp, Timestamp)>,
}

/// The visits of touches' messages.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn click_counts(
    reach: &impl Sql,
    programme_no: i64,
    touches: &[i64],
) -> Result<Vec<ClickCounts>, Error> {
    let values = vec![programme_no.into(), json!(touches).to_string().into()];
    let rows = reach.query(statement!("queries/reach/click_counts"), values).await?;
    let read = |mut row: Row| {
        let between = row.optional_integer(5)?.zip(row.optional_integer(6)?);
        Ok(ClickCounts {
            touch_no: row.integer(0)?,
            channel: row.text(1)?,
            links: row.integer(2)?,
            visits: row.integer(3)?,
            clicks: row.integer(4)?,
            between: between.map(|(first, last)| (Timestamp(first), Timestamp(last))),
        })
    };
    rows.into_iter().map(read).collect()
}

/// Forgets links that were made before that instant, with their clicks, among the `most` oldest.
/// How many. Their tokens lead nowhere then.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_links(reach: &impl Sql, before: Timestamp, most: i64) -> Result<usize, Error> {
    let values = vec![before.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/links_forget"), values).await?.len())
}
