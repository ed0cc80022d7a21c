//! Files that others cannot read.

use std::fs::{File, OpenOptions};
use std::path::Path;

/// Creates a new file. From its first moment, nobody else can read it.
pub(crate) fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Warns if users outside the file's group can read it, or anyone but its owner can change it. The
/// group may read it, because service managers and containers give a secret to a group, as 0440.
#[cfg(unix)]
pub(crate) fn warn_if_others_can_read(path: &Path, what: &str) {
    use std::os::unix::fs::PermissionsExt;

    const TOO_MUCH: u32 = 0o027;
    let Ok(metadata) = path.metadata() else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & TOO_MUCH != 0 {
        let file = path.display();
        tracing::warn!(
            "other users can read or change the {what} {file}, whose mode is {mode:04o}; run \
             `chmod 600 {file}`"
        );
    }
}

#[cfg(not(unix))]
pub(crate) fn warn_if_others_can_read(_: &Path, _: &str) {}
