//! The certificate authority as its operators see it (`/admin/v1`): what was issued, what counts, who answers, and the
//! log of what operators did.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::chain::BrokenLog;
use super::chain::{self, Link, NOTHING};

use crate::words;
use crate::words::CertificateLevel;

words! {
    /// Whether an issued certificate counts.
    pub enum CertificateState {
        /// It does.
        Good = "GOOD",
        /// Suspended: it may again.
        OnHold = "ON_HOLD",
        /// Not any more, for good.
        Revoked = "REVOKED",
    }

    /// What kind of certificate an operator may have issued for a key of somebody else's making. People's certificates
    /// are made by registration alone.
    pub enum IssueProfile {
        /// An organisation's seal: nonRepudiation, by an issuing CA.
        Seal = "seal",
        /// A further OCSP responder of a CA, such as one on another machine.
        OcspResponder = "ocsp-responder",
        /// A further time-stamping unit, by the root.
        TimeStampingUnit = "time-stamping-unit",
    }

    /// What somebody did to the authority.
    pub enum CeremonyAct {
        /// The log begins: the certificates that were there.
        Begin = "begin",
        /// A certificate for a request of an operator.
        Issue = "issue-certificate",
        /// A certificate ends.
        Revoke = "revoke-certificate",
        /// A certificate is put on hold.
        Suspend = "suspend-certificate",
        /// A certificate is taken off hold.
        Resume = "resume-certificate",
        /// A new issuing CA takes over.
        RollOver = "roll-over-ca",
        /// OCSP responders get new keys and certificates.
        RollOverResponders = "roll-over-responders",
        /// The time is right after all.
        AcceptClock = "accept-clock",
        /// What happened outside this program.
        Note = "note",
    }

    /// What a certificate of the authority itself is for.
    pub enum AuthorityRole {
        /// The root.
        Root = "root",
        /// Issues to people.
        IssuingCa = "issuing-ca",
        /// Answers OCSP requests.
        OcspResponder = "ocsp-responder",
        /// Signs time-stamps.
        TimeStampingUnit = "time-stamping-unit",
    }
}

/// An issued certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateEntry {
    /// The name of the CA that issued it.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Whether it counts.
    pub state: CertificateState,
    /// Since when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why not, as in the revocation list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// End of its validity.
    pub not_after: Timestamp,
    /// The account, for certificates of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// The certificate in PEM; not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// The answer to `GET /certificates`: a page, by issuer and serial number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificatePage {
    /// At most as many as were asked for.
    pub certificates: Vec<CertificateEntry>,
    /// Where the next page begins; none after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /certificates/{issuer}/{serial}/revoke`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeCertificate {
    /// As in the revocation list: `keyCompromise`, `superseded` and so on.
    pub reason: String,
    /// Where the request for it is kept: a reference into the operator's files, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// `POST …/suspend`, `…/resume`, `/authorities/{name}/rollover`, `/clock/accept`: on whose word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnWhoseWord {
    /// Where the request for it is kept: a reference into the operator's files, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// `POST /certificates`: a certificate for a key of somebody else's making, proven by a certification request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssueCertificate {
    /// What kind.
    pub profile: IssueProfile,
    /// By which CA: `eid-q`, `eid-nq`, `root`.
    pub issuer: String,
    /// The certification request (PKCS#10) in PEM. Its name and extensions are not looked at.
    pub request: String,
    /// The common name in the certificate.
    pub common_name: String,
    /// The organisation in a seal; otherwise that of the CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<SealHolder>,
    /// Days of validity.
    pub days: u16,
    /// Where the request for it is kept: a reference into the operator's files, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The organisation that a seal belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SealHolder {
    /// Two letters.
    pub country: String,
    /// As it is registered.
    pub name: String,
    /// Such as `NTREE-10747013` (EN 319 412-1 section 5.1.4).
    pub identifier: String,
}

/// One certificate of the authority itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityEntry {
    /// Its name in URLs; a responder has that of its CA.
    pub name: String,
    /// What it is for.
    pub role: AuthorityRole,
    /// Of the certificates it issues to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<CertificateLevel>,
    /// Whether it issues or signs from now on. A CA that does not any more still answers for what it issued.
    pub current: bool,
    /// Its subject (RFC 4514).
    pub subject: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Begin of its validity.
    pub not_before: Timestamp,
    /// End of its validity.
    pub not_after: Timestamp,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Where its key is: `software`, or `pkcs11`.
    pub key: String,
}

/// The answer to `GET /authorities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityStatus {
    /// The root first, then the issuing CAs, responders, and the time-stamping unit.
    pub members: Vec<AuthorityEntry>,
    /// The clock.
    pub clock: ClockStatus,
}

/// Whether the time is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockStatus {
    /// What the clock shows.
    pub now: Timestamp,
    /// Why it is not believed: nothing is signed meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// `POST /ceremony`: what happened outside this program, such as who held which part of the root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CeremonyNote {
    /// One line of at most 500 characters. Roles, no names: the log is kept for ever.
    pub text: String,
    /// Where more about it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The longest text of a note, in characters.
