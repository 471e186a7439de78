//! What delivery asks of an HTTP client. The client follows no redirects and keeps no cookies.

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Where to, in normal form.
    pub url: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON text.
    pub body: String,
}

/// The head of an answer; bodies are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The field `retry-after`, as it came.
    pub retry_after: Option<String>,
}

/// An HTTP client.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, so the futures need not be Send")]
pub trait Outbound {
    /// Sends all of them at once, each for at most `timeout_ms`, and returns what each came to, in order. An error is for the merchant
    /// to read: it tells what failed, not how this machine is wired.
    async fn post_all(&self, posts: Vec<Post>, timeout_ms: u32) -> Vec<Result<Reply, String>>;
}

/// For the jobs that send nothing.
#[derive(Debug, Clone, Copy)]
pub struct WithoutNetwork;

impl Outbound for WithoutNetwork {
    async fn post_all(&self, posts: Vec<Post>, _timeout_ms: u32) -> Vec<Result<Reply, String>> {
        posts.iter().map(|_| Err("no network".to_owned())).collect()
    }
}
