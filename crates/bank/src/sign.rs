//! Signing a file, so that it proves itself for years: the certificate first, because its digest is part of what is
//! signed; the digest to the phone and the signature back; the time-stamp over the signature; the responder's answer
//! after that; and at the end the bank checks its own work.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use countersign_client::error::Service;
use countersign_client::long_term::{self, Step};
use countersign_client::request::text_for_files;
use countersign_client::wire::callback::CallbackUrl;
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::id::DocumentNumber;
use countersign_client::wire::problem::ProblemType;
use countersign_client::wire::words::{FlowType, HashAlgorithm, RequestedLevel};
use countersign_client::{
    CertificateChoiceVerifier, CheckedCallback, ChosenCertificate, Client, Error, LongTerm,
    SignatureVerifier, Signed, Signing, StartedSession, SystemRandom, checklist,
};
use countersign_container::{Level, Limits, Policy, path_above, validate_bytes};
use countersign_pki::{Digest, SignatureAlgorithm};
use http::{HeaderMap, Uri};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::advice::Failure;
use crate::callback::WayBack;
use crate::cookie::{TokenHash, VISITOR};
use crate::door::{self, OwnPage, Refused};
use crate::file::StoredFile;
use crate::format::Format;
use crate::office::{Bank, Office, lock};
use crate::transaction::{Made, PATIENCE, RETURN, Transaction};
use crate::view::{Kind, PersonShown, SignedFile, StepName, Way};
use crate::workpiece::{Prepared, Workpiece};

/// The hash of file and signature.
const HASH: (HashAlgorithm, Digest) = (HashAlgorithm::Sha512, Digest::Sha512);

/// The level that the bank wants of its signatures.
const LEVEL: Level = Level::Lt;

const STEPS: [StepName; 7] = [
    StepName::Certificate,
    StepName::Ask,
    StepName::Person,
    StepName::Check,
    StepName::TimeStamp,
    StepName::Status,
    StepName::File,
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    way: Way,
    document_number: Option<DocumentNumber>,
    /// The usual one of this file where none is said.
    format: Option<Format>,
}

pub(crate) async fn start(
    State(bank): State<Arc<Bank>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let page = OwnPage::of(&uri, &headers)?;
    let wanted: Wanted = door::json(&headers, &body)?;
    let back = WayBack::offered(wanted.way, &page)?;
    let now = bank.office.now();
    let (transaction, file, document, cookies) = {
        let mut visitors = lock(&bank.visitors);
        let visitor = visitors.find(TokenHash::received(&headers, VISITOR), now);
        let visitor = visitor.ok_or_else(Refused::no_visitor)?;
        let file = visitor.file.as_ref().map(|(file, _)| Arc::clone(file));
        let file = file.ok_or_else(|| {
            Refused::because(ProblemType::Conflict, "there is no file to sign, or no longer")
        })?;
        let format = file.format(wanted.format)?;
        let known = || visitor.log_in.as_ref()?.person();
        let document = match (wanted.way, wanted.document_number) {
            (Way::Linked, None) => None,
            (Way::Linked, Some(_)) => {
                return Err(Refused::invalid("linked: whoever scans chooses the account"));
            }
            (Way::DeviceLink | Way::Notification, Some(document)) => Some(document),
            (Way::DeviceLink | Way::Notification, None) => {
                let person = known().ok_or_else(|| Refused::invalid("log in, or give documentNumber"))?;
                DocumentNumber::parse(&person.document_number).ok()
            }
        };
        let text = text_for_files([file.name.as_str()]);
        let transaction = Transaction::new(Kind::Sign, wanted.way, text, &STEPS, now);
        if let Some(old) = visitor.signing.replace(Arc::clone(&transaction)) {
            old.abandon();
        }
        let cookies: Vec<String> = back.remember(visitor, page.is_secure()).into_iter().collect();
        (transaction, (file, format), document, cookies)
    };
    let (file, format) = file;
    let work = Work {
        office: Arc::clone(&bank.office),
        client: transaction.client(&bank.office, &page),
        transaction: Arc::clone(&transaction),
        file,
        format,
    };
    Ok(transaction.carried_out(&bank, work.run(document, wanted.way, back.url), &cookies).await)
}

