//! From a XAdES signature in a container to the neutral input of the process.
//!
//! What only XAdES in ASiC-E knows is judged here: that every file of the container is covered, that the
//! media types agree, that the properties are among what was signed.

use std::collections::HashSet;

use countersign_pki::algorithm::Digest;
use countersign_pki::tsp::TimeStampToken;

use super::input::{
    Block, CertificateReference, Covered, Fault, Found, Method, Scope, SignatureUnderTest, SignedObject,
    Statements, Stored, TimeStampKind, TimeStampUnderTest, ValueForm,
};
use crate::level::SignatureFormat;
use crate::report::{Finding, Part, SubIndication};
use crate::xades::ArchiveInput;
use crate::xades::parse::{
    ArchiveTimeStamp, FileReference, ShapeFault, Signature, SignaturePolicy, UnsignedProperties,
};

/// What a signature can refer to.
pub(super) trait DataFiles {
    /// The media type in the manifest; none when there is no such file.
    fn media_type(&self, name: &str) -> Option<String>;
    /// The digest of a file; none when there is no such file.
    fn digest(&mut self, name: &str, digest: Digest) -> Option<Found>;
    /// The names of all files.
    fn names(&self) -> Vec<String>;
    /// The digest of what an archive time-stamp is made over, or why it cannot be put together.
    fn archive_imprint(&mut self, input: &ArchiveInput, digest: Digest) -> Result<Vec<u8>, String>;
}

/// Where the things of an XML signature stand in time: the signature itself, its time-stamp, the rest. Each
/// archive time-stamp takes the next odd number; what stands between two of them has the even one between.
const AT_SIGNING: u32 = 0;
const AT_TIME_STAMP: u32 = 1;
const AFTER_TIME_STAMP: u32 = 2;

pub(super) fn read(signature: &Signature, file: &str, files: &mut dyn DataFiles) -> SignatureUnderTest {
    let signed = &signature.signed;
    let mut faults = Vec::new();
    let mut objects = Vec::new();
    match &signature.properties_reference {
        None => faults.push(missing(
            Part::SignedProperties,
            "signed-properties",
            "a reference to SignedProperties",
        )),
        Some(reference) => objects.push(SignedObject {
            part: Part::SignedProperties,
            name: None,
            scope: Scope::WholeFile,
            digest_identifier: reference.digest.uri().to_owned(),
            digest: reference.digest.known(),
            expected: reference.value.clone(),
            found: Found::Digest(
                reference.digest.known().map(|digest| digest.of(&reference.octets)).unwrap_or_default(),
            ),
        }),
    }
    if signed.signing_time.is_none() {
        faults.push(missing(Part::SignedProperties, "signing-time", "SigningTime"));
    }
    for reference in &signature.files {
        objects.push(read_file(reference, files, &mut faults));
    }
    let covered: HashSet<&str> = signature.files.iter().map(|reference| reference.name.as_str()).collect();
    for name in files.names() {
        if !covered.contains(name.as_str()) {
            let expected = "the signature to cover every file of the container";
            faults.push(missing(Part::DataFile(name), "covered", expected));
        }
    }
    let named = signed.signing_certificate.as_ref();
    let signing_certificate =
        named.and_then(|named| named.certificates.first()).map(|named| CertificateReference {
            digest_identifier: named.digest.uri().to_owned(),
            digest: named.digest.known(),
            value: named.value.clone(),
            issuer_serial: named.issuer_serial.clone(),
        });
    let unsigned = &signature.unsigned;
    let at_signing = signature.key_info.iter();
    let mut certificates: Vec<Stored> =
        at_signing.map(|der| Stored { position: AT_SIGNING, der: der.clone() }).collect();
    certificates.extend(stored(unsigned, &unsigned.certificates, |archive| archive.certificates));
    let mut time_stamps: Vec<TimeStampUnderTest> = unsigned
        .time_stamp
        .iter()
        .map(|time_stamp| {
            let (token, octets) = (time_stamp.token.clone(), time_stamp.octets.clone());
            TimeStampUnderTest::over_signature(AT_TIME_STAMP, token, octets)
        })
        .collect();
    for (number, archive) in unsigned.archive_time_stamps.iter().enumerate() {
        time_stamps.push(TimeStampUnderTest {
            kind: TimeStampKind::Archive,
            position: AFTER_TIME_STAMP + 2 * number as u32 + 1,
            token: archive.token.clone(),
            covered: archive_cover(archive, files),
        });
    }
    SignatureUnderTest {
        format: SignatureFormat::Xades,
        id: signature.id.clone(),
        place: file.to_owned(),
        faults,
        warnings: signature.ignored.iter().map(not_evaluated).collect(),
        objects,
        method: Method { identifier: signature.method.uri().to_owned(), algorithm: signature.method.known() },
        signed_octets: signature.signed_info.clone(),
        value: signature.value.clone(),
        value_form: ValueForm::Fixed,
        statements: Statements {
            signing_time: signed.signing_time,
            signing_certificate,
            policy: match &signed.policy {
                Some(SignaturePolicy::Explicit(policy)) => Some(policy.clone()),
                Some(SignaturePolicy::Implied) | None => None,
            },
            roles: signed.claimed_roles.clone(),
            production_place: signed.production_place.clone(),
            reason: None,
        },
        certificates,
        ocsp_responses: stored(unsigned, &unsigned.ocsp_responses, |archive| archive.ocsp_responses),
        crls: stored(unsigned, &unsigned.crls, |archive| archive.crls),
        time_stamps,
        has_revocation_values: unsigned.has_revocation_values,
    }
}

