//! Whether a template can be saved: every text is read, tried with every sample member, and held
//! against what vendors refuse.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Value;
use reach::{Channel, Hosts, Purpose};

use crate::engine::Fuel;
use crate::grammar::{self, Kind, Piece};
use crate::html;
use crate::render::{Writer, path};
use crate::sms::{Parts, parts};
use crate::template::{Bounds, Fault, Language, MAX_PARAMETERS, Parameter, Template, Text, bounds};
use crate::variables::{Variable, Variables};
use crate::words::{has_reply_hint, not_a_notice};

/// Faults that are told at once.
const MAX_FAULTS: usize = 50;
/// Characters of an id.
const MAX_ID: usize = 64;
/// Bytes of a title or a parameter's value as they are written.
const MAX_SHORT_SOURCE: usize = 1_000;
/// Characters of a vendor's id.
const MAX_VENDOR_ID: usize = 128;
/// Characters of a parameter's name.
const MAX_NAME: usize = 40;
/// What all texts for all sample members may take together.
const CHECK_FUEL: u64 = 1_000_000;
/// What trying each variable may take: more than a template takes that can be saved.
const NEEDS_FUEL: u64 = 5_000_000;

impl Template {
    /// Everything that is wrong with it; nothing where it can be saved. Links and pictures are on
    /// these hosts.
    #[must_use]
    pub fn check(&self, hosts: &Hosts) -> Vec<Fault> {
        let (mut faults, fuel) = (Vec::new(), Fuel::of(CHECK_FUEL));
        if !is_id(&self.id) {
            let detail = format!("must be 1 to {MAX_ID} of a-z, 0-9, - and _");
            faults.push(Fault::new("/id", detail));
        }
        if self.texts.is_empty() {
            faults.push(Fault::new("/texts", "must have a channel"));
        }
        for (channel, texts) in &self.texts {
            let at = format!("/texts/{}", channel.as_str());
            let Some(bounds) = bounds(*channel) else {
                faults.push(Fault::new(at, "no texts are sent by this channel"));
                continue;
            };
            if !texts.contains_key(&Language::Chinese) {
                let detail = "must have zh-CN, which members of other languages get";
                faults.push(Fault::new(at, detail));
            }
            for (language, text) in texts {
                let purpose = self.purpose;
                let place = Place { purpose, channel: *channel, language: *language, bounds };
                TextCheck { place, text, hosts, faults: &mut faults, fuel: &fuel }.run();
            }
        }
        if fuel.is_empty() {
            let detail = "do too much together: loops within each other, and long parameters";
            faults.insert(0, Fault::new("/texts", detail));
        }
        faults.truncate(MAX_FAULTS);
        faults
    }

    /// What a message by that channel needs to know: without one of these a text cannot be
    /// rendered. It is found by trying, so a text that asks `{% if coupon %}` does not need one.
    #[must_use]
    pub fn needs(&self, channel: Channel) -> BTreeSet<Variable> {
        self.needs_of(channel, &Variable::ALL)
    }

    /// The same, of these variables alone.
    #[must_use]
    pub fn needs_of(&self, channel: Channel, of: &[Variable]) -> BTreeSet<Variable> {
        let Some(bounds) = bounds(channel) else { return BTreeSet::new() };
        let (usual, fuel) = (Variables::sample(), &Fuel::of(NEEDS_FUEL));
        let texts = || self.texts.get(&channel).into_iter().flatten();
        let shows = |values: &Value| {
            texts().all(|(language, text)| {
                let (language, values) = (*language, values.clone());
                let writer = Writer { channel, language, bounds, values, fuel };
                writer.title(text).is_ok()
                    && writer.body(text).is_ok()
                    && text.parameters.iter().all(|one| writer.parameter(one).is_ok())
            })
        };
        let lacks = |variable: &Variable| !shows(&usual.without(*variable).values());
        of.iter().copied().filter(lacks).collect()
    }

