//! What is withdrawn before its end: single tokens, and all that a person has.

use std::collections::HashMap;

use countersign_token::{Claims, Rules, TokenId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is withdrawn.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Denied {
    /// One token.
    #[serde(with = "text")]
    Token(TokenId),
    /// Every token of a person, by `sub`, that was made up to the time of the denial.
    Holder(String),
}

/// Something that is withdrawn, and until when that has to be remembered: as long as a token could live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// What.
    pub denied: Denied,
    /// Since when.
    pub at: Timestamp,
    /// When every token concerned is over by itself.
    pub until: Timestamp,
}

impl Denial {
    /// Withdraws one token.
    pub fn of_token(claims: &Claims, now: Timestamp) -> Self {
        Self { denied: Denied::Token(claims.id), at: now, until: claims.expires_at.max(now) }
    }

    /// Withdraws a token of which only the name is known.
    pub fn of_name(id: TokenId, rules: &Rules, now: Timestamp) -> Self {
        Self { denied: Denied::Token(id), at: now, until: end(rules, now) }
    }

    /// Withdraws all that a person has. What is made later is good.
    pub fn of_holder(subject: impl Into<String>, rules: &Rules, now: Timestamp) -> Self {
        Self { denied: Denied::Holder(subject.into()), at: now, until: end(rules, now) }
    }
}

/// When a token is over that another server, whose clock is ahead, makes now.
fn end(rules: &Rules, now: Timestamp) -> Timestamp {
    now.saturating_add(rules.lifetime.saturating_add(rules.leeway)).unwrap_or(now)
}

/// All denials that still matter. Empty, asking it costs a comparison.
#[derive(Clone, Debug, Default)]
pub struct DenyList {
    tokens: HashMap<TokenId, Timestamp>,
    holders: HashMap<String, (Timestamp, Timestamp)>,
}

impl DenyList {
    /// Adds a denial. Of two about one thing the later counts.
    pub fn insert(&mut self, denial: &Denial) {
        match &denial.denied {
            Denied::Token(id) => {
                let until = self.tokens.entry(*id).or_insert(denial.until);
                *until = (*until).max(denial.until);
            }
            Denied::Holder(subject) => {
                let (at, until) = self.holders.entry(subject.clone()).or_insert((denial.at, denial.until));
                (*at, *until) = ((*at).max(denial.at), (*until).max(denial.until));
            }
        }
    }

    /// Whether nothing is denied.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.holders.is_empty()
    }

    /// How many denials there are.
    pub fn len(&self) -> usize {
        self.tokens.len() + self.holders.len()
    }

    /// Whether a token is withdrawn. Times of tokens are whole seconds: one of the second of the denial is.
    pub fn denies(&self, claims: &Claims) -> bool {
        let withdrawn = |(at, _): &(Timestamp, Timestamp)| claims.issued_at.as_second() <= at.as_second();
        self.tokens.contains_key(&claims.id)
            // The name of a holder is put together only where there is one to compare it with.
            || !self.holders.is_empty() && self.holders.get(&claims.holder.subject()).is_some_and(withdrawn)
    }

    /// The first second in which a token made for this person is not withdrawn already.
    pub fn earliest(&self, subject: &str, now: Timestamp) -> Timestamp {
        let after =
            self.holders.get(subject).and_then(|(at, _)| Timestamp::from_second(at.as_second() + 1).ok());
        after.map_or(now, |after| after.max(now))
    }

    /// Forgets what is over at `now`.
    pub fn purge(&mut self, now: Timestamp) {
        self.tokens.retain(|_, until| now < *until);
        self.holders.retain(|_, (_, until)| now < *until);
    }
}

/// Says nothing of the person.
impl std::fmt::Debug for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(id) => write!(f, "Token({id})"),
            Self::Holder(_) => f.write_str("Holder(…)"),
        }
    }
}

/// A token's name as its text.
mod text {
    use super::{Deserialize, Deserializer, Serializer, TokenId, de};

    pub(super) fn serialize<S: Serializer>(id: &TokenId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TokenId, D::Error> {
        TokenId::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom("expected a token id"))
    }
}

#[cfg(test)]
mod tests {
    use countersign_token::{Assurance, Holder, Method};
    use jiff::SignedDuration;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_315_200 + second).unwrap()
    }

    fn rules() -> Rules {
        Rules::new("i", "a")
    }

    fn claims(id: u8, second: i64) -> Claims {
        let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
        Claims::new(&rules(), holder, Method::IdCard, Assurance::High, TokenId([id; 16]), at(second))
    }

    #[test]
    fn one_token_is_withdrawn_until_its_end() {
        let mut list = DenyList::default();
        assert!(list.is_empty() && !list.denies(&claims(1, 0)));
        list.insert(&Denial::of_token(&claims(1, 0), at(60)));
        assert!(list.denies(&claims(1, 0)) && !list.denies(&claims(2, 0)));
        list.purge(at(7199));
        assert_eq!(list.len(), 1);
        list.purge(at(7200));
        assert!(list.is_empty());
    }

    #[test]
    fn all_of_a_person_are_withdrawn_and_new_ones_are_not() {
        let mut list = DenyList::default();
        list.insert(&Denial::of_holder(
            "EE-30110100103",
            &rules(),
            at(60) + SignedDuration::from_millis(500),
        ));
        assert!(list.denies(&claims(1, 0)) && list.denies(&claims(2, 60)));
        assert!(!list.denies(&claims(3, 61)));
        assert_eq!(list.earliest("EE-30110100103", at(60)), at(61));
        assert_eq!(list.earliest("EE-30110100103", at(70)), at(70));
        assert_eq!(list.earliest("EE-1", at(60)), at(60));
        // An earlier one does not undo it.
        list.insert(&Denial::of_holder("EE-30110100103", &rules(), at(10)));
        assert!(list.denies(&claims(2, 60)));
    }

    #[test]
    fn denials_are_read_as_they_were_written() {
        for denial in [
            Denial::of_token(&claims(1, 0), at(1)),
            Denial::of_name(TokenId([2; 16]), &rules(), at(2)),
            Denial::of_holder("EE-30110100103", &rules(), at(3)),
        ] {
            let text = serde_json::to_string(&denial).unwrap();
            assert_eq!(serde_json::from_str::<Denial>(&text).unwrap(), denial);
        }
    }
}
