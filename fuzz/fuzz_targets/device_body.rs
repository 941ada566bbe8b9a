//! Bodies of the device API and of the operator's: what is read is written and read back, and nothing else happens.

#![no_main]

use countersign_wire::admin::ca::{CeremonyLog, CeremonyNote, IssueCertificate, OnWhoseWord, RevokeCertificate};
use countersign_wire::admin::{
    BindEvidence, EndEvidence, IssueActivation, RecordEvidence, RevokeAccount, UnlockKey,
};
use countersign_wire::device::{ActivationRequest, ClaimRequest, ConfirmRequest, KeyRequest, PushRequest};
use libfuzzer_sys::fuzz_target;

macro_rules! there_and_back {
    ($bytes:expr; $($message:ty),+) => {$(
        if let Ok(message) = serde_json::from_slice::<$message>($bytes) {
            let written = serde_json::to_vec(&message).expect("what was read can be written");
            let read: $message = serde_json::from_slice(&written).expect("what was written can be read");
            assert_eq!(serde_json::to_vec(&read).expect("JSON"), written);
        }
    )+};
}

fuzz_target!(|bytes: &[u8]| {
    there_and_back!(bytes; ActivationRequest, KeyRequest, ClaimRequest, ConfirmRequest, PushRequest);
    there_and_back!(bytes; IssueActivation, RevokeAccount, UnlockKey, RecordEvidence, BindEvidence, EndEvidence);
    there_and_back!(bytes; IssueCertificate, RevokeCertificate, OnWhoseWord, CeremonyNote, CeremonyLog);
});
