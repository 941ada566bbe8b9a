//! A key in a token.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_pki::asn1;
use countersign_pki::verify::{Curve, KeyKind};
use countersign_pki::{Digest, PublicKey, SignatureAlgorithm, Signer};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use der::Decode as _;

use crate::pool::Lease;
use crate::{Error, Token};

/// A private key in a token. EC keys sign with their curve's natural digest, RSA keys RSASSA-PSS with SHA-256.
pub struct TokenKey {
    token: Arc<Token>,
    label: String,
    public: PublicKey,
    algorithm: SignatureAlgorithm,
    /// The private key's handle, and the generation of sessions under which it was found.
    handle: Mutex<Option<(u64, ObjectHandle)>>,
}

impl TokenKey {
    pub(crate) fn find(token: Arc<Token>, label: &str) -> Result<Self, Error> {
        let public = token.pool().run(|lease| {
            // Both must be there, and only once.
            find_one(lease.session, ObjectClass::PRIVATE_KEY, label)?;
            let handle = find_one(lease.session, ObjectClass::PUBLIC_KEY, label)?;
            read_public(lease.session, handle, label)
        })?;
        Self::new(token, label, public)
    }

    pub(crate) fn generate(token: Arc<Token>, label: &str, curve: Curve) -> Result<Self, Error> {
        let named = asn1::oid(&curve.oid());
        let public = token.pool().run(|lease| {
            let of_label = [Attribute::Label(label.as_bytes().to_vec())];
            if !lease.session.find_objects(&of_label)?.is_empty() {
                return Err(Error::Taken { label: label.to_owned() });
            }
            let of_both = |more: Vec<Attribute>| {
                let id = Attribute::Id(label.as_bytes().to_vec());
                [vec![Attribute::Token(true), of_label[0].clone(), id], more].concat()
            };
            let public = of_both(vec![
                Attribute::Verify(true),
                Attribute::EcParams(named.clone()),
                Attribute::KeyType(KeyType::EC),
            ]);
            let private = of_both(vec![
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Sign(true),
            ]);
            let (public, _) =
                lease.session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
            read_public(lease.session, public, label)
        })?;
        Self::new(token, label, public)
    }

    /// The key of this label if it is one that [`generate`](Self::generate) makes, and was made in this token.
    pub(crate) fn find_generated(token: Arc<Token>, label: &str, curve: Curve) -> Result<Self, Error> {
        let unsuitable =
            |reason: &str| Error::UnsuitableKey { label: label.to_owned(), reason: reason.to_owned() };
        let is_own = token.pool().run(|lease| {
            let key = find_one(lease.session, ObjectClass::PRIVATE_KEY, label)?;
            let wanted = [AttributeType::Local, AttributeType::Extractable];
            let found = lease.session.get_attributes(key, &wanted)?;
            Ok(found.contains(&Attribute::Local(true)) && found.contains(&Attribute::Extractable(false)))
        })?;
        if !is_own {
            return Err(unsuitable("it was not made in this token, or may leave it"));
        }
        let key = Self::find(token, label)?;
        if key.public.kind() != KeyKind::Ec(curve) {
            return Err(unsuitable("it is on another curve than a new one would be"));
        }
        Ok(key)
    }

    fn new(token: Arc<Token>, label: &str, public: PublicKey) -> Result<Self, Error> {
        let algorithm = match public.kind() {
            KeyKind::Rsa { .. } => SignatureAlgorithm::RsaPss(Digest::Sha256),
            KeyKind::Ec(curve) => SignatureAlgorithm::Ecdsa(curve.natural_digest()),
        };
        Ok(Self { token, label: label.to_owned(), public, algorithm, handle: Mutex::new(None) })
    }

    fn sign_digest(&self, lease: &Lease<'_>, digest: &[u8]) -> Result<Vec<u8>, Error> {
        let known = *self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = match known {
            Some((generation, handle)) if generation == lease.generation => handle,
            Some(_) | None => {
                let found = find_one(lease.session, ObjectClass::PRIVATE_KEY, &self.label);
                let handle = found.map_err(|error| match error {
                    Error::NoKey { label, .. } => Error::KeyGone { label },
                    other => other,
                })?;
                *self.handle.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((lease.generation, handle));
                handle
            }
        };
        let mechanism = match self.algorithm {
            SignatureAlgorithm::Ecdsa(_) => Mechanism::Ecdsa,
            SignatureAlgorithm::RsaPss(_) | SignatureAlgorithm::RsaPkcs1(_) => {
                Mechanism::RsaPkcsPss(PkcsPssParams {
                    hash_alg: MechanismType::SHA256,
                    mgf: PkcsMgfType::MGF1_SHA256,
                    s_len: 32.into(),
                })
            }
        };
        Ok(lease.session.sign(&mechanism, handle, digest)?)
    }
}

