//! The mails to an address that a user has entered.

use super::VERIFY;
use crate::credentials::tokens::{Issued, Purpose};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::mails::{MailTexts, ONE_IN, in_groups};
use crate::login::PageUser;
use crate::mail::Email;
use crate::mail::outbox::Letter;

pub(super) const VERIFY_MAIL: MailTexts = MailTexts {
    kind: "verify_email",
    subject: "mail-verify-email-subject",
    text: "mail-verify-email",
    button: "mail-verify-email-button",
    after: "mail-verify-email-after",
};

/// To an address that somebody entered for another account.
pub(super) const IN_USE_MAIL: MailTexts = MailTexts::new(
    "email_in_use",
    "mail-email-in-use-subject",
    "mail-email-in-use",
);

impl<U: PageUser> Site<U> {
    /// As [`mail_new_address`](Self::mail_new_address), after the response, whose time would tell
    /// whose address it is.
    pub(in crate::flows) fn mail_later(&self, user: U, email: Email, language: &str) {
        let (site, language) = (self.clone(), language.to_owned());
        self.credentials().after_response(async move {
            if let Err(error) = site.mail_new_address(&user, &email, &language).await {
                tracing::error!(%error, "the mail to a new address was not written");
            }
        });
    }

    /// Sends the mail with which a user shows that they read mail at this address; or, if another
    /// user has verified it, a mail that says so, and a token that nobody gets, so that the user
    /// sees no difference. Returns whether the limits let it pass.
    pub(in crate::flows) async fn mail_new_address(
        &self,
        user: &U,
        email: &Email,
        language: &str,
    ) -> Result<bool> {
        let credentials = self.credentials();
        let owner = credentials.find_by_email(email).await?;
        let owner = owner.filter(|owner| owner.id() != user.id() && owner.has_verified_email());
        let letter = |issued: &Issued| match &owner {
            None => self.verification_letter(user.name(), email, issued, language),
            Some(owner) => {
                let to = email.as_spelled(owner.email());
                Letter::new(IN_USE_MAIL.kind, to, "")
                    .with("name", owner.name())
                    .once_in(ONE_IN)
            }
        };
        let purpose = Purpose::VerifyEmail;
        let issued = credentials.mail_token(purpose, user, email, letter).await?;
        Ok(issued.is_some())
    }

    pub(in crate::flows) fn verification_letter(
        &self,
        name: &str,
        email: &Email,
        issued: &Issued,
        language: &str,
    ) -> Letter {
        let code = issued
            .code
            .as_ref()
            .map(|code| in_groups(code.expose(), "-"));
        Letter::new(VERIFY_MAIL.kind, email.clone(), language)
            .with("name", name)
            .with("link", self.link(VERIFY, &issued.token))
            .with("code", code.unwrap_or_default())
            .lasting(Purpose::VerifyEmail.lasts())
            .once_in(ONE_IN)
    }
}
