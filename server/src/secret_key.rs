//! The file with the secret key.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;

use crate::private_file::{create_private, warn_if_others_can_read};

/// Reads the key, or makes a random one in a file that only its owner can read.
pub(crate) fn read_or_make(path: &Path) -> anyhow::Result<SecretKey> {
    let shown = path.display();
    if !path.exists() {
        return make(path).with_context(|| format!("cannot make the secret key file {shown}"));
    }
    warn_if_others_can_read(path, "secret key");
    Ok(SecretKey::from_file(path)?)
}

fn make(path: &Path) -> anyhow::Result<SecretKey> {
    let key = SecretKey::generate(&Random::system())?;
    // Written whole before it has its name, so that no kill in between leaves half a key.
    let unfinished = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = create_private(&unfinished)?;
    file.write_all(key.to_text().as_bytes())?;
    file.sync_all()?;
    std::fs::hard_link(&unfinished, path)?;
    std::fs::remove_file(&unfinished)?;
    tracing::info!(file = %path.display(), "made a secret key");
    Ok(key)
}
