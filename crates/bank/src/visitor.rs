//! Whoever has the page open: their log-in, their file, their signature. A bounded number, for minutes.

use std::collections::HashMap;
use std::sync::Arc;

use countersign_client::SystemRandom;
use jiff::{SignedDuration, Timestamp};

use crate::cookie::{Token, TokenHash};
use crate::file::StoredFile;
use crate::transaction::Transaction;

/// The most visitors at once.
const VISITORS_MAX: usize = 500;

/// The most bytes of files of all visitors.
const BYTES_MAX: usize = 256 << 20;

/// How long a visitor is known after the last thing they did.
const IDLE: SignedDuration = SignedDuration::from_mins(20);

/// How long a file is kept.
const FILE_KEPT: SignedDuration = SignedDuration::from_mins(10);

/// The visitors, by the hash of their cookie.
#[derive(Default)]
pub(crate) struct Visitors(HashMap<TokenHash, Visitor>);

/// One visitor.
#[derive(Default)]
pub(crate) struct Visitor {
    seen: Timestamp,
    pub(crate) log_in: Option<Arc<Transaction>>,
    pub(crate) signing: Option<Arc<Transaction>>,
    pub(crate) file: Option<(Arc<StoredFile>, Timestamp)>,
    /// Of the browser that was sent to the phone.
    pub(crate) returning: Option<TokenHash>,
}

/// There is room for no more.
#[derive(Debug)]
pub(crate) struct Full;

impl Visitors {
    /// The visitor with this cookie, who has just done something.
    pub(crate) fn find(&mut self, token: Option<TokenHash>, now: Timestamp) -> Option<&mut Visitor> {
        let token = token?;
        if !self.0.get(&token)?.is_here(now) {
            self.0.remove(&token);
            return None;
        }
        let visitor = self.0.get_mut(&token)?;
        visitor.seen = now;
        if visitor.file.as_ref().is_some_and(|(_, since)| !within(*since, now, FILE_KEPT)) {
            visitor.file = None;
        }
        Some(visitor)
    }

    /// The visitor whose browser comes back from the phone.
    pub(crate) fn find_returning(&mut self, token: TokenHash, now: Timestamp) -> Option<&mut Visitor> {
        self.0.values_mut().find(|visitor| visitor.is_here(now) && visitor.returning == Some(token))
    }

    /// Everybody who is here.
    pub(crate) fn all(&self, now: Timestamp) -> impl Iterator<Item = &Visitor> {
        self.0.values().filter(move |visitor| visitor.is_here(now))
    }

    /// The visitor under a new cookie: a new one, or the same with everything but a log-in. An old cookie, which
    /// somebody else may have seen or set, is worth nothing from then on.
    pub(crate) fn renew(
        &mut self,
        old: Option<TokenHash>,
        now: Timestamp,
    ) -> Result<(Token, &mut Visitor), Full> {
        let known = old.and_then(|old| self.0.remove(&old)).filter(|visitor| visitor.is_here(now));
        if self.0.len() >= VISITORS_MAX {
            self.0.retain(|_, visitor| visitor.is_here(now));
        }
        if self.0.len() >= VISITORS_MAX {
            return Err(Full);
        }
        let token = Token::draw(&mut SystemRandom);
        let visitor = Visitor { seen: now, ..known.unwrap_or_default() };
        Ok((Token::clone(&token), self.0.entry(token.hash()).insert_entry(visitor).into_mut()))
    }

    /// Whether a file of this size may be kept besides those of others.
    pub(crate) fn has_room(&mut self, bytes: usize, now: Timestamp) -> bool {
        self.0.retain(|_, visitor| visitor.is_here(now));
        let kept: usize =
            self.0.values().filter_map(|visitor| visitor.file.as_ref()).map(|f| f.0.len()).sum();
        kept + bytes <= BYTES_MAX
    }
}

impl Visitor {
    fn is_here(&self, now: Timestamp) -> bool {
        within(self.seen, now, IDLE)
    }

    /// The transaction of this id.
    pub(crate) fn transaction(&self, id: &str) -> Option<&Arc<Transaction>> {
        self.transactions().find(|transaction| transaction.id() == id)
    }

    /// Both of them.
    pub(crate) fn transactions(&self) -> impl Iterator<Item = &Arc<Transaction>> {
        self.log_in.iter().chain(&self.signing)
    }
}

/// Whether `now` is at most `limit` after `since`; a clock that was moved back counts as expired.
fn within(since: Timestamp, now: Timestamp, limit: SignedDuration) -> bool {
    let age = now.duration_since(since);
    age <= limit && age >= -SignedDuration::from_mins(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::constant(1_800_000_000, 0) + SignedDuration::from_mins(minute)
    }

    #[test]
    fn a_visitor_is_forgotten_after_twenty_idle_minutes() {
        let mut visitors = Visitors::default();
        let token = visitors.renew(None, at(0)).expect("room").0.hash();
        assert!(visitors.find(Some(token), at(19)).is_some());
        assert!(visitors.find(Some(token), at(38)).is_some(), "counted from the last time");
        assert!(visitors.find(Some(token), at(59)).is_none());
        assert!(visitors.find(Some(token), at(38)).is_none(), "gone for good");
    }

    #[test]
    fn a_new_cookie_makes_the_old_one_worthless() {
        let mut visitors = Visitors::default();
        let old = visitors.renew(None, at(0)).expect("room").0.hash();
        let new = visitors.renew(Some(old), at(1)).expect("room").0.hash();
        assert!(visitors.find(Some(old), at(1)).is_none());
        assert!(visitors.find(Some(new), at(1)).is_some());
        assert_eq!(visitors.0.len(), 1);
    }

    #[test]
    fn only_so_many_visitors_are_let_in_and_those_who_left_make_room() {
        let mut visitors = Visitors::default();
        for _ in 0..VISITORS_MAX {
            visitors.renew(None, at(0)).expect("room");
        }
        assert!(visitors.renew(None, at(1)).is_err());
        assert!(visitors.renew(None, at(21)).is_ok());
    }
}
