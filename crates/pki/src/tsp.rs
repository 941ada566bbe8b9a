//! Time-stamps: requests, responses and tokens [RFC 3161], with the SHA-2 certificate identifier of
//! [RFC 5816] and the limits of EN 319 422.
//!
//! A client builds a [`TimeStampReq`], a server hands it to an [`Authority`], and whoever holds the
//! [`TimeStampToken`] [`check`]s it, years later if need be. Serial numbers, clocks and keys are the
//! caller's.
//!
//! [RFC 3161]: https://www.rfc-editor.org/rfc/rfc3161
//! [RFC 5816]: https://www.rfc-editor.org/rfc/rfc5816

mod check;
mod request;
mod respond;
mod response;
mod token;

pub use check::{CheckedTimeStamp, TspError, check, check_response};
pub use request::{MAX_REQUEST_LEN, MessageImprint, TimeStampReq};
pub use respond::{Authority, BTSP_POLICY, Issued, TokenSerialNumber};
pub use response::{PkiFailureInfo, PkiStatus, TimeStampResp};
pub use token::{Accuracy, MAX_TOKEN_LEN, TimeStampToken, TstExtension, TstInfo};
