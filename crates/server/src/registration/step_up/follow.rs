//! Asks the remote service how those stand who were asked to confirm. What waits is in the store, so whoever starts next goes
//! on with it: a question is put again under its name, and one that was put is asked about.

use std::time::Duration;

use countersign_domain::registration::{
    Decided, Evidence, Means, Proof, Question, TermsTransaction, UnfitSignature, checked, ended,
};
use countersign_store::Tx;
use countersign_wire::registration::TermsError;
use countersign_wire::registration::step_up::{Pending, StepUpAnswer};
use futures_util::StreamExt;

use super::remote::{Asked, RemoteMeans};
use crate::App;
use crate::command::{Command, Failure};
use crate::registration::acceptance::accept;

/// Acceptances that are looked at in one round.
const LIMIT: usize = 1_000;

/// Somebody who was asked elsewhere.
struct Waiting {
    transaction: TermsTransaction,
    evidence: Evidence,
    decided: Decided,
    question: Question,
}

/// What is known of their answer.
enum Said {
    /// Nothing new.
    Nothing,
    /// They are asked.
    Asked(Pending),
    /// They have signed, and it was checked.
    Signed(Box<Proof>, Means),
    /// They have not, and will not.
    Ended(TermsError),
}

/// Runs until the application stops.
pub(crate) async fn follow(app: App) {
    let Some(remote) = &app.registration().step_ups.remote else { return };
    let pause = Duration::from_secs(u64::from(remote.settings.poll_seconds));
    while !app.is_stopping() {
        tokio::select! {
            () = app.stopping() => break,
            followed = app.follow_confirmations() => {
                if let Err(error) = followed {
                    tracing::error!(error = %error, "confirmations were not followed; it will be tried again");
                }
            }
        }
        tokio::select! {
            () = app.stopping() => {}
            () = remote.decided.notified() => {}
            () = app.clock().sleep(pause) => {}
        }
    }
}

/// Nobody could be looked at. It will be tried again.
#[derive(Debug, thiserror::Error)]
#[error("the store does not say who was asked: {0}")]
pub struct NotAsked(#[source] Failure);

impl App {
    /// Asks the remote service about everybody who was asked to confirm there, and writes down what it says: how many there
    /// were, at most 1000.
    pub async fn follow_confirmations(&self) -> Result<usize, NotAsked> {
        let Some(remote) = &self.registration().step_ups.remote else { return Ok(0) };
        let waiting = self.read("find who was asked elsewhere", |tx| {
            let mut waiting = Vec::new();
            for transaction in tx.terms().asked_elsewhere(LIMIT)? {
                let (Some((decided, _)), Some(question)) = (transaction.waiting(), transaction.question())
                else {
                    continue;
                };
                let (decided, question) = (decided.clone(), question.clone());
                let evidence = tx.evidence().get(transaction.evidence())?;
                waiting.push(Waiting { transaction, evidence, decided, question });
            }
            Ok(waiting)
        });
        let waiting = waiting.await.map_err(NotAsked)?;
        let count = waiting.len();
        futures_util::stream::iter(waiting)
            .for_each_concurrent(remote.calls, |waiting| async move {
                if let Err(error) = follow_one(self, remote, waiting).await {
                    tracing::error!(error = %error, "a confirmation was not followed; it will be tried again");
                }
            })
            .await;
        Ok(count)
    }
}

async fn follow_one(app: &App, remote: &RemoteMeans, waiting: Waiting) -> Result<(), Failure> {
    let Waiting { transaction, evidence, decided, question } = waiting;
    let said = if app.now() < question.until {
        ask(app, remote, &transaction, &evidence, &decided, &question).await
    } else {
        Said::Nothing
    };
    // Most answers say nothing new, and nothing is written then.
    let quiet = match &said {
        Said::Nothing => true,
        Said::Asked(pending) => !transaction.clone().asked_there(pending.clone()).1,
        Said::Signed(..) | Said::Ended(_) => false,
    };
    if quiet && transaction.clone().waited(app.now()).1.is_empty() {
        return Ok(());
    }
    app.execute("follow a confirmation", move |tx, context| settle(tx, context, &transaction, said)).await
}

async fn ask(
    app: &App,
    remote: &RemoteMeans,
    transaction: &TermsTransaction,
    evidence: &Evidence,
    decided: &Decided,
    question: &Question,
) -> Said {
    let statement = transaction.statement(decided, app.registration().terms());
    let means = &decided.means;
    let asked = Asked { question, evidence, means, statement: &statement, now: app.now() };
    match remote.answer(app, &asked).await {
        // It is in the log.
        Err(_) => Said::Nothing,
        Ok(StepUpAnswer::Pending(pending)) => Said::Asked(pending),
        Ok(StepUpAnswer::Refused { reason }) => Said::Ended(ended(reason)),
        Ok(StepUpAnswer::Signed(signed)) => {
            let request = question.request.clone();
            match checked(&signed, request, statement, evidence, means, &remote.anchors, app.now()) {
                Ok(proof) => Said::Signed(Box::new(proof), means.clone()),
                Err(fault) => {
                    let acceptance = transaction.id();
                    tracing::error!(%acceptance, reason = %fault, "a signature of the remote service does not count");
                    Said::Ended(match fault {
                        UnfitSignature::OtherMeans => TermsError::MeansUnavailable,
                        UnfitSignature::Certificate(_)
                        | UnfitSignature::Untrusted(_)
                        | UnfitSignature::NotOfAPerson
                        | UnfitSignature::OtherNames
                        | UnfitSignature::Signature(_) => TermsError::Internal,
                    })
                }
            }
        }
    }
}

/// Writes down what is known. Whatever was settled meanwhile stays as it is, so the same answer may come twice.
fn settle(tx: &Tx<'_>, context: &mut Command, asked: &TermsTransaction, said: Said) -> Result<(), Failure> {
    // Gone with the person's evidence, if it is not there.
    let Some(transaction) = tx.terms().again(asked)? else { return Ok(()) };
    let request = |transaction: &TermsTransaction| transaction.question().map(|each| each.request.clone());
    let Some((_, until)) = transaction.waiting() else { return Ok(()) };
    if request(&transaction) != request(asked) {
        return Ok(());
    }
    let (transaction, events) = match said {
        _ if context.now >= until => transaction.waited(context.now),
        Said::Nothing => transaction.waited(context.now),
        Said::Asked(pending) => transaction.asked_there(pending).0.waited(context.now),
        Said::Ended(error) => transaction.fail(error, context.now),
        Said::Signed(proof, used) => match accept(tx, context, transaction.clone(), &used, |_| *proof)? {
            Ok(_) => return Ok(()),
            Err(refusal) => {
                tracing::warn!(reason = %refusal, "an acceptance of terms was signed and does not count");
                transaction.fail(TermsError::Internal, context.now)
            }
        },
    };
    context.record(events.into_iter().map(Into::into));
    Ok(tx.terms().update(&transaction)?)
}
