//! Receipts that members scan: the first member who scans one earns the order.
//!
//! The till has signed the receipt with a key of its store, offline. What it earns is what the same
//! order would earn by `POST /v1/earn`.

use std::rc::Rc;

use ledger::Refusal;
use rules::operations::Scan;
use seal::Place;
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, OwnScanBody, Problem, Receipt, Reply, Request, ScanBody, acting, actor_of,
    authenticated_body, holder, now, opened_text, parse_json, published, submit_as,
    too_many_writes, writes,
};
use store::{Caller, QrKey, Submission, qr_key};

/// A receipt counts for so long.
const LASTS_MS: i64 = 30 * 24 * 3_600_000;

/// One text for what nobody may tell apart: a name that is not known, and a wrong signature.
const NOT_GENUINE: &str = "is not signed by a store of this programme";
const LEAKED: &str = "was signed by a key that others may have had: show it at the service desk";
const UNOPENED: &str = "cannot be checked here now: show it at the service desk";
const RETIRED: &str = "was signed after its key had been retired: show it at the service desk";

shell::component! { shell::api::scan::ROUTES {
    "POST /v1/scan" => scan(),
    "POST /v1/me/scan" => scan_own(),
} }

async fn scan(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: ScanBody = parse_json(body)?;
    let actor = actor_of(request)?;
    let submission = submission(app, &caller, &body, (&key, &actor)).await?;
    submit_as(app, request, &caller, |_| Ok(submission)).await
}

/// As the member of the pass, who is told what becomes of the points and nothing else of the books.
async fn scan_own(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    let key = request.idempotency_key()?;
    if let Some(seconds) = writes(app, request, &pass).await? {
        return Ok(too_many_writes(seconds));
    }
    let OwnScanBody { receipt } = parse_json(request.body()?)?;
    let body = ScanBody { member_id: pass.member.as_str().to_owned(), receipt, channel: None };
    let caller = acting(&pass);
    let by = pass.made_by.split_once(':').map_or(pass.made_by.as_str(), |(_, prefix)| prefix);
    let actor = format!("member:{by}");
    let mut submission = submission(app, &caller, &body, (&key, &actor)).await?;
    if let Some(device) = &pass.device {
        let operation = submission.operation.on_device(device);
        submission.operation = operation.unwrap_or(submission.operation);
    }
    // There are as many members as there are; what is kept is for tills.
    submission.keeps_refusals = false;
    match submit_as(app, request, &caller, |_| Ok(submission)).await {
        Ok(reply) => {
            let told = told(reply.body());
            Ok(reply.saying(told))
        }
        // The entry is another member's.
        Err(Problem::Refused { refusal: Refusal::ReferenceOfAnother { .. }, id, replayed }) => {
            let refusal = Refusal::ReferenceOfAnother { entry: None };
            Err(Problem::Refused { refusal, id, replayed })
        }
        Err(problem) => Err(problem),
    }
}

fn told(body: &str) -> String {
    let written: Json = serde_json::from_str(body).unwrap_or_default();
    let entry = written.get("entry");
    let points = entry.and_then(|entry| entry.get("points")).cloned();
    let review = entry.and_then(|entry| entry.get("review"));
    let is_reviewed = review.is_some_and(|review| !review.is_null());
    json!({"points": points, "under_review": is_reviewed}).to_string()
}

async fn submission(
    app: &App,
    caller: &Caller,
    body: &ScanBody,
    by: (&str, &str),
) -> Result<Submission, Problem> {
    let receipt = Receipt::read(&body.receipt).map_err(wrong)?;
    let key = genuine(app, caller, &receipt).await?;
    let book = published(&app.sql, &caller.programme).await?;
    let mut submission = body.submission(&receipt, (&key.store, book.currency()), by)?;
    let earliest = now().plus_ms(-LASTS_MS);
    let too_old = (receipt.issued_at < earliest).then_some(earliest);
    submission.operation = Rc::new(Scan { earn: submission.operation, too_old });
    Ok(submission)
}

/// The key that signed the receipt, when what it signed counts.
async fn genuine(app: &App, caller: &Caller, receipt: &Receipt) -> Result<QrKey, Problem> {
    let no = caller.programme.no;
    let key = qr_key(&app.sql, &receipt.kid).await?.filter(|key| key.programme_no == no);
    let key = key.ok_or_else(|| wrong(NOT_GENUINE))?;
    let opened = opened_text(&key.secret, &Place::qr_key(no, &key.kid)).await;
    let secret = opened.ok_or_else(|| {
        let cause = format!("the variable secrets_key does not open QR key {}", key.kid);
        eprintln!("{}", json!({"level": "error", "cause": cause}));
        wrong(UNOPENED)
    })?;
    if !receipt.is_signed_with(&secret) {
        return Err(wrong(NOT_GENUINE));
    }
    // A holder of the key can write any date, so the date of a receipt proves nothing then.
    if key.leaked_at.is_some() {
        return Err(wrong(LEAKED));
    }
    if key.retired.as_ref().is_some_and(|(at, _)| receipt.issued_at > *at) {
        return Err(wrong(RETIRED));
    }
    Ok(key)
}

fn wrong(detail: &str) -> Problem {
    FieldError::new("/receipt", detail).into()
}
