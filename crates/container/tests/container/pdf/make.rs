//! Signatures in documents, by the keys of the test world.

use countersign_container::pades::{PdfLimits, PdfSignatureRequest, SignedPdf, prepare};
use countersign_container::validate::validate_bytes;
use countersign_container::{Level, Limits, Need, Policy, Report};
use countersign_pki::tsp::{MessageImprint, TimeStampToken};
use countersign_pki::{Certificate, Signer as _, SoftwareKey};
use jiff::Timestamp;

use crate::world::{TimeStampSpec, WORLD, noon, seconds};

pub(crate) fn request(certificate: &Certificate, key: &SoftwareKey, at: Timestamp) -> PdfSignatureRequest {
    PdfSignatureRequest {
        authorities: vec![WORLD.ca.clone()],
        ..PdfSignatureRequest::new(certificate.clone(), key.algorithm(), at)
    }
}

/// Signs and brings to a level; time-stamp and OCSP response one second later each.
pub(crate) fn sign(file: &[u8], request: &PdfSignatureRequest, key: &SoftwareKey, level: Level) -> Vec<u8> {
    let prepared = prepare(file, request, &PdfLimits::default()).unwrap();
    let value = key.sign(prepared.dtbs()).unwrap();
    let mut signed = prepared.finish(&value).unwrap();
    extend(&mut signed, level, request.signing_time + seconds(1));
    signed.into_bytes()
}

pub(crate) fn signed(file: &[u8], level: Level) -> Vec<u8> {
    let request = request(&WORLD.signer, &WORLD.signer_key, noon());
    sign(file, &request, &WORLD.signer_key, level)
}

/// Answers what is needed for a level.
pub(crate) fn extend(signed: &mut SignedPdf, level: Level, at: Timestamp) {
    let mut at = at;
    for _ in 0..8 {
        let needs =
            signed.needs(level, &[WORLD.ca.clone(), WORLD.root.clone(), WORLD.tsa_root.clone()]).unwrap();
        if needs.is_empty() {
            assert!(signed.level() >= level, "{:?}", signed.level());
            return;
        }
        answer(signed, needs, at);
        at += seconds(1);
    }
    panic!("{level:?} is not reached");
}

pub(crate) fn answer(signed: &mut SignedPdf, needs: Vec<Need>, at: Timestamp) {
    let authorities = [WORLD.ca.clone(), WORLD.root.clone(), WORLD.tsa_root.clone()];
    let mut responses = Vec::new();
    for need in needs {
        match need {
            Need::TimeStamp { digest, imprint } => {
                let mut spec = TimeStampSpec::new(b"", at);
                spec.info.imprint = MessageImprint::new(digest, &imprint).unwrap();
                signed.add_timestamp(&TimeStampToken::from_der(&spec.sign()).unwrap()).unwrap();
            }
            Need::Ocsp { certificate, required: true, .. } => responses.push(WORLD.ocsp(&certificate, at)),
            Need::Ocsp { certificate, .. } => signed.pass_over(&certificate),
            other => panic!("{other:?}"),
        }
    }
    if !responses.is_empty() {
        signed.add_validation_data(&authorities, &responses, &[], at).unwrap();
    }
}

pub(crate) fn check(file: &[u8], level: Level) -> Report {
    let policy = Policy { required_level: level, ..Policy::default() };
    let now = noon() + seconds(3600);
    validate_bytes(file, Some("contract.pdf"), &Limits::default(), &WORLD.anchors(), now, &policy)
}
