//! What WeCom (企业微信) answers when it is asked who was there. Pure: the component `oidc` asks.
//!
//! The codes and fields are those of WeCom's public documentation for self-built applications.

use serde_json::Value as Json;

/// What comes after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is what was asked for.
    Read,
    /// The access token counts no more: the same again with another one, once.
    OtherToken,
    /// The server is busy: the same again, once.
    Again,
    /// Nobody is let in.
    Fail,
}

/// Codes of answers that are known (`errcode`), what follows, and what the log says. Any other code
/// fails.
pub const CODES: [(i64, Then, &str); 16] = [
    (0, Then::Read, "done"),
    (-1, Then::Again, "WeCom is busy"),
    (40_001, Then::Fail, "wecom_secret is not that of the application"),
    (40_013, Then::Fail, "wecom_corp_id is none that WeCom knows"),
    (40_014, Then::OtherToken, "WeCom does not take the access token"),
    (40_029, Then::Fail, "the code was used before, or is none of WeCom's"),
    (40_056, Then::Fail, "wecom_agent_id is none that WeCom knows"),
    (41_004, Then::Fail, "wecom_secret is missing"),
    (42_001, Then::OtherToken, "the access token is over"),
    (42_003, Then::Fail, "the code is over: it can be used for 5 minutes"),
    (45_009, Then::Fail, "WeCom was asked too often"),
    (48_002, Then::Fail, "the application may not ask who was there"),
    (50_001, Then::Fail, "public_url is not of the application's callback domain"),
    (60_011, Then::Fail, "the application may not see this member"),
    (60_020, Then::Fail, "WeCom does not trust this server's address: add it to the application"),
    (301_002, Then::Fail, "wecom_secret may not use the application"),
];

/// What follows an answer, and what the log says.
#[must_use]
pub fn then(answer: &Json) -> (Then, String) {
    let Some(code) = answer.get("errcode").and_then(Json::as_i64) else {
        return (Then::Fail, "WeCom's answer has no errcode".to_owned());
    };
    match CODES.iter().find(|(known, ..)| *known == code) {
        Some((_, then, text)) => (*then, format!("{text} ({code})")),
        None => (Then::Fail, format!("WeCom answers errcode {code}")),
    }
}

/// Seconds before its end that a token is used no more.
const MARGIN: i64 = 300;
/// The longest that a token may last, in seconds.
const LONGEST: i64 = 7_200;

/// The access token of an answer, and for how many seconds to use it. `None` where there is none.
#[must_use]
pub fn token(answer: &Json) -> Option<(&str, i64)> {
    let token = answer.get("access_token").and_then(Json::as_str)?;
    let lasts = answer.get("expires_in").and_then(Json::as_i64).unwrap_or_default();
    (1..=2_048)
        .contains(&token.len())
        .then(|| (token, lasts.min(LONGEST).saturating_sub(MARGIN).max(0)))
}

/// Which member of the company was there, as ids are compared: WeCom takes capital and small
/// letters for one. `None` for a user who is no member: of these it names an `openid` or
/// `external_userid`.
#[must_use]
pub fn member(answer: &Json) -> Option<String> {
    let stranger = ["openid", "OpenId", "external_userid"];
    if stranger.iter().any(|name| answer.get(name).is_some()) {
        return None;
    }
    let named = ["userid", "UserId"].iter().find_map(|name| answer.get(name)?.as_str())?;
    let is_id = (1..=64).contains(&named.len())
        && named.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-@.".contains(&b));
    is_id.then(|| named.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_and_what_follows() {
        for (code, expected, text) in CODES {
            let (then, said) = then(&json!({"errcode": code, "errmsg": "x"}));
            assert_eq!((then, said), (expected, format!("{text} ({code})")));
        }
        for answer in [json!({}), json!({"errcode": "0"}), json!({"errcode": 12}), json!([])] {
            assert_eq!(then(&answer).0, Then::Fail, "{answer}");
        }
    }

    #[test]
    fn tokens_and_for_how_long() {
        for (answer, expected) in [
            (json!({"access_token": "t", "expires_in": 7_200}), Some(("t", 6_900))),
            (json!({"access_token": "t", "expires_in": 90_000}), Some(("t", 6_900))),
            (json!({"access_token": "t", "expires_in": 60}), Some(("t", 0))),
            (json!({"access_token": "t", "expires_in": i64::MIN}), Some(("t", 0))),
            (json!({"access_token": "t"}), Some(("t", 0))),
            (json!({"access_token": "", "expires_in": 7_200}), None),
            (json!({"access_token": 5, "expires_in": 7_200}), None),
            (json!({"expires_in": 7_200}), None),
        ] {
            assert_eq!(token(&answer), expected, "{answer}");
        }
    }

    #[test]
    fn only_members_are_somebody() {
        let long = "x".repeat(65);
        for (answer, expected) in [
            (json!({"userid": "ZhangSan"}), Some("zhangsan")),
            (json!({"UserId": "li.si@shop-1"}), Some("li.si@shop-1")),
            (json!({"userid": "a", "user_ticket": "t"}), Some("a")),
            (json!({"openid": "o"}), None),
            (json!({"OpenId": "o", "DeviceId": "d"}), None),
            (json!({"external_userid": "w"}), None),
            (json!({"userid": "a", "external_userid": "w"}), None),
            (json!({"userid": ""}), None),
            (json!({"userid": 7}), None),
            (json!({"userid": "张三"}), None),
            (json!({"userid": long}), None),
            (json!({}), None),
        ] {
            assert_eq!(member(&answer).as_deref(), expected, "{answer}");
        }
    }
}
