//! Activation codes: what turns an identity that was proven into an account on a phone.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use countersign_wire::device::{ActivationRequest, Jwk};
use countersign_wire::id::{DeviceId, DocumentNumber, SemanticsIdentifier};
use countersign_wire::words::CertificateLevel;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::account::{Account, AccountKeys, AccountState, Holder};
use crate::bytes;
use crate::device::{Device, NextToken};
use crate::event::Event;
use crate::refusal::Refusal;

/// Letters and digits that are not mistaken for one another: 32 of them, 5 bits each.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 40 bits to find the code by.
const LOCATOR: usize = 8;
/// 130 bits that must be right, in a code that a camera reads.
const SECRET: usize = 26;
/// 60 bits that must be right, in a code that is typed from paper. Who has stolen the database must search for them within
/// the code's life; everybody else has [`TRIES`].
const TYPED_SECRET: usize = 12;
/// Wrong codes before one is worthless.
const TRIES: u8 = 5;

/// An activation code as the person gets it: `XXXXXXXX-` and 26 letters and digits, or 12 in groups of four.
///
/// Zeroized on drop; no `Debug`, no `Clone`.
pub struct ActivationCode {
    locator: Locator,
    secret: Zeroizing<String>,
}

/// The part of an activation code that says which one it is; not secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locator(String);

/// How the code reaches the person, which says how long it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// On a screen, as a QR code or link: 130 bits, 15 minutes.
    Screen,
    /// In a letter, to be typed: 60 bits, 24 hours.
    Letter,
}

/// The account to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its document number: see [`Draft::document_number`].
    pub document: DocumentNumber,
    /// Whose it will be.
    pub person: SemanticsIdentifier,
    /// The level of its certificates.
    pub level: CertificateLevel,
    /// What its certificates will say of the person.
    pub holder: Holder,
}

/// A code that waits for its phone. What is kept does not reveal the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    locator: Locator,
    #[serde(with = "bytes")]
    secret_hash: Vec<u8>,
    draft: Draft,
    expires_at: Timestamp,
    tries_left: u8,
    used_by: Option<DeviceId>,
}

/// Whether a code can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivationState {
    /// It can.
    Waiting {
        /// Wrong codes that it still stands.
        tries_left: u8,
    },
    /// A device has used it.
    Used {
        /// Which one.
        device: DeviceId,
    },
    /// Too many wrong codes came, or it was withdrawn.
    Spent,
    /// Its time is over.
    Expired,
}

/// What became of an activation. Save what is inside.
pub enum Activated {
    /// The phone is a device now.
    Enrolled {
        /// Used.
        activation: Activation,
        /// Registering.
        account: Account,
        /// New.
        device: Device,
        /// What happened.
        events: Vec<Event>,
    },
    /// The same phone used the same code before and has done nothing since: the answer was lost. It gets another first
    /// token.
    Again {
        /// With the new token.
        device: Device,
    },
    /// The code is wrong, and has one try less.
    WrongCode {
        /// With one try less.
        activation: Activation,
        /// What happened.
        events: Vec<Event>,
    },
    /// Nothing changed.
    Refused(Refusal),
}

