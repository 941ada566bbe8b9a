//! Bodies that were read or written lately, beside the values that they stand for.
//!
//! An authentication reads its session, account, device and key several times, and parsing them cost more than finding them.
//! The database is asked all the same, so a value is always that of the row as it is; only a text that is the same to the last
//! octet is not parsed again. What was undone, or written by somebody else, can therefore do no harm here.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Octets of texts that are kept; the values take about as much again. Of two generations, each has half.
const OCTETS: usize = 4 << 20;

/// A body begins with what names it, and so much of its beginning stands for it: the newer body of a row takes the place
/// of the older. Two rows that begin alike only push each other out.
const HEAD: usize = 64;

/// Texts and their values, in two generations: when the young one is full the old one is forgotten.
#[derive(Default)]
pub(crate) struct Known {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Head, Body>,
    old: HashMap<Head, Body>,
    /// Octets of the texts in `young`.
    octets: usize,
}

type Head = (TypeId, [u8; HEAD]);

#[derive(Clone)]
struct Body {
    text: Arc<str>,
    value: Arc<dyn Any + Send + Sync>,
}

impl Known {
    /// The value of this text, if it is known.
    pub(crate) fn value<T: Clone + Send + Sync + 'static>(&self, text: &str) -> Option<T> {
        let head = head::<T>(text);
        let found = {
            let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
            generations.find(&head).filter(|body| *body.text == *text)?
        };
        found.value.downcast_ref::<T>().cloned()
    }

    /// Remembers what a text stands for.
    pub(crate) fn remember<T: Clone + Send + Sync + 'static>(&self, text: &str, value: &T) {
        let body = Body { text: text.into(), value: Arc::new(value.clone()) };
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(head::<T>(text), body);
    }
}

impl Generations {
    /// What is used stays: it is young again.
    fn find(&mut self, head: &Head) -> Option<Body> {
        if let Some(body) = self.young.get(head) {
            return Some(body.clone());
        }
        let body = self.old.remove(head)?;
        self.put(*head, body.clone());
        Some(body)
    }

    fn put(&mut self, head: Head, body: Body) {
        let added = body.text.len();
        if self.octets + added > OCTETS / 2 {
            self.old = std::mem::take(&mut self.young);
            self.octets = 0;
        }
        self.old.remove(&head);
        self.octets += added;
        if let Some(before) = self.young.insert(head, body) {
            self.octets -= before.text.len();
        }
    }
}

fn head<T: 'static>(text: &str) -> Head {
    let mut head = [0; HEAD];
    let length = text.len().min(HEAD);
    head[..length].copy_from_slice(&text.as_bytes()[..length]);
    (TypeId::of::<T>(), head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text of the row `number`, in its `version`.
    fn text(number: usize, version: usize) -> String {
        format!("{{\"id\":\"{number:050}\",\"version\":{version},\"more\":\"{}\"}}", "x".repeat(1000))
    }

    #[test]
    fn a_text_is_known_as_a_whole_and_for_its_type() {
        let known = Known::default();
        known.remember(&text(1, 1), &11u64);
        assert_eq!(known.value::<u64>(&text(1, 1)), Some(11));
        assert_eq!(known.value::<u64>(&text(1, 2)), None, "another version begins alike");
        assert_eq!(known.value::<u64>(&text(1, 1)[..70]), None);
        assert_eq!(known.value::<i64>(&text(1, 1)), None, "another type");
        known.remember("5", &5u64);
        assert_eq!(known.value::<u64>("5"), Some(5), "shorter than a head");
    }

    #[test]
    fn the_newer_body_of_a_row_takes_the_place_of_the_older() {
        let known = Known::default();
        for version in 0..10 * OCTETS / 1000 {
            known.remember(&text(1, version), &version);
        }
        let generations = known.generations.lock().unwrap();
        assert_eq!((generations.young.len(), generations.old.len()), (1, 0));
        assert!(generations.octets < 1200);
    }

    #[test]
    fn no_more_is_kept_than_fits_and_what_is_used_stays() {
        let known = Known::default();
        known.remember(&text(0, 0), &0usize);
        for number in 1..3 * OCTETS / 1000 {
            known.remember(&text(number, 0), &number);
            assert_eq!(known.value::<usize>(&text(0, 0)), Some(0));
        }
        assert_eq!(known.value::<usize>(&text(1, 0)), None, "it was forgotten");
        let generations = known.generations.lock().unwrap();
        let kept = generations.young.values().chain(generations.old.values());
        assert!(kept.map(|body| body.text.len()).sum::<usize>() <= OCTETS);
    }
}
