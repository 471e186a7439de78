//! What a playbook of a programme may name: the programme's rulebook, templates, segments and tags.

use std::collections::BTreeMap;

use reach::Family;
use reach::playbook::{Known, KnownGrant, KnownTemplate};
use rules::Document;
use store::set_names;

use crate::problem::Problem;
use crate::reach::reach;

/// What there is now, with that rulebook in force. A playbook that was published may name what is
/// gone since.
///
/// # Errors
/// What the database of segments and tags does.
pub async fn known(programme_no: i64, rulebook: &Document) -> Result<Known, Problem> {
    let reach = reach().await?;
    let sets = async |family| set_names(&*reach, programme_no, family).await;
    let segments = sets(Family::Segment).await?;
    // Nobody is told who comes into a passive segment.
    let segments = segments.into_iter().filter(|(_, kind)| kind != "passive");
    let grants = rulebook.grants.iter().map(|(name, grant)| {
        (name.clone(), KnownGrant { points: grant.points, coupon: grant.coupon.clone() })
    });
    let tiers = rulebook.tiers.iter().flat_map(|tiers| &tiers.levels);
    Ok(Known {
        templates: templates(),
        grants: grants.collect(),
        coupons: rulebook.coupons.keys().cloned().collect(),
        tiers: tiers.map(|level| level.id.clone()).collect(),
        segments: segments.map(|(name, _)| name).collect(),
        tags: sets(Family::Tag).await?.into_iter().map(|(name, _)| name).collect(),
    })
}

/// The templates of the programme; none yet.
fn templates() -> BTreeMap<String, KnownTemplate> {
    BTreeMap::new()
}
