//! Another service asks people over HTTP (`[registration.remote.sign]`). The wire form is
//! `countersign_wire::registration::step_up`.

use countersign_domain::registration::{AskedBy, Evidence, Means, Question, STEP_UP_HASH};
use countersign_pki::Certificate;
use countersign_store::Tx;
use countersign_wire::registration::StepUpId;
use countersign_wire::registration::step_up::{
    ANSWER_MAX, Octets, PendingRequest, SignRequest, StepUpAnswer,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::Notify;

use super::{StepUp, Wanted};
use crate::App;
use crate::anchors::anchors_in;
use crate::command::{Command, Failure};
use crate::registration::config::{RemoteService, RemoteSigning};
use crate::registration::remote::{Call, Line, NoAnswer, Remote};
use crate::registration::state::Fault;

/// The service. Its calls have places of their own: they take none from lookups.
#[derive(Debug)]
pub(super) struct RemoteMeans {
    remote: Remote,
    line: Line,
    pub(super) settings: RemoteSigning,
    /// Calls that may be open.
    pub(super) calls: usize,
    /// Who vouches for the certificates of its signatures.
    pub(super) anchors: Vec<Certificate>,
    /// Somebody has decided.
    pub(super) decided: Notify,
}

/// What the service is asked.
pub(super) struct Asked<'a> {
    pub(super) question: &'a Question,
    pub(super) evidence: &'a Evidence,
    pub(super) means: &'a Means,
    pub(super) statement: &'a str,
    pub(super) now: Timestamp,
}

impl RemoteMeans {
    /// A service as configured.
    pub(super) fn new(service: &RemoteService, settings: &RemoteSigning) -> Result<Self, Fault> {
        let mut anchors = Vec::new();
        for path in &settings.trust {
            anchors.extend(anchors_in(path).map_err(Fault::RemoteTrust)?);
        }
        Ok(Self {
            remote: Remote::new(service).map_err(Fault::Remote)?,
            line: Line::new("sign"),
            settings: settings.clone(),
            calls: usize::from(service.calls),
            anchors,
            decided: Notify::new(),
        })
    }

    /// Puts the question, or asks how it stands when the service has said that it was put.
    pub(super) async fn answer(&self, app: &App, asked: &Asked<'_>) -> Result<StepUpAnswer, NoAnswer> {
        let Asked { question, evidence, means, statement, now } = asked;
        let request_id = question.request.clone();
        if let Some(response_id) = question.response.clone() {
            return self.call(app, question, "pending", &PendingRequest { request_id, response_id }).await;
        }
        let digest = Octets::new(STEP_UP_HASH.digest(statement.as_bytes()));
        let left = question.until.duration_since(*now).as_secs();
        let request = SignRequest {
            request_id,
            tenant: evidence.tenant().clone(),
            msisdn: evidence.number().clone(),
            kind: means.kind.as_str().to_owned(),
            serial_number: means.serial.clone(),
            digest_algorithm: STEP_UP_HASH,
            // Cannot fail: no digest has more octets.
            digest: digest.expect("a digest of at most 64 octets"),
            language: self.settings.language.clone(),
            message: self.settings.message.clone(),
            seconds: u32::try_from(left).unwrap_or(1).max(1),
        };
        self.call(app, question, "sign", &request).await
    }

    async fn call<B: Serialize + Sync>(
        &self,
        app: &App,
        question: &Question,
        path: &'static str,
        body: &B,
    ) -> Result<StepUpAnswer, NoAnswer> {
        // What is said about another question is no answer.
        let fits = |answer: &StepUpAnswer| match (answer, &question.response) {
            (StepUpAnswer::Pending(pending), Some(known)) => pending.response_id == *known,
            (StepUpAnswer::Pending(_) | StepUpAnswer::Signed(_) | StepUpAnswer::Refused { .. }, _) => true,
        };
        let read = |body: &[u8]| StepUpAnswer::read(body).ok().filter(fits);
        let outcome = |answer: &StepUpAnswer| match answer {
            StepUpAnswer::Pending(_) => "pending",
            StepUpAnswer::Signed(_) => "signed",
            StepUpAnswer::Refused { .. } => "refused",
        };
        self.remote.call(app, &self.line, Call { path, body, most: ANSWER_MAX, read: &read, outcome }).await
    }
}

impl StepUp for RemoteMeans {
    fn ask(&self, _: &Tx<'_>, context: &mut Command, _: &Wanted<'_>) -> Result<Option<AskedBy>, Failure> {
        Ok(Some(AskedBy::Service {
            request: StepUpId::generate(&mut context.rng),
            patience: SignedDuration::from_secs(i64::from(self.settings.person_seconds)),
        }))
    }
}
