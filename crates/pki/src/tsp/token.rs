//! The time-stamp itself: `TimeStampToken`, signed data around a `TSTInfo` [RFC 3161 §2.4.2].

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use super::request::{MessageImprint, read_nonce};
use crate::asn1::{self, Backwards, Parser};
use crate::cms::SignedData;
use crate::{Certificate, Error};

/// The largest token read, in bytes; a usual one has 2000 to 8000.
pub const MAX_TOKEN_LEN: usize = 64 * 1024;

/// id-ct-TSTInfo.
pub(super) const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// The longest serial number, in bytes: 160 bits [RFC 3161 §2.4.2].
pub(super) const MAX_SERIAL_LEN: usize = 20;

const MAX_EXTENSIONS: usize = 16;

/// A time-stamp that was read. Whether it proves anything is for [`super::check`] to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampToken {
    der: Vec<u8>,
    signed: SignedData,
    info: TstInfo,
}

impl TimeStampToken {
    /// Reads a token: a `ContentInfo` in DER.
    ///
    /// # Errors
    /// When it is not signed data with one signer around a `TSTInfo`.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_TOKEN_LEN {
            return Err(Error::TooLarge { what: "TimeStampToken", limit: MAX_TOKEN_LEN, found: bytes.len() });
        }
        let signed = SignedData::from_der(bytes)?;
        if signed.content_type() != ID_CT_TST_INFO {
            return Err(Error::UnsupportedAlgorithm { what: "eContentType", oid: signed.content_type() });
        }
        let content = signed.content().ok_or(Error::Missing { what: "TSTInfo" })?;
        let info = TstInfo::from_der(content)?;
        Ok(Self { der: bytes.to_vec(), signed, info })
    }

    /// The whole token.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// When the data existed, at the latest.
    pub fn gen_time(&self) -> Timestamp {
        self.info.gen_time
    }

    /// The serial number, big-endian, without a sign byte.
    pub fn serial(&self) -> &[u8] {
        &self.info.serial_number
    }

    /// The hash of what is time-stamped.
    pub fn imprint(&self) -> &MessageImprint {
        &self.info.imprint
    }

    /// Everything the authority signed.
    pub fn info(&self) -> &TstInfo {
        &self.info
    }

    /// The signed data around it.
    pub fn signed_data(&self) -> &SignedData {
        &self.signed
    }

    /// The certificate of the time-stamping unit, if it is inside: the one the signature names.
    pub fn tsu_certificate(&self) -> Option<Certificate> {
        self.signed
            .certificates()
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .find(|certificate| self.signed.names_signer(certificate))
    }
}

/// What a time-stamping authority signs.
///
/// ```text
/// TSTInfo ::= SEQUENCE  {
///    version                      INTEGER  { v1(1) },
///    policy                       TSAPolicyId,
///    messageImprint               MessageImprint,
///    serialNumber                 INTEGER,
///    genTime                      GeneralizedTime,
///    accuracy                     Accuracy                 OPTIONAL,
///    ordering                     BOOLEAN             DEFAULT FALSE,
///    nonce                        INTEGER                  OPTIONAL,
///    tsa                          [0] GeneralName          OPTIONAL,
///    extensions                   [1] IMPLICIT Extensions   OPTIONAL   }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TstInfo {
    /// The rules under which the authority works.
    pub policy: ObjectIdentifier,
    /// The hash of what is time-stamped.
    pub imprint: MessageImprint,
    /// The serial number, big-endian, without a sign byte; unique for the authority.
    pub serial_number: Vec<u8>,
    /// The time.
    pub gen_time: Timestamp,
    /// How far the time may be off.
    pub accuracy: Option<Accuracy>,
    /// Whether tokens of this authority can be ordered by time alone.
    pub ordering: bool,
    /// The content octets of the request's nonce.
    pub nonce: Option<Vec<u8>>,
    /// The authority's name: the DER of a `GeneralName`.
    pub tsa: Option<Vec<u8>>,
    /// Further statements.
    pub extensions: Vec<TstExtension>,
}

/// An extension of a `TSTInfo`, as in certificates [RFC 5280 §4.1.2.9].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TstExtension {
    /// Which extension.
    pub id: ObjectIdentifier,
    /// Whether the token is unusable for those who do not know it.
    pub critical: bool,
    /// The content of its `extnValue`.
    pub value: Vec<u8>,
}

impl TstInfo {
    /// Reads a `TSTInfo`.
    ///
    /// # Errors
    /// When it is not one in DER.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "TSTInfo";
        let mut fields = Parser::only(bytes, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        if fields.small_integer()? != 1 {
            return Err(Error::malformed(WHAT, "its version is unknown"));
        }
        let policy = fields.oid()?;
        let imprint = MessageImprint::read(&mut fields)?;
        let serial_number = fields.unsigned_bytes()?.to_vec();
        if serial_number.len() > MAX_SERIAL_LEN {
            let found = serial_number.len();
            return Err(Error::TooLarge { what: "TSTInfo serialNumber", limit: MAX_SERIAL_LEN, found });
        }
        let gen_time = crate::time::read_generalized_time_with_fraction(fields.any()?)?;
        let accuracy = fields.optional(asn1::SEQUENCE)?.map(|tlv| Accuracy::read(tlv.inside("Accuracy")));
        let ordering = fields.boolean_or(false)?;
        let nonce = match fields.peek() {
            Some(asn1::INTEGER) => Some(read_nonce(&mut fields)?),
            _ => None,
        };
        let tsa = fields.optional(asn1::context_constructed(0))?.map(|tlv| tlv.value.to_vec());
        let extensions = match fields.optional(asn1::context_constructed(1))? {
            Some(tlv) => extensions(tlv.inside("TSTInfo extensions"))?,
            None => Vec::new(),
        };
        fields.end()?;
        Ok(Self {
            policy,
            imprint,
            serial_number,
            gen_time,
            accuracy: accuracy.transpose()?,
            ordering,
            nonce,
            tsa,
            extensions,
        })
    }

