//! A template as the message of one member.

use minijinja::value::Value;
use reach::Channel;

use crate::engine::{Fuel, show};
use crate::template::{
    Bounds, Fault, Language, MAX_PARAMETER_CHARS, MAX_PARAMETERS, Parameter, Template, Text, bounds,
};
use crate::variables::Variables;
use crate::words::has_link;

/// What all texts of a message may take: ten of the largest.
const MESSAGE_FUEL: u64 = 200_000;

/// What is sent to one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The language that it is in.
    pub language: Language,
    /// The title or subject; empty where there is none.
    pub title: String,
    /// The message; HTML of an e-mail.
    pub text: String,
    /// The vendor's name of its own text, where it has it.
    pub vendor_template_id: Option<String>,
    /// What the vendor puts into that text, in its order.
    pub parameters: Vec<(String, String)>,
    /// The message's own link, where the text has a target.
    pub link: Option<String>,
    /// The address of a picture.
    pub picture: Option<String>,
}

/// The message for a member, by that channel, in that language or in Chinese.
///
/// # Errors
/// A [`Fault`] where the template has no text for the channel, or shows what is not known of this
/// member, or shows too much.
pub fn render(
    template: &Template,
    channel: Channel,
    language: Language,
    variables: &Variables,
) -> Result<Rendered, Fault> {
    let found = template.text(channel, language).zip(bounds(channel));
    let Some(((language, text), bounds)) = found else {
        let detail = format!("there is no text for {}", channel.as_str());
        return Err(Fault::new("/texts", detail));
    };
    let path = path(channel, language);
    if text.parameters.len() > MAX_PARAMETERS {
        let detail = format!("must be at most {MAX_PARAMETERS}");
        return Err(Fault::new(format!("{path}/parameters"), detail));
    }
    let (values, fuel) = (variables.values(), &Fuel::of(MESSAGE_FUEL));
    let writer = Writer { channel, language, bounds, values, fuel };
    let parameters = text.parameters.iter().enumerate().map(|(at, parameter)| {
        let value = writer.parameter(parameter);
        let value =
            value.map_err(|wrong| Fault::new(format!("{path}/parameters/{at}/value"), wrong))?;
        Ok((parameter.name.clone(), value))
    });
    let parameters = parameters.collect::<Result<_, _>>()?;
    let of = |field: &str, shown: Result<String, String>| {
        shown.map_err(|wrong| Fault::new(format!("{path}/{field}"), wrong))
    };
    Ok(Rendered {
        language,
        title: of("title", writer.title(text))?,
        text: of("body", writer.body(text))?,
        vendor_template_id: text.vendor_template_id.clone(),
        parameters,
        link: text.link.as_ref().and(variables.link.clone()),
        picture: text.picture.clone(),
    })
}

/// Where a text stands in its template.
pub(crate) fn path(channel: Channel, language: Language) -> String {
    format!("/texts/{}/{}", channel.as_str(), language.as_str())
}

/// Writes the parts of a text with one set of variables.
pub(crate) struct Writer<'a> {
    pub channel: Channel,
    pub language: Language,
    pub bounds: Bounds,
    pub values: Value,
    /// What is left for all that is written.
    pub fuel: &'a Fuel,
}

impl Writer<'_> {
    fn show(&self, source: &str, is_html: bool, most: usize) -> Result<String, String> {
        show(self.fuel, source, &self.values, self.language, is_html, most)
    }

    /// The title: one line.
    pub fn title(&self, text: &Text) -> Result<String, String> {
        let title = self.show(&text.title, false, self.bounds.title)?;
        if title.chars().any(char::is_control) {
            return Err("must be one line".to_owned());
        }
        let is_missing =
            title.trim().is_empty() && matches!(self.channel, Channel::Email | Channel::Push);
        if is_missing { Err("must not be empty".to_owned()) } else { Ok(title) }
    }

    /// The body.
    pub fn body(&self, text: &Text) -> Result<String, String> {
        let is_html = self.channel == Channel::Email;
        let body = self.show(&text.body, is_html, self.bounds.body)?;
        if body.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(body) }
    }

    /// The value of a parameter. Vendors refuse empty ones, and links in text messages.
    pub fn parameter(&self, parameter: &Parameter) -> Result<String, String> {
        let most = match self.channel {
            Channel::Wechat => most_of_wechat(&parameter.name),
            _ => MAX_PARAMETER_CHARS,
        };
        let value = self.show(&parameter.value, false, most)?;
        if value.trim().is_empty() {
            return Err("must not be empty; `or` gives another word".to_owned());
        }
        if self.channel == Channel::Sms && has_link(&value) {
            return Err("vendors refuse links in parameters of text messages".to_owned());
        }
        Ok(value)
    }
}

/// Characters of a parameter of WeChat, by the kind that its name begins with.
fn most_of_wechat(name: &str) -> usize {
    match name.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "thing" => 20,
        "number" | "letter" | "character_string" => 32,
        "phrase" | "symbol" => 5,
        "name" => 10,
        "phone_number" => 17,
        "car_number" => 8,
        _ => MAX_PARAMETER_CHARS,
    }
}
