//! Whatever a vendor answers or posts, and whatever a message holds, nothing panics, nothing is
//! taken that was not, and no header has another line.

use channels::{Answer, Callback, Heard, Message, Outcome, Secret, Vendor};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::support::{account, context, message};

fn vendor() -> impl Strategy<Value = Vendor> {
    proptest::sample::select(Vendor::ALL.to_vec())
}

/// JSON that looks a little like that of vendors.
fn body() -> impl Strategy<Value = Json> {
    let names = proptest::sample::select(vec![
        "Code",
        "BizId",
        "Response",
        "Error",
        "SendStatusSet",
        "sid",
        "code",
        "EnvId",
        "MessageId",
        "__type",
        "msg_id",
        "error",
        "name",
        "details",
        "errorCode",
        "status",
        "errcode",
        "msgid",
        "invaliduser",
        "cidlist",
        "access_token",
        "expires_in",
        "Type",
        "TopicArn",
        "Message",
        "data",
        "type",
        "success",
        "phone_number",
        "err_code",
        "id",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(Json::from),
        Just(json!("OK")),
        Just(json!("arn:aws:sns:eu-west-1:1:mail")),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::from),
            vec((names.clone(), inner), 0..6).prop_map(|pairs| pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = proptest::sample::select(vec![
        "retry-after",
        "x-amzn-errortype",
        "x-message-id",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-twilio-signature",
        "x-twilio-email-event-webhook-signature",
    ]);
    vec((names.prop_map(str::to_owned), ".{0,40}"), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn answers_of_every_shape(
        vendor in vendor(), status in 0_u16..1_000, headers in headers(), json in body(),
        text in proptest::option::of(".{0,200}"),
    ) {
        let body = text.unwrap_or_else(|| json.to_string());
        let heard = Heard::Answer(Answer { status, headers, body });
        let account = account(vendor);
        let outcomes = account.outcome(&[message(vendor)], &heard);
        prop_assert_eq!(outcomes.len(), 1);
        let is_accepted = matches!(outcomes[0], Outcome::Accepted { .. });
        prop_assert!(!is_accepted || (200..300).contains(&status), "{:?}", outcomes);
        if let Outcome::Retry { after_s, .. } = outcomes[0] {
            prop_assert!((1..=86_400).contains(&after_s));
        }
        prop_assert_eq!(account.token_outcome(&heard).is_some(), account.capability().token);
        let Heard::Answer(answer) = heard else { unreachable!() };
        prop_assert!(account.reservations(&answer).len() <= 10);
    }

    #[test]
    fn posts_of_every_shape(
        vendor in vendor(), headers in headers(), json in body(), is_get in any::<bool>(),
        text in proptest::option::of(".{0,300}"), query in ".{0,80}", now_ms in any::<i64>(),
    ) {
        let body = text.unwrap_or_else(|| json.to_string());
        let url = format!("https://a.example/v1/callbacks/a/b?{query}");
        let method = if is_get { "GET" } else { "POST" };
        let callback = Callback { method, url: &url, headers: &headers, body: &body, now_ms };
        let signed = matches!(
            vendor,
            Vendor::Twilio | Vendor::Sendgrid | Vendor::WecomApp | Vendor::WechatTemplate
                | Vendor::WechatSubscribe | Vendor::Webhook
        );
        let received = account(vendor).callback(&callback);
        prop_assert!(!signed || received.is_err(), "{:?}", received);
    }

    #[test]
    fn messages_of_every_shape(
        vendor in vendor(), title in ".{0,40}", text in "(?s).{0,80}", to in ".{0,40}",
            own_to in any::<bool>(),
        template in proptest::option::of(".{0,20}"), values in vec((".{0,8}", "(?s).{0,20}"), 0..4),
        link in proptest::option::of(".{0,40}"), nonce in ".{0,20}", now_ms in any::<i64>(),
    ) {
        let mut wished = Message { title, text, link, ..message(vendor) };
        wished.parameters = values;
        if let Some(template) = template {
            wished.vendor_template_id = Some(template);
        }
        if own_to {
            wished.to = to;
        }
        let token = Secret::new(nonce.clone());
        let context = channels::Context { now_ms, nonce: &nonce, ..context(&token) };
        if let Ok(request) = account(vendor).request(&[wished], &context) {
            for (name, value) in &request.headers {
                prop_assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)), "{name} {value:?}");
            }
            prop_assert!(request.url.bytes().all(|b| b.is_ascii_graphic()), "{}", request.url);
            let usual = account(vendor);
            prop_assert!(request.url.starts_with(usual.origin()), "{}", request.url);
        }
    }
}
