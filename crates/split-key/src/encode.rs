//! From a digest to the number that is raised to the private exponent: EMSA-PSS and EMSA-PKCS1-v1_5
//! (RFC 8017 9.1 and 9.2).
//!
//! Both parties encode on their own, each from its own copy of the digest; nobody exponentiates a number received
//! from the other. The modulus the encoding refers to is always the public one, not a half.

use aws_lc_rs::digest;
use rand_core::CryptoRng;

use crate::error::Error;
use crate::natural::Natural;

/// The six hash algorithms of the relying-party interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256 (FIPS 180-4), 32 bytes.
    Sha256,
    /// SHA-384 (FIPS 180-4), 48 bytes.
    Sha384,
    /// SHA-512 (FIPS 180-4), 64 bytes.
    Sha512,
    /// SHA3-256 (FIPS 202), 32 bytes.
    Sha3_256,
    /// SHA3-384 (FIPS 202), 48 bytes.
    Sha3_384,
    /// SHA3-512 (FIPS 202), 64 bytes.
    Sha3_512,
}

impl Hash {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha3_256, Self::Sha3_384, Self::Sha3_512];

    /// The name as FIPS writes it: `SHA-256`, `SHA3-512` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_384 => "SHA3-384",
            Self::Sha3_512 => "SHA3-512",
        }
    }

    /// The hash with exactly this [`name`](Self::name).
    pub fn by_name(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|hash| hash.name() == name).ok_or(Error::UnknownHash)
    }

    /// Length of a digest in bytes.
    #[allow(clippy::len_without_is_empty)] // a digest is never empty
    pub fn len(self) -> usize {
        self.algorithm().output_len
    }

    /// The digest of `data`.
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        digest::digest(self.algorithm(), data).as_ref().to_vec()
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha3_256 => &digest::SHA3_256,
            Self::Sha3_384 => &digest::SHA3_384,
            Self::Sha3_512 => &digest::SHA3_512,
        }
    }

    /// Last arc of the algorithm's identifier under nistAlgorithms hashAlgs, 2.16.840.1.101.3.4.2.
    fn arc(self) -> u8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
            Self::Sha3_256 => 8,
            Self::Sha3_384 => 9,
            Self::Sha3_512 => 10,
        }
    }

    fn check_len(self, digest: &[u8]) -> Result<(), Error> {
        if digest.len() == self.len() {
            Ok(())
        } else {
            Err(Error::Length { what: "the digest", expected: self.len(), found: digest.len() })
        }
    }
}

/// A signature scheme, as a verifier needs to know it. PSS always means MGF1 with the same hash, a salt as long
/// as the hash, and trailer 0xbc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RSASSA-PSS (RFC 8017 8.1).
    Pss(Hash),
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2), for older interfaces and certificate requests.
    Pkcs1(Hash),
}

/// How one signature is padded: a [`Scheme`] with the salt, where it has one.
///
/// The phone chooses the salt and sends it with its share; the service encodes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Padding {
    /// RSASSA-PSS with this salt, which has the length of the hash.
    Pss {
        /// Hash of the message and of MGF1.
        hash: Hash,
        /// The salt; not secret.
        salt: Vec<u8>,
    },
    /// RSASSA-PKCS1-v1_5.
    Pkcs1 {
        /// Hash of the message.
        hash: Hash,
    },
}

impl Padding {
    /// PSS with a fresh salt.
    pub fn pss(hash: Hash, rng: &mut impl CryptoRng) -> Self {
        let mut salt = vec![0; hash.len()];
        rng.fill_bytes(&mut salt);
        Self::Pss { hash, salt }
    }

    /// The padding for a scheme, with a fresh salt where it needs one.
    pub fn fresh(scheme: Scheme, rng: &mut impl CryptoRng) -> Self {
        match scheme {
            Scheme::Pss(hash) => Self::pss(hash, rng),
            Scheme::Pkcs1(hash) => Self::Pkcs1 { hash },
        }
    }

    /// The scheme, without the salt.
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Pss { hash, salt: _ } => Scheme::Pss(*hash),
            Self::Pkcs1 { hash } => Scheme::Pkcs1(*hash),
        }
    }

    /// The salt, empty for PKCS#1 v1.5.
    pub fn salt(&self) -> &[u8] {
        match self {
            Self::Pss { hash: _, salt } => salt,
            Self::Pkcs1 { hash: _ } => &[],
        }
    }

    /// Encodes a ready digest for a public modulus of `modulus_bits` bits. The digest is not hashed again.
    ///
    /// Errors: a digest or salt of the wrong length, a modulus too short for the padding.
    pub fn encode(&self, digest: &[u8], modulus_bits: u32) -> Result<EncodedMessage, Error> {
        let bytes = match self {
            Self::Pss { hash, salt } => {
                if salt.len() != hash.len() {
                    return Err(Error::Length { what: "the salt", expected: hash.len(), found: salt.len() });
                }
                pss_encode(*hash, digest, salt, modulus_bits)?
            }
            Self::Pkcs1 { hash } => pkcs1_encode(*hash, digest, modulus_bits)?,
        };
        Ok(EncodedMessage { bytes, modulus_bits })
    }
}

