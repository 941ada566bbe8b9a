//! Registrant tokens: who may have one made, for whom, and what it is worth.
//!
//! The token itself is [`countersign_token`]. Here is what has to be true before one is sealed, and what makes one worthless
//! before its end. Registrant reference, sections 2, 8 and 9.

mod deny;
mod exchange;
mod partner;

pub use deny::{Denial, Denied, DenyList};
pub use exchange::{Exchanged, exchange};
pub use partner::{Caller, Partner, Partners, Standing};

use countersign_pki::Certificate;
use countersign_token::{Assurance, Holder, Method, UnfitHolder};
use countersign_wire::id::SemanticsIdentifier;
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;

use crate::national_number;

/// Who somebody is, how that is known, and how well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who.
    pub holder: Holder,
    /// How it is known.
    pub method: Method,
    /// How well.
    pub assurance: Assurance,
    /// When the person proved it.
    pub at: Timestamp,
    /// SHA-256 of the certificate that was verified.
    pub certificate: Option<[u8; 32]>,
}

/// Why no token is made. The words go to logs and counters; outside, those that a stranger can cause are one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody we know asks, from where they may.
    #[error("the caller is no partner, or not from this address")]
    NoPartner,
    /// The partner may not tell us who somebody is.
    #[error("the partner may not assert identities")]
    MayNotAssert,
    /// This way of proving an identity is not configured.
    #[error("this way of logging in is switched off")]
    SwitchedOff,
    /// No such user, or another password. Nobody is told which.
    #[error("the user name or the password is wrong")]
    WrongPassword,
    /// No such session, or another relying party's, or not from its address.
    #[error("the caller has no such session")]
    NoSession,
    /// The session was turned into a token before.
    #[error("the session was used before")]
    SessionUsed,
    /// The session goes on.
    #[error("the session is still running")]
    SessionRunning,
    /// The session ended without what was asked for.
    #[error("the session did not end with OK")]
    SessionFailed,
    /// The session signs, or chooses a certificate.
    #[error("the session is no authentication")]
    NoAuthentication,
    /// The challenge was not given to this browser, was used, or is old.
    #[error("the challenge is not one of ours")]
    NoChallenge,
    /// A Web eID token of another form.
    #[error("the Web eID token is malformed")]
    MalformedWebEid,
    /// The signature is not over our origin and challenge.
    #[error("the Web eID token's signature does not verify")]
    WrongSignature,
    /// No certificate in the handshake.
    #[error("no client certificate was shown")]
    NoCertificate,
    /// The certificate leads to nobody we trust, or is not for this.
    #[error("the certificate is not trusted for this")]
    UntrustedCertificate,
    /// The certificate is revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// Nobody says whether the certificate is revoked.
    #[error("the status of the certificate is not known")]
    StatusUnknown,
    /// The certificate names nobody whom a token could name.
    #[error("the certificate does not name a person")]
    NoPerson,
    /// What was told is not what was proven.
    #[error("{0} does not match the verified identity")]
    Mismatch(&'static str),
}

impl Refusal {
    /// The word for logs and counters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoPartner => "no-partner",
            Self::MayNotAssert => "may-not-assert",
            Self::SwitchedOff => "switched-off",
            Self::WrongPassword => "wrong-password",
            Self::NoSession => "no-session",
            Self::SessionUsed => "session-used",
            Self::SessionRunning => "session-running",
            Self::SessionFailed => "session-failed",
            Self::NoAuthentication => "no-authentication",
            Self::NoChallenge => "no-challenge",
            Self::MalformedWebEid => "malformed-web-eid",
            Self::WrongSignature => "wrong-signature",
            Self::NoCertificate => "no-certificate",
            Self::UntrustedCertificate => "untrusted-certificate",
            Self::Revoked => "revoked",
            Self::StatusUnknown => "status-unknown",
            Self::NoPerson => "no-person",
            Self::Mismatch(_) => "mismatch",
        }
    }
}

