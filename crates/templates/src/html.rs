//! Where variables may stand in the HTML of an e-mail: in text, where they are escaped; a link in
//! `href` and `src`; a text in `alt` and `title`. Elsewhere escaping does not help: in a style, a
//! comment, an attribute without quotes or an address that a name would make.

use crate::grammar::{Kind, Piece, Wrong};

/// Where the next character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Tag,
    Value(char),
    Comment,
    Style,
}

/// What is wrong with the places of variables.
pub(crate) fn check(pieces: &[Piece<'_>]) -> Result<(), Wrong> {
    let mut place = Place::Text;
    // The name of the attribute whose value this is.
    let mut attribute = String::new();
    for piece in pieces {
        match piece {
            Piece::Raw(raw) => {
                let mut rest = *raw;
                while let Some(c) = rest.chars().next() {
                    let is_next = |text: &str| {
                        rest.get(..text.len()).is_some_and(|next| next.eq_ignore_ascii_case(text))
                    };
                    if place == Place::Text && is_next("<script") {
                        return Err("scripts are not offered".to_owned());
                    }
                    place = match place {
                        Place::Text if is_next("<!--") => Place::Comment,
                        Place::Text if is_next("<style") => Place::Style,
                        Place::Text if c == '<' => Place::Tag,
                        Place::Comment if is_next("-->") => Place::Text,
                        Place::Style if is_next("</style") => Place::Tag,
                        Place::Tag if c == '>' => Place::Text,
                        Place::Tag if matches!(c, '"' | '\'') => Place::Value(c),
                        Place::Value(quote) if c == quote => Place::Tag,
                        same => same,
                    };
                    if place == Place::Tag {
                        name(&mut attribute, c);
                    }
                    rest = rest.get(c.len_utf8()..).unwrap_or_default();
                }
            }
            Piece::Shown(kind) => may_stand(*kind, place, &attribute)?,
        }
    }
    Ok(())
}

/// Reads the name before a value: letters in a row, up to `=` and its quote.
fn name(attribute: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || c == '-' {
        if attribute.ends_with('=') {
            attribute.clear();
        }
        attribute.push(c.to_ascii_lowercase());
    } else if c == '=' {
        attribute.push('=');
    } else {
        attribute.clear();
    }
}

fn may_stand(kind: Kind, place: Place, attribute: &str) -> Result<(), Wrong> {
    let may = match (place, attribute) {
        (Place::Text, _) => true,
        (Place::Value(_), "href=" | "src=") => {
            matches!(kind, Kind::Link | Kind::Unsubscribe)
        }
        (Place::Value(_), "alt=" | "title=") => true,
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

    #[test]
    fn variables_stand_where_escaping_holds() {
        for (html, may) in [
            ("<p>{{ name }}</p>", true),
            ("<a href=\"{{ link }}\">{{ name }}</a>", true),
            ("<a class=\"x\" HREF='{{ unsubscribe }}'>R</a>", true),
            ("<img alt=\"{{ name }}\" src=\"{{ link }}\">", true),
            ("<!-- a > b --><style>p { color: red }</style><p title=\"{{ tier }}\">x</p>", true),
            ("<br/>1 > 0 {{ name }}", true),
            ("<a href=\"{{ name }}\">", false),
            ("<a href={{ link }}>", false),
            ("<a href = \"{{ name }}\">", false),
            ("<{{ name }}>", false),
            ("<p {{ name }}>", false),
            ("<p onclick=\"{{ name }}\">", false),
            ("<p style=\"{{ name }}\">", false),
            ("<style>p { {{ name }} }</style>", false),
            ("<!-- {{ name }} -->", false),
            ("<script>1</script>", false),
            ("<SCRIPT>", false),
            ("<p title=\"a\" {{ tier }}>", false),
            ("{% if name %}<a href=\"{% endif %}{{ name }}", false),
        ] {
            let found = check(&read(html).unwrap());
            assert_eq!(found.is_ok(), may, "{html}: {found:?}");
        }
    }
}
