//! Who answers OCSP requests: for each CA a key with a short-lived certificate, followed by the next one before it ends.
//!
//! A responder's certificate lives 90 days and says that nobody need ask whether it is revoked. After 60 days there is a
//! new key with a new certificate; the one before stays as the second choice until it expires, for the case that the new
//! key cannot be used. A key in a token goes on, under its new certificate. Every certificate is in the store before it
//! answers for anything.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use countersign_domain::Event;
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::certificate::build::Validity;
use countersign_pki::ocsp::{self, Responder};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Signer, SoftwareKey};
use countersign_store::Tx;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use tokio::sync::OwnedMutexGuard;

use super::{Authorities, Ca};
use crate::App;
use crate::command::{Command, Failure};

/// Days that a responder's certificate is valid, and after which the next one is issued.
const LIFE_DAYS: u16 = 90;
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The certificates of one CA's responder that may answer: the newest and the one before.
const KEPT: usize = 2;

/// After a failed renewal nobody tries again for this long.
const TRIED_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Where the present responders are, and the place of whoever makes the next ones.
#[derive(Default)]
pub(super) struct Office {
    present: RwLock<Option<Arc<Responders>>>,
    renewing: Arc<tokio::sync::Mutex<()>>,
    /// When a renewal failed last, in evenly passing time.
    failed: Mutex<Option<SignedDuration>>,
}

impl Office {
    fn present(&self) -> Option<Arc<Responders>> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn may_try(&self, steady: SignedDuration) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_none_or(|failed| {
            !(SignedDuration::ZERO..TRIED_AGAIN_AFTER).contains(&steady.saturating_sub(failed))
        })
    }

    fn note(&self, failed: Option<SignedDuration>) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// What answers OCSP requests, with the certificates it answers under.
pub struct Responders {
    /// Raised by each change, so that answers of the ones before can be told apart.
    number: u64,
    /// For each CA, the newest first. Empty where the CA could issue none.
    delegates: Vec<Vec<Delegate>>,
    responder: Responder,
}

#[derive(Clone)]
struct Delegate {
    certificate: Certificate,
    signer: Arc<dyn Signer>,
    issued: Timestamp,
}

impl Delegate {
    fn is_fresh(&self, now: Timestamp) -> bool {
        (SignedDuration::ZERO..RENEWED_AFTER).contains(&now.duration_since(self.issued))
    }
}

impl Responders {
    /// Answers for all CAs; a [query](ocsp::Query)'s `authority` is the place in [`Authorities::cas`].
    pub fn responder(&self) -> &Responder {
        &self.responder
    }

    /// The certificates that answers are signed under, in the order of the CAs.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.delegates.iter().filter_map(|of_ca| of_ca.first()).map(|delegate| &delegate.certificate)
    }

    /// The certificates of all responders, also of those that answer only when the newest cannot, with the place of their
    /// CA and whether they are the newest; and whether their keys are in a device.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, bool, &Certificate, bool)> {
        self.delegates.iter().enumerate().flat_map(|(place, of_ca)| {
            of_ca.iter().enumerate().map(move |(age, delegate)| {
                (place, age == 0, &delegate.certificate, delegate.signer.is_remote())
            })
        })
    }

    /// Changes when other certificates answer.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether there is nothing to do: every one of so many CAs has a certificate that is valid at `now` and not old.
    fn are_fresh(&self, cas: usize, now: Timestamp) -> bool {
        let is_fresh = |of_ca: &Vec<Delegate>| {
            of_ca.first().is_some_and(|newest| newest.is_fresh(now) && newest.certificate.is_valid_at(now))
        };
        self.delegates.len() == cas && self.delegates.iter().all(is_fresh)
    }

    /// Whether any CA can be answered for at `now`.
    fn can_answer(&self, now: Timestamp) -> bool {
        self.delegates.iter().flatten().any(|delegate| delegate.certificate.is_valid_at(now))
    }
}

/// Why there are new responders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renewal {
    /// Certificates are old, or there are none yet. A CA that can issue none keeps those it has.
    Due,
    /// An operator wants other keys, for all of them or for none; those before are not used any more.
    Ordered,
}

/// Responders that are to follow.
struct Made {
    responders: Responders,
    /// What is to be written down before they answer: the new certificates.
    issued: Vec<IssuedCertificate>,
    /// CAs that could issue none, and why.
    failed: Vec<(String, countersign_pki::Error)>,
}

