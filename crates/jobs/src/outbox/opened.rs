//! What messages of a programme are made by: its rules, its playbook and its templates.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ledger::Zone;
use reach::Channel;
use reach::playbook::{Compiled, Known, KnownGrant};
use reach::touch::Terms;
use store::{Error, Offer, ProgrammeRef, Sql, link_settings, list_rewards, template_versions};
use templates::{Template, Variable};

use crate::Messaging;
use crate::context::{ActiveProgramme, JobContext};

/// Rewards of a page.
const REWARDS: i64 = 1_000;
/// Whether texts show these is asked before a message is made.
const ASKED: [Variable; 2] = [Variable::Link, Variable::Unsubscribe];

/// A programme as a run came to it.
pub(super) struct Opened {
    pub(super) active: ActiveProgramme,
    pub(super) messaging: Messaging,
    compiled: Compiled,
    known: Known,
    shared_days: BTreeSet<i32>,
    /// The versions of rulebook and playbook.
    in_force: (i64, i64),
    /// The address before `/l/…`, and when it was told.
    pub(super) base: Option<String>,
    links_at: Option<i64>,
    /// Version and template, by ids; of one that is not there or not readable, none.
    templates: RefCell<BTreeMap<String, Kept>>,
    /// The rewards of the catalogue, once somebody asks for them.
    rewards: RefCell<Option<Rc<Vec<Offer>>>>,
}

/// The version of a template, and the template.
type Kept = (Option<i64>, Option<Rc<ReadTemplate>>);

/// A template, with what its texts need to know: that is found by trying, which takes its time.
pub(super) struct ReadTemplate {
    pub(super) template: Rc<Template>,
    needs: BTreeMap<Channel, BTreeSet<Variable>>,
}

impl ReadTemplate {
    /// Whether a text of a channel shows something in any case.
    pub(super) fn needs(&self, channel: Channel, variable: Variable) -> bool {
        self.needs.get(&channel).is_some_and(|needs| needs.contains(&variable))
    }
}

impl Opened {
    pub(super) async fn of<L: Sql, R: Sql>(
        ledger: &JobContext<'_, L>,
        reach: &JobContext<'_, R>,
        programme: ProgrammeRef,
        (messaging, in_force): (Messaging, (i64, i64)),
        public_url: Option<String>,
    ) -> Result<Self, Error> {
        let no = programme.no;
        let active = ActiveProgramme::open(ledger, programme).await?;
        let compiled = messaging.playbook.compile().map_err(|_| Error::Corrupt("playbook"))?;
        let links = reach.with_retries(async || link_settings(reach.sql, no).await).await?;
        let known = Known {
            templates: messaging.templates.clone(),
            grants: KnownGrant::of_rulebook(active.book.grants()),
            ..Known::default()
        };
        Ok(Self {
            active,
            messaging,
            compiled,
            known,
            shared_days: BTreeSet::new(),
            in_force,
            links_at: links.as_ref().map(|links| links.at.0),
            base: links.and_then(|links| links.base).or(public_url),
            templates: RefCell::default(),
            rewards: RefCell::default(),
        })
    }

    /// The templates that were read.
    pub(super) fn template_ids(&self) -> Vec<String> {
        self.templates.borrow().keys().cloned().collect()
    }

    /// Whether it is of these versions, and nothing else has changed that messages are made by: of
    /// each template its version, and with an empty id when the settings of links were told.
    pub(super) fn is_of(
        &self,
        in_force: (i64, i64),
        changed: &BTreeMap<String, Option<i64>>,
    ) -> bool {
        let of = |id: &str| changed.get(id).copied().flatten();
        self.in_force == in_force
            && of("") == self.links_at
            && self.templates.borrow().iter().all(|(id, (version, _))| of(id) == *version)
    }

    pub(super) fn zone(&self) -> Zone {
        self.active.book.zone()
    }

    /// The name of a grant of the rulebook that a strategy gives.
    pub(super) fn grant(&self, of: &reach::playbook::Grant) -> Option<String> {
        of.of(&self.known.grants).map(str::to_owned)
    }

    /// What a message is asked by. Which days are shared, and how far days are decided, counts for
    /// decisions alone.
    pub(super) fn terms(&self) -> Terms<'_> {
        Terms {
            playbook: &self.messaging.playbook,
            compiled: &self.compiled,
            version: self.messaging.version,
            known: &self.known,
            salt: &self.active.programme.id,
            shared_days: &self.shared_days,
            cost_minor: &self.messaging.cost_minor,
            decided_through: 0,
            since: &self.messaging.since,
        }
    }

    /// The rewards of the catalogue.
    pub(super) async fn rewards<L: Sql>(
        &self,
        ledger: &JobContext<'_, L>,
    ) -> Result<Rc<Vec<Offer>>, Error> {
        if let Some(known) = self.rewards.borrow().as_ref() {
            return Ok(known.clone());
        }
        let (no, mut all) = (self.active.programme.no, Vec::new());
        loop {
            let after = all.last().map_or("", |offer: &Offer| offer.id.as_str());
            let page = ledger
                .with_retries(async || list_rewards(ledger.sql, no, after, REWARDS).await)
                .await?;
            let is_last = i64::try_from(page.len()).is_ok_and(|count| count < REWARDS);
            all.extend(page);
            if is_last {
                break;
            }
        }
        let all = Rc::new(all);
        *self.rewards.borrow_mut() = Some(all.clone());
        Ok(all)
    }

    /// A template as it is now. One that was removed is as it was last: touches name it.
    pub(super) async fn template<R: Sql>(
        &self,
        reach: &JobContext<'_, R>,
        id: &str,
    ) -> Result<Option<Rc<ReadTemplate>>, Error> {
        if let Some((_, known)) = self.templates.borrow().get(id) {
            return Ok(known.clone());
        }
        let no = self.active.programme.no;
        let found = reach
            .with_retries(async || template_versions(reach.sql, no, id, i64::MAX, 1).await)
            .await?;
        let read = |stored: &store::StoredTemplate| {
            let template: Template = serde_json::from_str(&stored.document).ok()?;
            let needs = template.texts.keys();
            let needs = needs.map(|of| (*of, template.needs_of(*of, &ASKED))).collect();
            Some(Rc::new(ReadTemplate { template: Rc::new(template), needs }))
        };
        let (version, template) =
            (found.first().map(|of| of.version), found.first().and_then(read));
        self.templates.borrow_mut().insert(id.to_owned(), (version, template.clone()));
        Ok(template)
    }
}
