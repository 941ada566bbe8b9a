//! What an archive time-stamp is made over (EN 319 132-1 §5.5.2.2).
//!
//! ```text
//! octets of every ds:Reference in document order · SignedInfo · SignatureValue · KeyInfo ·
//! every unsigned signature property before the time-stamp
//! ```
//!
//! (Other `ds:Object` elements would follow; signatures that have one are not accepted here.) The octets
//! of data files are not part of the value: there may be gigabytes of them, so they are named and read when
//! the digest is computed.

use std::sync::Arc;

use countersign_pki::algorithm::{Digest, Hasher};

use crate::error::{Error, Result};

/// The input of an archive time-stamp: parts whose octets follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArchiveInput {
    parts: Vec<ArchivePart>,
}

/// One part of an [`ArchiveInput`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivePart {
    /// All bytes of the data file of this name.
    DataFile(String),
    /// Octets of the signature itself, in canonical form.
    Octets(Arc<[u8]>),
}

impl ArchiveInput {
    pub(crate) fn new(parts: Vec<ArchivePart>) -> Self {
        Self { parts }
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[ArchivePart] {
        &self.parts
    }

    /// How many parts at the beginning are data files: a digest over them can be shared by signatures.
    pub fn leading_files(&self) -> usize {
        self.parts.iter().take_while(|part| matches!(part, ArchivePart::DataFile(_))).count()
    }
}

/// Computes digests of archive inputs, and reads data files as seldom as it can: signatures of one
/// container begin with the same files, and each archive time-stamp covers what the one before it did.
#[derive(Default)]
pub struct ArchiveDigests {
    /// Over nothing but data files; kept for the whole container.
    files: Vec<State>,
    /// Over the input of an earlier archive time-stamp.
    inputs: Vec<State>,
}

/// Passes the bytes of the data file of this name on, piece by piece.
type ReadFile<'r> = &'r mut dyn FnMut(&str, &mut dyn FnMut(&[u8])) -> Result<()>;

struct State {
    digest: Digest,
    parts: Vec<ArchivePart>,
    hasher: Hasher,
}

/// Different beginnings (orders of files, digests) of one container that are digested. Honest ones have one
/// or two; without a bound, signatures that each name the files in another order cost a pass over all
/// files each.
const MAX_BEGINNINGS: usize = 16;
/// One for each pair of digest and canonicalization method.
const MAX_INPUTS: usize = 42;

impl ArchiveDigests {
    /// The digest of `input`. `read` gives the bytes of a data file, piece by piece.
    ///
    /// # Errors
    ///
    /// What `read` returns; [`Error::TooManyArchiveInputs`] when the signatures of one container ask for
    /// its files in too many different orders.
    pub fn digest(&mut self, input: &ArchiveInput, digest: Digest, read: ReadFile<'_>) -> Result<Vec<u8>> {
        let parts = input.parts();
        let continues =
            |state: &&State| state.digest == digest && parts.starts_with(&state.parts) && !parts.is_empty();
        let longest = self.inputs.iter().filter(continues).max_by_key(|state| state.parts.len());
        let (done, mut hasher) = match longest {
            Some(state) => (state.parts.len(), state.hasher.clone()),
            None => self.beginning(input, digest, read)?,
        };
        for part in &parts[done..] {
            match part {
                ArchivePart::Octets(octets) => hasher.update(octets),
                ArchivePart::DataFile(name) => read(name, &mut |piece| hasher.update(piece))?,
            }
        }
        if self.inputs.len() >= MAX_INPUTS {
            self.inputs.remove(0);
        }
        self.inputs.push(State { digest, parts: parts.to_vec(), hasher: hasher.clone() });
        Ok(hasher.finish())
    }

    fn beginning(
        &mut self,
        input: &ArchiveInput,
        digest: Digest,
        read: ReadFile<'_>,
    ) -> Result<(usize, Hasher)> {
        let files = &input.parts()[..input.leading_files()];
        if let Some(state) = self.files.iter().find(|state| state.digest == digest && state.parts == files) {
            return Ok((files.len(), state.hasher.clone()));
        }
        if self.files.len() >= MAX_BEGINNINGS {
            return Err(Error::TooManyArchiveInputs { allowed: MAX_BEGINNINGS });
        }
        let mut hasher = digest.hasher();
        for part in files {
            if let ArchivePart::DataFile(name) = part {
                read(name, &mut |piece| hasher.update(piece))?;
            }
        }
        self.files.push(State { digest, parts: files.to_vec(), hasher: hasher.clone() });
        Ok((files.len(), hasher))
    }
}

impl ArchiveDigests {
    /// With a running digest over data files that was computed while they passed by.
    pub(crate) fn begun(digest: Digest, parts: Vec<ArchivePart>, hasher: Hasher) -> Self {
        Self { files: vec![State { digest, parts, hasher }], inputs: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(parts: &[&str]) -> ArchiveInput {
        let part = |text: &&str| match text.strip_prefix('@') {
            Some(name) => ArchivePart::DataFile(name.to_owned()),
            None => ArchivePart::Octets(text.as_bytes().into()),
        };
        ArchiveInput::new(parts.iter().map(part).collect())
    }

    #[test]
    fn files_are_read_once_for_inputs_that_begin_alike() {
        let mut digests = ArchiveDigests::default();
        let mut reads = Vec::new();
        let mut read = |name: &str, sink: &mut dyn FnMut(&[u8])| {
            reads.push(name.to_owned());
            sink(b"<");
            sink(name.as_bytes());
            Ok(())
        };
        for (parts, octets) in [
            (&["@a", "@b", "x"][..], "<a<bx"),
            (&["@a", "@b", "x", "y"], "<a<bxy"),
            (&["@a", "@b", "z"], "<a<bz"),
            (&["@b", "z"], "<bz"),
            (&["z", "@a"], "z<a"),
        ] {
            let found = digests.digest(&input(parts), Digest::Sha256, &mut read).unwrap();
            assert_eq!(found, Digest::Sha256.of(octets.as_bytes()), "{parts:?}");
        }
        assert_eq!(reads, ["a", "b", "b", "a"]);
    }

    #[test]
    fn the_number_of_orders_is_bounded() {
        let mut digests = ArchiveDigests::default();
        let mut read = |_: &str, _: &mut dyn FnMut(&[u8])| Ok(());
        for number in 0..MAX_BEGINNINGS {
            let name = format!("@{number}");
            assert!(digests.digest(&input(&[&name, "x"]), Digest::Sha256, &mut read).is_ok());
        }
        let refused = digests.digest(&input(&["@another", "x"]), Digest::Sha256, &mut read);
        assert!(matches!(refused, Err(Error::TooManyArchiveInputs { .. })));
    }
}
