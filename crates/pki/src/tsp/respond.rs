//! The time-stamping authority: from a request, a serial number and the time to a token.
//!
//! A pure function in two halves. [`Authority::accept`] says whether the request can be granted; only then
//! does the caller take a serial number (and write it down), and [`Authority::issue`] signs.
//!
//! The caller answers for the clock. When it drifts further than the stated accuracy, refuse with
//! [`PkiFailureInfo::TimeNotAvailable`] and issue nothing.

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use rand_core::CryptoRng;

use super::request::TimeStampReq;
use super::response::{PkiFailureInfo, TimeStampResp};
use super::token::{Accuracy, ID_CT_TST_INFO, MAX_SERIAL_LEN, TstExtension, TstInfo};
use crate::asn1::{self, Parser, Tlv};
use crate::certificate::extension::oid;
use crate::cms;
use crate::{Certificate, Digest, Error, Signer};

/// The best practices policy for time-stamps, of EN 319 421.
pub const BTSP_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2023.1.1");

/// esi4-qtstStatement-1: this token comes from a qualified service (EN 319 422 §9.1).
const QTST_STATEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19422.1.1");

/// A time-stamping unit: a key, its certificate, and the rules it works by.
#[derive(Clone)]
pub struct Authority {
    certificate: Certificate,
    key_use: KeyUse,
    template: cms::Template,
    /// The unit's name as every token says it.
    name: Vec<u8>,
    signer: Arc<dyn Signer>,
    policies: Vec<ObjectIdentifier>,
    digests: Vec<Digest>,
    accuracy: Accuracy,
    qualified: bool,
}

impl Authority {
    /// A unit that signs with `signer`, whose certificate `certificate` is. `chain` is sent along with it
    /// to those who ask for certificates. The first of `policies` is the one for requests that name none.
    /// It accepts SHA-256, SHA-384, SHA-512 and the SHA-3 family, and states an accuracy of one second.
    ///
    /// # Errors
    /// When the signer's key is not the certificate's, the certificate is not one for time-stamping, or
    /// there is no policy.
    pub fn new(
        certificate: &Certificate,
        chain: &[Certificate],
        signer: Arc<dyn Signer>,
        policies: Vec<ObjectIdentifier>,
    ) -> Result<Self, Error> {
        if signer.public_key() != certificate.public_key() {
            return Err(Error::malformed("signer", "its key is not the certificate's"));
        }
        super::check::check_purpose(certificate)
            .map_err(|_| Error::malformed("TSU certificate", "it is not for time-stamping alone"))?;
        if policies.is_empty() {
            return Err(Error::Missing { what: "time-stamp policy" });
        }
        let sent_along: Vec<_> = std::iter::once(certificate).chain(chain).map(Certificate::as_der).collect();
        Ok(Self {
            certificate: certificate.clone(),
            key_use: KeyUse::of(certificate)?,
            template: cms::Template::new(ID_CT_TST_INFO, signer.algorithm(), certificate, &sent_along),
            name: asn1::tlv(asn1::context_constructed(4), certificate.subject().as_der()),
            signer,
            policies,
            digests: Digest::ALL.into_iter().filter(|digest| !digest.is_weak()).collect(),
            accuracy: Accuracy::ONE_SECOND,
            qualified: false,
        })
    }

