//! From a proven identity to a phone with two keys.
//!
//! ```text
//! issue_activation   a code, shown once, kept as a hash                  Activation
//! activate           the phone uses it                                   Account (Registering), Device
//! make_key, attach   per PIN: the phone's share becomes a two-party key  Key (Pending)
//! begin_proof …      the phone signs a certification request with it     Key (Active)
//! issuance::complete both keys get certificates                          Account (Active)
//! ```

mod activation;
mod proof;

pub(crate) use proof::public_key;

pub use activation::{
    Activated, Activation, ActivationCode, ActivationState, Delivery, Draft, Locator, activate, device_id,
    issue_activation,
};
pub use proof::{
    BegunProof, FinishProof, FinishedProof, KeyMaking, NewKey, ProofWork, attach, begin_proof, finish_proof,
    make_key,
};
