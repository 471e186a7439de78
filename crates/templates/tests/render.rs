//! What members get, from docs/reference/templates.md.

use reach::Channel;
use templates::{Coupon, Language, Reward, Template, Variable, Variables, render};

use crate::check::{template, text};

fn member() -> Variables {
    Variables {
        name: "张三丰".into(),
        points: Some(12_500),
        expires_on: Some(20_818),
        days_left: Some(7),
        balance: 30_000,
        tier: "金卡".into(),
        rewards: vec![
            Reward { name: "咖啡杯".into(), points: 2_000, cash_minor: 990 },
            Reward { name: "雨伞".into(), points: 500, cash_minor: 0 },
        ],
        coupon: Some(Coupon { code: "K7PQ".into() }),
        code: Some("402718".into()),
        store: "静安店".into(),
        link: Some("https://go.example/l/ax4cv0nkqp0h".into()),
        unsubscribe: Some("https://go.example/u/j3gs06hgxm4v".into()),
    }
}

fn shown(channel: &str, language: Language, body: &str) -> String {
    let of = template("service", &[(channel, language.as_str(), text(body))]);
    let channel = Channel::parse(channel).unwrap();
    match render(&of, channel, language, &member()) {
        Ok(rendered) => rendered.text,
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn variables_and_filters_show_what_the_page_says() {
    for (body, zh, en) in [
        ("{{ name }} {{ tier }} {{ store }}", "张三丰 金卡 静安店", "张三丰 金卡 静安店"),
        ("{{ points }} {{ days_left }} {{ balance }}", "12500 7 30000", "12500 7 30000"),
        ("{{ points | number }}", "12,500", "12,500"),
        ("{{ expires_on }}", "2026-12-31", "2026-12-31"),
        ("{{ expires_on | date }}", "2026年12月31日", "31 December 2026"),
        ("{{ expires_on | date('short') }}", "12月31日", "31 Dec"),
        ("{{ expires_on | date(\"iso\") }}", "2026-12-31", "2026-12-31"),
        ("{{ rewards[0].name }}", "咖啡杯", "咖啡杯"),
        (
            "{{ rewards[1].points }} + {{ rewards[0].cash_minor | number(2) }}",
            "500 + 9.90",
            "500 + 9.90",
        ),
        ("{{ coupon.code }}", "K7PQ", "K7PQ"),
        ("{{ name | mask }}", "张**", "张**"),
        ("{{ rewards[0].name | truncate(2) }}", "咖…", "咖…"),
        ("{{ tier or \"会员\" }}", "金卡", "金卡"),
        ("{% if days_left <= 3 %}a{% elif days_left <= 7 %}b{% else %}c{% endif %}", "b", "b"),
        ("{% if tier == '金卡' and not coupon %}a{% else %}b{% endif %}", "b", "b"),
        (
            "{% for reward in rewards %}{{ loop.index }}.{{ reward.name }}{% if not loop.last %};{% endif %}{% endfor %}",
            "1.咖啡杯;2.雨伞",
            "1.咖啡杯;2.雨伞",
        ),
        ("a {# why #} b", "a  b", "a  b"),
        ("{% if coupon %}\n  {%- if coupon.code %} x {%- endif -%}\n{% endif %}", " x", " x"),
        ("{{ '{{ name }}' }}", "{{ name }}", "{{ name }}"),
    ] {
        assert_eq!(shown("push", Language::Chinese, body), zh, "{body}");
        assert_eq!(shown("push", Language::English, body), en, "{body}");
    }
}

#[test]
fn only_an_e_mail_escapes_and_only_its_body() {
    let mut of = template("service", &[("email", "zh-CN", text("<p>{{ name }}</p>"))]);
    let texts = of.texts.get_mut(&Channel::Email).unwrap();
    texts.get_mut(&Language::Chinese).unwrap().title = "{{ name }}".into();
    let mut member = member();
    member.name = "<b>\"O'Neil\" & Co</b>".into();
    let mail = render(&of, Channel::Email, Language::Chinese, &member).unwrap();
    assert_eq!(mail.title, "<b>\"O'Neil\" & Co</b>");
    assert_eq!(mail.text, "<p>&lt;b&gt;&quot;O&#x27;Neil&quot; &amp; Co&lt;&#x2f;b&gt;</p>");
    let of = template("service", &[("push", "zh-CN", text("{{ name }}"))]);
    let push = render(&of, Channel::Push, Language::Chinese, &member).unwrap();
    assert_eq!(push.text, "<b>\"O'Neil\" & Co</b>");
}

#[test]
fn a_name_writes_no_line_and_turns_no_text() {
    let mut member = member();
    member.name = "a\r\nBcc: b\u{202e}c\u{2028}d\u{0}".into();
    let of = template("service", &[("push", "zh-CN", text("{{ name }}"))]);
    let push = render(&of, Channel::Push, Language::Chinese, &member).unwrap();
    assert_eq!(push.text, "a  Bcc: bc d ");
    member.name = "长".repeat(900);
    let push = render(&of, Channel::Push, Language::Chinese, &member).unwrap();
    assert_eq!(push.text.chars().count(), 200);
}

#[test]
fn a_member_without_a_text_gets_the_chinese_one() {
    let both = template("service", &[("push", "zh-CN", text("你好")), ("push", "en", text("hi"))]);
    let one = template("service", &[("push", "zh-CN", text("你好"))]);
    for (of, language, shown) in [
        (&both, Language::English, "hi"),
        (&both, Language::Chinese, "你好"),
        (&one, Language::English, "你好"),
    ] {
        let push = render(of, Channel::Push, language, &member()).unwrap();
        assert_eq!(push.text, shown);
        assert_eq!(push.language == Language::English, shown == "hi");
    }
    let fault = render(&one, Channel::Sms, Language::Chinese, &member()).unwrap_err();
    assert_eq!(fault.to_string(), "/texts: there is no text for sms");
    for (tag, language) in [
        ("en", Language::English),
        ("en-GB", Language::English),
        ("EN_us", Language::English),
        ("zh-CN", Language::Chinese),
        ("fr", Language::Chinese),
        ("", Language::Chinese),
        ("eng", Language::Chinese),
    ] {
        assert_eq!(Language::of_member(tag), language, "{tag}");
    }
}

#[test]
fn what_is_not_known_is_never_shown() {
    let without = |variable: &str| {
        let variable = Variable::ALL.into_iter().find(|one| one.as_str() == variable).unwrap();
        member().without(variable)
    };
    for (variable, body) in [
        ("points", "{{ points }}"),
        ("points", "{{ points | number }}"),
        ("expires_on", "{{ expires_on }}"),
        ("expires_on", "{{ expires_on | date }}"),
        ("days_left", "{% if days_left > 3 %}a{% endif %}"),
        ("rewards", "{{ rewards[0].name }}"),
        ("coupon", "{{ coupon.code }}"),
        ("coupon", "{% if coupon.code %}a{% endif %}"),
        ("link", "{{ link }}"),
        ("unsubscribe", "{{ unsubscribe }}"),
    ] {
        let of = template("service", &[("push", "zh-CN", text(body))]);
        let shown = render(&of, Channel::Push, Language::Chinese, &without(variable));
        let fault = shown.expect_err(body);
        assert_eq!(fault.path, "/texts/push/zh-CN/body", "{fault}");
        assert_eq!(
            of.needs(Channel::Push).into_iter().map(Variable::as_str).collect::<Vec<_>>(),
            [variable],
            "{body}"
        );
        // A template that asks first needs nothing.
        let asked = format!("{{% if {variable} %}}{body}{{% else %}}-{{% endif %}}");
        let of = template("service", &[("push", "zh-CN", text(&asked))]);
        let shown = render(&of, Channel::Push, Language::Chinese, &without(variable)).unwrap();
        assert_eq!(shown.text, "-", "{asked}");
        assert!(of.needs(Channel::Push).is_empty(), "{asked}");
    }
    // Of a list that is shorter.
    let of = template("service", &[("push", "zh-CN", text("{{ rewards[4].name }}"))]);
    assert!(render(&of, Channel::Push, Language::Chinese, &member()).is_err());
}

#[test]
fn vendors_get_parameters_in_their_order() {
    let of: Template = serde_json::from_value(serde_json::json!({
        "id": "expiring", "version": 3, "purpose": "service",
        "texts": {"sms": {"zh-CN": {
            "body": "您有{{ points }}积分将于{{ expires_on | date('short') }}到期。",
            "vendor_template_id": "SMS_1",
            "parameters": [
                {"name": "points", "value": "{{ points }}"},
                {"name": "day", "value": "{{ expires_on | date('short') }}"},
                {"name": "name", "value": "{{ name or '会员' }}"},
            ],
        }}},
    }))
    .unwrap();
    let mut member = member();
    let sms = render(&of, Channel::Sms, Language::English, &member).unwrap();
    assert_eq!(sms.text, "您有12500积分将于12月31日到期。");
    assert_eq!(sms.vendor_template_id.as_deref(), Some("SMS_1"));
    let pairs = [("points", "12500"), ("day", "12月31日"), ("name", "张三丰")];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(sms.parameters, pairs);
    member.name = String::new();
    let sms = render(&of, Channel::Sms, Language::Chinese, &member).unwrap();
    assert_eq!(sms.parameters[2].1, "会员");
    // A member who is called as a host is: the vendor would refuse the whole message.
    member.name = "evil.com".into();
    let fault = render(&of, Channel::Sms, Language::Chinese, &member).unwrap_err();
    assert_eq!(fault.path, "/texts/sms/zh-CN/parameters/2/value");
}

#[test]
fn a_link_is_told_where_the_text_has_a_target() {
    let mut of = template("service", &[("push", "zh-CN", text("hi"))]);
    let push = render(&of, Channel::Push, Language::Chinese, &member()).unwrap();
    assert_eq!(push.link, None);
    let texts = of.texts.get_mut(&Channel::Push).unwrap();
    texts.get_mut(&Language::Chinese).unwrap().link = Some("https://shop.example/".into());
    let push = render(&of, Channel::Push, Language::Chinese, &member()).unwrap();
    assert_eq!(push.link.as_deref(), Some("https://go.example/l/ax4cv0nkqp0h"));
}
