//! The device API: what a phone and the service say to each other under `/device/v1`.
//!
//! JSON in both directions; binary values are Base64url without padding, times RFC 3339. Every request proves its
//! device ([`proof`]), every secret inside is sealed ([`sealed`]), every answer carries a fresh nonce ([`nonce`]).

mod jwk;
mod kem;
pub mod nonce;
mod problem;
pub mod proof;
pub mod sealed;
mod share;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base64::B64u;
use crate::callback::{CallbackUrl, UserChallenge};
use crate::id::{DeviceId, DocumentNumber, KeyId, RequestId, TransactionId};
use crate::verification_code::VerificationCode;
use crate::words;
use crate::words::{FlowType, HashAlgorithm, InteractionType, SignatureAlgorithm};

pub use jwk::{Jwk, Point, Thumbprint};
pub use problem::{DeviceErrorCode, DeviceProblem};
pub use sealed::Sealed;
pub use share::{KeyShare, PartialSignature, ShareRefresh, Token};

/// The path below which all endpoints lie.
pub const BASE: &str = "/device/v1";
/// The request header that carries the proof.
pub const DEVICE_PROOF: &str = "Device-Proof";
/// The header of every answer that carries the next nonce.
pub const DEVICE_NONCE: &str = "Device-Nonce";

/// The longest time that `GET /transactions` waits, in seconds.
pub const WAIT_MAX_SECONDS: u8 = 60;
/// How long `GET /transactions` waits without `wait`, in seconds.
pub const WAIT_DEFAULT_SECONDS: u8 = 25;

words! {
    /// What a key is for: `AUTH` under PIN1, `SIGN` under PIN2.
    pub enum KeyUse {
        /// Authentication.
        Auth = "AUTH",
        /// Signature.
        Sign = "SIGN",
    }

    /// The state of an account.
    pub enum AccountState {
        /// Activated; keys are still missing.
        Draft = "DRAFT",
        /// Keys and certificates are there.
        Certified = "CERTIFIED",
        /// Waiting for the registration authority.
        PendingRa = "PENDING_RA",
        /// Ended for good.
        Revoked = "REVOKED",
        /// Stopped because two copies of a device were seen.
        CloneSuspect = "CLONE_SUSPECT",
    }

    /// The state of a key.
    pub enum KeyState {
        /// Made, not yet proven.
        Pending = "PENDING",
        /// Usable.
        Active = "ACTIVE",
        /// Too many wrong PINs; usable again later.
        Locked = "LOCKED",
        /// Too many wrong PINs; for good.
        Blocked = "BLOCKED",
        /// Stopped because two copies of the device were seen.
        CloneSuspect = "CLONE_SUSPECT",
        /// Ended by its holder or the operator.
        Revoked = "REVOKED",
        /// Its certificate has run out.
        Expired = "EXPIRED",
    }

    /// The state of a device.
    pub enum DeviceState {
        /// In use.
        Active = "ACTIVE",
        /// Stopped because two copies of it were seen.
        CloneSuspect = "CLONE_SUSPECT",
        /// Removed.
        Revoked = "REVOKED",
    }

    /// What a transaction asks for.
    pub enum TransactionKind {
        /// An authentication.
        Auth = "AUTH",
        /// A signature.
        Sign = "SIGN",
        /// The choice of the account to sign with; no PIN.
        CertChoice = "CERT_CHOICE",
    }

    /// The state of a transaction.
    pub enum TransactionState {
        /// Waiting for a device.
        Created = "CREATED",
        /// A device knows of it.
        Delivered = "DELIVERED",
        /// The person sees it.
        Displayed = "DISPLAYED",
        /// A confirmation is being computed.
        Confirming = "CONFIRMING",
        /// Approved.
        Done = "DONE",
        /// Refused by the person.
        Refused = "REFUSED",
        /// Too late.
        Expired = "EXPIRED",
        /// Withdrawn by the service.
        Cancelled = "CANCELLED",
        /// Ended by a locked key or a clone alarm.
        Failed = "FAILED",
    }

    /// How a transaction reached the person.
    pub enum TransactionFlow {
        /// By a link or QR code.
        DeviceLink = "device-link",
        /// By a notification.
        Notification = "notification",
        /// On the device that waited after a certificate choice.
        Linked = "linked",
    }

    /// Why a transaction is refused.
    pub enum RefusalReason {
        /// Refused outside an interaction screen.
        User = "USER",
        /// Cancelled on an interaction screen, which is named beside.
        Interaction = "INTERACTION",
        /// The person chose a wrong code.
        WrongCode = "WRONG_CODE",
        /// The person did not start this.
        NotMe = "NOT_ME",
        /// Cancelled on the screen that chooses between accounts.
        CertChoice = "CERT_CHOICE",
        /// The app supports none of the interactions.
        InteractionNotSupported = "INTERACTION_NOT_SUPPORTED",
    }

    /// What is revoked.
    pub enum RevocationScope {
        /// The account with all its keys and devices.
        Account = "ACCOUNT",
        /// This device.
        Device = "DEVICE",
    }

    /// Step of a change of PIN.
    pub enum PinChangeState {
        /// The old PIN was right; the new one has to prove itself.
        Pending = "PENDING",
        /// The new PIN counts.
        Active = "ACTIVE",
    }
}

