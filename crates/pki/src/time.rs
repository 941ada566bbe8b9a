//! Times in ASN.1.
//!
//! ```text
//! Time ::= CHOICE {
//!      utcTime        UTCTime,          -- YYMMDDHHMMSSZ, 1950 to 2049
//!      generalTime    GeneralizedTime } -- YYYYMMDDHHMMSSZ
//! ```
//!
//! [RFC 5280 section 4.1.2.5]. Always in UTC, always with seconds, always with `Z`.
//!
//! [RFC 5280 section 4.1.2.5]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Error;
use crate::asn1::{self, Tlv};

/// `Time`: `UTCTime` from 1950 to 2049, `GeneralizedTime` outside. Fractions of a second are dropped.
///
/// # Errors
/// [`Error::TimeOutOfRange`] for a year below 0.
pub fn time(at: Timestamp) -> Result<Vec<u8>, Error> {
    let t = civil(at);
    if (1950..2050).contains(&t.year()) {
        Ok(asn1::tlv(asn1::UTC_TIME, &Digits::of(&t)?.as_bytes()[2..]))
    } else {
        generalized_time(at)
    }
}

/// `GeneralizedTime` to the second. Fractions are dropped.
///
/// # Errors
/// [`Error::TimeOutOfRange`] for a year below 0.
pub fn generalized_time(at: Timestamp) -> Result<Vec<u8>, Error> {
    Ok(asn1::tlv(asn1::GENERALIZED_TIME, Digits::of(&civil(at))?.as_bytes()))
}

/// `GeneralizedTime` with a fraction of a second where there is one, without trailing zeros, as
/// time-stamps have it (RFC 3161 section 2.4.2).
///
/// # Errors
/// [`Error::TimeOutOfRange`] for a year below 0.
pub fn generalized_time_with_fraction(at: Timestamp) -> Result<Vec<u8>, Error> {
    Ok(asn1::tlv(asn1::GENERALIZED_TIME, Digits::with_fraction_of(&civil(at))?.as_bytes()))
}

/// Reads `Time`. `GeneralizedTime` inside 1950 to 2049 is let through: it means what it says.
///
/// # Errors
/// [`Error::Malformed`] when it is neither, has no seconds, a fraction, or another zone than `Z`.
pub fn read_time(tlv: Tlv<'_>) -> Result<Timestamp, Error> {
    const WHAT: &str = "Time";
    match tlv.tag {
        asn1::UTC_TIME => {
            let digits = digits(tlv.value, 12, WHAT)?;
            let year = number(&digits[..2]);
            // RFC 5280: 50 and later is the 20th century.
            to_timestamp(if year >= 50 { 1900 + year } else { 2000 + year }, &digits[2..], 0, WHAT)
        }
        asn1::GENERALIZED_TIME => read_generalized_time(tlv),
        _ => Err(Error::malformed(WHAT, "it is neither UTCTime nor GeneralizedTime")),
    }
}

/// Reads `GeneralizedTime` to the second.
///
/// # Errors
/// [`Error::Malformed`] when it has no seconds, a fraction, or another zone than `Z`.
pub fn read_generalized_time(tlv: Tlv<'_>) -> Result<Timestamp, Error> {
    const WHAT: &str = "GeneralizedTime";
    if tlv.tag != asn1::GENERALIZED_TIME {
        return Err(Error::malformed(WHAT, "the value has another type"));
    }
    let digits = digits(tlv.value, 14, WHAT)?;
    to_timestamp(number(&digits[..4]), &digits[4..], 0, WHAT)
}

/// Reads `GeneralizedTime` that may have a fraction of a second (up to nine digits, no trailing zero).
///
/// # Errors
/// [`Error::Malformed`] when it is not that.
pub fn read_generalized_time_with_fraction(tlv: Tlv<'_>) -> Result<Timestamp, Error> {
    const WHAT: &str = "GeneralizedTime";
    let Some(dot) = tlv.value.iter().position(|b| *b == b'.') else { return read_generalized_time(tlv) };
    let fault = Error::malformed(WHAT, "its fraction is not in DER");
    let (whole, fraction) = tlv.value.split_at(dot);
    let [b'.', fraction @ .., b'Z'] = fraction else { return Err(fault) };
    let ends_in_zero = fraction.last().is_none_or(|b| *b == b'0');
    if tlv.tag != asn1::GENERALIZED_TIME || ends_in_zero || fraction.len() > 9 || !all_digits(fraction) {
        return Err(fault);
    }
    let nanoseconds = fraction.iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanoseconds = nanoseconds.fold(0, |n, d| n * 10 + i32::from(d - b'0'));
    if whole.len() != 14 || !all_digits(whole) {
        return Err(fault);
    }
    to_timestamp(number(&whole[..4]), &whole[4..], nanoseconds, WHAT)
}

fn civil(at: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(at)
}

/// `YYYYMMDDHHMMSS`, a fraction if there is one, `Z`. Every answer of a responder has some, so they are written without a text
/// that grows.
struct Digits {
    octets: [u8; 25],
    length: usize,
}

impl Digits {
    /// To the second.
    fn of(t: &DateTime) -> Result<Self, Error> {
        let mut digits = Self::to_the_second(t)?;
        digits.push(b'Z');
        Ok(digits)
    }

