//! Activation codes, for whoever may hand them out: the operator, and anybody in development.

use countersign_domain::Event;
use countersign_domain::account::Holder;
use countersign_domain::desk::{Evidence, OperatorAct};
use countersign_domain::enrolment::{ActivationCode, Delivery, Draft, issue_activation};
use countersign_domain::registration::StandsOn;
use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_wire::registration::EvidenceId;
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;

use crate::App;
use crate::command::Failure;

/// Draws of a document number. A person has a handful of accounts, and there are a million numbers.
const DRAWS: usize = 16;

/// Who is to get a code.
pub(crate) struct Order {
    pub(crate) person: SemanticsIdentifier,
    pub(crate) level: CertificateLevel,
    pub(crate) holder: Holder,
    pub(crate) delivery: Delivery,
    /// Nobody answers for it in development.
    pub(crate) on_behalf: Option<OnBehalf>,
    /// The recorded evidence that the certificates will stand on.
    pub(crate) stands_on: Option<EvidenceId>,
}

/// The operator who does something for a person.
pub(crate) struct OnBehalf {
    pub(crate) operator: String,
    pub(crate) evidence: Option<Evidence>,
}

impl OnBehalf {
    pub(crate) fn event(self, act: OperatorAct, document: &DocumentNumber) -> Event {
        Event::OperatorActed {
            operator: self.operator,
            act,
            document: document.clone(),
            evidence: self.evidence,
        }
    }
}

/// A code, to be shown once.
pub(crate) struct Issued {
    pub(crate) code: ActivationCode,
    /// Of the account to be.
    pub(crate) document: DocumentNumber,
    pub(crate) expires: Timestamp,
}

/// Makes a code for a new account, under a document number that no account has.
pub(crate) async fn issue(app: &App, order: Order) -> Result<Issued, Failure> {
    app.execute("issue an activation code", move |tx, context| {
        let Order { person, level, holder, delivery, on_behalf, stands_on } = order;
        let mut free = None;
        for _ in 0..DRAWS {
            let drawn = Draft::document_number(&person, level, &mut context.rng);
            if tx.accounts().find(&drawn)?.is_none() {
                free = Some(drawn);
                break;
            }
        }
        let document = free.ok_or_else(|| Failure::Fault("no document number is free".to_owned()))?;
        let draft = Draft { document: document.clone(), person, level, holder };
        let (code, activation, events) = issue_activation(draft, delivery, context.now, &mut context.rng);
        let act = on_behalf.map(|on_behalf| on_behalf.event(OperatorAct::IssueActivation, &document));
        context.record(act);
        context.record(events);
        tx.activations().insert(&activation)?;
        if let Some(evidence) = stands_on {
            // A code that was not used by then never is.
            let look_at = activation.expires_at();
            tx.grounds().save(&StandsOn { account: document.clone(), evidence, look_at })?;
        }
        Ok(Issued { code, document, expires: activation.expires_at() })
    })
    .await
}