/// `POST /activations`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationRequest {
    /// The code from registration; single use.
    pub activation_code: String,
    /// The device's signing key.
    pub dk: Jwk,
    /// The device's key for sealed answers.
    pub ek: Jwk,
    /// Such as `web` or `headless`.
    pub platform: String,
    /// The version of the app.
    pub app_version: String,
}

/// The answer to [`ActivationRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationAnswer {
    /// This device.
    pub device_id: DeviceId,
    /// The account it now belongs to.
    pub document_number: DocumentNumber,
    /// The keys to seal shares to; the first is in use, others are for rotation.
    pub core_keys: Vec<CoreKey>,
    /// How to make keys.
    pub parameters: KeyParameters,
    /// The first token, sealed to `ek`.
    pub token: Sealed,
}

/// A public key of the signing core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreKey {
    /// Its id, given back in [`Sealed::id`].
    pub id: String,
    /// The point.
    #[serde(flatten)]
    pub point: Point,
}

/// How two-party keys are made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyParameters {
    /// Bits of each half of the modulus.
    pub half_bits: u32,
    /// Bits of the phone's share of the exponent.
    pub share_bits: u32,
    /// Whether the public modulus is the product of both halves.
    pub composite: bool,
    /// The hash of encoded messages.
    pub hash: HashAlgorithm,
    /// How a PIN becomes a mask.
    pub kdf: Kdf,
    /// Lengths of PIN1.
    pub pin1: PinLength,
    /// Lengths of PIN2.
    pub pin2: PinLength,
}

/// How a PIN becomes a mask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kdf {
    /// `PBKDF2-HMAC-SHA256`.
    pub name: String,
    /// Its iterations.
    pub iterations: u32,
}

/// Permitted lengths of a PIN, in digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinLength {
    /// Fewest.
    pub min: u8,
    /// Most.
    pub max: u8,
}

/// `POST /keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRequest {
    /// What the key is for.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// A [`KeyShare`], sealed to the core.
    pub sealed: Sealed,
}

/// The answer to [`KeyRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAnswer {
    /// The new key.
    pub kid: KeyId,
    /// The public modulus, big-endian.
    pub n: B64u,
    /// What to sign to prove the key.
    pub csr: CsrTask,
}

/// A certification request to be signed once: the proof of possession.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrTask {
    /// Its transaction.
    pub tx: TransactionId,
    /// DER of the CertificationRequestInfo [RFC 2986 §4.1], for the phone to look into.
    pub info: B64u,
    /// The hash.
    pub hash: HashAlgorithm,
    /// The hash over `info`.
    pub digest: B64u,
}

/// `POST /keys/{kid}/proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProofRequest {
    /// The transaction of the [`CsrTask`].
    pub tx: TransactionId,
    /// The id of this request, for exactly-once.
    pub req: RequestId,
    /// The current token.
    pub token: Token,
    /// A [`PartialSignature`], sealed to the core.
    pub sealed: Sealed,
}