    /// The DER of it.
    ///
    /// # Errors
    /// When the time does not fit the format.
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let mut der = Backwards::with_room(256 + self.tsa.as_ref().map_or(0, Vec::len));
        der.around(asn1::SEQUENCE, |der| {
            if !self.extensions.is_empty() {
                der.around(asn1::context_constructed(1), |der| {
                    self.extensions.iter().rev().for_each(|extension| der.put(&extension.to_der()));
                });
            }
            if let Some(tsa) = &self.tsa {
                der.value(asn1::context_constructed(0), tsa);
            }
            if let Some(nonce) = &self.nonce {
                der.value(asn1::INTEGER, nonce);
            }
            if self.ordering {
                der.value(asn1::BOOLEAN, &[0xFF]);
            }
            if let Some(accuracy) = &self.accuracy {
                accuracy.write(der);
            }
            der.put(&crate::time::generalized_time_with_fraction(self.gen_time)?);
            der.unsigned(&self.serial_number);
            self.imprint.write(der);
            der.value(asn1::OBJECT_IDENTIFIER, self.policy.as_bytes());
            der.value(asn1::INTEGER, &[1]);
            Ok::<(), Error>(())
        })?;
        Ok(der.finish())
    }
}

impl TstExtension {
    fn to_der(&self) -> Vec<u8> {
        let mut fields = vec![asn1::oid(&self.id)];
        if self.critical {
            fields.push(asn1::boolean_true());
        }
        fields.push(asn1::octet_string(&self.value));
        asn1::sequence(&fields)
    }
}

/// How far a time may be off, in both directions [RFC 3161 §2.4.2].
///
/// ```text
/// Accuracy ::= SEQUENCE {
///       seconds        INTEGER              OPTIONAL,
///       millis     [0] INTEGER  (1..999)    OPTIONAL,
///       micros     [1] INTEGER  (1..999)    OPTIONAL  }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    /// Whole seconds.
    pub seconds: u32,
    /// Thousandths, 0 to 999.
    pub millis: u16,
    /// Millionths, 0 to 999.
    pub micros: u16,
}

impl Accuracy {
    /// One second: the least that EN 319 421 allows.
    pub const ONE_SECOND: Self = Self { seconds: 1, millis: 0, micros: 0 };

    fn read(mut fields: Parser<'_>) -> Result<Self, Error> {
        const WHAT: &str = "Accuracy";
        let out_of_range = || Error::malformed(WHAT, "a part is out of range");
        let seconds = match fields.peek() {
            Some(asn1::INTEGER) => u32::try_from(fields.small_integer()?).map_err(|_| out_of_range())?,
            _ => 0,
        };
        let mut part = |tag| match fields.optional(asn1::context(tag))? {
            Some(tlv) => {
                let integer = asn1::tlv(asn1::INTEGER, tlv.value);
                match Parser::new(&integer, WHAT).small_integer()? {
                    value @ 1..=999 => u16::try_from(value).map_err(|_| out_of_range()),
                    _ => Err(out_of_range()),
                }
            }
            None => Ok(0),
        };
        let (millis, micros) = (part(0)?, part(1)?);
        fields.end()?;
        Ok(Self { seconds, millis, micros })
    }

    fn write(self, der: &mut Backwards) {
        der.around(asn1::SEQUENCE, |der| {
            for (number, value) in [(1, self.micros), (0, self.millis)] {
                if value > 0 {
                    let value = value.min(999).to_be_bytes();
                    der.around(asn1::context(number), |der| der.put_unsigned(&value));
                }
            }
            if self.seconds > 0 {
                der.unsigned(&self.seconds.to_be_bytes());
            }
        });
    }
}

fn extensions(mut list: Parser<'_>) -> Result<Vec<TstExtension>, Error> {
    const WHAT: &str = "TSTInfo extensions";
    let mut found: Vec<TstExtension> = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let id = fields.oid()?;
        let critical = fields.boolean_or(false)?;
        let value = fields.expect(asn1::OCTET_STRING)?.value.to_vec();
        fields.end()?;
        if found.iter().any(|earlier| earlier.id == id) {
            return Err(Error::malformed(WHAT, "an extension occurs twice"));
        }
        if found.len() == MAX_EXTENSIONS {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_EXTENSIONS, found: MAX_EXTENSIONS + 1 });
        }
        found.push(TstExtension { id, critical, value });
    }
    Ok(found)
}