    /// What its text messages come to, by language: the most that one of the sample members gets.
    #[must_use]
    pub fn sms_parts(&self) -> BTreeMap<Language, Parts> {
        let (channel, fuel) = (Channel::Sms, &Fuel::of(CHECK_FUEL));
        let texts = self.texts.get(&channel).into_iter().flatten();
        let sizes = texts.filter_map(|(language, text)| {
            let bounds = bounds(channel)?;
            let shown = Variables::samples().into_iter().filter_map(|(_, sample)| {
                let (language, values) = (*language, sample.values());
                let writer = Writer { channel, language, bounds, values, fuel };
                writer.body(text).ok()
            });
            let most = shown.map(|body| parts(&body)).max_by_key(|size| (size.parts, size.places));
            Some((*language, most?))
        });
        sizes.collect()
    }
}

fn is_id(id: &str) -> bool {
    let is_of_id = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_of_id)
}

/// Which text it is.
#[derive(Clone, Copy)]
struct Place {
    purpose: Purpose,
    channel: Channel,
    language: Language,
    bounds: Bounds,
}

/// The check of one text.
struct TextCheck<'a> {
    place: Place,
    text: &'a Text,
    hosts: &'a Hosts,
    faults: &'a mut Vec<Fault>,
    fuel: &'a Fuel,
}