    /// With the fraction that there is, without trailing zeros.
    fn with_fraction_of(t: &DateTime) -> Result<Self, Error> {
        let mut digits = Self::to_the_second(t)?;
        // Never negative.
        let mut rest = t.subsec_nanosecond().unsigned_abs();
        if rest > 0 {
            digits.push(b'.');
        }
        let mut unit = 100_000_000;
        while rest > 0 {
            digits.number(rest / unit, 1);
            (rest, unit) = (rest % unit, unit / 10);
        }
        digits.push(b'Z');
        Ok(digits)
    }

    fn to_the_second(t: &DateTime) -> Result<Self, Error> {
        let out_of_range = |_| Error::TimeOutOfRange { what: "GeneralizedTime", first: 0, last: 9999 };
        let mut digits = Self { octets: [0; 25], length: 0 };
        digits.number(u32::try_from(t.year()).map_err(out_of_range)?, 4);
        for part in [t.month(), t.day(), t.hour(), t.minute(), t.second()] {
            digits.number(u32::from(part.unsigned_abs()), 2);
        }
        Ok(digits)
    }

    fn number(&mut self, number: u32, width: u32) {
        for place in (0..width).rev() {
            // Below 10.
            self.push(b'0' + (number / 10_u32.pow(place) % 10) as u8);
        }
    }

    fn push(&mut self, octet: u8) {
        self.octets[self.length] = octet;
        self.length += 1;
    }

    fn as_bytes(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

fn digits<'a>(value: &'a [u8], count: usize, what: &'static str) -> Result<&'a [u8], Error> {
    match value {
        [digits @ .., b'Z'] if digits.len() == count && all_digits(digits) => Ok(digits),
        _ => Err(Error::malformed(what, "it is not digits down to the second and Z")),
    }
}

/// At most four digits, already checked.
fn number(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |n, d| n * 10 + i16::from(d - b'0'))
}

/// `rest` is MMDDHHMMSS.
fn to_timestamp(year: i16, rest: &[u8], nanoseconds: i32, what: &'static str) -> Result<Timestamp, Error> {
    let fault = || Error::malformed(what, "there is no such time");
    let part = |i: usize| number(&rest[i..i + 2]) as i8;
    let datetime =
        DateTime::new(year, part(0), part(2), part(4), part(6), part(8), nanoseconds).map_err(|_| fault())?;
    // RFC 5280 section 4.1.2.5: 99991231235959Z means "no good expiry date". The last representable
    // instant is a day earlier and means the same.
    Ok(TimeZone::UTC.to_timestamp(datetime).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Parser;

    fn read(der: &[u8]) -> Result<Timestamp, Error> {
        read_time(Parser::new(der, "x").any().unwrap())
    }

    #[test]
    fn the_form_changes_in_2050() {
        let before: Timestamp = "2049-12-31T23:59:59Z".parse().unwrap();
        let after: Timestamp = "2050-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(time(before).unwrap(), b"\x17\x0d491231235959Z");
        assert_eq!(time(after).unwrap(), b"\x18\x0f20500101000000Z");
        for t in
            [before, after, "1950-01-01T00:00:00Z".parse().unwrap(), "1905-04-04T12:00:00Z".parse().unwrap()]
        {
            assert_eq!(read(&time(t).unwrap()).unwrap(), t);
        }
    }

    #[test]
    fn no_expiry_is_the_end_of_time() {
        assert_eq!(read(b"\x18\x0f99991231235959Z").unwrap(), Timestamp::MAX);
    }

    #[test]
    fn sloppy_times_are_refused() {
        for bad in [
            &b"\x17\x0b4912312359Z"[..],
            b"\x17\x0c491231235959",
            b"\x17\x11491231235959+0200",
            b"\x17\x0d491331235959Z",
            b"\x17\x0d490230000000Z",
            b"\x18\x1120500101000000.5Z",
            b"\x04\x0d491231235959Z",
        ] {
            assert!(read(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn fractions_have_no_trailing_zeros() {
        let t: Timestamp = "2026-11-22T10:00:00.25Z".parse().unwrap();
        let der = generalized_time_with_fraction(t).unwrap();
        assert_eq!(&der[2..], b"20261122100000.25Z");
        let read = |der: &[u8]| read_generalized_time_with_fraction(Parser::new(der, "x").any().unwrap());
        assert_eq!(read(&der).unwrap(), t);
        assert!(read(b"\x18\x1320261122100000.250Z").is_err());
        assert!(read(b"\x18\x1020261122100000.Z").is_err());
        assert_eq!(read(b"\x18\x0f20261122100000Z").unwrap(), "2026-11-22T10:00:00Z".parse().unwrap());
        for (given, written) in [
            ("0007-01-02T03:04:05Z", &b"00070102030405Z"[..]),
            ("2026-11-22T10:00:00.000000001Z", b"20261122100000.000000001Z"),
            ("2026-11-22T10:00:00.1Z", b"20261122100000.1Z"),
            ("2026-11-22T10:00:00.020304Z", b"20261122100000.020304Z"),
        ] {
            assert_eq!(
                generalized_time_with_fraction(given.parse().unwrap()).unwrap()[2..],
                *written,
                "{given}"
            );
        }
        let before = "-000001-12-31T23:59:59Z".parse().unwrap();
        assert!(matches!(generalized_time_with_fraction(before), Err(Error::TimeOutOfRange { .. })));
    }
}
