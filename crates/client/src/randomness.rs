//! Randomness for callers who have no generator of their own.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets)?;
        Ok(u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets)?;
        Ok(u64::from_le_bytes(octets))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        // A system that cannot give randomness must not start a session: stopping is the safe answer.
        getrandom::fill(octets).expect("the operating system gives random bytes");
        Ok(())
    }
}

impl TryCryptoRng for SystemRandom {}
