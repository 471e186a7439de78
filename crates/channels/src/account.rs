//! An account at a vendor, and what can be asked of it.

use serde_json::Value as Json;

use crate::adapter::{Adapter, Context};
use crate::answer::{Answer, Heard};
use crate::callback::{Callback, Received, Refusal};
use crate::capability::{Capability, Repeat};
use crate::check::Faults;
use crate::fault::Fault;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::{Outcome, Said, outcome, unheard};
use crate::table::Table;
use crate::token::TokenOutcome;
use crate::vendor;

macro_rules! vendors {
    ($($(#[$doc:meta])* $variant:ident = $name:literal in $module:ident,)+) => {
        /// The vendor that delivers messages.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Vendor {
            $($(#[$doc])* $variant,)+
        }

        impl Vendor {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What its answers mean.
            #[must_use]
            pub const fn table(self) -> &'static Table {
                match self {
                    $(Self::$variant => &vendor::$module::answers::TABLE,)+
                }
            }
        }

        /// An account at a vendor: settings that may be shown, and secrets that may not.
        #[derive(Debug, Clone)]
        pub enum Account {
            $($(#[$doc])* $variant(vendor::$module::Account),)+
        }

        impl Account {
            /// Whose account it is.
            #[must_use]
            pub const fn vendor(&self) -> Vendor {
                match self {
                    $(Self::$variant(_) => Vendor::$variant,)+
                }
            }

            fn parse(vendor: Vendor, settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
                Ok(match vendor {
                    $(Vendor::$variant => {
                        Self::$variant(vendor::$module::Account::read(settings, secrets)?)
                    })+
                })
            }

            fn adapter(&self) -> &dyn Adapter {
                match self {
                    $(Self::$variant(account) => account,)+
                }
            }
        }
    };
}

vendors! {
    /// Alibaba Cloud SMS.
    AliyunSms = "aliyun_sms" in aliyun_sms,
    /// Tencent Cloud SMS.
    TencentSms = "tencent_sms" in tencent_sms,
    /// Twilio Programmable Messaging.
    Twilio = "twilio" in twilio,
    /// Alibaba Cloud DirectMail.
    DirectMail = "direct_mail" in direct_mail,
    /// Amazon SES, version 2.
    Ses = "ses" in ses,
    /// SendGrid.
    Sendgrid = "sendgrid" in sendgrid,
    /// JPush (极光).
    Jpush = "jpush" in jpush,
    /// Firebase Cloud Messaging, version 1.
    Fcm = "fcm" in fcm,
    /// An application of WeCom (企业微信).
    WecomApp = "wecom_app" in wecom_app,
    /// A robot in a group of WeCom.
    WecomRobot = "wecom_robot" in wecom_robot,
    /// Template messages of a WeChat official account.
    WechatTemplate = "wechat_template" in wechat_template,
    /// Subscription messages of a WeChat mini-programme.
    WechatSubscribe = "wechat_subscribe" in wechat_subscribe,
    /// A gateway of the merchant's (Standard Webhooks).
    Webhook = "webhook" in webhook,
}

/// Settings that name where requests go.
const PLACES: [&str; 4] = ["base_url", "token_url", "url", "region"];

/// Whether an account of other settings of the same vendor would send its requests, and with them
/// its secrets, to another place.
#[must_use]
pub fn goes_elsewhere(before: &Json, after: &Json) -> bool {
    let place = |settings: &Json, name: &str| settings.get(name).cloned().unwrap_or_default();
    PLACES.iter().any(|name| place(before, name) != place(after, name))
}

impl Vendor {
    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }
}

impl Account {
    /// Reads settings and secrets, and checks them.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn read(vendor: Vendor, settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let account = Self::parse(vendor, settings, secrets)?;
        let mut faults = Faults::default();
        account.adapter().check(&mut faults);
        if faults.0.is_empty() { Ok(account) } else { Err(faults.0) }
    }

    /// What it can do.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.adapter().capability()
    }

    /// Where requests go, for the policy of addresses.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.adapter().origin()
    }

    /// The request for one message, or for several where the vendor takes a batch.
    ///
    /// # Errors
    /// What is wrong with a message.
    pub fn request(
        &self,
        messages: &[Message],
        context: &Context<'_>,
    ) -> Result<HttpRequest, Fault> {
        let capability = self.capability();
        if messages.is_empty() || messages.len() > capability.batch {
            return Err(Fault::new("", "must be as many messages as the vendor takes at once"));
        }
        for message in messages {
            message.check(capability.channel)?;
        }
        self.adapter().request(messages, context)
    }

    /// Whether a message may stand in the request of another one, where the vendor takes batches.
    #[must_use]
    pub fn may_share(&self, first: &Message, other: &Message) -> bool {
        self.adapter().may_share(first, other)
    }

    /// What became of each message of a request, in their order.
    #[must_use]
    pub fn outcome(&self, messages: &[Message], heard: &Heard) -> Vec<Outcome> {
        let adapter = self.adapter();
        let repeat = adapter.capability().repeat;
        let can_repeat = |message: &Message| match repeat {
            Repeat::Never => false,
            Repeat::SameId { .. } => true,
            Repeat::Reserved { .. } => message.reserved.is_some(),
        };
        let answer = match heard {
            Heard::Answer(answer) => answer,
            Heard::NotConnected | Heard::Nothing => {
                let was_connected = *heard == Heard::Nothing;
                let each = |message| unheard(was_connected, can_repeat(message));
                return messages.iter().map(each).collect();
            }
        };
        let mut said = adapter.read(messages, answer);
        said.resize(messages.len(), Said::Nothing);
        let each = |(message, said): (&Message, Said)| {
            outcome(adapter.table(), said, answer, can_repeat(message))
        };
        messages.iter().zip(said).map(each).collect()
    }

    /// The request for a token. `None` where the vendor has none.
    ///
    /// # Errors
    /// Where the secret makes none.
    #[must_use]
    pub fn token_request(&self, now_ms: i64) -> Option<Result<HttpRequest, Fault>> {
        self.adapter().token_request(now_ms)
    }

    /// What came of the request for a token. `None` where the vendor has none.
    #[must_use]
    pub fn token_outcome(&self, heard: &Heard) -> Option<TokenOutcome> {
        self.adapter().token_outcome(heard)
    }

    /// The request that reserves a [`Message::reserved`] for that many messages. `None` where the
    /// vendor has nothing of the kind.
    #[must_use]
    pub fn reservation_request(&self, count: usize) -> Option<HttpRequest> {
        self.adapter().reservation_request(count)
    }

    /// What was reserved: as many texts as came.
    #[must_use]
    pub fn reservations(&self, answer: &Answer) -> Vec<String> {
        self.adapter().reservations(answer)
    }

    /// What a vendor posts to us: whether it is the vendor, what it reports, and what to answer.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        if callback.is_too_long() {
            return Err(Refusal::Unreadable);
        }
        self.adapter().callback(callback)
    }
}