/// Makes a code for an account to be. The code is shown to the person once and not kept.
pub fn issue_activation(
    draft: Draft,
    delivery: Delivery,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> (ActivationCode, Activation, Vec<Event>) {
    let code = ActivationCode {
        locator: Locator(letters(LOCATOR, rng)),
        secret: Zeroizing::new(letters(delivery.secret_length(), rng)),
    };
    let until = now + delivery.lifetime();
    let event = Event::ActivationIssued { document: draft.document.clone(), until };
    let activation = Activation {
        locator: code.locator.clone(),
        secret_hash: code.secret_hash(),
        draft,
        expires_at: until,
        tries_left: TRIES,
        used_by: None,
    };
    (code, activation, vec![event])
}

/// The id of the device with this proof key: the key's thumbprint, so that it is known before the device is.
pub fn device_id(proof_key: &Jwk) -> DeviceId {
    // Cannot fail: a thumbprint is 43 characters of the same alphabet.
    DeviceId::parse(proof_key.thumbprint().as_str()).expect("a thumbprint is a device id")
}

/// A phone uses a code.
///
/// `earlier` is the device that has this proof key already, if there is one; `first` was made for [`device_id`].
pub fn activate(
    activation: Activation,
    code: &ActivationCode,
    request: ActivationRequest,
    earlier: Option<Device>,
    first: NextToken,
    now: Timestamp,
) -> Activated {
    if now >= activation.expires_at || activation.tries_left == 0 {
        return Activated::Refused(Refusal::ActivationInvalid);
    }
    if verify_slices_are_equal(&activation.secret_hash, &code.secret_hash()).is_err() {
        let tries_left = activation.tries_left - 1;
        let event = Event::ActivationFailed { document: activation.draft.document.clone(), tries_left };
        return Activated::WrongCode {
            activation: Activation { tries_left, ..activation },
            events: vec![event],
        };
    }
    let id = device_id(&request.dk);
    match (&activation.used_by, earlier) {
        (Some(used_by), Some(device)) if *used_by == id && device.epoch() == 0 && device.is_active() => {
            return Activated::Again { device: device.with_first_token(first) };
        }
        (Some(_), _) => return Activated::Refused(Refusal::ActivationInvalid),
        (None, Some(_)) => {
            return Activated::Refused(Refusal::KeyRefused { reason: "the device key is in use" });
        }
        (None, None) => {}
    }
    let Draft { document, person, level, holder } = activation.draft.clone();
    let device = Device::enrolled(
        id.clone(),
        document.clone(),
        request.dk,
        request.ek,
        request.platform,
        request.app_version,
        first,
        now,
    );
    let account = Account {
        document: document.clone(),
        person,
        level,
        holder,
        device: id.clone(),
        state: AccountState::Registering,
        keys: AccountKeys::default(),
        awaiting_linked: None,
        created_at: now,
    };
    let events = vec![Event::DeviceEnrolled { document, device: id.clone() }];
    Activated::Enrolled {
        activation: Activation { used_by: Some(id), ..activation },
        account,
        device,
        events,
    }
}

impl Draft {
    /// A random document number for a new account. The four characters tell a person's accounts apart; a taken one is
    /// refused by the store and drawn again.
    pub fn document_number(
        person: &SemanticsIdentifier,
        level: CertificateLevel,
        rng: &mut impl CryptoRng,
    ) -> DocumentNumber {
        let qualified = level == CertificateLevel::Qualified;
        // Cannot fail: the alphabet is one of upper-case letters and digits.
        DocumentNumber::compose(person, &letters(4, rng), qualified).expect("four letters or digits")
    }
}

impl Delivery {
    /// How long the code lives.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::Screen => SignedDuration::from_mins(15),
            Self::Letter => SignedDuration::from_hours(24),
        }
    }
}

impl Delivery {
    /// Letters and digits of the secret part.
    const fn secret_length(self) -> usize {
        match self {
            Self::Screen => SECRET,
            Self::Letter => TYPED_SECRET,
        }
    }
}

impl ActivationCode {
    /// Reads a code as a person may type it: lower case, other hyphens and spaces, O for 0 and I or L for 1 are right.
    /// `None` when it cannot be a code.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * (LOCATOR + SECRET) {
            return None;
        }
        let mut letters = Zeroizing::new(String::with_capacity(LOCATOR + SECRET));
        for typed in text.chars().filter(|typed| !matches!(typed, '-' | ' ')) {
            let letter = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if letters.len() == LOCATOR + SECRET || !letter.is_ascii() || !ALPHABET.contains(&(letter as u8))
            {
                return None;
            }
            letters.push(letter);
        }
        if ![LOCATOR + SECRET, LOCATOR + TYPED_SECRET].contains(&letters.len()) {
            return None;
        }
        let (locator, secret) = letters.split_at(LOCATOR);
        Some(Self { locator: Locator(locator.to_owned()), secret: Zeroizing::new(secret.to_owned()) })
    }

    /// What to look the code up by.
    pub fn locator(&self) -> &Locator {
        &self.locator
    }

    /// The code, to be shown to the person once.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LOCATOR + SECRET + 8));
        text.push_str(&self.locator.0);
        // What is typed is easier to copy in groups.
        let group = if self.secret.len() == TYPED_SECRET { 4 } else { SECRET };
        for (at, letter) in self.secret.chars().enumerate() {
            if at % group == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }

    /// A plain hash: the secret is random, and too long to be searched for while the code lives.
    fn secret_hash(&self) -> Vec<u8> {
        digest(&SHA256, self.secret.as_bytes()).as_ref().to_vec()
    }
}

