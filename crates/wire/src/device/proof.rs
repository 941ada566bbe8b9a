//! `Device-Proof`: a JWS [RFC 7515, ES256 of RFC 7518] that ties one request to one device, in the manner of
//! DPoP [RFC 9449] with the body's hash besides: without it a proxy could swap the share inside.
//!
//! ```json
//! {"typ":"device-proof+jwt","alg":"ES256","kid":"<thumbprint of the device key>"}
//! {"htm":"POST","htu":"https://host/device/v1/…","iat":1795341600,"jti":"<16 octets>","nonce":"…","bh":"<SHA-256(body)>"}
//! ```

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use jiff::Timestamp;
use p256::elliptic_curve::sec1::ToSec1Point;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{DeviceErrorCode, Jwk, Point, Thumbprint};
use crate::base64::{B64u, b64u, from_b64u};
use crate::{Error, words};

/// The longest proof that is read, in octets.
pub const PROOF_MAX: usize = 2048;

/// How far `iat` may be from the server's time, in seconds either way.
pub const IAT_TOLERANCE_SECONDS: i64 = 60;

const TYPE: &str = "device-proof+jwt";
const ALGORITHM: &str = "ES256";

words! {
    /// Why a proof does not prove a request.
    pub enum ProofFault {
        /// Longer than [`PROOF_MAX`].
        TooLong = "too long",
        /// Not a JWS in compact form with a header and claims of ours.
        Malformed = "malformed",
        /// Another `typ` or `alg`.
        Header = "another typ or alg",
        /// `kid` is not the thumbprint of the key.
        Key = "another key",
        /// The signature does not verify.
        Signature = "wrong signature",
        /// `htm` is another method.
        Method = "another method",
        /// `htu` is another URL.
        Url = "another URL",
        /// `bh` is the hash of another body.
        Body = "another body",
        /// `iat` is more than a minute away from now.
        Time = "made at another time",
        /// `nonce` is missing or old; the client tries again with a fresh one.
        Nonce = "missing or old nonce",
        /// `jti` has been seen before.
        Replayed = "seen before",
    }
}

impl ProofFault {
    /// The code that the device API answers with.
    pub const fn code(self) -> DeviceErrorCode {
        match self {
            ProofFault::Nonce => DeviceErrorCode::UseNonce,
            ProofFault::TooLong
            | ProofFault::Malformed
            | ProofFault::Header
            | ProofFault::Key
            | ProofFault::Signature
            | ProofFault::Method
            | ProofFault::Url
            | ProofFault::Body
            | ProofFault::Time
            | ProofFault::Replayed => DeviceErrorCode::ProofInvalid,
        }
    }
}

/// What a proof claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofClaims {
    /// The HTTP method.
    pub htm: String,
    /// `scheme://host/path?query` exactly as requested.
    pub htu: String,
    /// When the proof was made, in seconds since 1970.
    pub iat: i64,
    /// A random id of 16 octets.
    pub jti: B64u,
    /// The last nonce that the server gave; empty before the first.
    #[serde(default)]
    pub nonce: String,
    /// SHA-256 over the body, also when it is empty.
    pub bh: B64u,
}

impl ProofClaims {
    /// The claims for a request.
    pub fn new(
        method: &str,
        url: &str,
        body: &[u8],
        nonce: &str,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let mut jti = vec![0; 16];
        rng.fill_bytes(&mut jti);
        Self {
            htm: method.to_owned(),
            htu: url.to_owned(),
            iat: now.as_second(),
            jti: B64u(jti),
            nonce: nonce.to_owned(),
            bh: digest(&SHA256, body).as_ref().into(),
        }
    }
}

/// The request that a proof has to prove.
#[derive(Clone, Copy)]
pub struct ProvenRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// `scheme://host/path?query` exactly as requested.
    pub url: &'a str,
    /// The body as received; empty for GET.
    pub body: &'a [u8],
    /// The server's time.
    pub now: Timestamp,
}

/// A proof that has been read, not verified. Its key id says which device to look up.
pub struct UnverifiedProof<'a> {
    kid: Thumbprint,
    claims: ProofClaims,
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

