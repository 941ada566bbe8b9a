//! Who may do what, and what takes two people: one table.

use countersign_wire::admin::right::{Act, Role};

/// What an act takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// The act.
    pub act: Act,
    /// Any of these lets a key do it.
    pub roles: &'static [Role],
    /// The role of a second person, where the act may be made to wait for one. None where it cannot: it only reads, or
    /// its answer is for the eyes of one.
    pub second: Option<Role>,
}

/// The table.
pub const RIGHTS: [Right; Act::ALL.len()] = {
    use Act as A;
    use Role::{Approver, Auditor, Authority, Partner, Privacy, Registrar, Revoker};
    const fn one(act: Act, roles: &'static [Role]) -> Right {
        Right { act, roles, second: None }
    }
    const fn two(act: Act, roles: &'static [Role]) -> Right {
        Right { act, roles, second: Some(Approver) }
    }
    const fn ceremony(act: Act, roles: &'static [Role]) -> Right {
        Right { act, roles, second: Some(Authority) }
    }
    [
        one(A::LookUp, &[Registrar, Approver, Revoker, Auditor, Privacy]),
        one(A::LookAtAuthority, &[Authority, Registrar, Revoker, Auditor]),
        one(A::ReadCeremony, &[Authority, Auditor]),
        one(A::LookAtProposals, &[Registrar, Approver, Revoker, Auditor, Authority, Privacy]),
        one(A::Decide, &[Registrar, Approver, Revoker, Authority, Privacy]),
        one(A::ReadTrail, &[Auditor]),
        // Its answer holds a code that is shown once.
        one(A::IssueActivation, &[Registrar]),
        one(A::WithdrawActivation, &[Registrar, Revoker]),
        one(A::StartIdentification, &[Registrar]),
        one(A::CancelIdentification, &[Registrar]),
        two(A::RecordEvidence, &[Registrar]),
        two(A::RecordQualified, &[Registrar]),
        two(A::UploadResult, &[Registrar, Partner]),
        two(A::BindEvidence, &[Registrar]),
        two(A::EndEvidence, &[Registrar, Revoker]),
        two(A::EndWrong, &[Revoker]),
        // Its consequence is a message, which no approval could undo or delay.
        one(A::InvitePassword, &[Registrar]),
        two(A::EndPassword, &[Registrar, Revoker]),
        two(A::RevokeAccount, &[Revoker]),
        two(A::UnlockKey, &[Registrar]),
        two(A::DenyTokens, &[Revoker]),
        one(A::ExportPerson, &[Privacy]),
        two(A::ErasePerson, &[Privacy]),
        ceremony(A::IssueCertificate, &[Authority]),
        ceremony(A::RevokeCertificate, &[Authority, Revoker]),
        one(A::SuspendCertificate, &[Authority, Revoker]),
        ceremony(A::ResumeCertificate, &[Authority]),
        ceremony(A::RollOverCa, &[Authority]),
        one(A::RollOverResponders, &[Authority]),
        one(A::AcceptClock, &[Authority]),
        one(A::NoteCeremony, &[Authority]),
    ]
};

impl Right {
    /// What this act takes.
    pub fn of(act: Act) -> Self {
        // Cannot fail: the table has a row for every act (tested).
        RIGHTS.into_iter().find(|right| right.act == act).expect("a row of the table")
    }

    /// Whether a key with these roles may do it.
    pub fn allows(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| *role == Role::All || self.roles.contains(role))
    }

    /// Whether a key with these roles may be the second one.
    pub fn allows_second(&self, roles: &[Role]) -> bool {
        self.second.is_some_and(|second| roles.iter().any(|role| *role == Role::All || *role == second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_one_row() {
        for act in Act::ALL {
            assert_eq!(RIGHTS.iter().filter(|right| right.act == *act).count(), 1, "{act}");
        }
    }

    #[test]
    fn a_role_alone_is_never_everything() {
        for role in Role::ALL.iter().filter(|role| **role != Role::All) {
            assert!(RIGHTS.iter().any(|right| !right.allows(&[*role])), "{role}");
            assert!(RIGHTS.iter().any(|right| right.allows(&[*role])), "{role}");
        }
        assert!(RIGHTS.iter().all(|right| right.allows(&[Role::All]) && !right.allows(&[])));
    }

    /// An auditor who could change something, or decide, would audit themselves.
    #[test]
    fn auditors_only_read() {
        let read =
            [Act::LookUp, Act::LookAtAuthority, Act::ReadCeremony, Act::LookAtProposals, Act::ReadTrail];
        for right in RIGHTS {
            assert_eq!(right.allows(&[Role::Auditor]), read.contains(&right.act), "{}", right.act);
            assert!(!right.allows_second(&[Role::Auditor]), "{}", right.act);
        }
    }

    #[test]
    fn partners_hand_in_results_and_nothing_else() {
        for right in RIGHTS {
            assert_eq!(right.allows(&[Role::Partner]), right.act == Act::UploadResult, "{}", right.act);
        }
    }
}
