//! One suite over both places where data can be kept.

/// The same test over both.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {
        mod memory { $( #[test] fn $name() { super::$name($crate::in_memory()); } )+ }
        mod file { $( #[test] fn $name() { super::$name($crate::in_file()); } )+ }
    };
}

mod concurrency;
mod durability;
mod registration;
mod tables;
mod trail;
mod values;

use countersign_store::{Location, Store};
use tempfile::TempDir;

/// A store, with the folder that its file lives in.
pub(crate) struct Kept {
    pub(crate) store: Store,
    pub(crate) folder: Option<TempDir>,
}

pub(crate) fn in_memory() -> Kept {
    Kept { store: Store::open(Location::Memory).unwrap(), folder: None }
}

pub(crate) fn in_file() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Location::File(folder.path().join("countersign.db"))).unwrap();
    Kept { store, folder: Some(folder) }
}
