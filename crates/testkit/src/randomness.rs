//! Randomness that is the same every time.

use std::sync::Mutex;

use countersign_server::Randomness;
use countersign_server::randomness::RandomSource;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// A generator that gives the same bytes for the same seed. One stream for everybody who draws from it, in the
/// order in which they draw.
pub fn seeded(seed: u64) -> Randomness {
    Randomness::from_source(Seeded(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
}

struct Seeded(Mutex<ChaCha20Rng>);

impl RandomSource for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}
