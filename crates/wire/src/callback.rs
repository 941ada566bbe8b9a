//! The way back to the relying party on the same device (6.5), and the secrets that tie it to the session.
//!
//! ```text
//! auth:        <initialCallbackUrl>&sessionSecretDigest=<d>&userChallengeVerifier=<v>
//! sign, cert:  <initialCallbackUrl>&sessionSecretDigest=<d>
//! d = b64u(SHA-256(session secret))        userChallenge = b64u(SHA-256(text of v))
//! ```

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::Error;
use crate::base64::{b64, b64u, from_b64};

/// The longest callback URL, in characters.
pub const CALLBACK_URL_MAX: usize = 1800;

/// Where the device returns to: `initialCallbackUrl`, kept exactly as sent.
///
/// `^https:\/\/([^|#]+)$`, at most 1800 characters: the device opens it as it is, and `|` would break the
/// payloads that it goes into. Beyond the published pattern it must be a URL with a host and without control
/// characters, since a person's device is going to open it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CallbackUrl(String);

impl CallbackUrl {
    /// Reads a callback URL. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let well_formed = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
            && !text.contains(['|', '#'])
            && !text.contains(char::is_control)
            && text.chars().count() <= CALLBACK_URL_MAX
            && url::Url::parse(text).is_ok_and(|url| url.host().is_some());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed {
                name: "initialCallbackUrl",
                expected: "an https URL of at most 1800 characters without fragment and without |",
            })
        }
    }

    /// The text as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL that the device opens at the end. `verifier` is given after a successful authentication only.
    pub fn completed(&self, secret_digest: &str, verifier: Option<&UserChallengeVerifier>) -> String {
        // The specification always shows a URL with a query; without one, `?` is our choice.
        let joiner = if self.0.contains('?') { '&' } else { '?' };
        let mut url = format!("{}{joiner}{SECRET_DIGEST}={secret_digest}", self.0);
        if let Some(verifier) = verifier {
            url.push_str(&format!("&{VERIFIER}={}", verifier.as_str()));
        }
        url
    }
}

/// Hidden: by convention it holds a secret of the relying party.
impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackUrl(https://…)")
    }
}

impl Serialize for CallbackUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CallbackUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The key that a relying party and the service share for one device-link session: `sessionSecret`.
///
/// Every copy is zeroized on drop; no `Debug`. It travels to the relying party once, in the answer that starts
/// the session, which is why [`to_base64`](Self::to_base64) exists.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<Vec<u8>>);

impl SessionSecret {
    /// Octets in the secrets that we issue.
    pub const LENGTH: usize = 32;

    /// A new random secret.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut octets = Zeroizing::new(vec![0; Self::LENGTH]);
        rng.fill_bytes(&mut octets);
        Self(octets)
    }

    /// A secret from its octets: 16 to 128 of them. Error: [`Error::Malformed`].
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        if (16..=128).contains(&octets.len()) {
            Ok(Self(Zeroizing::new(octets.to_vec())))
        } else {
            Err(Error::Malformed { name: "sessionSecret", expected: "Base64 of 16 to 128 octets" })
        }
    }

    /// Reads the Base64 text of an answer. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let octets = Zeroizing::new(from_b64(text).unwrap_or_default());
        Self::from_bytes(&octets)
    }

    /// The octets, for storage under encryption.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The Base64 text, for the one answer that carries it.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(b64(&self.0))
    }

    /// `b64u(SHA-256(secret))`: proves to the relying party that a callback comes from this session.
    pub fn digest(&self) -> String {
        b64u(digest(&SHA256, &self.0).as_ref())
    }
}

impl PartialEq for SessionSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SessionSecret {}

/// `userChallengeVerifier`: 43 random Base64url characters that only the device and the callback know.
///
/// Zeroized on drop; no `Debug`, no `Clone`.
pub struct UserChallengeVerifier(Zeroizing<String>);

impl UserChallengeVerifier {
    /// A new one from 32 random octets.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill_bytes(octets.as_mut());
        Self(Zeroizing::new(b64u(octets.as_ref())))
    }

    /// Reads 43 Base64url characters. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if is_43_b64u(text) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(Error::Malformed { name: VERIFIER, expected: "43 Base64url characters" })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The challenge of this verifier: a hash over its text, not over the octets that the text encodes.
    pub fn challenge(&self) -> UserChallenge {
        UserChallenge(b64u(digest(&SHA256, self.0.as_bytes()).as_ref()))
    }
}

