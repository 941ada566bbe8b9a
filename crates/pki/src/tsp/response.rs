//! What an authority answers: `TimeStampResp` [RFC 3161 §2.4.2].

use super::token::{MAX_TOKEN_LEN, TimeStampToken};
use crate::Error;
use crate::asn1::{self, Backwards, Parser};

/// The status beside a token, or instead of one.
///
/// ```text
/// PKIStatus ::= INTEGER {
///    granted                (0),
///    grantedWithMods        (1),
///    rejection              (2),
///    waiting                (3),
///    revocationWarning      (4),
///    revocationNotification (5) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PkiStatus {
    /// A token is there.
    Granted,
    /// A token is there, with changes.
    GrantedWithMods,
    /// The request is refused.
    Rejection,
    /// The answer is not ready.
    Waiting,
    /// The authority's certificate is about to be revoked.
    RevocationWarning,
    /// The authority's certificate has been revoked.
    RevocationNotification,
}

impl PkiStatus {
    const ALL: [Self; 6] = [
        Self::Granted,
        Self::GrantedWithMods,
        Self::Rejection,
        Self::Waiting,
        Self::RevocationWarning,
        Self::RevocationNotification,
    ];
}

/// Why a request is refused.
///
/// ```text
/// PKIFailureInfo ::= BIT STRING {
///    badAlg               (0),
///    badRequest           (2),
///    badDataFormat        (5),
///    timeNotAvailable    (14),
///    unacceptedPolicy    (15),
///    unacceptedExtension (16),
///    addInfoNotAvailable (17),
///    systemFailure       (25) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PkiFailureInfo {
    /// The hash algorithm is unknown or not accepted.
    BadAlg = 0,
    /// The version is unknown, or something is asked for that does not exist.
    BadRequest = 2,
    /// The request cannot be read, or the hash has the wrong length.
    BadDataFormat = 5,
    /// The authority does not trust its clock at the moment.
    TimeNotAvailable = 14,
    /// The policy asked for is not one of the authority's.
    UnacceptedPolicy = 15,
    /// The request has extensions.
    UnacceptedExtension = 16,
    /// Additional information is not available.
    AddInfoNotAvailable = 17,
    /// The authority failed.
    SystemFailure = 25,
}

impl PkiFailureInfo {
    const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    /// The DER of a response that refuses for this reason.
    pub fn to_der(self) -> Vec<u8> {
        let bit = self as usize;
        // The content of a BIT STRING: the count of unused bits, then the bits, no zero bits at the end.
        let mut bits = vec![0; bit / 8 + 2];
        bits[0] = 7 - self as u8 % 8;
        bits[bit / 8 + 1] = 0x80 >> (bit % 8);
        let info =
            asn1::sequence(&[asn1::integer(PkiStatus::Rejection as u64), asn1::tlv(asn1::BIT_STRING, &bits)]);
        asn1::sequence(&[info])
    }
}

/// An authority's answer.
///
/// ```text
/// TimeStampResp ::= SEQUENCE  {
///    status                  PKIStatusInfo,
///    timeStampToken          TimeStampToken     OPTIONAL  }
/// PKIStatusInfo ::= SEQUENCE {
///    status        PKIStatus,
///    statusString  PKIFreeText     OPTIONAL,
///    failInfo      PKIFailureInfo  OPTIONAL  }
/// ```
///
/// The free text is skipped: it is the authority's to write and nobody's to act upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeStampResp {
    /// A token.
    Granted(Box<TimeStampToken>),
    /// None, and why.
    Refused {
        /// The status.
        status: PkiStatus,
        /// The reasons given that are known here.
        failures: Vec<PkiFailureInfo>,
    },
}

impl TimeStampResp {
    /// Reads a response.
    ///
    /// # Errors
    /// When it is not one in DER, when a granted one has no token, or when a refusing one has.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "TimeStampResp";
        const LIMIT: usize = MAX_TOKEN_LEN + 1024;
        if bytes.len() > LIMIT {
            return Err(Error::TooLarge { what: WHAT, limit: LIMIT, found: bytes.len() });
        }
        let mut fields = Parser::only(bytes, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let mut info = fields.sequence()?;
        let code = info.small_integer()?;
        let status = PkiStatus::ALL
            .into_iter()
            .find(|status| *status as u64 == code)
            .ok_or(Error::malformed("PKIStatus", "it is unknown"))?;
        info.optional(asn1::SEQUENCE)?;
        let failures = match info.optional(asn1::BIT_STRING)? {
            Some(tlv) => failures(tlv.value)?,
            None => Vec::new(),
        };
        info.end()?;
        let token = fields.optional(asn1::SEQUENCE)?;
        fields.end()?;
        match (status, token) {
            (PkiStatus::Granted | PkiStatus::GrantedWithMods, Some(token)) => {
                Ok(Self::Granted(Box::new(TimeStampToken::from_der(token.raw)?)))
            }
            (PkiStatus::Granted | PkiStatus::GrantedWithMods, None) => {
                Err(Error::Missing { what: "timeStampToken" })
            }
            (_, Some(_)) => Err(Error::malformed(WHAT, "a refusal carries a token")),
            (status, None) => Ok(Self::Refused { status, failures }),
        }
    }

    /// Writes a response around the token that `token` writes; gives the length of the token.
    pub(super) fn grant(
        der: &mut Backwards,
        token: impl FnOnce(&mut Backwards) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        der.around(asn1::SEQUENCE, |der| {
            let before = der.len();
            token(der)?;
            let length = der.len() - before;
            der.around(asn1::SEQUENCE, |der| der.value(asn1::INTEGER, &[PkiStatus::Granted as u8]));
            Ok(length)
        })
    }
}

fn failures(bits: &[u8]) -> Result<Vec<PkiFailureInfo>, Error> {
    let Some((0..=7, bits)) = bits.split_first() else {
        return Err(Error::malformed("PKIFailureInfo", "it is not a BIT STRING"));
    };
    let is_set = |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
    Ok(PkiFailureInfo::ALL.into_iter().filter(|failure| is_set(*failure as usize)).collect())
}
