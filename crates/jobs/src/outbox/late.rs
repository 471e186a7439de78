//! What no account sends: messages whose channels have had their time, and touches that only act.

use std::collections::BTreeMap;

use reach::Channel;
use reach::touch::Reason;
use store::{Error, Settlement, Sql, due_messages, late_messages, programmes_that_act};

use super::Outbox;
use super::asked::Verdicts;
use crate::Messaging;
use crate::context::WorkLimit;

/// Messages of a piece.
const LATE: i64 = 500;
/// Touches that act, of a piece.
const ACTS: i64 = 100;

impl<L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Outbox<'_, '_, L, R, M> {
    /// Leaves messages whose channels have had their time to the next channel, or to nobody. True
    /// when none is left.
    ///
    /// # Errors
    /// [`Error`] when a database keeps failing.
    pub(super) async fn leave_late(&self, limit: &mut WorkLimit) -> Result<bool, Error> {
        let reach = self.reach;
        loop {
            if !limit.take_chunk((reach.now)()) {
                return Ok(false);
            }
            let now = (reach.now)();
            let late =
                reach.with_retries(async || late_messages(reach.sql, now, LATE).await).await?;
            let mut by_channel: BTreeMap<Option<Channel>, Vec<(i64, Settlement)>> = BTreeMap::new();
            for message in late.iter().filter(|message| !message.is_on_its_way) {
                let settlement = match message.is_uncertain {
                    true => Settlement::Unknown("no answer came in time".to_owned()),
                    false => Settlement::Passed(Reason::Missed),
                };
                by_channel.entry(message.channel).or_default().push((message.touch_no, settlement));
            }
            for (channel, settled) in &by_channel {
                self.settle_all(*channel, settled, now).await?;
            }
            if by_channel.is_empty() || i64::try_from(late.len()).is_ok_and(|count| count < LATE) {
                return Ok(true);
            }
        }
    }

    /// Does what touches without a message are to do. False if there is more to do; and the last
    /// failure of a programme, which costs no other one.
    ///
    /// # Errors
    /// [`Error`] when the second database keeps failing.
    pub(super) async fn act_alone(
        &self,
        limit: &mut WorkLimit,
    ) -> Result<(bool, Option<String>), Error> {
        let reach = self.reach;
        let now = (reach.now)();
        let programmes =
            reach.with_retries(async || programmes_that_act(reach.sql, now).await).await?;
        let (mut is_done, mut failure) = (true, None);
        for programme_no in programmes {
            match self.act_alone_in(programme_no, limit).await {
                Ok(is_last) => is_done &= is_last,
                Err(error) => {
                    is_done = false;
                    failure = Some(format!("programme {programme_no}: {error}"));
                }
            }
        }
        Ok((is_done, failure))
    }

    async fn act_alone_in(&self, programme_no: i64, limit: &mut WorkLimit) -> Result<bool, Error> {
        let reach = self.reach;
        let opened = self.opened(programme_no).await?;
        loop {
            if !limit.take_chunk((reach.now)()) {
                return Ok(false);
            }
            let now = (reach.now)();
            let waiting = reach
                .with_retries(async || due_messages(reach.sql, programme_no, None, now, ACTS).await)
                .await?;
            let count = waiting.len();
            let Verdicts { wanted, mut settled, others } =
                self.ask(&opened, None, waiting, now).await?;
            for asked in wanted {
                let done = match self.act(&opened, &asked).await? {
                    Ok(_) => Settlement::Sent,
                    Err(settlement) => settlement,
                };
                settled.push((asked.no, done));
            }
            self.settle_all(None, &settled, now).await?;
            if others == 0 && i64::try_from(count).is_ok_and(|count| count < ACTS) {
                return Ok(true);
            }
        }
    }
}