impl TextCheck<'_> {
    fn run(&mut self) {
        let before = self.faults.len();
        self.addresses();
        self.vendors_text();
        self.sources();
        // Trying tells nothing new about what cannot be read.
        if self.faults.len() == before {
            self.samples();
        }
    }

    fn fault(&mut self, field: &str, detail: impl Into<String>) {
        let at = format!("{}{field}", path(self.place.channel, self.place.language));
        self.faults.push(Fault::new(at, detail));
    }

    fn addresses(&mut self) {
        let text = self.text;
        if let Some(link) = &text.link {
            if self.place.channel == Channel::Sms {
                let detail = "text messages have no link of a member's own; a fixed one stands in \
                              the body that the vendor has approved";
                self.fault("/link", detail);
            } else if let Err(refused) = self.hosts.allows(link) {
                self.fault("/link", refused.to_string());
            }
        }
        if let Some(picture) = &text.picture {
            if !matches!(self.place.channel, Channel::Push | Channel::Wecom) {
                self.fault("/picture", "only push and wecom have one");
            } else if let Err(refused) = self.hosts.allows(picture) {
                self.fault("/picture", refused.to_string());
            }
        }
    }

    fn vendors_text(&mut self) {
        let text = self.text;
        match &text.vendor_template_id {
            Some(id) => {
                let is_plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic());
                if !is_plain || id.len() > MAX_VENDOR_ID {
                    let detail = format!("must be 1 to {MAX_VENDOR_ID} letters, digits and signs");
                    self.fault("/vendor_template_id", detail);
                }
            }
            None if self.place.channel == Channel::Wechat => {
                self.fault("/vendor_template_id", "WeChat sends only texts that it has");
            }
            None if !text.parameters.is_empty() => {
                self.fault("/parameters", "are of a vendor's text, which has a vendor_template_id");
            }
            None => {}
        }
        if text.parameters.len() > MAX_PARAMETERS {
            self.fault("/parameters", format!("must be at most {MAX_PARAMETERS}"));
        }
        let mut names = BTreeSet::new();
        for (at, Parameter { name, .. }) in text.parameters.iter().enumerate() {
            let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_of_name) {
                let detail = format!("must be 1 to {MAX_NAME} letters, digits and _");
                self.fault(&format!("/parameters/{at}/name"), detail);
            } else if !names.insert(name) {
                self.fault(&format!("/parameters/{at}/name"), "is there twice");
            }
        }
    }

    /// Reads every source.
    fn sources(&mut self) {
        let (text, Place { purpose, channel, bounds, .. }) = (self.text, self.place);
        if bounds.title == 0 && !text.title.is_empty() {
            self.fault("/title", "this channel has none");
        }
        let mut shown = Vec::new();
        let values = text.parameters.iter().take(MAX_PARAMETERS).enumerate();
        let values = values.map(|(at, of)| (format!("/parameters/{at}/value"), of.value.as_str()));
        let fields = [("/title", text.title.as_str()), ("/body", text.body.as_str())];
        let fields = fields.map(|(at, source)| (at.to_owned(), source));
        for (at, source) in fields.into_iter().chain(values) {
            let most = if at == "/body" { bounds.source } else { MAX_SHORT_SOURCE };
            if source.len() > most {
                self.fault(&at, format!("has {} bytes, more than {most}", source.len()));
                continue;
            }
            let is_of_lines = |c: char| matches!(c, '\n' | '\r' | '\t');
            if source.chars().any(|c| c.is_control() && !is_of_lines(c)) {
                self.fault(&at, "must have no control characters but those of lines");
                continue;
            }
            let pieces = match grammar::read(source) {
                Ok(pieces) => pieces,
                Err(wrong) => {
                    self.fault(&at, wrong);
                    continue;
                }
            };
            let links = [Kind::Link, Kind::Unsubscribe].map(Piece::Shown);
            let links = links.into_iter().filter(|link| pieces.contains(link));
            let links: Vec<_> = links.collect();
            if channel == Channel::Sms && !links.is_empty() {
                self.fault(&at, "vendors refuse links in variables of text messages");
            }
            if let (Channel::Email, "/body", Err(wrong)) =
                (channel, at.as_str(), html::check(&pieces))
            {
                self.fault(&at, wrong);
            }
            shown.extend(links);
        }
        if shown.contains(&Piece::Shown(Kind::Link))
            && text.link.is_none()
            && channel != Channel::Sms
        {
            self.fault("/link", "must say where the link that the text shows leads");
        }
        let is_advertising = purpose == Purpose::Marketing && channel == Channel::Email;
        if is_advertising && !shown.contains(&Piece::Shown(Kind::Unsubscribe)) {
            self.fault("/body", "must show `unsubscribe`, as every marketing e-mail does");
        }
    }

    /// Shows the text to every sample member; of each field the first fault is told.
    fn samples(&mut self) {
        let (text, Place { purpose, channel, language, bounds }) = (self.text, self.place);
        let mut faulty = BTreeSet::new();
        for (who, sample) in Variables::samples() {
            let (values, fuel) = (sample.values(), self.fuel);
            let writer = Writer { channel, language, bounds, values, fuel };
            let body = writer.body(text);
            let title = writer.title(text).err().map(|wrong| ("/title".to_owned(), wrong));
            let wrong = body.as_ref().err().map(|wrong| ("/body".to_owned(), wrong.clone()));
            let values = text.parameters.iter().enumerate().filter_map(|(at, parameter)| {
                let wrong = writer.parameter(parameter).err()?;
                Some((format!("/parameters/{at}/value"), wrong))
            });
            let found: Vec<_> = title.into_iter().chain(wrong).chain(values).collect();
            for (at, wrong) in found {
                if faulty.insert(at.clone()) {
                    self.fault(&at, format!("for {who}: {wrong}"));
                }
            }
            if channel == Channel::Sms
                && let Ok(body) = body
                && let Some(wrong) = refused_by_vendors(purpose, &body)
                && faulty.insert("/body".to_owned())
            {
                self.fault("/body", wrong);
            }
        }
    }
}

fn refused_by_vendors(purpose: Purpose, body: &str) -> Option<String> {
    match purpose {
        Purpose::Service => not_a_notice(body).map(|(content, word)| {
            format!("vendors refuse {content} in notices, and this says {word}: it is marketing")
        }),
        Purpose::Marketing if !has_reply_hint(body) => {
            Some("must say how to refuse more, such as 拒收请回复R".to_owned())
        }
        Purpose::Marketing => None,
    }
}
