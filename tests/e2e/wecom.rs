//! Sign-in by WeCom, which says who is there by the id of a member, and nothing else.

use credential::wecom::{CODES, Then};
use serde_json::{Value as Json, json};
use tests::{Answer, Host, WECOM, Wecom};

use crate::oidc::{FAILED, Visit, begins, encoded, invited, place, session_of, ticket};
use crate::sign_in::{PASSWORD, START, after, person};

/// Each instance has a token of its own, so there is one.
fn known_to(wecom: &Wecom, more: &[&str]) -> Host {
    let mut arguments = wecom.arguments(more);
    arguments.extend(["--instances", "1"].map(str::to_owned));
    Host::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn goes(host: &Host, wecom: &Wecom, visit: &Visit) -> Answer {
    let (code, state) = wecom.agrees(&visit.url);
    // It adds the company.
    visit.comes_back(host, &format!("code={}&state={state}&appid={}", encoded(&code), WECOM.0))
}

fn tries(host: &Host, wecom: &Wecom) -> Answer {
    goes(host, wecom, &begins(host, &json!({"wecom": true})))
}

fn accepts(host: &Host, wecom: &Wecom, id: &str, roles: &Json) -> Answer {
    let token = invited(host, id, roles);
    goes(host, wecom, &begins(host, &json!({"wecom": true, "invitation": token})))
}

#[test]
fn a_member_of_the_company_accepts_and_signs_in() {
    let wecom = Wecom::start();
    let host = known_to(&wecom, &["wecom_name=House"]);
    assert_eq!(host.ask("GET", "/v1/oidc").send().ok(), json!({"name": null, "wecom": "House"}));
    wecom.is_there(json!({"userid": "ZhangSan"}));
    // Nobody is made of somebody who is only known to the company.
    assert_eq!(place(&tries(&host, &wecom)), FAILED);
    let accepted = accepts(&host, &wecom, "anna", &json!([{"role": "service"}]));
    assert_eq!(session_of(&host, &accepted)["person"]["id"], "anna");
    let session = session_of(&host, &tries(&host, &wecom));
    assert_eq!((&session["role"], &session["has_code"]), (&json!("service"), &json!(false)));
    assert_eq!(wecom.tokens(), 1, "an access token is kept while it lasts");
    // To the company capital and small letters are one.
    wecom.is_there(json!({"userid": "zhangsan", "user_ticket": "t"}));
    assert_eq!(place(&tries(&host, &wecom)), "/console/");
    for who in [
        json!({"userid": "LiSi"}),
        json!({"openid": "zhangsan"}),
        json!({"external_userid": "zhangsan"}),
        json!({"userid": "ZhangSan", "openid": "o"}),
        json!({"userid": "ZhangSan", "external_userid": "w"}),
        json!({"userid": ""}),
        json!({"userid": ["ZhangSan"]}),
        json!({}),
    ] {
        wecom.is_there(who.clone());
        let back = tries(&host, &wecom);
        assert_eq!((place(&back), back.header("set-cookie")), (FAILED, None), "{who}");
    }
    wecom.is_there(json!({"userid": "ZhangSan"}));
    host.shop().ask("POST", "/v1/staff/anna/suspend").send().ok();
    assert_eq!(place(&tries(&host, &wecom)), FAILED, "suspended");
    let log = host.shop().all_with("/v1/audit-log", "action=identity_linked");
    assert_eq!((log.len(), &log[0]["subject"]), (1, &json!("anna")));
    let log = host.log();
    for secret in [WECOM.2, "token-", "code+", "hangSan", "__Host-accrue", "more info elsewhere"] {
        assert!(!log.contains(secret), "{secret} lies in the log");
    }
}

/// One line for each code that WeCom answers with: who is let in, and what the log says.
#[test]
fn codes_and_what_follows() {
    let wecom = Wecom::start();
    let host = known_to(&wecom, &[]);
    wecom.is_there(json!({"userid": "anna"}));
    accepts(&host, &wecom, "anna", &json!([{"role": "service"}]));
    let answer = |code: i64| json!({"errcode": code, "errmsg": "x"});
    for (code, then, text) in CODES {
        let tokens = wecom.tokens();
        wecom.answers((then != Then::Read).then(|| answer(code)));
        let back = tries(&host, &wecom);
        let is_in = then != Then::Fail;
        assert_eq!(place(&back), if is_in { "/console/" } else { FAILED }, "{code}");
        assert_eq!(wecom.tokens() - tokens, usize::from(then == Then::OtherToken), "{code}");
        if is_in {
            // Twice is once too often.
            wecom.answers(
                (then != Then::Read).then(|| [answer(code), answer(code)]).into_iter().flatten(),
            );
            let expected = if then == Then::Read { "/console/" } else { FAILED };
            assert_eq!(place(&tries(&host, &wecom)), expected, "{code}");
        }
        if then != Then::Read {
            assert!(host.says(text), "{code}: {}", host.log());
        }
    }
    for instead in [json!({"errcode": 99_999}), json!({"userid": "anna"}), json!([]), json!(null)] {
        wecom.answers([instead.clone()]);
        assert_eq!(place(&tries(&host, &wecom)), FAILED, "{instead}");
    }
    assert_eq!(place(&tries(&host, &wecom)), "/console/");
    // A token that has ended elsewhere, and one that is over by the clock.
    wecom.forgets_token();
    assert_eq!(place(&tries(&host, &wecom)), "/console/");
    let tokens = wecom.tokens();
    after(&host, 116);
    assert_eq!(place(&tries(&host, &wecom)), "/console/");
    assert_eq!(wecom.tokens(), tokens + 1, "five minutes before its end there is another one");
    // The same codes where the token is asked for.
    for (answers, expected) in [
        (vec![answer(-1)], "/console/"),
        (vec![answer(-1), answer(-1)], FAILED),
        (vec![answer(40_001)], FAILED),
        (vec![answer(60_020)], FAILED),
        (vec![answer(0)], FAILED),
        (vec![json!({"errcode": 0, "access_token": "", "expires_in": 7_200})], FAILED),
    ] {
        wecom.forgets_token();
        wecom.answers_for_tokens(answers.clone());
        assert_eq!(place(&tries(&host, &wecom)), expected, "{answers:?}");
        wecom.answers_for_tokens([]);
    }
}

/// What comes back must be of this browser's own visit to WeCom.
#[test]
fn visits_belong_to_a_browser_and_to_wecom() {
    let wecom = Wecom::start();
    let provider = tests::Provider::start(START.div_euclid(1_000));
    let mut arguments = provider.arguments(&[]);
    arguments.extend(wecom.arguments(&[]).split_off(1));
    let host = Host::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        host.ask("GET", "/v1/oidc").send().ok(),
        json!({"name": "House", "wecom": "企业微信"})
    );
    wecom.is_there(json!({"userid": "anna"}));
    accepts(&host, &wecom, "anna", &json!([{"role": "service"}]));
    let visit = || begins(&host, &json!({"wecom": true}));
    let (one, two) = (visit(), visit());
    let ((code, state), (_, state_2)) = (wecom.agrees(&one.url), wecom.agrees(&two.url));
    let code = encoded(&code);
    for (what, query) in [
        ("another's state", format!("code={code}&state={state_2}")),
        ("no state", format!("code={code}")),
        ("two states", format!("code={code}&state={state}&state={state}")),
    ] {
        assert_eq!(place(&one.comes_back(&host, &query)), FAILED, "{what}");
    }
    // None of these was of the visit, so it goes on; then it is over.
    let query = format!("code={code}&state={state}");
    assert_eq!(place(&one.comes_back(&host, &query)), "/console/");
    assert_eq!(place(&one.comes_back(&host, &query)), FAILED, "replayed");
    for query in [format!("state={state_2}"), format!("code=x&code=y&state={state_2}")] {
        assert_eq!(place(&visit().comes_back(&host, &query)), FAILED, "{query}");
    }
    // A code of WeCom is no answer of the provider, nor the other way round.
    let at_provider = begins(&host, &json!({}));
    let (_, state) = provider.agrees(&at_provider.url);
    let (code, _) = wecom.agrees(&visit().url);
    let query = format!("code={}&state={state}", encoded(&code));
    assert_eq!(place(&at_provider.comes_back(&host, &query)), FAILED);
    let late = visit();
    let (code, state) = wecom.agrees(&late.url);
    after(&host, 11);
    let query = format!("code={}&state={state}", encoded(&code));
    assert_eq!(place(&late.comes_back(&host, &query)), FAILED, "too late");
}

