//! Algorithm identifiers of XML signatures (RFC 9231), in one table for reading and writing.

use countersign_pki::algorithm::{Digest, SignatureAlgorithm};

/// `ds:DigestMethod/@Algorithm`.
const DIGESTS: [(&str, Digest); 7] = [
    ("http://www.w3.org/2000/09/xmldsig#sha1", Digest::Sha1),
    ("http://www.w3.org/2001/04/xmlenc#sha256", Digest::Sha256),
    ("http://www.w3.org/2001/04/xmldsig-more#sha384", Digest::Sha384),
    ("http://www.w3.org/2001/04/xmlenc#sha512", Digest::Sha512),
    ("http://www.w3.org/2007/05/xmldsig-more#sha3-256", Digest::Sha3_256),
    ("http://www.w3.org/2007/05/xmldsig-more#sha3-384", Digest::Sha3_384),
    ("http://www.w3.org/2007/05/xmldsig-more#sha3-512", Digest::Sha3_512),
];

/// `ds:SignatureMethod/@Algorithm`. RSASSA-PSS is here in the form with fixed parameters (RFC 9231
/// §2.3.10): the mask uses the same hash and the salt has its length. The form with a parameter element
/// is known to hardly any other program and not accepted. HMAC and DSA are left out on purpose.
const SIGNATURES: [(&str, SignatureAlgorithm); 18] = {
    use Digest::*;
    use SignatureAlgorithm::*;
    [
        ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", RsaPkcs1(Sha1)),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", RsaPkcs1(Sha256)),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", RsaPkcs1(Sha384)),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", RsaPkcs1(Sha512)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1", RsaPss(Sha1)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", RsaPss(Sha256)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", RsaPss(Sha384)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", RsaPss(Sha512)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha3-256-rsa-MGF1", RsaPss(Sha3_256)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha3-384-rsa-MGF1", RsaPss(Sha3_384)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha3-512-rsa-MGF1", RsaPss(Sha3_512)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", Ecdsa(Sha1)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", Ecdsa(Sha256)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", Ecdsa(Sha384)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", Ecdsa(Sha512)),
        ("http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-256", Ecdsa(Sha3_256)),
        ("http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-384", Ecdsa(Sha3_384)),
        ("http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-512", Ecdsa(Sha3_512)),
    ]
};

/// The identifier of a digest, if it has one.
pub(crate) fn digest_uri(digest: Digest) -> Option<&'static str> {
    DIGESTS.iter().find(|(_, known)| *known == digest).map(|(uri, _)| *uri)
}

/// The identifier of a signature algorithm; `None` when RFC 9231 has none (PKCS#1 v1.5 with SHA-3).
pub(crate) fn signature_uri(algorithm: SignatureAlgorithm) -> Option<&'static str> {
    SIGNATURES.iter().find(|(_, known)| *known == algorithm).map(|(uri, _)| *uri)
}

/// A digest method found in a signature: the identifier, and the digest when we know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestMethod {
    uri: String,
    known: Option<Digest>,
}

impl DigestMethod {
    pub(crate) fn from_uri(uri: &str) -> Self {
        let known = DIGESTS.iter().find(|(known, _)| *known == uri).map(|(_, digest)| *digest);
        Self { uri: uri.chars().take(200).collect(), known }
    }

    /// The identifier as written.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The digest, when it can be computed here.
    pub fn known(&self) -> Option<Digest> {
        self.known
    }
}

/// A signature method found in a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureMethod {
    uri: String,
    known: Option<SignatureAlgorithm>,
}

impl SignatureMethod {
    pub(crate) fn from_uri(uri: &str) -> Self {
        let known = SIGNATURES.iter().find(|(known, _)| *known == uri).map(|(_, algorithm)| *algorithm);
        Self { uri: uri.chars().take(200).collect(), known }
    }

    /// The identifier as written.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The algorithm, when it can be verified here.
    pub fn known(&self) -> Option<SignatureAlgorithm> {
        self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_is_written_and_read_as_the_same_algorithm() {
        for (uri, digest) in DIGESTS {
            assert_eq!(digest_uri(digest), Some(uri));
            assert_eq!(DigestMethod::from_uri(uri).known(), Some(digest));
        }
        for (uri, algorithm) in SIGNATURES {
            assert_eq!(signature_uri(algorithm), Some(uri));
            assert_eq!(SignatureMethod::from_uri(uri).known(), Some(algorithm));
        }
        assert_eq!(SignatureMethod::from_uri("http://www.w3.org/2000/09/xmldsig#hmac-sha1").known(), None);
        assert_eq!(signature_uri(SignatureAlgorithm::RsaPkcs1(Digest::Sha3_256)), None);
    }
}
