//! ID tokens of OpenID Connect: whether a provider says who somebody is (OpenID Connect Core 1.0,
//! section 3.1.3.7; RFC 7515 and 7518).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Seconds by which clocks may differ.
const LEEWAY: i64 = 60;
/// What is wrong with a token whose key is not among those that are known.
pub const UNKNOWN_KEY: &str = "has no key that is known";
/// Bytes of a subject, as the specification bounds them.
const MAX_SUBJECT: usize = 255;
/// Bits of an RSA key.
const BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Whom it is for: the id that the provider gave us.
    pub client: &'a str,
    /// What we sent along when it was asked for.
    pub nonce: &'a str,
    /// The present second since 1970.
    pub now: i64,
}

/// The claims of a token that one of the provider's keys signed and that says what is expected.
///
/// # Errors
/// What is wrong with it, for the log.
pub fn claims(
    token: &str,
    keys: &Json,
    expected: &Expected<'_>,
) -> Result<Map<String, Json>, &'static str> {
    let (signed, signature) = token.rsplit_once('.').ok_or("is no token")?;
    let (head, body) = signed.split_once('.').ok_or("is no token")?;
    let head = object(head).ok_or("has an unreadable head")?;
    if head.contains_key("crit") {
        return Err("needs an extension");
    }
    let algorithm = head.get("alg").and_then(Json::as_str).ok_or("has no algorithm")?;
    let key = key(keys, algorithm, head.get("kid")).ok_or(UNKNOWN_KEY)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "has an unreadable signature")?;
    if !is_signed(algorithm, key, signed.as_bytes(), &signature).unwrap_or(false) {
        return Err("is not signed by the provider");
    }
    let claims = object(body).ok_or("has an unreadable body")?;
    check(&claims, expected)?;
    Ok(claims)
}

fn object(part: &str) -> Option<Map<String, Json>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The key of that id, or the only one for the algorithm where the token names none.
fn key<'a>(keys: &'a Json, algorithm: &str, id: Option<&Json>) -> Option<&'a Json> {
    let (kind, curve) = match algorithm {
        "RS256" => ("RSA", None),
        "ES256" => ("EC", Some("P-256")),
        _ => return None,
    };
    let is_usable = |key: &&Json| {
        key.get("kty").and_then(Json::as_str) == Some(kind)
            && key.get("crv").and_then(Json::as_str) == curve
            && key.get("use").is_none_or(|usage| usage == "sig")
            && key.get("alg").is_none_or(|named| named == algorithm)
            && id.is_none_or(|id| key.get("kid") == Some(id))
    };
    let mut found = keys.get("keys")?.as_array()?.iter().filter(is_usable);
    let first = found.next()?;
    (id.is_some() || found.next().is_none()).then_some(first)
}

fn is_signed(algorithm: &str, key: &Json, signed: &[u8], signature: &[u8]) -> Option<bool> {
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
    if algorithm == "RS256" {
        let (n, e) = (number("n")?, number("e")?);
        if !BITS.contains(&(n.len() * 8)) || e.len() > 4 {
            return None;
        }
        let uint = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
        let key = PublicKey::new(uint(&n), uint(&e)).ok()?;
        let digest = Sha256::digest(signed);
        return Some(key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature).is_ok());
    }
    let mut point = vec![4];
    for name in ["x", "y"] {
        point.extend(number(name).filter(|number| number.len() == 32)?);
    }
    let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
    Some(key.verify(signed, &Signature::from_slice(signature).ok()?).is_ok())
}

fn check(claims: &Map<String, Json>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let second = |name: &str| claims.get(name).and_then(Json::as_f64);
    if text("iss") != Some(expected.issuer) {
        return Err("is of another provider");
    }
    match claims.get("aud") {
        Some(Json::String(of)) if of == expected.client => {}
        Some(Json::Array(of)) if of.iter().any(|of| of == expected.client) => {
            if of.len() > 1 && text("azp") != Some(expected.client) {
                return Err("is for several, and not asked for by us");
            }
        }
        _ => return Err("is for others"),
    }
    if text("azp").is_some_and(|by| by != expected.client) {
        return Err("was asked for by others");
    }
    let now = expected.now as f64;
    let leeway = LEEWAY as f64;
    if second("exp").is_none_or(|end| end + leeway <= now) {
        return Err("is over");
    }
    if second("nbf").is_some_and(|from| from - leeway > now) {
        return Err("does not count yet");
    }
    if second("iat").is_none_or(|at| at - leeway > now) {
        return Err("is from the future");
    }
    let nonce = text("nonce").unwrap_or_default();
    let is_ours: bool = nonce.as_bytes().ct_eq(expected.nonce.as_bytes()).into();
    if nonce.is_empty() || !is_ours {
        return Err("does not answer what we asked");
    }
    if text("sub").is_none_or(|subject| !(1..=MAX_SUBJECT).contains(&subject.len())) {
        return Err("names nobody");
    }
    Ok(())
}

/// What a provider is sent of a secret that it hears later (RFC 7636).
#[must_use]
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}
