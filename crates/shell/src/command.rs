//! The way of a command through a component: key, body, one load, decision, one commit, answer.

use ledger::Fresh;
use rules::{COPIED_TAGS, Rulebook};
use store::{
    Caller, Executor, ExtraColumns, LoadRequest, LoadedMember, Lots, Outcome, ProgrammeRef, Scope,
    Spin, Submission, dry_run, execute, load, tags_among,
};

use crate::answer::{Reply, show};
use crate::app::{App, HOUR_MS};
use crate::audit::refused;
use crate::auth::Bearer;
use crate::bulk::one_each;
use crate::ids::{fresh, now};
use crate::keeping::{Salt, digested, kept_for};
use crate::permission::check_permission;
use crate::problem::Problem;
use crate::reach::reach;
use crate::request::Request;
use crate::rulebooks::published;
use crate::stores::within;
use crate::trace::{none_for_all, with_client_info};
use crate::verification::{proved, with_proof};

/// A session ends when it is not used for so long. The last use is written down once in two
/// minutes, so it may end two minutes early.
pub const SESSION_IDLE_MS: i64 = 30 * 60_000;
const NOTED_MS: i64 = 2 * 60_000;

/// The caller that sends the request, when the route is for it; then checks the query's names.
/// Where the route is also for keys of some stores, the handler has to see to it that it shows and
/// does nothing of others.
///
/// # Errors
/// [`Problem::Unauthorized`], [`Problem::Forbidden`], [`Problem::StoreForbidden`], what is wrong
/// with the query, or what the database does.
pub async fn authenticate(app: &App, request: &Request) -> Result<Caller, Problem> {
    let caller = let_in(app, request).await?;
    request.check_query()?;
    Ok(caller)
}

async fn let_in(app: &App, request: &Request) -> Result<Caller, Problem> {
    let bearer = Bearer::of(request)?;
    let caller = store::caller(&app.sql, bearer.prefix()).await?;
    admitted(app, request, bearer, caller).await
}

/// Lets in the caller that was found by the key's prefix, when the route is for it, and notes that
/// the key was used.
///
/// # Errors
/// [`Problem::Unauthorized`], [`Problem::Forbidden`], [`Problem::StoreForbidden`], or what the
/// database does.
pub async fn admitted(
    app: &App,
    request: &Request,
    bearer: &Bearer,
    caller: Option<Caller>,
) -> Result<Caller, Problem> {
    let found = caller.clone();
    let admitted = bearer.admit(caller, request.route(), now()).and_then(|caller| {
        check_permission(&caller, request.component(), request.route())?;
        Ok(caller)
    });
    let caller = match admitted {
        Ok(caller) => caller,
        Err(problem) => {
            // That a session is over is nothing to note.
            let is_over = bearer.is_session()
                && found.as_ref().is_some_and(|found| found.hash == bearer.hash());
            if matches!(problem, Problem::Unauthorized) && !is_over {
                refused(app, request, bearer, found.as_ref()).await;
            }
            return Err(problem);
        }
    };
    if bearer.is_session() {
        request.is_from(caller.person.as_deref());
        if app.is_first_use(bearer.prefix(), caller.last_used_at, NOTED_MS, now()) {
            store::session_used(&app.sql, bearer.prefix(), now().0, SESSION_IDLE_MS).await?;
        }
    } else if app.is_first_use(bearer.prefix(), caller.last_used_at, HOUR_MS, now()) {
        store::key_used(&app.sql, bearer.prefix(), now().0).await?;
    }
    Ok(caller)
}

/// Lets in the person of a session before what they send is read: entries name them, and not the
/// session.
async fn let_in_person(app: &App, request: &Request, bearer: &Bearer) -> Result<(), Problem> {
    if bearer.is_session() {
        let_in(app, request).await?;
    }
    Ok(())
}

/// Notes that nobody has such a key.
async fn unknown(app: &App, request: &Request, bearer: &Bearer) -> Problem {
    refused(app, request, bearer, None).await;
    Problem::Unauthorized
}

