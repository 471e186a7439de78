//! A merchant with one account, one template, one strategy and one member, who is told of each
//! purchase.

use channels::{Account, Capability, Vendor};
use ledger::Timestamp;
use serde_json::{Value as Json, json};
use tests::{CALLING, Host, SEALED, Shop};

use crate::fakes::Fake;

/// The address of the installation as vendors have it.
pub const PUBLIC: &str = "https://points.example";
const DAY_MS: i64 = 86_400_000;
/// Ten in the morning in Shanghai.
const START: Timestamp = Timestamp(1_773_108_000_000);

/// What a message left behind.
#[derive(Debug)]
pub struct Sent {
    /// What came to the vendor, in order: `send`, `token`, `reserve`.
    pub kinds: Vec<String>,
    /// What each message said, with the id under which the vendor has it.
    pub messages: Vec<Json>,
    /// The state of the last attempt and of the touch.
    pub states: String,
}

pub struct Desk {
    pub host: Host,
    pub shop: Shop,
    pub fake: Fake,
    pub vendor: Vendor,
    pub can: Capability,
    channel: String,
    callback_path: String,
    day: i64,
    pub now: Timestamp,
    orders: u32,
    addresses: u32,
    address: String,
    /// What the last purchase brought, which its message names.
    points: String,
}

impl Desk {
    pub fn open(vendor: Vendor) -> Self {
        let fake = Fake::open(vendor.as_str());
        let public = format!("public_url={PUBLIC}");
        let host = Host::start_with(&[&CALLING[..], &SEALED, &["--variable", &public]].concat());
        let shop = host.shop_with("spring", |_| {});
        let account = Account::read(vendor, &fake.settings, &fake.secrets).unwrap();
        let body = json!({"vendor": vendor.as_str(), "settings": fake.settings,
            "secrets": fake.secrets});
        let made = shop.put("/v1/channels/desk", &body).send().ok();
        let channel = made["channel"].as_str().unwrap().to_owned();
        let address = shop.ask("POST", "/v1/channels/desk/callback").send().ok();
        let callback_path = address["callback_path"].as_str().unwrap().to_owned();
        let mut desk = Self {
            host,
            shop,
            fake,
            vendor,
            can: account.capability(),
            channel,
            callback_path,
            day: 0,
            now: START,
            orders: 0,
            addresses: 0,
            address: String::new(),
            points: String::new(),
        };
        desk.publishes();
        desk.shop.does("ann", "check_in").send().ok();
        desk.moves();
        // The first run hears from here on.
        desk.runs();
        desk
    }

    fn publishes(&self) {
        let links = json!({"hosts": ["shop.example"], "base": "https://go.shop.example"});
        self.puts("/v1/link-settings", &links);
        let channel = self.channel.as_str();
        let body = "{{ name or '会员' }}，谢谢，{{ points }} 分。拒收请回复R";
        let mut text = json!({"body": body});
        if channel != "sms" {
            text["title"] = json!("谢谢");
            text["link"] = json!("https://shop.example/thanks");
        }
        if channel == "email" {
            text["body"] = json!(format!(
                "<p>{body}</p><p><a href=\"{{{{ link }}}}\">看看</a></p>\
                 <p><a href=\"{{{{ unsubscribe }}}}\">退订</a></p>"
            ));
        }
        if self.can.templates || channel == "sms" {
            text["vendor_template_id"] = json!("T_1");
            text["parameters"] = json!([{"name": "points", "value": "{{ points }}"}]);
        }
        let template = json!({"purpose": "marketing", "texts": {channel: {"zh-CN": text}}});
        self.puts("/v1/templates/thanks", &template);
        let playbook = json!({"quiet_hours": null, "holdout_percent": 0, "strategies": [
            {"id": "thanks", "trigger": {"kind": "entry", "entry": "earn"}, "holdout_percent": 0,
             "send": {"channels": [channel], "template": "thanks"}}]});
        self.puts("/v1/playbook/drafts/spring", &playbook);
        let told = self.shop.post("/v1/playbook/drafts/spring/publication", &json!({})).send().ok();
        if told["state"] == "waiting" {
            let id = told["publication_id"].as_str().unwrap();
            let path = format!("/v1/rulebook/publications/{id}/approve");
            let head = self.shop.with_bearer(&self.shop.key(told["waits_for"].as_str().unwrap()));
            assert_eq!(head.ask("POST", &path).send().ok()["state"], "published");
        }
    }

