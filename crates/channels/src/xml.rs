//! Reads the few texts that WeChat and WeCom post in XML. It knows elements, CDATA and the five
//! entities; document types, and so entities of their own, are refused.

/// The longest text that is read, in bytes.
const MAX_TEXT: usize = 8_192;

/// The event that a message tells of. What a member writes is no event, whatever stands in it.
pub(crate) fn event(xml: &str) -> Option<String> {
    (text(xml, "MsgType")? == "event").then(|| text(xml, "Event")).flatten()
}

/// The text of the first element of that name, without what is nested in it.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..)?;
        if let Some(inner) = rest.strip_prefix("![CDATA[") {
            rest = inner.split_once("]]>")?.1;
        } else if let Some(inner) = rest.strip_prefix("!--") {
            rest = inner.split_once("-->")?.1;
        } else if rest.starts_with('!') {
            return None;
        } else {
            let (tag, inner) = rest.split_once('>')?;
            if tag.split_ascii_whitespace().next() == Some(name) {
                return content(inner);
            }
            rest = inner;
        }
    }
    None
}

/// Text and CDATA up to the next tag.
fn content(inner: &str) -> Option<String> {
    let mut found = String::new();
    let mut rest = inner;
    loop {
        let (plain, tag) = rest.split_at_checked(rest.find('<')?)?;
        found.push_str(&unescaped(plain)?);
        if found.len() > MAX_TEXT {
            return None;
        }
        match tag.strip_prefix("<![CDATA[") {
            Some(data) => {
                let (data, after) = data.split_once("]]>")?;
                found.push_str(data);
                rest = after;
            }
            None => return (found.len() <= MAX_TEXT).then(|| found.trim().to_owned()),
        }
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';')?;
        found.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        });
        found.push_str(after);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_what_is_in_them() {
        for (xml, name, expected) in [
            ("<xml><A>1</A></xml>", "A", Some("1")),
            ("<xml><A><![CDATA[x < y]]></A></xml>", "A", Some("x < y")),
            ("<xml><A> a &lt;b&gt; &amp;&quot;&apos; </A></xml>", "A", Some("a <b> &\"'")),
            ("<xml><A><![CDATA[<B>no</B>]]></A><B>yes</B></xml>", "B", Some("yes")),
            ("<xml><!-- <B>no</B> --><B>yes</B></xml>", "B", Some("yes")),
            ("<xml><L><B x='1'>deep</B></L></xml>", "B", Some("deep")),
            ("<xml><A></A></xml>", "A", Some("")),
            ("<xml><AB>1</AB></xml>", "A", None),
            ("<!DOCTYPE x [<!ENTITY e 'boom'>]><xml><A>&e;</A></xml>", "A", None),
            ("<xml><A>&e;</A></xml>", "A", None),
            ("<xml><A>1", "A", None),
            ("<xml><A><![CDATA[1</A></xml>", "A", None),
            ("<", "A", None),
            ("", "A", None),
        ] {
            assert_eq!(text(xml, name).as_deref(), expected, "{xml}");
        }
        for (kind, is_event) in [("event", true), ("text", false), ("EVENT", false)] {
            let xml = format!("<xml><MsgType>{kind}</MsgType><Event>unsubscribe</Event></xml>");
            assert_eq!(event(&xml).is_some(), is_event, "{kind}");
        }
        assert_eq!(event("<xml><Event>unsubscribe</Event></xml>"), None);
        let long = format!("<A>{}</A>", "x".repeat(MAX_TEXT + 1));
        assert_eq!(text(&long, "A"), None);
    }
}
