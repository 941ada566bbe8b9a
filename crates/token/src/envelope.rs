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
//! token was touched. Decoding does not stop at the first wrong character: that is what [`decode`] is for. Nothing in
//! the text is secret from whoever sends it, so it looks characters up in a table, as a decoder for secrets must not.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
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
    let tag = cipher.seal_in_place_separate_tag(vector, Aad::from(&*header), body);
    let tag = tag.map_err(|_| Error::Unsealable)?;
    token.extend_from_slice(tag.as_ref());
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
    unseal_with(token, ring, rules, now).map(|(_, claims)| claims)
}

/// The same, with the name of the key that the token was sealed with.
pub(crate) fn unseal_with(
    token: &str,
    ring: &KeyRing,
    rules: &Rules,
    now: Timestamp,
) -> Result<(KeyId, Claims), Rejection> {
    let (key, json) = authentic(token, ring, rules, now)?;
    Ok((key, Claims::from_json(&json).ok_or(Rejection::Unreadable)?))
}

/// The name of the key that a token says it was sealed with. Nothing when it has no form of ours. Anybody can write this.
pub fn key_id(token: &str) -> Option<KeyId> {
    (1..=BLOCKS_MAX).find(|blocks| text_len(*blocks) == token.len())?;
    let mut octets = vec![0; token.len() / 4 * 3];
    match (decode(token.as_bytes(), &mut octets), octets.as_slice()) {
        (true, [VERSION, a, b, c, d, ..]) => Some(KeyId([*a, *b, *c, *d])),
        _ => None,
    }
}

/// The key of an authentic token, and its JSON, whatever it says.
pub(crate) fn authentic(
    token: &str,
    ring: &KeyRing,
    rules: &Rules,
    now: Timestamp,
) -> Result<(KeyId, Vec<u8>), Rejection> {
    let mut well_formed = true;
    // What has no length of ours is treated like a token of the usual length that does not decode.
    let blocks = (1..=BLOCKS_MAX).find(|blocks| text_len(*blocks) == token.len()).unwrap_or_else(|| {
        well_formed = false;
        1
    });
    let mut octets = vec![0; len(blocks)];
    if well_formed {
        well_formed = decode(token.as_bytes(), &mut octets);
    }
    well_formed &= octets[0] == VERSION;
    let mut id = [0; ID];
    id.copy_from_slice(&octets[1..=ID]);
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(&octets[1 + ID..HEADER]);
    let (key, standing) = ring.find(KeyId(id), rules, now);
    let (cipher, vector) = cipher(key, &nonce);
    let (header, sealed) = octets.split_at_mut(HEADER);
    let opened = cipher.open_in_place(vector, Aad::from(&*header), sealed).is_ok();
    match (well_formed, standing, opened) {
        (false, _, _) => Err(Rejection::Malformed),
        (true, Standing::Unknown, _) => Err(Rejection::UnknownKey),
        (true, Standing::Good | Standing::Retired, false) => Err(Rejection::NotAuthentic),
        (true, Standing::Retired, true) => Err(Rejection::RetiredKey),
        (true, Standing::Good, true) => {
            octets.truncate(HEADER + blocks * BLOCK);
            octets.drain(..HEADER);
            Ok((KeyId(id), octets))
        }
    }
}

/// The value of each character of base64url [RFC 4648 §5]; [`OUTSIDE`] for all others.
const VALUES: [u8; 256] = {
    let alphabet = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [OUTSIDE; 256];
    let mut value = 0;
    while value < alphabet.len() {
        values[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    values
};
const OUTSIDE: u8 = 0x80;

/// Decodes a text of whole groups of four characters into three quarters of its length. False when a character is outside
/// the alphabet; all are looked at in either case.
fn decode(text: &[u8], octets: &mut [u8]) -> bool {
    let mut seen = 0;
    for (four, three) in text.chunks_exact(4).zip(octets.chunks_exact_mut(3)) {
        let values = [four[0], four[1], four[2], four[3]].map(|character| VALUES[usize::from(character)]);
        seen |= values[0] | values[1] | values[2] | values[3];
        let group = values.iter().fold(0_u32, |group, value| group << 6 | u32::from(*value));
        three.copy_from_slice(&group.to_be_bytes()[1..]);
    }
    seen & OUTSIDE == 0
}

/// A key of AES-256 and an initialisation vector.
#[derive(Clone, Copy)]
struct Derived;

impl KeyType for Derived {
    fn len(&self) -> usize {
        44
    }
}

fn cipher(key: &TokenKey, nonce: &[u8; NONCE]) -> (LessSafeKey, Nonce) {
    let mut derived = Zeroizing::new([0; 44]);
    let extracted = Salt::new(HKDF_SHA256, nonce).extract(key.secret());
    // 44 octets are far below the 8160 that this gives at most, and as many as are asked for.
    extracted.expand(&[INFO], Derived).and_then(|okm| okm.fill(derived.as_mut())).expect("44 octets");
    let (secret, vector) = derived.split_at(32);
    // 32 octets, and 12.
    let secret = UnboundKey::new(&AES_256_GCM, secret).expect("a key of AES-256");
    (LessSafeKey::new(secret), Nonce::try_assume_unique_for_key(vector).expect("12 octets"))
}

#[cfg(test)]
mod tests;
