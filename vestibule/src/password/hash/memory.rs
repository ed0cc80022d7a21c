//! The memory that a hashing thread keeps from one hash to the next.

use argon2::Block;

use crate::error::{Error, Result};

/// Argon2's working memory, reused: asking the system for new pages each time takes a third as long
/// as the hash itself.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<Block>);

impl Memory {
    /// Frees all memory beyond `blocks`.
    pub(crate) fn keep(&mut self, blocks: usize) {
        if self.0.len() > blocks {
            self.0.truncate(blocks);
            self.0.shrink_to_fit();
        }
    }

    pub(crate) fn blocks(&mut self, count: usize) -> Result<&mut [Block]> {
        let more = count.saturating_sub(self.0.len());
        let reserved = self.0.try_reserve_exact(more);
        reserved.map_err(|_| no_memory())?;
        if more > 0 {
            self.0.resize(count, Block::new());
        }
        Ok(self.0.get_mut(..count).unwrap_or_default())
    }
}

pub(crate) fn no_memory() -> Error {
    Error::busy("the system has no memory for another hash")
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Version};

    use super::Memory;
    use crate::password::hash::function::Function;

    #[test]
    fn one_hash_after_the_other_has_the_same_memory_and_what_is_more_is_given_back() {
        let of = |memory_kib| Function::Argon2 {
            variant: Algorithm::Argon2id,
            version: Version::V0x13,
            memory_kib,
            passes: 1,
            // libsodium, which manages its own memory, is used for one lane only.
            lanes: 2,
        };
        let mut memory = Memory::default();
        let mut hash = |function: Function| {
            let digest = function.digest(b"password", &[7; 16], 32, &mut memory);
            digest.unwrap();
            memory.keep(of(64).blocks());
            (memory.0.as_ptr(), memory.0.capacity())
        };

        let first = hash(of(64));
        assert_eq!(first.1, 64);
        assert_eq!(hash(of(64)), first);
        assert_eq!(hash(of(16)), first);
        assert_eq!(hash(of(256)).1, 64);
    }
}
