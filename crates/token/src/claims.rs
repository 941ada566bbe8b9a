//! What a token says, and its JSON: the names of RFC 7519 and of OpenID Connect where they have one.

use std::borrow::Cow;
use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{LIFETIME, Rejection, Rules};

/// The longest given or family name, in characters.
pub const NAME_MAX: usize = 128;

/// The longest code of a person in their country, in characters.
const CODE_MAX: usize = 30;

/// The version of the claims. Readers of another one refuse.
const VERSION: u8 = 1;

/// What a token says. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who made it.
    pub issuer: String,
    /// For which service.
    pub audience: String,
    /// Whose it is.
    pub holder: Holder,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Since when it is good.
    pub not_before: Timestamp,
    /// The first second in which it is not good any more.
    pub expires_at: Timestamp,
    /// When the person proved who they are, as far as that is known.
    pub authenticated_at: Timestamp,
    /// Its name, for the deny list.
    pub id: TokenId,
    /// The partner or relying party that asked for it.
    pub client: Option<String>,
    /// How sure the service is of the person.
    pub assurance: Assurance,
    /// How the person proved it.
    pub method: Method,
    /// SHA-256 of the certificate that was verified.
    pub certificate: Option<[u8; 32]>,
    /// The version of these claims.
    pub version: Version,
}

/// [`Claims`] in JSON: every request reads one, so it is flat and borrows from the text what it can.
#[derive(Serialize, Deserialize)]
struct ClaimsText<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    aud: Cow<'a, str>,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(borrow)]
    given_name: Cow<'a, str>,
    #[serde(borrow)]
    family_name: Cow<'a, str>,
    #[serde(with = "seconds")]
    iat: Timestamp,
    #[serde(with = "seconds")]
    nbf: Timestamp,
    #[serde(with = "seconds")]
    exp: Timestamp,
    #[serde(with = "seconds")]
    auth_time: Timestamp,
    jti: TokenId,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    cid: Option<Cow<'a, str>>,
    acr: Assurance,
    #[serde(with = "one")]
    amr: Method,
    #[serde(with = "fingerprint", default, skip_serializing_if = "Option::is_none")]
    cert_fp: Option<[u8; 32]>,
    ver: Version,
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ClaimsText {
            iss: Cow::Borrowed(&self.issuer),
            aud: Cow::Borrowed(&self.audience),
            sub: Cow::Owned(self.holder.subject()),
            given_name: Cow::Borrowed(&self.holder.given_name),
            family_name: Cow::Borrowed(&self.holder.family_name),
            iat: self.issued_at,
            nbf: self.not_before,
            exp: self.expires_at,
            auth_time: self.authenticated_at,
            jti: self.id,
            cid: self.client.as_deref().map(Cow::Borrowed),
            acr: self.assurance,
            amr: self.method,
            cert_fp: self.certificate,
            ver: self.version,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = ClaimsText::deserialize(deserializer)?;
        let (country, code) = text
            .sub
            .split_once('-')
            .ok_or_else(|| de::Error::custom("sub: expected a country and a code"))?;
        Ok(Self {
            holder: Holder::new(country, code, &text.given_name, &text.family_name)
                .map_err(de::Error::custom)?,
            issuer: text.iss.into_owned(),
            audience: text.aud.into_owned(),
            issued_at: text.iat,
            not_before: text.nbf,
            expires_at: text.exp,
            authenticated_at: text.auth_time,
            id: text.jti,
            client: text.cid.map(Cow::into_owned),
            assurance: text.acr,
            method: text.amr,
            certificate: text.cert_fp,
            version: text.ver,
        })
    }
}

impl Claims {
    /// Claims of a token that is made now and lives as long as the rules say.
    pub fn new(
        rules: &Rules,
        holder: Holder,
        method: Method,
        assurance: Assurance,
        id: TokenId,
        now: Timestamp,
    ) -> Self {
        let now = whole(now);
        let expires_at = now.saturating_add(rules.lifetime).unwrap_or(now);
        Self {
            issuer: rules.issuer.clone(),
            audience: rules.audience.clone(),
            holder,
            issued_at: now,
            not_before: now,
            expires_at,
            authenticated_at: now,
            id,
            client: None,
            assurance,
            method,
            certificate: None,
            version: Version,
        }
    }

    /// Whether a service with these rules may act on the claims at `now`.
    ///
    /// # Errors
    /// [`Rejection`], the first of: issuer, audience, times.
    pub fn check(&self, rules: &Rules, now: Timestamp) -> Result<(), Rejection> {
        if self.issuer != rules.issuer {
            return Err(Rejection::WrongIssuer);
        }
        if self.audience != rules.audience {
            return Err(Rejection::WrongAudience);
        }
        let ahead = |at: Timestamp| at.duration_since(now) > rules.leeway;
        if ahead(self.not_before) || ahead(self.issued_at) {
            return Err(Rejection::NotYetValid);
        }
        // No leeway at the end: the answer to the token call said when that is.
        if now >= self.expires_at {
            return Err(Rejection::Expired);
        }
        Ok(())
    }

    /// Whether the person's identity was proven, not only told by a partner.
    pub fn is_proven(&self) -> bool {
        self.method != Method::Asserted
    }

    /// Whether the person proved it with this assurance at most `age` ago: what a step-up asks for.
    pub fn is_fresh(&self, assurance: Assurance, age: SignedDuration, now: Timestamp) -> bool {
        self.is_proven() && self.assurance >= assurance && now.duration_since(self.authenticated_at) <= age
    }