/// The answer to [`KeyProofRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProofAnswer {
    /// `ACTIVE`.
    pub state: KeyState,
    /// The next token.
    pub token: Sealed,
}

/// The answer to `POST /registration/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationAnswer {
    /// `CERTIFIED`, or `PENDING_RA`.
    pub state: AccountState,
    /// The certificates; empty while pending.
    #[serde(default)]
    pub certificates: Vec<DeviceCertificate>,
}

/// A certificate of this account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCertificate {
    /// Which key.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// Base64 of the DER, with padding.
    pub value: String,
}

/// Without the certificate, which names its holder.
impl fmt::Debug for DeviceCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCertificate").field("key_use", &self.key_use).finish_non_exhaustive()
    }
}

/// The answer to `GET /account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAnswer {
    /// The account's state.
    pub state: AccountState,
    /// The account.
    pub document_number: DocumentNumber,
    /// Its keys.
    pub keys: Vec<KeyStatus>,
    /// Its devices.
    pub devices: Vec<DeviceStatus>,
    /// Transactions that wait for an answer.
    pub open_transactions: Vec<TransactionId>,
}

/// A key of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyStatus {
    /// The key.
    pub kid: KeyId,
    /// What it is for.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// Its state.
    pub state: KeyState,
    /// Wrong PINs that are still free.
    pub tries_left: u32,
    /// While locked: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
    /// Base64 of the certificate's DER, with padding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// When the certificate runs out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

/// Without the certificate, which names its holder.
impl fmt::Debug for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStatus")
            .field("kid", &self.kid)
            .field("key_use", &self.key_use)
            .field("state", &self.state)
            .field("tries_left", &self.tries_left)
            .finish_non_exhaustive()
    }
}

/// A device of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceStatus {
    /// The device.
    pub device_id: DeviceId,
    /// As it named itself at activation.
    pub platform: String,
    /// Its state.
    pub state: DeviceState,
}

/// `PUT /push`: where a browser wants to be woken, as its push manager gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRequest {
    /// The URL of its push service.
    pub endpoint: String,
    /// What messages are sealed to [RFC 8291].
    pub keys: PushKeys,
}

/// The keys of a push subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushKeys {
    /// A point of P-256, uncompressed: 65 octets.
    pub p256dh: B64u,
    /// 16 octets.
    pub auth: B64u,
}

/// The answer to `GET /push/key`: what a browser subscribes for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushKeyAnswer {
    /// The application server's key [RFC 8292 §3.2]: a point of P-256, uncompressed.
    pub key: B64u,
}

/// The answer to `GET /transactions?wait=…`: oldest first, empty when the time was up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionsAnswer {
    /// What waits for the person.
    pub transactions: Vec<TransactionHint>,
}

/// Enough of a transaction for a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionHint {
    /// The transaction.
    pub tx: TransactionId,
    /// What it asks for.
    pub kind: TransactionKind,
    /// Who asks.
    pub rp: Rp,
    /// When it ends.
    pub expires: Timestamp,
}

/// A relying party as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rp {
    /// Its name as in the request.
    pub name: String,
}

/// The answer to `GET /transactions/{tx}`: everything the phone needs to show, check and sign.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The transaction.
    pub tx: TransactionId,
    /// What it asks for.
    pub kind: TransactionKind,
    /// Its state.
    pub state: TransactionState,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Who asks.
    pub rp: Rp,
    /// The way the person takes.
    pub flow_type: FlowType,
    /// How it reached the person.
    pub flow: TransactionFlow,
    /// The key to use; absent for a certificate choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<KeyId>,
    /// The hash; absent for a certificate choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<HashAlgorithm>,
    /// The algorithm; absent for a certificate choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<SignatureAlgorithm>,
    /// The interactions as the relying party sent them: Base64 text. Absent for a certificate choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactions: Option<String>,
    /// For `AUTH`: what goes into the payload that the phone signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acsp: Option<AcspTask>,
    /// For `SIGN`: Base64 text as the relying party sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The code to show, if one is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<VerificationCode>,
    /// The codes to choose from, if the choice is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<VerificationCode>>,
}

