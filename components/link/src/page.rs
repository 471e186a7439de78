//! What a person sees: small pages of plain HTML in the language of the browser, which need no
//! script, style or picture. No page names the member.

use shell::{Reply, Request};
use templates::Language;

/// Leads on. Nobody on the way keeps it, and the target does not learn the link.
pub fn redirect(status: u16, target: &str) -> Reply {
    Reply::empty(status).with("location", target).with("referrer-policy", "no-referrer").private()
}

/// A link that leads nowhere, or nowhere any more.
pub fn gone(request: &Request) -> Reply {
    let text = match language(request) {
        Language::Chinese => ["链接已失效", "该链接不存在或已失效。"],
        Language::English => ["This link leads nowhere", "It is not known, or no longer."],
    };
    page(request, 404, text, None, "'none'")
}

/// Perhaps a program visits: a person presses the button.
pub fn doubtful(request: &Request, target: &str) -> Reply {
    let (text, button) = match language(request) {
        Language::Chinese => (["即将离开", "请点击按钮继续访问。"], "继续访问"),
        Language::English => (["You are leaving this page", "Press the button to go on."], "Go on"),
    };
    // Browsers ask for the place that a form is redirected to as well.
    let to = target.split(['?', '#']).next().unwrap_or_default();
    let host = to.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    page(request, 200, text, Some(button), &format!("'self' {host}"))
}

/// Asks whether messages are to end. Nothing has changed yet: programs visit this page, too.
pub fn ask(request: &Request) -> Reply {
    let (text, button) = match language(request) {
        Language::Chinese => (["退订消息", "确认后,您将不再通过此渠道收到此类消息。"], "确认退订"),
        Language::English => (
            ["Unsubscribe", "You will get no more messages of this kind by this channel."],
            "Unsubscribe",
        ),
    };
    page(request, 200, text, Some(button), "'self'")
}

/// Messages have ended.
pub fn ended(request: &Request) -> Reply {
    let text = match language(request) {
        Language::Chinese => ["已退订", "您将不再通过此渠道收到此类消息。"],
        Language::English => {
            ["You are unsubscribed", "You will get no more messages of this kind by this channel."]
        }
    };
    page(request, 200, text, None, "'none'")
}

/// Chinese, unless the browser asks for English before it.
fn language(request: &Request) -> Language {
    let asked = request.only_header("accept-language").unwrap_or_default();
    let tags = asked.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    let known = |tag: &str| ["zh", "en"].iter().any(|known| tag.split('-').next() == Some(known));
    Language::of_member(tags.into_iter().find(|tag| known(tag)).unwrap_or_default())
}

/// A page of texts of this file: none of it comes from a request. The form has no address, so that
/// it goes to the one that the page has.
fn page(
    request: &Request,
    status: u16,
    [title, line]: [&str; 2],
    button: Option<&str>,
    forms: &str,
) -> Reply {
    let tag = language(request).as_str();
    let form = button.map_or(String::new(), |button| {
        format!("<form method=\"post\"><button type=\"submit\">{button}</button></form>")
    });
    let html = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title></head>\
         <body><main><h1>{title}</h1><p>{line}</p>{form}</main></body></html>"
    );
    let policy =
        format!("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action {forms}");
    Reply::text(status, "text/html; charset=utf-8", html)
        .with("content-security-policy", &policy)
        .with("referrer-policy", "no-referrer")
        .with("x-content-type-options", "nosniff")
        .private()
}
