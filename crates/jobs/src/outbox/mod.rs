//! The outbox: what is due by a channel, asked again and written just before it goes out, and what
//! became of it.
//!
//! `deliver` takes messages from here, account by account. A message is asked of the playbook and
//! of the ledger as they are now; what a strategy does beside it (a grant, a tag, an attribute) is
//! done before, as the text may name it, and once however often a message is tried.
//!
//! Two more things happen here: a channel that had its time leaves the message to the next one, and
//! touches without a message are done.

mod act;
mod asked;
mod late;
mod opened;
mod recommended;
mod written;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ledger::Timestamp;
use reach::{Channel, LinkKey};
use seal::{NONCE, Place, Seals};
use store::{
    ChannelAccount, Error, ProgrammeRef, Progress, Settlement, Sql, due_messages, last_attempt,
    links_delivered, messages_changed, programmes, progress, reach_secret, settle_messages,
    versions_in_force,
};

use crate::Messaging;
use crate::context::{JobContext, WorkLimit};
use crate::deliver::{
    DeliverReport, DeliverSettings, Due, SettledTouch, Touches, Vendors, deliver,
};
use asked::Verdicts;
use opened::Opened;

/// A member with entries that facts do not know yet is asked again after so long.
const FOLD_MS: i64 = 20_000;
/// What is asked at once: nobody waits long for a statement about so many.
const PIECE: i64 = 250;
/// Pieces that one question for messages looks at.
const ROUNDS: usize = 4;
/// For how long touches act before messages go out, in milliseconds.
const ACT_MS: i64 = 10_000;

/// The name of the key of links among the second database's secrets.
const LINK_KEY: &str = "link_tokens";

/// The key of links: the database's own, which is made of `random` where it has none. `None` where
/// `seals` do not open it, as another one in its place would close every link that was sent.
///
/// # Errors
/// [`Error`] when the database keeps failing.
pub async fn link_key<R: Sql>(
    reach: &JobContext<'_, R>,
    seals: &Seals,
    (random, nonce): ([u8; 32], [u8; NONCE]),
) -> Result<Option<LinkKey>, Error> {
    let place = Place::database(LINK_KEY);
    let fresh: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let sealed = seals.seal(&fresh, &place, nonce);
    let stored =
        reach.with_retries(async || reach_secret(reach.sql, LINK_KEY, &sealed).await).await?;
    Ok(seals.open(&stored, &place).and_then(|text| LinkKey::of_digits(&text)))
}

/// What messages are made with beside the databases.
pub struct OutboxSettings<'a> {
    /// The keys that open addresses.
    pub seals: &'a Seals,
    /// What makes tokens of links.
    pub links: LinkKey,
    /// The address of the installation, before `/l/…`; `None` where it is not told.
    pub public_url: Option<String>,
}

/// The messages of all programmes, as one run of `deliver` sees them.
pub struct Outbox<'a, 'c, L, R, M> {
    ledger: &'a JobContext<'c, L>,
    reach: &'a JobContext<'c, R>,
    messaging: M,
    settings: &'a OutboxSettings<'a>,
    /// The programmes that there are, by their numbers, as they were asked for last.
    programmes: RefCell<Option<BTreeMap<i64, ProgrammeRef>>>,
    /// The last failure of a programme or member that cost no other one.
    failure: RefCell<Option<String>>,
    /// Programmes that this run came to.
    opened: RefCell<BTreeMap<i64, Rc<Opened>>>,
}

impl<'a, 'c, L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Outbox<'a, 'c, L, R, M> {
    /// `messaging` tells what a programme has published, by its number.
    pub fn new(
        ledger: &'a JobContext<'c, L>,
        reach: &'a JobContext<'c, R>,
        messaging: M,
        settings: &'a OutboxSettings<'a>,
    ) -> Self {
        let (programmes, failure) = (RefCell::default(), RefCell::default());
        let opened = RefCell::default();
        Self { ledger, reach, messaging, settings, programmes, failure, opened }
    }

    /// Leaves messages to other channels, does what is to be done, and sends what is due, for as
    /// long as the limit allows.
    ///
    /// # Errors
    /// [`Error`] when a database keeps failing. What was written stays; the next run goes on.
    pub async fn send<V: Vendors>(
        &self,
        vendors: &V,
        settings: &DeliverSettings<'_>,
        mut limit: WorkLimit,
    ) -> Result<DeliverReport, Error> {
        let is_swept = self.leave_late(&mut limit).await?;
        let has_acted = self.act_alone(&mut limit).await?;
        let mut report = deliver(self.reach, (self, vendors), settings, None, limit).await?;
        report.done &= is_swept && has_acted;
        report.last_failure = report.last_failure.or(self.failure.take());
        Ok(report)
    }

