//! What follows answers of vendors: for messages that share a request, for addresses, and for the
//! account.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use serde_json::Value as Json;

use crate::deliver::{World, all_taken, tencent};

/// Numbers of a request to Tencent.
fn numbers(request: &channels::HttpRequest) -> Vec<String> {
    let body: Json = serde_json::from_str(&request.body).unwrap();
    let numbers = body["PhoneNumberSet"].as_array().unwrap().iter();
    numbers.map(|number| number.as_str().unwrap().to_owned()).collect()
}

/// Tencent refuses a request whole in which numbers of mainland China stand beside others.
#[test]
fn numbers_of_china_and_of_other_countries_share_no_request() {
    let world = World::new();
    tencent(&world);
    for no in 1..=100 {
        world.due([no], &format!("+86138{no:08}"));
    }
    world.due([101], "+85261234567");
    world.due([102], "+886912345678");
    let (report, sent) = world.run(all_taken);
    assert_eq!((report.accepted, report.failed), (102, 0));
    let mut sizes = Vec::new();
    for (_, request) in &sent {
        let numbers = numbers(request);
        let mainland = numbers.iter().filter(|number| number.starts_with("+86")).count();
        assert!(mainland == 0 || mainland == numbers.len(), "{numbers:?}");
        sizes.push(numbers.len());
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 100]);
}