    /// The JSON as it is sealed, without padding.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and lists, all of which JSON can say.
        serde_json::to_vec(self).expect("claims can be written as JSON")
    }

    /// Reads claims. White space around them is padding. Nothing when they are none, or of another version.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        // Looked at once as a whole, not once more for each of thirty texts in it.
        serde_json::from_str(std::str::from_utf8(json).ok()?).ok()
    }
}

/// Whole seconds, downwards.
fn whole(at: Timestamp) -> Timestamp {
    // Every whole second between the bounds is within them.
    Timestamp::from_second(at.as_millisecond().div_euclid(1000)).unwrap_or(at)
}

/// Whose a token is: a person in a country, with the names that were verified or told.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    country: String,
    code: String,
    given_name: String,
    family_name: String,
}

/// Values that name no holder.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{member}: expected {expected}")]
pub struct UnfitHolder {
    /// Which: `country_code`, `ident`, `first_name` or `last_name`.
    pub member: &'static str,
    /// What would fit.
    pub expected: &'static str,
}

impl Holder {
    /// A person: a country of two upper-case letters, a code of 1 to 30 letters, digits and hyphens that begins with a
    /// letter or digit, and names of 1 to 128 visible characters. Blanks around names are taken off.
    pub fn new(country: &str, code: &str, given_name: &str, family_name: &str) -> Result<Self, UnfitHolder> {
        let unfit = |member, expected| Err(UnfitHolder { member, expected });
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            return unfit("country_code", "two letters");
        }
        if !(1..=CODE_MAX).contains(&code.len())
            || !code.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
            || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return unfit("ident", "1 to 30 letters, digits and hyphens");
        }
        let (given_name, family_name) = (given_name.trim(), family_name.trim());
        for (member, name) in [("first_name", given_name), ("last_name", family_name)] {
            if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(is_unfit) {
                return unfit(member, "1 to 128 visible characters");
            }
        }
        Ok(Self {
            country: country.to_owned(),
            code: code.to_owned(),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
        })
    }

    /// ISO 3166-1 alpha-2.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The person's code in that country.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Both, as the `sub` claim writes them: `EE-30110100103`.
    pub fn subject(&self) -> String {
        format!("{}-{}", self.country, self.code)
    }

    /// Given names.
    pub fn given_name(&self) -> &str {
        &self.given_name
    }

    /// Family name.
    pub fn family_name(&self) -> &str {
        &self.family_name
    }
}

/// What is not visible, or turns the direction of writing, has no place in a name that people read.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Says nothing: it is about a person.
impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holder({}-…)", self.country)
    }
}

/// The name of a token: 16 random octets, in JSON as base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub [u8; 16]);

impl TokenId {
    /// A new random one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(octets)
    }

    /// Reads 22 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let mut octets = [0; 16];
        let read = Base64UrlUnpadded::decode(text, &mut octets).ok()?;
        (read.len() == 16).then_some(Self(octets))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 22];
        // 16 octets are 22 characters.
        f.write_str(Base64UrlUnpadded::encode(&self.0, &mut text).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for TokenId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TokenIdText)
    }
}

/// Reads a [`TokenId`] from the text where it stands.
struct TokenIdText;

impl de::Visitor<'_> for TokenIdText {
    type Value = TokenId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("22 characters of base64url")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<TokenId, E> {
        TokenId::parse(text).ok_or_else(|| E::custom("expected 22 characters of base64url"))
    }
}

/// How sure the service is of the person: the levels of eIDAS, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// A password, or a partner that is known by its address alone.
    Low,
    /// A partner that is known, or an advanced certificate.
    Substantial,
    /// A qualified certificate or an identity card.
    High,
}

impl Assurance {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Low, Self::Substantial, Self::High];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }
}

/// How the person proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// A key of an identity card.
    #[serde(rename = "idcard")]
    IdCard,
    /// A key that phone and service hold together.
    #[serde(rename = "smartid")]
    SmartId,
    /// A password.
    #[serde(rename = "pwd")]
    Password,
    /// Not at all: a partner says so.
    #[serde(rename = "asserted")]
    Asserted,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::IdCard, Self::SmartId, Self::Password, Self::Asserted];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::IdCard => "idcard",
            Self::SmartId => "smartid",
            Self::Password => "pwd",
            Self::Asserted => "asserted",
        }
    }
}

/// `ver`, of which this crate knows one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            VERSION => Ok(Self),
            _ => Err(de::Error::custom("expected version 1")),
        }
    }
}

/// Times as whole seconds since 1970.
mod seconds {
    use super::{Deserialize, Deserializer, Serializer, Timestamp, de};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.as_second())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_second(i64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// `amr` is a list; ours has one entry.
mod one {
    use super::{Deserialize, Deserializer, Method, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
        [method].serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
        <[Method; 1]>::deserialize(deserializer).map(|[method]| method)
    }
}

/// A SHA-256 in base64url.
mod fingerprint {
    use super::{Base64UrlUnpadded, Deserialize, Deserializer, Encoding, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        hash: &Option<[u8; 32]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match hash {
            Some(hash) => serializer.serialize_str(&Base64UrlUnpadded::encode_string(hash)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[u8; 32]>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let mut hash = [0; 32];
        match Base64UrlUnpadded::decode(&text, &mut hash) {
            Ok(read) if read.len() == 32 => Ok(Some(hash)),
            _ => Err(de::Error::custom("expected 43 characters of base64url")),
        }
    }
}

// The lifetime that rules have unless they say otherwise is part of the format's description.
const _: () = assert!(LIFETIME.as_secs() == 7200);
