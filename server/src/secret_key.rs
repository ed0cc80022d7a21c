//! The file with the secret key.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;

/// Reads the key, or makes a random one in a file that only its owner can read.
pub(crate) fn read_or_make(path: &Path) -> anyhow::Result<SecretKey> {
    let shown = path.display();
    if !path.exists() {
        return make(path).with_context(|| format!("cannot make the secret key file {shown}"));
    }
    warn_if_others_can_read(path);
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

/// A file that was not there before and that nobody else can read, from its first moment.
pub(crate) fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let Ok(metadata) = path.metadata() else {
        return;
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        let file = path.display();
        tracing::warn!(%file, "other users can read the secret key: `chmod 600` it");
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_: &Path) {}
