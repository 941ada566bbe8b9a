//! A list of lists and the lists that it points to, kept over time.
//!
//! What is wrong with a new version is reported, and the last good one stays in force: a broken file, a
//! stolen name server or an unpunctual supervisor must not take trust away from what was good, nor give
//! any to what is not. A list that has outlived its next update stays too, marked as stale.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_pki::Digest;
use countersign_pki::certificate::Certificate;
use jiff::Timestamp;

use super::{ListError, ListKind, Pointer, TrustService, TrustedList};

/// A list of lists with the lists it points to, or one list alone.
#[derive(Debug, Clone)]
pub struct ListSet {
    /// Who may sign the top list now.
    signers: Vec<Certificate>,
    top: Option<Kept>,
    /// By location.
    below: BTreeMap<String, Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    list: Arc<TrustedList>,
    digest: Vec<u8>,
    services: Vec<Arc<TrustService>>,
    problem: Option<ListError>,
}

/// What became of a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// It is in force.
    Taken,
    /// It is the one that was in force already.
    Unchanged,
}

/// How it stands with one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListState {
    /// The territory.
    pub territory: String,
    /// The version in force.
    pub sequence_number: u64,
    /// When that one was to be replaced.
    pub next_update: Option<Timestamp>,
    /// Whether that time has passed.
    pub stale: bool,
    /// What was wrong with the version that came last, when it was not taken.
    pub problem: Option<ListError>,
}

impl ListSet {
    /// An empty set whose top list is signed by one of `signers`: pinned, from an official journal or from
    /// whoever runs the list.
    pub fn new(signers: Vec<Certificate>) -> Self {
        Self { signers, top: None, below: BTreeMap::new() }
    }

