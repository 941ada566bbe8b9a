//! Who the holder of a certificate is, and whether that is the person who was asked (5.7, last part).

use std::fmt;

use countersign_pki::Certificate;
use countersign_wire::id::{DocumentNumber, IdentityType, SemanticsIdentifier};
use jiff::civil::Date;

use crate::Error;
use crate::session::StartedSession;

/// A person, as a certificate names them.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Type, country and number.
    pub person: SemanticsIdentifier,
    /// Given names.
    pub given_name: String,
    /// Surname.
    pub surname: String,
    /// Country of the subject, ISO 3166-1 alpha-2.
    pub country: String,
    /// From the certificate's attribute, else from a national number that holds one, else not known.
    pub date_of_birth: Option<Date>,
}

impl Identity {
    /// Reads the holder of a certificate.
    ///
    /// # Errors
    /// [`Error::MissingAttribute`], [`Error::MalformedIdentity`]. A date of birth that cannot be found is none.
    pub fn of(certificate: &Certificate) -> Result<Self, Error> {
        let subject = certificate.subject();
        let need = |value: Option<String>, attribute| {
            value.filter(|value| !value.is_empty()).ok_or(Error::MissingAttribute { attribute })
        };
        let given_name = need(subject.given_name(), "givenName")?;
        let surname = need(subject.surname(), "surname")?;
        let country = need(subject.country(), "countryName")?;
        let number = need(subject.serial_number(), "serialNumber")?;
        let person = SemanticsIdentifier::parse(&number).map_err(|_| Error::MalformedIdentity)?;
        let date_of_birth = certificate.date_of_birth().or_else(|| date_in_number(&person));
        Ok(Self { person, given_name, surname, country, date_of_birth })
    }

    /// The number after the first hyphen of the semantics identifier.
    pub fn number(&self) -> &str {
        self.person.identifier()
    }
}

/// Country only: the rest is personal.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, …)", self.country)
    }
}

/// The date of birth inside a national number of Estonia, Latvia or Lithuania, if there is one.
fn date_in_number(person: &SemanticsIdentifier) -> Option<Date> {
    match person.identity_type() {
        IdentityType::PersonalNumber => {}
        IdentityType::Passport | IdentityType::IdentityCard => return None,
    }
    let number = person.identifier();
    match person.country() {
        "EE" | "LT" => estonian_or_lithuanian(number),
        "LV" => latvian(number),
        _ => None,
    }
}

/// `GYYMMDDSSSC`: G is 1 or 2 for the 19th century, 3 or 4 for the 20th, 5 or 6 for the 21st.
fn estonian_or_lithuanian(number: &str) -> Option<Date> {
    let digits = digits(number, 11)?;
    let century = match digits[0] {
        first @ 1..=6 => 1800 + 100 * i16::from((first - 1) / 2),
        _ => return None,
    };
    date(century, &digits[1..3], &digits[3..5], &digits[5..7])
}

/// `DDMMYY-CXXXX`: C is 0 for 18xx, 1 for 19xx, 2 for 20xx. Numbers that begin with 32 to 39 hold no date.
fn latvian(number: &str) -> Option<Date> {
    let (front, back) = number.split_once('-')?;
    let (front, back) = (digits(front, 6)?, digits(back, 5)?);
    let century = match back[0] {
        century @ 0..=2 => 1800 + 100 * i16::from(century),
        _ => return None,
    };
    // Days from 32 on are refused as dates.
    date(century, &front[4..6], &front[2..4], &front[0..2])
}

fn date(century: i16, year: &[u8], month: &[u8], day: &[u8]) -> Option<Date> {
    let number = |pair: &[u8]| pair[0] * 10 + pair[1];
    // Two digits are at most 99.
    Date::new(century + i16::from(number(year)), number(month) as i8, number(day) as i8).ok()
}

fn digits(text: &str, count: usize) -> Option<Vec<u8>> {
    let all = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    all.then(|| text.bytes().map(|b| b - b'0').collect())
}

/// Checks that result, certificate and request are about one person and one account.
pub(super) fn check(
    identity: &Identity,
    certificate: &Certificate,
    document: &DocumentNumber,
    session: &StartedSession,
) -> Result<(), Error> {
    if session.document().is_some_and(|asked| asked != document) {
        return Err(Error::AnotherDocument("result.documentNumber"));
    }
    if session.person().is_some_and(|asked| *asked != identity.person) {
        return Err(Error::AnotherPerson);
    }
    check_document(identity, certificate, document)
}

/// Checks that a certificate belongs to an account.
pub(super) fn check_document(
    identity: &Identity,
    certificate: &Certificate,
    document: &DocumentNumber,
) -> Result<(), Error> {
    if *document.semantics() != identity.person {
        return Err(Error::AnotherPerson);
    }
    match certificate.document_number() {
        Some(named) if named != document.as_str() => {
            Err(Error::AnotherDocument("the certificate's subjectAltName"))
        }
        // Some certificates do not name their account; the person is checked all the same.
        Some(_) | None => Ok(()),
    }
}
