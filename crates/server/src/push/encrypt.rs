//! The content of a push message, sealed to one browser [RFC 8291]: one record of `aes128gcm` [RFC 8188].
//!
//! ```text
//! salt 16 ‖ record size 4 ‖ 65 ‖ our one-time public key 65 ‖ AES-128-GCM( content ‖ 02 )
//! ```

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The size that the record says it may have. Every push service takes this much.
const RECORD: u32 = 4096;
/// Longest content, in octets.
pub(super) const CONTENT_MAX: usize = 1024;

/// Seals `content` to the browser's key (`p256dh`, uncompressed) and secret (`auth`).
pub(super) fn seal(
    content: &[u8],
    browser: &[u8; 65],
    auth: &[u8; 16],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let mut secret = Zeroizing::new([0; 32]);
    // One draw in 2^32 is no number below the order of the curve.
    for _ in 0..4 {
        rng.fill_bytes(secret.as_mut());
        if let Ok(one_time) = PrivateKey::from_private_key(&ECDH_P256, secret.as_ref()) {
            return seal_with(content, browser, auth, &one_time, salt);
        }
    }
    Err(Unspecified)
}

fn seal_with(
    content: &[u8],
    browser: &[u8; 65],
    auth: &[u8; 16],
    one_time: &PrivateKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, Unspecified> {
    if content.len() > CONTENT_MAX {
        return Err(Unspecified);
    }
    let ours = one_time.compute_public_key()?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, browser.as_slice());
    let input = agree(one_time, peer, Unspecified, |shared| {
        let info = [b"WebPush: info\0".as_slice(), browser, ours.as_ref()];
        expand::<32>(auth, shared, &info)
    })?;
    let key = expand::<16>(&salt, input.as_ref(), &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expand::<12>(&salt, input.as_ref(), &[b"Content-Encoding: nonce\0"])?;

    let mut message = Vec::with_capacity(16 + 4 + 1 + 65 + content.len() + 1 + 16);
    message.extend_from_slice(&salt);
    message.extend_from_slice(&RECORD.to_be_bytes());
    message.push(65);
    message.extend_from_slice(ours.as_ref());
    let mut record = content.to_vec();
    // The end of the last record.
    record.push(2);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref())?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut record)?;
    message.extend_from_slice(&record);
    Ok(message)
}

/// HKDF with SHA-256 [RFC 5869], from input to `N` octets.
fn expand<const N: usize>(
    salt: &[u8],
    input: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, Unspecified> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = Zeroizing::new([0; N]);
    Salt::new(HKDF_SHA256, salt).extract(input).expand(info, Length(N))?.fill(out.as_mut())?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use countersign_wire::base64::{b64u, from_b64u};

    use super::*;

    fn octets<const N: usize>(text: &str) -> [u8; N] {
        from_b64u(text).unwrap().try_into().unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let secret: [u8; 32] = octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let one_time = PrivateKey::from_private_key(&ECDH_P256, &secret).unwrap();
        let browser =
            octets("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let (auth, salt) = (octets("BTBZMqHH6r4Tts7J_aSIgg"), octets("DGv6ra1nlYgDCS1FRnbzlw"));
        let content = b"When I grow up, I want to be a watermelon";
        let message = seal_with(content, &browser, &auth, &one_time, salt).unwrap();
        assert_eq!(
            b64u(&message),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK\
             6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
        assert!(seal_with(&[0; CONTENT_MAX + 1], &browser, &auth, &one_time, salt).is_err());
    }
}
