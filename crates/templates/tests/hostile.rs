//! Texts that try to take time, memory or the stack: each ends with a fault, and never with a
//! panic. The allocator counts, so that a text that takes much memory and gives it back is found,
//! too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use reach::{Channel, Hosts};
use templates::{Language, Parameter, Template, Text, Variables, render};

use crate::check::{template, text};

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe; this one hands all to the system's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        NOW.with(|now| {
            now.set(now.get() + layout.size());
            MOST.with(|most| most.set(most.get().max(now.get())));
        });
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, of: *mut u8, layout: Layout) {
        NOW.with(|now| now.set(now.get().saturating_sub(layout.size())));
        unsafe { System.dealloc(of, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The memory that all of it takes at once, at most.
fn bytes_of(run: impl FnOnce()) -> usize {
    let before = NOW.get();
    MOST.set(before);
    run();
    MOST.get() - before
}

/// Checks and renders on a stack as small as that of a component.
fn run(of: &Template) -> (Vec<templates::Fault>, bool, usize) {
    let of = of.clone();
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let thread = thread.spawn(move || {
        let (mut faults, mut is_shown) = (Vec::new(), false);
        let member = Variables { rewards: rewards(), ..Variables::default() };
        let bytes = bytes_of(|| {
            faults = of.check(&Hosts::default());
            let channels = of.texts.keys().copied().collect::<Vec<Channel>>();
            for channel in channels {
                is_shown |= render(&of, channel, Language::Chinese, &member).is_ok();
            }
        });
        (faults, is_shown, bytes)
    });
    thread.unwrap().join().unwrap()
}

fn rewards() -> Vec<templates::Reward> {
    let reward = templates::Reward { name: "x".repeat(10_000), points: 1, cash_minor: 1 };
    vec![reward; 1_000]
}

#[test]
fn hostile_texts_end_with_a_fault() {
    let nested = |open: &str, close: &str, times| open.repeat(times) + &close.repeat(times);
    let loops = |times| nested("{% for a in rewards %}{{ a.name }}", "{% endfor %}", times);
    let named = |times: usize| {
        let opens: String =
            (0..times).map(|n| format!("{{% for a{n} in rewards %}}{{{{ a{n}.name }}}}")).collect();
        opens + &"{% endfor %}".repeat(times)
    };
    for (name, body) in [
        ("nested loops", loops(12)),
        ("nested loops with names", named(12)),
        ("more nested loops", named(100)),
        ("loops in a row", "{% for a in rewards %}{{ a.name }}{% endfor %}".repeat(140)),
        ("nested branches", nested("{% if name %}", "{% endif %}", 2_400)),
        (
            "many branches",
            format!("{{% if name %}}{}{{% endif %}}", "{% elif name %}".repeat(3_000)),
        ),
        ("parentheses", format!("{{{{ {}name{} }}}}", "(".repeat(9_000), ")".repeat(9_000))),
        ("brackets", format!("{{{{ {}1{} }}}}", "[".repeat(9_000), "]".repeat(9_000))),
        ("braces", format!("{{{{ {} }}}}", "{'a':".repeat(5_000))),
        ("nots", format!("{{{{ {}name }}}}", "not ".repeat(9_000))),
        ("negations", format!("{{{{ {}1 }}}}", "-".repeat(9_000))),
        ("filters", format!("{{{{ name{} }}}}", "|mask".repeat(9_000))),
        ("parts", format!("{{{{ name{} }}}}", ".a".repeat(9_000))),
        ("items", format!("{{{{ rewards{} }}}}", "[0]".repeat(9_000))),
        ("ors", format!("{{{{ name{} }}}}", " or name".repeat(5_000))),
        ("comparisons", format!("{{{{ points{} }}}}", " < 1".repeat(9_000))),
        ("conditions", format!("{{{{ 1{} }}}}", " if 1 else 1".repeat(3_000))),
        ("doubling", "{% set a = 'xxxxxxxx' %}{% set a = a ~ a %}".repeat(40)),
        ("repetition", "{{ 'x' * 1000000000 }}".to_owned()),
        ("power", "{{ 9 ** 9 ** 9 ** 9 }}".to_owned()),
        ("a range", "{% for a in range(1000000000) %}x{% endfor %}".to_owned()),
        ("recursion", "{% for a in rewards recursive %}{{ loop(rewards) }}{% endfor %}".to_owned()),
        ("a macro", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}".to_owned()),
        ("a block", "{% block a %}{{ self.a() }}{% endblock %}".to_owned()),
        ("an include", "{% include 'text' %}".to_owned()),
        ("a filter block", "{% filter mask %}x{% endfilter %}".to_owned()),
        ("with", "{% with a = name %}{{ a }}{% endwith %}".to_owned()),
        ("a filtered loop", "{% for a in rewards if a %}{% endfor %}".to_owned()),
        ("a long number", format!("{{{{ {} }}}}", "9".repeat(30_000))),
        ("a wide truncation", "{{ name | truncate(99999999999999999999) }}".to_owned()),
        ("splats", "{{ name | truncate(*rewards) }}".to_owned()),
        ("a slice", "{{ name[::-1] }}".to_owned()),
        ("a map", "{{ {'a': 1} }}".to_owned()),
        ("a test", "{% if name is defined %}{% endif %}".to_owned()),
        ("methods", "{{ name.__class__.__mro__ }}".to_owned()),
        ("the engine", "{{ debug() }}{{ self }}{{ caller }}".to_owned()),
        ("open tags", "{{".repeat(20_000)),
        ("open comments", "{#".repeat(20_000)),
        ("open raws", "{% raw %}".repeat(3_000)),
        ("tags", "{{ 1 }}".repeat(3_000)),
        ("lines", "\n".repeat(70_000) + "{{ x }}"),
    ] {
        for channel in ["email", "wecom"] {
            let of = template("service", &[(channel, "zh-CN", text(&body))]);
            let (faults, is_shown, bytes) = run(&of);
            assert!(!faults.is_empty(), "{name} {channel}");
            assert!(!is_shown, "{name} {channel}");
            println!("{name} {channel}: {bytes} bytes, {}", faults[0]);
            assert!(bytes < 4_000_000, "{name} {channel}: {bytes} bytes");
            assert!(faults.iter().all(|fault| fault.detail.len() < 1_000), "{name}: {faults:?}");
        }
    }
}

/// Each of its texts keeps every rule; all together are tried more than a thousand times.
#[test]
fn texts_that_do_too_much_together_are_refused() {
    let each = "{% for a in rewards %}{% for b in rewards %}{% for c in rewards %}{% for d in rewards %}{% if d.points == 1 or d.points == 2 or d.points == 3 %}x{% endif %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}1";
    let parameter = |at| Parameter { name: format!("p{at}"), value: each.to_owned() };
    let heavy = Text {
        title: String::new(),
        vendor_template_id: Some("SMS_1".into()),
        parameters: (0..20).map(parameter).collect(),
        ..text(&format!("您好{each}"))
    };
    let alone = template(
        "service",
        &[("sms", "zh-CN", Text { parameters: vec![], vendor_template_id: None, ..heavy.clone() })],
    );
    assert_eq!(alone.check(&Hosts::default()), []);
    let of = template("service", &[("sms", "zh-CN", heavy.clone()), ("sms", "en", heavy)]);
    let faults = of.check(&Hosts::default());
    assert_eq!(faults[0].path, "/texts", "{faults:?}");
    assert!(faults[0].detail.contains("too much together"), "{faults:?}");
}

#[test]
fn no_more_parameters_are_shown_than_may_be_saved() {
    let parameter = |at| Parameter { name: format!("p{at}"), value: "1".into() };
    let many = Text { parameters: (0..1_200).map(parameter).collect(), ..text("您好") };
    let of = template("service", &[("sms", "zh-CN", many)]);
    let shown = render(&of, Channel::Sms, Language::Chinese, &Variables::default());
    assert_eq!(shown.unwrap_err().path, "/texts/sms/zh-CN/parameters");
}

#[test]
fn a_template_of_much_is_told_50_faults() {
    let parameter = |number: usize| templates::Parameter {
        name: format!("p{number}"),
        value: "{{ nmae }}".into(),
    };
    let parameters: Vec<_> = (0..5_000).map(parameter).collect();
    let text = Text { parameters, vendor_template_id: Some("a".into()), ..text("x") };
    let of = template(
        "service",
        &[("push", "zh-CN", text.clone()), ("push", "en", text.clone()), ("wecom", "zh-CN", text)],
    );
    let (faults, ..) = run(&of);
    assert_eq!(faults.len(), 50);
}

fn word() -> impl Strategy<Value = String> {
    let words = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{%-",
        "-%}",
        " ",
        "\n",
        "if",
        "elif",
        "else",
        "endif",
        "for",
        "in",
        "endfor",
        "not",
        "and",
        "or",
        "is",
        "none",
        "true",
        "loop",
        ".",
        ",",
        "|",
        "(",
        ")",
        "[",
        "]",
        "0",
        "1",
        "9999999999999999999999",
        "'",
        "\"",
        "'a'",
        "==",
        "<",
        "!=",
        "=",
        "+",
        "-",
        "*",
        "~",
        "name",
        "points",
        "expires_on",
        "days_left",
        "rewards",
        "rewards[0]",
        "coupon",
        ".code",
        ".name",
        "reward",
        "link",
        "date",
        "number",
        "mask",
        "truncate",
        "set",
        "raw",
        "endraw",
        "macro",
        "recursive",
        "人",
        "😀",
        "<a href=\"",
        "\">",
        "<style>",
        "<!--",
        "\u{0}",
        "\\",
        ":",
        "{",
        "}",
    ];
    prop_oneof![
        9 => (0..words.len()).prop_map(move |at| words[at].to_owned()),
        1 => ".{0,3}",
    ]
}

/// What the page offers, put together at random: most of it can be shown.
fn offered() -> impl Strategy<Value = String> {
    let pieces = [
        "{{ name }}",
        "{{ points | number }}",
        "{{ expires_on | date }}",
        "x",
        "人",
        "{% if coupon %}{{ coupon.code }}{% endif %}",
        "{% for r in rewards %}{{ r.name | truncate(5) }}{% endfor %}",
        "{% if days_left <= 3 %}a{% elif tier == 'b' %}c{% else %}d{% endif %}",
        "{{ rewards[0].cash_minor | number(2) }}",
        "{{ name | mask }}",
        "{# c #}",
    ];
    vec((0..pieces.len()).prop_map(move |at| pieces[at]), 1..12).prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A text without a fault is shown to a member who has what it needs.
    #[test]
    fn no_text_panics(words in vec(word(), 0..40), channel in 0_usize..5) {
        let body = words.concat();
        let channel = ["sms", "email", "push", "wecom", "wechat"][channel];
        let of = template("service", &[(channel, "zh-CN", text(&body))]);
        let faults = of.check(&Hosts::default());
        let channel = Channel::parse(channel).unwrap();
        prop_assert!(faults.len() <= 50);
        prop_assert!(of.sms_parts().len() <= 1);
        prop_assert!(of.needs(channel).len() <= 8);
        let shown = render(&of, channel, Language::English, &Variables::default());
        prop_assert!(shown.is_ok() || shown.is_err());
    }

    #[test]
    fn what_is_offered_can_be_saved(body in offered()) {
        let of = template("service", &[("wecom", "zh-CN", text(&(body + "x")))]);
        prop_assert_eq!(of.check(&Hosts::default()), []);
    }
}