    /// Takes a new version of the top list: a list of lists, or one list of services.
    ///
    /// `pivots` are earlier versions of a list of lists that changed its signers, the oldest first: each is
    /// signed by the signers known until then, and its pointer to itself names the ones from then on.
    ///
    /// # Errors
    /// [`ListError`]; everything stays as it was.
    pub fn update_top(
        &mut self,
        bytes: &[u8],
        pivots: &[&[u8]],
        now: Timestamp,
    ) -> Result<Update, ListError> {
        const MAX_PIVOTS: usize = 32;
        if pivots.len() > MAX_PIVOTS {
            return Err(ListError::Malformed("too many pivots".to_owned()));
        }
        let mut signers = self.signers.clone();
        let mut number = 0;
        for pivot in pivots {
            let list = TrustedList::read_at_any_time(pivot, &signers)?;
            if list.kind != ListKind::Lists {
                return Err(wrong("a list of lists as pivot", &list));
            }
            if list.sequence_number <= number {
                return Err(ListError::Rollback { known: number, found: list.sequence_number });
            }
            number = list.sequence_number;
            let own =
                list.pointers.iter().filter(|pointer| pointer.kind == ListKind::Lists && pointer.is_xml);
            let next: Vec<Certificate> = own.flat_map(|pointer| pointer.signers.iter().cloned()).collect();
            if next.is_empty() {
                return Err(wrong("a pivot that names the next signers", &list));
            }
            signers = next;
        }
        match take(&mut self.top, bytes, &signers, None, number, now) {
            Ok(update) => {
                self.signers = signers;
                self.forget_what_is_no_longer_pointed_to();
                Ok(update)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes a new version of a list that the top list points to.
    ///
    /// # Errors
    /// [`ListError`]; everything stays as it was.
    pub fn update(&mut self, location: &str, bytes: &[u8], now: Timestamp) -> Result<Update, ListError> {
        let pointer = self.pointers().find(|pointer| pointer.location == location).cloned();
        let pointer = pointer.ok_or_else(|| ListError::WrongList {
            expected: "a list that the top list points to".to_owned(),
            found: location.chars().take(200).collect(),
        })?;
        let mut kept = self.below.remove(location);
        let outcome = take(&mut kept, bytes, &pointer.signers, Some(&pointer), 0, now);
        if let Some(kept) = kept {
            self.below.insert(location.to_owned(), kept);
        }
        outcome
    }

    /// Takes a list by what it says and who signed it: for files without a location.
    ///
    /// # Errors
    /// That of the pointer which came nearest; [`ListError::WrongList`] without any pointer.
    pub fn update_any(&mut self, bytes: &[u8], now: Timestamp) -> Result<Update, ListError> {
        let locations: Vec<String> = self.pointers().map(|pointer| pointer.location.clone()).collect();
        let mut fault = ListError::UnknownSigner;
        for location in locations {
            match self.update(&location, bytes, now) {
                Ok(update) => return Ok(update),
                Err(ListError::UnknownSigner | ListError::WrongList { .. }) => {}
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }

    /// The lists of services to fetch: XML, and not the top list itself.
    pub fn pointers(&self) -> impl Iterator<Item = &Pointer> {
        let pointers = self.top.iter().flat_map(|kept| &kept.list.pointers);
        pointers.filter(|pointer| pointer.is_xml && pointer.kind == ListKind::Services)
    }

    /// Every service of every list in force, stale ones included.
    pub fn services(&self) -> Vec<Arc<TrustService>> {
        self.kept().flat_map(|kept| kept.services.iter().cloned()).collect()
    }

    /// How it stands with each list, the top one first.
    pub fn states(&self, now: Timestamp) -> Vec<ListState> {
        let state = |kept: &Kept| ListState {
            territory: kept.list.territory.clone(),
            sequence_number: kept.list.sequence_number,
            next_update: kept.list.next_update,
            stale: kept.list.next_update.is_none_or(|next| next < now),
            problem: kept.problem.clone(),
        };
        self.kept().map(state).collect()
    }

    /// The top list in force.
    pub fn top(&self) -> Option<&TrustedList> {
        self.top.as_ref().map(|kept| &*kept.list)
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.top.iter().chain(self.below.values())
    }

    /// A list that was removed from the top list is no longer anybody's word.
    fn forget_what_is_no_longer_pointed_to(&mut self) {
        let locations: Vec<String> = self.pointers().map(|pointer| pointer.location.clone()).collect();
        self.below.retain(|location, _| locations.contains(location));
    }
}

/// Puts a new version in place of the one that is kept, if it may.
fn take(
    kept: &mut Option<Kept>,
    bytes: &[u8],
    signers: &[Certificate],
    pointer: Option<&Pointer>,
    newer_than: u64,
    now: Timestamp,
) -> Result<Update, ListError> {
    let digest = Digest::Sha256.of(bytes);
    if let Some(known) = kept.as_mut().filter(|known| known.digest == digest) {
        known.problem = None;
        return Ok(Update::Unchanged);
    }
    let outcome = TrustedList::read(bytes, signers, now).and_then(|list| {
        if let Some(pointer) = pointer
            && (list.territory != pointer.territory || list.kind != pointer.kind)
        {
            return Err(wrong(&format!("the list of {}", pointer.territory), &list));
        }
        let (found, known) = (list.sequence_number, kept.as_ref().map(|known| known.list.sequence_number));
        if let Some(known) = kept.as_ref().filter(|known| !is_same_list(&known.list, &list)) {
            return Err(wrong(&format!("a newer {}", known.list), &list));
        }
        match known {
            _ if found <= newer_than && newer_than > 0 => {
                Err(ListError::Rollback { known: newer_than, found })
            }
            Some(known) if found < known => Err(ListError::Rollback { known, found }),
            Some(known) if found == known => Err(ListError::SameNumber(found)),
            Some(_) | None => Ok(list),
        }
    });
    match outcome {
        Ok(list) => {
            let services = list.services.iter().cloned().map(Arc::new).collect();
            *kept = Some(Kept { list: Arc::new(list), digest, services, problem: None });
            Ok(Update::Taken)
        }
        Err(error) => {
            if let Some(known) = kept {
                known.problem = Some(error.clone());
            }
            Err(error)
        }
    }
}

/// Whether one is a version of the other.
fn is_same_list(one: &TrustedList, other: &TrustedList) -> bool {
    one.kind == other.kind && one.territory == other.territory
}

fn wrong(expected: &str, found: &TrustedList) -> ListError {
    ListError::WrongList { expected: expected.to_owned(), found: found.to_string() }
}