/// As with a provider: a person links themselves with their password, and roles that take codes
/// count only where the installation says that WeCom stands in for one.
#[test]
fn a_session_is_linked_and_codes_are_not_left_out() {
    let wecom = Wecom::start();
    let host = known_to(&wecom, &[]);
    let roles = json!([{"role": "admin"}, {"role": "service"}]);
    let anna = person(&host, "anna", &roles, START);
    let at = after(&host, 1);
    let code = anna.code(at);
    let given = ticket(&anna, &json!({"password": PASSWORD, "code": code})).ok();
    wecom.is_there(json!({"userid": "anna"}));
    let visit = begins(&host, &json!({"wecom": true, "ticket": given["ticket"]}));
    let linked = goes(&host, &wecom, &visit);
    assert_eq!(place(&linked), "/console/account?provider=wecom");
    let session = session_of(&host, &tries(&host, &wecom));
    assert_eq!(session["role"], "service");
    assert_eq!(session["roles"].as_array().unwrap().len(), 1);
    for (strong, role) in [("wecom_strong=true", "admin"), ("wecom_strong=yes", "service")] {
        let host = known_to(&wecom, &[strong]);
        let accepted = accepts(&host, &wecom, "ben", &roles);
        assert_eq!(session_of(&host, &accepted)["role"], role, "{strong}");
    }
}

#[test]
fn without_a_company_there_is_none() {
    let wecom = Wecom::start();
    for variables in [
        vec!["wecom_corp_id="],
        vec!["wecom_corp_id=a/b"],
        vec!["wecom_agent_id="],
        vec!["wecom_agent_id=one"],
        vec!["wecom_secret="],
        vec!["wecom_api_url=ftp://qyapi.example"],
        vec!["wecom_login_url=https://x.example?y"],
        vec!["public_url=http://points.example"],
        vec!["oidc_allow_http=false"],
    ] {
        let host = known_to(&wecom, &variables);
        let shown = host.ask("GET", "/v1/oidc").send().ok();
        assert_eq!(shown["wecom"], Json::Null, "{variables:?}");
        let body = json!({"wecom": true}).to_string();
        let answer = host.ask("POST", "/v1/oidc/sign-in").body(body).send();
        assert_eq!(answer.outcome(), "404 resource-not-found", "{variables:?}");
    }
    // One in a private network that the host may not call, and one that does not answer.
    let arguments = wecom.arguments(&[]).split_off(1);
    for arguments in [arguments, wecom.arguments(&["wecom_api_url=http://127.0.0.1:9"])] {
        let host = Host::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(place(&tries(&host, &wecom)), FAILED);
    }
    assert_eq!(wecom.tokens(), 0);
}
