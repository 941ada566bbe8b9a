//! One-time codes: who enters the code that was sent to a number holds it (registration 5.3.2).
//!
//! One challenge per client and number. Wrong codes are counted in it, and sending anew forgives none: with the usual
//! numbers that is 5 guesses at one of a million in 8 minutes. What is kept is a keyed hash; who has stolen the database
//! without the key has nothing to search with.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use countersign_wire::id::ChallengeId;
use countersign_wire::registration::code::EnteredCode;
use countersign_wire::registration::{ClientId, PhoneNumber};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::event::RegistrationEvent;
use super::refusal::Refusal;
use super::seconds_until;
use crate::bytes;

/// The numbers of one-time codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodePolicy {
    /// How long a code can be entered.
    pub lifetime: SignedDuration,
    /// How long between two codes to the same number.
    pub between: SignedDuration,
    /// How often a code may be sent anew.
    pub resends: u8,
    /// Wrong codes before none counts any more.
    pub tries: u8,
    /// How long the holder of a number counts as present.
    pub verified: SignedDuration,
}

impl Default for CodePolicy {
    fn default() -> Self {
        Self {
            lifetime: SignedDuration::from_mins(8),
            between: SignedDuration::from_secs(120),
            resends: 3,
            tries: 5,
            verified: SignedDuration::from_mins(15),
        }
    }
}

/// What codes are hashed with.
pub struct CodeKey(hmac::Key);

impl CodeKey {
    /// This key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn hash(&self, challenge: &ChallengeId, code: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(challenge.as_str().as_bytes());
        context.update(&[0]);
        context.update(code.as_bytes());
        context.sign().as_ref().to_vec()
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(…)")
    }
}

/// Six digits, to be sent once. Zeroized on drop; no `Debug` of its value, no `Clone`.
pub struct OneTimeCode(Zeroizing<String>);

impl OneTimeCode {
    /// A random one; each of the million comes as often as any other.
    pub fn draw(rng: &mut impl CryptoRng) -> Self {
        const MILLION: u32 = 1_000_000;
        // The largest multiple of a million below 2^32: what lies above would favour small codes.
        const FAIR: u32 = u32::MAX / MILLION * MILLION;
        loop {
            let drawn = rng.next_u32();
            if drawn < FAIR {
                return Self(Zeroizing::new(format!("{:06}", drawn % MILLION)));
            }
        }
    }

    /// A code that somebody knows beforehand: for sandbox numbers in development.
    pub fn known(code: &str) -> Self {
        Self(Zeroizing::new(code.to_owned()))
    }

    /// The digits, for the one message that they go into.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// The code that a client has had sent to a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge {
    id: ChallengeId,
    client: ClientId,
    number: PhoneNumber,
    /// None once it was entered.
    #[serde(with = "bytes::optional")]
    hash: Option<Vec<u8>>,
    sent_at: Timestamp,
    expires_at: Timestamp,
    tries_left: u8,
    resends_left: u8,
    verified_until: Option<Timestamp>,
}

/// What became of a code that was entered. Save what is inside, also when it was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The holder of the number is present.
    Right(CodeChallenge, Vec<RegistrationEvent>),
    /// It was wrong, and is counted.
    Wrong(CodeChallenge, Vec<RegistrationEvent>),
    /// Nothing has changed.
    Refused(Refusal),
}

impl CodeChallenge {
    /// A code is to be sent. `earlier` is what there is for this client and number. Save what comes back, then send.
    ///
    /// Refused: [`Refusal::CodeTooSoon`], with the same words for every number.
    pub fn send(
        earlier: Option<Self>,
        client: ClientId,
        number: PhoneNumber,
        code: &OneTimeCode,
        key: &CodeKey,
        policy: &CodePolicy,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<RegistrationEvent>), Refusal> {
        let running = earlier.as_ref().filter(|earlier| earlier.hash.is_some() && now < earlier.expires_at);
        if let Some(running) = running {
            let worn_out = running.resends_left == 0 || running.tries_left == 0;
            let next = if worn_out { running.expires_at } else { running.sent_at + policy.between };
            if now < next {
                return Err(Refusal::CodeTooSoon { seconds: seconds_until(next, now) });
            }
        }
        let id = ChallengeId::generate(rng);
        let challenge = Self {
            hash: Some(key.hash(&id, code.reveal())),
            sent_at: now,
            expires_at: now + policy.lifetime,
            tries_left: running.map_or(policy.tries, |running| running.tries_left),
            resends_left: running.map_or(policy.resends, |running| running.resends_left - 1),
            verified_until: earlier.and_then(|earlier| earlier.verified_until),
            client: client.clone(),
            number,
            id: id.clone(),
        };
        Ok((challenge, vec![RegistrationEvent::CodeIssued { challenge: id, client }]))
    }

