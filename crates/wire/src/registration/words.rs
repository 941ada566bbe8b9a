//! The fixed words of the registration API.

use crate::words;

words! {
    /// Whose law a signature follows. Lower case on the wire; read without regard to case, since sister services
    /// write it in capitals.
    pub enum Jurisdiction {
        /// Switzerland: the law on electronic signatures.
        Zertes = "zertes",
        /// The European Union.
        Eidas = "eidas",
    }

    /// Whether the holder of a number may sign, and if not, why (registration 4.1). These are the guide's spellings; see
    /// [`SigningStatus::plain`] for the others.
    pub enum SigningStatus {
        /// Registered, and signs with the app.
        Mid = "MID",
        /// Registered, and signs with password and one-time code.
        Sas = "SAS",
        /// A service beneath did not answer. Never to be shown as "not registered".
        NotAbleToRetrieve = "NOT_ABLE_TO_RETRIEVE",
        /// Not registered. Has a means, or that could not be learnt.
        NotRegisteredAtAll = "NOT_REGISTERED_AT_ALL",
        /// Not registered, and no means either.
        NotRaMidSas = "NOT_RA_MID_SAS",
        /// Registered with password and code, and has activated the app since.
        MismatchSasButMid = "MISSMATCH_SAS_BUT_MID",
        /// The password was changed since the identification.
        MismatchSasChangeSn = "MISSMATCH_SAS_CHANGE_SN",
        /// The app was activated anew since the identification.
        MismatchMid = "MISSMATCH_MID",
        /// Registered with something that is not there any more.
        Mismatch = "MISMATCH",
    }

    /// Why an acceptance of terms ended without one (registration 5.3.6).
    pub enum TermsError {
        /// The person said no on their device.
        UserCancel = "user_cancel",
        /// The person did not answer in time.
        Timeout = "timeout",
        /// There is nothing to confirm with, or it cannot be used now.
        MeansUnavailable = "means_unavailable",
        /// Too many wrong passwords or codes.
        WrongCredentials = "wrong_credentials",
        /// It would have lowered the level, and `knowsTheRisk` was not true.
        DowngradeNotAcknowledged = "downgrade_not_acknowledged",
        /// All terms were declined.
        Declined = "declined",
        /// Our fault.
        Internal = "internal",
    }

    /// `error` in the body of a refused request.
    pub enum ErrorCode {
        /// A member is missing or wrong.
        InvalidRequest = "invalid_request",
        /// The code is wrong.
        OtpInvalid = "otp_invalid",
        /// There is no code that could be right: none was sent, it was used, or its time is over.
        OtpExpired = "otp_expired",
        /// Too many wrong codes.
        OtpLocked = "otp_locked",
        /// No token, or one that does not count.
        InvalidToken = "invalid_token",
        /// The token is not for this.
        InsufficientScope = "insufficient_scope",
        /// The page that asks is not one of the client's.
        OriginNotAllowed = "origin_not_allowed",
        /// The client may not ask about numbers like this.
        NumberNotAllowed = "number_not_allowed",
        /// A browser's token counts for this number only after its holder has entered a code.
        NumberNotVerified = "number_not_verified",
        /// Nothing of this name here.
        NotFound = "not_found",
        /// Everything that is to be accepted is accepted.
        TcAlreadyAccepted = "tc_already_accepted",
        /// Nobody was identified for this number.
        NoEvidence = "no_evidence",
        /// No such transaction.
        UnknownToken = "unknown_token",
        /// This path has another method.
        MethodNotAllowed = "method_not_allowed",
        /// The terms were decided on before.
        AlreadyDecided = "already_decided",
        /// The time of the transaction is over.
        TokenExpired = "token_expired",
        /// The body is longer than this surface reads.
        TooLarge = "too_large",
        /// A media type that is not read here.
        UnsupportedMediaType = "unsupported_media_type",
        /// Too often.
        TooManyRequests = "too_many_requests",
        /// Our fault.
        Internal = "internal",
        /// Switched off, or the gateway for messages does not answer.
        Unavailable = "unavailable",
    }

    /// `error` in the body of a refused token request [RFC 6749 §5.2].
    pub enum OauthError {
        /// Malformed.
        InvalidRequest = "invalid_request",
        /// No client has these credentials.
        InvalidClient = "invalid_client",
        /// Only `client_credentials` is given out here.
        UnsupportedGrantType = "unsupported_grant_type",
        /// A scope that the client does not have.
        InvalidScope = "invalid_scope",
        /// Too often; not in the RFC, whose form it has.
        TemporarilyUnavailable = "temporarily_unavailable",
    }

    /// What a token may be used for.
    pub enum Scope {
        /// The registration API.
        Smartflow = "smartflow",
        /// The orchestration of identifications.
        Miss = "miss",
    }
}