/// Carries out the one submission that `parse` makes of body, idempotency key and the actor's name.
/// `?dry_run=true` writes nothing.
///
/// # Errors
/// Every [`Problem`].
pub async fn submit(
    app: &App,
    request: &Request,
    parse: impl FnOnce(&[u8], &str, &str) -> Result<Submission, Problem>,
) -> Result<Reply, Problem> {
    let bearer = Bearer::of(request)?;
    let_in_person(app, request, bearer).await?;
    let parsed = request.flag("dry_run").and_then(|dry| {
        request.check_query()?;
        let body = request.body()?;
        let key = request.idempotency_key()?;
        let submission = with_client_info(parse(body, &key, &request.actor()?)?, request)?;
        Ok((dry, digested(&app.salt, with_proof(submission, request)?)))
    });
    let (dry, submission) = match parsed {
        Ok(parsed) => parsed,
        // A caller that may not come in is not told what is wrong with the body.
        Err(problem) => {
            let_in(app, request).await?;
            return Err(problem);
        }
    };
    let wanted = [submission.wanted()];
    let found =
        load(&app.sql, Scope::KeyPrefix(bearer.prefix()), &wanted, submission.lots()).await?;
    let Some((programme, caller, loaded)) = found else {
        return Err(unknown(app, request, bearer).await);
    };
    let caller = admitted(app, request, bearer, caller).await?;
    if caller.stores.is_none() {
        return carried_out(app, &programme, None, kept_for(&caller, submission), loaded, dry)
            .await;
    }
    // Whether a document was recorded depends on the store, which may have been filled in.
    let submission = kept_for(&caller, within(submission, &caller)?);
    let found =
        load(&app.sql, Scope::Programme(programme.no), &[submission.wanted()], submission.lots())
            .await?;
    let (programme, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    carried_out(app, &programme, None, submission, loaded, dry).await
}

/// The caller, the idempotency key and the body: what is common to changes that read something
/// before they know what is ordered. Commands go on with [`submit_as`].
///
/// # Errors
/// [`Problem::Unauthorized`], [`Problem::Forbidden`], what is wrong with query, size or key, or
/// what the database does.
pub async fn authenticated_body<'a>(
    app: &App,
    request: &'a Request,
) -> Result<(Caller, String, &'a [u8]), Problem> {
    let caller = authenticate(app, request).await?;
    let body = request.body()?;
    Ok((caller, request.idempotency_key()?, body))
}

/// The member of that id or other name, for commands that compare it with what entries say.
///
/// # Errors
/// A refusal when nobody is known by that name, or what the database does.
pub async fn resolve_member_id(app: &App, caller: &Caller, name: &str) -> Result<String, Problem> {
    if !name.starts_with('~') {
        return Ok(name.to_owned());
    }
    let found = store::member_by_alias(&app.sql, caller.programme.no, name).await?;
    found.map(|id| id.to_string()).ok_or_else(|| Problem::refused(ledger::Refusal::MemberNotFound))
}

/// As [`submit`], for a caller that was let in before, because something had to be read to know
/// what is ordered.
///
/// # Errors
/// Every [`Problem`].
pub async fn submit_as(
    app: &App,
    request: &Request,
    caller: &Caller,
    parse: impl FnOnce(&str) -> Result<Submission, Problem>,
) -> Result<Reply, Problem> {
    submit_to_two_programmes(app, request, caller, None, parse).await
}

