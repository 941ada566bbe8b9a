//! Terms: which are in force, and who has accepted which.

use aws_lc_rs::digest::{SHA256, digest};
use countersign_wire::id::{ChallengeId, SessionId, TermsId};
use countersign_wire::registration::step_up::StepUpAlgorithm;
use countersign_wire::registration::{EvidenceId, Jurisdiction, PerJurisdiction, StepUpId};
use countersign_wire::words::HashAlgorithm;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::means::Means;
use crate::bytes;

/// One text, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsDocument {
    /// Under which law.
    pub jurisdiction: Jurisdiction,
    /// Which edition. The same in every language.
    pub version: String,
    /// `de`, `en`, `fr`, `it` and so on.
    pub language: String,
    /// Where it can be read.
    pub url: String,
    /// SHA-256 of what is there, in hexadecimal.
    pub sha256: String,
    /// The first day on which it is in force.
    pub valid_from: Date,
}

/// Every text there ever was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms(Vec<TermsDocument>);

impl Terms {
    /// These.
    pub fn new(documents: Vec<TermsDocument>) -> Self {
        Self(documents)
    }

    /// The edition in force: of those that have begun, the one that began last. None where the operator has no terms for
    /// a jurisdiction; there is nothing to accept then.
    pub fn in_force(&self, jurisdiction: Jurisdiction, today: Date) -> Option<&str> {
        self.0
            .iter()
            .filter(|document| document.jurisdiction == jurisdiction && document.valid_from <= today)
            .max_by_key(|document| document.valid_from)
            .map(|document| &*document.version)
    }

    /// The texts of an edition, one for each language.
    pub fn texts<'a>(
        &'a self,
        jurisdiction: Jurisdiction,
        version: &'a str,
    ) -> impl Iterator<Item = &'a TermsDocument> {
        self.0
            .iter()
            .filter(move |document| document.jurisdiction == jurisdiction && document.version == version)
    }
}

/// An acceptance. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Which acceptance it came of.
    pub acceptance: TermsId,
    /// By whom.
    pub evidence: EvidenceId,
    /// Under which law.
    pub jurisdiction: Jurisdiction,
    /// Which edition.
    pub version: String,
    /// SHA-256 of its texts in every language, as they were then.
    pub sha256: Vec<String>,
    /// When.
    pub accepted_at: Timestamp,
    /// With what.
    pub means: Means,
    /// How that can be shown later.
    pub proof: Proof,
}

/// How an acceptance can be shown later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Proof {
    /// The person signed it with their app: their first signature.
    Signature {
        /// The session in which they did.
        session: SessionId,
        /// What was signed: its digest is the session's.
        statement: String,
        /// The signature over it.
        #[serde(with = "bytes")]
        value: Vec<u8>,
        /// The certificate, DER.
        #[serde(with = "bytes")]
        certificate: Vec<u8>,
    },
    /// Another service had them sign it with their means. It was checked before it counted, and can be again.
    StepUp {
        /// The question that was put to them.
        request: StepUpId,
        /// What was signed.
        statement: String,
        /// How.
        algorithm: StepUpAlgorithm,
        /// What made the digest of the statement.
        hash: HashAlgorithm,
        /// The signature over it.
        #[serde(with = "bytes")]
        value: Vec<u8>,
        /// The certificate, DER.
        #[serde(with = "bytes")]
        certificate: Vec<u8>,
        /// The certificates above it, DER, up to the one that was trusted then.
        #[serde(with = "bytes::list")]
        path: Vec<Vec<u8>>,
    },
    /// They entered password and one-time code on our page. Which password it was, the acceptance says by its serial
    /// number; neither password nor code is kept.
    Credentials {
        /// What they confirmed.
        statement: String,
        /// SHA-256 of it, in hexadecimal.
        sha256: String,
        /// The code that they entered, as the trail calls it.
        challenge: ChallengeId,
    },
    /// Nobody: a sandbox number in development.
    Simulated,
}

impl Proof {
    /// Password and code were entered for this statement.
    pub fn credentials(statement: String, challenge: ChallengeId) -> Self {
        let hash = digest(&SHA256, statement.as_bytes());
        let sha256 = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
        Self::Credentials { statement, sha256, challenge }
    }
}

/// Whether the edition in force is accepted; also where there is none.
pub fn current(acceptances: &[Acceptance], terms: &Terms, jurisdiction: Jurisdiction, today: Date) -> bool {
    terms.in_force(jurisdiction, today).is_none_or(|version| {
        acceptances.iter().any(|each| each.jurisdiction == jurisdiction && each.version == version)
    })
}

