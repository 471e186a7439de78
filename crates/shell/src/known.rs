//! What a playbook of a programme may name: the programme's rulebook, templates, segments and tags.

use reach::Family;
use reach::playbook::{Known, KnownGrant};
use rules::Document;
use store::{known_templates, set_names};

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
    // Nobody is told which members come into a passive segment.
    let segments = segments.into_iter().filter(|(_, kind)| kind != "passive");
    let tiers = rulebook.tiers.iter().flat_map(|tiers| &tiers.levels);
    Ok(Known {
        templates: known_templates(&*reach, programme_no).await?,
        grants: KnownGrant::of_rulebook(&rulebook.grants),
        coupons: rulebook.coupons.keys().cloned().collect(),
        tiers: tiers.map(|level| level.id.clone()).collect(),
        segments: segments.map(|(name, _)| name).collect(),
        tags: sets(Family::Tag).await?.into_iter().map(|(name, _)| name).collect(),
    })
}
