//! Terms are accepted, by whatever means: one way to write it down.

use countersign_domain::registration::{Accepted, Means, OfNumber, Proof, Refusal, TermsTransaction, day};
use countersign_store::Tx;

use super::grounds;
use crate::command::{Command, Failure};

/// Writes down that a person has confirmed with `used`. `proof` is made of the statement that they confirmed.
///
/// The refusal inside is one of the rules: nothing has changed then, and the caller says what becomes of the acceptance.
pub(crate) fn accept(
    tx: &Tx<'_>,
    context: &mut Command,
    transaction: TermsTransaction,
    used: &Means,
    proof: impl FnOnce(String) -> Proof,
) -> Result<Result<TermsTransaction, Refusal>, Failure> {
    let app = context.app.clone();
    let terms = app.registration().terms();
    let evidence = tx.evidence().get(transaction.evidence())?;
    let all = tx.evidence().of_number(evidence.tenant(), evidence.number())?;
    let in_force = OfNumber::sort(all, day(context.now)).in_force.filter(|other| other.id() != evidence.id());
    let statement = transaction.waiting().map(|(decided, _)| transaction.statement(decided, terms));
    let statement = statement.unwrap_or_default();
    match transaction.accept(evidence, in_force, used, proof(statement), terms, context.now) {
        Ok(accepted) => {
            let transaction = accepted.transaction.clone();
            save(tx, context, accepted)?;
            Ok(Ok(transaction))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Saves everything that an acceptance changes.
fn save(tx: &Tx<'_>, context: &mut Command, accepted: Accepted) -> Result<(), Failure> {
    context.record(accepted.events.into_iter().map(Into::into));
    // The one whose place is taken goes first: there is never more than one in force.
    for evidence in accepted.superseded.iter().chain(&accepted.evidence) {
        tx.evidence().update(evidence)?;
    }
    if let Some(superseded) = &accepted.superseded {
        grounds::follow(tx, context, superseded, accepted.evidence.as_ref())?;
    }
    for acceptance in &accepted.acceptances {
        tx.terms().accept(acceptance)?;
    }
    Ok(tx.terms().update(&accepted.transaction)?)
}
