//! Files that nobody but the program's user can read.

use std::fs::{File, OpenOptions};
use std::path::Path;

/// A file that was not there before and that nobody else can read, from its first moment.
pub(crate) fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
