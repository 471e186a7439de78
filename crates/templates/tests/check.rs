//! What may be saved, from docs/reference/templates.md: each line is a text and its faults.

use std::collections::BTreeMap;

use reach::{Channel, Hosts, Purpose};
use serde_json::{Value, json};
use templates::{Encoding, Fault, Language, Template, Text};

/// A template of these texts.
pub fn template(purpose: &str, texts: &[(&str, &str, Text)]) -> Template {
    let mut all: BTreeMap<Channel, BTreeMap<Language, Text>> = BTreeMap::new();
    for (channel, language, text) in texts {
        let language = if *language == "en" { Language::English } else { Language::Chinese };
        let channel = Channel::parse(channel).unwrap();
        all.entry(channel).or_default().insert(language, text.clone());
    }
    let purpose = Purpose::parse(purpose).unwrap();
    Template { id: "t".into(), version: 1, purpose, texts: all }
}

/// A text with that body, and a title, which push and e-mail need.
pub fn text(body: &str) -> Text {
    Text { title: "标题".into(), body: body.into(), ..Text::default() }
}

fn hosts() -> Hosts {
    Hosts::new(&["shop.example"]).unwrap()
}

fn read(value: Value) -> Template {
    serde_json::from_value(value).unwrap()
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

/// The faults of a template with that one text.
fn of(purpose: &str, channel: &str, text: Value) -> Vec<String> {
    let of = json!({"id": "t", "purpose": purpose, "texts": {channel: {"zh-CN": text}}});
    told(&read(of).check(&hosts()))
}

#[test]
fn the_example_of_the_page_can_be_saved() {
    let page = include_str!("../../../docs/reference/templates.md");
    let example = page.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let example: Template = serde_json::from_str(example).unwrap();
    assert_eq!(told(&example.check(&hosts())), [] as [&str; 0]);
    let stored = serde_json::to_value(&example).unwrap();
    assert_eq!(serde_json::from_value::<Template>(stored).unwrap(), example);
}

#[test]
fn the_page_lists_variables_and_filters() {
    let page = include_str!("../../../docs/reference/templates.md");
    for name in [
        "name",
        "points",
        "expires_on",
        "days_left",
        "balance",
        "tier",
        "rewards",
        "coupon.code",
        "code",
        "store",
        "link",
        "unsubscribe",
        "date",
        "number",
        "mask",
        "truncate",
    ] {
        assert!(page.contains(&format!("| `{name}")), "{name}");
    }
}

#[test]
fn unknown_fields_and_names_are_refused() {
    for value in [
        json!({"id": "t", "purpose": "advert", "texts": {}}),
        json!({"id": "t", "purpose": "service", "texts": {"phone": {}}}),
        json!({"id": "t", "purpose": "service", "texts": {"fax": {}}}),
        json!({"id": "t", "purpose": "service", "texts": {"sms": {"fr": {"body": "x"}}}}),
        json!({"id": "t", "purpose": "service", "texts": {"sms": {"zh-CN": {"text": "x"}}}}),
        json!({"id": "t", "purpose": "service", "texts": {"sms": {"zh-CN": {}}}}),
        json!({"id": "t", "purpose": "service", "texts": {}, "name": "x"}),
        json!({"id": "t", "texts": {}}),
    ] {
        assert!(serde_json::from_value::<Template>(value.clone()).is_err(), "{value}");
    }
}

#[test]
fn every_channel_has_a_chinese_text() {
    for (texts, faults) in [
        (json!({}), vec!["/texts: must have a channel"]),
        (
            json!({"push": {"en": {"title": "a", "body": "b"}}}),
            vec!["/texts/push: must have zh-CN, which members of other languages get"],
        ),
        (
            json!({"push": {}}),
            vec!["/texts/push: must have zh-CN, which members of other languages get"],
        ),
        (json!({"push": {"zh-CN": {"title": "a", "body": "b"}}}), vec![]),
    ] {
        let of = read(json!({"id": "t", "purpose": "service", "texts": texts}));
        assert_eq!(told(&of.check(&hosts())), faults, "{texts}");
    }
    for (id, is_id) in [("a", true), ("row_1-b", true), ("", false), ("A", false), ("a/b", false)] {
        let texts = json!({"push": {"zh-CN": {"title": "a", "body": "b"}}});
        let of = read(json!({"id": id, "purpose": "service", "texts": texts}));
        assert_eq!(of.check(&hosts()).is_empty(), is_id, "{id}");
    }
}

#[test]
fn a_text_says_what_the_page_lists() {
    let known = "there are name, points, expires_on, days_left, balance, tier, rewards, coupon, \
                 code, store, link, unsubscribe";
    for (body, fault) in [
        ("{{ nmae }}", format!("line 1: there is no variable `nmae`; {known}")),
        ("\n\n{{ nmae }}", format!("line 3: there is no variable `nmae`; {known}")),
        // In a branch that no sample member takes.
        (
            "{% if false %}{{ nmae }}{% endif %}",
            format!("line 1: there is no variable `nmae`; {known}"),
        ),
        ("{{ reward.name }}", format!("line 1: there is no variable `reward`; {known}")),
        ("{{ loop.index }}", format!("line 1: there is no variable `loop`; {known}")),
        ("{{ coupon.kode }}", "line 1: the coupon has no `kode`".into()),
        ("{{ rewards[0].price }}", "line 1: a reward has no `price`".into()),
        ("{{ name.first }}", "line 1: a text has no `first`".into()),
        ("{{ rewards[10].name }}", "line 1: only rewards[0] to rewards[9]".into()),
        ("{{ rewards['a'].name }}", "line 1: only rewards[0] to rewards[9]".into()),
        ("{{ rewards }}", "line 1: the list of rewards cannot be shown".into()),
        ("{{ coupon }}", "line 1: the coupon cannot be shown".into()),
        ("{{ not name }}", "line 1: true or false cannot be shown".into()),
        ("{{ none }}", "line 1: nothing cannot be shown".into()),
        ("{{ name | date }}", "line 1: `date` is of a day, not of a text".into()),
        ("{{ expires_on | number }}", "line 1: `number` is of a number, not of a day".into()),
        ("{{ points | mask }}", "line 1: `mask` is of a text, not of a number".into()),
        ("{{ name | truncate }}", "line 1: the length of `truncate` is 1 to 1000".into()),
        ("{{ name | truncate(0) }}", "line 1: the length of `truncate` is 1 to 1000".into()),
        ("{{ points | number(5) }}", "line 1: the places of `number` are 0 to 4".into()),
        (
            "{{ expires_on | date('x') }}",
            "line 1: the style of `date` is one of long, short, iso".into(),
        ),
        ("{{ name | mask(1) }}", "line 1: `mask` has no arguments".into()),
        (
            "{{ name | upper }}",
            "line 1: there is no filter `upper`; there are date, number, mask, truncate".into(),
        ),
        (
            "{{ name | safe }}",
            "line 1: there is no filter `safe`; there are date, number, mask, truncate".into(),
        ),
        (
            "{% if points > tier %}{% endif %}",
            "line 1: a number and a text cannot be compared".into(),
        ),
        ("{% for a in name %}{% endfor %}", "line 1: a loop goes over rewards, not a text".into()),
        ("{% for name in rewards %}{% endfor %}", "line 1: `name` has a meaning already".into()),
        ("{% for a, b in rewards %}{% endfor %}", "line 1: a loop names one variable".into()),
        ("{% set a = 1 %}", "line 1: `set` is not offered; if and for are".into()),
        ("{% include 'x' %}", "line 1: `include` is not offered; if and for are".into()),
        (
            "{% autoescape false %}{% endautoescape %}",
            "line 1: `autoescape` is not offered; if and for are".into(),
        ),
        ("{{ points + 1 }}", "line 1: `+` is not offered".into()),
        ("{{ name ~ tier }}", "line 1: `~` is not offered".into()),
        ("{{ name.upper() }}", "line 1: a call is not offered".into()),
        ("{{ range(9) }}", "line 1: a call is not offered".into()),
        ("{% if name in tier %}{% endif %}", "line 1: `in` is not offered".into()),
        ("{% if 1 < 2 in tier %}{% endif %}", "line 1: `in` is not offered".into()),
    ] {
        let faults = of("service", "push", json!({"title": "a", "body": body}));
        assert_eq!(faults, [format!("/texts/push/zh-CN/body: {fault}")], "{body}");
    }
    // 12 branches within each other, 300 tags, 40 words and signs.
    let faults_of = |body: String| of("service", "wecom", json!({"body": body}));
    let nested = |times| "{% if name %}".repeat(times) + "x" + &"{% endif %}".repeat(times) + "y";
    let tags = |times| "{% if tier %}{% endif %}".repeat(times) + "x";
    let words = |times| format!("{{{{ name{} }}}}x", " or name".repeat(times));
    for (body, is_fine) in [
        (nested(12), true),
        (nested(13), false),
        (tags(150), true),
        (tags(151), false),
        (words(19), true),
        (words(20), false),
    ] {
        let faults = faults_of(body.clone());
        assert_eq!(faults.is_empty(), is_fine, "{body}: {faults:?}");
    }
    // Lines are fine, other signs that nobody sees are not.
    assert_eq!(of("service", "push", json!({"title": "a", "body": "a\r\n\tb"})), [] as [&str; 0]);
    assert_eq!(
        of("service", "push", json!({"title": "a", "body": "a\u{0}b"})),
        ["/texts/push/zh-CN/body: must have no control characters but those of lines"]
    );
    // What cannot be read has the engine's words, and a line.
    for body in
        ["{{ name", "{% if %}", "{{ }}", "{% if name %}", "{% endif %}", "{{ name | }}", "{{ 'a }}"]
    {
        let faults = of("service", "push", json!({"title": "a", "body": body}));
        assert_eq!(faults.len(), 1, "{body}: {faults:?}");
        assert!(faults[0].starts_with("/texts/push/zh-CN/body: line 1: "), "{body}: {faults:?}");
    }
}

#[test]
fn every_sample_member_is_tried() {
    for (purpose, channel, text, faults) in [
        // Little is known of some.
        (
            "service",
            "push",
            json!({"title": "{{ name }}", "body": "a"}),
            vec![
                "/texts/push/zh-CN/title: for a member of whom little is known: must not be empty",
            ],
        ),
        ("service", "push", json!({"title": "{{ name or '会员' }}", "body": "a"}), vec![]),
        // Names are long.
        (
            "service",
            "push",
            json!({"title": "{{ store }}{{ store }}{{ store }}{{ store }}", "body": "a"}),
            vec![
                "/texts/push/zh-CN/title: for a member of whom little is known: must not be empty",
            ],
        ),
        (
            "service",
            "wechat",
            json!({"body": "a", "vendor_template_id": "w", "parameters": [
                {"name": "thing1", "value": "{{ rewards[0].name }}"},
                {"name": "thing2", "value": "{{ rewards[0].name | truncate(20) }}"},
                {"name": "phrase3", "value": "{{ tier or '会员' }}"},
                {"name": "name4", "value": "{{ name or '会员' | truncate(10) }}"},
            ]}),
            vec![
                "/texts/wechat/zh-CN/parameters/0/value: for a member with long names: shows 30 \
                 characters, more than 20",
                "/texts/wechat/zh-CN/parameters/2/value: for a member with long names: shows 8 \
                 characters, more than 5",
                "/texts/wechat/zh-CN/parameters/3/value: for a member with long names: shows 13 \
                 characters, more than 10",
            ],
        ),
        (
            "service",
            "sms",
            json!({"body": "x", "vendor_template_id": "s", "parameters": [
                {"name": "name", "value": "{{ name }}"},
            ]}),
            vec![
                "/texts/sms/zh-CN/parameters/0/value: for a member of whom little is known: must \
                 not be empty; `or` gives another word",
            ],
        ),
    ] {
        assert_eq!(of(purpose, channel, text.clone()), faults, "{text}");
    }
}

#[test]
fn text_messages_are_what_vendors_accept() {
    let link = "/texts/sms/zh-CN/body: vendors refuse links in variables of text messages";
    for (purpose, text, faults) in [
        ("service", json!({"body": "您有{{ points }}积分将到期。"}), vec![]),
        ("service", json!({"body": "{{ link }}"}), vec![link]),
        ("service", json!({"body": "{{ unsubscribe }}"}), vec![link]),
        (
            "service",
            json!({"body": "x", "vendor_template_id": "s",
                "parameters": [{"name": "url", "value": "{{ link }}"}]}),
            vec![
                "/texts/sms/zh-CN/parameters/0/value: vendors refuse links in variables of text \
                 messages",
            ],
        ),
        (
            "service",
            json!({"body": "x", "vendor_template_id": "s",
                "parameters": [{"name": "url", "value": "shop.cn/a"}]}),
            vec![
                "/texts/sms/zh-CN/parameters/0/value: for a usual member: vendors refuse links in \
                 parameters of text messages",
            ],
        ),
        (
            "service",
            json!({"body": "x", "link": "https://shop.example/"}),
            vec![
                "/texts/sms/zh-CN/link: text messages have no link of a member's own; a fixed one \
                 stands in the body that the vendor has approved",
            ],
        ),
        (
            "service",
            json!({"body": "x", "title": "y"}),
            vec!["/texts/sms/zh-CN/title: this channel has none"],
        ),
        // A notice does not invite.
        (
            "service",
            json!({"body": "您有{{ points }}积分将到期,快去兑换"}),
            vec![
                "/texts/sms/zh-CN/body: vendors refuse 积分兑换 in notices, and this says 去兑换: it \
                 is marketing",
            ],
        ),
        // A promotion says how to refuse more.
        ("marketing", json!({"body": "快去兑换,拒收请回复R"}), vec![]),
        (
            "marketing",
            json!({"body": "快去兑换"}),
            vec!["/texts/sms/zh-CN/body: must say how to refuse more, such as 拒收请回复R"],
        ),
        // Also where only some members would read it.
        (
            "marketing",
            json!({"body": "快去兑换{% if name %},拒收请回复R{% endif %}"}),
            vec!["/texts/sms/zh-CN/body: must say how to refuse more, such as 拒收请回复R"],
        ),
    ] {
        assert_eq!(of(purpose, "sms", text.clone()), faults, "{text}");
    }
    // The words are refused by vendors of text messages alone.
    assert_eq!(of("service", "push", json!({"title": "a", "body": "快去兑换"})), [] as [&str; 0]);
}

#[test]
fn links_and_pictures_are_on_hosts_of_the_programme() {
    let listed = "must lead to a host on the programme's list";
    for (channel, text, faults) in [
        ("push", json!({"title": "a", "body": "b", "link": "https://shop.example/x"}), vec![]),
        (
            "push",
            json!({"title": "a", "body": "b", "link": "https://evil.example/x"}),
            vec![format!("/texts/push/zh-CN/link: {listed}")],
        ),
        (
            "push",
            json!({"title": "a", "body": "b", "picture": "https://evil.example/x"}),
            vec![format!("/texts/push/zh-CN/picture: {listed}")],
        ),
        (
            "wechat",
            json!({"body": "b", "vendor_template_id": "w", "picture": "https://shop.example/x"}),
            vec!["/texts/wechat/zh-CN/picture: only push and wecom have one".to_owned()],
        ),
        (
            "wecom",
            json!({"body": "{{ link }}"}),
            vec![
                "/texts/wecom/zh-CN/link: must say where the link that the text shows leads"
                    .to_owned(),
            ],
        ),
        ("wecom", json!({"body": "{{ link }}", "link": "https://shop.example/x"}), vec![]),
    ] {
        assert_eq!(of("service", channel, text.clone()), faults, "{text}");
    }
}

#[test]
fn a_marketing_e_mail_shows_where_to_end_it() {
    let missing =
        "/texts/email/zh-CN/body: must show `unsubscribe`, as every marketing e-mail does";
    for (purpose, body, faults) in [
        ("marketing", "<a href=\"{{ unsubscribe }}\">退订</a>", vec![]),
        ("marketing", "<p>unsubscribe</p>", vec![missing]),
        ("service", "<p>hi</p>", vec![]),
    ] {
        assert_eq!(of(purpose, "email", json!({"title": "a", "body": body})), faults, "{body}");
    }
    let faults = of("service", "email", json!({"title": "a", "body": "<a href=\"{{ name }}\">"}));
    assert!(faults[0].starts_with("/texts/email/zh-CN/body: a text may not be shown in a tag"));
    let faults = of("service", "email", json!({"title": "a\nb", "body": "x"}));
    assert_eq!(faults, ["/texts/email/zh-CN/title: for a usual member: must be one line"]);
}

#[test]
fn vendors_texts_have_an_id_and_named_parameters() {
    let parameter = |name: &str| json!({"name": name, "value": "x"});
    let with = |names: &[&str]| names.iter().map(|name| parameter(name)).collect::<Vec<_>>();
    let many: Vec<String> = (0..21).map(|number| format!("p{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (channel, id, names, faults) in [
        ("sms", Some("SMS_1"), with(&["a", "b_2"]), vec![]),
        ("sms", None, with(&[]), vec![]),
        (
            "sms",
            None,
            with(&["a"]),
            vec![
                "/texts/sms/zh-CN/parameters: are of a vendor's text, which has a vendor_template_id",
            ],
        ),
        (
            "wechat",
            None,
            with(&[]),
            vec!["/texts/wechat/zh-CN/vendor_template_id: WeChat sends only texts that it has"],
        ),
        (
            "sms",
            Some("a b"),
            with(&[]),
            vec!["/texts/sms/zh-CN/vendor_template_id: must be 1 to 128 letters, digits and signs"],
        ),
        (
            "sms",
            Some("a"),
            with(&["a", "a"]),
            vec!["/texts/sms/zh-CN/parameters/1/name: is there twice"],
        ),
        (
            "sms",
            Some("a"),
            with(&["a-b"]),
            vec!["/texts/sms/zh-CN/parameters/0/name: must be 1 to 40 letters, digits and _"],
        ),
        ("sms", Some("a"), with(&many), vec!["/texts/sms/zh-CN/parameters: must be at most 20"]),
    ] {
        let mut text = json!({"body": "x", "parameters": names});
        if let Some(id) = id {
            text["vendor_template_id"] = json!(id);
        }
        assert_eq!(of("service", channel, text), faults, "{id:?}");
    }
}

#[test]
fn sizes_are_told_for_the_longest_sample() {
    let of = template(
        "service",
        &[
            ("sms", "zh-CN", text("{% if name %}{{ name }},{% endif %}您有{{ points }}积分将到期")),
            ("sms", "en", text("{{ points }} points end")),
        ],
    );
    let sizes = of.sms_parts();
    let (chinese, english) = (sizes[&Language::Chinese], sizes[&Language::English]);
    // The attack of the samples has the longest name.
    assert_eq!((chinese.encoding, chinese.parts), (Encoding::Ucs2, 1));
    assert!(chinese.places > 40, "{chinese:?}");
    assert_eq!((english.encoding, english.places, english.parts), (Encoding::Gsm7, 18, 1));
}
