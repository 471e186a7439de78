//! What no account sends: messages whose channels have had their time, and touches that only act.

use std::collections::{BTreeMap, VecDeque};

use reach::Channel;
use reach::touch::Reason;
use store::{
    Error, Progress, Settlement, Sql, due_messages, late_messages, programmes_that_act, progress,
};

use super::asked::Verdicts;
use super::{ACT_MS, Outbox};
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
            let count = late.len();
            let mut by_channel: BTreeMap<Option<Channel>, Vec<i64>> = BTreeMap::new();
            for (touch_no, channel) in late {
                by_channel.entry(channel).or_default().push(touch_no);
            }
            for (channel, touches) in by_channel {
                let tried = match channel {
                    Some(channel) => {
                        reach
                            .with_retries(async || {
                                progress(reach.sql, channel, &touches, now).await
                            })
                            .await?
                    }
                    None => BTreeMap::new(),
                };
                let settlement = |no: i64| match tried.get(&no) {
                    Some(Progress::Sending) => None,
                    Some(Progress::Over(settlement)) => Some((no, settlement.clone())),
                    Some(Progress::Again) => {
                        let why = "no answer came in time".to_owned();
                        Some((no, Settlement::Unknown(why)))
                    }
                    None => Some((no, Settlement::Passed(Reason::Missed))),
                };
                let settled: Vec<_> = touches.into_iter().filter_map(settlement).collect();
                self.settle_all(channel, &settled, now).await?;
            }
            if i64::try_from(count).is_ok_and(|count| count < LATE) {
                return Ok(true);
            }
        }
    }

    /// Does what touches without a message are to do, for a while. False if there is more to do.
    ///
    /// # Errors
    /// [`Error`] when the second database keeps failing.
    pub(super) async fn act_alone(&self, limit: &mut WorkLimit) -> Result<bool, Error> {
        let reach = self.reach;
        let now = (reach.now)();
        let programmes =
            reach.with_retries(async || programmes_that_act(reach.sql, now).await).await?;
        let until = now.plus_ms(ACT_MS);
        let mut turns: VecDeque<i64> = programmes.into();
        while let Some(programme_no) = turns.pop_front() {
            if (reach.now)() > until || !limit.take_chunk((reach.now)()) {
                return Ok(false);
            }
            match self.act_alone_in(programme_no).await {
                Ok(true) => {}
                Ok(false) => turns.push_back(programme_no),
                Err(error) => self.fail(format!("programme {programme_no}: {error}")),
            }
        }
        Ok(true)
    }

    /// Does a piece of it for a programme. True when none is left.
    async fn act_alone_in(&self, programme_no: i64) -> Result<bool, Error> {
        let reach = self.reach;
        let opened = self.opened(programme_no).await?;
        let now = (reach.now)();
        let waiting = reach
            .with_retries(async || due_messages(reach.sql, programme_no, None, now, ACTS).await)
            .await?;
        let count = waiting.len();
        let Verdicts { wanted, mut settled, has_others } =
            self.ask(&opened, None, waiting, now).await?;
        for asked in wanted {
            let done = match self.act_or_wait(&opened, &asked).await? {
                Ok(_) => Settlement::Sent,
                Err(settlement) => settlement,
            };
            settled.push((asked.no, done));
        }
        self.settle_all(None, &settled, now).await?;
        Ok(settled.is_empty()
            || (!has_others && i64::try_from(count).is_ok_and(|count| count < ACTS)))
    }
}