    /// The same with another accuracy: how far the clock may be off, and one millisecond more, to which the time in
    /// tokens is cut.
    pub fn with_accuracy(self, accuracy: Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// The same under other policies; the first is the one for requests that name none.
    ///
    /// # Errors
    /// When there is none.
    pub fn with_policies(self, policies: Vec<ObjectIdentifier>) -> Result<Self, Error> {
        if policies.is_empty() {
            return Err(Error::Missing { what: "time-stamp policy" });
        }
        Ok(Self { policies, ..self })
    }

    /// Whether signing waits for a device.
    pub fn is_remote(&self) -> bool {
        self.signer.is_remote()
    }

    /// The same, accepting these hash functions only. Weak ones are left out whatever the list says.
    pub fn with_digests(self, digests: &[Digest]) -> Self {
        Self { digests: digests.iter().copied().filter(|digest| !digest.is_weak()).collect(), ..self }
    }

    /// The same, saying in every token that the service is qualified. For those that are.
    pub fn with_qualified_statement(self) -> Self {
        Self { qualified: true, ..self }
    }

    /// Reads a request and says whether it can be granted.
    ///
    /// # Errors
    /// The reason to refuse: send [`PkiFailureInfo::to_der`].
    pub fn accept(&self, request: &[u8]) -> Result<TimeStampReq, PkiFailureInfo> {
        let request = TimeStampReq::from_der(request).map_err(|_| PkiFailureInfo::BadDataFormat)?;
        if request.version() != 1 {
            return Err(PkiFailureInfo::BadRequest);
        }
        if request.has_extensions() {
            return Err(PkiFailureInfo::UnacceptedExtension);
        }
        let digest = request
            .imprint()
            .digest()
            .filter(|digest| self.digests.contains(digest))
            .ok_or(PkiFailureInfo::BadAlg)?;
        if request.imprint().hashed_message().len() != digest.len() {
            return Err(PkiFailureInfo::BadDataFormat);
        }
        if request.policy().is_some_and(|policy| !self.policies.contains(&policy)) {
            return Err(PkiFailureInfo::UnacceptedPolicy);
        }
        Ok(request)
    }

    /// Signs a token for an [accepted](Self::accept) request. `now` is cut to the millisecond: cut to the second, a time
    /// could not keep an accuracy of one [RFC 3161 §2.4.2].
    ///
    /// # Errors
    /// Those of the signer, and [`Error::Malformed`] when at `now` the unit's certificate is not valid, or
    /// its key no longer to be used.
    pub fn issue(
        &self,
        request: &TimeStampReq,
        serial: &TokenSerialNumber,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        if !self.certificate.is_valid_at(now) || !self.key_use.includes(now) {
            return Err(Error::malformed("TSU certificate", "it, or the use of its key, is over or to come"));
        }
        let gen_time = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let info = TstInfo {
            policy: request.policy().or(self.policies.first().copied()).unwrap_or(BTSP_POLICY),
            imprint: request.imprint().clone(),
            serial_number: serial.as_bytes().to_vec(),
            gen_time,
            accuracy: Some(self.accuracy),
            ordering: false,
            nonce: request.nonce().map(<[u8]>::to_vec),
            tsa: Some(self.name.clone()),
            extensions: if self.qualified { vec![qualified_statement()] } else { Vec::new() },
        };
        let content = info.to_der()?;
        let mut der = self.template.room(&content, request.cert_req());
        let length = TimeStampResp::grant(&mut der, |der| {
            self.template.sign_into(&content, self.signer.as_ref(), &[], request.cert_req(), der)
        })?;
        Ok(Issued { response: der.finish(), length, info })
    }

    /// Both halves in one. Failures to sign become [`PkiFailureInfo::SystemFailure`].
    pub fn respond(&self, request: &[u8], serial: &TokenSerialNumber, now: Timestamp) -> Vec<u8> {
        match self.accept(request) {
            Ok(request) => match self.issue(&request, serial, now) {
                Ok(issued) => issued.into_response_der(),
                Err(_) => PkiFailureInfo::SystemFailure.to_der(),
            },
            Err(failure) => failure.to_der(),
        }
    }
}

/// A token that was just signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The response, at whose end the token is.
    response: Vec<u8>,
    /// Octets of the token.
    length: usize,
    info: TstInfo,
}

impl Issued {
    /// The DER of the token.
    pub fn token_der(&self) -> &[u8] {
        &self.response[self.response.len() - self.length..]
    }

    /// The DER of the response to send.
    pub fn response_der(&self) -> &[u8] {
        &self.response
    }

