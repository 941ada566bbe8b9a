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
    extend(&mut signature, level);
    signature
}

pub(crate) fn extend(signature: &mut SignedSignature, level: Level) {
    let authorities = [WORLD.ca.clone(), WORLD.root.clone(), WORLD.tsa_root.clone()];
    loop {
        let needs = signature.needs(level, &authorities);
        if needs.is_empty() {
            break;
        }
        for need in needs {
            match need {
                Need::TimeStamp { digest, imprint } => {
                    let mut spec = crate::world::TimeStampSpec::new(b"", noon() + seconds(1));
                    spec.info.imprint = countersign_pki::tsp::MessageImprint::new(digest, &imprint).unwrap();
                    let token = TimeStampToken::from_der(&spec.sign()).unwrap();
                    signature.add_timestamp(&token).unwrap();
                }
                Need::Ocsp { certificate, produced_from, .. } => {
                    let response = WORLD.ocsp(&certificate, produced_from + seconds(1));
                    signature.add_validation_data(&authorities, &[response], noon() + seconds(5)).unwrap();
                }
                Need::Issuer { .. } => panic!("the issuer was given"),
            }
        }
        // Stored and taken up again, as a service does between two answers.
        *signature = SignedSignature::from_xml(&signature.to_xml()).unwrap();
    }
}

/// A container with one signature of this level by the RSA signer.
pub(crate) fn signed(level: Level) -> Container {
    let mut container = unsigned();
    let signature = sign(&container, &WORLD.signer, &WORLD.signer_key, level);
    container.add_signature(&signature, noon()).unwrap();
    container
}
