//! Certificate status: requests and responses [RFC 6960], the nonce [RFC 9654].
//!
//! Three parties use this: a client builds an [`OcspRequest`] and [`check`]s what comes back, a server
//! hands requests to a [`Responder`], and a validator checks a response that was stored with a signature
//! years ago. All of them work on bytes and on times they pass in.
//!
//! Everything is read as strict DER: what would be encoded otherwise by us is refused, because two
//! readings of one signed structure are one too many.
//!
//! [RFC 6960]: https://www.rfc-editor.org/rfc/rfc6960
//! [RFC 9654]: https://www.rfc-editor.org/rfc/rfc9654

mod cert_id;
mod check;
mod request;
mod respond;
mod response;

pub use cert_id::{CertId, CertIdHash, IssuerHashes};
pub use check::{CertificateStatus, CheckedStatus, OcspError, Policy, ResponseSigner, check};
pub use request::{MAX_CERT_IDS, MAX_REQUEST_LEN, Nonce, OcspRequest, decode_get_path};
pub use respond::{Authority, Freshness, Plan, Query, Responder, Status};
pub use response::{
    BasicOcspResponse, CertStatus, MAX_RESPONSE_LEN, ResponderId, ResponseData, ResponseStatus, RevokedInfo,
    SingleResponse,
};

use der::asn1::GeneralizedTime;
use der::{Decode, Encode};
use jiff::Timestamp;

use crate::Error;

/// Decodes all of `bytes`, and refuses encodings other than the one DER allows: defaults written out and
/// the like, which the decoder itself lets through.
pub(crate) fn strict<'a, T>(bytes: &'a [u8]) -> Result<T, Error>
where
    T: Decode<'a, Error = der::Error> + Encode,
{
    let value = T::from_der(bytes)?;
    if value.to_der()? == bytes {
        Ok(value)
    } else {
        Err(Error::malformed("the structure", "it is not in the one encoding DER allows"))
    }
}

/// The whole second that `time` lies in.
pub(crate) fn generalized_time(time: Timestamp) -> Result<GeneralizedTime, Error> {
    const OUT_OF_RANGE: Error = Error::TimeOutOfRange { what: "GeneralizedTime", first: 1970, last: 9999 };
    // Rounding down before 1970 would need a sign; such times are refused by the conversion anyway.
    let seconds = u64::try_from(time.as_second()).map_err(|_| OUT_OF_RANGE)?;
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(|_| OUT_OF_RANGE)
}

pub(crate) fn timestamp(time: GeneralizedTime) -> Timestamp {
    // The type holds the years 1970 to 9999, which fit with room to spare on both sides.
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
