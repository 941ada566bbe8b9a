//! Keys, their ring, and what a token has to say to be accepted.
//!
//! A key has the time from which it seals. The last one whose time has come is *current*; those before it are *retired*
//! and open what they sealed for one more lifetime; those whose time is to come are *next*, and open already, so that
//! servers with one key file may read it at different moments. All of these are comparisons with `now`: nothing depends
//! on anybody acting at the right time.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{Error, LIFETIME};

/// The name of a key: 4 octets, in text as 8 hexadecimal digits. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// Reads 8 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        octets(text).map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A key. Zeroized on drop; no `Debug`, no `Clone`.
pub struct TokenKey {
    id: KeyId,
    secret: Zeroizing<[u8; 32]>,
    from: Timestamp,
}

impl TokenKey {
    /// A key that seals from this time on.
    pub fn new(id: KeyId, secret: Zeroizing<[u8; 32]>, from: Timestamp) -> Self {
        Self { id, secret, from }
    }

    /// A new random one.
    pub fn generate(from: Timestamp, rng: &mut impl CryptoRng) -> Self {
        let mut id = [0; 4];
        rng.fill_bytes(&mut id);
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        Self::new(KeyId(id), secret, from)
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// From when on it seals.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

/// All keys that are known, in the order in which they seal. There is always one.
pub struct KeyRing {
    keys: Vec<TokenKey>,
    /// Opens nothing. Used in place of a key that is not there, so that a refusal takes as long as any other.
    decoy: TokenKey,
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It opens what it sealed.
    Good,
    /// What it sealed is over.
    Retired,
    /// There is none of this name.
    Unknown,
}

impl KeyRing {
    /// A ring of these keys.
    ///
    /// # Errors
    /// [`Error::NoKey`], [`Error::SameName`].
    pub fn new(mut keys: Vec<TokenKey>) -> Result<Self, Error> {
        keys.sort_by_key(|key| (key.from, key.id));
        let mut names: Vec<_> = keys.iter().map(|key| key.id).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::SameName { id: pair[0] });
        }
        if keys.is_empty() {
            return Err(Error::NoKey);
        }
        let decoy = TokenKey::new(KeyId([0; 4]), Zeroizing::new([0; 32]), Timestamp::UNIX_EPOCH);
        Ok(Self { keys, decoy })
    }

    /// A ring of one new key.
    pub fn generate(now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        // One key is enough, and has no namesake.
        Self::new(vec![TokenKey::generate(now, rng)]).expect("a ring of one key")
    }

    /// The key that seals at `now`; before the time of the first, the first.
    pub fn sealing(&self, now: Timestamp) -> &TokenKey {
        let current = self.keys.iter().rev().find(|key| key.from <= now);
        // A ring has at least one key.
        current.unwrap_or(&self.keys[0])
    }

    /// All keys, in the order in which they seal.
    pub fn keys(&self) -> &[TokenKey] {
        &self.keys
    }

    /// When the key with this place in the ring stopped sealing, or will. Nothing for the last.
    pub fn superseded(&self, place: usize) -> Option<Timestamp> {
        self.keys.get(place + 1).map(|next| next.from)
    }

    /// Adds a key that seals from `now + lead` on, and drops those that open nothing any more.
    ///
    /// # Errors
    /// None in practice: a new name that is taken is drawn anew.
    pub fn rotate(
        mut self,
        now: Timestamp,
        lead: SignedDuration,
        rules: &Rules,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let from = now.saturating_add(lead).unwrap_or(now);
        let mut key = TokenKey::generate(from, rng);
        while self.keys.iter().any(|known| known.id == key.id) {
            key = TokenKey::generate(from, rng);
        }
        let last: Vec<bool> =
            (0..self.keys.len()).map(|place| self.standing(place, rules, now) == Standing::Retired).collect();
        let mut retired = last.into_iter();
        self.keys.retain(|_| !retired.next().unwrap_or(false));
        self.keys.push(key);
        Self::new(self.keys)
    }

    fn standing(&self, place: usize, rules: &Rules, now: Timestamp) -> Standing {
        let over = |at: Timestamp| now.duration_since(at) > rules.lifetime.saturating_add(rules.leeway);
        if self.superseded(place).is_some_and(over) { Standing::Retired } else { Standing::Good }
    }

    /// The key of this name and what it may be used for. The whole ring is looked through, found or not.
    pub(crate) fn find(&self, id: KeyId, rules: &Rules, now: Timestamp) -> (&TokenKey, Standing) {
        let mut found = (&self.decoy, Standing::Unknown);
        for (place, key) in self.keys.iter().enumerate() {
            if key.id == id {
                found = (key, self.standing(place, rules, now));
            }
        }
        found
    }

    /// Reads a key file: one key a line, `ID SECRET FROM`, in any order; empty lines and those that begin with `#` are
    /// passed over.
    ///
    /// # Errors
    /// [`Error::MalformedKey`], [`Error::NoKey`], [`Error::SameName`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let keys = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(line, text)| read_line(text).ok_or(Error::MalformedKey { line }));
        Self::new(keys.collect::<Result<_, _>>()?)
    }

    /// The key file. It holds the secrets.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(200 + 100 * self.keys.len()));
        text.push_str(
            "# Keys of registrant tokens: id, secret, and from when on it seals. Whoever reads this can make tokens.\n",
        );
        for key in &self.keys {
            text.push_str(&key.id.to_string());
            text.push(' ');
            for octet in key.secret.iter() {
                for digit in [octet >> 4, octet & 15] {
                    // Four bits are one hexadecimal digit.
                    text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
            text.push(' ');
            text.push_str(&key.from.to_string());
            text.push('\n');
        }
        text
    }
}

fn read_line(text: &str) -> Option<TokenKey> {
    let mut parts = text.split_whitespace();
    let (id, secret, from) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some(TokenKey::new(KeyId::parse(id)?, Zeroizing::new(octets(secret)?), from.parse().ok()?))
}

/// `N` octets from twice as many hexadecimal digits.
fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut read = [0; N];
    for (octet, pair) in read.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |b: u8| char::from(b).to_digit(16);
        // Two hexadecimal digits fit an octet.
        *octet = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(read)
}

/// What a token has to say to be accepted, and how long it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// From `iat` to `exp`, and how long a retired key still opens.
    pub lifetime: SignedDuration,
    /// How far the clocks of two servers may differ.
    pub leeway: SignedDuration,
}

impl Rules {
    /// Two hours, and clocks within 30 s.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime: LIFETIME,
            leeway: SignedDuration::from_secs(30),
        }
    }
}

/// Names and times; secrets have no `Debug`.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| (key.id, key.from))).finish()
    }
}
