//! Messages as WeCom and WeChat post them: signed with a token, and encrypted with a key that the
//! account has (AES-256 in CBC mode).

use aes::Aes256;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::Decryptor;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};

use crate::callback::{Callback, Refusal};
use crate::secret::Secret;
use crate::sign::{same, sha1_hex};
use crate::xml;

/// Characters of a key: the base64 of 32 bytes without its last sign.
pub(crate) const KEY_LENGTH: usize = 43;
/// Random bytes before a message.
const RANDOM: usize = 16;
/// The longest padding, in bytes.
const BLOCK: u8 = 32;
/// The longest text that is given back to a vendor that asks whether we are there.
const MAX_ECHO: usize = 1_024;

/// The last sign of a key may have bits that mean nothing.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// By what a vendor's posts are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys<'a> {
    /// Signs.
    pub(crate) token: &'a Secret,
    /// Encrypts.
    pub(crate) aes_key: &'a Secret,
    /// Whom a message is for: the id of a company or of an account.
    pub(crate) receiver: &'a str,
}

/// What was posted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// A message in XML.
    Message(String),
    /// A question whether we are there, and what to answer.
    Echo(String),
}

/// Whether a text is a key.
pub(crate) fn is_key(key: &Secret) -> bool {
    key.reveal().len() == KEY_LENGTH && bytes_of(key).is_some()
}

fn bytes_of(key: &Secret) -> Option<[u8; 32]> {
    LOOSE.decode(key.reveal()).ok()?.try_into().ok()
}

/// Checks and opens a post. Plain posts are not taken: their signature is not of what they say.
pub(crate) fn open(keys: Keys<'_>, callback: &Callback<'_>) -> Result<Posted, Refusal> {
    if keys.token.is_empty() {
        return Err(Refusal::NotExpected);
    }
    let echo = callback.query("echostr");
    if callback.method == "GET" {
        let is_sealed = !callback.query("msg_signature").is_empty();
        let echo =
            if is_sealed { sealed(keys, callback, &echo)? } else { plain(keys, callback, echo)? };
        // It goes out again, so it must be nothing that a browser would run.
        let holds = echo.len() <= MAX_ECHO && echo.bytes().all(|b| b.is_ascii_alphanumeric());
        return if holds { Ok(Posted::Echo(echo)) } else { Err(Refusal::Unreadable) };
    }
    match xml::text(callback.body, "Encrypt") {
        Some(text) => sealed(keys, callback, &text).map(Posted::Message),
        None => Err(Refusal::Forged),
    }
}

/// A question that is not encrypted: its signature is of token, instant and nonce only.
fn plain(keys: Keys<'_>, callback: &Callback<'_>, text: String) -> Result<String, Refusal> {
    signed(keys, callback, "", "signature")?;
    Ok(text)
}

/// Whether a text was signed by the vendor, and just now.
fn signed(keys: Keys<'_>, callback: &Callback<'_>, text: &str, name: &str) -> Result<(), Refusal> {
    let (instant, nonce) = (callback.query("timestamp"), callback.query("nonce"));
    let ours = signature([keys.token.reveal(), &instant, &nonce, text]);
    if !same(&ours, &callback.query(name)) {
        return Err(Refusal::Forged);
    }
    callback.is_fresh(instant.parse().map_err(|_| Refusal::Forged)?)
}

fn sealed(keys: Keys<'_>, callback: &Callback<'_>, text: &str) -> Result<String, Refusal> {
    signed(keys, callback, text, "msg_signature")?;
    decrypted(keys, text).ok_or(Refusal::Forged)
}

/// SHA-1 of the parts in the order of their bytes.
fn signature(mut parts: [&str; 4]) -> String {
    parts.sort_unstable();
    sha1_hex(parts.concat().as_bytes())
}

/// Random bytes, the length, the message, and whom it is for; then padding.
fn decrypted(keys: Keys<'_>, text: &str) -> Option<String> {
    let key = bytes_of(keys.aes_key)?;
    let (start, _) = key.split_first_chunk::<16>()?;
    let sealed = LOOSE.decode(text).ok()?;
    let cipher = Decryptor::<Aes256>::new(&key.into(), &(*start).into());
    let padded = cipher.decrypt_padded_vec::<NoPadding>(&sealed).ok()?;
    let (&padding, _) = padded.split_last()?;
    if !(1..=BLOCK).contains(&padding) {
        return None;
    }
    let whole = padded.get(..padded.len().checked_sub(usize::from(padding))?)?;
    let (length, rest) = whole.get(RANDOM..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (message, receiver) = rest.split_at_checked(length)?;
    let is_ours = receiver == keys.receiver.as_bytes();
    is_ours.then(|| String::from_utf8(message.to_vec()).ok()).flatten()
}
