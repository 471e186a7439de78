//! JSON Web Tokens signed by RSA (RFC 7515, RFC 7518 3.3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, PrivateKey};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::fault::Fault;
use crate::secret::Secret;

/// Bytes of a key's modulus: 2,048 to 8,192 bits.
const BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;

fn key(pem: &Secret) -> Option<PrivateKey> {
    use rsa::traits::PublicKeyParts;
    let key = PrivateKey::from_pkcs8_pem(pem.reveal().trim()).ok()?;
    BYTES.contains(&key.size()).then_some(key)
}

/// Whether a text is a private key that signs.
pub(crate) fn is_key(pem: &Secret) -> bool {
    key(pem).is_some()
}

/// A token with these claims. A signature needs no randomness; it is made once an hour, so that its
/// time tells little of the key.
///
/// # Errors
/// Where the text is no key.
pub(crate) fn token(claims: &Json, key_id: Option<&str>, pem: &Secret) -> Result<String, Fault> {
    let fault = || Fault::new("/secrets/private_key", "does not sign");
    let key = key(pem).ok_or_else(fault)?;
    let mut head = json!({"alg": "RS256", "typ": "JWT"});
    if let (Some(id), Some(fields)) = (key_id, head.as_object_mut()) {
        fields.insert("kid".to_owned(), id.into());
    }
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&head), part(claims));
    let digest = Sha256::digest(signed.as_bytes());
    let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).map_err(|_| fault())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
