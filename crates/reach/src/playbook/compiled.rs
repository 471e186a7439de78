//! The conditions of a playbook, read once for all the members that are decided about.

use std::collections::BTreeMap;

use ledger::day_number;
use rules::{MemberCondition, PlainCondition, compile_member, member_to_cel};

use super::check::{Fault, local_day};
use super::{Playbook, Strategy};

/// Rows of the plain form, at most.
const MAX_ROWS: usize = 20;

/// The conditions of a playbook by what has them. A part without a condition has none here: it is
/// for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compiled {
    /// Of segments, by their ids.
    pub segments: BTreeMap<String, MemberCondition>,
    /// Of strategies, by their ids.
    pub strategies: BTreeMap<String, MemberCondition>,
    /// Places of the strategies in the order in which they are decided: by priority, then as they
    /// stand.
    pub order: Vec<usize>,
    /// The days of the strategies, by their places.
    pub(crate) timings: Vec<Timing>,
    /// Places of the strategies, by their ids.
    pub(crate) places: BTreeMap<String, usize>,
}

/// The days of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Timing {
    /// Of its nodes, from the day of the occasion: negative before it.
    pub(crate) offsets: Vec<i32>,
    /// The first and the last local day on which something may be due.
    pub(crate) first: Option<i32>,
    pub(crate) last: Option<i32>,
}

impl Timing {
    fn of(strategy: &Strategy) -> Self {
        let day = |text: &Option<String>| text.as_deref().and_then(local_day).map(day_number);
        Self { offsets: strategy.offsets(), first: day(&strategy.from), last: day(&strategy.until) }
    }

    /// Whether something may be due on a local day.
    pub(crate) fn runs_on(&self, day: i32) -> bool {
        self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last)
    }
}

impl Playbook {
    /// The conditions, as decisions need them.
    ///
    /// # Errors
    /// Every condition that cannot be read.
    pub fn compile(&self) -> Result<Compiled, Vec<Fault>> {
        let (mut compiled, mut faults) = (Compiled::default(), Vec::new());
        for (id, segment) in &self.segments {
            let at = format!("/segments/{}", super::check::escape(id));
            let found = read(&at, segment.when.as_ref(), &segment.conditions, &mut faults);
            compiled.segments.extend(found.map(|condition| (id.clone(), condition)));
        }
        for (place, strategy) in self.strategies.iter().enumerate() {
            let at = format!("/strategies/{place}");
            let found = read(&at, strategy.when.as_ref(), &strategy.conditions, &mut faults);
            compiled.strategies.extend(found.map(|condition| (strategy.id.clone(), condition)));
        }
        compiled.timings = self.strategies.iter().map(Timing::of).collect();
        let ids = self.strategies.iter().map(|strategy| strategy.id.clone());
        compiled.places = ids.zip(0..).collect();
        compiled.order = (0..self.strategies.len()).collect();
        let priority = |place: &usize| self.strategies.get(*place).map_or(0, |of| of.priority);
        compiled.order.sort_by_key(|place| std::cmp::Reverse(priority(place)));
        if faults.is_empty() { Ok(compiled) } else { Err(faults) }
    }
}

/// The condition of a part of the document: CEL, rows, or both together.
fn read(
    at: &str,
    when: Option<&String>,
    rows: &[PlainCondition],
    faults: &mut Vec<Fault>,
) -> Option<MemberCondition> {
    let before = faults.len();
    let mut parts = Vec::new();
    if let Some(when) = when {
        match compile_member(when) {
            Ok(_) => parts.push(when.clone()),
            Err(detail) => faults.push(Fault::new(format!("{at}/when"), detail)),
        }
    }
    if rows.len() > MAX_ROWS {
        let detail = format!("must be at most {MAX_ROWS}");
        faults.push(Fault::new(format!("{at}/conditions"), detail));
    } else if !rows.is_empty() {
        match member_to_cel(rows) {
            Ok(text) => match compile_member(&text) {
                Ok(_) => parts.push(text),
                Err(detail) => faults.push(Fault::new(format!("{at}/conditions"), detail)),
            },
            Err(problems) => {
                for (place, detail) in problems {
                    faults.push(Fault::new(format!("{at}/conditions{place}"), detail));
                }
            }
        }
    }
    if faults.len() > before {
        return None;
    }
    let text = match parts.as_slice() {
        [] => return None,
        [only] => only.clone(),
        several => several.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" && "),
    };
    // Together they may be larger than each may be.
    compile_member(&text)
        .map_err(|detail| faults.push(Fault::new(format!("{at}/when"), detail)))
        .ok()
}