impl Zeroize for UserChallengeVerifier {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// `userChallenge`: `b64u(SHA-256(text of the verifier))`, in every signed authentication.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserChallenge(String);

impl UserChallenge {
    /// Reads `^[a-zA-Z0-9-_]{43}$`. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if is_43_b64u(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed { name: "userChallenge", expected: "43 Base64url characters" })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for UserChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UserChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a relying party gets back in the query of its callback URL.
pub struct ReceivedCallback {
    secret_digest: String,
    verifier: Option<UserChallengeVerifier>,
}

impl ReceivedCallback {
    /// Reads a URL, or a path with its query, or the query alone. Each of our parameters may come once.
    /// Error: [`Error::WrongCallback`].
    pub fn parse(url: &str) -> Result<Self, Error> {
        let query = url.split_once('?').map_or(url, |(_, query)| query);
        let find = |name: &'static str| {
            let mut values = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            match (values.next(), values.next()) {
                (value, None) => Ok(value),
                (_, Some(_)) => Err(Error::WrongCallback { parameter: name }),
            }
        };
        let secret_digest = find(SECRET_DIGEST)?.ok_or(Error::WrongCallback { parameter: SECRET_DIGEST })?;
        let verifier = find(VERIFIER)?
            .map(UserChallengeVerifier::parse)
            .transpose()
            .map_err(|_| Error::WrongCallback { parameter: VERIFIER })?;
        Ok(Self { secret_digest: secret_digest.to_owned(), verifier })
    }

    /// Checks that the callback belongs to the session with this secret. Error: [`Error::WrongCallback`].
    ///
    /// The relying party has its own parameter to check besides: whether the browser that came back is the one
    /// that it sent out.
    pub fn check_secret(&self, secret: &SessionSecret) -> Result<(), Error> {
        let same = self.secret_digest.as_bytes().ct_eq(secret.digest().as_bytes());
        if same.into() { Ok(()) } else { Err(Error::WrongCallback { parameter: SECRET_DIGEST }) }
    }

    /// Checks that the callback belongs to the authentication that was signed with this user challenge.
    /// Error: [`Error::WrongCallback`], also when there is no verifier (the person refused).
    pub fn check_user_challenge(&self, challenge: &UserChallenge) -> Result<(), Error> {
        let same = self.verifier.as_ref().is_some_and(|verifier| {
            verifier.challenge().as_str().as_bytes().ct_eq(challenge.as_str().as_bytes()).into()
        });
        if same { Ok(()) } else { Err(Error::WrongCallback { parameter: VERIFIER }) }
    }

    /// The verifier, present after a successful authentication.
    pub fn verifier(&self) -> Option<&UserChallengeVerifier> {
        self.verifier.as_ref()
    }
}

const SECRET_DIGEST: &str = "sessionSecretDigest";
const VERIFIER: &str = "userChallengeVerifier";

fn is_43_b64u(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SessionSecret {
        SessionSecret::from_bytes(&(0xA0..=0xBF).collect::<Vec<u8>>()).unwrap()
    }

    #[test]
    fn callback_urls_follow_the_pattern() {
        let longest = format!("https://rp.example.com/{}", "a".repeat(1800 - 23));
        assert_eq!(longest.len(), 1800);
        for right in
            ["https://rp.example.com/callback-url?value=RrKjjT4aggzu27YBddX1bQ", "https://x/%7C", &longest]
        {
            assert_eq!(CallbackUrl::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "https://",
            "http://rp.example.com/",
            "HTTPS://rp.example.com/",
            "https://rp.example.com/#part",
            "https://rp.example.com/a|b",
            "https://rp.example.com/a\nb",
            "https://?",
            "javascript:alert(1)",
            &format!("{longest}a"),
        ] {
            assert!(CallbackUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_without_query_is_joined_with_a_question_mark() {
        let callback = CallbackUrl::parse("https://rp.example.org/cb").unwrap();
        assert_eq!(callback.completed("d", None), "https://rp.example.org/cb?sessionSecretDigest=d");
    }

    #[test]
    fn a_refused_authentication_comes_back_without_verifier() {
        let callback = CallbackUrl::parse("https://rp.example.org/cb?value=x").unwrap();
        let received = ReceivedCallback::parse(&callback.completed(&secret().digest(), None)).unwrap();
        received.check_secret(&secret()).unwrap();
        let challenge = UserChallengeVerifier::parse(&"a".repeat(43)).unwrap().challenge();
        assert!(received.check_user_challenge(&challenge).is_err());
    }

    #[test]
    fn a_callback_of_another_session_or_result_is_refused() {
        use rand_core::SeedableRng;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(5);
        let verifier = UserChallengeVerifier::generate(&mut rng);
        let callback = CallbackUrl::parse("https://rp.example.org/cb?value=x").unwrap();
        let received =
            ReceivedCallback::parse(&callback.completed(&secret().digest(), Some(&verifier))).unwrap();
        received.check_secret(&secret()).unwrap();
        received.check_user_challenge(&verifier.challenge()).unwrap();
        assert!(received.check_secret(&SessionSecret::generate(&mut rng)).is_err());
        let other = UserChallengeVerifier::generate(&mut rng).challenge();
        assert!(received.check_user_challenge(&other).is_err());
    }

    #[test]
    fn a_parameter_may_come_only_once() {
        let digest = secret().digest();
        let twice = format!("/cb?sessionSecretDigest={digest}&sessionSecretDigest={digest}");
        assert!(ReceivedCallback::parse(&twice).is_err());
        assert!(ReceivedCallback::parse("/cb?value=x").is_err());
        assert!(ReceivedCallback::parse(&format!("sessionSecretDigest={digest}")).is_ok());
        let short = format!("?sessionSecretDigest={digest}&userChallengeVerifier=short");
        assert!(ReceivedCallback::parse(&short).is_err());
    }
}
