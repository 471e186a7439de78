//! Where variables may stand in the HTML of an e-mail: in text, where they are escaped; a link in
//! `href` and `src`; a text in `alt` and `title`. Elsewhere escaping does not help: in a style, a
//! comment, an attribute without quotes or an address that a name would make.
//!
//! The places are those of the tokenizer of the HTML standard, sign by sign, so that no browser
//! sees another one. What it would repair in ways that are hard to follow is refused.

use crate::grammar::{Kind, Piece, Wrong};

/// Elements whose content is no HTML for some readers, or runs.
const REFUSED: [&str; 11] = [
    "script",
    "xmp",
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "textarea",
    "template",
    "svg",
    "math",
];
/// The longest name that is told apart.
const MAX_NAME: usize = 32;

/// Where the next sign stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Text,
    /// After `<`.
    Open,
    /// After `</`.
    Close,
    /// After `<!`, and whether a hyphen followed.
    Declaration(bool),
    /// Up to the next `>`.
    Bogus,
    /// A comment: its last three signs, and how many there are, up to three.
    Comment([char; 3], usize),
    /// The name of a tag, and whether the tag ends an element.
    Name(String, bool),
    /// In a tag, where an attribute may begin. With the element whose content follows.
    Tag(Content),
    /// The name of an attribute.
    Attribute(Content, String),
    /// Behind the name of an attribute and a space.
    Named(Content, String),
    /// After `=`.
    Equals(Content, String),
    /// A value in quotes.
    Value(Content, String, char),
    /// A value without quotes.
    Bare(Content),
    /// The content of `style` or `title`, and what was read of the tag that ends it.
    Raw(Content, String),
}

/// What follows a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Html,
    Style,
    Title,
}

impl Content {
    fn of(name: &str, is_end: bool) -> Self {
        match name {
            "style" if !is_end => Self::Style,
            "title" if !is_end => Self::Title,
            _ => Self::Html,
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::Html => "",
            Self::Style => "</style",
            Self::Title => "</title",
        }
    }

    const fn begins(self) -> Place {
        match self {
            Self::Html => Place::Text,
            other => Place::Raw(other, String::new()),
        }
    }
}

/// What is wrong with the places of variables and of branches.
pub(crate) fn check(pieces: &[Piece<'_>]) -> Result<(), Wrong> {
    let mut place = Place::Text;
    // Where the branches of each open block began.
    let mut began: Vec<Place> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Raw(raw) => {
                for sign in raw.chars() {
                    place = place.after(sign)?;
                }
            }
            Piece::Shown(kind) => may_stand(*kind, &place)?,
            Piece::Block => began.push(place.clone()),
            Piece::Branch | Piece::End => {
                if began.last() != Some(&place) {
                    return Err("a branch must end where it began: in text, between the \
                        attributes of a tag, or in the quotes of the same value"
                        .to_owned());
                }
                if *piece == Piece::End {
                    began.pop();
                }
            }
        }
    }
    match place {
        Place::Text => Ok(()),
        _ => Err("the HTML ends within a tag, a comment, a style or a title".to_owned()),
    }
}

