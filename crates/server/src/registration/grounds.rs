//! Certificates follow the evidence that they were issued on: none is valid longer, and what still is when the evidence
//! ends is revoked (`docs/registration.md`, "Certificates").
//!
//! Where something happens to the evidence (it is ended, or another takes its place) the same transaction sees to it. That
//! days pass is noticed by a job.

use std::time::Duration;

use countersign_domain::account::{Account, AccountState};
use countersign_domain::registration::{
    Evidence, Means, MeansKind, RegistrationEvent, StandsOn, carries_until, day, last_moment, permitted,
    revocation_due,
};
use countersign_domain::revocation::RevocationReason;
use countersign_store::Tx;
use countersign_wire::registration::{Jurisdiction, MeansSerial};
use jiff::Timestamp;

use crate::App;
use crate::command::{Command, Failure};
use crate::device::end_account;

/// Under which law our own authority issues.
pub(crate) const LAW: Jurisdiction = Jurisdiction::Eidas;

/// Between two looks that found little. Days are what counts, so a minute is soon enough.
const PAUSE: Duration = Duration::from_secs(60);
/// Accounts in one transaction, so that requests do not wait long behind it.
const LIMIT: usize = 50;

/// Until when certificates may be valid that are issued now for an account; nothing where it stands on no evidence of
/// ours. The evidence is asked anew: it may have ended since the code was given out.
pub(crate) fn until(tx: &Tx<'_>, account: &Account, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Some(ground) = tx.grounds().of_account(&account.document)? else { return Ok(None) };
    let evidence = tx.evidence().get(&ground.evidence)?;
    let (person, holder, means) = (&account.person, &account.holder, means_of(account));
    match permitted(&evidence, person, holder, Some(&means), account.level, LAW, day(now)) {
        Ok(until) => Ok(Some(last_moment(until))),
        Err(refusal) => {
            tracing::warn!(reason = %refusal, "no certificates are issued: the evidence does not allow it");
            let expected = "evidence that allows certificates of this level";
            Err(countersign_domain::Refusal::NotPossible { expected }.into())
        }
    }
}

/// The certificates of an account were issued: they have to be looked at when the evidence carries them no more.
pub(crate) fn issued(tx: &Tx<'_>, account: &Account) -> Result<(), Failure> {
    if let Some(ground) = tx.grounds().of_account(&account.document)? {
        let evidence = tx.evidence().get(&ground.evidence)?;
        tx.grounds().save(&resting(ground, &evidence, account))?;
    }
    Ok(())
}

/// Evidence has ended. `newer` is what took its place. Accounts that the newer one carries stand on that from now on; the
/// others end.
pub(crate) fn follow(
    tx: &Tx<'_>,
    context: &mut Command,
    ended: &Evidence,
    newer: Option<&Evidence>,
) -> Result<(), Failure> {
    for ground in tx.grounds().on(ended.id())? {
        look(tx, context, ground, ended, newer)?;
    }
    Ok(())
}

/// Looks at one account: it ends, or it stands on the newer evidence, or it is looked at again later.
fn look(
    tx: &Tx<'_>,
    context: &mut Command,
    ground: StandsOn,
    evidence: &Evidence,
    newer: Option<&Evidence>,
) -> Result<(), Failure> {
    let account = match tx.accounts().find(&ground.account)? {
        // The code was never used; until its time is over it still may be, and the evidence is asked then.
        None if context.now < ground.look_at => return Ok(()),
        None => return Ok(tx.grounds().forget(&ground)?),
        // Somebody else has ended it.
        Some(account) if matches!(account.state, AccountState::Revoked { .. }) => {
            return Ok(tx.grounds().forget(&ground)?);
        }
        Some(account) => account,
    };
    match revocation_due(evidence, newer, &means_of(&account), account.level, day(context.now)) {
        Some(reason) => {
            tx.grounds().forget(&ground)?;
            end(tx, context, account, evidence, reason)
        }
        None => Ok(tx.grounds().save(&resting(ground, newer.unwrap_or(evidence), &account))?),
    }
}

fn end(
    tx: &Tx<'_>,
    context: &mut Command,
    account: Account,
    evidence: &Evidence,
    reason: RevocationReason,
) -> Result<(), Failure> {
    let certificates = tx.certificates().of_account(&account.document)?;
    let over =
        |certificate: &countersign_domain::revocation::IssuedCertificate| certificate.not_after < context.now;
    // Nothing is left to revoke where the certificates have ended with the evidence, as they were issued to.
    if account.is_active() && certificates.iter().all(over) {
        return Ok(());
    }
    let document = account.document.clone();
    context.record([RegistrationEvent::CertificatesDue {
        evidence: evidence.id().clone(),
        document,
        reason,
    }
    .into()]);
    end_account(tx, context, account, reason).map(drop)
}

/// The account rests on this evidence, to be looked at again on the day after the last one.
fn resting(ground: StandsOn, evidence: &Evidence, account: &Account) -> StandsOn {
    let last = last_moment(carries_until(evidence, account.level));
    // Not before the day is over.
    let look_at = last.checked_add(jiff::SignedDuration::from_secs(1)).unwrap_or(last);
    StandsOn { evidence: evidence.id().clone(), look_at, ..ground }
}

fn means_of(account: &Account) -> Means {
    // Cannot fail: a device's id is made of the same letters, and no longer.
    let serial = MeansSerial::parse(account.device.as_str()).expect("a device id is a serial");
    Means { kind: MeansKind::App, serial }
}

/// Runs until the application stops.
pub(crate) async fn follow_days(app: App) {
    while !app.is_stopping() {
        match app.follow_evidence().await {
            // There may be more: go on at once.
            Ok(LIMIT) => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = %error, "evidence was not followed; it will be tried again")
            }
        }
        tokio::select! {
            () = app.stopping() => {}
            () = app.clock().sleep(PAUSE) => {}
        }
    }
}

/// Accounts could not be looked at. It will be tried again.
#[derive(Debug, thiserror::Error)]
#[error("certificates do not follow their evidence: {0}")]
pub struct NotFollowed(#[source] Failure);

impl App {
    /// Looks at the accounts whose evidence may have run out: how many there were, at most 50.
    pub async fn follow_evidence(&self) -> Result<usize, NotFollowed> {
        self.execute("follow evidence", |tx, context| {
            let due = tx.grounds().due(context.now, LIMIT)?;
            let count = due.len();
            for ground in due {
                let evidence = tx.evidence().get(&ground.evidence)?;
                look(tx, context, ground, &evidence, None)?;
            }
            Ok(count)
        })
        .await
        .map_err(NotFollowed)
    }
}
