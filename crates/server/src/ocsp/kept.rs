//! What the responder keeps in memory: statuses it has looked up, and answers it has signed.
//!
//! Nothing here outlives a change. Everything is kept with the store's [status version] as it was *before* the look-up, and
//! that number goes up with each commit that changes a status, before anybody hears of the commit. So what is found under
//! the present number is what the store would say now. "Never issued" is not kept: an issuance does not change the number.
//!
//! [status version]: countersign_store::Store::status_version

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use countersign_pki::SerialNumber;
use countersign_pki::ocsp::{Query, Status};
use http::HeaderValue;
use jiff::Timestamp;

/// Statuses at the same time, some 100 octets each. Beyond it all are forgotten: they are found again.
const STATUSES: usize = 65_536;

/// Answers at the same time, some 1500 octets each.
const ANSWERS: usize = 8_192;

/// The longest request whose answer is kept, in octets: one certificate, by any hash (RFC 5019 section 5).
const REQUEST_MAX: usize = 255;

/// See the module.
#[derive(Default)]
pub(crate) struct Kept {
    statuses: Mutex<HashMap<(usize, SerialNumber), (u64, Status)>>,
    answers: Mutex<HashMap<Box<[u8]>, Answer>>,
}

/// Under what something was found: another value of either means that it may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Of the store.
    pub(super) statuses: u64,
    /// Of the responders' certificates.
    pub(super) responders: u64,
}

/// A signed answer.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) version: Version,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
    pub(super) der: Bytes,
    pub(super) tag: HeaderValue,
}

impl Kept {
    /// The status of a certificate, if it is known under this version.
    pub(super) fn status(&self, query: &Query, version: u64) -> Option<Status> {
        let statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        let (known_at, status) = statuses.get(&(query.authority, query.serial.clone()))?;
        (*known_at == version).then_some(*status)
    }

    pub(super) fn keep_status(&self, query: &Query, version: u64, status: Status) {
        match status {
            Status::Good | Status::Revoked { .. } => {}
            Status::NotIssued | Status::UnknownIssuer => return,
        }
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        if statuses.len() >= STATUSES {
            statuses.clear();
        }
        statuses.insert((query.authority, query.serial.clone()), (version, status));
    }

    /// The answer to this very request, if it was made under this version and after `oldest`.
    pub(super) fn answer(
        &self,
        request: &[u8],
        version: Version,
        oldest: Timestamp,
        now: Timestamp,
    ) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(request)?;
        let usable = answer.version == version && oldest < answer.this_update && answer.this_update <= now;
        usable.then(|| answer.clone())
    }

    pub(super) fn keep_answer(&self, request: &[u8], answer: &Answer) {
        if request.len() > REQUEST_MAX {
            return;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= ANSWERS {
            answers.retain(|_, kept| kept.version == answer.version && kept.next_update > answer.this_update);
            if answers.len() >= ANSWERS {
                answers.clear();
            }
        }
        answers.insert(request.into(), answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(serial: u8) -> Query {
        Query { authority: 1, serial: SerialNumber::from_unsigned(&[0x40, serial]).unwrap() }
    }

    #[test]
    fn a_status_is_known_under_its_version_only() {
        let kept = Kept::default();
        kept.keep_status(&query(1), 7, Status::Good);
        assert_eq!(kept.status(&query(1), 7), Some(Status::Good));
        assert_eq!(kept.status(&query(1), 8), None);
        assert_eq!(kept.status(&query(2), 7), None);
        kept.keep_status(&query(3), 7, Status::NotIssued);
        assert_eq!(kept.status(&query(3), 7), None);
    }

    #[test]
    fn an_answer_is_given_again_while_nothing_has_changed_and_it_is_fresh() {
        let kept = Kept::default();
        let at = |second| Timestamp::constant(1_780_315_200 + second, 0);
        let version = Version { statuses: 7, responders: 1 };
        let answer = Answer {
            version,
            this_update: at(0),
            next_update: at(300),
            der: Bytes::from_static(b"x"),
            tag: HeaderValue::from_static("\"x\""),
        };
        kept.keep_answer(b"request", &answer);
        let found = |version, now: i64| kept.answer(b"request", version, at(now - 60), at(now)).is_some();
        assert!(found(version, 0) && found(version, 59));
        assert!(!found(version, 60) && !found(version, -1));
        assert!(!found(Version { statuses: 8, ..version }, 1));
        assert!(!found(Version { responders: 2, ..version }, 1));
        kept.keep_answer(&[0; 256], &answer);
        assert!(kept.answer(&[0; 256], version, at(-60), at(1)).is_none());
    }
}
