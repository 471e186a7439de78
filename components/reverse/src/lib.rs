//! Reversals: returned goods, actions that no longer count, redemptions that did not happen.

use ledger::{Entry, LotNumber, MemberId, Refusal, UndoneAs};
use rules::operations::{Merged, Redemption, ToReverse};
use rules::{Past, meant};
use shell::{
    App, Problem, Reply, Request, ReverseBody, Target, authenticated_body, parse_json,
    resolve_member_id, submit_as,
};
use store::{
    Caller, LoadRequest, Lots, Scope, drawn_lots, find_entry, gifts, load, named_entry, records,
    taken_over,
};

shell::component! { shell::api::reverse::ROUTES {
    "POST /v1/reverse" => reverse(),
} }

async fn reverse(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ReverseBody = parse_json(text)?;
    let body =
        ReverseBody { member_id: resolve_member_id(app, &caller, &body.member_id).await?, ..body };
    let wish = find(app, &caller, &body).await?;
    submit_as(app, request, &caller, |actor| body.submission(&key, actor, wish)).await
}

/// The earns and redemptions under the given references. Entries never change, so they may be read
/// before the member; their earlier reversals are part of the load.
async fn find(
    app: &App,
    caller: &Caller,
    body: &ReverseBody,
) -> Result<Result<Option<ToReverse>, Refusal>, Problem> {
    let programme_no = caller.programme.no;
    let (target, part) = body.target()?;
    let found: Vec<Entry> = match target {
        Target::Sources(sources) => {
            let mut theirs: Vec<Past> = Vec::new();
            for past in records(&app.sql, programme_no, &sources).await? {
                if is_theirs(app, caller, &past.entry, &body.member_id).await? {
                    theirs.push(past);
                }
            }
            match meant(theirs, body.order_store_id.as_deref()) {
                Ok(meant) => meant,
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Target::Entry(id) => match find_entry(&app.sql, programme_no, id).await? {
            Some(entry) if is_theirs(app, caller, &entry, &body.member_id).await? => {
                body.fits(&entry)?;
                vec![entry]
            }
            _ => Vec::new(),
        },
    };
    let mut wish = ToReverse { part, ..ToReverse::default() };
    let (found, merged) = as_of_member(app, programme_no, found, &body.member_id).await?;
    wish.merged = merged;
    for entry in found {
        match entry.kind().row().undone_as {
            UndoneAs::Earned => wish.earn = Some(entry),
            UndoneAs::Spent => {
                wish.redemption = Some(redemption(app, programme_no, entry).await?);
            }
            UndoneAs::Held | UndoneAs::Recorded | UndoneAs::Nothing => {}
        }
    }
    if wish.earn.is_some() {
        let member = MemberId::new(body.member_id.as_str())
            .map_err(|_| Problem::refused(Refusal::MemberNotFound))?;
        wish.gifts = gifts(&app.sql, programme_no, &member).await?;
    }
    let is_found = wish.earn.is_some() || wish.redemption.is_some();
    Ok(Ok(is_found.then_some(wish)))
}

/// Whether the entry belongs to the member, to an account that was merged into the member's, or to
/// a pool that paid for the member.
async fn is_theirs(
    app: &App,
    caller: &Caller,
    entry: &Entry,
    member: &str,
) -> Result<bool, Problem> {
    let mut account = entry.member.clone();
    for _ in 0..MAX_MERGERS {
        if account.as_str() == member {
            return Ok(true);
        }
        match taken_over(&app.sql, caller.programme.no, &account, &[]).await? {
            Some(taken) => account = taken.entry.member,
            None => break,
        }
    }
    let is_spent = entry.kind().row().undone_as == UndoneAs::Spent;
    Ok(is_spent && is_paid_by_pool(app, caller, entry, member).await?)
}

/// Max number of accounts that were merged one after another.
const MAX_MERGERS: usize = 20;

/// The entries as the member has them. Those of a merged account get the lots that the member has
/// of an earn. Entries of others are left unchanged.
async fn as_of_member(
    app: &App,
    programme_no: i64,
    found: Vec<Entry>,
    member: &str,
) -> Result<(Vec<Entry>, Option<Merged>), Problem> {
    let (mut kept, mut merged) = (Vec::new(), None::<Merged>);
    for entry in &found {
        let (mut own, mut from, mut expired) = (entry.clone(), entry.member.clone(), 0i64);
        for _ in 0..MAX_MERGERS {
            if from.as_str() == member {
                kept.push(own);
                break;
            }
            let lots: Vec<LotNumber> = own.lots.grants.iter().map(|lot| lot.number).collect();
            let Some(taken) = taken_over(&app.sql, programme_no, &from, &lots).await? else {
                break;
            };
            expired = expired.saturating_add(taken.expired);
            let there = |number: LotNumber| {
                let at = taken.handed_over.iter().position(|handed_over| *handed_over == number)?;
                taken.entry.lots.grants.get(at).cloned()
            };
            own.lots.grants = lots.into_iter().filter_map(there).collect();
            if taken.entry.member.as_str() == member {
                let sum = merged.take().map_or(0, |merged: Merged| merged.expired);
                merged = Some(Merged { from, expired: sum.saturating_add(expired) });
                kept.push(own);
                break;
            }
            from = taken.entry.member;
        }
    }
    Ok(if merged.is_some() { (kept, merged) } else { (found, None) })
}

async fn redemption(app: &App, programme_no: i64, entry: Entry) -> Result<Redemption, Problem> {
    let lots = drawn_lots(&app.sql, programme_no, &entry).await?;
    // The hold names the lines that its points were for.
    let hold = match entry.corrects() {
        Some(hold) => named_entry(&app.sql, programme_no, hold).await?,
        None => None,
    };
    Ok(Redemption::new(entry, lots).of_hold(hold.as_ref()))
}

/// Whether the points are those of a pool that paid for this member, or that the member belongs to.
async fn is_paid_by_pool(
    app: &App,
    caller: &Caller,
    entry: &Entry,
    member: &str,
) -> Result<bool, Problem> {
    if entry.counterparty().is_some_and(|of| of.as_str() == member) {
        return Ok(true);
    }
    let wanted = [LoadRequest::member(entry.member.clone())];
    let found = load(&app.sql, Scope::Programme(caller.programme.no), &wanted, Lots::None).await?;
    let account = found.and_then(|(_, _, mut loaded)| loaded.pop());
    Ok(account
        .is_some_and(|account| account.member.pool_members.iter().any(|id| id.as_str() == member)))
}
