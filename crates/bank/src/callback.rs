//! The way back on the same device: where the phone leads the browser when the person has decided.
//!
//! Taken is a callback that comes with the cookie of the browser that was sent out, continues the address that was
//! given to the service, and knows the session's secret; once. Whether its last part, the verifier, belongs to what was
//! signed is checked with the result.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_client::SystemRandom;
use countersign_client::wire::callback::CallbackUrl;
use http::{HeaderMap, StatusCode, Uri};

use crate::cookie::{self, RETURN, Token, TokenHash};
use crate::door::{OwnPage, Refused};
use crate::message_page;
use crate::office::{Bank, lock};
use crate::view::Way;
use crate::visitor::Visitor;

/// What a session needs so that the person may come back on the same device.
pub(crate) struct WayBack {
    pub(crate) url: Option<CallbackUrl>,
    token: Option<Token>,
}

impl WayBack {
    /// Offered with links, over HTTPS.
    pub(crate) fn offered(way: Way, page: &OwnPage) -> Result<Self, Refused> {
        let url = match way {
            Way::Notification => None,
            Way::DeviceLink | Way::Linked => page.callback(),
        };
        let url = url.map(|url| CallbackUrl::parse(&url)).transpose();
        let url = url.map_err(|_| Refused::invalid("the bank's own address cannot be led back to"))?;
        let token = url.is_some().then(|| Token::draw(&mut SystemRandom));
        Ok(Self { url, token })
    }

    /// Remembers the browser that is sent out. Gives the cookie to set.
    pub(crate) fn remember(&self, visitor: &mut Visitor, secure: bool) -> Option<String> {
        visitor.returning = self.token.as_ref().map(Token::hash);
        self.token.as_ref().map(|token| token.set(RETURN, secure))
    }
}

pub(crate) async fn come_back(State(bank): State<Arc<Bank>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let now = bank.office.now();
    let returning = TokenHash::received(&headers, RETURN);
    let mut visitors = lock(&bank.visitors);
    let Some(visitor) = returning.and_then(|token| visitors.find_returning(token, now)) else {
        for transaction in visitors.all(now).flat_map(Visitor::transactions) {
            if transaction.owns_callback(path) {
                transaction.note("Another browser came back with this session's callback. It was sent away.");
            }
        }
        return refused(
            "This is not the browser that was sent to the phone",
            "The bank gave its own browser a cookie before it sent it to the phone, and this one has none. Whoever sent you \
             this address wants to be logged in with your approval. Nothing has happened.",
        );
    };
    let came_back = visitor.transactions().find(|transaction| transaction.came_back(path).is_ok());
    match came_back.map(|transaction| transaction.id().to_owned()) {
        Some(id) => {
            visitor.returning = None;
            let response = Redirect::to(&format!("/#transaction={id}")).into_response();
            cookie::with(response, &[cookie::forget(RETURN, bank.office.secure_origin.is_some())])
        }
        None => refused(
            "This address does not belong to what you have started here",
            "It continues no log-in or signature of this browser, or its proof is wrong. Nothing has happened.",
        ),
    }
}

fn refused(title: &'static str, text: &'static str) -> Response {
    (StatusCode::FORBIDDEN, message_page::message(title, text)).into_response()
}
