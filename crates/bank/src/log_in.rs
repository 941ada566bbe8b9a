//! Logging in: by QR code or link, or by notification.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_client::wire::callback::CallbackUrl;
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_client::wire::start::Interaction;
use countersign_client::wire::words::{FlowType, InteractionType};
use countersign_client::{
    Authenticated, Authentication, AuthenticationVerifier, Client, Error, SystemRandom, checklist,
};
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use tokio::time::timeout;

use crate::acsp::Payload;
use crate::advice::Failure;
use crate::callback::WayBack;
use crate::cookie::{self, TokenHash, VISITOR};
use crate::door::{self, OwnPage, Refused};
use crate::office::{Bank, Office, lock};
use crate::transaction::{PATIENCE, RETURN, Transaction};
use crate::view::{Kind, PersonShown, StepName, Way};

/// What the person reads on the phone, at most 60 characters.
const TEXT: &str = "Log in to the sample bank?";

const STEPS: [StepName; 3] = [StepName::Ask, StepName::Person, StepName::Check];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    way: Way,
    document_number: Option<DocumentNumber>,
    person: Option<SemanticsIdentifier>,
    #[serde(default)]
    screen: Screen,
}

/// What the phone is to show first.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Screen {
    /// Text and PIN.
    #[default]
    Pin,
    /// A longer text to confirm, then the PIN.
    Confirmation,
    /// A choice of three codes, then the PIN. Notifications only.
    CodeChoice,
}

impl Wanted {
    fn recipient(&self) -> Result<Recipient, Refused> {
        Ok(match (&self.document_number, &self.person, self.way) {
            (_, _, Way::Linked) => return Err(Refused::invalid("way: expected deviceLink or notification")),
            (Some(_), Some(_), _) => {
                return Err(Refused::invalid("expected documentNumber or person, not both"));
            }
            (Some(document), None, _) => Recipient::Document(document.clone()),
            (None, Some(person), _) => Recipient::Person(person.clone()),
            (None, None, Way::DeviceLink) => Recipient::Anonymous,
            (None, None, Way::Notification) => {
                return Err(Refused::invalid("a notification needs documentNumber or person"));
            }
        })
    }

    /// In order of preference; the last is one that every phone can show.
    fn interactions(&self) -> Result<Vec<Interaction>, Refused> {
        let wanted = match (self.screen, self.way) {
            (Screen::Pin, _) => None,
            (Screen::Confirmation, _) => Some(InteractionType::ConfirmationMessage),
            (Screen::CodeChoice, Way::Notification) => {
                Some(InteractionType::ConfirmationMessageAndVerificationCodeChoice)
            }
            (Screen::CodeChoice, Way::DeviceLink | Way::Linked) => {
                return Err(Refused::invalid("codes are chosen in notifications only"));
            }
        };
        let all = wanted.into_iter().chain([InteractionType::DisplayTextAndPin]);
        Ok(all.map(|kind| Interaction { kind, text: TEXT.to_owned() }).collect())
    }
}

pub(crate) async fn start(
    State(bank): State<Arc<Bank>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let page = OwnPage::of(&uri, &headers)?;
    let wanted: Wanted = door::json(&headers, &body)?;
    let recipient = wanted.recipient()?;
    let asked = Authentication::new(wanted.interactions()?);
    let back = WayBack::offered(wanted.way, &page)?;

    let now = bank.office.now();
    let transaction = Transaction::new(Kind::LogIn, wanted.way, TEXT.to_owned(), &STEPS, now);
    let cookies = {
        let mut visitors = lock(&bank.visitors);
        let old = TokenHash::received(&headers, VISITOR);
        let (token, visitor) = visitors.renew(old, now).map_err(|_| Refused::full())?;
        if let Some(old) = visitor.log_in.replace(Arc::clone(&transaction)) {
            old.abandon();
        }
        let mut cookies = vec![token.set(VISITOR, page.is_secure())];
        cookies.extend(back.remember(visitor, page.is_secure()));
        cookies
    };
    let work = Work {
        office: Arc::clone(&bank.office),
        client: transaction.client(&bank.office, &page),
        transaction: Arc::clone(&transaction),
    };
    Ok(transaction.carried_out(&bank, work.run(recipient, asked, wanted.way, back.url), &cookies).await)
}

pub(crate) async fn end(
    State(bank): State<Arc<Bank>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let page = OwnPage::of(&uri, &headers)?;
    let now = bank.office.now();
    if let Some(visitor) = lock(&bank.visitors).find(TokenHash::received(&headers, VISITOR), now) {
        for transaction in visitor.transactions() {
            transaction.abandon();
        }
        let _ = std::mem::take(visitor);
    }
    Ok(cookie::with(StatusCode::NO_CONTENT.into_response(), &[cookie::forget(VISITOR, page.is_secure())]))
}

struct Work {
    office: Arc<Office>,
    client: Client,
    transaction: Arc<Transaction>,
}

impl Work {
    async fn run(self, recipient: Recipient, asked: Authentication, way: Way, callback: Option<CallbackUrl>) {
        match self.authenticate(&recipient, &asked, way, callback).await {
            Ok(found) => self.transaction.finish(None, |view| {
                view.person = Some(PersonShown::authenticated(&found));
                view.payload = Some(Payload::of(&found));
            }),
            Err(error) => self.transaction.fail(Failure::of(&error)),
        }
    }

    async fn authenticate(
        &self,
        recipient: &Recipient,
        asked: &Authentication,
        way: Way,
        callback: Option<CallbackUrl>,
    ) -> Result<Authenticated, Error> {
        let Self { office, client, transaction } = self;
        transaction.begin(StepName::Ask);
        let now = office.now();
        let session = match way {
            Way::Notification => {
                client.authenticate_by_notification(recipient, asked, now, &mut SystemRandom).await?
            }
            Way::DeviceLink | Way::Linked => client
                .authenticate_by_device_link(recipient, asked, callback, now, &mut SystemRandom)
                .await?
                .offering(&[FlowType::Qr, FlowType::Web2App]),
        };
        let session = Arc::new(session);
        let back = transaction.started(&session);
        transaction.done(StepName::Ask, "");
        transaction.begin(StepName::Person);
        let status = client.wait(session.session_id, PATIENCE).await?;
        transaction.ended(&status);

        let verifier = AuthenticationVerifier::new(office.rules());
        let verify = async |callback| {
            let now = office.now();
            client.verify_authentication(&verifier, &session, &status, callback, now, &mut SystemRandom).await
        };
        let checked = match verify(None).await {
            // The person came by the link on the same device: its proof comes with the browser.
            Err(needed @ Error::CallbackNeeded(_)) => match timeout(RETURN, back).await {
                Ok(Ok(callback)) => verify(Some(&callback)).await,
                Ok(Err(_)) | Err(_) => Err(needed),
            },
            checked => checked,
        };
        transaction.checked(checklist::of_authentication(checked.as_ref()));
        let found = checked?;
        transaction.done(StepName::Check, "");
        Ok(found)
    }
}
