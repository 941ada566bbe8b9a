//! A file on its way to being signed: before there is a signature, and while the signature is made to last.
//!
//! Container and document differ in what is written; what a person signs, what is asked for afterwards and in which
//! order is the same for both.

use countersign_container::pades::{PdfLimits, PdfSignatureRequest, PreparedSignature, SignedPdf, prepare};
use countersign_container::{
    Container, Level, Method, Need, Result, SignatureFormat, SignatureId, SignatureRequest,
    SignatureTemplate, SignedSignature, path_above,
};
use countersign_pki::tsp::TimeStampToken;
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
    /// What is missing next on the way to a level.
    pub(crate) fn needs(&self, level: Level, authorities: &[Certificate]) -> Result<Vec<Need>> {
        match self {
            Self::Container(_, signature) => Ok(signature.needs(level, authorities)),
            Self::Document(document) => document.needs(level, authorities),
        }
    }

    pub(crate) fn add_timestamp(&mut self, token: &TimeStampToken) -> Result<()> {
        match self {
            Self::Container(_, signature) => signature.add_timestamp(token),
            Self::Document(document) => document.add_timestamp(token),
        }
    }

    /// Adds a responder's answer about this certificate, with the certificates above.
    pub(crate) fn add_status(
        &mut self,
        certificate: &Certificate,
        answer: Vec<u8>,
        authorities: &[Certificate],
        now: Timestamp,
    ) -> Result<()> {
        match self {
            Self::Container(_, signature) => {
                // So that the container does not carry what nobody needs.
                let above = path_above(certificate, authorities);
                signature.add_validation_data(&above, &[answer], now)
            }
            // Others may have signed before, below other authorities; it takes what belongs to it.
            Self::Document(document) => document.add_validation_data(authorities, &[answer], &[], now),
        }
    }

    /// Nobody is asked about this certificate.
    pub(crate) fn pass_over(&mut self, certificate: &Certificate) {
        match self {
            Self::Container(_, signature) => signature.pass_over(certificate),
            Self::Document(document) => document.pass_over(certificate),
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
