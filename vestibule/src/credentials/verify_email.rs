//! Showing that a user reads mail at an address.

use data_encoding::HEXLOWER;
use tracing::Instrument;

use crate::credentials::reset_password::Link;
use crate::credentials::tokens::Purpose;
use crate::credentials::{Credentials, EmailChange, Proof};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::login::{Event, Login, Sender, User, UserId};
use crate::mail::Email;
use crate::password::Claimant;
use crate::session::Methods;

impl<U: User> Credentials<U> {
    /// Whether users have mail addresses that they can verify.
    pub(crate) fn has_emails(&self) -> bool {
        self.0.users.have_emails()
    }

    /// The address that a link was sent to and that the user has not verified yet.
    pub(crate) async fn pending_address(&self, user: &UserId) -> Result<Option<Email>> {
        let tokens = &self.mail_tokens()?.tokens;
        tokens.pending_address(Purpose::VerifyEmail, user).await
    }

    /// Uses up a link or a code: the address is verified, and is the user's from now on. `None` if
    /// the link no longer works.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn verify_email(
        &self,
        login: &Login<U>,
        link: Link<U>,
    ) -> Result<Option<EmailChange<U>>> {
        let (credentials, from, visit) = (self.clone(), login.sender(), login.visit().clone());
        let write = async move {
            let mail = credentials.mail_tokens()?;
            let connection = mail.tokens.database().connection();
            if !mail.tokens.redeem(&link.found, connection).await? {
                return Ok(None);
            }
            let change = credentials
                .set_verified(&link.user, &link.found.address, &from)
                .await?;
            if let EmailChange::Changed(user) = &change {
                // A link that was sent to the former address must not open the account.
                let id = user.id();
                mail.tokens
                    .end(&id, &[Purpose::ResetPassword], connection)
                    .await?;
                visit.emit_for(Event::EmailVerified, Some(id)).await;
            }
            Ok(Some(change))
        };
        // Runs in its own task, because a closed connection must not stop it half-way.
        let written = tokio::spawn(write.in_current_span()).await;
        written.map_err(Error::internal)?
    }

    pub(super) async fn set_verified(
        &self,
        user: &U,
        email: &Email,
        from: &Sender,
    ) -> Result<EmailChange<U>> {
        match self.0.users.by_email() {
            Some(users) => users.set_verified_email(user, email, from).await,
            None => Err(Error::config(
                "users have no mail addresses: give `Users::emails` an `EmailUsers`",
            )),
        }
    }

    /// As [`set_verified`](Self::set_verified), for a user who has shown it by another link. Leaves
    /// a verified address alone.
    pub(super) async fn note_verified(&self, user: &U, email: &Email, from: &Sender) -> Result<()> {
        if user.has_verified_email() || !self.has_emails() {
            return Ok(());
        }
        let _ = self.set_verified(user, email, from).await?;
        Ok(())
    }

    /// Uses up a link that takes back an address: it is the user's again, all their sessions end, and
    /// nobody knows their password any more. Returns a token for a new one; `None` if the link no
    /// longer works.
    ///
    /// # Errors
    /// When a store failed or the hashing queue is full.
    pub(crate) async fn undo_email(
        &self,
        login: &Login<U>,
        link: Link<U>,
    ) -> Result<Option<Secret>> {
        self.check_realm(login)?;
        let unknown =
            Secret::from(HEXLOWER.encode(&login.visit().settings().random.bytes::<32>()?));
        let claimant = Claimant {
            account: Some(link.found.user.as_str()),
            address: login.address(),
        };
        let hash = self.0.passwords.hash_for(&claimant, &unknown).await?;
        let (credentials, from) = (self.clone(), login.sender());
        let write = async move {
            let mail = credentials.mail_tokens()?;
            let connection = mail.tokens.database().connection();
            if !mail.tokens.redeem(&link.found, connection).await? {
                return Ok(None);
            }
            let Link { user, found } = link;
            let id = user.id();
            // First what locks the thief out.
            let epoch = credentials.epoch_of(&user).await?;
            let proof = Proof::new(user, epoch, Methods::MAIL_CODE);
            let Some(proof) = credentials.write_password(proof, &hash, &from).await? else {
                return Ok(None);
            };
            let change = credentials.set_verified(&proof.user, &found.address, &from);
            let EmailChange::Changed(user) = change.await? else {
                return Ok(None);
            };
            let pending = [Purpose::VerifyEmail, Purpose::ResetPassword];
            mail.tokens.end(&id, &pending, connection).await?;
            // A thief who changed the address twice has a link that undoes the second change.
            mail.tokens.end_since(&found, connection).await?;
            credentials
                .issue_reset(&user, &found.address)
                .await
                .map(Some)
        };
        // Runs in its own task, because a closed connection must not stop it half-way.
        let written = tokio::spawn(write.in_current_span()).await;
        written.map_err(Error::internal)?
    }

    /// A token for a new password, for a user who has just shown that they read mail at this
    /// address.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn issue_reset(&self, user: &U, address: &Email) -> Result<Secret> {
        let tokens = &self.mail_tokens()?.tokens;
        let (purpose, id) = (Purpose::ResetPassword, user.id());
        let of_user = (&id, self.epoch_of(user).await?);
        let connection = tokens.database().connection();
        let issued = tokens.issue(purpose, of_user, address, connection);
        Ok(issued.await?.token)
    }

    /// Ends a token.
    pub(crate) async fn end_token(&self, purpose: Purpose, token: &Secret) -> Result<()> {
        let tokens = &self.mail_tokens()?.tokens;
        if let Some(found) = tokens.find(purpose, token).await? {
            tokens
                .redeem(&found, tokens.database().connection())
                .await?;
        }
        Ok(())
    }
}
