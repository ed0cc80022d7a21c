//! The file with the secret key, and its rotation.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;

use crate::private_file::{create_private, warn_if_others_can_read};

/// Reads the key, or creates a random one in a file that only its owner can read.
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
    // Write all of it before the file gets its name, so that a kill leaves no half key.
    let unfinished = write_beside(path, &key.to_text())?;
    std::fs::hard_link(&unfinished, path)?;
    std::fs::remove_file(&unfinished)?;
    tracing::info!(file = %path.display(), "made a secret key");
    Ok(key)
}

/// Replaces the file's lines, and keeps its owner and mode. A kill leaves the old file or the new
/// one.
fn replace(path: &Path, lines: &[&str]) -> anyhow::Result<()> {
    // Replace the file that a symbolic link leads to, not the link.
    let path = path.canonicalize()?;
    let mut text = lines.join("\n");
    text.push('\n');
    let unfinished = write_beside(&path, &text)?;
    let renamed =
        keep_owner_and_mode(&path, &unfinished).and_then(|()| std::fs::rename(&unfinished, &path));
    if renamed.is_err() {
        std::fs::remove_file(&unfinished).ok();
    }
    Ok(renamed?)
}

/// A file in the same folder that only its owner can read.
fn write_beside(path: &Path, text: &str) -> std::io::Result<PathBuf> {
    let unfinished = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = create_private(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(unfinished)
}

#[cfg(unix)]
fn keep_owner_and_mode(old: &Path, new: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};

    let (old, made) = (old.metadata()?, new.metadata()?);
    if (old.uid(), old.gid()) != (made.uid(), made.gid()) {
        chown(new, Some(old.uid()), Some(old.gid()))?;
    }
    // Set the mode last, because until then only the owner can read the file.
    std::fs::set_permissions(new, old.permissions())
}

#[cfg(not(unix))]
fn keep_owner_and_mode(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A step of a rotation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Adds a new key that verifies, but does not sign yet.
    Prepare,
    /// Signs with the prepared key, or with a new one.
    Rotate,
    /// Keeps only the first key.
    DropOld,
}

/// Changes the keys in the file.
///
/// The first line signs, all lines verify, and the last makes the digests that are looked up. So a
/// prepared file repeats its first line after the new one: `old new old`.
pub(crate) fn change(path: &Path, step: Step) -> anyhow::Result<()> {
    let shown = path.display();
    let text = SecretKey::from_file(path)?.to_text();
    let lines: Vec<_> = text.lines().collect();
    let is_prepared = matches!(lines[..], [first, _, third, ..] if first == third);
    let new = SecretKey::generate(&Random::system())?.to_text();
    let changed = match (step, &lines[..]) {
        (Step::Prepare, _) if is_prepared => bail!("{shown} has a prepared key already"),
        (Step::DropOld, _) if is_prepared => {
            bail!("{shown} has a prepared key that does not sign yet: rotate first")
        }
        (Step::DropOld, [_]) => bail!("{shown} has no old key"),
        (Step::Rotate, [_, rest @ ..]) if is_prepared => rest.to_vec(),
        (Step::Rotate, all) => [&[&*new], all].concat(),
        (Step::Prepare, [first, ..]) => [&[first, &*new], &lines[..]].concat(),
        (Step::DropOld, [first, ..]) => vec![*first],
        (Step::Prepare | Step::DropOld, []) => bail!("{shown} is empty"),
    };
    replace(path, &changed).with_context(|| format!("cannot replace the secret key file {shown}"))
}
