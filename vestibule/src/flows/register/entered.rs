//! What the registration form asks for, and what a visitor entered.

use serde_json::json;

use super::invitation::Invited;
use crate::credentials::{LoginName, Username};
use crate::error::Error;
use crate::flows::Site;
use crate::flows::form::FormErrors;
use crate::flows::registration_fields::RegistrationValues;
use crate::flows::submitted::{BadSubmission, Submitted};
use crate::login::{Next, PageUser};
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
    /// Nothing: the name is the address of the invitation.
    Nothing,
}

impl Asks {
    fn of<U: PageUser>(site: &Site<U>, is_invited: bool) -> Self {
        if site.path("verify_email").is_none() {
            return Self::Username;
        }
        match site.inner().log_in_with {
            LoginName::Username => Self::UsernameMaybeEmail,
            // The account gets the address of the invitation, unless there is another one.
            LoginName::Either if is_invited => Self::UsernameMaybeEmail,
            LoginName::Either => Self::UsernameAndEmail,
            LoginName::Email if is_invited => Self::Nothing,
            LoginName::Email if site.inner().accounts.is_some() => Self::Email,
            // The names in a table of the app's own are the addresses.
            LoginName::Email => Self::Username,
        }
    }

    pub(super) fn username(self) -> bool {
        !matches!(self, Self::Email | Self::Nothing)
    }

    fn email(self) -> bool {
        !matches!(self, Self::Username | Self::Nothing)
    }

    fn requires_email(self) -> bool {
        matches!(self, Self::UsernameAndEmail | Self::Email)
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
    /// The invitation that the visitor has.
    pub(super) invited: Option<Invited>,
    /// The page they were going to.
    pub(super) next: Next,
}

impl Entered {
    /// Nothing, by a visitor who may have an invitation.
    pub(super) fn nothing(invited: Option<Invited>, next: Next) -> Self {
        Self {
            invited,
            next,
            ..Self::default()
        }
    }

    /// Takes what was submitted, besides the fields of the credential, which have these names.
    pub(super) fn take<U: PageUser>(
        site: &Site<U>,
        invited: Option<Invited>,
        submitted: &mut Submitted,
        of_credential: &[&'static str],
    ) -> Result<Self, BadSubmission> {
        let asks = Asks::of(site, invited.is_some());
        let names = [("username", asks.username()), ("email", asks.email())];
        let names = names.iter().filter(|(_, is_asked)| *is_asked);
        let own: Vec<_> = names
            .map(|(name, _)| *name)
            .chain(["next"])
            .chain(of_credential.iter().copied())
            .collect();
        let values = site.inner().registration_fields.take(&own, submitted)?;
        let email = submitted.take_name("email");
        Ok(Self {
            username: submitted.take_name("username"),
            address: email.parse().ok(),
            email,
            values,
            invited,
            next: site.destination(submitted.take("next")),
        })
    }

    /// What the form asks this visitor for.
    pub(super) fn asks<U: PageUser>(&self, site: &Site<U>) -> Asks {
        Asks::of(site, self.invited.is_some())
    }

    /// The address that the visitor has yet to verify. They have shown that they read mail at the
    /// one of their invitation.
    pub(super) fn to_verify(&self) -> Option<&Email> {
        let invited = self.invited.as_ref().map(Invited::address);
        let address = self.address.as_ref();
        address.filter(|address| Some(*address) != invited)
    }

    /// The username, if the form asks for one.
    ///
    /// # Errors
    /// When it was not checked before.
    pub(super) fn new_username<U: PageUser>(
        &self,
        site: &Site<U>,
    ) -> crate::Result<Option<Username>> {
        let is_asked = self.asks(site).username();
        let username = is_asked.then(|| self.username.parse()).transpose();
        username.map_err(Error::config)
    }

    /// Adds what is wrong with the username.
    pub(super) fn check_username<U: PageUser>(
        &self,
        site: &Site<U>,
        errors: &mut FormErrors,
    ) -> crate::Result<()> {
        if !self.asks(site).username() {
            return Ok(());
        }
        if let Some(objection) = site.objection_to(&self.username)? {
            errors.add("username", objection);
        }
        if site.inner().reserved_names.contains(&self.username) {
            errors.add("username", Text::named("register-username-reserved"));
        }
        Ok(())
    }

    /// Adds what is wrong with the address and with the app's own fields.
    pub(super) fn check<U: PageUser>(&self, site: &Site<U>, errors: &mut FormErrors) {
        let asks = self.asks(site);
        if self.address.is_none() && (asks.requires_email() || !self.email.is_empty()) {
            errors.add("email", Text::named("register-email-invalid"));
        }
        let fields = &site.inner().registration_fields;
        fields.check(&self.values, errors);
    }

    /// What a password must not be made of.
    pub(super) fn words(&self) -> Vec<&str> {
        let invited = self.invited.as_ref().map(|one| one.address().as_str());
        let words = [&*self.username, &*self.email, invited.unwrap_or_default()];
        words.into_iter().filter(|word| !word.is_empty()).collect()
    }

    /// The form with this in it.
    pub(super) fn form<U: PageUser>(&self, site: &Site<U>) -> serde_json::Value {
        let (inner, asks) = (site.inner(), self.asks(site));
        let mut form = json!({
            "min_chars": inner.policy.min_chars,
            "next": self.next.path(),
            "fields": inner.registration_fields.form(&self.values),
        });
        if site.path("register_passkey").is_some() && asks != Asks::Email {
            form["by_passkey"] = true.into();
        }
        if asks.username() {
            form["username"] = (*self.username).into();
        }
        if asks.email() {
            form["email"] = (*self.email).into();
            form["email_required"] = asks.requires_email().into();
        }
        if let Some(invited) = &self.invited {
            form["invited"] = invited.address().as_str().into();
        }
        form
    }
}
