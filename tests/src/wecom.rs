//! A server of WeCom for tests: the pages where browsers are sent, and the two calls that tell who
//! was there. What is wrong with its next answers, a test says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use crate::listener::listen;
use crate::provider::fields;

/// Company, application and secret that it knows.
pub const APPLICATION: (&str, &str, &str) = ("ww0123abcd", "1000002", "s3cret_of-the-application");

#[derive(Default)]
struct State {
    /// Answers in place of the next ones that tell who was there.
    instead: VecDeque<Json>,
    /// Answers in place of the next ones that give a token.
    no_token: VecDeque<Json>,
    /// The user who is there.
    who: Json,
    codes: Vec<String>,
    begun: usize,
    /// The tokens that it gave; the last one counts.
    tokens: Vec<String>,
}

/// A listening server.
pub struct Wecom {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Wecom {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let (address, state) = listen(State::default(), |stream, _, state| serve(stream, state));
        Self { address, state }
    }

    /// The arguments of a host that knows it.
    pub fn arguments(&self, more: &[&str]) -> Vec<String> {
        let (corp, agent, secret) = APPLICATION;
        let variables = [
            format!("wecom_corp_id={corp}"),
            format!("wecom_agent_id={agent}"),
            format!("wecom_secret={secret}"),
            format!("wecom_login_url=http://{}", self.address),
            format!("wecom_api_url=http://{}", self.address),
            "oidc_allow_http=true".to_owned(),
            "public_url=https://points.example".to_owned(),
        ];
        let mut arguments = vec!["--allow-private-networks".to_owned()];
        for variable in variables.into_iter().chain(more.iter().map(|one| (*one).to_owned())) {
            arguments.extend(["--variable".to_owned(), variable]);
        }
        arguments
    }

    /// Sets who is there, as the fields of an answer.
    pub fn is_there(&self, who: Json) {
        self.state.lock().unwrap().who = who;
    }

    /// Sets answers in place of the next ones that tell who was there.
    pub fn answers(&self, answers: impl IntoIterator<Item = Json>) {
        self.state.lock().unwrap().instead = answers.into_iter().collect();
    }

    /// Sets answers in place of the next ones that give a token.
    pub fn answers_for_tokens(&self, answers: impl IntoIterator<Item = Json>) {
        self.state.lock().unwrap().no_token = answers.into_iter().collect();
    }

    /// Ends the token that it gave last.
    pub fn forgets_token(&self) {
        self.state.lock().unwrap().tokens.push("of somebody else".to_owned());
    }

    /// How many tokens it was asked for.
    pub fn tokens(&self) -> usize {
        self.state.lock().unwrap().tokens.len()
    }

    /// A person follows the address that they were sent to and says yes: code and state.
    pub fn agrees(&self, url: &str) -> (String, String) {
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(place, format!("http://{}/wwlogin/sso/login", self.address));
        let asked = fields(query);
        for (name, value) in [
            ("login_type", "CorpApp"),
            ("appid", APPLICATION.0),
            ("agentid", APPLICATION.1),
            ("redirect_uri", "https://points.example/v1/oidc/callback"),
        ] {
            assert_eq!(asked[name], value, "{name}");
        }
        assert!(!url.contains(APPLICATION.2), "the secret is no business of browsers");
        let state = &asked["state"];
        assert!(state.len() <= 128 && state.bytes().all(|b| b.is_ascii_alphanumeric()), "{state}");
        let mut known = self.state.lock().unwrap();
        known.begun += 1;
        let code = format!("code+{}", known.begun);
        known.codes.push(code.clone());
        (code, state.clone())
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        if line.trim_end().is_empty() {
            break;
        }
    }
    let (path, query) = first.split(' ').nth(1)?.split_once('?')?;
    let asked = fields(query);
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let mut state = state.lock().unwrap();
    let answer = match path {
        "/cgi-bin/gettoken" => state.token(field("corpid"), field("corpsecret")),
        "/cgi-bin/auth/getuserinfo" => state.member(field("access_token"), field("code")),
        _ => json!({"errcode": 404, "errmsg": path}),
    };
    let text = answer.to_string();
    let length = text.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8";
    let mut writer = stream;
    writer.write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{text}").as_bytes()).ok()
}

fn error(code: i64) -> Json {
    json!({"errcode": code, "errmsg": "hint: [1634119310_147_ef], more info elsewhere"})
}

impl State {
    fn token(&mut self, corp: &str, secret: &str) -> Json {
        if let Some(answer) = self.no_token.pop_front() {
            return answer;
        }
        if corp != APPLICATION.0 {
            return error(40_013);
        }
        if secret != APPLICATION.2 {
            return error(40_001);
        }
        let token = format!("token-{}", self.tokens.len());
        self.tokens.push(token.clone());
        json!({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7_200})
    }

    fn member(&mut self, token: &str, code: &str) -> Json {
        if let Some(answer) = self.instead.pop_front() {
            return answer;
        }
        if self.tokens.last().is_none_or(|known| known != token) {
            return error(42_001);
        }
        let Some(place) = self.codes.iter().position(|known| known == code) else {
            return error(40_029);
        };
        self.codes.remove(place);
        let mut answer = json!({"errcode": 0, "errmsg": "ok"});
        for (name, value) in self.who.as_object().into_iter().flatten() {
            answer[name] = value.clone();
        }
        answer
    }
}