impl Authorities {
    /// The responders that come next. They do not answer yet.
    ///
    /// # Errors
    /// Those of the CAs' keys.
    pub fn next_responders(
        &self,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Responders, countersign_pki::Error> {
        self.make_responders(Renewal::Ordered, now, rng).map(|made| made.responders)
    }

    fn make_responders(
        &self,
        renewal: Renewal,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Made, countersign_pki::Error> {
        let (cas, before) = (self.cas(), self.responders.present());
        let (mut delegates, mut issued_now, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (place, ca) in cas.iter().enumerate() {
            let older = before.as_ref().and_then(|before| before.delegates.get(place));
            let older = older.filter(|_| renewal == Renewal::Due).map_or(&[][..], Vec::as_slice);
            let older = older.iter().filter(|each| each.certificate.is_valid_at(now)).cloned();
            let mut of_ca: Vec<Delegate> = older.collect();
            if !of_ca.first().is_some_and(|newest| newest.is_fresh(now)) {
                match delegate(ca, now, rng) {
                    Ok(next) => {
                        issued_now.push(issued(ca, &next.certificate));
                        of_ca.insert(0, next);
                    }
                    Err(error) if renewal == Renewal::Due => failed.push((ca.name.clone(), error)),
                    Err(error) => return Err(error),
                }
            }
            of_ca.truncate(KEPT);
            delegates.push(of_ca);
        }
        let answering = cas.iter().zip(&delegates).map(|(ca, of_ca)| authority(ca, of_ca));
        let responder = Responder::new(answering.collect::<Result<_, _>>()?);
        let number = before.map_or(0, |before| before.number) + 1;
        Ok(Made { responders: Responders { number, delegates, responder }, issued: issued_now, failed })
    }
}

/// The next certificate of a CA's responder. A key in memory is a new one each time, also after a start: one that was given
/// up must not come back. One in a device goes on until the operator names another.
fn delegate(ca: &Ca, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Delegate, countersign_pki::Error> {
    let signer: Arc<dyn Signer> = if ca.responder_key.is_remote() {
        Arc::clone(&ca.responder_key)
    } else {
        Arc::new(SoftwareKey::generate_ec(Curve::P256)?)
    };
    let validity = Validity::days(ca.backdated(now), LIFE_DAYS)?;
    let certificate =
        ca.issuer()?.issue_ocsp_responder(ca.responder_name()?, signer.public_key(), validity, rng)?;
    Ok(Delegate { certificate, signer, issued: now })
}

fn authority(ca: &Ca, of_ca: &[Delegate]) -> Result<ocsp::Authority, countersign_pki::Error> {
    of_ca.iter().try_fold(ocsp::Authority::without_key(&ca.certificate), |answering, next| {
        answering.or(&ca.certificate, &next.certificate, Arc::clone(&next.signer))
    })
}

/// The responders at this moment. The first call makes them. When the time of some has come, the next ones are made aside and
/// put into the store first; until then, and where that fails, those before go on as long as their certificates are valid,
/// and nobody waits for anybody's key.
pub(crate) async fn responders(app: &App, authorities: &Authorities) -> Result<Arc<Responders>, Failure> {
    let (office, now) = (&authorities.responders, app.now());
    let present = office.present();
    if let Some(present) = &present
        && present.are_fresh(authorities.count(), now)
    {
        return Ok(Arc::clone(present));
    }
    let inner = app.clone();
    if let Some(usable) = present.filter(|present| present.can_answer(now)) {
        if office.may_try(app.clock().steady())
            && let Ok(only_one) = Arc::clone(&office.renewing).try_lock_owned()
        {
            // On its own: whoever asked has their answer. What it finds is in the log.
            drop(tokio::spawn(async move { change(&inner, only_one, Renewal::Due, nothing).await }));
        }
        return Ok(usable);
    }
    // On its own as well: whoever asked may go away, and others wait for the same.
    let making = tokio::spawn(async move {
        let office = &inner.authorities().ok_or_else(no_authority)?.responders;
        let only_one = Arc::clone(&office.renewing).lock_owned().await;
        if !office.may_try(inner.clock().steady()) {
            return Err(Failure::Fault("the last try to make OCSP responders has just failed".to_owned()));
        }
        change(&inner, only_one, Renewal::Due, nothing).await
    });
    making.await.map_err(|error| Failure::Fault(error.to_string()))?
}

/// Makes the responders whose time has come, writes their certificates down and lets them answer.
pub(crate) async fn renew(app: &App) -> Result<Arc<Responders>, Failure> {
    let office = &app.authorities().ok_or_else(no_authority)?.responders;
    let only_one = Arc::clone(&office.renewing).lock_owned().await;
    change(app, only_one, Renewal::Due, nothing).await
}

/// What is done beside a renewal that nobody ordered.
fn nothing(_: &Tx<'_>, _: &Command, _: &[IssuedCertificate]) -> Result<(), Failure> {
    Ok(())
}

/// New keys and certificates for every responder; those before are not used any more. `also` is done in the transaction that
/// writes the certificates down.
pub(crate) async fn replace(
    app: &App,
    also: impl FnOnce(&Tx<'_>, &Command, &[IssuedCertificate]) -> Result<(), Failure> + Send + 'static,
) -> Result<Arc<Responders>, Failure> {
    let office = &app.authorities().ok_or_else(no_authority)?.responders;
    let only_one = Arc::clone(&office.renewing).lock_owned().await;
    change(app, only_one, Renewal::Ordered, also).await
}

async fn change(
    app: &App,
    _only_one: OwnedMutexGuard<()>,
    renewal: Renewal,
    also: impl FnOnce(&Tx<'_>, &Command, &[IssuedCertificate]) -> Result<(), Failure> + Send + 'static,
) -> Result<Arc<Responders>, Failure> {
    let authorities = app.authorities().ok_or_else(no_authority)?;
    let office = &authorities.responders;
    if renewal == Renewal::Due
        && let Some(present) = office.present()
        && present.are_fresh(authorities.count(), app.now())
    {
        return Ok(present);
    }
    let begun = app.clock().steady();
    match make(app, renewal, also).await {
        Ok((made, failed)) => {
            office.note((!failed.is_empty()).then_some(begun));
            for (ca, error) in failed {
                tracing::error!(ca, error = %error, "no new certificate for the CA's OCSP responder; it will be tried again");
            }
            *office.present.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
            Ok(made)
        }
        Err(failure) => {
            office.note(Some(begun));
            tracing::error!(error = %failure, "no new OCSP responders; it will be tried again");
            Err(failure)
        }
    }
}

/// What was made and written down, and the CAs that could issue nothing.
async fn make(
    app: &App,
    renewal: Renewal,
    also: impl FnOnce(&Tx<'_>, &Command, &[IssuedCertificate]) -> Result<(), Failure> + Send + 'static,
) -> Result<(Arc<Responders>, Vec<(String, countersign_pki::Error)>), Failure> {
    let (inner, now) = (app.clone(), app.now());
    let making = move || {
        let authorities = inner.authorities().ok_or_else(no_authority)?;
        let made = authorities.make_responders(renewal, now, &mut inner.randomness());
        made.map_err(|error| Failure::Fault(error.to_string()))
    };
    // A CA's key may be in a device.
    let Made { responders, issued, failed } = app.device_work().run(making).await??;
    if issued.is_empty() && !failed.is_empty() {
        let names: Vec<_> = failed.iter().map(|(ca, error)| format!("{ca}: {error}")).collect();
        return Err(Failure::Fault(names.join("; ")));
    }
    app.execute("write down responders", move |tx, context| {
        for certificate in &issued {
            tx.certificates().insert(certificate)?;
            context.record([Event::CertificateIssued {
                issuer: certificate.issuer.clone(),
                serial: certificate.serial_hex(),
                document: None,
            }]);
        }
        also(tx, context, &issued)
    })
    .await?;
    Ok((Arc::new(responders), failed))
}

fn no_authority() -> Failure {
    Failure::Fault("there is no authority".to_owned())
}

/// A certificate of the authority's own, as the store remembers it.
pub(crate) fn issued(ca: &Ca, certificate: &Certificate) -> IssuedCertificate {
    IssuedCertificate {
        issuer: ca.name().to_owned(),
        serial: certificate.serial().magnitude().to_vec(),
        account: None,
        der: certificate.as_der().to_vec(),
        not_after: certificate.not_after(),
        status: CertificateStatus::Good,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::Duration;

    use countersign_pki::{PublicKey, SignatureAlgorithm};
    use countersign_store::Listing;

    use super::super::dev;
    use super::*;
    use crate::clock::{Clock, Wait};
    use crate::{Config, Keys, Randomness};

    /// A CA's key that can be away.
    struct Shaky {
        key: Arc<dyn Signer>,
        is_away: AtomicBool,
        tries: AtomicUsize,
    }

    impl Signer for Shaky {
        fn public_key(&self) -> &PublicKey {
            self.key.public_key()
        }

        fn algorithm(&self) -> SignatureAlgorithm {
            self.key.algorithm()
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, countersign_pki::Error> {
            self.tries.fetch_add(1, Ordering::SeqCst);
            if self.is_away.load(Ordering::SeqCst) {
                return Err(countersign_pki::Error::KeyDevice { key: "test".into(), reason: "away".into() });
            }
            self.key.sign(message)
        }
    }

    /// A clock that stands still.
    struct Still(Mutex<Timestamp>);

    impl Still {
        fn advance(&self, by: SignedDuration) {
            let mut now = self.0.lock().unwrap();
            *now += by;
        }
    }

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }

        fn reached(&self, _: Timestamp) -> Wait<'_> {
            Box::pin(std::future::pending())
        }

        fn sleep(&self, _: Duration) -> Wait<'_> {
            Box::pin(std::future::pending())
        }
    }

    /// A service one of whose CAs has a key that can be away.
    fn app() -> (App, Arc<Still>, Arc<Shaky>) {
        let authorities = dev::authorities().unwrap();
        let mut cas = authorities.cas().to_vec();
        let old = &cas[2];
        let key = Arc::new(Shaky {
            key: Arc::clone(&old.signer),
            is_away: AtomicBool::new(false),
            tries: AtomicUsize::new(0),
        });
        cas[2] = Arc::new(Ca {
            name: old.name.clone(),
            level: old.level,
            certificate: old.certificate.clone(),
            signer: key.clone(),
            profile: old.profile.clone(),
            responder_key: Arc::clone(&old.responder_key),
        });
        *authorities.cas.write().unwrap() = cas.into();
        let begun = authorities.root().certificate().not_before() + SignedDuration::from_hours(48);
        let clock = Arc::new(Still(Mutex::new(begun)));
        let app = App::builder(Config::dev())
            .clock(clock.clone())
            .keys(Keys::generate(&mut Randomness::system()).unwrap())
            .authorities(authorities)
            .build()
            .unwrap();
        (app, clock, key)
    }

    async fn present(app: &App) -> Result<Arc<Responders>, Failure> {
        responders(app, app.authorities().unwrap()).await
    }

    /// The responders once nobody works on others any more.
    async fn settled(app: &App) -> Arc<Responders> {
        present(app).await.unwrap();
        drop(app.authorities().unwrap().responders.renewing.lock().await);
        present(app).await.unwrap()
    }

    #[tokio::test]
    async fn a_renewal_that_fails_holds_up_nobody_and_is_tried_now_and_then() {
        let (app, clock, key) = app();
        let first = present(&app).await.unwrap();
        clock.advance(RENEWED_AFTER);
        key.is_away.store(true, Ordering::SeqCst);
        let before = key.tries.load(Ordering::SeqCst);
        // Everybody hears at once from those before.
        let asked = futures_util::future::join_all((0..100).map(|_| present(&app))).await;
        assert!(asked.into_iter().all(|answer| Arc::ptr_eq(&answer.unwrap(), &first)));
        let second = settled(&app).await;
        let newest = |all: &Responders, place: usize| all.delegates[place][0].certificate.clone();
        assert_ne!(newest(&second, 1), newest(&first, 1));
        assert_eq!(newest(&second, 2), newest(&first, 2));
        for _ in 0..100 {
            settled(&app).await;
        }
        assert_eq!(key.tries.load(Ordering::SeqCst), before + 1);
        clock.advance(TRIED_AGAIN_AFTER);
        settled(&app).await;
        assert_eq!(key.tries.load(Ordering::SeqCst), before + 2);
        // The others have theirs: nothing is issued to them a second time.
        let again = settled(&app).await;
        assert_eq!(newest(&again, 1), newest(&second, 1));

        key.is_away.store(false, Ordering::SeqCst);
        clock.advance(TRIED_AGAIN_AFTER);
        let third = settled(&app).await;
        assert_ne!(newest(&third, 2), newest(&first, 2));
        assert_eq!(newest(&third, 1), newest(&second, 1));
        assert_eq!(third.delegates[2].len(), KEPT);
    }

    #[tokio::test]
    async fn a_ca_that_cannot_issue_from_the_beginning_leaves_the_others_their_responders() {
        let (app, clock, key) = app();
        key.is_away.store(true, Ordering::SeqCst);
        let first = present(&app).await.unwrap();
        let sizes: Vec<_> = first.delegates.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 1, 0]);
        // An operator's order is carried out for all or for none.
        assert!(replace(&app, nothing).await.is_err());
        let again = settled(&app).await;
        assert_eq!(newest_of(&again), newest_of(&first));
        key.is_away.store(false, Ordering::SeqCst);
        clock.advance(TRIED_AGAIN_AFTER);
        let again = settled(&app).await;
        assert_eq!(again.certificates().count(), 3);
        let ordered = replace(&app, nothing).await.unwrap();
        assert!(newest_of(&ordered).iter().all(|each| !newest_of(&first).contains(each)));
    }

    fn newest_of(all: &Responders) -> Vec<Certificate> {
        all.certificates().cloned().collect()
    }

    #[tokio::test]
    async fn what_is_done_beside_an_order_is_done_with_it_or_not_at_all() {
        let (app, _, _) = app();
        let first = present(&app).await.unwrap();
        let refused = replace(&app, |_, _, _| Err(Failure::Fault("the log is full".to_owned()))).await;
        assert!(matches!(refused, Err(Failure::Fault(_))));
        let again = present(&app).await.unwrap();
        assert_eq!(newest_of(&again), newest_of(&first));
        let of_root = Listing { issuer: Some("root".to_owned()), ..Listing::default() };
        let written = app.store().read("responders", move |tx| tx.certificates().page(&of_root, 9)).await;
        assert_eq!(written.unwrap().len(), 1);
    }
}
