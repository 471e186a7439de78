//! Any text as a condition of an event, of a line and of a member; those of events and lines that
//! parse are evaluated.

#![no_main]

use rules::{
    EarningRule, MAX_MEMBER_STEPS, RuleAward, Scope, compile, compile_member, default_document,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (of_event, of_line) =
        (compile(text, Scope::Event).is_ok(), compile(text, Scope::Line).is_ok());
    // A condition about a member that can be read says what it takes at most.
    assert!(compile_member(text).map_or(true, |it| it.most_steps() <= MAX_MEMBER_STEPS));
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
