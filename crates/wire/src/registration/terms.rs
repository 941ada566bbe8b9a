//! Terms: the link to them, and how their acceptance goes on (registration 5.3.4, 5.3.6).

use serde::{Deserialize, Serialize};

use super::id::TermsToken;
use super::words::{Jurisdiction, TermsError};

/// `GET /api/public/evidence/{msisdn}/tc`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsLink {
    /// The page with the terms. Its last segment is the token.
    pub link: String,
    /// The token, so that nobody has to look for it in a page; ours.
    pub token: TermsToken,
    /// What is on that page, for pages that show it themselves; ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<TermsEdition>,
}

/// One edition that is to be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsEdition {
    /// Under which law.
    pub jurisdiction: Jurisdiction,
    /// Which edition.
    pub version: String,
    /// Its text in every language.
    pub texts: Vec<TermsText>,
}

/// One text of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsText {
    /// `de`, `en` and so on.
    pub language: String,
    /// Where it can be read; absolute.
    pub url: String,
}

/// `GET /api/public/mobileid/status?token=`. Ask again every 2 to 5 seconds until `confirmed`, `downgrade` or an `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PollAnswer {
    /// As asked.
    pub token: TermsToken,
    /// Why it ended without an acceptance.
    pub error: Option<TermsError>,
    /// Where the person enters password and code, in an iframe. `null` for people with the app, and when it is done.
    pub consent_url: Option<String>,
    /// The person has accepted.
    pub confirmed: bool,
    /// They have, and the level ends at 3.
    pub downgrade: bool,
}

impl PollAnswer {
    /// Nothing has happened yet.
    pub fn waiting(token: TermsToken) -> Self {
        Self { token, error: None, consent_url: None, confirmed: false, downgrade: false }
    }

    /// Whether it is worth to ask again.
    pub fn is_over(&self) -> bool {
        self.confirmed || self.downgrade || self.error.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_s_example_is_written() {
        let token = TermsToken::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let waiting = PollAnswer::waiting(token.clone());
        assert_eq!(
            serde_json::to_string(&waiting).unwrap(),
            r#"{"token":"AAAAAAAAAAAAAAAAAAAAAA","error":null,"consentUrl":null,"confirmed":false,"downgrade":false}"#
        );
        assert!(!waiting.is_over());
        for error in TermsError::ALL {
            let over = PollAnswer { error: Some(*error), ..PollAnswer::waiting(token.clone()) };
            let text = serde_json::to_string(&over).unwrap();
            assert!(over.is_over() && text.contains(&format!("\"error\":\"{error}\"")), "{text}");
            assert_eq!(serde_json::from_str::<PollAnswer>(&text).unwrap(), over);
        }
    }
}
