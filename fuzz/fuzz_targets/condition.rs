//! Any text as a condition of an event and of a line; conditions that parse are evaluated.

#![no_main]

use rules::{EarningRule, RuleAward, Scope, compile, default_document};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (of_event, of_line) =
        (compile(text, Scope::Event).is_ok(), compile(text, Scope::Line).is_ok());
    if !of_event && !of_line {
        return;
    }
    let text = || Some(text.to_owned());
    let rule = |event: &str| EarningRule {
        id: event.to_owned(),
        event: event.to_owned(),
        from: None,
        until: None,
        when: text().filter(|_| of_event),
        conditions: Vec::new(),
        lines: text().filter(|_| of_line && event == "purchase"),
        award: RuleAward::Fixed { points: 7 },
        growth: 0,
        coupon: None,
        limit: None,
        caps: Vec::new(),
        expiry: None,
        pending: None,
        group: None,
        priority: 0,
    };
    let mut document = default_document();
    document.rules = vec![rule("purchase"), rule("check_in")];
    fuzz::work_with(&document);
});
