//! Why a touch does not go out.

/// Why a touch does not go out, in the order in which it is asked: the first that holds is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The member is one of those that get no marketing this quarter.
    HoldoutProgramme,
    /// The member is one of those that get no marketing of this strategy.
    HoldoutStrategy,
    /// The member is in the arm of an experiment that gets nothing.
    ArmControl,
    /// The strategy is for a segment that the member is not in.
    NotInSegment,
    /// Its condition does not hold, or of strategies that share an occasion another one goes first.
    Condition,
    /// The member did what the message is for, responded to an earlier one, or what it is about is
    /// gone.
    Stopped,
    /// No channel has an address that works.
    NoContact,
    /// The member did not agree to a message for this purpose, or said no.
    NoConsent,
    /// A cap has no room before it would be too late.
    Frequency,
    /// The budget of the strategy has no room.
    Budget,
    /// Quiet hours last until it would be too late.
    QuietTooLate,
    /// Another strategy sends the same template, with the same action, about the same occasion
    /// within 24 hours.
    DuplicateContent,
    /// It was too late when a job came to it, or a later node was due as well.
    Missed,
    /// The account is frozen.
    Frozen,
    /// The account was erased.
    Erased,
}

impl Reason {
    /// All of them, in their order.
    pub const ALL: [Self; 15] = [
        Self::HoldoutProgramme,
        Self::HoldoutStrategy,
        Self::ArmControl,
        Self::NotInSegment,
        Self::Condition,
        Self::Stopped,
        Self::NoContact,
        Self::NoConsent,
        Self::Frequency,
        Self::Budget,
        Self::QuietTooLate,
        Self::DuplicateContent,
        Self::Missed,
        Self::Frozen,
        Self::Erased,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HoldoutProgramme => "holdout_programme",
            Self::HoldoutStrategy => "holdout_strategy",
            Self::ArmControl => "arm_control",
            Self::NotInSegment => "not_in_segment",
            Self::Condition => "condition",
            Self::Stopped => "stopped",
            Self::NoContact => "no_contact",
            Self::NoConsent => "no_consent",
            Self::Frequency => "frequency",
            Self::Budget => "budget",
            Self::QuietTooLate => "quiet_too_late",
            Self::DuplicateContent => "duplicate_content",
            Self::Missed => "missed",
            Self::Frozen => "frozen",
            Self::Erased => "erased",
        }
    }

    /// That of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Whether the strategy was not for the member at all. There are as many of these as there are
    /// members, so that a job may count them and keep none.
    #[must_use]
    pub fn is_not_for_the_member(self) -> bool {
        matches!(self, Self::NotInSegment | Self::Condition)
    }

    /// Whether the member is one of those that get no marketing.
    #[must_use]
    pub fn is_held_out(self) -> bool {
        matches!(self, Self::HoldoutProgramme | Self::HoldoutStrategy)
    }

    /// Whether the message was for the member and could reach it, but had no room beside others.
    pub(crate) fn lacks_room(self) -> bool {
        matches!(self, Self::Frequency | Self::QuietTooLate | Self::DuplicateContent)
    }

    /// Whether the member was left alone so that others can be compared with it.
    pub(crate) fn is_for_comparison(self) -> bool {
        self <= Self::ArmControl
    }
}
