//! A file on its way to being signed: before there is a signature, and while the signature is made to last.
//!
//! Container and document differ in what is written; what a person signs, what is asked for afterwards and in which
//! order is the same for both.

use std::future::ready;

use countersign_client::long_term::{self, Step};
use countersign_client::{LongTerm, SystemRandom};
use countersign_container::pades::{PdfLimits, PdfSignatureRequest, PreparedSignature, SignedPdf, prepare};
use countersign_container::{
    Container, Level, Method, Result, SignatureFormat, SignatureId, SignatureRequest, SignatureTemplate,
    SignedSignature,
};
use countersign_pki::{Certificate, SignatureAlgorithm};
use jiff::Timestamp;

use crate::file::StoredFile;
use crate::format::Format;

/// Lacks the signature value.
pub(crate) enum Prepared {
    Container(Container, Box<SignatureTemplate>),
    Document(Box<PreparedSignature>),
}

impl Prepared {
    /// Writes everything around the signature value.
    pub(crate) fn of(
        file: &StoredFile,
        format: Format,
        certificate: Certificate,
        authorities: Vec<Certificate>,
        algorithm: SignatureAlgorithm,
        now: Timestamp,
    ) -> Result<Self> {
        match format {
            Format::Asice => {
                let mut container = Container::new();
                let method = Method::Deflated;
                container.add_data_file(file.name.clone(), &file.media_type, &file.content, method, now)?;
                let template = SignatureTemplate::new(&SignatureRequest {
                    id: SignatureId::default(),
                    data_files: container.data_file_digests(algorithm.digest())?,
                    certificate,
                    digest: algorithm.digest(),
                    algorithm,
                    signing_time: now,
                    production_place: None,
                    claimed_roles: Vec::new(),
                })?;
                Ok(Self::Container(container, Box::new(template)))
            }
            Format::Pdf => {
                let name = certificate.subject().common_name();
                let request = PdfSignatureRequest {
                    authorities,
                    name,
                    ..PdfSignatureRequest::new(certificate, algorithm, now)
                };
                let prepared = prepare(&file.content, &request, &PdfLimits::default())?;
                Ok(Self::Document(Box::new(prepared)))
            }
        }
    }

    /// What goes to the phone.
    pub(crate) fn digest_to_sign(&self) -> Vec<u8> {
        match self {
            Self::Container(_, template) => template.digest_to_sign(),
            Self::Document(prepared) => prepared.digest_to_sign(),
        }
    }

    /// Puts in what came back.
    pub(crate) fn finish(self, value: &[u8]) -> Result<Workpiece> {
        Ok(match self {
            Self::Container(container, template) => {
                Workpiece::Container(container, Box::new(template.finish(value)?))
            }
            Self::Document(prepared) => Workpiece::Document(Box::new(prepared.finish(value)?)),
        })
    }
}

/// Has a signature, and may lack what makes it last.
pub(crate) enum Workpiece {
    Container(Container, Box<SignedSignature>),
    Document(Box<SignedPdf>),
}

impl Workpiece {
    /// Makes it last.
    pub(crate) async fn bring_to(
        &mut self,
        level: Level,
        long_term: &LongTerm,
        now: impl Fn() -> Timestamp,
        watch: impl Fn(Step<'_>),
    ) -> std::result::Result<(), long_term::Error> {
        // The bank makes no archive time-stamps, so nobody asks for this.
        let imprint = |_, _| ready(Ok(Vec::new()));
        let rng = &mut SystemRandom;
        match self {
            Self::Container(_, signature) => {
                long_term.complete(&mut **signature, level, imprint, now, rng, watch).await
            }
            Self::Document(document) => {
                long_term.complete(&mut **document, level, imprint, now, rng, watch).await
            }
        }
    }

    /// Such as `PAdES_BASELINE_LT`.
    pub(crate) fn level(&self) -> String {
        match self {
            Self::Container(_, signature) => SignatureFormat::Xades.at(signature.level()),
            Self::Document(document) => SignatureFormat::Pades.at(document.level()),
        }
    }

    /// When the signature is proven to have existed.
    pub(crate) fn time_stamp(&self) -> Option<Timestamp> {
        match self {
            Self::Container(_, signature) => signature.time_stamp_time(),
            Self::Document(document) => document.last_time_stamp(),
        }
    }

    /// The file that the person takes home.
    pub(crate) fn into_bytes(self, now: Timestamp) -> Result<Vec<u8>> {
        match self {
            Self::Container(mut container, signature) => {
                container.add_signature(&signature, now)?;
                container.to_bytes()
            }
            Self::Document(document) => Ok(document.into_bytes()),
        }
    }
}
