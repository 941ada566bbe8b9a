//! Time-stamps that stand for themselves: ASiC-S, with what renewed them. One process with those of signatures, so each is judged
//! by what the ones around it prove.

use countersign_pki::tsp::TimeStampToken;

use super::Context;
use super::input::{
    Covered, Method, SignatureUnderTest, Statements, TimeStampKind, TimeStampUnderTest, ValueForm,
};
use super::signature::Check;
use super::status::StatusSources;
use crate::asice::{Container, Evidence};
use crate::error::Result;
use crate::level::SignatureFormat;
use crate::report::EvidenceReport;

/// What the time-stamps of an ASiC-S container prove; nothing for other containers.
pub(super) fn check(container: &Container, context: Context<'_>) -> Result<Vec<EvidenceReport>> {
    let evidence = container.evidence()?;
    let nobody = unsigned(&evidence);
    let mut check = Check::new(context, &nobody);
    let sources = StatusSources::new(&nobody, context.policy, context.now);
    check.check_time_stamps(&context.anchors.intermediates, &sources);
    let reports = std::mem::take(&mut check.time_stamps);
    let named = evidence.into_iter().zip(reports);
    let report = |(evidence, time_stamp): (Evidence, _)| EvidenceReport {
        file: evidence.file,
        time_stamp,
        timestamp_scopes: evidence.covers,
    };
    Ok(named.map(report).collect())
}

/// Time-stamps around a signature that is none.
fn unsigned(evidence: &[Evidence]) -> SignatureUnderTest {
    let time_stamp = |(position, evidence): (u32, &Evidence)| TimeStampUnderTest {
        kind: TimeStampKind::Content,
        position,
        token: evidence.token.clone(),
        covered: covered(evidence),
    };
    SignatureUnderTest {
        format: SignatureFormat::Cades,
        id: String::new(),
        place: String::new(),
        faults: Vec::new(),
        warnings: Vec::new(),
        objects: Vec::new(),
        method: Method { identifier: String::new(), algorithm: None },
        signed_octets: Vec::new(),
        value: Vec::new(),
        value_form: ValueForm::Der,
        statements: Statements::default(),
        certificates: Vec::new(),
        ocsp_responses: Vec::new(),
        crls: Vec::new(),
        time_stamps: (0..).zip(evidence).map(time_stamp).collect(),
        has_revocation_values: false,
    }
}

fn covered(evidence: &Evidence) -> Covered {
    match TimeStampToken::from_der(&evidence.token).map(|token| token.imprint().digest()) {
        Ok(Some(digest)) => match evidence.imprint(digest) {
            Ok(value) => Covered::Digest { digest, value },
            Err(problem) => Covered::Unknown(problem),
        },
        Ok(None) => Covered::Unknown("its imprint is made with an unknown hash function".to_owned()),
        Err(error) => Covered::Unknown(error.to_string()),
    }
}
