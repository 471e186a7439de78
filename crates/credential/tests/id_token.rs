//! ID tokens that other libraries made: see id_token/vectors.py.

use credential::id_token::{Expected, claims};
use serde_json::Value as Json;

#[test]
fn tokens_of_other_libraries_and_their_outcomes() {
    let vectors: Json = serde_json::from_str(include_str!("id_token/vectors.json")).unwrap();
    let text = |value: &Json, name: &str| value.get(name).unwrap().as_str().unwrap().to_owned();
    let (issuer, client, nonce) =
        (text(&vectors, "issuer"), text(&vectors, "client"), text(&vectors, "nonce"));
    let now = vectors.get("now").unwrap().as_i64().unwrap();
    let expected = Expected { issuer: &issuer, client: &client, nonce: &nonce, now };
    let cases = vectors.get("cases").unwrap().as_array().unwrap();
    assert!(cases.len() > 55, "{}", cases.len());
    for case in cases {
        let keys = vectors.get("keys").unwrap().get(text(case, "keys")).unwrap();
        let found = claims(&text(case, "token"), keys, &expected);
        let outcome = found.as_ref().map_or_else(|wrong| *wrong, |_| "");
        assert_eq!(outcome, text(case, "outcome"), "{}", text(case, "name"));
        if let Ok(found) = found {
            assert_eq!(found.get("sub").unwrap(), "248289761001");
        }
    }
}

/// RFC 7636, appendix B.
#[test]
fn a_challenge_is_that_of_the_rfc() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = credential::id_token::challenge(verifier);
    assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}
