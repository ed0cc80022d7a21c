//! The file of a Unix socket.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::net::UnixSocket;

/// The file of a Unix socket that this process created. Removed when dropped, if it is still the
/// same.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The file's device and inode numbers.
    identity: (u64, u64),
}

impl SocketFile {
    /// Creates the file, or replaces one that another process left behind. Its mode is 0777 without
    /// the bits of the umask: users who may write to it may connect.
    pub(crate) fn bind(path: &Path) -> anyhow::Result<(UnixSocket, Self)> {
        remove_left_behind(path)?;
        let socket = UnixSocket::new_stream()?;
        socket.bind(path).map_err(|error| {
            let advice = match error.kind() {
                ErrorKind::NotFound => "its folder does not exist",
                ErrorKind::PermissionDenied => "this user may not write in its folder",
                ErrorKind::InvalidInput => "its path is too long: at most 107 bytes",
                _ => "the system cannot create it",
            };
            anyhow::Error::from(error).context(advice)
        })?;
        let file = Self {
            identity: identity(&path.symlink_metadata()?),
            path: path.to_owned(),
        };
        Ok((socket, file))
    }
}

impl SocketFile {
    /// Whether it is still the file that this process created. A second start may have replaced it,
    /// because it treats a socket where nobody listens yet as left behind.
    pub(crate) fn is_ours(&self) -> bool {
        let found = self.path.symlink_metadata();
        found.is_ok_and(|found| identity(&found) == self.identity)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_ours() {
            // If this fails, the next start replaces the file.
            std::fs::remove_file(&self.path).ok();
        }
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// Removes a socket that an earlier process left behind, and nothing else.
fn remove_left_behind(path: &Path) -> anyhow::Result<()> {
    let Ok(found) = path.symlink_metadata() else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        bail!("a file with that name is not a socket; remove it, or choose another name");
    }
    match UnixStream::connect(path) {
        Ok(_) => bail!("another program listens there: stop it, or choose another name"),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).context("cannot remove the socket of an earlier start")
        }
        Err(error) => Err(error).context("cannot tell whether another program listens there"),
    }
}