    fn puts(&self, path: &str, body: &Json) {
        let told = self.shop.put(path, body).send();
        assert!((200..300).contains(&told.status), "{path}: {}", told.text());
        let problems =
            if told.status == 204 { Json::Null } else { told.json()["problems"].clone() };
        assert!(problems.as_array().is_none_or(Vec::is_empty), "{path}: {problems}");
    }

    /// The member has another address, and wants to hear of the shop there.
    pub fn moves(&mut self) {
        self.addresses += 1;
        let no = self.addresses;
        self.address = match self.channel.as_str() {
            "sms" => format!("+8613800{no:06}"),
            "email" => format!("m{no}@mail.example"),
            "push" => format!("token-{no}"),
            "wecom" => format!("user{no}"),
            _ => format!("openid{no}"),
        };
        let contact = json!({"address": self.address, "verified": true});
        self.puts(&format!("/v1/members/ann/contacts/{}", self.channel), &contact);
        self.agrees();
    }

    /// Other members join with these addresses, and buy the same at once. To whom each request went
    /// that came to the vendor, all of them signed.
    pub fn buy_at_once(&mut self, addresses: &[&str]) -> Vec<Json> {
        for (place, address) in addresses.iter().enumerate() {
            let member = format!("m{place}");
            self.shop.does(&member, "check_in").send().ok();
            let contact = json!({"address": address, "verified": true});
            self.puts(&format!("/v1/members/{member}/contacts/{}", self.channel), &contact);
        }
        // A check-in is an occasion, too: nobody has agreed yet.
        self.runs();
        for (place, address) in addresses.iter().enumerate() {
            let member = format!("m{place}");
            let said = json!({"purpose": "marketing", "channel": self.channel, "decision": "given",
                "source": "form", "address": address, "occurred_at": self.now.to_string()});
            let told = self.shop.post(&format!("/v1/members/{member}/consents"), &said).send();
            assert!((200..300).contains(&told.status), "{}", told.text());
            self.shop.buys(&member, &format!("all{place}"), 10_000).send().ok();
        }
        self.fake.script(self.now.0, &[]);
        self.runs();
        let log = self.fake.log();
        assert!(log.iter().all(|one| one["wrong"] == Json::Null), "{log:?}");
        log.into_iter().map(|mut one| one["said"]["all"].take()).collect()
    }

    pub fn agrees(&self) {
        let said = json!({"purpose": "marketing", "channel": self.channel, "decision": "given",
            "source": "form", "address": self.address, "occurred_at": self.now.to_string()});
        let told = self.shop.post("/v1/members/ann/consents", &said).send();
        assert!((200..300).contains(&told.status), "{}", told.text());
    }

    /// What the schedule does within a minute.
    fn runs(&self) {
        for component in ["fold", "touch", "deliver"] {
            assert_eq!(self.host.fire(component), 200, "{component}: {}", self.host.log());
        }
    }

    /// A purchase, of which the member is told, with these answers of the vendor.
    pub fn buys(&mut self, answers: &[Json]) -> Sent {
        self.orders += 1;
        let bought = self.shop.buys("ann", &format!("o{}", self.orders), 10_000).send().ok();
        self.points = bought["entry"]["points"].to_string();
        self.fake.script(self.now.0, answers);
        self.runs();
        self.heard()
    }

    /// Another run of the job that sends.
    pub fn delivers(&self, answers: &[Json]) -> Sent {
        self.fake.script(self.now.0, answers);
        assert_eq!(self.host.fire("deliver"), 200, "{}", self.host.log());
        self.heard()
    }

