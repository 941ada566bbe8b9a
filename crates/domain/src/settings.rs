//! The numbers that an operator may change, with the values that are right for most.

use countersign_wire::acsp::SchemeName;
use countersign_wire::device_link::Leniency;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How long things live and how often they may fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// First field of what is signed and of what a device link authenticates: `smart-id-demo` is the word of the
    /// demonstration environment that existing clients expect when testing.
    pub scheme: SchemeName,
    /// From the start of a session to `TIMEOUT`. Not published; 120 s is our choice.
    pub session_lifetime: SignedDuration,
    /// How long a finished session can still be read. The older interface said five minutes.
    pub result_kept: SignedDuration,
    /// How long a device waits for the linked signature after a certificate choice.
    pub linked_wait: SignedDuration,
    /// How far a QR code may be behind the server's clock.
    pub link_age: SignedDuration,
    /// How far a QR code may be ahead of the server's clock.
    pub link_ahead: SignedDuration,
    /// How long a repeated start request is answered with the first session.
    pub idempotency: SignedDuration,
    /// Which mistakes of existing clients in device links are let pass.
    pub leniency: Leniency,
    /// When PINs lock.
    pub pins: PinPolicy,
}

/// How many wrong PINs lock a key, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PinPolicy {
    /// Wrong PINs in a row before a lock.
    pub tries: u8,
    /// The first lock.
    pub first_lock: SignedDuration,
    /// The second lock; the third is for ever.
    pub second_lock: SignedDuration,
    /// How long a computation may take before its key is free for another try. The try stays counted.
    pub lease: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scheme: SchemeName::DEMO,
            session_lifetime: SignedDuration::from_secs(120),
            result_kept: SignedDuration::from_secs(300),
            linked_wait: SignedDuration::from_secs(60),
            link_age: SignedDuration::from_secs(5),
            link_ahead: SignedDuration::from_secs(2),
            idempotency: SignedDuration::from_secs(15),
            leniency: Leniency::default(),
            pins: PinPolicy::default(),
        }
    }
}

impl Default for PinPolicy {
    fn default() -> Self {
        Self {
            tries: 3,
            first_lock: SignedDuration::from_hours(3),
            second_lock: SignedDuration::from_hours(24),
            lease: SignedDuration::from_secs(10),
        }
    }
}
