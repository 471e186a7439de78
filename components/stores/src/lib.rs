//! The registry of stores: where they lie, whose they are, and which of those that entries name
//! nobody has registered.

use serde_json::{Value as Json, json};
use shell::api::stores::region_of_query;
use shell::{
    App, FieldError, Page, Problem, Reply, Request, StoreBody, authenticate, authenticated_body,
    may_see, named_person, now, once, parse_json, who,
};
use store::{
    Caller, RegisteredStore, Store, UnassignedStore, list_stores, other_stores, put_store,
    registered_store, remove_store, unassigned_stores,
};

/// Max stores of a programme.
const MAX_STORES: i64 = 10_000;

shell::component! { shell::api::stores::ROUTES {
    "GET /v1/stores" => list(),
    "GET /v1/stores/{id}" => get(id),
    "PUT /v1/stores/{id}" => put(id),
    "DELETE /v1/stores/{id}" => remove(id),
    "GET /v1/unassigned-stores" => unassigned(),
} }

async fn put(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: StoreBody = parse_json(body)?;
    let set = async || {
        let mut store = body.store(id)?;
        if let Some(manager) = store.manager.take() {
            // A task for the manager must be found by the manager. One who does not sign in yet
            // stays as told.
            let known = named_person(app, &caller, ("/manager_id", &manager)).await?;
            store.manager = Some(known.unwrap_or(manager));
        }
        set(app, request, &caller, &store).await
    };
    once(app, &key, &caller, "store", &(id, &body), set).await
}

async fn set(
    app: &App,
    request: &Request,
    caller: &Caller,
    store: &Store,
) -> Result<Reply, Problem> {
    let no = caller.programme.no;
    if other_stores(&app.sql, no, &store.id).await? >= MAX_STORES {
        return Err(FieldError::new("store_id", "there are 10000 other stores").into());
    }
    let is_new = registered_store(&app.sql, no, &store.id).await?.is_none();
    put_store(&app.sql, no, store, now(), caller.name(), &who(request, caller)).await?;
    let stored = registered_store(&app.sql, no, &store.id).await?;
    let stored = stored.ok_or(Problem::ResourceNotFound)?;
    Ok(Reply::json(if is_new { 201 } else { 200 }, &shown(&stored)))
}

async fn remove(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let no = caller.programme.no;
    let remove = async || {
        if remove_store(&app.sql, no, id, &who(request, &caller)).await? {
            Ok(Reply::empty(204))
        } else {
            Err(Problem::ResourceNotFound)
        }
    };
    once(app, &key, &caller, "store-delete", &id, remove).await
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    if !may_see(&caller, Some(id)) {
        return Err(Problem::StoreForbidden);
    }
    let found = registered_store(&app.sql, caller.programme.no, id).await?;
    Ok(Reply::json(200, &shown(&found.ok_or(Problem::ResourceNotFound)?)))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let region = region_of_query(request.query("region"))?;
    let found = list_stores(
        &app.sql,
        caller.programme.no,
        region,
        caller.stores.as_deref(),
        page.cursor.as_deref().unwrap_or_default(),
        page.limit + 1,
    );
    Ok(page.reply(found.await?, shown, |last| last.store.id.clone()))
}

async fn unassigned(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.as_deref().unwrap_or_default();
    let found = unassigned_stores(&app.sql, caller.programme.no, after, page.limit + 1).await?;
    Ok(page.reply(found, shown_unassigned, |last| last.id.clone()))
}

fn shown(registered: &RegisteredStore) -> Json {
    let RegisteredStore { store, updated_at, updated_by } = registered;
    json!({
        "store_id": store.id,
        "name": store.name,
        "region": store.region,
        "department": store.department,
        "manager_id": store.manager,
        "opened_on": store.opened_on,
        "closed_on": store.closed_on,
        "updated_at": updated_at.to_string(),
        "updated_by": updated_by,
    })
}

fn shown_unassigned(found: &UnassignedStore) -> Json {
    json!({
        "store_id": found.id,
        "first_entry_id": found.first_entry.to_string(),
        "first_entry_at": found.since.to_string(),
    })
}