impl Scheme {
    /// Checks that an encoded message, as recovered from a signature, encodes this digest.
    pub(crate) fn check(self, encoded: &[u8], digest: &[u8], modulus_bits: u32) -> Result<(), Error> {
        match self {
            Self::Pss(hash) => pss_check(hash, digest, encoded, modulus_bits),
            Self::Pkcs1(hash) => {
                if pkcs1_encode(hash, digest, modulus_bits)? == encoded {
                    Ok(())
                } else {
                    Err(Error::BadSignature)
                }
            }
        }
    }
}

/// An encoded message (EM): as long as the public modulus, and below it as a number. Not secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedMessage {
    bytes: Vec<u8>,
    modulus_bits: u32,
}

impl EncodedMessage {
    /// The bytes, `modulus_bits / 8` of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bits of the public modulus this was encoded for.
    pub fn modulus_bits(&self) -> u32 {
        self.modulus_bits
    }

    /// OS2IP of the bytes.
    pub(crate) fn to_natural(&self) -> Natural {
        Natural::from_be_bytes(&self.bytes)
    }
}

/// EMSA-PSS-ENCODE (RFC 8017 9.1.1) with emBits = modulus bits − 1, padded in front to the length of the modulus.
fn pss_encode(hash: Hash, digest: &[u8], salt: &[u8], modulus_bits: u32) -> Result<Vec<u8>, Error> {
    hash.check_len(digest)?;
    let layout = PssLayout::new(hash, modulus_bits)?;
    let hashed = hash.digest(&[&[0; 8], digest, salt].concat());

    let mut block = vec![0; layout.block];
    let one = layout.block - salt.len() - 1;
    block[one] = 1;
    block[one + 1..].copy_from_slice(salt);
    xor_mgf1(hash, &hashed, &mut block);
    block[0] &= layout.top_mask;

    let mut encoded = vec![0; layout.front];
    encoded.extend_from_slice(&block);
    encoded.extend_from_slice(&hashed);
    encoded.push(0xbc);
    Ok(encoded)
}

/// EMSA-PSS-VERIFY (RFC 8017 9.1.2).
fn pss_check(hash: Hash, digest: &[u8], encoded: &[u8], modulus_bits: u32) -> Result<(), Error> {
    hash.check_len(digest)?;
    let layout = PssLayout::new(hash, modulus_bits)?;
    let (front, rest) = encoded.split_at_checked(layout.front).ok_or(Error::BadSignature)?;
    let (block, rest) = rest.split_at_checked(layout.block).ok_or(Error::BadSignature)?;
    let (hashed, trailer) = rest.split_at_checked(hash.len()).ok_or(Error::BadSignature)?;
    if trailer != [0xbc] || front.iter().any(|byte| *byte != 0) || block[0] & !layout.top_mask != 0 {
        return Err(Error::BadSignature);
    }
    let mut block = block.to_vec();
    xor_mgf1(hash, hashed, &mut block);
    block[0] &= layout.top_mask;
    let (padding, salt) = block.split_at(layout.block - hash.len());
    let well_padded =
        padding.split_last().is_some_and(|(one, zeros)| *one == 1 && zeros.iter().all(|b| *b == 0));
    if well_padded && hash.digest(&[&[0; 8], digest, salt].concat()) == hashed {
        Ok(())
    } else {
        Err(Error::BadSignature)
    }
}

struct PssLayout {
    /// Zero bytes in front, when emBits is a multiple of eight (0 or 1).
    front: usize,
    /// Length of the masked data block.
    block: usize,
    /// The bits of the first block byte that may be set.
    top_mask: u8,
}

impl PssLayout {
    fn new(hash: Hash, modulus_bits: u32) -> Result<Self, Error> {
        let too_short = || Error::ModulusTooShort { modulus_bits, hash: hash.name() };
        let bits = modulus_bits.checked_sub(1).ok_or_else(too_short)?;
        let len = bits.div_ceil(8) as usize;
        // One byte each for the 0x01 separator and the trailer, and a salt as long as the hash.
        if len < 2 * hash.len() + 2 {
            return Err(too_short());
        }
        Ok(Self {
            front: modulus_bits.div_ceil(8) as usize - len,
            block: len - hash.len() - 1,
            top_mask: 0xff >> (8 * len - bits as usize),
        })
    }
}