    /// The DER of the response, without a copy.
    pub fn into_response_der(self) -> Vec<u8> {
        self.response
    }

    /// What was signed: serial number, time and imprint are what an audit log keeps.
    pub fn info(&self) -> &TstInfo {
        &self.info
    }
}

/// A token's serial number: never used twice by one authority, at most 160 bits [RFC 3161 §2.4.2].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenSerialNumber(Vec<u8>);

impl TokenSerialNumber {
    /// A number from a counter that is written down before the token leaves.
    pub fn from_counter(counter: u64) -> Self {
        Self::from_bytes(&counter.to_be_bytes()).unwrap_or(Self(Vec::new()))
    }

    /// A number from a counter that is written down before the token leaves, and 64 random bits behind it: it grows from
    /// token to token, and is not given again even where the counter was restored from an old copy.
    pub fn from_counter_and_random(counter: u64, random: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&counter.to_be_bytes());
        bytes[8..].copy_from_slice(&random);
        // Cannot fail: 16 octets are fewer than 20.
        Self::from_bytes(&bytes).unwrap_or(Self(Vec::new()))
    }

    /// 126 random bits: with them no counter is needed.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        // No leading zeros and no sign byte: every number has the same length.
        bytes[0] = bytes[0] & 0x7F | 0x40;
        Self(bytes.to_vec())
    }

    /// A number from its big-endian bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above 20 bytes.
    pub fn from_bytes(big_endian: &[u8]) -> Result<Self, Error> {
        let skip = big_endian.iter().take_while(|byte| **byte == 0).count();
        let digits = &big_endian[skip..];
        if digits.len() > MAX_SERIAL_LEN {
            let found = digits.len();
            return Err(Error::TooLarge { what: "TSTInfo serialNumber", limit: MAX_SERIAL_LEN, found });
        }
        Ok(Self(digits.to_vec()))
    }

    /// The number, big-endian, without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// When a key may be used, which ends long before its certificate [RFC 3280 §4.2.1.4].
///
/// ```text
/// PrivateKeyUsagePeriod ::= SEQUENCE {
///      notBefore       [0]     GeneralizedTime OPTIONAL,
///      notAfter        [1]     GeneralizedTime OPTIONAL }
/// ```
#[derive(Clone)]
struct KeyUse {
    not_before: Timestamp,
    not_after: Timestamp,
}

impl KeyUse {
    fn of(certificate: &Certificate) -> Result<Self, Error> {
        const WHAT: &str = "PrivateKeyUsagePeriod";
        let mut key_use = Self { not_before: certificate.not_before(), not_after: certificate.not_after() };
        if let Some(extension) = certificate.extension(oid::PRIVATE_KEY_USAGE_PERIOD) {
            let mut fields = Parser::only(&extension.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
            let mut time = |tag| match fields.optional(asn1::context(tag))? {
                Some(tlv) => {
                    crate::time::read_generalized_time(Tlv { tag: asn1::GENERALIZED_TIME, ..tlv }).map(Some)
                }
                None => Ok(None),
            };
            key_use.not_before = time(0)?.unwrap_or(key_use.not_before);
            key_use.not_after = time(1)?.unwrap_or(key_use.not_after);
            fields.end()?;
        }
        Ok(key_use)
    }

    fn includes(&self, now: Timestamp) -> bool {
        self.not_before <= now && now.as_second() <= self.not_after.as_second()
    }
}

/// ```text
/// QCStatements ::= SEQUENCE OF QCStatement
/// QCStatement ::= SEQUENCE {
///     statementId        OBJECT IDENTIFIER,
///     statementInfo      ANY DEFINED BY statementId OPTIONAL }
/// ```
fn qualified_statement() -> TstExtension {
    let statement = asn1::sequence(&[asn1::oid(&QTST_STATEMENT)]);
    TstExtension { id: oid::QC_STATEMENTS, critical: false, value: asn1::sequence(&[statement]) }
}
