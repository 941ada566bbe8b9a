//! ASiC-E containers with XAdES signatures, and PDF documents with PAdES signatures: made, opened and validated.
//!
//! A container is a ZIP archive with data files and their signatures (EN 319 162-1). This crate makes
//! one from a signature value that comes from elsewhere (a phone, a signing service, a card), brings it
//! to level LT, and tells whether somebody's container holds, with a report that says what is wrong with
//! which part. It works on bytes and on values: nothing here opens a file, a socket or a clock.
//!
//! It refuses to be clever. The archive is read by a scanner that accounts for every byte; a signature
//! has one accepted shape and its references lead to files of the container and to its own properties,
//! nowhere else; no transform is run but canonicalization; there are no document types, entities or
//! network accesses in XML. Everything that a stranger can make large is bounded by [`Limits`].
//!
//! Not here: CAdES.
//!
//! # Signing
//!
//! ```
//! use countersign_container::{
//!     Container, Error, FileName, Level, Method, Need, SignatureId, SignatureRequest, SignatureTemplate,
//! };
//! use countersign_pki::{Certificate, Digest, SignatureAlgorithm, tsp::TimeStampToken};
//! use jiff::Timestamp;
//!
//! /// Answers of other parties: a signing service, a time-stamping authority, an OCSP responder.
//! trait Services {
//!     fn now(&self) -> Timestamp;
//!     fn sign(&self, digest: &[u8]) -> Vec<u8>;
//!     fn time_stamp(&self, digest: Digest, imprint: &[u8]) -> TimeStampToken;
//!     fn status(&self, certificate: &Certificate, issuer: &Certificate) -> Option<Vec<u8>>;
//! }
//!
//! fn sign(
//!     content: &[u8],
//!     signer: &Certificate,
//!     authorities: &[Certificate],
//!     services: &impl Services,
//! ) -> Result<Vec<u8>, Error> {
//!     let now = services.now();
//!     let mut container = Container::new();
//!     let name = FileName::parse("contract.txt")?;
//!     container.add_data_file(name, "text/plain", content, Method::Deflated, now)?;
//!
//!     let template = SignatureTemplate::new(&SignatureRequest {
//!         id: SignatureId::default(),
//!         data_files: container.data_file_digests(Digest::Sha256)?,
//!         certificate: signer.clone(),
//!         digest: Digest::Sha256,
//!         algorithm: SignatureAlgorithm::RsaPss(Digest::Sha256),
//!         signing_time: now,
//!         production_place: None,
//!         claimed_roles: Vec::new(),
//!     })?;
//!     // The template can be stored here, until the person has answered.
//!     let value = services.sign(&template.digest_to_sign());
//!     let mut signature = template.finish(&value)?;
//!
//!     // Whatever is missing is asked for, until nothing is. The same loop renews and extends signatures
//!     // of files that were signed elsewhere: see `Container::signatures` and `replace_signature`.
//!     loop {
//!         let needs = signature.needs(Level::Lta, authorities);
//!         if needs.is_empty() {
//!             break;
//!         }
//!         let mut responses = Vec::new();
//!         for need in needs {
//!             match need {
//!                 Need::TimeStamp { digest, imprint } => {
//!                     signature.add_timestamp(&services.time_stamp(digest, &imprint))?;
//!                 }
//!                 Need::Ocsp { certificate, issuer, required, .. } => {
//!                     match services.status(&certificate, &issuer) {
//!                         Some(response) => responses.push(response),
//!                         None if required => panic!("nobody answers for the signer"),
//!                         None => signature.pass_over(&certificate),
//!                     }
//!                 }
//!                 Need::ArchiveTimeStamp { digest, input } => {
//!                     let imprint = container.archive_imprint(&input, digest)?;
//!                     let token = services.time_stamp(digest, &imprint);
//!                     signature.add_archive_timestamp(&token, &input, &imprint)?;
//!                 }
//!                 Need::Issuer { .. } => panic!("the issuer is not among the authorities"),
//!             }
//!         }
//!         if !responses.is_empty() {
//!             signature.add_validation_data(authorities, &responses, services.now())?;
//!         }
//!     }
//!     container.add_signature(&signature, now)?;
//!     container.to_bytes()
//! }
//! ```
//!
//! # Signing a PDF document
//!
//! The same in two steps: what is prepared is a document with a place for the value.
//!
//! ```
//! use countersign_container::Error;
//! use countersign_container::pades::{PdfLimits, PdfSignatureRequest, SignedPdf, prepare};
//! use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
//!
//! fn sign(
//!     document: &[u8],
//!     signer: &Certificate,
//!     now: jiff::Timestamp,
//!     value_of: impl Fn(&[u8]) -> Vec<u8>,
//! ) -> Result<SignedPdf, Error> {
//!     let algorithm = SignatureAlgorithm::RsaPss(Digest::Sha256);
//!     let mut request = PdfSignatureRequest::new(signer.clone(), algorithm, now);
//!     request.reason = Some("I agree".to_owned());
//!     let prepared = prepare(document, &request, &PdfLimits::default())?;
//!     // `prepared.to_bytes()` can be stored here, until the person has answered. Then levels T, LT and LTA are reached by
//!     // `SignedPdf::needs`, as above.
//!     prepared.finish(&value_of(&prepared.digest_to_sign()))
//! }
//! ```
//!
//! # A time-stamp without a signature
//!
//! ```
//! use countersign_container::{Container, Error, FileName, Form, Method};
//! use countersign_pki::{Digest, tsp::TimeStampToken};
//!
//! fn evidence(
//!     content: &[u8],
//!     now: jiff::Timestamp,
//!     time_stamp: impl Fn(Digest, &[u8]) -> TimeStampToken,
//! ) -> Result<Vec<u8>, Error> {
//!     let mut container = Container::of_form(Form::AsicS);
//!     container.add_data_file(FileName::parse("old.ddoc")?, "application/octet-stream", content, Method::Deflated, now)?;
//!     let imprint = container.digest_data_file("old.ddoc", Digest::Sha512)?;
//!     container.add_time_stamp_token(&time_stamp(Digest::Sha512, &imprint), now)?;
//!     // Before the certificate of that time-stamp expires, years later:
//!     let renewal = container.renew_evidence(Digest::Sha512)?;
//!     container.add_renewal(&renewal, &time_stamp(renewal.digest(), &renewal.imprint()), now)?;
//!     container.to_bytes()
//! }
//! ```
//!
//! # Validating
//!
//! ```
//! use countersign_container::validate::{Policy, TrustAnchors, validate_bytes};
//! use countersign_container::{Limits, Report};
//!
//! fn check(file: &[u8], anchors: &TrustAnchors, now: jiff::Timestamp) -> Report {
//!     let report = validate_bytes(file, None, &Limits::default(), anchors, now, &Policy::default());
//!     if !report.is_valid() {
//!         // For people; `to_json` has the same for programs.
//!         assert!(report.to_string().starts_with("NOT VALID"));
//!     }
//!     report
//! }
//!
//! let now = "2026-11-22T12:00:00Z".parse().unwrap();
//! assert!(!check(b"no container", &TrustAnchors::default(), now).is_valid());
//! ```

/// The examples of the README, so that they go on compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod asice;
mod error;
mod issuers;
pub mod level;
mod limits;
pub mod media_type;
pub mod name;
pub mod pades;
pub mod policy;
pub mod report;
pub mod trusted_list;
pub mod validate;
pub mod xades;
mod xml;

pub use asice::{Container, ContainerWriter, DataFile, Evidence, Form, Method, Remark, Renewal};
pub use error::{Bound, Error, ManifestFault, NameFault, Result, ZipFault};
pub use issuers::path_above;
pub use level::{Level, SignatureFormat};
pub use limits::Limits;
pub use name::FileName;
pub use policy::Policy;
pub use report::{EvidenceReport, Finding, Indication, Part, Report, SignatureReport, SubIndication};
pub use validate::{TrustAnchors, validate, validate_bytes};
pub use xades::{
    ArchiveDigests, ArchiveInput, DataFileDigest, Need, SignatureId, SignatureRequest, SignatureTemplate,
    SignedSignature,
};
