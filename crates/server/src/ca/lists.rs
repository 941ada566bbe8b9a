//! Revocation lists, made when they are asked for and kept until something is revoked or they grow old.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::crl::{NewCrl, Reason, RevokedCertificate};
use countersign_pki::{Error as PkiError, SerialNumber};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::App;
use crate::authority::Ca;

/// How long others may keep a list before asking again, in seconds.
pub(super) const MAX_AGE_SECONDS: u32 = 300;

/// From thisUpdate to nextUpdate.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// A list older than this is replaced by a new one even if nothing was revoked, so that lists overlap.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// Why there is no list.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// The newest list of each CA.
#[derive(Default)]
pub(crate) struct RevocationLists(Mutex<HashMap<&'static str, Kept>>);

struct Kept {
    made: Timestamp,
    /// What it names: serial numbers and when each was revoked.
    names: Vec<(Vec<u8>, Timestamp)>,
    der: Vec<u8>,
}

impl RevocationLists {
    /// The list as of now. Making one takes the next CRLNumber, on disk before the list is seen.
    pub(crate) async fn current(&self, app: &App, ca: &Ca) -> Result<Vec<u8>, Error> {
        let (now, issuer) = (app.now(), ca.name());
        let revoked: Vec<IssuedCertificate> =
            app.store().read("crl", move |tx| tx.certificates().revoked(issuer, now)).await?;
        let names: Vec<_> =
            revoked.iter().filter_map(|each| Some((each.serial.clone(), revoked_at(each)?.0))).collect();
        if let Some(kept) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(issuer)
            && kept.names == names
            && (SignedDuration::ZERO..RENEWED_AFTER).contains(&now.duration_since(kept.made))
        {
            return Ok(kept.der.clone());
        }
        let number =
            app.store().write("crl number", move |tx| tx.counters().next(&format!("crl/{issuer}"))).await?;
        let entries = revoked.iter().filter_map(entry).collect::<Result<_, PkiError>>()?;
        let list = NewCrl {
            number,
            this_update: now,
            next_update: now.saturating_add(LIFE).unwrap_or(now),
            expired_certs_on_crl: None,
            revoked: entries,
        };
        let der = list.sign(ca.certificate(), ca.signer())?;
        let kept = Kept { made: now, names, der: der.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(issuer, kept);
        Ok(der)
    }
}

fn revoked_at(certificate: &IssuedCertificate) -> Option<(Timestamp, Reason)> {
    match certificate.status {
        CertificateStatus::Good => None,
        CertificateStatus::Revoked { at, reason } => {
            Some((at, Reason::from_code(reason.code()).unwrap_or(Reason::Unspecified)))
        }
    }
}

fn entry(certificate: &IssuedCertificate) -> Option<Result<RevokedCertificate, PkiError>> {
    let (revoked_at, reason) = revoked_at(certificate)?;
    Some(SerialNumber::from_unsigned(&certificate.serial).map(|serial| RevokedCertificate {
        serial,
        revoked_at,
        reason,
        invalidity_date: None,
    }))
}
