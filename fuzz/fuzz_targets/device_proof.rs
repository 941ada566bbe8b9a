//! Device proofs, nonces, sealed values and public keys: nothing a stranger sends is accepted without a key.

#![no_main]

use std::sync::LazyLock;

use countersign_wire::device::nonce::NonceKey;
use countersign_wire::device::proof::{DeviceKey, ProvenRequest, UnverifiedProof};
use countersign_wire::device::sealed::{SealedFor, SealingKey};
use countersign_wire::device::{Jwk, KeyShare, KeyUse, PartialSignature, Sealed, ShareRefresh, Token};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static DEVICE: LazyLock<DeviceKey> = LazyLock::new(|| DeviceKey::from_secret(&[7; 32]).unwrap());
static CORE: LazyLock<SealingKey> = LazyLock::new(|| SealingKey::from_secret(&[9; 32]).unwrap());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(jwk) = serde_json::from_slice::<Jwk>(bytes) {
        let written = serde_json::to_string(&jwk).unwrap();
        assert_eq!(serde_json::from_str::<Jwk>(&written).unwrap().thumbprint(), jwk.thumbprint());
    }
    if let Ok(sealed) = serde_json::from_slice::<Sealed>(bytes) {
        assert!(CORE.open(&sealed, SealedFor::KeyShare { key_use: KeyUse::Auth }).is_err());
    }
    if let Ok(share) = KeyShare::from_plaintext(bytes) {
        assert!(KeyShare::from_plaintext(&share.to_plaintext()).is_ok());
    }
    if let Ok(partial) = PartialSignature::from_plaintext(bytes) {
        assert!(PartialSignature::from_plaintext(&partial.to_plaintext()).is_ok());
    }
    if let Ok(refresh) = ShareRefresh::from_plaintext(bytes) {
        assert!(ShareRefresh::from_plaintext(&refresh.to_plaintext()).is_ok());
    }
    if let Ok(token) = Token::from_plaintext(bytes) {
        assert!(Token::from_plaintext(&token.to_plaintext()).unwrap() == token);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let now = Timestamp::from_second(1_795_341_600).unwrap();
    assert!(!NonceKey::from_bytes(&[3; 32]).is_fresh(text, now));
    let Ok(proof) = UnverifiedProof::parse(text) else { return };
    let request = ProvenRequest { method: "POST", url: "http://localhost/device/v1/keys", body: b"", now };
    assert!(proof.verify(DEVICE.jwk(), &request, |_| true, |_| true).is_err());
});
