//! `[validation]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::bearer::digests;
use crate::config::Mend;

/// `[validation]`: who may have files validated, and how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Validation {
    /// Whether anybody may ask. Otherwise a bearer key is needed, and without any key nobody may.
    pub open: bool,
    /// SHA-256 of each bearer key, in hex: `printf %s KEY | sha256sum`.
    pub keys: Vec<String>,
    /// Files of CA certificates that are trusted beside this service's own authority, in PEM or DER.
    pub trust: Vec<PathBuf>,
    /// Trusted lists (TS 119 612) whose services are trusted, too: a list, or a list of lists and then lists that it
    /// points to. They are read again when they change.
    pub trusted_lists: Vec<PathBuf>,
    /// The certificates that sign the first of them.
    pub list_signers: Vec<PathBuf>,
    /// The longest file that is read, in bytes.
    pub max_bytes: u32,
    /// Files that one key or address may send in a minute; 0 for any number.
    pub per_minute: u32,
    /// Files that are read and validated at the same time.
    pub at_once: u32,
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            open: false,
            keys: Vec::new(),
            trust: Vec::new(),
            trusted_lists: Vec::new(),
            list_signers: Vec::new(),
            max_bytes: 32 << 20,
            per_minute: 120,
            at_once: 8,
        }
    }
}

impl Validation {
    /// As `countersign dev` is configured.
    pub(crate) fn dev() -> Self {
        Self { open: true, ..Self::default() }
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        for (name, value) in [("validation.max_bytes", self.max_bytes), ("validation.at_once", self.at_once)]
        {
            if value == 0 {
                found.push(Mend::new(name, "0 refuses everything", "leave the line out for the default"));
            }
        }
        if !self.trusted_lists.is_empty() && self.list_signers.is_empty() {
            let mend = "give the certificate that signs the first list";
            found.push(Mend::new("validation.list_signers", "nobody may sign the trusted lists", mend));
        }
        if digests(&self.keys).is_none() {
            let mend = "give the SHA-256 of each key as 64 hex digits: printf %s KEY | sha256sum";
            found.push(Mend::new("validation.keys", "an entry is no SHA-256 in hex", mend));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_no_digest_is_found() {
        let with = |key: &str| Validation { keys: vec![key.to_owned()], ..Validation::default() };
        let mut found = Vec::new();
        with(&"0a".repeat(32)).check(&mut found);
        assert!(found.is_empty());
        for wrong in ["", "secret", &"0".repeat(63), &"g".repeat(64), &"+1".repeat(32)] {
            let mut found = Vec::new();
            with(wrong).check(&mut found);
            assert_eq!(found.len(), 1, "{wrong}");
        }
    }
}
