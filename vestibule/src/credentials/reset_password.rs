//! Choosing a new password with a link from a mail.

use tracing::Instrument;

use crate::credentials::throttle::Permit;
use crate::credentials::tokens::{Found, Issued, Purpose};
use crate::credentials::{Activity, Credentials, Proof, Throttled};
use crate::crypto::secret::Secret;
use crate::database::retried;
use crate::error::{Error, Result};
use crate::login::{Event, Login, Sender, User, UserId, may_log_in};
use crate::mail::Email;
use crate::mail::outbox::Letter;
use crate::password::Claimant;
use crate::session::Methods;

/// A link from a mail that works, and whose it is.
#[derive(Debug)]
pub(crate) struct Link<U> {
    pub(crate) user: U,
    pub(crate) found: Found,
}

impl<U> Link<U> {
    /// The address that the link was sent to.
    pub(crate) fn address(&self) -> &Email {
        &self.found.address
    }
}

/// What a link or a code from a mail is.
#[derive(Debug)]
pub(crate) enum LinkCheck<U> {
    Works(Box<Link<U>>),
    /// It was used, has expired, was replaced, or never existed.
    Dead,
    Throttled(Throttled),
}

/// What a token from a mail stands for.
#[derive(Debug)]
pub(crate) enum TokenTry<T> {
    Works(T),
    Wrong,
    Throttled(Throttled),
}

impl<U: User> Credentials<U> {
    /// Counts a request that sends a mail, before any other step of it.
    pub(crate) async fn begin_mail(&self, login: &Login<U>) -> Result<Option<Throttled>> {
        let now = login.visit().settings().clock.now();
        self.0.throttle.begin_mail(login.address(), now).await
    }

    /// The user with this mail address.
    pub(crate) async fn find_by_email(&self, email: &Email) -> Result<Option<U>> {
        match self.0.users.by_email() {
            Some(users) => users.find_by_email(email).await,
            None => Ok(None),
        }
    }

    /// The user with this name.
    pub(crate) async fn find_by_name(&self, typed: &str) -> Result<Option<U>> {
        let found = self.0.users.table().find_with_hash(typed).await?;
        Ok(found.map(|(user, _)| user))
    }

