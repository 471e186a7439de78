//! Members: registration, and everything that a storefront shows about one.

mod export;
mod show;

use std::rc::Rc;

use ledger::{Closed, Coupon, MemberId, Refusal, Timestamp};
use rules::operations::Refuse;
use rules::{Rulebook, other_spellings};
use serde_json::{Value as Json, json};
use shell::{
    App, Bearer, FieldError, MemberBody, MemberPatchBody, Page, Problem, ProfileTerms, Reply,
    Request, Role, TierBody, actor_of, admitted, authenticate, authenticated_body,
    level_submission, noted_search, now, parse_json, person, published, resolve_member_id,
    submit_as, visible_members,
};
use store::{
    Caller, ExtraColumns, LoadRequest, LoadedMember, Lots, ProgrammeRef, Scope, Submission,
    coupon_json, entry_json, history, holders, load, member_no,
};

/// Most members have fewer open lots; members with more are read again with all lots.
const LIKELY_LOTS: u16 = 64;

shell::component! { shell::api::member::ROUTES {
    "GET /v1/members/{id}" => balance(id),
    "PATCH /v1/members/{id}" => change(id),
    "PUT /v1/members/{id}" => register(id),
    "PUT /v1/members/{id}/tier" => set_tier(id),
    "GET /v1/members/{id}/entries" => entries(id),
    "GET /v1/members/{id}/lots" => lots(id),
    "GET /v1/members/{id}/coupons" => coupons(id),
    "GET /v1/members/{id}/export" => export::export(id),
} }

async fn register(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: MemberBody = parse_json(text)?;
    let book = published(&app.sql, &caller.programme).await?;
    let terms = ProfileTerms { if_match: request.if_match()?, book: &book };
    let submission = |actor: &str| body.submission(id, &terms, &key, actor);
    execute_change(app, request, &caller, &book, submission).await
}

async fn change(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: MemberPatchBody = parse_json(text)?;
    let book = published(&app.sql, &caller.programme).await?;
    let terms = ProfileTerms { if_match: request.if_match()?, book: &book };
    let submission = |actor: &str| body.submission(id, &terms, &key, actor);
    execute_change(app, request, &caller, &book, submission).await
}

/// A level is worth points, so setting one by hand needs a role that may approve them.
async fn set_tier(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    person(&caller)?;
    // An admin creates keys, so an admin does not decide alone.
    if caller.role == Role::Admin.as_str() {
        return Err(Problem::Forbidden(
            request.route().roles().iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "),
        ));
    }
    let body: TierBody = parse_json(text)?;
    let book = published(&app.sql, &caller.programme).await?;
    submit_as(app, request, &caller, |actor| {
        level_submission(&body, id, (&key, actor), &book, now())
    })
    .await
}

/// Executes a change of a member's profile, unless another member has one of its names in an older
/// spelling.
async fn execute_change(
    app: &App,
    request: &Request,
    caller: &Caller,
    book: &Rulebook,
    submission: impl FnOnce(&str) -> Result<Submission, Problem>,
) -> Result<Reply, Problem> {
    let mut submission = submission(&actor_of(request)?)?;
    if let Some(refusal) = find_taken_name(app, caller, book, &submission).await? {
        submission.operation = Rc::new(Refuse(refusal));
        // The answer is found: another name that is taken, too, must not replace it.
        submission.aliases = None;
    }
    submit_as(app, request, caller, |_| Ok(submission)).await
}