impl<'a> UnverifiedProof<'a> {
    /// Reads the header value: shape and size. Error: [`Error::Proof`].
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        Self::read(text).map_err(Error::Proof)
    }

    fn read(text: &'a str) -> Result<Self, ProofFault> {
        if text.len() > PROOF_MAX {
            return Err(ProofFault::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(ProofFault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(ProofFault::Malformed)?;
        let [header, claims, signature] = [header, claims, signature].map(from_b64u);
        let (Some(header), Some(claims), Some(signature)) = (header, claims, signature) else {
            return Err(ProofFault::Malformed);
        };
        // A header of ours has three members; `crit` and all else that changes the meaning is refused with them.
        let header: Header = serde_json::from_slice(&header).map_err(|_| ProofFault::Malformed)?;
        if header.typ != TYPE || header.alg != ALGORITHM {
            return Err(ProofFault::Header);
        }
        let kid = Thumbprint::parse(&header.kid).map_err(|_| ProofFault::Malformed)?;
        let claims: ProofClaims = serde_json::from_slice(&claims).map_err(|_| ProofFault::Malformed)?;
        if claims.jti.0.len() != 16 || claims.bh.0.len() != 32 || signature.len() != 64 {
            return Err(ProofFault::Malformed);
        }
        Ok(Self { kid, claims, signed, signature })
    }

    /// The thumbprint of the key that is said to have signed.
    pub fn kid(&self) -> &Thumbprint {
        &self.kid
    }

    /// Checks, in this order: key, signature, method, URL, body, time, nonce, replay. Error: [`Error::Proof`] with
    /// the first fault.
    ///
    /// `nonce_is_fresh` tells whether the server gave this nonce lately; `jti_is_new` tells whether this id has not
    /// been seen, and remembers it. Neither is called for a proof that is already wrong.
    pub fn verify(
        self,
        key: &Jwk,
        request: &ProvenRequest<'_>,
        nonce_is_fresh: impl FnOnce(&str) -> bool,
        jti_is_new: impl FnOnce(&[u8]) -> bool,
    ) -> Result<ProofClaims, Error> {
        match self.fault(key, request, nonce_is_fresh, jti_is_new) {
            None => Ok(self.claims),
            Some(fault) => Err(Error::Proof(fault)),
        }
    }

    fn fault(
        &self,
        key: &Jwk,
        request: &ProvenRequest<'_>,
        nonce_is_fresh: impl FnOnce(&str) -> bool,
        jti_is_new: impl FnOnce(&[u8]) -> bool,
    ) -> Option<ProofFault> {
        let claims = &self.claims;
        if self.kid != key.thumbprint() {
            return Some(ProofFault::Key);
        }
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point().as_uncompressed());
        if public.verify(self.signed.as_bytes(), &self.signature).is_err() {
            return Some(ProofFault::Signature);
        }
        if claims.htm != request.method {
            return Some(ProofFault::Method);
        }
        if claims.htu != request.url {
            return Some(ProofFault::Url);
        }
        let hash = digest(&SHA256, request.body);
        if !bool::from(claims.bh.as_ref().ct_eq(hash.as_ref())) {
            return Some(ProofFault::Body);
        }
        let age = request.now.as_second().checked_sub(claims.iat);
        if !age.is_some_and(|age| (-IAT_TOLERANCE_SECONDS..=IAT_TOLERANCE_SECONDS).contains(&age)) {
            return Some(ProofFault::Time);
        }
        if !nonce_is_fresh(&claims.nonce) {
            return Some(ProofFault::Nonce);
        }
        if !jti_is_new(claims.jti.as_ref()) {
            return Some(ProofFault::Replayed);
        }
        None
    }
}

/// The private key of a device (`dk`). Held by the crypto library; no `Debug`, no `Clone`.
pub struct DeviceKey {
    pair: EcdsaKeyPair,
    jwk: Jwk,
}

impl DeviceKey {
    /// A new key from this source of randomness.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut scalar = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(scalar.as_mut());
            // Out of range once in 2^32 draws.
            if let Ok(key) = Self::from_secret(&scalar) {
                return key;
            }
        }
    }

    /// A stored key. Error: [`Error::SecretKey`].
    pub fn from_secret(scalar: &[u8; 32]) -> Result<Self, Error> {
        let secret = p256::SecretKey::from_slice(scalar).map_err(|_| Error::SecretKey)?;
        let public = secret.public_key().to_sec1_point(false);
        let point = Point::from_uncompressed(public.as_bytes())?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            scalar,
            point.as_uncompressed(),
        )
        .map_err(|_| Error::SecretKey)?;
        Ok(Self { pair, jwk: point.into() })
    }

    /// The scalar, for the phone's storage.
    pub fn to_secret(&self) -> Zeroizing<[u8; 32]> {
        let mut scalar = Zeroizing::new([0; 32]);
        // Cannot fail: the library has just taken a scalar of this size in.
        let octets = self.pair.private_key().as_be_bytes().expect("a P-256 scalar");
        scalar.copy_from_slice(octets.as_ref());
        scalar
    }

    /// The public key.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The value of the `Device-Proof` header for these claims.
    ///
    /// The signature's own nonce comes from the crypto library, so two proofs of equal claims differ. Error:
    /// [`Error::SecretKey`] if the library fails.
    pub fn prove(&self, claims: &ProofClaims) -> Result<String, Error> {
        let header = Header {
            typ: TYPE.to_owned(),
            alg: ALGORITHM.to_owned(),
            kid: self.jwk.thumbprint().as_str().to_owned(),
        };
        // Cannot fail: structs of strings and numbers.
        let [header, claims] = [serde_json::to_vec(&header), serde_json::to_vec(claims)]
            .map(|json| b64u(&json.expect("strings and numbers")));
        let signed = format!("{header}.{claims}");
        let signature =
            self.pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| Error::SecretKey)?;
        debug_assert_eq!(self.pair.public_key().as_ref(), self.jwk.point().as_uncompressed());
        Ok(format!("{signed}.{}", b64u(signature.as_ref())))
    }
}

#[cfg(test)]
mod tests;
