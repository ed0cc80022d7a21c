//! libsodium's Argon2id, which uses each processor's vector instructions.

use libsodium_rs::crypto_pwhash::argon2id;

use crate::error::{Error, Result};
use crate::password::hash::memory::no_memory;

/// The only salt length that libsodium accepts.
pub(crate) const SALT_BYTES: usize = argon2id::SALTBYTES;

/// Argon2id version 1.3 with one lane. The digest must have at least 16 bytes. libsodium asks the
/// system for new memory each time.
pub(crate) fn hash(
    password: &[u8],
    salt: &[u8; SALT_BYTES],
    len: usize,
    memory_kib: u32,
    passes: u32,
) -> Result<Vec<u8>> {
    // Detects the processor; only the first call does anything.
    libsodium_rs::ensure_init().map_err(Error::internal)?;
    let memory = usize::try_from(memory_kib).map_err(Error::internal)? * 1024;
    argon2id::pwhash(len, password, salt, passes.into(), memory).map_err(|_| no_memory())
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, Version};
    use proptest::prelude::*;

    use super::hash;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_the_other_crates_argon2id(
            password: Vec<u8>,
            salt: [u8; 16],
            len in 16_usize..=128,
            memory_kib in 8_u32..=300,
            passes in 1_u32..=4,
        ) {
            let params = Params::new(memory_kib, passes, 1, Some(len)).unwrap();
            let mut expected = vec![0; len];
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into(&password, &salt, &mut expected)
                .unwrap();

            let digest = hash(&password, &salt, len, memory_kib, passes).unwrap();

            prop_assert_eq!(digest, expected);
        }
    }
}