impl Signer for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, countersign_pki::Error> {
        let failed = |reason: String| countersign_pki::Error::KeyDevice { key: self.label.clone(), reason };
        let digest = self.algorithm.digest().of(message);
        let signature = self
            .token
            .pool()
            .run(|lease| self.sign_digest(lease, &digest))
            .map_err(|error| failed(error.to_string()))?;
        match self.algorithm {
            SignatureAlgorithm::Ecdsa(_) => {
                ecdsa_der(&signature).ok_or_else(|| failed("a signature of another length".to_owned()))
            }
            SignatureAlgorithm::RsaPss(_) | SignatureAlgorithm::RsaPkcs1(_) => Ok(signature),
        }
    }

    fn is_remote(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({:?}, {})", self.label, self.public.kind())
    }
}

/// `r ‖ s`, as tokens give it, in the DER that everybody else takes (X9.62).
fn ecdsa_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(raw.len() / 2)?;
    if r.is_empty() || r.len() != s.len() {
        return None;
    }
    Some(asn1::sequence(&[asn1::unsigned(r), asn1::unsigned(s)]))
}

fn find_one(session: &Session, class: ObjectClass, label: &str) -> Result<ObjectHandle, Error> {
    let word = if class == ObjectClass::PRIVATE_KEY { "private" } else { "public" };
    let template = [Attribute::Class(class), Attribute::Label(label.as_bytes().to_vec())];
    match session.find_objects(&template)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::NoKey { class: word, label: label.to_owned() }),
        several => Err(Error::Ambiguous { class: word, label: label.to_owned(), count: several.len() }),
    }
}

fn read_public(session: &Session, handle: ObjectHandle, label: &str) -> Result<PublicKey, Error> {
    let unsuitable = |reason: String| Error::UnsuitableKey { label: label.to_owned(), reason };
    let wanted = [AttributeType::KeyType];
    let kind = session.get_attributes(handle, &wanted)?.into_iter().find_map(|attribute| match attribute {
        Attribute::KeyType(kind) => Some(kind),
        _ => None,
    });
    let key = match kind {
        Some(KeyType::EC) => {
            let wanted = [AttributeType::EcParams, AttributeType::EcPoint];
            let (mut named, mut point) = (Vec::new(), Vec::new());
            for attribute in session.get_attributes(handle, &wanted)? {
                match attribute {
                    Attribute::EcParams(der) => named = der,
                    Attribute::EcPoint(octets) => point = octets,
                    _ => {}
                }
            }
            let curve = [Curve::P256, Curve::P384, Curve::P521]
                .into_iter()
                .find(|curve| asn1::oid(&curve.oid()) == named)
                .ok_or_else(|| unsuitable("it is on another curve than P-256, P-384 or P-521".to_owned()))?;
            // An OCTET STRING around the point by the standard; some tokens leave it out.
            let inner = der::asn1::OctetString::from_der(&point).map(|octets| octets.as_bytes().to_vec());
            PublicKey::from_ec_point(curve, &inner.unwrap_or(point))
        }
        Some(KeyType::RSA) => {
            let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
            let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
            for attribute in session.get_attributes(handle, &wanted)? {
                match attribute {
                    Attribute::Modulus(octets) => modulus = octets,
                    Attribute::PublicExponent(octets) => exponent = octets,
                    _ => {}
                }
            }
            PublicKey::from_rsa_components(&modulus, &exponent)
        }
        _ => return Err(unsuitable("it is neither an RSA nor an EC key".to_owned())),
    };
    key.map_err(|error| unsuitable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_signatures_become_der() {
        assert_eq!(ecdsa_der(&[0x80, 1]), Some(vec![0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]));
        assert_eq!(ecdsa_der(&[0, 5, 0, 6]), Some(vec![0x30, 6, 2, 1, 5, 2, 1, 6]));
        assert_eq!(ecdsa_der(&[]), None);
        assert_eq!(ecdsa_der(&[1, 2, 3]), None);
    }
}
