//! Which passwords may be chosen: long enough, and none that a guesser tries first (NIST SP 800-63B, 5.1.1.2).

use std::fmt;

use countersign_wire::registration::PhoneNumber;
use zeroize::Zeroizing;

/// The fewest and most characters.
const CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;
/// The fewest different ones.
const DIFFERENT: usize = 4;
/// Digits of one's own number in a row that are one too many.
const OF_NUMBER: usize = 7;

/// What guessers try first, of eight characters and more, in lower case and without what is put behind it. Lists of
/// leaked passwords agree about them.
const COMMON: [&str; 44] = [
    "abcd",
    "administrator",
    "baseball",
    "basketball",
    "birthday",
    "blink",
    "butterfly",
    "changeme",
    "chocolate",
    "computer",
    "corvette",
    "countersign",
    "dragon",
    "football",
    "geheim",
    "hallohallo",
    "iloveyou",
    "internet",
    "jennifer",
    "jordan",
    "letmein",
    "liverpool",
    "master",
    "michelle",
    "midnight",
    "monkey",
    "motdepasse",
    "passwd",
    "passwort",
    "password",
    "princess",
    "qazwsx",
    "qwert",
    "qwertz",
    "azerty",
    "secret",
    "starwars",
    "sunshine",
    "superman",
    "swordfish",
    "test",
    "trustno",
    "welcome",
    "whatever",
];

/// Neighbours on keyboards and in the alphabet: a password that only walks along one of them is none.
const WALKS: [&str; 8] = [
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
];

/// A password that somebody has chosen and may have. Zeroized on drop; no `Debug` of its value, no `Clone`.
pub struct NewPassword(Zeroizing<String>);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPassword {
    /// Both fields have to hold the same.
    #[error("The two passwords are not the same.")]
    NotRepeated,
    /// Fewer than 8 characters, or more than 128.
    #[error("A password has 8 to 128 characters.")]
    Length,
    /// Line ends and the like, which no keyboard makes.
    #[error("A password has visible characters and blanks only.")]
    Invisible,
    /// It is among the first that anybody would try.
    #[error("This password is easily guessed. Several words that do not belong together make a good one.")]
    Weak,
}

impl NewPassword {
    /// A password for the holder of this number, typed twice.
    pub fn choose(text: &str, repeated: &str, number: &PhoneNumber) -> Result<Self, UnfitPassword> {
        if text != repeated {
            return Err(UnfitPassword::NotRepeated);
        }
        if !CHARACTERS.contains(&text.chars().count()) {
            return Err(UnfitPassword::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(UnfitPassword::Invisible);
        }
        if is_weak(text, number) {
            Err(UnfitPassword::Weak)
        } else {
            Ok(Self(Zeroizing::new(text.to_owned())))
        }
    }

    /// The text, for the one place that makes its hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

fn is_weak(text: &str, number: &PhoneNumber) -> bool {
    let lower = Zeroizing::new(text.to_lowercase());
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT {
        return true;
    }
    // `Password2026!` is `password` to whoever guesses.
    let core = lower.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation() || c == ' ');
    let unmasked = Zeroizing::new(unmask(core));
    if COMMON.iter().any(|common| [core, unmasked.as_str()].contains(common)) {
        return true;
    }
    if is_repetition(&lower) || is_walk(&lower) {
        return true;
    }
    let digits = Zeroizing::new(lower.chars().filter(char::is_ascii_digit).collect::<String>());
    let own = number.as_str().as_bytes();
    digits.len() >= OF_NUMBER && own.windows(OF_NUMBER).any(|part| contains(digits.as_bytes(), part))
}

/// Digits and signs that stand for letters, as the letters.
fn unmask(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Whether it is the same few characters again and again: `abcabcabc`.
fn is_repetition(text: &str) -> bool {
    let characters: Zeroizing<Vec<char>> = Zeroizing::new(text.chars().collect());
    (1..=characters.len() / 2).any(|step| characters.windows(step + 1).all(|part| part[0] == part[step]))
}

/// Whether it follows a keyboard or the alphabet, in either direction.
fn is_walk(text: &str) -> bool {
    let backwards = Zeroizing::new(text.chars().rev().collect::<String>());
    WALKS.iter().any(|walk| walk.contains(text) || walk.contains(backwards.as_str()))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choose(text: &str) -> Result<(), UnfitPassword> {
        let number = PhoneNumber::parse("41791234567").unwrap();
        NewPassword::choose(text, text, &number).map(drop)
    }

    #[test]
    fn good_ones_may_be_chosen() {
        for good in [
            "correct horse battery staple",
            "Tulpe7-Regen",
            "õunapuu õitseb",
            "密码密码一二三四",
            "x9$kQ2!m",
            "passwords are hard to remember",
            &"a1b2c3d4".repeat(16).replacen('a', "z", 1),
        ] {
            assert_eq!(choose(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn weak_ones_may_not() {
        for weak in [
            "password",
            "Password1",
            "P@ssw0rd2026!",
            "passwort!",
            "12345678",
            "87654321",
            "0123456789",
            "aaaaaaaa",
            "abababab",
            "abcabcabcabc",
            "abcdefgh",
            "zyxwvuts",
            "qwertyuiop",
            "QWERTZUIOP",
            "1q2w3e4r",
            "1qaz2wsx",
            "iloveyou",
            "countersign2026",
            "test1234",
            "41791234567",
            "+41 79 123 45 67",
            "my1234567x",
            "letmein123",
        ] {
            assert_eq!(choose(weak), Err(UnfitPassword::Weak), "{weak}");
        }
    }

    #[test]
    fn bounds_are_counted_in_characters() {
        let tulips = |count: usize| "tulpe regen nacht ".chars().cycle().take(count).collect::<String>();
        for (text, expected) in [
            (String::new(), Err(UnfitPassword::Length)),
            ("tulpe7!".into(), Err(UnfitPassword::Length)),
            ("õäöüõäöü!".into(), Ok(())),
            (format!("x{}", tulips(127)), Ok(())),
            (format!("x{}", tulips(128)), Err(UnfitPassword::Length)),
            ("tulpe\nregen".into(), Err(UnfitPassword::Invisible)),
        ] {
            assert_eq!(choose(&text), expected, "{text:?}");
        }
        let number = PhoneNumber::parse("41791234567").unwrap();
        let twice = NewPassword::choose("tulpe regen", "tulpe regem", &number).map(drop);
        assert_eq!(twice, Err(UnfitPassword::NotRepeated));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_password_or_none(text in "\\PC{0,140}") {
            if choose(&text).is_ok() {
                prop_assert!(CHARACTERS.contains(&text.chars().count()));
            }
        }
    }
}
