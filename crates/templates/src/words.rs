//! What vendors of text messages look for in a text, as data.

/// Contents that Aliyun does not accept in templates of notices, which service messages are
/// (help.aliyun.com 463270), and words that such a text has. A text that invites to redeem or to
/// come back is a promotion.
const NOT_A_NOTICE: [(&str, &[&str]); 5] = [
    ("积分兑换", &["积分兑换", "兑换积分", "积分换", "去兑换", "可兑换", "来兑换", "立即兑换"]),
    ("积分领取", &["积分领取", "领取积分", "领积分", "积分待领"]),
    ("用户召回", &["用户召回", "好久不见", "想你了", "想您了", "回来看看", "等你回来", "等您回来"]),
    ("邀请好评", &["好评", "五星评价"]),
    ("问卷调查", &["问卷", "满意度调查"]),
];

/// How a promotion says that a reply ends them. Spaces and the case of letters do not count.
const REPLY_HINTS: [&str; 6] =
    ["拒收请回复R", "拒收回复R", "拒收请回R", "退订请回复R", "退订回复R", "REPLYR"];

/// Ends of names of hosts that a vendor takes for a link.
const ENDS: [&str; 22] = [
    "com", "cn", "net", "org", "top", "xyz", "cc", "me", "io", "vip", "shop", "app", "link", "ly",
    "info", "club", "site", "online", "ltd", "tech", "wang", "gl",
];

/// The content of that list that a text has, and the word that tells.
pub(crate) fn not_a_notice(text: &str) -> Option<(&'static str, &'static str)> {
    let text = squeezed(text);
    NOT_A_NOTICE.iter().find_map(|(content, words)| {
        words.iter().find(|word| text.contains(**word)).map(|word| (*content, *word))
    })
}

/// Whether a text says how to refuse more of them.
pub(crate) fn has_reply_hint(text: &str) -> bool {
    let text = squeezed(text);
    REPLY_HINTS.iter().any(|hint| text.contains(hint))
}

/// Without spaces, in capital letters, with full-width letters as plain ones: what a reader sees.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(narrow).flat_map(char::to_uppercase).collect()
}

/// The plain letter or sign of a full-width one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3002}' => '.',
        _ => c,
    }
}

/// Whether a vendor takes a part of the text for a link.
pub(crate) fn has_link(text: &str) -> bool {
    let text: String = text.chars().map(narrow).flat_map(char::to_lowercase).collect();
    if text.contains("://") || text.contains("www.") {
        return true;
    }
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    text.split(|c| !is_of_host(c)).any(|word| {
        let (host, end) = word.trim_matches('.').rsplit_once('.').unwrap_or_default();
        !host.is_empty() && ENDS.contains(&end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_of_promotions_are_found() {
        for (text, found) in [
            ("您有500积分将于7天后到期。", None),
            ("您的订单已发货", None),
            ("您有500积分将到期,快去兑换吧", Some("积分兑换")),
            ("积分 兑换专享", Some("积分兑换")),
            ("点击领积分", Some("积分领取")),
            ("好久不见,送您一张券", Some("用户召回")),
            ("满意请给五星好评", Some("邀请好评")),
            ("请填写问卷", Some("问卷调查")),
        ] {
            assert_eq!(not_a_notice(text).map(|(content, _)| content), found, "{text}");
        }
    }

    #[test]
    fn a_hint_is_found_as_readers_see_it() {
        for (text, has) in [
            ("双倍积分,拒收请回复R", true),
            ("双倍积分 拒收请回复 R", true),
            ("双倍积分,退订回复r", true),
            ("双倍积分,拒收请回复\u{ff32}", true),
            ("Double points. Reply R to stop", true),
            ("双倍积分", false),
            ("拒收请回复TD", false),
        ] {
            assert_eq!(has_reply_hint(text), has, "{text}");
        }
    }

    #[test]
    fn links_are_found_in_names() {
        for (text, has) in [
            ("张三", false),
            ("J. R. Smith", false),
            ("3.5折", false),
            ("v1.2", false),
            ("http://x", true),
            ("HTTPS://X.Y", true),
            ("evil.com", true),
            ("看evil.cn/a", true),
            ("evil\u{3002}com", true),
            ("evil\u{ff0e}com", true),
            ("www.x", true),
            ("a.b.top.", true),
            ("com", false),
        ] {
            assert_eq!(has_link(text), has, "{text}");
        }
    }
}