/// The fields of the ACSP_V2 payload that the phone does not make itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcspTask {
    /// The name of the environment.
    pub scheme: String,
    /// Base64 text.
    pub server_random: String,
    /// Base64 text as the relying party sent it.
    pub rp_challenge: String,
    /// Plain text as in the request.
    pub rp_name: String,
    /// Plain text; empty for ordinary relying parties.
    pub brokered_rp_name: String,
    /// The callback field: empty, or the URL.
    pub callback: String,
}

/// `POST /transactions/claim`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// The whole device link as it was scanned or opened.
    pub link: String,
}

/// The answer to [`ClaimRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimAnswer {
    /// The transaction that now belongs to this device.
    pub tx: TransactionId,
}

/// `POST /transactions/{tx}/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmRequest {
    /// The id of this request, for exactly-once.
    pub req: RequestId,
    /// The interaction that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionType>,
    /// The code that the person chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_code: Option<VerificationCode>,
    /// For `AUTH`: the challenge of the phone's verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_challenge: Option<UserChallenge>,
    /// The phone's half of the signature; absent for a certificate choice only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// The phone's half of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The key.
    pub kid: KeyId,
    /// The current token.
    pub token: Token,
    /// A [`PartialSignature`], sealed to the core.
    pub sealed: Sealed,
}

/// The answer to [`ConfirmRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmAnswer {
    /// `DONE`.
    pub state: TransactionState,
    /// The next token, when one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Sealed>,
    /// The way back to the relying party, on the same device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<CallbackTask>,
}

/// A URL for the phone to open at the end; it adds the parameters with
/// [`CallbackUrl::completed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackTask {
    /// As the relying party sent it.
    pub url: CallbackUrl,
    /// The digest of the session secret, Base64url.
    pub session_secret_digest: String,
}

/// Without the digest, which a callback proves itself with.
impl fmt::Debug for CallbackTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackTask").field("url", &self.url).finish_non_exhaustive()
    }
}

/// `POST /transactions/{tx}/refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefuseRequest {
    /// The id of this request, for exactly-once.
    pub req: RequestId,
    /// Why.
    pub reason: RefusalReason,
    /// With `INTERACTION`: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionType>,
}

/// The answer to [`RefuseRequest`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefuseAnswer {
    /// The way back to the relying party, on the same device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<CallbackTask>,
}

/// `POST /keys/{kid}/pin-check`: signs `SHA-256("splitkey-pin-check" ‖ kid ‖ nonce)`, which is then thrown away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCheckRequest {
    /// The id of this request, for exactly-once.
    pub req: RequestId,
    /// The current token.
    pub token: Token,
    /// Chosen by the phone.
    pub nonce: B64u,
    /// A [`PartialSignature`], sealed to the core.
    pub sealed: Sealed,
}

/// The answer to [`PinCheckRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCheckAnswer {
    /// The next token.
    pub token: Sealed,
}

/// `POST /keys/{kid}/pin-change`: a check with the old PIN, and the change of the share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinChangeRequest {
    /// The id of this request, for exactly-once.
    pub req: RequestId,
    /// The current token.
    pub token: Token,
    /// Chosen by the phone.
    pub nonce: B64u,
    /// A [`PartialSignature`] with the old PIN, sealed to the core.
    pub sealed: Sealed,
    /// A [`ShareRefresh`], sealed to the core.
    pub refresh: Sealed,
}

/// `POST /keys/{kid}/pin-change/commit`: a check with the new PIN makes it count.
pub type PinChangeCommit = PinCheckRequest;

/// The answer to both steps of a change of PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinChangeAnswer {
    /// How far it is.
    pub state: PinChangeState,
    /// The next token.
    pub token: Sealed,
}

/// `POST /account/revoke`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeRequest {
    /// What is revoked.
    pub scope: RevocationScope,
    /// Why, in the person's words or the app's.
    pub reason: String,
}

/// Without the reason, which may be in the person's own words.
impl fmt::Debug for RevokeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevokeRequest").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// The body `{}`, as a request and as an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

#[cfg(test)]
mod tests;
