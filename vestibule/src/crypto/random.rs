//! The only source of randomness.

use std::fmt;
#[cfg(any(test, feature = "testing"))]
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[cfg(any(test, feature = "testing"))]
use crate::crypto::digest::sha256;
use crate::error::{Error, Result};

/// Where random bytes come from: the operating system, or a test's seed.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    #[cfg(any(test, feature = "testing"))]
    Seeded {
        seed: u64,
        drawn: Arc<AtomicU64>,
    },
}

/// 32 letters and digits, of which no two look alike.
#[cfg(feature = "sql")]
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

impl Random {
    /// The operating system's generator.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The same bytes in the same order for the same seed. For tests only: anyone who knows the
    /// seed knows every token.
    #[cfg(any(test, feature = "testing"))]
    pub fn insecure_seeded(seed: u64) -> Self {
        Self(Source::Seeded {
            seed,
            drawn: Arc::new(AtomicU64::new(0)),
        })
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// When the operating system's generator fails. Do not continue without randomness.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// `N` letters and digits that are easy to read and to type, of 5 random bits each.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    #[cfg(feature = "sql")]
    pub(crate) fn readable<const N: usize>(&self) -> Result<[char; N]> {
        let random = self.bytes::<N>()?;
        // 256 is a multiple of 32, so each character is as likely as the others.
        Ok(random.map(|byte| char::from(READABLE[usize::from(byte) % READABLE.len()])))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        match &self.0 {
            Source::System => getrandom::fill(bytes).map_err(Error::internal),
            #[cfg(any(test, feature = "testing"))]
            Source::Seeded { seed, drawn } => {
                for chunk in bytes.chunks_mut(32) {
                    let block = drawn.fetch_add(1, Ordering::SeqCst);
                    let input = [seed.to_le_bytes(), block.to_le_bytes()].concat();
                    chunk.copy_from_slice(&sha256(&input)[..chunk.len()]);
                }
                Ok(())
            }
        }
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Random(system)"),
            #[cfg(any(test, feature = "testing"))]
            Source::Seeded { .. } => f.write_str("Random(seeded)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn system_bytes_differ_from_draw_to_draw() {
        let random = Random::system();

        assert_ne!(random.bytes::<32>().unwrap(), random.bytes::<32>().unwrap());
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let first = Random::insecure_seeded(7).bytes::<48>().unwrap();

        assert_eq!(first, Random::insecure_seeded(7).bytes::<48>().unwrap());
        assert_ne!(first, Random::insecure_seeded(8).bytes::<48>().unwrap());
    }
}
