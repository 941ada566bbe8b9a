//! A new issuing CA takes over: new key, new certificate, new name. The one before issues nothing any more and goes on
//! answering for what it issued.

use std::sync::{Arc, PoisonError};

use countersign_domain::authority::{IssuingCa, successor_name, successor_subject};
use countersign_domain::custody::Custody;
use countersign_pki::Certificate;
use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::{CaProfile, Issuer};
use countersign_pki::verify::Curve;
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;
use rand_core::CryptoRng;

use super::{Authorities, Ca, Error, ROOT};

/// Years that an issuing CA's certificate is valid; it ends with the root's at the latest.
const YEARS: u8 = 15;

impl Authorities {
    /// Makes the CA that is to follow the one that issues at `level`. It is nowhere yet: write it down, then
    /// [`take_in`](Self::take_in).
    pub(crate) fn successor(
        &self,
        level: CertificateLevel,
        custody: &Custody,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<IssuingCa, Error> {
        let current = self.issuing(level);
        let name = successor_name(current.name());
        let failed = |reason: String| Error::Successor { name: name.clone(), reason };
        let subject = successor_subject(current.certificate.subject(), now)
            .ok_or_else(|| failed("the one before has no common name".to_owned()))?;
        let (key, signer) = self.homes.make(&name, Curve::P384, custody, rng)?;
        let (responder_key, _) = self.homes.make(&format!("{name}-ocsp"), Curve::P256, custody, rng)?;
        let profile = CaProfile::issuing(subject, &self.places.cps, self.places.addresses(ROOT));
        let root = self.root();
        let certificate = Validity::years(self.root().backdated(now), YEARS)
            .and_then(|validity| {
                let not_after = validity.not_after.min(root.certificate.not_after());
                let validity = Validity { not_after, ..validity };
                root.issuer()?.issue_ca(&profile, signer.public_key(), validity, rng)
            })
            .map_err(|error| failed(error.to_string()))?;
        let certificate = certificate.as_der().to_vec();
        Ok(IssuingCa { name, level, certificate, key, responder_key, since: now })
    }

    /// Lets a CA that was written down take over. One that is there already stays as it is.
    pub(crate) fn take_in(&self, taken: &IssuingCa, custody: &Custody) -> Result<(), Error> {
        let failed = |error: countersign_pki::Error| Error::Successor {
            name: taken.name.clone(),
            reason: error.to_string(),
        };
        if self.cas().iter().any(|ca| ca.name() == taken.name) {
            return Ok(());
        }
        let certificate = Certificate::from_der(&taken.certificate).map_err(failed)?;
        certificate.is_signed_by(self.root().certificate()).map_err(failed)?;
        let signer = self.homes.find(&taken.name, &taken.key, custody)?;
        Issuer::new(&certificate, signer.as_ref()).map_err(failed)?;
        let responder_key =
            self.homes.find(&format!("{}-ocsp", taken.name), &taken.responder_key, custody)?;
        let ca = Arc::new(Ca {
            profile: Some(self.places.profile(&taken.name, taken.level)),
            name: taken.name.clone(),
            level: Some(taken.level),
            certificate,
            signer,
            responder_key,
        });
        let mut cas = self.cas.write().unwrap_or_else(PoisonError::into_inner);
        *cas = cas.iter().cloned().chain([ca]).collect();
        Ok(())
    }
}