async fn find_taken_name(
    app: &App,
    caller: &Caller,
    book: &Rulebook,
    submission: &Submission,
) -> Result<Option<Refusal>, Problem> {
    let names = submission.wanted().aliases.unwrap_or_default();
    let spellings: Vec<String> =
        names.iter().flat_map(|name| other_spellings(name, book.country_code())).collect();
    if spellings.is_empty() {
        return Ok(None);
    }
    let own = resolve_member_id(app, caller, submission.member.as_str()).await?;
    let holders = holders(&app.sql, caller.programme.no, &spellings).await?;
    let is_taken = |(_, holder): &(String, Option<MemberId>)| {
        holder.as_ref().is_some_and(|id| id.as_str() != own)
    };
    let taken = spellings.into_iter().zip(holders).find(is_taken);
    Ok(taken.map(|(name, _)| Refusal::AliasTaken {
        kind: name.split(':').next().unwrap_or_default().to_owned(),
    }))
}

async fn balance(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, programme, loaded) = read(app, request, id, LIKELY_LOTS).await?;
    let (programme, mut loaded) = if loaded.member.lots_complete {
        (programme, loaded)
    } else {
        read_all_lots(app, programme, id).await?
    };
    if is_of_other_stores(app, &caller, &loaded).await? {
        (loaded.attributes, loaded.aliases) = (None, None);
    }
    let book = published(&app.sql, &programme).await?;
    let shown = Reply::json(200, &show::member(&book, &programme, &loaded, now()));
    Ok(shown.with("etag", &format!("\"{}\"", loaded.recorded.tag)))
}

async fn lots(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let page = Page::of(request);
    let (_, programme, loaded) = read(app, request, id, LIKELY_LOTS).await?;
    let page = page?;
    let reading = LotCursor::of(&page)?;
    let (programme, loaded) = if loaded.member.lots_complete {
        (programme, loaded)
    } else {
        read_all_lots(app, programme, id).await?
    };
    let book = published(&app.sql, &programme).await?;
    let LotCursor { after, as_of, sequence } = reading.at_sequence(loaded.member.sequence.0);
    let (sums, lots) = show::account(&book, &programme, &loaded.member, as_of);
    let mut items: Vec<Json> =
        lots.into_iter().skip(usize::try_from(after).unwrap_or(usize::MAX)).collect();
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let next =
        (items.len() > limit).then(|| format!("{}.{}.{sequence}", after + page.limit, as_of.0));
    items.truncate(limit);
    let read_at = as_of.to_string();
    Ok(Reply::json(
        200,
        &json!({"items": items, "next": next, "as_of": read_at, "sequence": sequence, "sums": sums}),
    ))
}

/// The position in a list of lots, and the state of the member that the list is read from.
struct LotCursor {
    after: i64,
    as_of: Timestamp,
    sequence: i64,
}

impl LotCursor {
    fn of(page: &Page) -> Result<Self, Problem> {
        let begin = Self { after: 0, as_of: now(), sequence: -1 };
        let Some(cursor) = &page.cursor else { return Ok(begin) };
        let numbers: Option<Vec<i64>> =
            cursor.split('.').map(|text| text.parse().ok().filter(|number| *number >= 0)).collect();
        match numbers.as_deref() {
            Some([after]) => Ok(Self { after: *after, ..begin }),
            Some([after, as_of, sequence]) if Timestamp(*as_of) <= begin.as_of => {
                Ok(Self { after: *after, as_of: Timestamp(*as_of), sequence: *sequence })
            }
            _ => Err(Problem::InvalidRequest(vec![FieldError::new(
                "?cursor",
                "is not one that this list gave",
            )])),
        }
    }

    /// Keeps the instant of the earlier pages as long as no entry was written in between.
    fn at_sequence(self, sequence: i64) -> Self {
        let as_of = if self.sequence == sequence { self.as_of } else { now() };
        Self { as_of, sequence, ..self }
    }
}

async fn coupons(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (_, programme, loaded) = read(app, request, id, 0).await?;
    let book = published(&app.sql, &programme).await?;
    let open = loaded.member.coupons.iter().filter(|coupon| !coupon.has_expired(now()));
    let shown = |coupon: &Coupon| coupon_json(coupon, book.zone());
    Ok(Reply::json(200, &Page::body(open.map(shown).collect(), None)))
}

