//! What sends the program's mails.

use std::fmt;

use vestibule::mail::{FolderMailer, Mail, Mailer};

/// Sends by SMTP, or writes files.
#[derive(Debug, Clone)]
pub(crate) enum ProgramMailer {
    #[cfg(feature = "smtp")]
    Smtp(vestibule::mail::SmtpMailer),
    Folder(FolderMailer),
}

impl ProgramMailer {
    /// Connects to the mail server and logs in there, and sends nothing. A folder is always there.
    ///
    /// # Errors
    /// When a mail would not get to the server now.
    pub(crate) async fn check(&self) -> vestibule::Result<()> {
        match self {
            #[cfg(feature = "smtp")]
            Self::Smtp(mailer) => mailer.check().await,
            Self::Folder(_) => Ok(()),
        }
    }
}

/// As the subject of a sentence, without the password.
impl fmt::Display for ProgramMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "smtp")]
            Self::Smtp(mailer) => write!(f, "the mail server {}", mailer.url()),
            Self::Folder(mailer) => write!(f, "the mail folder {}", mailer.folder().display()),
        }
    }
}

impl Mailer for ProgramMailer {
    async fn send(&self, mail: Mail) -> vestibule::Result<()> {
        match self {
            #[cfg(feature = "smtp")]
            Self::Smtp(mailer) => mailer.send(mail).await,
            Self::Folder(mailer) => mailer.send(mail).await,
        }
    }
}
