//! The audit trail as auditors read it (`/admin/v1/trail`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Link;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailEntry {
    /// Its number: 1 for the first, then without gaps.
    pub seq: u64,
    /// When, to the millisecond.
    pub at: Timestamp,
    /// What, in one word: `EvidenceBound`.
    pub kind: String,
    /// To what: the id of a session, key, device, account, certificate, evidence or proposal.
    pub subject: String,
    /// Who, where it was an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// What they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// On what word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Everything that was written down.
    pub event: serde_json::Value,
}

/// The answer to `GET /trail`: a page, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailPage {
    /// At most as many as were asked for.
    pub entries: Vec<TrailEntry>,
    /// `before` of the next page; none after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A hash over a row of events and over the seal before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSeal {
    /// The number of the first event.
    pub first: u64,
    /// The number of the last event.
    pub last: u64,
    /// When it was sealed.
    pub at: Timestamp,
    /// SHA-256 over the events, in hexadecimal: number, time in milliseconds, kind, subject and body of each, each followed by
    /// a line feed.
    pub content: String,
    /// The hash of the seal before, in hexadecimal; 64 zeros in the first.
    pub previous: String,
    /// SHA-256 over `first`, `last`, `at` in milliseconds, `content` and `previous`, each followed by a line feed.
    pub hash: String,
}

impl EventSeal {
    /// The seal that comes after `before`, over the events up to `last`, which hash to `content`.
    pub fn after(before: Option<&Self>, last: u64, content: String, at: Timestamp) -> Self {
        let mut seal = Self {
            first: before.map_or(1, |before| before.last + 1),
            last,
            at: Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at),
            content,
            previous: before.map_or_else(|| super::chain::NOTHING.to_owned(), |before| before.hash.clone()),
            hash: String::new(),
        };
        seal.hash = seal.computed();
        seal
    }
}

impl Link for EventSeal {
    fn first(&self) -> u64 {
        self.first
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn previous(&self) -> &str {
        &self.previous
    }

    fn hash(&self) -> &str {
        &self.hash
    }

    fn covered(&self) -> String {
        let at = self.at.as_millisecond();
        format!("{}\n{}\n{at}\n{}\n{}\n", self.first, self.last, self.content, self.previous)
    }
}

/// The answer to `GET /trail/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailCheck {
    /// Whether every event that was looked at is as it was sealed.
    pub whole: bool,
    /// What is not, otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// The last event that was compared with its seal.
    pub sealed: u64,
    /// The last event that there is; what comes after `sealed` waits for the next seal, about a minute.
    pub last: u64,
    /// The last seal that was looked at. Keep its hash elsewhere: what is cut off at the end can only be seen with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<EventSeal>,
    /// `after` of the next request; none when everything was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}
