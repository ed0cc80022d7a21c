//! The sender of mails.

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;

use crate::error::{Error, Result};
use crate::mail::Email;

/// Who mails come from: an address, optionally with a name in front.
///
/// ```
/// use vestibule::mail::MailFrom;
///
/// let from: MailFrom = "Example <noreply@example.com>".parse()?;
/// assert_eq!(from.to_string(), "Example <noreply@example.com>");
/// assert!("noreply@example.com".parse::<MailFrom>().is_ok());
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFrom(Mailbox);

impl MailFrom {
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    /// The same address, with this name if it has none.
    #[must_use]
    pub fn or_named(mut self, name: &str) -> Self {
        if self.0.name.is_none() && !name.chars().any(char::is_control) {
            self.0.name = Some(name.to_owned());
        }
        self
    }
}

impl FromStr for MailFrom {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::config(format!(
                "`{text}` is not a sender of mail; write one like `Example <noreply@example.com>`"
            ))
        };
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        let mut mailbox: Mailbox = text.trim().parse().map_err(|_| wrong())?;
        let email: Email = mailbox.email.to_string().parse().map_err(|_| wrong())?;
        mailbox.email = email.to_lettre().ok_or_else(wrong)?;
        Ok(Self(mailbox))
    }
}

impl fmt::Display for MailFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
