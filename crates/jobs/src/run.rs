//! The entry point of every job: by name, for one programme or for all.

use store::{Error, ProgrammeRef, Sql, programmes, publish_due, seal};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::night::{night, settle};
use crate::notify::address::AddressPolicy;
use crate::notify::notify;
use crate::notify::outbound::Outbound;
use crate::remind::remind;
use crate::report::Report;
use crate::sweep::sweep;
use crate::tier_upgrade::{close_tiers, upgrade};

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Records pending points that became spendable.
    Activate,
    /// Records activations, ends of tiers and expiries.
    ExpireSweep,
    /// Closes tier periods, and moves members up the ladder after a new rulebook.
    TierUpgrade,
    /// Warns members of points that expire soon.
    Remind,
    /// Sends entries to the endpoints.
    Notify,
    /// Activates, closes tiers, expires, reminds.
    Night,
    /// Publishes rulebooks and playbooks whose time has come.
    Publish,
}

/// Every job, in the order of the documentation.
pub const JOBS: [Job; 7] = [
    Job::Activate,
    Job::ExpireSweep,
    Job::TierUpgrade,
    Job::Remind,
    Job::Notify,
    Job::Night,
    Job::Publish,
];

impl Job {
    /// Its name in routes and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::ExpireSweep => "expire-sweep",
            Self::TierUpgrade => "tier-upgrade",
            Self::Remind => "remind",
            Self::Notify => "notify",
            Self::Night => "night",
            Self::Publish => "publish",
        }
    }

    /// The job of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        JOBS.into_iter().find(|job| job.name() == name)
    }
}

/// Runs a job for one programme until it is done or the work limit is reached.
///
/// # Errors
/// [`Error`] when the database keeps failing. Written entries stay; the next run goes on.
pub async fn run<S: Sql, O: Outbound>(
    context: &JobContext<'_, S>,
    outbound: &O,
    policy: AddressPolicy,
    job: Job,
    programme: ProgrammeRef,
    mut limit: WorkLimit,
) -> Result<Report, Error> {
    let mut report = Report::of(job.name());
    let limit = &mut limit;
    if job == Job::Notify {
        let failures =
            notify(context, outbound, policy, Some(programme.no), limit, &mut report).await?;
        return failures.into_iter().next().map_or(Ok(report), |(_, error)| Err(error));
    }
    if job == Job::Publish {
        report.publications = publish_due(context.sql, &programme, (context.now)()).await?;
        seal(context.sql, programme.no).await?;
        report.done = true;
        return Ok(report);
    }
    let active = &mut ActiveProgramme::open(context, programme).await?;
    report.done = match job {
        Job::Activate => sweep(context, active, limit, &mut report).await?,
        Job::ExpireSweep => settle(context, active, limit, &mut report).await?,
        Job::TierUpgrade => {
            close_tiers(context, active, limit, &mut report).await?
                && upgrade(context, active, limit, &mut report).await?
        }
        Job::Remind => remind(context, active, limit, &mut report).await?,
        Job::Night => night(context, active, limit, &mut report).await?,
        Job::Notify | Job::Publish => true,
    };
    Ok(report)
}

/// Runs a job for every programme, each with the whole limit. Events go out to the endpoints of all
/// programmes side by side. A failing programme does not stop the others; failures are returned at
/// the end.
///
/// # Errors
/// [`Error`] when the programmes cannot be listed. The answer contains the programmes that failed.
pub async fn run_everywhere<S: Sql, O: Outbound>(
    context: &JobContext<'_, S>,
    outbound: &O,
    policy: AddressPolicy,
    job: Job,
    limit: WorkLimit,
) -> Result<(Report, Vec<(String, Error)>), Error> {
    let mut total = Report { done: true, ..Report::of(job.name()) };
    let mut failures = Vec::new();
    let programmes = context.with_retries(async || programmes(context.sql).await).await?;
    if job == Job::Notify {
        let mut limit = limit;
        let failed = notify(context, outbound, policy, None, &mut limit, &mut total).await?;
        let id = |no: i64| {
            programmes
                .iter()
                .find(|of| of.no == no)
                .map_or_else(|| no.to_string(), |of| of.id.clone())
        };
        return Ok((total, failed.into_iter().map(|(no, error)| (id(no), error)).collect()));
    }
    for programme in programmes {
        let id = programme.id.clone();
        match run(context, outbound, policy, job, programme, limit).await {
            Ok(report) => total.add(report),
            Err(error) => failures.push((id, error)),
        }
    }
    Ok((total, failures))
}
