//! What the operator has set for a client, for the pages that ask in its name; ours, the guide has no such request.

use serde::{Deserialize, Serialize};

/// `GET /api/public/settings`. A page may do less than this, never more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// What the client takes a confirmation with: `MID`, `SAS`.
    pub methods: Vec<String>,
    /// Whether it may have people accept terms.
    pub asks_for_terms: bool,
    /// Seconds in which a code can be entered.
    pub code_seconds: u32,
    /// Seconds between two codes to one number.
    pub code_pause_seconds: u32,
    /// Where people get identified.
    pub identify_url: Option<String>,
    /// A development server: what sandbox numbers do is played.
    pub sandbox: bool,
}