pub const NOTE_MAX: usize = 500;

/// One entry of the ceremony log. Each holds the hash of the one before, so that none can be changed or left out without
/// changing all that follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CeremonyEntry {
    /// 1 for the first, then without gaps.
    pub seq: u64,
    /// When, to the millisecond.
    pub at: Timestamp,
    /// The name of the operator's key, or `service`.
    pub operator: String,
    /// What.
    pub act: CeremonyAct,
    /// To what: the name of a CA, or issuer and serial number.
    pub subject: String,
    /// More about it, in one line.
    pub detail: String,
    /// The operator's reference, or nothing.
    pub evidence: String,
    /// The hash of the entry before, in hexadecimal; 64 zeros in the first.
    pub previous: String,
    /// SHA-256 over [`Link::covered`], in hexadecimal.
    pub hash: String,
}

impl CeremonyEntry {
    /// The entry that comes after `last`. `detail` and `subject` are one line each; a line break becomes a space.
    pub fn after(
        last: Option<&Self>,
        at: Timestamp,
        operator: &str,
        act: CeremonyAct,
        subject: &str,
        detail: &str,
        evidence: &str,
    ) -> Self {
        let line = |text: &str| text.replace(char::is_control, " ");
        let millisecond = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        let mut entry = Self {
            seq: last.map_or(1, |last| last.seq + 1),
            at: millisecond,
            operator: line(operator),
            act,
            subject: line(subject),
            detail: line(detail),
            evidence: line(evidence),
            previous: last.map_or_else(|| NOTHING.to_owned(), |last| last.hash.clone()),
            hash: String::new(),
        };
        entry.hash = entry.computed();
        entry
    }

    /// Whether the entries, from the first on, are whole and unchanged; see [`chain::check`].
    pub fn check(entries: &[Self]) -> Result<(), BrokenLog> {
        chain::check(entries)
    }
}

impl Link for CeremonyEntry {
    fn first(&self) -> u64 {
        self.seq
    }

    fn last(&self) -> u64 {
        self.seq
    }

    fn previous(&self) -> &str {
        &self.previous
    }

    fn hash(&self) -> &str {
        &self.hash
    }

    /// The eight members before `hash` in their order, each followed by a line feed, `at` in milliseconds since 1970. An
    /// auditor can hash them with `sha256sum`.
    fn covered(&self) -> String {
        format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.seq,
            self.at.as_millisecond(),
            self.operator,
            self.act,
            self.subject,
            self.detail,
            self.evidence,
            self.previous
        )
    }
}

/// The answer to `GET /ceremony`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CeremonyLog {
    /// In order, after the number that was asked for.
    pub entries: Vec<CeremonyEntry>,
    /// Whether there are more.
    pub more: bool,
}

/// Octets in hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Vec<CeremonyEntry> {
        let at = Timestamp::constant(1_780_315_200, 123_456_789);
        let mut entries: Vec<CeremonyEntry> = Vec::new();
        for act in [CeremonyAct::Begin, CeremonyAct::RollOver, CeremonyAct::Note] {
            entries.push(CeremonyEntry::after(entries.last(), at, "desk-1", act, "eid-q", "a\nb", "case/1"));
        }
        entries
    }

    #[test]
    fn a_whole_log_passes_and_travels() {
        let entries = log();
        assert_eq!(CeremonyEntry::check(&entries), Ok(()));
        assert_eq!(entries[0].detail, "a b");
        let text = serde_json::to_string(&CeremonyLog { entries: entries.clone(), more: false }).unwrap();
        assert_eq!(serde_json::from_str::<CeremonyLog>(&text).unwrap().entries, entries);
        assert_eq!(CeremonyEntry::check(&[]), Ok(()));
    }

    #[test]
    fn the_covered_bytes_are_lines() {
        let first = &log()[0];
        let zeros = "0".repeat(64);
        assert_eq!(
            first.covered(),
            format!("1\n1780315200123\ndesk-1\nbegin\neid-q\na b\ncase/1\n{zeros}\n")
        );
    }

    #[test]
    fn any_change_is_seen() {
        let good = log();
        let with = |change: &dyn Fn(&mut Vec<CeremonyEntry>)| {
            let mut entries = good.clone();
            change(&mut entries);
            CeremonyEntry::check(&entries)
        };
        assert_eq!(with(&|e| e[1].operator = "desk-2".into()), Err(BrokenLog::Changed { seq: 2 }));
        assert_eq!(with(&|e| drop(e.remove(1))), Err(BrokenLog::Gap { expected: 2, found: 3 }));
        assert_eq!(with(&|e| drop(e.remove(0))), Err(BrokenLog::Gap { expected: 1, found: 2 }));
        // Whoever changes an entry and its hash breaks the link of the next one.
        let rewritten = with(&|e| {
            e[1].detail = "nothing".into();
            e[1].hash = e[1].computed();
        });
        assert_eq!(rewritten, Err(BrokenLog::Unlinked { seq: 3 }));
    }
}
