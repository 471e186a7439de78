//! Several members in one request, where the vendor takes batches.

use crate::desk::Desk;

/// Of mainland China and of other countries, in no order.
const NUMBERS: [&str; 6] = [
    "+8613900000001",
    "+85261234567",
    "+8613900000002",
    "+886912345678",
    "+8613900000003",
    "+14155550123",
];

/// Members who are told the same share a request, but for what the vendor keeps apart.
pub fn members_share_requests(desk: &mut Desk) {
    if desk.can.batch == 1 {
        return;
    }
    desk.resumes();
    desk.sleeps();
    let requests = desk.buy_at_once(&NUMBERS);
    let sizes: Vec<usize> = requests.iter().map(|all| all.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [3, 3], "{requests:?}");
    let ids = "SELECT count(DISTINCT provider_id) || ' ' || min(state) || ' ' || max(state)
        FROM (SELECT provider_id, state FROM touch_delivery ORDER BY no DESC LIMIT 6)";
    assert_eq!(desk.text(ids), "6 accepted accepted");
}
