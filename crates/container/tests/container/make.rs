//! Containers made the way a program makes them, and signatures taken apart to be forged.

use countersign_container::{
    Container, FileName, Level, Method, Need, SignatureId, SignatureRequest, SignatureTemplate,
    SignedSignature,
};
use countersign_pki::Signer as _;
use countersign_pki::SoftwareKey;
use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::Certificate;
use countersign_pki::tsp::TimeStampToken;
use jiff::Timestamp;

use crate::world::{WORLD, noon, seconds, xml_signature};

pub(crate) const FILES: [(&str, &str, &[u8]); 2] = [
    ("Leping õäöü.txt", "text/plain", b"Kakskummend eurot\n"),
    ("lisa/2+2.bin", "application/octet-stream", b"\0\x01\xff"),
];

/// A container with [`FILES`] and no signature.
pub(crate) fn unsigned() -> Container {
    let mut container = Container::new();
    for (name, media_type, content) in FILES {
        let name = FileName::parse(name).unwrap();
        container.add_data_file(name, media_type, content, Method::Deflated, noon()).unwrap();
    }
    container
}

pub(crate) fn request(
    container: &Container,
    certificate: &Certificate,
    key: &SoftwareKey,
) -> SignatureRequest {
    SignatureRequest {
        id: SignatureId::default(),
        data_files: container.data_file_digests(Digest::Sha256).unwrap(),
        certificate: certificate.clone(),
        digest: Digest::Sha256,
        algorithm: key.algorithm(),
        signing_time: noon(),
        production_place: None,
        claimed_roles: Vec::new(),
    }
}

/// A signature over the container's files, brought to a level through its needs.
pub(crate) fn sign(
    container: &Container,
    certificate: &Certificate,
    key: &SoftwareKey,
    level: Level,
) -> SignedSignature {
    let template = SignatureTemplate::new(&request(container, certificate, key)).unwrap();
    let template = SignatureTemplate::from_bytes(&template.to_bytes()).unwrap();
    let mut signature = template.finish(&xml_signature(key, template.dtbs())).unwrap();
    extend(container, &mut signature, level);
    signature
}

pub(crate) fn authorities() -> [Certificate; 3] {
    [WORLD.ca.clone(), WORLD.root.clone(), WORLD.tsa_root.clone()]
}

pub(crate) fn time_stamp(digest: Digest, imprint: &[u8], at: Timestamp) -> TimeStampToken {
    let mut spec = crate::world::TimeStampSpec::new(b"", at);
    spec.info.imprint = countersign_pki::tsp::MessageImprint::new(digest, imprint).unwrap();
    TimeStampToken::from_der(&spec.sign()).unwrap()
}

/// Brings a signature to a level; the whole takes ten seconds from noon on.
pub(crate) fn extend(container: &Container, signature: &mut SignedSignature, level: Level) {
    extend_at(container, signature, noon(), |signature, authorities| signature.needs(level, authorities));
}

/// One more archive time-stamp.
pub(crate) fn renew(container: &Container, signature: &mut SignedSignature, from: Timestamp) {
    let count = signature.archive_times().count();
    extend_at(container, signature, from, |signature, authorities| {
        let done = signature.archive_times().count() > count;
        if done { Vec::new() } else { signature.renewal_needs(authorities) }
    });
}

fn extend_at(
    container: &Container,
    signature: &mut SignedSignature,
    from: Timestamp,
    needs: impl Fn(&SignedSignature, &[Certificate]) -> Vec<Need>,
) {
    let authorities = authorities();
    loop {
        let needs = needs(signature, &authorities);
        if needs.is_empty() {
            break;
        }
        let mut responses = Vec::new();
        for need in needs {
            match need {
                Need::TimeStamp { digest, imprint } => {
                    let token = time_stamp(digest, &imprint, from + seconds(1));
                    signature.add_timestamp(&token).unwrap();
                }
                Need::Ocsp { certificate, issuer, required, .. } => {
                    if let Some(response) = WORLD.status(&certificate, &issuer, from + seconds(2)) {
                        responses.push(response);
                    } else {
                        assert!(!required, "the signer's CA has a responder");
                        signature.pass_over(&certificate);
                    }
                }
                Need::ArchiveTimeStamp { digest, input } => {
                    let imprint = container.archive_imprint(&input, digest).unwrap();
                    let token = time_stamp(digest, &imprint, from + seconds(3));
                    signature.add_archive_timestamp(&token, &input, &imprint).unwrap();
                }
                Need::Issuer { .. } => panic!("the issuer was given"),
            }
        }
        if !responses.is_empty() {
            signature.add_validation_data(&authorities, &responses, from + seconds(5)).unwrap();
        }
        // Stored and taken up again, as a service does between two answers.
        let stored = serde_json::to_string(signature).unwrap();
        assert_eq!(serde_json::from_str::<SignedSignature>(&stored).unwrap(), *signature);
    }
}

/// A container with one signature of this level by the RSA signer.
pub(crate) fn signed(level: Level) -> Container {
    let mut container = unsigned();
    let signature = sign(&container, &WORLD.signer, &WORLD.signer_key, level);
    container.add_signature(&signature, noon()).unwrap();
    container
}
