//! `/inspect`: the sessions of the last minutes and the messages that would have been sent, in `countersign dev` alone. A
//! page without scripts that loads itself anew; `?still` keeps it as it is, so that it can be read in peace.

use std::fmt::Write as _;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::session::{Progress, Session, State as Standing};
use countersign_wire::endpoint::Operation;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFRESH};

use crate::App;
use crate::problem::Surface;
use crate::registration::gateway::Sent;
use crate::web::{PAGE_POLICY, escape};

/// Where it is.
pub(super) const PATH: &str = "/inspect";
/// How many sessions are shown.
const SESSIONS: usize = 50;
/// How often the page loads itself, in seconds.
const EVERY: &str = "3";

/// `GET /inspect`
pub(super) async fn page(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let still = query.as_deref() == Some("still");
    let sessions = app.read("inspect sessions", |tx| Ok(tx.sessions().newest(SESSIONS)?)).await;
    let sessions = match sessions {
        Ok(sessions) => sessions,
        Err(failure) => return app.problem(Surface::Own, failure).into_response(),
    };
    let html = html(&sessions, &app.registration().outbox(), still);
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    if !still {
        headers.insert(REFRESH, HeaderValue::from_static(EVERY));
    }
    response
}

fn html(sessions: &[Session], outbox: &[Sent], still: bool) -> String {
    let mut html = String::with_capacity(16 * 1024);
    let (to, what) =
        if still { (PATH, "Keep it up to date") } else { ("/inspect?still", "Stop loading anew") };
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Inspect</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body>\
         <main class=\"page\"><header><h1>What happens here</h1><p>The newest {SESSIONS} sessions, and the messages that \
         would have been sent: this server is for development, and nothing leaves it. <a href=\"{to}\">{what}</a>.</p></header>\
         <section class=\"sheet\"><h2>Sessions</h2>"
    );
    if sessions.is_empty() {
        html.push_str("<p class=\"quiet\">None yet.</p>");
    } else {
        html.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Sessions\"><table><thead><tr><th>Begun</th>\
             <th>What</th><th>For whom</th><th>Account</th><th>Where it stands</th></tr></thead><tbody>",
        );
        for session in sessions {
            row(&mut html, session);
        }
        html.push_str("</tbody></table></div>");
    }
    html.push_str("</section><section class=\"sheet\"><h2>Outbox</h2>");
    if outbox.is_empty() {
        html.push_str("<p class=\"quiet\">No message yet. Codes and links for phones would be here.</p>");
    } else {
        html.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Outbox\"><table><thead><tr><th>When</th>\
             <th>To</th><th>Message</th></tr></thead><tbody>",
        );
        for sent in outbox {
            let (at, text) = (sent.at.strftime("%F %T"), escape(&sent.text));
            let _ = write!(
                html,
                "<tr><td>{at}</td><td><code>+{}</code></td><td>{text}</td></tr>",
                sent.msisdn.as_str()
            );
        }
        html.push_str("</tbody></table></div>");
    }
    html.push_str("</section></main></body></html>\n");
    html
}

fn row(html: &mut String, session: &Session) {
    let what = match session.operation() {
        Operation::Authenticate => "log-in",
        Operation::ChooseCertificate => "certificate choice",
        Operation::Sign => "signature",
    };
    let (account, standing) = match session.state() {
        Standing::Offered => (None, "waits for a phone"),
        Standing::Addressed { to, progress } => {
            let standing = match progress {
                Progress::Created => "has a phone",
                Progress::Delivered => "on its way to the phone",
                Progress::Displayed => "shown on the phone",
                Progress::Confirming { .. } => "approved, being computed",
            };
            (Some(to), standing)
        }
        Standing::Complete { outcome, .. } => (outcome.by(), outcome.end_result().as_str()),
    };
    let account = account.map_or("", |to| to.account.as_str());
    let _ = write!(
        html,
        "<tr><td>{}</td><td>{what}</td><td>{}</td><td><code>{account}</code></td><td>{standing}</td></tr>",
        session.created_at().strftime("%F %T"),
        escape(&session.request().relying_party_name),
    );
}
