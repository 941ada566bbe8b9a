//! A word from outside, cut and cleaned so that it may stand in an error or a log.

use std::fmt;

/// The most characters that are kept.
const MAX: usize = 64;

/// At most 64 characters of a word that was not expected: letters, digits and a few signs; others become `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Cuts and cleans a word.
    pub fn new(word: &str) -> Self {
        let clean = |c: char| if c.is_ascii_alphanumeric() || "-_./ ".contains(c) { c } else { '?' };
        Self(word.chars().take(MAX).map(clean).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_from_outside_cannot_break_a_log() {
        assert_eq!(Shown::new("NEW_RESULT").to_string(), "\"NEW_RESULT\"");
        assert_eq!(Shown::new("a\nb\u{1b}[31m\"").as_str(), "a?b??31m?");
        assert_eq!(Shown::new(&"x".repeat(1000)).as_str().len(), 64);
    }
}
