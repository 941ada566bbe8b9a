//! Where randomness comes from: one source in [`App`](crate::App), passed on as `&mut impl CryptoRng`.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use rand_core::{TryCryptoRng, TryRng};

/// A source of random bytes. [`SystemSource`] in production; tests bring a seeded one, so that whole HTTP
/// exchanges compare byte for byte.
pub trait RandomSource: Send + Sync + 'static {
    /// Fills `bytes` completely.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSource;

impl RandomSource for SystemSource {
    #[expect(clippy::disallowed_methods, reason = "the one source of randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // A system that cannot give randomness must not sign or issue anything: stopping is the safe answer.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A handle on the one source; cheap to clone, and itself a generator.
#[derive(Clone)]
pub struct Randomness(Arc<dyn RandomSource>);

impl Randomness {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self::from_source(SystemSource)
    }

    /// A generator over any source.
    pub fn from_source(source: impl RandomSource) -> Self {
        Self(Arc::new(source))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness")
    }
}

impl TryRng for Randomness {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Randomness {}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{CryptoRng, Rng};

    fn draw(rng: &mut impl CryptoRng) -> u64 {
        rng.next_u64()
    }

    #[test]
    fn the_system_source_does_not_repeat() {
        let mut rng = Randomness::system();
        assert_ne!(draw(&mut rng), draw(&mut rng));
    }

    #[test]
    fn a_given_source_is_the_one_that_is_used() {
        struct Nines;
        impl RandomSource for Nines {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(9);
            }
        }
        let mut rng = Randomness::from_source(Nines);
        assert_eq!(rng.next_u32(), 0x0909_0909);
    }
}
