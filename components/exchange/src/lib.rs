//! Exchanging a member's points for those of another programme of the group.

use ledger::ProgrammeId;
use rules::operations::Partner;
use rules::{gaining_way, open_rates};
use shell::{
    App, ExchangeBody, Problem, Reply, Request, authenticated_body, parse_json, published,
    submit_to_two_programmes,
};
use store::{agreements, kin};

shell::component! { shell::api::exchange::ROUTES {
    "POST /v1/exchanges" => exchange(),
} }

async fn exchange(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: ExchangeBody = parse_json(body)?;
    // A programme outside of the group and one that does not exist get the same refusal.
    let (mut abroad, mut partner) = (None, None);
    if let Ok(programme) = ProgrammeId::new(body.to_programme_id.as_str())
        && let Some(found) = kin(&app.sql, caller.programme.no, &programme).await?
    {
        // Rulebooks are compared when they are published. If two are published at once, neither
        // check sees the other; this one does.
        let open = open_rates(&agreements(&app.sql, caller.programme.no, None).await?);
        let gains = gaining_way(&open, &caller.programme.id, programme.as_str()).is_some();
        partner = Some(Partner {
            programme,
            spread: found.spread,
            book: published(&app.sql, &found).await?,
            gains,
        });
        abroad = Some(found);
    }
    submit_to_two_programmes(app, request, &caller, abroad.as_ref(), |actor| {
        body.submission(partner, &key, actor)
    })
    .await
}
