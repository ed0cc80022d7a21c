//! Mail to users: what it is, and who sends it.
//!
//! An app sends its mail its own way: by SMTP, by a provider's interface, by a queue. It says
//! how with a [`Mailer`].

#[cfg(feature = "sql")]
mod shared;

#[cfg(feature = "sql")]
pub(crate) use shared::SharedMailer;

use std::future::Future;

use crate::error::{Error, Result};

/// A mail to one user, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line, without a line break.
    pub subject: String,
    /// The text, with `\n` between lines.
    pub text: String,
}

impl Mail {
    /// A mail to an address.
    pub fn new(to: impl Into<String>, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            subject: subject.into(),
            text: text.into(),
        }
    }
}

/// Sends mail. Implement it, or pass an async closure:
///
/// ```
/// use std::convert::Infallible;
/// use vestibule::mail::{Mail, Mailer};
///
/// fn mailer() -> impl Mailer {
///     async |mail: Mail| {
///         println!("to {}: {}", mail.to, mail.subject);
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
    /// Sends a mail, or takes it on for sure.
    ///
    /// # Errors
    /// When it could do neither ([`Error::mail`]).
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