    /// The code could not be handed over: nobody has it, and the next may be sent at once.
    pub fn not_sent(self) -> Self {
        Self { hash: None, ..self }
    }

    /// A code was entered.
    pub fn check(
        mut self,
        code: &EnteredCode,
        key: &CodeKey,
        policy: &CodePolicy,
        now: Timestamp,
    ) -> Checked {
        let Some(hash) = self.hash.as_ref().filter(|_| now < self.expires_at) else {
            return Checked::Refused(Refusal::CodeGone);
        };
        if self.tries_left == 0 {
            return Checked::Refused(Refusal::CodeLocked);
        }
        if verify_slices_are_equal(hash, &key.hash(&self.id, code.reveal())).is_err() {
            self.tries_left -= 1;
            let event =
                RegistrationEvent::CodeRejected { challenge: self.id.clone(), tries_left: self.tries_left };
            return Checked::Wrong(self, vec![event]);
        }
        self.hash = None;
        self.verified_until = Some(now + policy.verified);
        let event =
            RegistrationEvent::NumberVerified { challenge: self.id.clone(), client: self.client.clone() };
        Checked::Right(self, vec![event])
    }

    /// Whether a code can be entered: one was sent, its time is not over, and not too many wrong ones came.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.hash.is_some() && now < self.expires_at && self.tries_left > 0
    }

    /// Whether the holder of the number counts as present.
    pub fn is_verified(&self, now: Timestamp) -> bool {
        self.verified_until.is_some_and(|until| now < until)
    }

    /// Wrong codes that are still forgiven.
    pub fn tries_left(&self) -> u8 {
        self.tries_left
    }

    /// Its name in the trail.
    pub fn id(&self) -> &ChallengeId {
        &self.id
    }

    /// Who asked.
    pub fn client(&self) -> &ClientId {
        &self.client
    }

    /// Whose number.
    pub fn number(&self) -> &PhoneNumber {
        &self.number
    }

    /// When it is of no use any more.
    pub fn purge_at(&self) -> Timestamp {
        self.verified_until.map_or(self.expires_at, |until| until.max(self.expires_at))
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeChallenge").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::world;

    fn at(seconds: i64) -> Timestamp {
        world::at(seconds)
    }

    fn key() -> CodeKey {
        CodeKey::new(&[7; 32])
    }

    fn entered(code: &str) -> EnteredCode {
        EnteredCode::parse(code).unwrap()
    }

    fn send(earlier: Option<CodeChallenge>, seconds: i64) -> Result<CodeChallenge, Refusal> {
        let client = ClientId::parse("portal").unwrap();
        let number = PhoneNumber::parse("41791234567").unwrap();
        let mut rng = world::rng(u64::try_from(seconds + 1000).unwrap());
        let (policy, code) = (CodePolicy::default(), OneTimeCode::known("123456"));
        CodeChallenge::send(earlier, client, number, &code, &key(), &policy, at(seconds), &mut rng)
            .map(|(challenge, _)| challenge)
    }

    fn check(challenge: CodeChallenge, code: &str, seconds: i64) -> Checked {
        challenge.check(&entered(code), &key(), &CodePolicy::default(), at(seconds))
    }

    fn wrong(challenge: CodeChallenge, seconds: i64) -> CodeChallenge {
        match check(challenge, "ABCD", seconds) {
            Checked::Wrong(challenge, _) => challenge,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_right_code_counts_once_and_for_a_quarter_of_an_hour() {
        let challenge = send(None, 0).unwrap();
        assert!(!challenge.is_verified(at(1)));
        assert!(challenge.is_open(at(479)) && !challenge.is_open(at(480)));
        let Checked::Right(verified, events) = check(challenge, "123456", 479) else { panic!("refused") };
        assert_eq!(events.len(), 1);
        assert!(verified.is_verified(at(479 + 899)) && !verified.is_verified(at(479 + 900)));
        assert_eq!(check(verified, "123456", 480), Checked::Refused(Refusal::CodeGone), "replayed");
    }

    #[test]
    fn a_code_lives_eight_minutes() {
        let challenge = send(None, 0).unwrap();
        assert!(matches!(check(challenge.clone(), "123456", 479), Checked::Right(..)));
        assert_eq!(check(challenge, "123456", 480), Checked::Refused(Refusal::CodeGone));
    }

    #[test]
    fn five_wrong_codes_and_none_counts() {
        let mut challenge = send(None, 0).unwrap();
        for left in (0..5).rev() {
            challenge = wrong(challenge, 1);
            assert_eq!(challenge.tries_left(), left);
        }
        assert_eq!(check(challenge.clone(), "123456", 2), Checked::Refused(Refusal::CodeLocked));
        assert!(!challenge.is_open(at(2)));
        // Nor does sending anew help, until it is over.
        assert_eq!(send(Some(challenge.clone()), 479), Err(Refusal::CodeTooSoon { seconds: 1 }));
        assert_eq!(send(Some(challenge), 480).unwrap().tries_left(), 5);
    }

    #[test]
    fn sending_anew_forgives_nothing_and_ends() {
        let first = wrong(wrong(send(None, 0).unwrap(), 1), 2);
        assert_eq!(send(Some(first.clone()), 119), Err(Refusal::CodeTooSoon { seconds: 1 }));
        let mut challenge = send(Some(first), 120).unwrap();
        assert_eq!(challenge.tries_left(), 3);
        for seconds in [240, 360] {
            challenge = send(Some(challenge), seconds).unwrap();
        }
        // The third was the last; then only when it has run out, eight minutes after it was sent.
        assert_eq!(send(Some(challenge.clone()), 480), Err(Refusal::CodeTooSoon { seconds: 360 }));
        assert!(send(Some(challenge), 840).is_ok());
    }

    #[test]
    fn what_was_not_sent_need_not_be_waited_for() {
        let lost = send(None, 0).unwrap().not_sent();
        assert_eq!(check(lost.clone(), "123456", 1), Checked::Refused(Refusal::CodeGone));
        assert!(send(Some(lost), 1).is_ok());
    }

    #[test]
    fn an_old_code_does_not_count_after_a_new_one() {
        let old = send(None, 0).unwrap();
        let new = send(Some(old.clone()), 120).unwrap();
        assert_ne!(old.hash, new.hash, "the same digits, and another challenge");
    }

    #[test]
    fn who_is_present_stays_so_when_another_code_is_sent() {
        let Checked::Right(verified, _) = check(send(None, 0).unwrap(), "123456", 1) else {
            panic!("refused")
        };
        let again = send(Some(verified), 2).unwrap();
        assert!(again.is_verified(at(3)));
        assert_eq!(again.tries_left(), 5);
    }

    #[test]
    fn what_is_kept_does_not_show_the_code() {
        let challenge = send(None, 0).unwrap();
        let text = serde_json::to_string(&challenge).unwrap();
        let without_number = text.replace("41791234567", "");
        assert!(!without_number.contains("123456"), "{text}");
        assert_eq!(serde_json::from_str::<CodeChallenge>(&text).unwrap(), challenge);
        let other = CodeKey::new(&[8; 32]);
        assert_ne!(key().hash(&challenge.id, "123456"), other.hash(&challenge.id, "123456"));
    }

    #[test]
    fn codes_are_six_digits() {
        let mut rng = world::rng(5);
        let mut small = 0;
        for _ in 0..1000 {
            let code = OneTimeCode::draw(&mut rng);
            assert!(code.reveal().len() == 6 && code.reveal().bytes().all(|b| b.is_ascii_digit()));
            small += usize::from(code.reveal().starts_with('0'));
        }
        assert!((50..200).contains(&small), "{small} of 1000 begin with 0");
    }

    proptest! {
        /// Whatever an attacker does who does not know the code: at most five tries until the challenge has run out.
        #[test]
        fn nobody_guesses_more_than_five_times(acts in proptest::collection::vec((0..3_u8, 0..60_i64), 0..60)) {
            let mut challenge = send(None, 0).unwrap();
            let (mut seconds, mut guesses) = (0, 0);
            for (act, wait) in acts {
                seconds += wait;
                if seconds >= 480 {
                    break;
                }
                if act == 0 {
                    if let Ok(sent) = send(Some(challenge.clone()), seconds) {
                        challenge = sent;
                    }
                } else if let Checked::Wrong(counted, _) = check(challenge.clone(), "999999", seconds) {
                    guesses += 1;
                    challenge = counted;
                }
            }
            prop_assert!(guesses <= 5);
        }
    }
}
