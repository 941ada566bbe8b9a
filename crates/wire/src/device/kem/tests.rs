use hpke::aead::AesGcm256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{OpModeR, OpModeS, single_shot_open, single_shot_seal_with_rng};
use rand_core::SeedableRng;

use super::*;

fn rng(seed: u64) -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(seed)
}

/// Seals with one KEM, for a key that the other made.
fn sealed<K: Kem>(recipient: &[u8], seed: u64) -> (Vec<u8>, Vec<u8>) {
    let recipient = K::PublicKey::from_bytes(recipient).unwrap();
    let (enc, ct) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, K>(
        &OpModeS::Base,
        &recipient,
        b"info",
        b"a secret",
        b"",
        &mut rng(seed),
    )
    .unwrap();
    (enc.to_bytes().to_vec(), ct)
}

fn opened<K: Kem>(secret: &[u8], (enc, ct): &(Vec<u8>, Vec<u8>)) -> Vec<u8> {
    let secret = K::PrivateKey::from_bytes(secret).unwrap();
    let enc = K::EncappedKey::from_bytes(enc).unwrap();
    single_shot_open::<AesGcm256, HkdfSha256, K>(&OpModeR::Base, &secret, &enc, b"info", ct, b"").unwrap()
}

#[test]
fn it_agrees_octet_for_octet_with_the_curve_of_the_crate() {
    for seed in 0..20 {
        let (secret, public) = DhP256::gen_keypair_with_rng(&mut rng(seed));
        let (theirs, their_public) = DhP256HkdfSha256::gen_keypair_with_rng(&mut rng(seed));
        assert_eq!(secret.to_bytes(), theirs.to_bytes());
        assert_eq!(public.to_bytes(), their_public.to_bytes());
        let ours = sealed::<DhP256>(&public.to_bytes(), seed + 100);
        assert_eq!(ours, sealed::<DhP256HkdfSha256>(&public.to_bytes(), seed + 100));
        assert_eq!(opened::<DhP256>(&secret.to_bytes(), &ours), b"a secret");
        assert_eq!(opened::<DhP256HkdfSha256>(&secret.to_bytes(), &ours), b"a secret");
    }
}

/// RFC 9180, appendix A.3.1: derivation of the recipient's key and what is encapsulated to it.
#[test]
fn vectors_of_the_rfc() {
    let hex = |text: &str| hex::decode(text).unwrap();
    let ikm_e = hex("4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e");
    let ikm_r = hex("668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
    let (ephemeral, encapped) = DhP256::derive_keypair(&ikm_e);
    let (secret, public) = DhP256::derive_keypair(&ikm_r);
    assert_eq!(
        secret.to_bytes().to_vec(),
        hex("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2")
    );
    let enc = "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900\
               be863c403ce65c9bfcb9382657222d18c4";
    assert_eq!(encapped.to_bytes().to_vec(), hex(&enc.replace(' ', "")));
    let shared = hex("c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8");
    let received = DhP256::decap(&secret, None, &encapped).unwrap();
    assert_eq!(received.0.to_vec(), shared);
    let sent = ephemeral.shared(&public, &encapped, &public, HpkeError::EncapError).unwrap();
    assert_eq!(sent.0.to_vec(), shared);
}

#[test]
fn points_off_the_curve_and_scalars_out_of_range_are_refused() {
    let (secret, public) = DhP256::gen_keypair_with_rng(&mut rng(1));
    let mut off = public.to_bytes();
    off[64] ^= 1;
    let off = PublicKey::from_bytes(&off).unwrap();
    assert!(matches!(DhP256::decap(&secret, None, &off), Err(HpkeError::DecapError)));
    assert!(matches!(DhP256::encap_with_rng(&off, None, &mut rng(2)), Err(HpkeError::EncapError)));
    assert!(PublicKey::from_bytes(&public.to_bytes()[..64]).is_err());
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    for scalar in [&[0; 32][..], &order, &[0xff; 32], &[1; 31]] {
        assert!(SecretKey::from_bytes(scalar).is_err(), "{scalar:?}");
    }
}

#[test]
fn no_other_mode_than_base() {
    let (secret, public) = DhP256::gen_keypair_with_rng(&mut rng(3));
    assert!(DhP256::decap(&secret, Some(&public), &public).is_err());
    assert!(DhP256::encap_with_rng(&public, Some((&secret, &public)), &mut rng(4)).is_err());
}
