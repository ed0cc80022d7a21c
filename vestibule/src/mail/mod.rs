//! Mail to users: what it is, and who sends it.
//!
//! A [`Mailer`] sends: [`SmtpMailer`], [`FolderMailer`] for trying out, or the app's own.
//!
//! The ready-made pages never wait for it. Each mail of theirs is a row in the outbox, written in
//! the transaction of the change that it reports. A task sends what is there, and tries again if
//! that failed.

mod address;
mod folder;
mod from;
mod message;
pub(crate) mod outbox;
mod shared;
#[cfg(feature = "smtp")]
mod smtp;

pub use address::{Email, NoEmail};
pub use folder::FolderMailer;
pub use from::MailFrom;
pub use message::Mail;
pub use outbox::{MIGRATIONS, MailState, QueuedMail};
pub(crate) use shared::SharedMailer;
#[cfg(feature = "smtp")]
pub use smtp::{SmtpMailer, SmtpUrl};

use std::future::Future;

use crate::error::{Error, Result};

/// Sends mail. [`SmtpMailer`] and [`FolderMailer`] do. To send another way, implement it, or pass an
/// async closure:
///
/// ```
/// use std::convert::Infallible;
/// use vestibule::mail::{Mail, Mailer};
///
/// fn mailer() -> impl Mailer {
///     async |mail: Mail| {
///         println!("to {}: {}", mail.to(), mail.subject());
///         Ok::<_, Infallible>(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not send mail",
    note = "it takes a type that implements `Mailer`, or a closure \
            `FnOnce(Mail) -> impl Future<Output = Result<(), _>> + Send` that can be cloned"
)]
pub trait Mailer: Send + Sync + 'static {
    /// Sends a mail, or takes it on for sure. The ready-made pages do not wait for it, and call it
    /// again later if it fails.
    ///
    /// # Errors
    /// When it could do neither: [`Error::mail`] if trying again may help,
    /// [`Error::undeliverable`] if it cannot, because the server rejects this mail.
    fn send(&self, mail: Mail) -> impl Future<Output = Result<()>> + Send;
}

impl<F, Fut, E> Mailer for F
where
    F: FnOnce(Mail) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn send(&self, mail: Mail) -> Result<()> {
        self.clone()(mail).await.map_err(Error::mail)
    }
}
