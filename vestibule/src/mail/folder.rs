//! [`FolderMailer`]: mails as files, for trying out.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::crypto::random::Random;
use crate::error::{Error, Result};
use crate::mail::{Mail, MailFrom, Mailer};

/// Writes each mail to a file `….eml` in a folder, instead of sending it, so that an app can be
/// tried out without a mail server. Any mail program opens such a file.
///
/// The names begin with the time, so the newest file is the last one. The files contain links that
/// open accounts, so only their owner can read them, and nobody but you should have the folder.
#[derive(Debug, Clone)]
pub struct FolderMailer {
    folder: PathBuf,
    from: MailFrom,
    clock: Clock,
}

impl FolderMailer {
    /// Writes mails from this sender to `folder`, and creates the folder if there is none.
    ///
    /// # Errors
    /// When the folder cannot be created ([`Error::is_config`]).
    pub fn new(folder: impl Into<PathBuf>, from: MailFrom) -> Result<Self> {
        let folder = folder.into();
        create_folder(&folder).map_err(|error| {
            let folder = folder.display();
            Error::config(format!("cannot create the mail folder {folder}: {error}"))
        })?;
        Ok(Self {
            folder,
            from,
            clock: Clock::default(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write(&self, mail: &Mail) -> Result<()> {
        let now = self.clock.now();
        let message = mail.to_message(&self.from, now)?.formatted();
        let unique = Random::system().bytes::<4>()?;
        let unique = data_encoding::HEXLOWER.encode(&unique);
        let name = format!("{}-{}-{unique}", now.as_millis(), mail.kind());
        // A program that watches the folder never sees half a mail.
        let (part, whole) = (
            self.folder.join(format!(".{name}.part")),
            self.folder.join(format!("{name}.eml")),
        );
        let written = new_file(&part)
            .and_then(|mut file| file.write_all(&message))
            .and_then(|()| fs::rename(&part, &whole));
        written.map_err(Error::mail)
    }
}

impl Mailer for FolderMailer {
    async fn send(&self, mail: Mail) -> Result<()> {
        let this = self.clone();
        let written = tokio::task::spawn_blocking(move || this.write(&mail)).await;
        written.map_err(Error::internal)?
    }
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::FolderMailer;
    use crate::mail::{Mail, Mailer};

    #[tokio::test]
    async fn a_mail_is_one_file_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("mail");
        let from = "noreply@example.com".parse().unwrap();
        let mailer = FolderMailer::new(&inside, from).unwrap();
        let to = "alice@example.com".parse().unwrap();

        mailer.send(Mail::new(to, "Hello", "Hi\n")).await.unwrap();

        let files: Vec<_> = std::fs::read_dir(&inside).unwrap().collect();
        assert_eq!(files.len(), 1);
        let path = files[0].as_ref().unwrap().path();
        assert_eq!(path.extension().unwrap(), "eml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("Subject: Hello\r\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(&inside)), (0o600, 0o700));
        }
    }
}
