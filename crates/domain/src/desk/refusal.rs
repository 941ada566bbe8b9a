//! Every way in which something at the desk is refused, beyond what the rules of its subject say.

use countersign_wire::admin::right::Act;

/// What is not done. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The key has none of the roles that the act takes.
    #[error("this key may not do that: {act} takes another role")]
    NotPermitted {
        /// What.
        act: Act,
    },
    /// The act takes a second person: it becomes a proposal.
    #[error("{act} takes a second person")]
    TakesTwo {
        /// What.
        act: Act,
    },
    /// Who proposed something cannot approve it.
    #[error("somebody else than whoever proposed it has to approve it")]
    SamePerson,
    /// The approval is for something else.
    #[error("the approval is not for this content: look at the proposal again")]
    OtherContent,
    /// Somebody has decided before.
    #[error("the proposal was decided before")]
    ProposalDecided,
    /// Nobody decided in time.
    #[error("the time of the proposal is over: propose it anew")]
    ProposalExpired,
    /// The key of whoever proposed it is gone, or has lost its role.
    #[error("whoever proposed this may not do it any more")]
    ProposerGone,
    /// The person has not shown that they hold the number.
    #[error("the person has to enter the code that was sent to their number first")]
    NumberNotProven,
    /// The identification has ended.
    #[error("the identification is over: begin another one")]
    IdentificationOver,
}
