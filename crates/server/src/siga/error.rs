//! What goes wrong, in the gateway's own form: `{"errorCode": …, "errorMessage": …}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use countersign_client::Error as ClientError;
use countersign_container::{Error as ContainerError, NameFault};
use countersign_wire::siga::Invalid;
use countersign_wire::words;
use http::StatusCode;
use serde::Serialize;

use crate::signing::fault::Fault;

words! {
    /// The gateway's words (registrant reference, 13.3).
    pub(super) enum Code {
        /// 401: the headers prove nothing.
        AuthorizationError = "AUTHORIZATION_ERROR",
        /// Too many containers.
        ConnectionLimit = "CONNECTION_LIMIT_EXCEPTION",
        /// Two data files of one name.
        DuplicateDataFile = "DUPLICATE_DATA_FILE_EXCEPTION",
        /// Our fault.
        Internal = "INTERNAL_SERVER_ERROR",
        /// The certificate cannot be used for a signature.
        InvalidCertificate = "INVALID_CERTIFICATE_EXCEPTION",
        /// What was sent is no container.
        InvalidContainer = "INVALID_CONTAINER_EXCEPTION",
        /// Data files cannot change while somebody signs them.
        InvalidSessionData = "INVALID_SESSION_DATA_EXCEPTION",
        /// The value is not one over what was to be signed.
        InvalidSignature = "INVALID_SIGNATURE_EXCEPTION",
        /// Mobile-ID, which is not offered here.
        Mid = "MID_EXCEPTION",
        /// The request is too long.
        RequestSizeLimit = "REQUEST_SIZE_LIMIT_EXCEPTION",
        /// A member is missing or wrong.
        RequestValidation = "REQUEST_VALIDATION_EXCEPTION",
        /// No such container, file or signature, or no longer.
        ResourceNotFound = "RESOURCE_NOT_FOUND_EXCEPTION",
        /// The signature could not be made.
        SignatureCreation = "SIGNATURE_CREATION_EXCEPTION",
        /// Data files cannot change once they are signed.
        SignatureExists = "SIGNATURE_EXISTS_EXCEPTION",
        /// The service that asks the person failed, or knows them not.
        SmartId = "SMARTID_EXCEPTION",
    }
}

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct Error {
    code: Code,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    error_code: Code,
    error_message: &'a str,
}

impl Error {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A member that is missing or wrong.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::RequestValidation, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(Code::ResourceNotFound, "Resource not found")
    }
}

/// What the text of a request alone makes wrong.
impl From<Invalid> for Error {
    fn from(Invalid(message): Invalid) -> Self {
        Self::invalid(message)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let code = match &fault {
            Fault::Ended => return Self::not_found(),
            Fault::Client(
                ClientError::Untrusted(_)
                | ClientError::Revoked { .. }
                | ClientError::NotForSignatures
                | ClientError::LevelTooLow { .. },
            ) => Code::InvalidCertificate,
            Fault::Client(ClientError::Request(_)) => Code::RequestValidation,
            Fault::Client(_) | Fault::AnotherPerson | Fault::NoReturn | Fault::NoService(_) => Code::SmartId,
            Fault::LongTerm(_) | Fault::OwnCheck(_) => Code::SignatureCreation,
            Fault::Container(error) => match error {
                ContainerError::Name { fault: NameFault::TooSimilar, .. } => Code::DuplicateDataFile,
                ContainerError::Name { .. } => Code::RequestValidation,
                ContainerError::AlreadySigned { .. } => Code::SignatureExists,
                ContainerError::WrongCertificate { .. } | ContainerError::UnsupportedAlgorithm { .. } => {
                    Code::InvalidCertificate
                }
                ContainerError::WrongSignatureValue => Code::InvalidSignature,
                ContainerError::NoSuchDataFile { .. } => Code::ResourceNotFound,
                ContainerError::Io(_) => Code::Internal,
                _ => Code::InvalidContainer,
            },
            Fault::Io(_) | Fault::Store(_) | Fault::Busy(_) | Fault::Damaged(_) => Code::Internal,
        };
        if fault.is_ours() {
            tracing::error!(error = %fault, "the signing service failed");
        }
        Self::new(code, fault.told())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match self.code {
            Code::AuthorizationError => StatusCode::UNAUTHORIZED,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = Body { error_code: self.code, error_message: &self.message };
        (status, Json(body)).into_response()
    }
}