/// The editions that a person has yet to accept: those in force where their identification grants a level.
pub fn outstanding(
    evidence: &Evidence,
    acceptances: &[Acceptance],
    terms: &Terms,
    today: Date,
) -> PerJurisdiction<Option<String>> {
    PerJurisdiction::of(|jurisdiction| {
        evidence.granted().get(jurisdiction).as_ref()?;
        if current(acceptances, terms, jurisdiction, today) {
            return None;
        }
        terms.in_force(jurisdiction, today).map(str::to_owned)
    })
}

#[cfg(test)]
pub(crate) mod sample {
    use jiff::civil::date;

    use super::*;

    pub(crate) fn document(
        jurisdiction: Jurisdiction,
        version: &str,
        language: &str,
        from: Date,
    ) -> TermsDocument {
        TermsDocument {
            jurisdiction,
            version: version.into(),
            language: language.into(),
            url: format!("https://id.example.org/terms/{jurisdiction}/{version}/{language}"),
            sha256: "5a".repeat(32),
            valid_from: from,
        }
    }

    pub(crate) fn terms() -> Terms {
        let (old, new) = (date(2025, 1, 1), date(2026, 7, 1));
        Terms::new(vec![
            document(Jurisdiction::Zertes, "1", "de", old),
            document(Jurisdiction::Zertes, "1", "en", old),
            document(Jurisdiction::Eidas, "1", "en", old),
            document(Jurisdiction::Eidas, "2", "en", new),
        ])
    }
}

#[cfg(test)]
mod tests {
    use countersign_wire::registration::AssuranceLevel;
    use jiff::civil::date;

    use super::super::evidence::{Identification, sample as evidence};
    use super::super::means::MeansKind;
    use super::*;
    use crate::world;

    fn accepted(jurisdiction: Jurisdiction, version: &str) -> Acceptance {
        Acceptance {
            acceptance: TermsId::parse("a").unwrap(),
            evidence: evidence::recorded().id().clone(),
            jurisdiction,
            version: version.into(),
            sha256: Vec::new(),
            accepted_at: evidence::NOW,
            means: evidence::means(MeansKind::App, "x"),
            proof: Proof::Simulated,
        }
    }

    #[test]
    fn an_edition_is_in_force_from_its_first_day() {
        let terms = sample::terms();
        let eidas = |today| terms.in_force(Jurisdiction::Eidas, today);
        assert_eq!(eidas(date(2024, 12, 31)), None);
        assert_eq!(eidas(date(2025, 1, 1)), Some("1"));
        assert_eq!(eidas(date(2026, 6, 30)), Some("1"));
        assert_eq!(eidas(date(2026, 7, 1)), Some("2"));
        let languages: Vec<_> = terms.texts(Jurisdiction::Zertes, "1").map(|text| &*text.language).collect();
        assert_eq!(languages, ["de", "en"]);
    }

    #[test]
    fn a_new_edition_has_to_be_accepted_anew() {
        let (terms, person) = (sample::terms(), evidence::recorded());
        let both = [accepted(Jurisdiction::Zertes, "1"), accepted(Jurisdiction::Eidas, "1")];
        let open = |acceptances: &[Acceptance], today| outstanding(&person, acceptances, &terms, today);
        let of = |zertes: Option<&str>, eidas: Option<&str>| PerJurisdiction {
            zertes: zertes.map(str::to_owned),
            eidas: eidas.map(str::to_owned),
        };
        assert_eq!(open(&[], date(2026, 6, 1)), of(Some("1"), Some("1")));
        assert_eq!(open(&both[..1], date(2026, 6, 1)), of(None, Some("1")));
        assert_eq!(open(&both, date(2026, 6, 30)), of(None, None));
        assert_eq!(open(&both, date(2026, 7, 1)), of(None, Some("2")));
        assert_eq!(open(&[], date(2024, 1, 1)), of(None, None), "there were none");
    }

    #[test]
    fn only_where_there_is_a_level() {
        let granted = PerJurisdiction { zertes: None, eidas: Some(AssuranceLevel::Advanced) };
        let identification = Identification { granted, ..evidence::identification() };
        let (person, _) = Evidence::record(identification, evidence::NOW, &mut world::rng(1)).unwrap();
        let open = outstanding(&person, &[], &sample::terms(), date(2026, 6, 1));
        assert_eq!((open.zertes, open.eidas.as_deref()), (None, Some("1")));
    }
}
