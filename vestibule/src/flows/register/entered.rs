//! What the registration form asks for, and what a visitor entered.

use serde_json::json;

use crate::credentials::LoginName;
use crate::crypto::secret::Secret;
use crate::flows::Site;
use crate::flows::form::FormErrors;
use crate::flows::registration_fields::RegistrationValues;
use crate::flows::submitted::{BadSubmission, Submitted};
use crate::login::PageUser;
use crate::mail::Email;
use crate::web::text::Text;

/// What the form asks for, besides the password and the app's own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// A username. The site sends no mail.
    Username,
    /// A username, and a mail address if the visitor likes.
    UsernameMaybeEmail,
    /// A username and a mail address.
    UsernameAndEmail,
    /// A mail address alone.
    Email,
}

impl Asks {
    pub(super) fn of<U: PageUser>(site: &Site<U>) -> Self {
        if site.path("verify_email").is_none() {
            return Self::Username;
        }
        match site.inner().log_in_with {
            LoginName::Username => Self::UsernameMaybeEmail,
            LoginName::Either => Self::UsernameAndEmail,
            LoginName::Email if site.inner().accounts.is_some() => Self::Email,
            // The names in a table of the app's own are the addresses.
            LoginName::Email => Self::Username,
        }
    }

    pub(super) fn username(self) -> bool {
        self != Self::Email
    }

    pub(super) fn email(self) -> bool {
        self != Self::Username
    }

    fn requires_email(self) -> bool {
        self != Self::UsernameMaybeEmail && self.email()
    }
}

/// What a visitor entered.
#[derive(Debug, Default)]
pub(super) struct Entered {
    pub(super) username: String,
    /// As it was typed.
    pub(super) email: String,
    /// The address, if it is one.
    pub(super) address: Option<Email>,
    /// The app's own fields.
    pub(super) values: RegistrationValues,
}

impl Entered {
    /// Takes what was submitted, with the password.
    pub(super) fn take<U: PageUser>(
        site: &Site<U>,
        asks: Asks,
        submitted: &mut Submitted,
    ) -> Result<(Self, Secret), BadSubmission> {
        let names = [("username", asks.username()), ("email", asks.email())];
        let names = names.iter().filter(|(_, is_asked)| *is_asked);
        let own: Vec<_> = names.map(|(name, _)| *name).chain(["password"]).collect();
        let values = site.inner().registration_fields.take(&own, submitted)?;
        let email = submitted.take_name("email");
        let entered = Self {
            username: submitted.take_name("username"),
            address: email.parse().ok(),
            email,
            values,
        };
        Ok((entered, Secret::from(submitted.take("password"))))
    }

    /// Adds what is wrong with the address and with the app's own fields.
    pub(super) fn check<U: PageUser>(&self, site: &Site<U>, asks: Asks, errors: &mut FormErrors) {
        if self.address.is_none() && (asks.requires_email() || !self.email.is_empty()) {
            errors.add("email", Text::named("register-email-invalid"));
        }
        let fields = &site.inner().registration_fields;
        fields.check(&self.values, errors);
    }

    /// What a password must not be made of.
    pub(super) fn words(&self) -> Vec<&str> {
        let words = [&*self.username, &*self.email];
        words.into_iter().filter(|word| !word.is_empty()).collect()
    }

    /// The form with this in it.
    pub(super) fn form<U: PageUser>(&self, site: &Site<U>, asks: Asks) -> serde_json::Value {
        let inner = site.inner();
        let mut form = json!({
            "min_chars": inner.policy.min_chars,
            "fields": inner.registration_fields.form(&self.values),
        });
        if asks.username() {
            form["username"] = (*self.username).into();
        }
        if asks.email() {
            form["email"] = (*self.email).into();
            form["email_required"] = asks.requires_email().into();
        }
        form
    }
}