/// As [`submit_as`], for a submission that concerns another programme too.
///
/// # Errors
/// Every [`Problem`].
pub async fn submit_to_two_programmes(
    app: &App,
    request: &Request,
    caller: &Caller,
    abroad: Option<&ProgrammeRef>,
    parse: impl FnOnce(&str) -> Result<Submission, Problem>,
) -> Result<Reply, Problem> {
    let dry = request.flag("dry_run")?;
    let submission = with_client_info(parse(&request.actor()?)?, request)?;
    let submission = digested(&app.salt, with_proof(submission, request)?);
    let submission = kept_for(caller, within(submission, caller)?);
    let found = load(
        &app.sql,
        Scope::Programme(caller.programme.no),
        &[submission.wanted()],
        submission.lots(),
    )
    .await?;
    let (programme, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    carried_out(app, &programme, abroad, submission, loaded, dry).await
}

async fn carried_out(
    app: &App,
    programme: &ProgrammeRef,
    abroad: Option<&ProgrammeRef>,
    submission: Submission,
    loaded: Vec<LoadedMember>,
    dry: bool,
) -> Result<Reply, Problem> {
    let book = published(&app.sql, programme).await?;
    let submission = proved(app, programme.no, submission, loaded.first());
    let mut executor = Executor { abroad, ..executor(app, programme, &book) };
    let mut outcomes = decided(&mut executor, &[submission], loaded, dry).await?;
    let outcome = outcomes.pop().ok_or_else(no_outcome)?;
    let reply = show(outcome, book.zone())?;
    Ok(if dry { reply.with("dry-run", "true") } else { reply })
}

async fn decided(
    executor: &mut Executor<'_, Spin, fn() -> Fresh>,
    submissions: &[Submission],
    loaded: Vec<LoadedMember>,
    dry: bool,
) -> Result<Vec<Outcome>, store::Error> {
    if dry {
        dry_run(executor, submissions, loaded).await
    } else {
        execute(executor, submissions, loaded).await
    }
}

fn no_outcome() -> Problem {
    Problem::Internal("no outcome".to_owned())
}

/// What a submission would come to under a rulebook that is not published, as if nothing bore its
/// reference. Writes nothing.
///
/// # Errors
/// Every [`Problem`].
pub async fn simulate_submission(
    app: &App,
    caller: &Caller,
    submission: Submission,
    book: &Rulebook,
) -> Result<Reply, Problem> {
    let submission = Submission { idem: None, source: None, ..submission };
    let mut wanted = submission.wanted();
    // The programme's row tells what the published rulebook asks for, and not what this one does.
    wanted.beside = ExtraColumns::Profile;
    wanted.subjects.extend(book.budgets());
    let found = load(&app.sql, Scope::Programme(caller.programme.no), &[wanted], Lots::All).await?;
    let (programme, _, mut loaded) = found.ok_or(Problem::Unauthorized)?;
    // Those that the published one names are copied, and others are not.
    let named: Vec<String> = book.tags_named().into_keys().collect();
    if !named.is_empty() {
        let numbers: Vec<i64> = loaded.iter().filter_map(|of| of.member_no).collect();
        let reach = reach().await?;
        let mut held = tags_among(reach.as_ref(), programme.no, &numbers, &named, now()).await?;
        for of in &mut loaded {
            let tags = of.member_no.and_then(|no| held.remove(&no)).unwrap_or_default();
            of.recorded.attributes.insert(COPIED_TAGS.to_owned(), tags.join(","));
        }
    }
    let mut outcomes = dry_run(&mut executor(app, &programme, book), &[submission], loaded).await?;
    let outcome = outcomes.pop().ok_or_else(no_outcome)?;
    Ok(show(outcome, book.zone())?.with("dry-run", "true"))
}

/// Carries out many submissions at once, each with an outcome of its own, in order. `parse` is
/// given body and actor; what could not be made a submission is its problem. `?dry_run=true` writes
/// nothing, and tells what the call would answer.
///
/// # Errors
/// Every [`Problem`] that concerns the call and not one of its submissions.
pub async fn submit_many(
    app: &App,
    request: &Request,
    parse: impl FnOnce(&[u8], &str) -> Result<Vec<Result<Submission, Problem>>, Problem>,
) -> Result<Reply, Problem> {
    let bearer = Bearer::of(request)?;
    let_in_person(app, request, bearer).await?;
    let parsed = none_for_all(request).and_then(|()| {
        let dry = request.flag("dry_run")?;
        request.check_query()?;
        Ok((dry, parse(request.body()?, &request.actor()?)?))
    });
    let (dry, parsed) = match parsed {
        Ok(parsed) => parsed,
        Err(problem) => {
            let_in(app, request).await?;
            return Err(problem);
        }
    };
    let (mut submissions, mut places) = partition(&app.salt, parsed);
    let replies = if submissions.is_empty() {
        let_in(app, request).await?;
        Vec::new()
    } else {
        let (wanted, lots) = loads(&submissions);
        let found = load(&app.sql, Scope::KeyPrefix(bearer.prefix()), &wanted, lots).await?;
        let Some((programme, caller, mut loaded)) = found else {
            return Err(unknown(app, request, bearer).await);
        };
        let caller = admitted(app, request, bearer, caller).await?;
        let is_bound = caller.stores.is_some();
        if is_bound {
            submissions = those_within(submissions, &mut places, &caller);
        }
        let submissions: Vec<Submission> =
            submissions.into_iter().map(|submission| kept_for(&caller, submission)).collect();
        if is_bound {
            let (wanted, lots) = loads(&submissions);
            loaded = match load(&app.sql, Scope::Programme(programme.no), &wanted, lots).await? {
                Some((_, _, loaded)) => loaded,
                None => Vec::new(),
            };
        }
        let book = published(&app.sql, &programme).await?;
        shown(
            decided(&mut executor(app, &programme, &book), &submissions, loaded, dry).await?,
            &book,
        )
    };
    let reply = one_each(places, replies, None)?;
    Ok(if dry { reply.with("dry-run", "true") } else { reply })
}

/// As [`submit_many`], for a caller that was let in before. `lines` are those of the file that the
/// submissions are from.
///
/// # Errors
/// Every [`Problem`] that concerns the call and not one of its submissions.
pub async fn submit_many_as(
    app: &App,
    request: &Request,
    caller: &Caller,
    lines: Option<&[u64]>,
    parse: impl FnOnce(&str) -> Result<Vec<Result<Submission, Problem>>, Problem>,
) -> Result<Reply, Problem> {
    let dry = request.flag("dry_run")?;
    let parsed = parse(&request.actor()?)?;
    let parsed = parsed
        .into_iter()
        .map(|submission| submission.and_then(|submission| within(submission, caller)))
        .collect();
    let (submissions, places) = partition(&app.salt, parsed);
    let submissions: Vec<Submission> =
        submissions.into_iter().map(|submission| kept_for(caller, submission)).collect();
    let (wanted, lots) = loads(&submissions);
    let replies = if submissions.is_empty() {
        Vec::new()
    } else {
        let found = load(&app.sql, Scope::Programme(caller.programme.no), &wanted, lots).await?;
        let (programme, _, loaded) = found.ok_or(Problem::Unauthorized)?;
        let book = published(&app.sql, &programme).await?;
        let mut executor = executor(app, &programme, &book);
        shown(decided(&mut executor, &submissions, loaded, dry).await?, &book)
    };
    let reply = one_each(places, replies, lines)?;
    Ok(if dry { reply.with("dry-run", "true") } else { reply })
}

/// Carries out submissions that somebody else asked for before, and that others have approved
/// since.
///
/// # Errors
/// What the database does.
pub async fn submit_approved(
    app: &App,
    caller: &Caller,
    submissions: Vec<Submission>,
) -> Result<Vec<Outcome>, Problem> {
    let submissions: Vec<Submission> =
        submissions.into_iter().map(|submission| digested(&app.salt, submission)).collect();
    let (wanted, lots) = loads(&submissions);
    let found = load(&app.sql, Scope::Programme(caller.programme.no), &wanted, lots).await?;
    let (programme, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    let book = published(&app.sql, &programme).await?;
    Ok(execute(&mut executor(app, &programme, &book), &submissions, loaded).await?)
}

/// Leaves those submissions that the caller may give; the places of the others have their problem.
fn those_within(
    submissions: Vec<Submission>,
    places: &mut [Option<Problem>],
    caller: &Caller,
) -> Vec<Submission> {
    let mut given = submissions.into_iter();
    let mut kept = Vec::new();
    for place in places.iter_mut().filter(|place| place.is_none()) {
        match given.next().map(|submission| within(submission, caller)) {
            Some(Ok(submission)) => kept.push(submission),
            Some(Err(problem)) => *place = Some(problem),
            None => break,
        }
    }
    kept
}

/// Orders, and for each place in the call the problem that keeps it from being one.
fn partition(
    salt: &Salt,
    parsed: Vec<Result<Submission, Problem>>,
) -> (Vec<Submission>, Vec<Option<Problem>>) {
    let (mut submissions, mut places) = (Vec::new(), Vec::new());
    for submission in parsed {
        places.push(match submission {
            Ok(submission) => {
                submissions.push(digested(salt, submission));
                None
            }
            Err(problem) => Some(problem),
        });
    }
    (submissions, places)
}

fn loads(submissions: &[Submission]) -> (Vec<LoadRequest>, Lots) {
    (
        submissions.iter().map(Submission::wanted).collect(),
        submissions.first().map_or(Lots::None, Submission::lots),
    )
}

fn executor<'a>(
    app: &'a App,
    programme: &'a ProgrammeRef,
    book: &'a Rulebook,
) -> Executor<'a, Spin, fn() -> Fresh> {
    Executor {
        sql: &app.sql,
        programme,
        book,
        now: now(),
        fresh,
        abroad: None,
        in_flight: Some(&app.in_flight),
    }
}

fn shown(outcomes: Vec<Outcome>, book: &Rulebook) -> Vec<Reply> {
    let reply = |outcome| show(outcome, book.zone()).unwrap_or_else(|problem| problem.reply());
    outcomes.into_iter().map(reply).collect()
}

/// How entries name the caller that sends the request.
///
/// # Errors
/// [`Problem::Unauthorized`].
pub fn actor_of(request: &Request) -> Result<String, Problem> {
    request.actor()
}