async fn entries(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.number(i64::MAX)?;
    let named = member_id(id)?;
    noted_search(app, request, &caller, id).await?;
    let member = member_id(&resolve_member_id(app, &caller, named.as_str()).await?)?;
    // One entry more than requested shows whether there is a next page.
    let (no, stores) = (caller.programme.no, caller.stores.as_deref());
    let mut found = history(&app.sql, no, &member, stores, before, page.limit + 1).await?;
    if found.is_empty() && page.cursor.is_none() {
        // A member of other stores has entries that this key does not see.
        let is_known =
            stores.is_some() && member_no(&app.sql, no, member.as_str()).await?.is_some();
        if !is_known {
            return Err(not_found());
        }
    }
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|entry| entry.sequence.0.to_string());
    let zone = published(&app.sql, &caller.programme).await?.zone();
    Ok(Reply::json(
        200,
        &Page::body(found.iter().map(|entry| entry_json(entry, zone)).collect(), next),
    ))
}

/// Key, role and member in one statement.
async fn read(
    app: &App,
    request: &Request,
    id: &str,
    lots: u16,
) -> Result<(Caller, ProgrammeRef, LoadedMember), Problem> {
    let bearer = Bearer::of(request)?;
    let Ok(member) = request.check_query().and_then(|()| member_id(id)) else {
        authenticate(app, request).await?;
        return Err(member_id(id).err().unwrap_or_else(not_found));
    };
    let wanted = [LoadRequest { beside: ExtraColumns::Profile, ..LoadRequest::member(member) }];
    let found =
        load(&app.sql, Scope::KeyPrefix(bearer.prefix()), &wanted, Lots::First(lots)).await?;
    let (programme, caller, mut loaded) = found.ok_or(Problem::Unauthorized)?;
    let caller = admitted(app, request, bearer, caller).await?;
    noted_search(app, request, &caller, id).await?;
    let loaded = loaded.pop().filter(|loaded| loaded.member.exists()).ok_or_else(not_found)?;
    match &loaded.member.closed {
        Some(Closed::Merged(into)) => {
            Err(Problem::refused(Refusal::MemberMerged { into: into.to_string() }))
        }
        Some(Closed::Erased) => Err(Problem::refused(Refusal::MemberErased)),
        None => Ok((caller, programme, loaded)),
    }
}

/// Whether the member has names or attributes, and is none that a caller for some stores may list.
/// A till serves such a member, too, but need not know who it is.
async fn is_of_other_stores(
    app: &App,
    caller: &Caller,
    loaded: &LoadedMember,
) -> Result<bool, Problem> {
    let is_told = loaded.attributes.is_some() || loaded.aliases.is_some();
    if caller.stores.is_none() || !is_told {
        return Ok(false);
    }
    let no = member_no(&app.sql, caller.programme.no, loaded.member.id.as_str()).await?;
    let visible = visible_members(app, caller, no.as_slice()).await?;
    Ok(no.is_none_or(|no| !visible.contains(&no)))
}

/// The same with every open lot.
async fn read_all_lots(
    app: &App,
    programme: ProgrammeRef,
    id: &str,
) -> Result<(ProgrammeRef, LoadedMember), Problem> {
    let wanted =
        [LoadRequest { beside: ExtraColumns::Profile, ..LoadRequest::member(member_id(id)?) }];
    let found = load(&app.sql, Scope::Programme(programme.no), &wanted, Lots::All).await?;
    let (programme, _, mut loaded) = found.ok_or_else(not_found)?;
    Ok((programme, loaded.pop().ok_or_else(not_found)?))
}

fn member_id(id: &str) -> Result<MemberId, Problem> {
    MemberId::new(id).map_err(|error| {
        Problem::InvalidRequest(vec![FieldError::new("member_id", error.to_string())])
    })
}

fn not_found() -> Problem {
    Problem::refused(Refusal::MemberNotFound)
}
