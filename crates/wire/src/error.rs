//! What can be wrong with bytes from outside. Variants hold data; none holds what was received, because that
//! may be personal, secret or long.

use crate::device::proof::ProofFault;
use crate::device_link::LinkFault;
use crate::endpoint::Addressee;
use crate::words::UnknownWord;

/// Why something could not be read, built or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A word outside its list.
    #[error(transparent)]
    UnknownWord(#[from] UnknownWord),
    /// An identifier that does not have its form.
    #[error("malformed {kind}: expected {expected}")]
    MalformedId {
        /// Which identifier.
        kind: &'static str,
        /// Its form, in words.
        expected: &'static str,
    },
    /// A value that does not have its form.
    #[error("malformed {name}: expected {expected}")]
    Malformed {
        /// The member or value.
        name: &'static str,
        /// Its form, in words.
        expected: &'static str,
    },
    /// The recipient does not fit the endpoint.
    #[error("this endpoint names people as {expected:?}")]
    WrongRecipient {
        /// How the endpoint names people.
        expected: Addressee,
    },
    /// A device link that is not written as the protocol says.
    #[error("malformed device link: {0}")]
    DeviceLink(LinkFault),
    /// The authentication code of a device link does not belong to it.
    #[error("the authCode of the device link does not match")]
    WrongAuthCode,
    /// A callback does not belong to this session, or not to its result.
    #[error("the callback's {parameter} does not match")]
    WrongCallback {
        /// The parameter that differs.
        parameter: &'static str,
    },
    /// Signature algorithm parameters that differ from the only allowed ones.
    #[error("signatureAlgorithmParameters.{member}: expected {expected}")]
    WrongAlgorithmParameters {
        /// The member, with its path below `signatureAlgorithmParameters`.
        member: &'static str,
        /// The value that it must have.
        expected: String,
    },
    /// A device proof that does not prove this request.
    #[error("device proof refused: {0}")]
    Proof(ProofFault),
    /// A public key that is not a point of P-256 in JWK form.
    #[error("not a P-256 public key as a JWK: {0}")]
    PublicKey(&'static str),
    /// A secret key that is not a scalar of P-256.
    #[error("not a P-256 secret key")]
    SecretKey,
    /// A sealed value that does not open under this key for this purpose.
    #[error("the sealed value does not open")]
    Unsealable,
}