/// XORs the output of MGF1 (RFC 8017 B.2.1) over a block.
fn xor_mgf1(hash: Hash, seed: &[u8], block: &mut [u8]) {
    for (counter, chunk) in (0u32..).zip(block.chunks_mut(hash.len())) {
        let mask = hash.digest(&[seed, &counter.to_be_bytes()].concat());
        for (byte, mask) in chunk.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2): `00 01 FF … FF 00` and the DigestInfo.
///
/// ```asn1
/// DigestInfo ::= SEQUENCE { digestAlgorithm AlgorithmIdentifier, digest OCTET STRING }
/// ```
fn pkcs1_encode(hash: Hash, digest: &[u8], modulus_bits: u32) -> Result<Vec<u8>, Error> {
    hash.check_len(digest)?;
    // A digest has 32 to 64 bytes, so every length fits one byte.
    let len = hash.len() as u8;
    let mut info = vec![0x30, 17 + len];
    info.extend([0x30, 13, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash.arc(), 0x05, 0]);
    info.extend([0x04, len]);
    info.extend_from_slice(digest);

    let total = modulus_bits.div_ceil(8) as usize;
    // At least eight bytes of FF (RFC 8017 9.2 step 3).
    let Some(fill) = total.checked_sub(info.len() + 3).filter(|fill| *fill >= 8) else {
        return Err(Error::ModulusTooShort { modulus_bits, hash: hash.name() });
    };
    let mut encoded = vec![0x00, 0x01];
    encoded.resize(2 + fill, 0xff);
    encoded.push(0x00);
    encoded.extend(info);
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_found_by_its_own_name_only() {
        for hash in Hash::ALL {
            assert_eq!(Hash::by_name(hash.name()).unwrap(), hash);
            assert_eq!(hash.digest(b"").len(), hash.len());
        }
        assert_eq!(Hash::by_name("SHA3-512").unwrap(), Hash::Sha3_512);
        assert_eq!(Hash::by_name("sha-256"), Err(Error::UnknownHash));
        // FIPS 202 and 180-4, digest of the empty string.
        assert!(hex::encode(Hash::Sha3_256.digest(b"")).starts_with("a7ffc6f8bf1ed76651c14756a061d662"));
        assert!(hex::encode(Hash::Sha256.digest(b"")).starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
    }

    #[test]
    fn pss_checks_what_it_encoded_at_every_bit_length_and_nothing_else() {
        for hash in Hash::ALL {
            let digest = hash.digest(b"message");
            let padding = Padding::Pss { hash, salt: vec![0x5a; hash.len()] };
            for bits in 1100..1110 {
                let encoded = padding.encode(&digest, bits).unwrap();
                assert_eq!(encoded.as_bytes().len(), bits.div_ceil(8) as usize);
                assert!(encoded.to_natural().bit_len() < bits);
                let scheme = padding.scheme();
                scheme.check(encoded.as_bytes(), &digest, bits).unwrap();
                let other = hash.digest(b"another message");
                assert_eq!(scheme.check(encoded.as_bytes(), &other, bits), Err(Error::BadSignature));
                for at in [0, 1, 40, encoded.as_bytes().len() - 1] {
                    let mut changed = encoded.as_bytes().to_vec();
                    changed[at] ^= 0x80;
                    assert_eq!(scheme.check(&changed, &digest, bits), Err(Error::BadSignature), "byte {at}");
                }
            }
        }
    }

    #[test]
    fn wrong_lengths_are_refused_before_encoding() {
        let digest = [0; 32];
        let short_salt = Padding::Pss { hash: Hash::Sha256, salt: vec![0; 31] };
        assert!(matches!(
            short_salt.encode(&digest, 2048),
            Err(Error::Length { expected: 32, found: 31, .. })
        ));
        let pkcs1 = Padding::Pkcs1 { hash: Hash::Sha512 };
        assert!(matches!(pkcs1.encode(&digest, 2048), Err(Error::Length { expected: 64, found: 32, .. })));
        let pss = Padding::Pss { hash: Hash::Sha512, salt: vec![0; 64] };
        assert!(matches!(pss.encode(&[0; 64], 1024), Err(Error::ModulusTooShort { modulus_bits: 1024, .. })));
        assert!(matches!(pkcs1.encode(&[0; 64], 512), Err(Error::ModulusTooShort { .. })));
        assert!(pss.encode(&[0; 64], 0).is_err());
    }

    #[test]
    fn the_digest_info_prefix_is_the_one_of_the_standard() {
        // RFC 8017 9.2 note 1, SHA-256.
        let encoded = Padding::Pkcs1 { hash: Hash::Sha256 }.encode(&[0xaa; 32], 512).unwrap();
        let tail = "003031300d060960864801650304020105000420";
        assert!(hex::encode(encoded.as_bytes()).starts_with(&format!("0001{}{tail}", "ff".repeat(10))));
    }
}