    /// What the vendor heard, all of it signed, and of this member.
    fn heard(&self) -> Sent {
        let log = self.fake.log();
        for one in &log {
            assert_eq!(one["wrong"], Json::Null, "{}: {one}", self.vendor.as_str());
        }
        let kinds = log.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect();
        let messages = log.iter().filter(|one| one["kind"] == "send").map(|one| {
            let mut said = one["said"].clone();
            // A robot tells a group.
            if said["to"] != Json::Null {
                assert_eq!(said["to"], self.address.as_str());
            }
            assert!(said["text"].as_str().unwrap().contains(&self.points), "{said}");
            said["to"] = json!(self.address);
            said["provider_id"] = one["provider_id"].clone();
            said
        });
        Sent { kinds, messages: messages.collect(), states: self.states() }
    }

    /// The state of the last touch's last attempt, and its own.
    pub fn states(&self) -> String {
        self.host.reach().text(
            "SELECT coalesce((SELECT d.state FROM touch_delivery AS d WHERE d.touch_no = t.no
               ORDER BY d.no DESC LIMIT 1), 'none') || ' ' || t.state || coalesce(' ' || t.reason, '')
             FROM touch AS t ORDER BY t.no DESC LIMIT 1",
        )
    }

    /// Of the account, the contact or an attempt: one text.
    pub fn text(&self, text: &str) -> String {
        self.host.reach().text(text)
    }

    /// Until when the account rests, from now on in seconds; 0 where it does not.
    pub fn rests_s(&self) -> i64 {
        let until = self.host.reach().number("SELECT rests_until FROM channel_account");
        (until - self.now.0).max(0) / 1_000
    }

    pub fn paused_because(&self) -> String {
        self.text("SELECT coalesce(paused_because, '') FROM channel_account")
    }

    pub fn contact(&self) -> String {
        self.text("SELECT state FROM contact")
    }

    /// What counts of marketing.
    pub fn consent(&self) -> String {
        self.text("SELECT decision FROM consent_standing WHERE purpose = 'marketing'")
    }

    /// A person has seen to the account: it sends, and what it failed before counts no more.
    pub fn resumes(&self) {
        self.shop.ask("POST", "/v1/channels/desk/resume").send().ok();
    }

    pub fn passes(&mut self, seconds: i64) {
        self.now = self.now.plus_ms(seconds * 1_000);
        self.host.clock(&self.now.to_string());
    }

    /// Ten o'clock on one of the next days: in the night no marketing goes by SMS.
    pub fn sleeps(&mut self) {
        while START.0 + self.day * DAY_MS <= self.now.0 {
            self.day += 1;
        }
        self.passes((START.0 + self.day * DAY_MS - self.now.0) / 1_000);
    }

    /// Where the vendor posts reports, as it has the address.
    pub fn callback_url(&self) -> String {
        format!("{PUBLIC}{}", self.callback_path)
    }

    /// Of a vendor that is told with each message, what it was told.
    pub fn is_told_where(&self, message: &Json) -> bool {
        let url = self.callback_url();
        message["callback_url"]
            == match self.vendor {
                // With our id, as nothing else in its reports names it.
                Vendor::Twilio => json!(format!("{url}?m={}", message["id"].as_str().unwrap())),
                _ if self.fake.told_where => json!(url),
                _ => Json::Null,
            }
    }

    pub fn posts(&self, (what, sent): (&str, &Json), is_forged: bool) -> u64 {
        self.fake.report(self.host.address, &self.callback_url(), (what, sent), is_forged)
    }

    pub fn tells_no_secret(&self) {
        let secrets = self.fake.secrets.as_object().unwrap().values();
        let callback = self.callback_path.rsplit('/').next();
        let secrets = secrets.map(|secret| secret.as_str().unwrap()).chain(callback);
        let log = self.host.log();
        for secret in secrets.chain([self.address.as_str()]) {
            // The first line of a private key is not of this one.
            let part = secret.get(40..80).unwrap_or(secret);
            assert!(!log.contains(part), "a secret stands in the log");
        }
    }
}
