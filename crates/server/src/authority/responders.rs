//! Who answers OCSP requests: for each CA a key with a short-lived certificate, followed by the next one before it ends.
//!
//! A responder's certificate lives 90 days and says that nobody need ask whether it is revoked. After 60 days there is a
//! new key with a new certificate; the one before stays as the second choice until it expires, for the case that the new
//! key cannot be used. A key in a token goes on, under its new certificate. Every certificate is in the store before it
//! answers for anything.

use std::sync::{Arc, PoisonError, RwLock};

use countersign_domain::Event;
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::certificate::build::Validity;
use countersign_pki::ocsp::{self, Responder};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Signer, SoftwareKey};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use super::{Authorities, Ca};
use crate::App;
use crate::command::Failure;

/// Days that a responder's certificate is valid, and after which the next one is issued.
const LIFE_DAYS: u16 = 90;
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The certificates of one CA's responder that may answer: the newest and the one before.
const KEPT: usize = 2;

/// Where the present responders are, and the place of whoever makes the next ones.
#[derive(Default)]
pub(super) struct Office {
    present: RwLock<Option<Arc<Responders>>>,
    renewing: tokio::sync::Mutex<()>,
}

/// What answers OCSP requests, with the certificates it answers under.
pub struct Responders {
    /// Raised by each change, so that answers of the ones before can be told apart.
    number: u64,
    issued: Timestamp,
    /// For each CA, the newest first.
    delegates: Vec<Vec<Delegate>>,
    responder: Responder,
}

#[derive(Clone)]
struct Delegate {
    certificate: Certificate,
    signer: Arc<dyn Signer>,
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

    /// Whether every CA has a certificate that is valid at `now`.
    fn answer_for(&self, cas: usize, now: Timestamp) -> bool {
        let valid = |of_ca: &Vec<Delegate>| of_ca.iter().any(|each| each.certificate.is_valid_at(now));
        self.delegates.len() == cas && self.delegates.iter().all(valid)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        (SignedDuration::ZERO..RENEWED_AFTER).contains(&now.duration_since(self.issued))
    }
}

/// Why there are new responders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The certificates are old, or there are none yet.
    Due,
    /// An operator wants other keys; those before are not used any more.
    Ordered,
}

impl Authorities {
    /// The responders that answer at `now`, if there are such.
    pub(crate) fn present_responders(&self, now: Timestamp) -> Option<Arc<Responders>> {
        let present = self.responders.present.read().unwrap_or_else(PoisonError::into_inner).clone();
        let cas = self.cas.read().unwrap_or_else(PoisonError::into_inner).len();
        present.filter(|present| present.is_fresh(now) && present.answer_for(cas, now))
    }

    /// The responders that come next. They do not answer yet.
    ///
    /// # Errors
    /// Those of the CAs' keys.
    pub fn next_responders(
        &self,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Responders, countersign_pki::Error> {
        self.make_responders(Renewal::Due, now, rng)
    }

    fn make_responders(
        &self,
        renewal: Renewal,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Responders, countersign_pki::Error> {
        let before = self.responders.present.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut delegates = Vec::new();
        for (place, ca) in self.cas().iter().enumerate() {
            let older = before.as_ref().and_then(|before| before.delegates.get(place));
            let older = older.map_or(&[][..], Vec::as_slice);
            let mut of_ca = vec![delegate(ca, now, rng)?];
            if renewal == Renewal::Due {
                let valid = older.iter().filter(|each| each.certificate.is_valid_at(now));
                of_ca.extend(valid.take(KEPT - 1).cloned());
            }
            delegates.push(of_ca);
        }
        let cas = self.cas();
        let answering = cas.iter().zip(&delegates).map(|(ca, of_ca)| authority(ca, of_ca));
        let responder = Responder::new(answering.collect::<Result<_, _>>()?);
        Ok(Responders {
            number: before.map_or(0, |before| before.number) + 1,
            issued: now,
            responder,
            delegates,
        })
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
    Ok(Delegate { certificate, signer })
}

fn authority(ca: &Ca, of_ca: &[Delegate]) -> Result<ocsp::Authority, countersign_pki::Error> {
    let mut all = of_ca.iter();
    let first = all.next().ok_or(countersign_pki::Error::Missing { what: "responder" })?;
    let answering = ocsp::Authority::new(&ca.certificate, &first.certificate, Arc::clone(&first.signer))?;
    all.try_fold(answering, |answering, next| {
        answering.or(&ca.certificate, &next.certificate, Arc::clone(&next.signer))
    })
}

/// The responders at this moment. The first call makes them; when their time has come, the next ones are made and put
/// into the store first. Where that fails, those before go on as long as their certificates are valid.
pub(crate) async fn responders(app: &App, authorities: &Authorities) -> Result<Arc<Responders>, Failure> {
    let now = app.now();
    if let Some(present) = authorities.present_responders(now) {
        return Ok(present);
    }
    match renew(app, Renewal::Due).await {
        Ok(next) => Ok(next),
        Err(failure) => {
            let present =
                authorities.responders.present.read().unwrap_or_else(PoisonError::into_inner).clone();
            let usable = present.filter(|present| present.answer_for(authorities.cas().len(), now));
            let Some(usable) = usable else { return Err(failure) };
            tracing::error!(error = %failure, "no new certificate for the OCSP responders; the old ones go on");
            Ok(usable)
        }
    }
}

/// Makes the next responders, writes their certificates down and lets them answer.
pub(crate) async fn renew(app: &App, renewal: Renewal) -> Result<Arc<Responders>, Failure> {
    let none = || Failure::Fault("there is no authority".to_owned());
    let authorities = app.authorities().ok_or_else(none)?;
    let _only_one = authorities.responders.renewing.lock().await;
    if renewal == Renewal::Due
        && let Some(present) = authorities.present_responders(app.now())
    {
        return Ok(present);
    }
    let (inner, now) = (app.clone(), app.now());
    let made = app
        .compute()
        .run(move || {
            let authorities = inner.authorities().ok_or_else(none)?;
            authorities
                .make_responders(renewal, now, &mut inner.randomness())
                .map_err(|error| Failure::Fault(error.to_string()))
        })
        .await??;
    let cas = authorities.cas();
    let certificates: Vec<_> =
        cas.iter().zip(made.certificates()).map(|(ca, certificate)| issued(ca, certificate)).collect();
    app.execute("write down responders", move |tx, context| {
        for certificate in certificates {
            tx.certificates().insert(&certificate)?;
            context.record([Event::CertificateIssued {
                issuer: certificate.issuer.clone(),
                serial: certificate.serial_hex(),
                document: None,
            }]);
        }
        Ok::<_, Failure>(())
    })
    .await?;
    let made = Arc::new(made);
    *authorities.responders.present.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
    Ok(made)
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