impl Jurisdiction {
    /// Reads the word in any case.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str().eq_ignore_ascii_case(word))
    }
}

impl SigningStatus {
    /// The word with one S, as newer interfaces write it. The guide writes three of them with two.
    pub const fn plain(self) -> &'static str {
        match self {
            Self::MismatchSasButMid => "MISMATCH_SAS_BUT_MID",
            Self::MismatchSasChangeSn => "MISMATCH_SAS_CHANGE_SN",
            Self::MismatchMid => "MISMATCH_MID",
            other => other.as_str(),
        }
    }

    /// Reads either spelling.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str() == word || each.plain() == word)
    }

    /// Whether the means is no longer the one of the identification, so that level 4 is out of reach.
    pub const fn is_mismatch(self) -> bool {
        match self {
            Self::MismatchSasButMid | Self::MismatchSasChangeSn | Self::MismatchMid | Self::Mismatch => true,
            Self::Mid
            | Self::Sas
            | Self::NotAbleToRetrieve
            | Self::NotRegisteredAtAll
            | Self::NotRaMidSas => false,
        }
    }

    /// Whether the means is the one of the identification.
    pub const fn is_matched(self) -> bool {
        matches!(self, Self::Mid | Self::Sas)
    }
}

impl ErrorCode {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::OtpInvalid | Self::OtpExpired | Self::OtpLocked => 400,
            Self::InvalidToken => 401,
            Self::InsufficientScope
            | Self::OriginNotAllowed
            | Self::NumberNotAllowed
            | Self::NumberNotVerified => 403,
            Self::NotFound | Self::TcAlreadyAccepted | Self::NoEvidence | Self::UnknownToken => 404,
            Self::MethodNotAllowed => 405,
            Self::AlreadyDecided => 409,
            Self::TokenExpired => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

impl OauthError {
    /// The HTTP status [RFC 6749 §5.2].
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::InvalidRequest | Self::UnsupportedGrantType | Self::InvalidScope => 400,
            Self::TemporarilyUnavailable => 429,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inconsistency register, row 4.
    #[test]
    fn both_spellings_are_one_status() {
        for (guide, newer) in [
            ("MISSMATCH_SAS_BUT_MID", "MISMATCH_SAS_BUT_MID"),
            ("MISSMATCH_SAS_CHANGE_SN", "MISMATCH_SAS_CHANGE_SN"),
            ("MISSMATCH_MID", "MISMATCH_MID"),
        ] {
            let status = SigningStatus::read(guide).unwrap();
            assert_eq!(SigningStatus::read(newer), Some(status));
            assert_eq!((status.as_str(), status.plain()), (guide, newer));
        }
        assert_eq!(SigningStatus::read("MISMATCH"), Some(SigningStatus::Mismatch));
        assert_eq!(SigningStatus::read("MISSMATCH"), None);
        let plain: std::collections::BTreeSet<_> =
            SigningStatus::ALL.iter().map(|each| each.plain()).collect();
        assert_eq!(plain.len(), SigningStatus::ALL.len());
    }

    #[test]
    fn jurisdictions_are_read_in_any_case() {
        for word in ["eidas", "EIDAS", "eIDAS"] {
            assert_eq!(Jurisdiction::read(word), Some(Jurisdiction::Eidas));
        }
        assert_eq!(Jurisdiction::read("ch"), None);
    }
}
