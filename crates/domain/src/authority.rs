//! Issuing CAs that took over from the ones of the first day.

use countersign_pki::certificate::{Name, name};
use countersign_pki::profile::Organization;
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::bytes;
use crate::custody::Wrapped;

/// An issuing CA that was made by a rollover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuingCa {
    /// Its name in URLs and in the store, unique and never given to another key: `eid-q-2`.
    pub name: String,
    /// Of the certificates that it issues to people.
    pub level: CertificateLevel,
    /// Its certificate, DER.
    #[serde(with = "bytes")]
    pub certificate: Vec<u8>,
    /// Where its key is.
    pub key: KeyHome,
    /// Where the key of its OCSP responder is.
    pub responder_key: KeyHome,
    /// When it took over.
    pub since: Timestamp,
}

/// Where a private key of the authority is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "home", rename_all = "kebab-case")]
pub enum KeyHome {
    /// Here, under the custody key; [`key_place`] says what it is bound to.
    Wrapped {
        /// PKCS#8.
        key: Wrapped,
    },
    /// In the PKCS#11 token of the configuration.
    Token {
        /// Its label there.
        label: String,
    },
}

/// What a wrapped key of the authority is bound to: the name it is known by, which is never given to another one.
pub fn key_place(name: &str) -> Vec<u8> {
    [b"authority key\0", name.as_bytes()].concat()
}

/// The name of the CA that comes after `current`: `eid-q` is followed by `eid-q-2`, that by `eid-q-3`.
pub fn successor_name(current: &str) -> String {
    let numbered =
        current.rsplit_once('-').and_then(|(base, number)| Some((base, number.parse::<u32>().ok()?)));
    match numbered {
        Some((base, number)) => format!("{base}-{}", number.saturating_add(1)),
        None => format!("{current}-2"),
    }
}

/// What the CA after `current` is called in certificates: the year in the common name becomes that of `now`, and a number
/// follows when the year is the same, so that no two CAs have one name. `None`: a name without a common name.
pub fn successor_subject(current: &Name, now: Timestamp) -> Option<Name> {
    let text = |oid| current.find(oid);
    let common_name = text(name::COMMON_NAME)?;
    let year = now.to_zoned(TimeZone::UTC).year();
    let organization = Organization {
        country: text(name::COUNTRY)?,
        name: text(name::ORGANIZATION)?,
        identifier: text(name::ORGANIZATION_IDENTIFIER)?,
    };
    organization.named(&next_common_name(&common_name, year)).ok()
}

fn next_common_name(current: &str, year: i16) -> String {
    let is_year = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let mut words: Vec<&str> = current.split(' ').collect();
    let ordinal = match words.last().and_then(|word| word.parse::<u32>().ok().filter(|_| !is_year(word))) {
        Some(number) => {
            words.pop();
            number
        }
        None => 1,
    };
    let of_this_year = words.last().is_some_and(|word| word.parse() == Ok(year) && is_year(word));
    if words.last().is_some_and(|word| is_year(word)) {
        words.pop();
    } else if ordinal > 1 {
        // No year, only a number: it goes on.
        return format!("{} {}", words.join(" "), ordinal + 1);
    }
    let base = words.join(" ");
    if of_this_year { format!("{base} {year} {}", ordinal + 1) } else { format!("{base} {year}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_successors_count_on() {
        for (current, next) in [("eid-q", "eid-q-2"), ("eid-q-2", "eid-q-3"), ("eid-nq-9", "eid-nq-10")] {
            assert_eq!(successor_name(current), next);
        }
    }

    #[test]
    fn a_common_name_takes_the_year_and_never_repeats() {
        for (current, year, next) in [
            ("EID-Q 2026", 2031, "EID-Q 2031"),
            ("EID-Q 2026", 2026, "EID-Q 2026 2"),
            ("EID-Q 2026 2", 2026, "EID-Q 2026 3"),
            ("EID-Q 2026 2", 2027, "EID-Q 2027"),
            ("Persons", 2026, "Persons 2026"),
            ("Persons 2", 2026, "Persons 3"),
        ] {
            assert_eq!(next_common_name(current, year), next);
        }
    }
}