impl Locator {
    /// Reads a locator as it was given out. `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == LOCATOR && text.bytes().all(|letter| ALPHABET.contains(&letter));
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Activation {
    /// What the code is looked up by.
    pub fn locator(&self) -> &Locator {
        &self.locator
    }

    /// The account to be.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// End of the code's life.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether it can be used at `now`.
    pub fn state(&self, now: Timestamp) -> ActivationState {
        match (&self.used_by, self.tries_left) {
            (Some(device), _) => ActivationState::Used { device: device.clone() },
            (None, _) if now >= self.expires_at => ActivationState::Expired,
            (None, 0) => ActivationState::Spent,
            (None, tries_left) => ActivationState::Waiting { tries_left },
        }
    }

    /// Nobody can use the code any more. A used one stays used.
    pub fn withdraw(self) -> Self {
        Self { tries_left: 0, ..self }
    }

    /// The device that used it.
    pub fn used_by(&self) -> Option<&DeviceId> {
        self.used_by.as_ref()
    }
}

fn letters(count: usize, rng: &mut impl CryptoRng) -> String {
    let mut octets = Zeroizing::new([0; 32]);
    rng.fill_bytes(octets.as_mut());
    // 256 = 8·32, so every letter comes as often as any other. No code has more than 32 letters.
    octets.iter().take(count).map(|octet| char::from(ALPHABET[usize::from(octet % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn code(seed: u64) -> ActivationCode {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        ActivationCode {
            locator: Locator(letters(LOCATOR, &mut rng)),
            secret: Zeroizing::new(letters(SECRET, &mut rng)),
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = code(1);
        let text = code.to_text();
        assert_eq!(text.len(), 35);
        let spaced: String =
            text.to_lowercase().replace('0', "o").replace('1', "l").chars().flat_map(|c| [c, ' ']).collect();
        for typed in [text.as_str(), &text.to_lowercase(), &spaced, &text.replace('-', "")] {
            let read = ActivationCode::parse(typed).unwrap();
            assert_eq!(read.locator, code.locator);
            assert_eq!(read.secret_hash(), code.secret_hash());
        }
    }

    #[test]
    fn a_typed_code_is_shorter_and_grouped() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let code = ActivationCode {
            locator: Locator(letters(LOCATOR, &mut rng)),
            secret: Zeroizing::new(letters(TYPED_SECRET, &mut rng)),
        };
        let text = code.to_text();
        let lengths: Vec<_> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4]);
        let read = ActivationCode::parse(&text.to_lowercase()).unwrap();
        assert_eq!((read.locator, read.secret), (code.locator.clone(), code.secret.clone()));
        assert_eq!(Locator::parse(code.locator.as_str()), Some(code.locator));
        for wrong in ["", "0000000", "000000000", "0000000o", "0000000U"] {
            assert_eq!(Locator::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_not_read() {
        let text = code(1).to_text();
        let (long, short) = (format!("{}0", text.as_str()), &text[..34]);
        for wrong in
            ["", "-", &long, short, &text.replace('-', "ü"), &"0".repeat(1000), &text.replace('-', "U")]
        {
            assert!(ActivationCode::parse(wrong).is_none(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_a_code_or_none(text in ".{0,150}") {
            let _ = ActivationCode::parse(&text);
            let _ = Locator::parse(&text);
        }

        #[test]
        fn a_code_is_read_back_as_it_was_written(seed: u64, typed: bool) {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let delivery = if typed { Delivery::Letter } else { Delivery::Screen };
            let code = ActivationCode {
                locator: Locator(letters(LOCATOR, &mut rng)),
                secret: Zeroizing::new(letters(delivery.secret_length(), &mut rng)),
            };
            let read = ActivationCode::parse(&code.to_text()).unwrap();
            proptest::prop_assert_eq!((read.locator, read.secret), (code.locator, code.secret));
        }
    }
}
