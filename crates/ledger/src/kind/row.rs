//! The columns of the table of kinds.

/// What the product knows of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindRow {
    /// The name used in the API, the database and the hash.
    pub name: &'static str,
    /// The account on the other side of the member's points; `None` for kinds that move none.
    pub contra_account: Option<&'static str>,
    /// The type of its events.
    pub event: &'static str,
    /// The type of its events where it says something else: an earn under review is approved, a
    /// member is registered.
    pub other_event: Option<&'static str>,
    /// Whether it may open lots.
    pub grants: bool,
    /// Which lots it may draw from.
    pub draws: Draws,
    /// Whether it may put points back into lots.
    pub returns: bool,
    /// Whether it may make pending lots spendable.
    pub activates: bool,
    /// Whether it may give lots other dates.
    pub dates: bool,
    /// Whether it may add to the debt.
    pub owes: bool,
    /// Whether it may take from the debt.
    pub pays: bool,
    /// Whether it may add to the tier qualification.
    pub qualifies: bool,
    /// Whether it may add to counters of the programme.
    pub tallies: bool,
    /// What it does with coupons.
    pub coupons: Coupons,
    /// Whether it resolves or undoes an earlier entry, which it then names.
    pub corrects: bool,
    /// Whether queries look it up by its id.
    pub found_by_id: bool,
    /// Whether it is an activity of the member, which extends lots of a sliding expiry.
    pub is_activity: bool,
    /// Whether it has the effect of the instant at which it fell due, however late it is recorded.
    pub takes_effect_when_due: bool,
    /// Whether it always draws from lots: one that draws from none says what it did not do.
    pub always_draws: bool,
    /// Under which name the reference of a document is recorded, once in a programme.
    pub recorded_as: RecordedAs,
    /// What later entries may undo of it.
    pub undone_as: UndoneAs,
}

/// Which lots a kind may draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draws {
    /// None.
    Nothing,
    /// Lots that can be spent.
    Spendable,
    /// Lots of a hold, before the end of the hold.
    Held,
    /// Lots that have not ended, pending ones too.
    Living,
    /// Lots that have ended, with all that no hold keeps.
    Ended,
    /// Every lot.
    Everything,
}

/// What a kind does with coupons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coupons {
    /// Nothing.
    Nothing,
    /// It issues new ones.
    Issues,
    /// It uses them, or takes them away.
    Ends,
    /// It takes away what the undone entry issued, or puts back what the undone entry used.
    Undoes,
    /// It moves them from one account to another.
    Moves,
}

/// Under which name the reference of an entry is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedAs {
    /// Under none: it records no document.
    Nothing,
    /// Under the event of the earn.
    Event,
    /// Under this one.
    Named(&'static str),
}

/// What later entries may undo of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoneAs {
    /// Points that were earned: by lines, or whole.
    Earned,
    /// Points that were spent: any number of them.
    Spent,
    /// Points that are set aside: they are spent or given up.
    Held,
    /// What is undone as it was recorded, whole.
    Recorded,
    /// Nothing.
    Nothing,
}

/// A kind that does nothing beside what its name says. Each row of the table says what it adds.
pub(super) const fn row(
    name: &'static str,
    contra_account: Option<&'static str>,
    event: &'static str,
) -> KindRow {
    KindRow {
        name,
        contra_account,
        event,
        other_event: None,
        grants: false,
        draws: Draws::Nothing,
        returns: false,
        activates: false,
        dates: false,
        owes: false,
        pays: false,
        qualifies: false,
        tallies: false,
        coupons: Coupons::Nothing,
        corrects: false,
        found_by_id: false,
        is_activity: false,
        takes_effect_when_due: false,
        always_draws: false,
        recorded_as: RecordedAs::Nothing,
        undone_as: UndoneAs::Nothing,
    }
}
