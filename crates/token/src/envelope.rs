//! The token as a text: base64url( version ‖ key id ‖ nonce ‖ ciphertext ‖ tag ), without padding.
//!
//! ```text
//! 1 octet    version, 0x01
//! 4 octets   key id
//! 24 octets  nonce, random
//! n octets   the claims' JSON, padded with blanks to a multiple of 480 octets, encrypted
//! 16 octets  tag
//! ```
//!
//! `HKDF-SHA-256(secret, salt = nonce, info = "countersign token v1")` [RFC 5869] gives 44 octets: a key and an
//! initialisation vector for AES-256-GCM [NIST SP 800-38D], with the first 29 octets of the token as additional data. A
//! key of its own for every token means that no number of tokens wears out the ring's key, and 24 octets of nonce mean
//! that two tokens never share one.
//!
//! A refusal decodes, derives, and checks one tag, whatever is wrong: so the time it takes does not tell which part of a
//! token was touched. Decoding does not stop at the first wrong character.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::Nonce;
use aes_gcm::{Aes256Gcm, KeyInit, Tag};
use base64ct::{Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::key::Standing;
use crate::{Claims, Error, KeyId, KeyRing, Rejection, Rules, TokenKey};

/// How long a token lives.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(2);

/// Characters of the longest token.
pub const LONGEST: usize = text_len(BLOCKS_MAX);

const VERSION: u8 = 1;
const ID: usize = 4;
const NONCE: usize = 24;
const HEADER: usize = 1 + ID + NONCE;
const TAG: usize = 16;
/// Octets that claims are padded to a multiple of: enough for names of 60 characters together with everything else.
const BLOCK: usize = 480;
const BLOCKS_MAX: usize = 4;
const INFO: &[u8] = b"countersign token v1";

// Then no token ends in a character that holds unused bits, which could be flipped unseen.
const _: () = assert!((HEADER + TAG).is_multiple_of(3) && BLOCK.is_multiple_of(3));

const fn len(blocks: usize) -> usize {
    HEADER + blocks * BLOCK + TAG
}

const fn text_len(blocks: usize) -> usize {
    len(blocks) / 3 * 4
}

/// A new token.
///
/// # Errors
/// [`Error::TooLong`] when the claims do not fit. With the names that [`Holder`](crate::Holder) takes that needs an
/// issuer, audience or client of several hundred octets.
pub fn seal(claims: &Claims, key: &TokenKey, rng: &mut impl CryptoRng) -> Result<String, Error> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    seal_json(&claims.to_json(), key, nonce)
}

/// The same with a nonce of the caller's, for vectors.
pub(crate) fn seal_json(json: &[u8], key: &TokenKey, nonce: [u8; NONCE]) -> Result<String, Error> {
    let blocks = json.len().div_ceil(BLOCK).max(1);
    if blocks > BLOCKS_MAX {
        return Err(Error::TooLong { found: json.len(), most: BLOCKS_MAX * BLOCK });
    }
    let mut token = Vec::with_capacity(len(blocks));
    token.push(VERSION);
    token.extend_from_slice(&key.id().0);
    token.extend_from_slice(&nonce);
    token.extend_from_slice(json);
    // White space after a JSON text is no part of it, so readers need not know about padding.
    token.resize(HEADER + blocks * BLOCK, b' ');
    let (header, body) = token.split_at_mut(HEADER);
    let (cipher, vector) = cipher(key, &nonce);
    let tag = cipher.encrypt_inout_detached(&vector, header, body.into()).map_err(|_| Error::Unsealable)?;
    token.extend_from_slice(&tag);
    Ok(Base64UrlUnpadded::encode_string(&token))
}

/// Reads a token at `now`.
///
/// # Errors
/// [`Rejection`], the first of: form, key, authenticity, age of the key, claims, issuer, audience, times. Show none of
/// them to whoever sent it.
pub fn open(token: &str, ring: &KeyRing, rules: &Rules, now: Timestamp) -> Result<Claims, Rejection> {
    let claims = unseal(token, ring, rules, now)?;
    claims.check(rules, now)?;
    Ok(claims)
}

/// What an authentic token says, for whomever it is and however old: for those who look into one. [`open`] is for those who
/// act on it.
///
/// # Errors
/// [`Rejection`], the first of: form, key, authenticity, age of the key, claims.
pub fn unseal(token: &str, ring: &KeyRing, rules: &Rules, now: Timestamp) -> Result<Claims, Rejection> {
    let json = authentic(token, ring, rules, now)?;
    Claims::from_json(&json).ok_or(Rejection::Unreadable)
}

/// The name of the key that a token says it was sealed with. Nothing when it has no form of ours. Anybody can write this.
pub fn key_id(token: &str) -> Option<KeyId> {
    (1..=BLOCKS_MAX).find(|blocks| text_len(*blocks) == token.len())?;
    let octets = Base64UrlUnpadded::decode_vec(token).ok()?;
    match octets.as_slice() {
        [VERSION, a, b, c, d, ..] => Some(KeyId([*a, *b, *c, *d])),
        _ => None,
    }
}

/// The JSON of an authentic token, whatever it says.
pub(crate) fn authentic(
    token: &str,
    ring: &KeyRing,
    rules: &Rules,
    now: Timestamp,
) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let mut well_formed = true;
    // What has no length of ours is treated like a token of the usual length that does not decode.
    let blocks = (1..=BLOCKS_MAX).find(|blocks| text_len(*blocks) == token.len()).unwrap_or_else(|| {
        well_formed = false;
        1
    });
    let mut octets = Zeroizing::new(vec![0; len(blocks)]);
    if well_formed {
        well_formed = Base64UrlUnpadded::decode(token, &mut octets).is_ok();
    }
    well_formed &= octets[0] == VERSION;
    let mut id = [0; ID];
    id.copy_from_slice(&octets[1..=ID]);
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(&octets[1 + ID..HEADER]);
    let (key, standing) = ring.find(KeyId(id), rules, now);
    let (cipher, vector) = cipher(key, &nonce);
    let (header, rest) = octets.split_at_mut(HEADER);
    let (body, tag) = rest.split_at_mut(blocks * BLOCK);
    let mut expected = [0; TAG];
    expected.copy_from_slice(tag);
    // The tag is checked before anything is decrypted.
    let opened = cipher.decrypt_inout_detached(&vector, header, body.into(), &Tag::from(expected)).is_ok();
    match (well_formed, standing, opened) {
        (false, _, _) => Err(Rejection::Malformed),
        (true, Standing::Unknown, _) => Err(Rejection::UnknownKey),
        (true, Standing::Good | Standing::Retired, false) => Err(Rejection::NotAuthentic),
        (true, Standing::Retired, true) => Err(Rejection::RetiredKey),
        (true, Standing::Good, true) => Ok(Zeroizing::new(octets[HEADER..HEADER + blocks * BLOCK].to_vec())),
    }
}

fn cipher(key: &TokenKey, nonce: &[u8; NONCE]) -> (Aes256Gcm, Nonce<Aes256Gcm>) {
    let mut derived = Zeroizing::new([0; 44]);
    // 44 octets are far below the 8160 that this gives at most.
    Hkdf::<Sha256>::new(Some(nonce), key.secret()).expand(INFO, derived.as_mut()).expect("44 octets");
    let mut secret = Zeroizing::new([0; 32]);
    secret.copy_from_slice(&derived[..32]);
    let mut vector = [0; 12];
    vector.copy_from_slice(&derived[32..]);
    (Aes256Gcm::new((&*secret).into()), Nonce::<Aes256Gcm>::from(vector))
}

#[cfg(test)]
mod tests;