    /// What messages of a programme are made by. Each wave asks whether something was published
    /// meanwhile.
    async fn opened(&self, programme_no: i64) -> Result<Rc<Opened>, Error> {
        let (ledger, reach) = (self.ledger, self.reach);
        let known = self.opened.borrow().get(&programme_no).cloned();
        let ids = known.as_ref().map(|known| known.template_ids()).unwrap_or_default();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        // Before what they are of: so nothing newer is taken for older.
        let in_force = ledger
            .with_retries(async || versions_in_force(ledger.sql, programme_no).await)
            .await?
            .ok_or(Error::Corrupt("programme"))?;
        let changed = reach
            .with_retries(async || messages_changed(reach.sql, programme_no, &ids).await)
            .await?;
        if let Some(known) = known
            && known.is_of(in_force, &changed)
        {
            return Ok(known);
        }
        let is_of = |programme: &ProgrammeRef| programme.rulebook_version == in_force.0;
        let is_listed = self
            .programmes
            .borrow()
            .as_ref()
            .is_some_and(|all| all.get(&programme_no).is_some_and(is_of));
        if !is_listed {
            let all = ledger.with_retries(async || programmes(ledger.sql).await).await?;
            let by_number = all.into_iter().map(|programme| (programme.no, programme));
            *self.programmes.borrow_mut() = Some(by_number.collect());
        }
        let found =
            self.programmes.borrow().as_ref().and_then(|all| all.get(&programme_no).cloned());
        let programme = found.ok_or(Error::Corrupt("programme"))?;
        let messaging = ledger.with_retries(async || (self.messaging)(programme_no).await).await?;
        let public_url = self.settings.public_url.clone();
        let published = (messaging, in_force);
        let opened = Opened::of(ledger, reach, programme, published, public_url).await?;
        let opened = Rc::new(opened);
        self.opened.borrow_mut().insert(programme_no, opened.clone());
        Ok(opened)
    }

    fn fail(&self, text: String) {
        *self.failure.borrow_mut() = Some(text);
    }

    async fn settle_all(
        &self,
        channel: Option<Channel>,
        settled: &[(i64, Settlement)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let reach = self.reach;
        reach.with_retries(async || settle_messages(reach.sql, channel, settled, now).await).await
    }
}

impl<L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Touches
    for Outbox<'_, '_, L, R, M>
{
    async fn due(&self, account: &ChannelAccount, most: usize) -> Result<Due, Error> {
        let (reach, channel) = (self.reach, account.channel);
        let programme_no = account.programme_no;
        let nothing = |is_all| Due { touches: Vec::new(), known_attempt: 0, is_all };
        // A long row of messages that are settled here leaves the rest to the next turn.
        for _ in 0..ROUNDS {
            let now = (reach.now)();
            let known_attempt = reach.with_retries(async || last_attempt(reach.sql).await).await?;
            let waiting = reach
                .with_retries(async || {
                    due_messages(reach.sql, programme_no, Some(channel), now, PIECE).await
                })
                .await?;
            if waiting.is_empty() {
                return Ok(nothing(true));
            }
            let opened = self.opened(programme_no).await?;
            let numbers: Vec<i64> = waiting.iter().map(|one| one.no).collect();
            let progress = reach
                .with_retries(async || progress(reach.sql, channel, &numbers, now).await)
                .await?;
            let (mut settled, mut open) = (Vec::new(), Vec::new());
            for one in waiting {
                match progress.get(&one.no) {
                    // A run died before it could say what became of it.
                    Some(Progress::Over(settlement)) => settled.push((one.no, settlement.clone())),
                    Some(Progress::Sending) => {}
                    Some(Progress::Again) | None => open.push(one),
                }
            }
            let Verdicts { mut wanted, settled: refused, .. } =
                self.ask(&opened, Some(channel), open, now).await?;
            wanted.truncate(most);
            let (ready, failed) = self.write(&opened, channel, wanted, now).await?;
            // What is not wanted any more, and a vendor may have, is unknown.
            let doubted = |(no, settlement): (i64, Settlement)| match progress.get(&no) {
                Some(Progress::Again) if settlement.ends() => {
                    let why = "no answer came before it was stopped".to_owned();
                    (no, Settlement::Unknown(why))
                }
                _ => (no, settlement),
            };
            settled.extend(refused.into_iter().chain(failed).map(doubted));
            self.settle_all(Some(channel), &settled, now).await?;
            if !ready.is_empty() {
                return Ok(Due { touches: ready, known_attempt, is_all: false });
            }
            // All wait: for another message to their members, or for another run.
            if settled.is_empty() {
                return Ok(nothing(true));
            }
        }
        Ok(nothing(false))
    }

    async fn settle(
        &self,
        account: &ChannelAccount,
        touches: &[(i64, SettledTouch)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let settlement = |touch: &SettledTouch| match touch {
            SettledTouch::Sent => Settlement::Sent,
            SettledTouch::Later(at) => Settlement::Later(*at),
            SettledTouch::Failed(why) => Settlement::Failed(why.clone()),
            SettledTouch::Unknown(why) => Settlement::Unknown(why.clone()),
        };
        let settled: Vec<(i64, Settlement)> =
            touches.iter().map(|(no, touch)| (*no, settlement(touch))).collect();
        self.settle_all(Some(account.channel), &settled, now).await?;
        let delivered: Vec<_> = touches
            .iter()
            .filter(|(_, touch)| matches!(touch, SettledTouch::Sent | SettledTouch::Unknown(_)))
            .map(|(no, _)| (*no, account.channel, now))
            .collect();
        let (reach, programme_no) = (self.reach, account.programme_no);
        reach
            .with_retries(async || links_delivered(reach.sql, programme_no, &delivered).await)
            .await
    }
}