/// A person of whom values were told, as a token names them. The country is made upper-case; an Estonian or Lithuanian
/// number must be one, unless `foreign` numbers are expected under that country's name.
pub fn told(
    country: &str,
    ident: &str,
    first_name: &str,
    last_name: &str,
    foreign: bool,
) -> Result<Holder, UnfitHolder> {
    let country = country.trim().to_ascii_uppercase();
    // A whole semantics identifier is what a certificate holds; the documented value is the code alone.
    let ident = ident.trim();
    let code = match SemanticsIdentifier::parse(ident) {
        Ok(identifier) if identifier.country() == country => identifier.identifier().to_owned(),
        _ => ident.to_owned(),
    };
    let holder = Holder::new(&country, &code, first_name, last_name)?;
    if !foreign
        && let Some(expected) = national_number::fault(&country, &code)
        // Numbers of Latvia and Belgium come in forms that older systems write in other ways.
        && matches!(country.as_str(), "EE" | "LT")
    {
        return Err(UnfitHolder {
            member: "ident",
            expected: expected.strip_prefix("expected ").unwrap_or(expected),
        });
    }
    Ok(holder)
}

/// The person that a certificate names.
pub fn holder_of(certificate: &Certificate) -> Option<Holder> {
    let subject = certificate.subject();
    let identifier = SemanticsIdentifier::parse(&subject.serial_number()?).ok()?;
    let (given_name, surname) = (subject.given_name()?, subject.surname()?);
    Holder::new(identifier.country(), identifier.identifier(), &given_name, &surname).ok()
}

/// What a certificate of this level is worth.
pub const fn assurance_of(level: CertificateLevel) -> Assurance {
    match level {
        CertificateLevel::Qualified => Assurance::High,
        CertificateLevel::Advanced => Assurance::Substantial,
    }
}

/// Whether values that came with a proof say the same as the proof: names without regard to case and blanks. They may be
/// missing.
pub fn agree(
    holder: &Holder,
    country: Option<&str>,
    ident: Option<&str>,
    first_name: Option<&str>,
    last_name: Option<&str>,
) -> Result<(), Refusal> {
    let same = |told: &str, proven: &str| told.trim().to_lowercase() == proven.to_lowercase();
    let ident_fits = |told: &str| {
        let told = told.trim();
        told == holder.code()
            || SemanticsIdentifier::parse(told)
                .is_ok_and(|id| id.country() == holder.country() && id.identifier() == holder.code())
    };
    for (member, fits) in [
        ("ident", ident.is_none_or(ident_fits)),
        ("country_code", country.is_none_or(|told| same(told, holder.country()))),
        ("first_name", first_name.is_none_or(|told| same(told, holder.given_name()))),
        ("last_name", last_name.is_none_or(|told| same(told, holder.family_name()))),
    ] {
        if !fits {
            return Err(Refusal::Mismatch(member));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_sample_is_a_person() {
        let holder = told("ee", "30110100103", "Jan", "Tamm", false).unwrap();
        assert_eq!(holder.subject(), "EE-30110100103");
        assert_eq!(told("EE", "PNOEE-30110100103", "Jan", "Tamm", false).unwrap(), holder);
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for (country, ident, first, last, member) in [
            ("EST", "30110100103", "Jan", "Tamm", "country_code"),
            ("EE", "30110100104", "Jan", "Tamm", "ident"),
            ("EE", "PNOLV-30110100103", "Jan", "Tamm", "ident"),
            ("EE", "1; DROP", "Jan", "Tamm", "ident"),
            ("EE", "30110100103", "J\u{0}an", "Tamm", "first_name"),
            ("EE", "30110100103", "Jan", " ", "last_name"),
            ("EE", "30110100103", "Jan", &"m".repeat(129), "last_name"),
        ] {
            assert_eq!(
                told(country, ident, first, last, false).unwrap_err().member,
                member,
                "{ident} {first}"
            );
        }
        assert!(told("EE", "30110100104", "Jan", "Tamm", true).is_ok(), "marked foreign");
        assert!(told("LV", "0303031-0012", "Jan", "Tamm", false).is_ok());
    }

    #[test]
    fn what_is_told_beside_a_proof_must_agree() {
        let holder = Holder::new("EE", "38001085718", "JAAK-KRISTJAN", "JÕEORG").unwrap();
        assert_eq!(agree(&holder, None, None, None, None), Ok(()));
        let right = agree(&holder, Some("ee"), Some("38001085718"), Some("Jaak-Kristjan"), Some(" Jõeorg "));
        assert_eq!(right, Ok(()));
        assert_eq!(agree(&holder, None, Some("PNOEE-38001085718"), None, None), Ok(()));
        for (country, ident, first, last, member) in [
            (Some("LV"), None, None, None, "country_code"),
            (None, Some("38001085719"), None, None, "ident"),
            (None, None, Some("Jaak"), None, "first_name"),
            (None, None, None, Some(""), "last_name"),
        ] {
            assert_eq!(agree(&holder, country, ident, first, last), Err(Refusal::Mismatch(member)));
        }
    }
}