/// Why there is no signed file.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Client(#[from] Error),
    #[error(transparent)]
    Container(#[from] countersign_container::Error),
    #[error(transparent)]
    LongTerm(#[from] long_term::Error),
    #[error("the signed file does not pass the bank's own check")]
    OwnFile,
    #[error("the work was interrupted")]
    Interrupted,
}

impl Fault {
    fn failure(&self) -> Failure {
        match self {
            Self::Client(error) | Self::LongTerm(long_term::Error::Evidence(error)) => Failure::of(error),
            Self::Container(_) | Self::LongTerm(_) | Self::OwnFile | Self::Interrupted => Failure::new(
                "FILE",
                "The signed file could not be made",
                self.to_string(),
                "A fault of the e-service. Give out no file that your own check refuses.",
            ),
        }
    }
}

struct Work {
    office: Arc<Office>,
    client: Client,
    transaction: Arc<Transaction>,
    file: Arc<StoredFile>,
    format: Format,
}

/// Waits for the browser to come back.
type Back = oneshot::Receiver<CheckedCallback>;

impl Work {
    async fn run(self, document: Option<DocumentNumber>, way: Way, callback: Option<CallbackUrl>) {
        let transaction = Arc::clone(&self.transaction);
        if let Err(fault) = self.sign(document, way, callback).await {
            transaction.fail(fault.failure());
        }
    }

    async fn sign(
        self,
        document: Option<DocumentNumber>,
        way: Way,
        callback: Option<CallbackUrl>,
    ) -> Result<(), Fault> {
        let (chosen, choice) = match document {
            Some(document) => (self.certificate_of(&document).await?, None),
            None => {
                let (chosen, session, back) = self.choose(callback.clone()).await?;
                (chosen, Some((session, back)))
            }
        };
        let prepared = self.prepare(&chosen).await?;
        let signed = self.ask(&prepared, &chosen, choice, way, callback).await?;
        let mut workpiece = prepared.finish(&signed.signature)?;
        self.complete(&mut workpiece).await?;
        self.finish(workpiece, &signed).await
    }

    /// The signing certificate of an account that is known.
    async fn certificate_of(&self, document: &DocumentNumber) -> Result<ChosenCertificate, Error> {
        self.transaction.begin(StepName::Certificate);
        let level = RequestedLevel::default();
        let answer = self.client.signing_certificate(document, level).await?;
        let verifier = CertificateChoiceVerifier::new(self.office.rules());
        let now = self.office.now();
        let chosen = self
            .client
            .verify_certificate(&verifier, &answer, document, level, now, &mut SystemRandom)
            .await?;
        self.transaction.done(StepName::Certificate, subject(&chosen));
        Ok(chosen)
    }

    /// The certificate of the account that whoever scans the code chooses. Their phone waits for the signature.
    async fn choose(
        &self,
        callback: Option<CallbackUrl>,
    ) -> Result<(ChosenCertificate, Arc<StartedSession>, Back), Error> {
        self.transaction.begin(StepName::Certificate);
        let level = RequestedLevel::default();
        let session = self
            .client
            .choose_certificate_by_device_link(level, callback, self.office.now())
            .await?
            .offering(&[FlowType::Qr, FlowType::Web2App]);
        let session = Arc::new(session);
        let back = self.transaction.started(&session);
        self.transaction.begin(StepName::Person);
        let status = self.client.wait(session.session_id, PATIENCE).await?;
        self.transaction.chosen();
        let verifier = CertificateChoiceVerifier::new(self.office.rules());
        let now = self.office.now();
        let chosen = self
            .client
            .verify_certificate_choice(&verifier, &session, &status, now, &mut SystemRandom)
            .await?;
        self.transaction.done(StepName::Certificate, subject(&chosen));
        Ok((chosen, session, back))
    }

    /// What is to be signed. Hashing ten megabytes is no work for a thread that answers.
    async fn prepare(&self, chosen: &ChosenCertificate) -> Result<Prepared, Fault> {
        let (file, format, now) = (Arc::clone(&self.file), self.format, self.office.now());
        let certificate = chosen.certificate().clone();
        // Whoever trusts the anchor has it.
        let between = path_above(&certificate, &self.office.anchors.intermediates);
        let algorithm = SignatureAlgorithm::RsaPss(HASH.1);
        let prepared = tokio::task::spawn_blocking(move || {
            Prepared::of(&file, format, certificate, between, algorithm, now)
        });
        Ok(prepared.await.map_err(|_| Fault::Interrupted)??)
    }

    /// Asks the person to sign, and checks the answer.
    async fn ask(
        &self,
        prepared: &Prepared,
        chosen: &ChosenCertificate,
        choice: Option<(Arc<StartedSession>, Back)>,
        way: Way,
        callback: Option<CallbackUrl>,
    ) -> Result<Signed, Error> {
        let transaction = &self.transaction;
        transaction.begin(StepName::Ask);
        let text = text_for_files([self.file.name.as_str()]);
        let wanted = Signing::of_digest(&prepared.digest_to_sign(), HASH.0, text)?;
        let recipient = Recipient::Document(chosen.document.clone());
        let now = self.office.now();
        let (session, back) = match (choice, way) {
            (Some((choice, back)), _) => {
                let session = self.client.sign_linked(&choice, &chosen.document, &wanted, now).await?;
                // The browser comes back from the choice, at the end of the signature.
                (Arc::new(session), back)
            }
            (None, Way::Notification) => {
                let session = Arc::new(self.client.sign_by_notification(&recipient, &wanted, now).await?);
                let back = transaction.started(&session);
                (session, back)
            }
            (None, Way::DeviceLink | Way::Linked) => {
                let session = self.client.sign_by_device_link(&recipient, &wanted, callback, now).await?;
                let session = Arc::new(session.offering(&[FlowType::Qr, FlowType::Web2App]));
                let back = transaction.started(&session);
                (session, back)
            }
        };
        transaction.done(StepName::Ask, "");
        transaction.begin(StepName::Person);
        let status = self.client.wait(session.session_id, PATIENCE).await?;
        transaction.ended(&status);

        let verifier = SignatureVerifier::new(self.office.rules()).expecting(chosen.certificate());
        let now = self.office.now();
        let checked =
            self.client.verify_signature(&verifier, &session, &status, now, &mut SystemRandom).await;
        transaction.checked(checklist::of_signature(checked.as_ref()));
        let signed = checked?;
        // Nothing in a signature depends on the way back; that it is this browser's signature does.
        let same_device = [Some(signed.flow), chosen.flow].contains(&Some(FlowType::Web2App));
        if same_device && !matches!(timeout(RETURN, back).await, Ok(Ok(_))) {
            return Err(Error::CallbackNeeded(FlowType::Web2App));
        }
        transaction.done(StepName::Check, "");
        Ok(signed)
    }

    /// The time-stamp, and then the responder's answer.
    async fn complete(&self, workpiece: &mut Workpiece) -> Result<(), Fault> {
        let (office, transaction) = (&self.office, &self.transaction);
        // The bank's own check asks for the signer's status alone.
        let long_term = LongTerm::of(&self.client, Arc::clone(&office.anchors)).required_only();
        let long_term = long_term.tsa(Some(&office.place("/tsa")));
        let watch = |step: Step<'_>| match step {
            Step::Asking { service: Service::TimeStampingAuthority, .. } => {
                transaction.begin(StepName::TimeStamp);
            }
            Step::TimeStamped { time, .. } => transaction.done(StepName::TimeStamp, time.to_string()),
            Step::Asking { .. } => transaction.begin(StepName::Status),
            Step::Good { produced_at, .. } => transaction.done(StepName::Status, produced_at.to_string()),
            Step::LeftOut { .. } => {}
        };
        Ok(workpiece.bring_to(LEVEL, &long_term, || office.now(), watch).await?)
    }

    async fn finish(self, workpiece: Workpiece, signed: &Signed) -> Result<(), Fault> {
        self.transaction.begin(StepName::File);
        let (office, format, now) = (Arc::clone(&self.office), self.format, self.office.now());
        let (level, time_stamp) = (workpiece.level(), workpiece.time_stamp());
        let name = format.name_for(self.file.name.as_str());
        let named = name.clone();
        let made = tokio::task::spawn_blocking(move || -> Result<_, countersign_container::Error> {
            let content = workpiece.into_bytes(now)?;
            let policy = Policy { required_level: LEVEL, ..Policy::default() };
            // As whoever gets the file will check it: from its bytes.
            let limits = Limits::default();
            let report = validate_bytes(&content, Some(&named), &limits, &office.anchors, now, &policy);
            Ok((report, content))
        });
        let (report, content) = made.await.map_err(|_| Fault::Interrupted)??;
        if !report.is_valid() {
            return Err(Fault::OwnFile);
        }
        let bytes = content.len();
        let file = SignedFile { name: name.clone(), format, bytes, level, time_stamp, valid: true };
        let person = PersonShown::of(
            &signed.identity,
            &signed.document,
            signed.level.to_string(),
            signed.flow.to_string(),
        );
        self.transaction.done(StepName::File, "");
        self.transaction.finish(Some(Made { name, format, content, report }), |view| {
            view.person = Some(person);
            view.file = Some(file);
        });
        Ok(())
    }
}

fn subject(chosen: &ChosenCertificate) -> String {
    chosen.document.as_str().to_owned()
}