impl Place {
    /// Where the sign after this one stands.
    fn after(self, sign: char) -> Result<Self, Wrong> {
        let is_space = matches!(sign, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        let lower = sign.to_ascii_lowercase();
        Ok(match self {
            Self::Text if sign == '<' => Self::Open,
            Self::Text => Self::Text,
            Self::Open => match sign {
                '/' => Self::Close,
                '!' => Self::Declaration(false),
                '?' => Self::Bogus,
                _ if sign.is_ascii_alphabetic() => Self::Name(lower.into(), false),
                _ => return Err("a < that begins no tag must be written &lt;".to_owned()),
            },
            Self::Close if sign.is_ascii_alphabetic() => Self::Name(lower.into(), true),
            Self::Close if sign == '>' => Self::Text,
            Self::Close => Self::Bogus,
            Self::Declaration(true) if sign == '-' => Self::Comment([' '; 3], 0),
            Self::Declaration(false) if sign == '-' => Self::Declaration(true),
            Self::Declaration(_) | Self::Bogus if sign == '>' => Self::Text,
            Self::Declaration(_) | Self::Bogus => Self::Bogus,
            Self::Comment(last, length) => comment(last, length, sign),
            Self::Name(name, is_end) if is_space || matches!(sign, '/' | '>') => {
                if REFUSED.contains(&name.as_str()) {
                    return Err(format!("<{name}> is not offered"));
                }
                let content = Content::of(&name, is_end);
                if sign == '>' { content.begins() } else { Self::Tag(content) }
            }
            Self::Name(name, is_end) => Self::Name(longer(name, lower), is_end),
            Self::Tag(content) | Self::Attribute(content, _) | Self::Named(content, _)
                if sign == '>' =>
            {
                content.begins()
            }
            Self::Tag(content) if is_space || sign == '/' => Self::Tag(content),
            Self::Attribute(content, _) | Self::Named(content, _) if sign == '/' => {
                Self::Tag(content)
            }
            Self::Attribute(content, name) | Self::Named(content, name) if is_space => {
                Self::Named(content, name)
            }
            Self::Attribute(content, name) | Self::Named(content, name) if sign == '=' => {
                Self::Equals(content, name)
            }
            Self::Tag(_) | Self::Attribute(..) | Self::Named(..)
                if matches!(sign, '"' | '\'' | '<' | '=' | '`') =>
            {
                return Err(format!("a {sign} where the name of an attribute is expected"));
            }
            Self::Attribute(content, name) => Self::Attribute(content, longer(name, lower)),
            Self::Tag(content) | Self::Named(content, _) => Self::Attribute(content, lower.into()),
            Self::Equals(content, name) if is_space => Self::Equals(content, name),
            Self::Equals(content, name) if matches!(sign, '"' | '\'') => {
                Self::Value(content, name, sign)
            }
            Self::Equals(content, _) | Self::Bare(content) if sign == '>' => content.begins(),
            Self::Bare(content) if is_space => Self::Tag(content),
            Self::Equals(..) | Self::Bare(_) if matches!(sign, '"' | '\'' | '<' | '=' | '`') => {
                return Err(format!("a {sign} in a value without quotes"));
            }
            Self::Equals(content, _) | Self::Bare(content) => Self::Bare(content),
            Self::Value(content, _, quote) if sign == quote => Self::Tag(content),
            Self::Value(content, name, quote) => Self::Value(content, name, quote),
            Self::Raw(content, read) if read == content.end() && sign == '>' => Self::Text,
            Self::Raw(content, read) if read == content.end() && (is_space || sign == '/') => {
                Self::Tag(Content::Html)
            }
            Self::Raw(content, mut read) => {
                read.push(lower);
                let is_begun = content.end().starts_with(&read);
                let rest = if sign == '<' { "<".to_owned() } else { String::new() };
                Self::Raw(content, if is_begun { read } else { rest })
            }
        })
    }
}

/// A comment ends with `-->` and `--!>`; one that has just begun, with `>` and `->`, too.
fn comment(last: [char; 3], length: usize, sign: char) -> Place {
    let ends = matches!(
        (last, length),
        (_, 0) | ([.., '-'], 1) | ([_, '-', '-'], _) | (['-', '-', '!'], _)
    );
    if sign == '>' && ends {
        return Place::Text;
    }
    let [_, before, latest] = last;
    Place::Comment([before, latest, sign], (length + 1).min(3))
}

/// A name with one more letter, as far as names are told apart.
fn longer(mut name: String, letter: char) -> String {
    if name.len() < MAX_NAME {
        name.push(letter);
    }
    name
}

fn may_stand(kind: Kind, place: &Place) -> Result<(), Wrong> {
    let may = match place {
        Place::Text => true,
        Place::Raw(Content::Title, read) => read.is_empty(),
        Place::Value(_, name, _) => match name.as_str() {
            "href" | "src" => matches!(kind, Kind::Link | Kind::Unsubscribe),
            "alt" | "title" => true,
            _ => false,
        },
        _ => false,
    };
    if may {
        return Ok(());
    }
    let what = "variables stand in text, links in the quotes of href and src";
    Err(format!("{kind} may not be shown in a tag, a style or a comment: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::read;

    fn holds(html: &str) -> bool {
        check(&read(html).unwrap()).is_ok()
    }

    #[test]
    fn variables_stand_where_escaping_holds() {
        for (html, may) in [
            ("<p>{{ name }}</p>", true),
            ("<a href=\"{{ link }}\">{{ name }}</a>", true),
            ("<a class=\"x\" HREF='{{ unsubscribe }}'>R</a>", true),
            ("<a href = \"{{ link }}\">x</a>", true),
            ("<img alt=\"{{ name }}\" src=\"{{ link }}\"/>", true),
            ("<!-- a > b --><style>p { color: red }</style><p title=\"{{ tier }}\">x</p>", true),
            ("<!doctype html><title>{{ name }}</title>{{ name }}", true),
            ("<br/>1 > 0 {{ name }}", true),
            ("<td width=100 class=a>{{ name }}</td>", true),
            ("<!--[if mso]><p>a</p><![endif]-->{{ name }}<!--[if !mso]><!-->{{ name }}", true),
            ("<a href=\"{{ name }}\">x</a>", false),
            ("<a href={{ link }}>x</a>", false),
            ("<a href=x{{ link }}>x</a>", false),
            ("<a href= {{ link }}>x</a>", false),
            ("<a title={{ name }}>x</a>", false),
            ("<a href = \"{{ name }}\">x</a>", false),
            ("<{{ name }}>", false),
            ("</{{ name }}>", false),
            ("<!{{ name }}>", false),
            ("<p {{ name }}>", false),
            ("<p a{{ name }}>", false),
            ("<p a {{ name }}>", false),
            ("<p onclick=\"{{ name }}\">", false),
            ("<p data-title=\"{{ name }}\">", false),
            ("<p style=\"{{ name }}\">", false),
            ("<style>p { {{ name }} }</style>", false),
            ("<!-- {{ name }} -->", false),
            ("<p title=\"a\" {{ tier }}>", false),
            // What is not closed swallows what follows.
            ("{{ name }}<p", false),
            ("{{ name }}<p title=\"a", false),
            ("{{ name }}<!-- a", false),
            ("{{ name }}<style>", false),
        ] {
            assert_eq!(holds(html), may, "{html}");
        }
    }

    /// What one reader takes for a text and another one for something else.
    #[test]
    fn places_are_those_of_browsers() {
        for html in [
            "<script>1</script>",
            "<SCRIPT>",
            "<script src=x>",
            "<svg><style><img title=\"</style>{{ name }}\"></svg>",
            "<textarea><a title=\"</textarea><a onclick={{ name }}\">",
            "<noscript>{{ name }}</noscript>",
            // These styles do not end where it seems.
            "<style></stylex>{{ name }}</style>",
            "<style></ style>{{ name }}</style>",
            "<style/>{{ name }}</style>",
            "<title><a title=\"</title><a onclick='{{ name }}\">'>",
            // Nor do these comments begin or end where it seems.
            "<!--> <a title=\"--><a onclick=\"{{ name }}\">",
            "<!---> <a title=\"--><a onclick=\"{{ name }}\">",
            "<!-- --!><a title=\"--><a onclick=\"{{ name }}\">",
            "<!-- <!->{{ name }} -->",
            "<!-- -- >{{ name }} -->",
            "<!- -->{{ name",
            "<p \"><a onclick=\"{{ name }}\">",
            "<p a\"b='>{{ name }}'>",
            "<p a=b\"c='>{{ name }}'>",
            "<p =\"a>{{ name }}\">",
            "<p a='\"' onclick='{{ name }}'>",
            "<p title='\" onclick=\"{{ name }}'{{ name }}\">",
            "1 < \"2\" {{ name }}",
            "<1 title=\"{{ name }}\">",
        ] {
            let pieces = read(html);
            assert!(pieces.is_err() || check(&pieces.unwrap()).is_err(), "{html}");
        }
        for html in [
            "<!-->{{ name }}",
            "<!--->{{ name }}",
            "<!-- --!>{{ name }}",
            "<!-- --->{{ name }}",
            "<!x a=\">{{ name }}",
            "<?x a=\">{{ name }}",
            "</1\">{{ name }}",
            "<style>a</STYLE >{{ name }}",
            "<style><</style>{{ name }}",
            "<styles>{{ name }}</styles>",
        ] {
            assert!(holds(html), "{html}: {:?}", check(&read(html).unwrap()));
        }
    }

    #[test]
    fn branches_end_where_they_began() {
        for (html, may) in [
            ("{% if name %}<p>{{ name }}</p>{% else %}<b>x</b>{% endif %}", true),
            ("<td {% if name %}class=\"a\"{% endif %}>{{ name }}</td>", true),
            (
                "<a href=\"{% if name %}{{ link }}{% else %}https://a.example{% endif %}\">x</a>",
                true,
            ),
            ("<style>{% if name %}p { color: red }{% endif %}</style>", true),
            (
                "{% for r in rewards %}<li title=\"{{ r.name }}\">{{ r.name }}</li>{% endfor %}",
                true,
            ),
            ("{% if name %}<a href=\"{% endif %}{{ name }}", false),
            ("{% if name %}<a title=\"{% endif %}x{% if name %}\">{% endif %}", false),
            ("<a {% if name %}title=\"{% else %}onclick=\"{% endif %}{{ name }}\">", false),
            ("<a {% if name %}onclick=\"{% else %}title=\"{% endif %}{{ name }}\">", false),
            ("<a {% if name %}title{% else %}onclick{% endif %}=\"{{ name }}\">", false),
            ("<a on{% if name %}x{% endif %}=\"{{ name }}\">", false),
            ("<a title={% if name %}\"{% endif %}{{ name }}\">", false),
            ("<a title=\"{% if name %}\" onclick=\"{% endif %}{{ name }}\">", false),
            ("{% if name %}<!--{% endif %}{{ name }}-->", false),
            ("{% if name %}x{% elif tier %}<style>{% else %}y{% endif %}{{ name }}", false),
            ("{% for r in rewards %}<a title=\"{% endfor %}{{ name }}\">", false),
            ("{% for r in rewards %}x{% else %}<a title=\"{% endfor %}{{ name }}\">", false),
            // Names are put together from parts.
            ("<scr{% if name %}{% endif %}ipt>", false),
            ("<st{% if name %}{% endif %}yle>{{ name }}</style>", false),
            ("<!-{% if name %}{% endif %}-{{ name }}-->", false),
            ("<a onc{# x #}lick=\"{{ name }}\">", false),
        ] {
            assert_eq!(holds(html), may, "{html}");
        }
    }
}
