//! A provider of OpenID Connect for tests. Its keys are made when it starts; what is wrong with its
//! next token, a test says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rsa::traits::PublicKeyParts;
use rsa::{Generate, PrivateKey};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::listener::listen;

/// Whom it knows us as.
pub const CLIENT: (&str, &str) = ("accrue", "a secret: of/the client");

/// How the next token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signed {
    /// With its RSA key.
    #[default]
    Rs256,
    /// With its key on P-256.
    Es256,
    /// Not at all.
    Nothing,
    /// With its public key as a secret.
    PublicKeyAsSecret,
    /// With the key of somebody else, under its name.
    ByThief,
}

/// What the next answers are.
#[derive(Debug, Clone, Default)]
pub struct Next {
    /// The user who is there.
    pub subject: String,
    /// Claims in place of the right ones; null takes one away.
    pub claims: Vec<(&'static str, Json)>,
    /// How the token is signed.
    pub signed: Signed,
    /// In place of the whole answer for a code: status and body.
    pub instead: Option<(u16, String)>,
}

struct State {
    next: Next,
    now: i64,
    rsa: PrivateKey,
    thief: PrivateKey,
    ec: SigningKey,
    /// Codes with nonce and challenge, each used once.
    codes: HashMap<String, (String, String)>,
    redirect: String,
    asked_for_keys: usize,
}

/// A listening provider.
pub struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The fields of a query or form.
pub fn fields(text: &str) -> HashMap<String, String> {
    let decoded = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let [first, others @ ..] = rest {
            if let (b'%', Some(hex)) = (first, others.get(..2)) {
                bytes.push(u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
                rest = &others[2..];
            } else {
                bytes.push(*first);
                rest = others;
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

impl Provider {
    /// Starts one on a free port; `now` is its clock, in seconds since 1970.
    pub fn start(now: i64) -> Self {
        let state = State {
            next: Next::default(),
            now,
            rsa: PrivateKey::generate(),
            thief: PrivateKey::generate(),
            ec: SigningKey::generate(),
            codes: HashMap::new(),
            redirect: String::new(),
            asked_for_keys: 0,
        };
        let (address, state) = listen(state, serve);
        Self { address, state }
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The arguments of a host that knows it.
    pub fn arguments(&self, more: &[&str]) -> Vec<String> {
        let (client, secret) = CLIENT;
        let variables = [
            format!("oidc_issuer={}", self.issuer()),
            format!("oidc_client_id={client}"),
            format!("oidc_client_secret={secret}"),
            "oidc_name=House".to_owned(),
            "oidc_allow_http=true".to_owned(),
            "public_url=https://points.example".to_owned(),
        ];
        let mut arguments = vec!["--allow-private-networks".to_owned()];
        for variable in variables.into_iter().chain(more.iter().map(|one| (*one).to_owned())) {
            arguments.extend(["--variable".to_owned(), variable]);
        }
        arguments
    }

    /// Sets what the next answers are.
    pub fn next(&self, next: Next) {
        self.state.lock().unwrap().next = next;
    }

    /// Sets its clock, in seconds since 1970.
    pub fn clock(&self, now: i64) {
        self.state.lock().unwrap().now = now;
    }

    /// How often it was asked for its keys.
    pub fn asked_for_keys(&self) -> usize {
        self.state.lock().unwrap().asked_for_keys
    }

    /// It has another RSA key from now on.
    pub fn turns(&self) {
        self.state.lock().unwrap().rsa = PrivateKey::generate();
    }

    /// A person follows the address that they were sent to and says yes: code and state.
    pub fn agrees(&self, url: &str) -> (String, String) {
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(place, format!("{}/authorize", self.issuer()));
        let asked = fields(query);
        for (name, value) in [
            ("response_type", "code"),
            ("scope", "openid"),
            ("client_id", CLIENT.0),
            ("redirect_uri", "https://points.example/v1/oidc/callback"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(asked[name], value, "{name}");
        }
        let mut state = self.state.lock().unwrap();
        let code = format!("code+{}/{}", state.codes.len(), asked["state"].len());
        state.redirect = asked["redirect_uri"].clone();
        state.codes.insert(code.clone(), (asked["nonce"].clone(), asked["code_challenge"].clone()));
        (code, asked["state"].clone())
    }
}

fn serve(stream: &TcpStream, address: SocketAddr, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => value.clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let issuer = format!("http://{address}");
    let mut state = state.lock().unwrap();
    let (status, text) = match first.split(' ').nth(1)? {
        "/.well-known/openid-configuration" => (
            200,
            json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
                "authorization_response_iss_parameter_supported": true,
            })
            .to_string(),
        ),
        "/keys" => (200, state.keys()),
        "/token" => {
            let form = fields(std::str::from_utf8(&body).ok()?);
            state
                .next
                .instead
                .clone()
                .unwrap_or_else(|| state.token(&form, &authorization, &issuer))
        }
        _ => (404, String::new()),
    };
    let mut writer = stream;
    let length = text.len();
    writer
        .write_all(
            format!("HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{text}")
                .as_bytes(),
        )
        .ok()
}

impl State {
    fn keys(&mut self) -> String {
        self.asked_for_keys += 1;
        let point = self.ec.verifying_key().to_sec1_point(false);
        let public = self.rsa.to_public_key();
        json!({"keys": [
            {"kty": "RSA", "kid": self.kid(), "use": "sig", "alg": "RS256",
             "n": b64(public.n().to_be_bytes_trimmed_vartime()), "e": b64(public.e().to_be_bytes_trimmed_vartime())},
            {"kty": "EC", "kid": "e1", "crv": "P-256", "x": b64(point.x().unwrap()), "y": b64(point.y().unwrap())},
        ]})
        .to_string()
    }

    /// The name of its RSA key: by its digits, so that another one has another name.
    fn kid(&self) -> String {
        b64(&self.rsa.to_public_key().n().to_be_bytes()[..6])
    }

    /// What it tells for a code: the server that asks has to be us, and the one that sent the
    /// browser.
    fn token(
        &mut self,
        form: &HashMap<String, String>,
        authorization: &str,
        issuer: &str,
    ) -> (u16, String) {
        let refused = |why: &str| (400, json!({"error": why}).to_string());
        let pair = authorization.strip_prefix("Basic ").map(|pair| STANDARD.decode(pair).unwrap());
        let pair = String::from_utf8(pair.unwrap_or_default()).unwrap();
        if pair != format!("{}:{}", CLIENT.0, "a%20secret%3A%20of%2Fthe%20client") {
            return (401, json!({"error": "invalid_client", "was": pair}).to_string());
        }
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("grant_type") != "authorization_code" || field("redirect_uri") != self.redirect {
            return refused("invalid_request");
        }
        let Some((nonce, challenge)) = self.codes.remove(field("code")) else {
            return refused("invalid_grant");
        };
        if b64(Sha256::digest(field("code_verifier"))) != challenge {
            return refused("invalid_grant");
        }
        let mut claims = json!({
            "iss": issuer, "sub": self.next.subject, "aud": CLIENT.0, "nonce": nonce,
            "exp": self.now + 300, "iat": self.now,
        });
        for (name, value) in &self.next.claims {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        (
            200,
            json!({"access_token": "x", "token_type": "Bearer", "id_token": self.signed(&claims)})
                .to_string(),
        )
    }

    fn signed(&self, claims: &Json) -> String {
        let (algorithm, kid) = match self.next.signed {
            Signed::Rs256 | Signed::ByThief => ("RS256", self.kid()),
            Signed::Es256 => ("ES256", "e1".to_owned()),
            Signed::Nothing => ("none", self.kid()),
            Signed::PublicKeyAsSecret => ("HS256", self.kid()),
        };
        let head = json!({"alg": algorithm, "kid": kid}).to_string();
        let text = format!("{}.{}", b64(head), b64(claims.to_string()));
        let signature = match self.next.signed {
            Signed::Rs256 => by_rsa(&self.rsa, &text),
            Signed::ByThief => by_rsa(&self.thief, &text),
            Signed::Es256 => {
                let signature: Signature = self.ec.sign(text.as_bytes());
                signature.to_bytes().to_vec()
            }
            Signed::Nothing => Vec::new(),
            Signed::PublicKeyAsSecret => {
                let key = self.rsa.to_public_key().n().to_be_bytes();
                let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
                mac.update(text.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
        };
        format!("{text}.{}", b64(signature))
    }
}

fn by_rsa(key: &PrivateKey, text: &str) -> Vec<u8> {
    key.pkcs1v15_sign::<Sha256>(text.as_bytes()).unwrap()
}
