//! Trusted lists: everything up to the point where a signature is believed, and the content as if it were.

#![no_main]

use countersign_container::trusted_list::{TrustedList, fuzz};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzz(bytes, &[]);
    // Nobody is pinned, so nothing is ever taken.
    assert!(TrustedList::read(bytes, &[], jiff::Timestamp::UNIX_EPOCH).is_err());
});
