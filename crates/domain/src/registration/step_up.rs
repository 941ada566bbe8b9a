//! What another service had a person sign: checked here before it counts, as it comes from somebody else.

use countersign_pki::path::{self, PathError, Purpose};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use countersign_wire::registration::StepUpId;
use countersign_wire::registration::TermsError;
use countersign_wire::registration::step_up::{Signed, StepUpAlgorithm, StepUpRefusal};
use countersign_wire::words::HashAlgorithm;
use jiff::Timestamp;

use super::evidence::Evidence;
use super::means::Means;
use super::terms::Proof;

/// What makes the digest that is signed.
pub const STEP_UP_HASH: HashAlgorithm = HashAlgorithm::Sha256;

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSignature {
    /// It was made with another copy of the means than was asked for.
    #[error("another means has signed than was asked to")]
    OtherMeans,
    /// A certificate cannot be read.
    #[error("a certificate cannot be read: {0}")]
    Certificate(#[source] countersign_pki::Error),
    /// The certificate is not trusted for signatures of people.
    #[error("the certificate is not trusted: {0}")]
    Untrusted(#[source] PathError),
    /// The certificate is an authority's, or trusted by itself.
    #[error("the certificate was not issued to a person")]
    NotOfAPerson,
    /// The certificate is another person's: the names are not those of the evidence.
    #[error("the names in the certificate are not those of the evidence")]
    OtherNames,
    /// The signature was not made over the statement with the key of the certificate.
    #[error("the signature does not verify: {0}")]
    Signature(#[source] countersign_pki::Error),
}

/// Checks a signature of `used` over the digest of `statement`, at `now`: made with the key of a certificate for
/// signatures that leads to one of `anchors` and names the person of the evidence, letter for letter. What comes back can
/// show it later.
///
/// Whether the certificate was revoked is not asked: the service that answers for the means answers for that too.
pub fn checked(
    signed: &Signed,
    request: StepUpId,
    statement: String,
    evidence: &Evidence,
    used: &Means,
    anchors: &[Certificate],
    now: Timestamp,
) -> Result<Proof, UnfitSignature> {
    if signed.serial_number != used.serial {
        return Err(UnfitSignature::OtherMeans);
    }
    let read = |der: &[u8]| Certificate::from_der(der).map_err(UnfitSignature::Certificate);
    let certificate = read(signed.certificate.as_slice())?;
    let chain = signed.chain.iter().map(|der| read(der.as_slice())).collect::<Result<Vec<_>, _>>()?;
    let path = path::validate(&certificate, &chain, anchors, now, Purpose::Signature)
        .map_err(UnfitSignature::Untrusted)?;
    if certificate.is_ca() || path.issuer().is_none() {
        return Err(UnfitSignature::NotOfAPerson);
    }
    let (holder, subject) = (evidence.holder(), certificate.subject());
    let names = (subject.given_name(), subject.surname());
    if names != (Some(holder.given_name.clone()), Some(holder.surname.clone())) {
        return Err(UnfitSignature::OtherNames);
    }
    let (algorithm, value) = (signed.signature_algorithm, signed.signature.as_slice());
    let digest = STEP_UP_HASH.digest(statement.as_bytes());
    let verified = certificate.public_key().verify_digest(with_hash(algorithm), &digest, value);
    verified.map_err(UnfitSignature::Signature)?;
    Ok(Proof::StepUp {
        request,
        statement,
        algorithm,
        hash: STEP_UP_HASH,
        value: value.to_vec(),
        certificate: certificate.as_der().to_vec(),
        path: path.certificates()[1..].iter().map(|above| above.as_der().to_vec()).collect(),
    })
}

/// The algorithm with the digest of [`STEP_UP_HASH`].
const fn with_hash(algorithm: StepUpAlgorithm) -> SignatureAlgorithm {
    match algorithm {
        StepUpAlgorithm::RsaPss => SignatureAlgorithm::RsaPss(Digest::Sha256),
        StepUpAlgorithm::RsaPkcs1 => SignatureAlgorithm::RsaPkcs1(Digest::Sha256),
        StepUpAlgorithm::Ecdsa => SignatureAlgorithm::Ecdsa(Digest::Sha256),
    }
}

/// What it means for an acceptance that another service got no signature.
pub const fn ended(reason: StepUpRefusal) -> TermsError {
    match reason {
        StepUpRefusal::SerialNumberMismatch | StepUpRefusal::Status => TermsError::MeansUnavailable,
        StepUpRefusal::Cancel => TermsError::UserCancel,
        StepUpRefusal::Timeout => TermsError::Timeout,
        StepUpRefusal::WrongCredentials => TermsError::WrongCredentials,
        StepUpRefusal::Service | StepUpRefusal::Transport => TermsError::Internal,
    }
}

#[cfg(test)]
mod tests {
    use countersign_pki::SoftwareKey;
    use countersign_pki::certificate::build::Validity;
    use countersign_pki::profile::{
        Addresses, CaProfile, Issuer, Organization, Person, Profile, Use, issue_root,
    };
    use countersign_pki::signer::{RsaSize, Signer};
    use countersign_pki::verify::Curve;
    use countersign_wire::registration::MeansSerial;
    use countersign_wire::registration::step_up::Octets;
    use jiff::SignedDuration;

    use super::super::evidence::sample as evidence;
    use super::super::means::MeansKind;
    use super::*;
    use crate::world;

    const NOW: Timestamp = evidence::NOW;
    const STATEMENT: &str = "countersign terms 1\nx\n";

    /// A root, a CA beneath it, and the key and certificate of a person with these names.
    struct Service {
        root: Certificate,
        ca: Certificate,
        key: SoftwareKey,
        certificate: Certificate,
    }

    impl Service {
        fn new(key: SoftwareKey, given_name: &str, surname: &str, usage: Use) -> Self {
            let mut rng = world::rng(5);
            let organization = Organization {
                country: "CH".into(),
                name: "TEST Means".into(),
                identifier: "VATCH-123456789".into(),
            };
            let address = |file: &str| Some(format!("http://ca.example.test/{file}"));
            let addresses =
                Addresses { ca_issuers: address("ca.crt"), ocsp: address("ocsp"), crl: address("ca.crl") };
            let from = NOW - SignedDuration::from_hours(24);
            let years = |count| Validity::years(from, count).unwrap();
            let (root_key, ca_key) = (
                SoftwareKey::generate_ec(Curve::P384).unwrap(),
                SoftwareKey::generate_ec(Curve::P384).unwrap(),
            );
            let root_profile = CaProfile::root(organization.named("TEST means root").unwrap());
            let root = issue_root(&root_profile, &root_key, years(10), &mut rng).unwrap();
            let name = organization.named("TEST means 2026").unwrap();
            let profile = CaProfile::issuing(name, "https://example.test/cps", addresses.clone());
            let issuer = Issuer::new(&root, &root_key).unwrap();
            let ca = issuer.issue_ca(&profile, ca_key.public_key(), years(9), &mut rng).unwrap();
            let person = Person {
                country: "EE".into(),
                surname: surname.into(),
                given_name: given_name.into(),
                identifier: "PNOEE-40504040001".into(),
                document_number: "PNOEE-40504040001-AAAA-Q".into(),
                date_of_birth: None,
            };
            let profile = Profile::non_qualified("https://example.test/cps", addresses);
            let issuer = Issuer::new(&ca, &ca_key).unwrap();
            let certificate =
                issuer.issue_person(&profile, &person, usage, key.public_key(), from, &mut rng).unwrap();
            Self { root, ca, key, certificate }
        }

        fn signed(&self, algorithm: StepUpAlgorithm, statement: &str) -> Signed {
            let octets = |octets: &[u8]| Octets::new(octets.to_vec()).unwrap();
            Signed {
                serial_number: MeansSerial::parse("phone-1").unwrap(),
                signature_algorithm: algorithm,
                signature: Octets::new(self.key.sign(statement.as_bytes()).unwrap()).unwrap(),
                certificate: octets(self.certificate.as_der()),
                chain: vec![octets(self.ca.as_der())],
            }
        }
    }

    fn of_the_person(key: SoftwareKey, usage: Use) -> Service {
        let holder = evidence::recorded().holder().clone();
        Service::new(key, &holder.given_name, &holder.surname, usage)
    }

    fn ec() -> SoftwareKey {
        SoftwareKey::generate_ec(Curve::P256).unwrap()
    }

    fn check(signed: &Signed, anchors: &[Certificate], now: Timestamp) -> Result<Proof, UnfitSignature> {
        let used = evidence::means(MeansKind::App, "phone-1");
        let request = StepUpId::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap();
        checked(signed, request, STATEMENT.to_owned(), &evidence::recorded(), &used, anchors, now)
    }

    #[test]
    fn a_signature_of_the_person_counts_and_can_be_checked_again() {
        let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
        let pkcs1 = rsa.with_algorithm(SignatureAlgorithm::RsaPkcs1(Digest::Sha256)).unwrap();
        for (key, algorithm) in [
            (ec(), StepUpAlgorithm::Ecdsa),
            (rsa, StepUpAlgorithm::RsaPss),
            (pkcs1, StepUpAlgorithm::RsaPkcs1),
        ] {
            let service = of_the_person(key, Use::Signature);
            let signed = service.signed(algorithm, STATEMENT);
            let proof = check(&signed, std::slice::from_ref(&service.root), NOW).unwrap();
            // As it is kept, with nothing else at hand.
            let kept: Proof = serde_json::from_str(&serde_json::to_string(&proof).unwrap()).unwrap();
            let Proof::StepUp { statement, algorithm, hash, value, certificate, path, .. } = kept else {
                panic!("another kind of proof")
            };
            let leaf = Certificate::from_der(&certificate).unwrap();
            let above: Vec<_> = path.iter().map(|der| Certificate::from_der(der).unwrap()).collect();
            assert_eq!(above, [service.ca.clone(), service.root.clone()]);
            path::validate(&leaf, &above[..1], &above[1..], NOW, Purpose::Signature).unwrap();
            let digest = hash.digest(statement.as_bytes());
            leaf.public_key().verify_digest(with_hash(algorithm), &digest, &value).unwrap();
            // The issuing CA may be trusted itself.
            assert!(check(&Signed { chain: Vec::new(), ..signed }, &[service.ca], NOW).is_ok());
        }
    }

    #[test]
    fn whatever_does_not_fit_counts_for_nothing() {
        let service = of_the_person(ec(), Use::Signature);
        let anchors = std::slice::from_ref(&service.root);
        let good = service.signed(StepUpAlgorithm::Ecdsa, STATEMENT);
        assert!(check(&good, anchors, NOW).is_ok());
        let octets = |octets: &[u8]| Octets::new(octets.to_vec()).unwrap();

        let other = service.signed(StepUpAlgorithm::Ecdsa, "countersign terms 1\ny\n");
        assert!(
            matches!(check(&other, anchors, NOW), Err(UnfitSignature::Signature(_))),
            "another statement"
        );
        for algorithm in [StepUpAlgorithm::RsaPss, StepUpAlgorithm::RsaPkcs1] {
            let wrong = Signed { signature_algorithm: algorithm, ..good.clone() };
            assert!(matches!(check(&wrong, anchors, NOW), Err(UnfitSignature::Signature(_))), "{algorithm}");
        }
        let forged = Signed {
            signature: Octets::new(ec().sign(STATEMENT.as_bytes()).unwrap()).unwrap(),
            ..good.clone()
        };
        assert!(matches!(check(&forged, anchors, NOW), Err(UnfitSignature::Signature(_))), "another key");
        let serial = MeansSerial::parse("phone-2").unwrap();
        let renamed = Signed { serial_number: serial, ..good.clone() };
        assert_eq!(check(&renamed, anchors, NOW), Err(UnfitSignature::OtherMeans));
        let broken = Signed { certificate: octets(b"0"), ..good.clone() };
        assert!(matches!(check(&broken, anchors, NOW), Err(UnfitSignature::Certificate(_))));
        let broken = Signed { chain: vec![octets(b"0")], ..good.clone() };
        assert!(matches!(check(&broken, anchors, NOW), Err(UnfitSignature::Certificate(_))));

        // Trust: no chain, no anchor, another anchor of the same name, a time outside.
        let unchained = Signed { chain: Vec::new(), ..good.clone() };
        assert!(matches!(check(&unchained, anchors, NOW), Err(UnfitSignature::Untrusted(_))));
        let stranger = of_the_person(ec(), Use::Signature);
        let of_strangers = stranger.signed(StepUpAlgorithm::Ecdsa, STATEMENT);
        assert!(matches!(check(&of_strangers, anchors, NOW), Err(UnfitSignature::Untrusted(_))));
        assert!(matches!(check(&good, &[], NOW), Err(UnfitSignature::Untrusted(_))));
        for days in [-2, 365 * 9] {
            let then = NOW + SignedDuration::from_hours(24 * days);
            assert!(matches!(check(&good, anchors, then), Err(UnfitSignature::Untrusted(_))), "{days}");
        }
        let authentication = of_the_person(ec(), Use::Authentication);
        let wrong_usage = authentication.signed(StepUpAlgorithm::Ecdsa, STATEMENT);
        let found = check(&wrong_usage, &[authentication.root], NOW);
        assert!(matches!(found, Err(UnfitSignature::Untrusted(_))), "not for signatures");
        let trusted_itself = check(&good, std::slice::from_ref(&service.certificate), NOW);
        assert_eq!(trusted_itself, Err(UnfitSignature::NotOfAPerson), "a person is no anchor");

        let holder = evidence::recorded().holder().clone();
        for (given_name, surname) in
            [("MARI", holder.surname.as_str()), (holder.given_name.as_str(), "MANNIK")]
        {
            let other = Service::new(ec(), given_name, surname, Use::Signature);
            let signed = other.signed(StepUpAlgorithm::Ecdsa, STATEMENT);
            assert_eq!(check(&signed, &[other.root], NOW), Err(UnfitSignature::OtherNames));
        }
    }

    #[test]
    fn every_reason_has_its_word_in_the_guide() {
        for (reason, error) in [
            (StepUpRefusal::SerialNumberMismatch, TermsError::MeansUnavailable),
            (StepUpRefusal::Cancel, TermsError::UserCancel),
            (StepUpRefusal::Timeout, TermsError::Timeout),
            (StepUpRefusal::WrongCredentials, TermsError::WrongCredentials),
            (StepUpRefusal::Status, TermsError::MeansUnavailable),
            (StepUpRefusal::Service, TermsError::Internal),
            (StepUpRefusal::Transport, TermsError::Internal),
        ] {
            assert_eq!(ended(reason), error);
        }
    }
}
