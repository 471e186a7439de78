//! Whether a member may be reached: by which channel, for which purpose.

use serde::{Deserialize, Serialize};

/// Makes an enum whose variants have one name each, in texts and rows.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $type {
            $($(#[$of])* #[serde(rename = $name)] $variant,)+
        }

        impl $type {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The one of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }
    };
}

named! {
    /// A way to a member.
    Channel {
        /// Text messages, to a telephone number.
        Sms = "sms",
        /// Calls, to a telephone number.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// A push message to an app: the vendor's token of a device.
        Push = "push",
        /// WeCom, by the id that an external contact has there.
        Wecom = "wecom",
        /// A WeChat official account or mini-programme, by its openid.
        Wechat = "wechat",
    }
}

named! {
    /// What a message is for.
    Purpose {
        /// It tells of the member's own account: points that end, a tier that ends, a balance that
        /// changed.
        Service = "service",
        /// Everything else.
        Marketing = "marketing",
    }
}

named! {
    /// What a member said.
    Decision {
        /// Yes.
        Given = "given",
        /// No, or no longer.
        Withdrawn = "withdrawn",
    }
}

named! {
    /// What is known of an address.
    ContactState {
        /// Nothing speaks against it.
        Open = "open",
        /// A message came back.
        Bounced = "bounced",
        /// Its owner complained to the vendor.
        Complained = "complained",
        /// The vendor or the merchant has blocked it.
        Blocked = "blocked",
        /// There is no such address.
        Invalid = "invalid",
    }
}

named! {
    /// Why a member may not be reached, the first reason that holds.
    Unreachable {
        /// There is no address, or not for that channel.
        NoContact = "no_contact",
        /// The address does not work, or must not be used.
        Contact = "contact_closed",
        /// The member said no.
        Withdrawn = "withdrawn",
        /// The member never said yes.
        NoConsent = "no_consent",
    }
}

/// Whether a message for that purpose may go to an address in that state (`None`: there is none),
/// where the member said this of the purpose and the channel (`None`: nothing). Marketing needs a
/// yes; service needs no no.
///
/// # Errors
/// Why not.
pub fn may_reach(
    purpose: Purpose,
    contact: Option<ContactState>,
    said: Option<Decision>,
) -> Result<(), Unreachable> {
    match contact {
        None => return Err(Unreachable::NoContact),
        Some(ContactState::Open) => {}
        Some(_) => return Err(Unreachable::Contact),
    }
    match (purpose, said) {
        (_, Some(Decision::Withdrawn)) => Err(Unreachable::Withdrawn),
        (_, Some(Decision::Given)) | (Purpose::Service, None) => Ok(()),
        (Purpose::Marketing, None) => Err(Unreachable::NoConsent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContactState::{Blocked, Bounced, Complained, Invalid, Open};
    use Decision::{Given, Withdrawn};
    use Purpose::{Marketing, Service};

    #[test]
    fn marketing_needs_a_yes_and_service_no_no() {
        for (purpose, contact, said, outcome) in [
            (Marketing, Some(Open), Some(Given), "yes"),
            (Marketing, Some(Open), None, "no_consent"),
            (Marketing, Some(Open), Some(Withdrawn), "withdrawn"),
            (Service, Some(Open), Some(Given), "yes"),
            (Service, Some(Open), None, "yes"),
            (Service, Some(Open), Some(Withdrawn), "withdrawn"),
            (Marketing, None, Some(Given), "no_contact"),
            (Service, None, None, "no_contact"),
            (Service, None, Some(Withdrawn), "no_contact"),
            (Marketing, Some(Bounced), Some(Given), "contact_closed"),
            (Marketing, Some(Complained), Some(Given), "contact_closed"),
            (Service, Some(Complained), None, "contact_closed"),
            (Service, Some(Blocked), Some(Given), "contact_closed"),
            (Service, Some(Invalid), Some(Withdrawn), "contact_closed"),
        ] {
            let found = may_reach(purpose, contact, said);
            let found = found.map_or_else(Unreachable::as_str, |()| "yes");
            assert_eq!(found, outcome, "{purpose:?} {contact:?} {said:?}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.as_str()), Some(*channel));
        }
        assert_eq!(Channel::parse("SMS"), None);
        assert_eq!(Purpose::parse("marketing"), Some(Marketing));
    }
}