/// Values of unsigned properties, each with its place among the archive time-stamps. `covered` says how many
/// of them one covers.
fn stored(
    unsigned: &UnsignedProperties,
    values: &[Vec<u8>],
    covered: impl Fn(&ArchiveTimeStamp) -> usize,
) -> Vec<Stored> {
    let place = |(index, der): (usize, &Vec<u8>)| {
        let before = unsigned.archive_time_stamps.iter().filter(|archive| covered(archive) <= index).count();
        Stored { position: AFTER_TIME_STAMP + 2 * before as u32, der: der.clone() }
    };
    values.iter().enumerate().map(place).collect()
}

/// By the hash function that the token names; only then the files are read for it.
fn archive_cover(archive: &ArchiveTimeStamp, files: &mut dyn DataFiles) -> Covered {
    let token = TimeStampToken::from_der(&archive.token).map_err(|error| error.to_string());
    let imprint = token.and_then(|token| {
        let digest = token.imprint().digest().filter(|digest| !digest.is_weak());
        let digest = digest.ok_or_else(|| "its hash function proves nothing or is unknown".to_owned())?;
        Ok(Covered::Digest { digest, value: files.archive_imprint(&archive.input, digest)? })
    });
    imprint.unwrap_or_else(Covered::Unknown)
}

/// The finding about something that is no signature of the accepted form.
pub(super) fn shape_finding(fault: &ShapeFault) -> Finding {
    let expected = format!("{} in {}", fault.expected, fault.element);
    Finding::new(Part::Structure, "structure", expected, &fault.found)
}

fn read_file(reference: &FileReference, files: &mut dyn DataFiles, faults: &mut Vec<Fault>) -> SignedObject {
    let part = || Part::DataFile(reference.name.clone());
    let media_type = files.media_type(&reference.name);
    match (&reference.media_type, &media_type) {
        (_, None) => {}
        (Some(signed), Some(listed)) if signed == listed => {}
        (Some(signed), Some(listed)) => {
            let expected = format!("the media type {signed:?}, as signed");
            let finding = Finding::new(part(), "media-type", expected, listed);
            // Whether the signed properties are what was signed comes before what they say.
            faults.push(Fault::failed(Block::Acceptance, SubIndication::FormatFailure, finding));
        }
        (None, Some(_)) => faults.push(missing(part(), "media-type", "a MimeType in the signature")),
    }
    let digest = reference.digest.known();
    let found = match (media_type, digest) {
        (None, _) => Found::Missing,
        (Some(_), None) => Found::Digest(Vec::new()),
        (Some(_), Some(digest)) => files.digest(&reference.name, digest).unwrap_or(Found::Missing),
    };
    SignedObject {
        part: part(),
        name: Some(reference.name.clone()),
        scope: if matches!(found, Found::StatedDigest(_)) { Scope::DigestOnly } else { Scope::WholeFile },
        digest_identifier: reference.digest.uri().to_owned(),
        digest,
        expected: reference.value.clone(),
        found,
    }
}

fn missing(part: Part, rule: &str, expected: &str) -> Fault {
    let finding = Finding::new(part, rule, expected, "nothing of the kind");
    Fault::indeterminate(Block::Acceptance, SubIndication::SigConstraintsFailure, finding)
}

fn not_evaluated(part: &String) -> Finding {
    Finding::new(Part::Structure, "not-evaluated", "only parts that are looked at", part)
}
