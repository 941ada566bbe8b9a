//! What a signature is worth by law: qualified or not, signature or seal, in a qualified device or not,
//! from what trusted lists and the certificate say (TS 119 615 §4.4 to §4.6).

use const_oid::ObjectIdentifier;
use countersign_pki::certificate::Certificate;
use countersign_pki::certificate::extension::oid;
use countersign_pki::path::Path;
use jiff::Timestamp;

use super::signature::Check;
use crate::report::{Indication, Part, SignatureQualification};
use crate::trusted_list::{Qualifier, ServicePeriod, ServiceScope, TrustService};

/// Policies of certificates whose key is in a qualified device, EN 319 411-2 §5.3.
const QSCD_POLICIES: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("0.4.0.194112.1.2"), ObjectIdentifier::new_unwrap("0.4.0.194112.1.3")];

/// What a certificate is by the lists at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    qualified: bool,
    kind: Kind,
    device: bool,
    /// Whether the lists contradict themselves; what they say then counts as the lesser.
    conflict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signature,
    Seal,
    Unknown,
}

impl Check<'_> {
    /// Says what the signature is worth, when there are lists to say it by. Asked for the time when the
    /// certificate was issued and for the time of the signature: what differs counts as the lesser.
    pub(super) fn qualify(&mut self, path: &Path) {
        let anchors = self.context.anchors;
        let best_signature_time = self.info.best_signature_time.unwrap_or(self.now());
        if anchors.services.is_empty() {
            return;
        }
        let signer = path.leaf();
        let mut details = Vec::new();
        let mut standings = Vec::new();
        for (when, time) in
            [("when the certificate was issued", signer.not_before()), ("when signing", best_signature_time)]
        {
            let services = anchors.qualified_services(path, time);
            if services.is_empty() {
                details
                    .push(format!("{when} ({time}): no granted CA/QC service stands behind the certificate"));
            }
            standings.push(standing_at(signer, &services, time, when, &mut details));
        }
        let [issued, signing] = standings[..] else { return };
        if issued.kind != signing.kind
            || issued.qualified != signing.qualified
            || issued.device != signing.device
        {
            let expected = "the same qualification when the certificate was issued and when signing";
            self.warn(Part::Chain, "qualification", expected, "different ones; the lesser counts");
        }
        let conflict = issued.conflict || signing.conflict;
        if conflict {
            let expected = "services of one key that say the same about a certificate";
            self.warn(
                Part::Chain,
                "qualification",
                expected,
                "qualifiers that contradict each other; the lesser counts",
            );
        }
        let standing = Standing {
            conflict,
            qualified: issued.qualified && signing.qualified,
            kind: if issued.kind == signing.kind { issued.kind } else { Kind::Unknown },
            device: issued.device && signing.device,
        };
        self.qualification = Some(SignatureQualification {
            signature_level: word(standing, self.verdict()),
            qualification_details: details,
        });
    }
}

fn standing_at(
    signer: &Certificate,
    services: &[&TrustService],
    time: Timestamp,
    when: &str,
    details: &mut Vec<String>,
) -> Standing {
    let statements = signer.qc_statements().cloned().unwrap_or_default();
    let periods: Vec<&ServicePeriod> =
        services.iter().filter_map(|service| service.period_at(time)).collect();
    let qualifiers: Vec<&Qualifier> = periods
        .iter()
        .flat_map(|period| &period.qualifications)
        .filter(|qualification| qualification.criteria.are_met_by(signer))
        .flat_map(|qualification| &qualification.qualifiers)
        .collect();
    for qualifier in &qualifiers {
        details.push(format!("{when} ({time}): the list says {qualifier}"));
    }
    let has = |wanted: &[Qualifier]| qualifiers.iter().any(|qualifier| wanted.contains(qualifier));
    use Qualifier::*;
    let claimed = statements.compliance || has(&[QcStatement]);
    let qualified = !services.is_empty() && claimed && !has(&[NotQualified]);
    let by_scope = |scope: ServiceScope| periods.iter().any(|period| period.scopes.contains(&scope));
    let scoped = periods.iter().any(|period| !period.scopes.is_empty());
    let stated = |kind: ObjectIdentifier| statements.types.contains(&kind);
    let (for_signature, for_seal) = (
        has(&[QcForESig]) || stated(oid::QC_TYPE_ESIGN),
        has(&[QcForESeal, QcForLegalPerson]) || stated(oid::QC_TYPE_ESEAL),
    );
    let kind = match (for_signature, for_seal) {
        (true, false) if !scoped || by_scope(ServiceScope::ForeSignatures) => Kind::Signature,
        (false, true) if !scoped || by_scope(ServiceScope::ForeSeals) => Kind::Seal,
        // Without QcType a certificate that claims compliance is one for signatures (EN 319 412-5 §4.2.3).
        (false, false) if statements.types.is_empty() && claimed => Kind::Signature,
        _ => Kind::Unknown,
    };
    let in_certificate = statements.sscd || QSCD_POLICIES.iter().any(|policy| signer.has_policy(*policy));
    let yes = has(&[QcWithQscd, QcWithSscd, QcQscdManagedOnBehalf]);
    let no = has(&[QcNoQscd, QcNoSscd]);
    let device = match (yes, no) {
        (true, false) => true,
        (false, false) => in_certificate,
        (_, true) => false,
    };
    let conflict = (yes && no)
        || (has(&[NotQualified]) && has(&[QcStatement]))
        || (has(&[QcForESig]) && has(&[QcForESeal, QcForLegalPerson]));
    Standing { qualified, kind, device, conflict }
}

/// The words of the validation service that is in use in Estonia.
fn word(standing: Standing, indication: Indication) -> String {
    let level = match (standing.qualified, standing.kind, standing.device) {
        (true, Kind::Signature, true) => "QESIG",
        (true, Kind::Seal, true) => "QESEAL",
        (true, Kind::Unknown, true) => "QES",
        (true, Kind::Signature, false) => "ADESIG_QC",
        (true, Kind::Seal, false) => "ADESEAL_QC",
        (true, Kind::Unknown, false) => "ADES_QC",
        (false, Kind::Signature, _) => "ADESIG",
        (false, Kind::Seal, _) => "ADESEAL",
        (false, Kind::Unknown, _) => "ADES",
    };
    match indication {
        Indication::TotalPassed => level.to_owned(),
        Indication::Indeterminate => format!("INDETERMINATE_{level}"),
        Indication::TotalFailed => match (standing.qualified, standing.device) {
            (true, true) => "NOT_ADES_QC_QSCD".to_owned(),
            (true, false) => "NOT_ADES_QC".to_owned(),
            (false, _) => "NOT_ADES".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_verdict_and_standing() {
        let standing = Standing { qualified: true, kind: Kind::Signature, device: true, conflict: false };
        assert_eq!(word(standing, Indication::TotalPassed), "QESIG");
        assert_eq!(word(standing, Indication::Indeterminate), "INDETERMINATE_QESIG");
        assert_eq!(word(standing, Indication::TotalFailed), "NOT_ADES_QC_QSCD");
        let seal = Standing { kind: Kind::Seal, device: false, ..standing };
        assert_eq!(word(seal, Indication::TotalPassed), "ADESEAL_QC");
        let unknown = Standing { qualified: false, kind: Kind::Unknown, ..standing };
        assert_eq!(word(unknown, Indication::TotalPassed), "ADES");
    }
}