    /// Issues a token for this user and address, and puts the mail with it into the outbox: both
    /// or neither. Returns the token; none if the limits did not let the mail pass.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn mail_token(
        &self,
        purpose: Purpose,
        user: &U,
        address: &Email,
        letter: impl Fn(&Issued) -> Letter + Sync,
    ) -> Result<Option<Issued>> {
        let mail = self.mail_tokens()?;
        let (id, epoch) = (user.id(), self.epoch_of(user).await?);
        let attempt = || async {
            let transaction = mail.tokens.database().connection().begin().await;
            let transaction = transaction.map_err(Error::from_db)?;
            let issued = mail
                .tokens
                .issue(purpose, (&id, epoch), address, &transaction)
                .await?;
            let letter = letter(&issued).lasting(purpose.lasts());
            if !mail.outbox.put_in(&letter, &transaction).await? {
                // The older link still works.
                transaction.rollback().await.map_err(Error::from_db)?;
                return Ok(None);
            }
            transaction.commit().await.map_err(Error::from_db)?;
            Ok(Some(issued))
        };
        let issued = retried(attempt).await?;
        mail.outbox.wake();
        Ok(issued)
    }

    /// Notes in the user's log that somebody asked for a link.
    pub(crate) async fn note_reset_requested(&self, user: &U, from: &Sender) -> Result<()> {
        match self.0.users.log() {
            Some(log) => log.note(user, Activity::ResetRequested, from).await,
            None => Ok(()),
        }
    }

    /// Checks a link for a new password, and does not use it up.
    pub(crate) async fn check_reset_link(
        &self,
        login: &Login<U>,
        token: &Secret,
    ) -> Result<LinkCheck<U>> {
        let check = self
            .check_link(login, Purpose::ResetPassword, token)
            .await?;
        let LinkCheck::Works(link) = check else {
            return Ok(check);
        };
        // A change of password or of address ends it.
        let is_same = self.epoch_of(&link.user).await? == link.found.epoch;
        let owner = self.find_by_email(&link.found.address).await?;
        let is_owner = owner.is_some_and(|owner| owner.id() == link.user.id());
        Ok(match is_same && is_owner && may_log_in(&link.user) {
            true => LinkCheck::Works(link),
            false => LinkCheck::Dead,
        })
    }

    /// Checks a link, and does not use it up. One that does not work counts for the network.
    pub(crate) async fn check_link(
        &self,
        login: &Login<U>,
        purpose: Purpose,
        token: &Secret,
    ) -> Result<LinkCheck<U>> {
        let find = self.mail_tokens()?.tokens.find(purpose, token);
        self.check_found(login, find).await
    }

    /// As [`check_link`](Self::check_link), for a code that the current user has typed.
    pub(crate) async fn check_code(
        &self,
        login: &Login<U>,
        purpose: Purpose,
        user: &UserId,
        code: &Secret,
    ) -> Result<LinkCheck<U>> {
        let find = self.mail_tokens()?.tokens.find_by_code(purpose, user, code);
        self.check_found(login, find).await
    }

    async fn check_found(
        &self,
        login: &Login<U>,
        find: impl Future<Output = Result<Option<Found>>>,
    ) -> Result<LinkCheck<U>> {
        let find = async {
            let Some(found) = find.await? else {
                return Ok(None);
            };
            let user = self.0.users.table().load(found.user.clone()).await?;
            Ok(user.map(|user| Box::new(Link { user, found })))
        };
        Ok(match self.try_token(login, find).await? {
            TokenTry::Works(link) => LinkCheck::Works(link),
            TokenTry::Wrong => LinkCheck::Dead,
            TokenTry::Throttled(throttled) => LinkCheck::Throttled(throttled),
        })
    }

    /// Looks for what a token from a mail stands for. A token that stands for nothing counts for the
    /// network.
    pub(crate) async fn try_token<T>(
        &self,
        login: &Login<U>,
        find: impl Future<Output = Result<Option<T>>>,
    ) -> Result<TokenTry<T>> {
        let now = login.visit().settings().clock.now();
        let throttle = &self.0.throttle;
        let mut tried = match throttle.begin_token(login.address(), now).await? {
            Permit::Granted(tried) => tried,
            Permit::Denied(throttled) => {
                throttle.give_way().await;
                return Ok(TokenTry::Throttled(throttled));
            }
        };
        match find.await? {
            Some(found) => Ok(TokenTry::Works(found)),
            None => {
                tried.is_wrong = true;
                Ok(TokenTry::Wrong)
            }
        }
    }

    /// Uses up a link for a new password: writes the password, and ends all sessions, remembered
    /// logins and other links of the user. Nobody is logged in. Returns whether the link still
    /// worked. Does not check the password: the policy does.
    ///
    /// # Errors
    /// When a store failed or the hashing queue is full. The link still works, unless the users
    /// table failed while the password was written.
    pub(crate) async fn reset_password(
        &self,
        login: &Login<U>,
        link: Link<U>,
        password: &Secret,
    ) -> Result<bool> {
        self.check_realm(login)?;
        let id = link.user.id();
        let claimant = Claimant {
            account: Some(id.as_str()),
            address: login.address(),
        };
        let hash = self.0.passwords.hash_for(&claimant, password).await?;
        let (credentials, from, visit) = (self.clone(), login.sender(), login.visit().clone());
        let write = async move {
            let mail = credentials.mail_tokens()?;
            let connection = mail.tokens.database().connection();
            if !mail.tokens.redeem(&link.found, connection).await? {
                return Ok(false);
            }
            let Link { user, found } = link;
            let proof = Proof::new(user, found.epoch, Methods::MAIL_CODE);
            let Some(proof) = credentials.write_password(proof, &hash, &from).await? else {
                return Ok(false);
            };
            visit
                .emit_for(Event::PasswordChanged, Some(id.clone()))
                .await;
            mail.tokens
                .end(&id, &[Purpose::ResetPassword], connection)
                .await?;
            // A visitor with this link reads mail at the address.
            credentials
                .note_verified(&proof.user, &found.address, &from)
                .await?;
            Ok(true)
        };
        // Runs in its own task, because a closed connection must not stop the mail to the user.
        let written = tokio::spawn(write.in_current_span()).await;
        written.map_err(Error::internal)?
    }

    /// Ends the links for a new password of a user who has logged in, after the response.
    pub(super) fn end_reset_links(&self, id: UserId) {
        let Some(mail) = self.0.mail.clone() else {
            return;
        };
        self.after_response(async move {
            let connection = mail.tokens.database().connection();
            let ended = mail
                .tokens
                .end(&id, &[Purpose::ResetPassword], connection)
                .await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a link for a new password still works after a log-in");
            }
        });
    }
}
