//! Checking passkeys, and what follows from the visitor's pending log-in or session.

use serde_json::Value;

use super::ceremony::{Purpose, Taken};
use super::relying_party::{Rejected, Verification};
use super::response::{AuthenticationResponse, credential_id};
use super::row::passkey::Model;
use super::{NewPasskey, Passkey, RegistrationResponse};
use crate::credentials::throttle::Permit;
use crate::credentials::{Credentials, FactorKind, FactorTry, Proof, Throttled};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::login::pending::PendingLogin;
use crate::login::{CurrentUser, Event, Login, User, UserId};
use crate::session::Methods;

/// The outcome of checking a passkey.
#[must_use]
pub(crate) enum PasskeyCheck<U> {
    /// The user logs in: [`Credentials::proceed`] decides.
    LogIn(Proof<U>),
    /// The user who is logged in showed their passkey again: [`Credentials::confirm`].
    Confirm(Proof<U>),
    /// The passkey is wrong, for whatever reason. The user, if known, is only for the log.
    Wrong(Option<UserId>),
    /// The passkey was not checked.
    Throttled(Throttled),
}

/// How many times a passkey is checked if its row keeps changing.
const TRIES: usize = 3;

/// Who is to show a passkey, and what for.
enum Visitor<U> {
    /// Anybody.
    Unknown,
    /// The user of this pending log-in.
    Pending(Box<PendingLogin<U>>),
    /// The user who is logged in.
    LoggedIn(CurrentUser<U>),
}

impl<U: User> Credentials<U> {
    /// Adds a passkey to the account of the user who is logged in. The session has then shown it,
    /// under a new token. The first factor of a user logs them out everywhere else.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn add_passkey(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
        (response, name): (&RegistrationResponse, &str),
        browser: &Secret,
    ) -> Result<NewPasskey> {
        let id = user.id();
        if !login.is_still_logged_in().await? {
            return Ok(NewPasskey::Rejected);
        }
        let is_first = !self.has_factor(&id).await?;
        let has_password = self.has_password(&id).await?;
        let added = self
            .passkeys()?
            .finish_registration((&id, has_password), response, name, browser)
            .await?;
        if let NewPasskey::Added(passkey) = &added {
            let factor = (FactorKind::Passkey, &*passkey.name);
            self.factor_added(login, user, factor, is_first).await?;
        }
        Ok(added)
    }

    /// Begins a ceremony with which the visitor shows a passkey: as the second factor of their
    /// pending log-in, to confirm the log-in of their session, or, without either, to log in by the
    /// passkey alone. Returns the options for the browser, or how long a stranger must wait.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn begin_passkey(
        &self,
        login: &Login<U>,
        browser: &Secret,
    ) -> Result<std::result::Result<Value, Throttled>> {
        self.check_realm(login)?;
        let passkeys = self.passkeys()?;
        let (purpose, user) = match self.passkey_visitor(login).await? {
            Visitor::Unknown => {
                // Each takes a row, and a stranger may send any number.
                let now = login.visit().settings().clock.now();
                let throttle = &self.0.throttle;
                if let Some(wait) = throttle.begin_ceremony(login.address(), now).await? {
                    return Ok(Err(wait));
                }
                (Purpose::LogIn, None)
            }
            Visitor::Pending(pending) => (Purpose::SecondFactor, Some(pending.user().id())),
            Visitor::LoggedIn(user) => (Purpose::Confirm, Some(user.id())),
        };
        let allowed = match &user {
            Some(user) => passkeys.rows_of(user).await?,
            None => Vec::new(),
        };
        // A user without a passkey may still log in with one of another account.
        let (purpose, user, verification) = match user.filter(|_| !allowed.is_empty()) {
            Some(user) => (purpose, Some(user), Verification::Preferred),
            None => (Purpose::LogIn, None, Verification::Required),
        };
        let allowed: Vec<_> = allowed.into_iter().map(|row| row.credential).collect();
        let relying_party = &passkeys.0.relying_party;
        let begun = relying_party.begin_authentication(&allowed, verification)?;
        let begun = passkeys.begin(purpose, user.as_ref(), None, begun, browser);
        begun.await.map(Ok)
    }

    /// Checks a passkey, for the purpose for which its ceremony began.
    ///
    /// # Errors
    /// When a store or the throttle's counters failed.
    pub(crate) async fn check_passkey(
        &self,
        login: &Login<U>,
        response: &AuthenticationResponse,
        browser: &Secret,
    ) -> Result<PasskeyCheck<U>> {
        self.check_realm(login)?;
        let passkeys = self.passkeys()?;
        let credential_id = credential_id(&response.id, &response.raw_id, &response.kind);
        let row = match &credential_id {
            Some(id) => passkeys.find_by_credential(id).await?,
            None => None,
        };
        let owner = row.as_ref().map(|row| UserId::from(row.user_id.clone()));
        let visitor = self.passkey_visitor(login).await?;
        let permit = match &visitor {
            Visitor::LoggedIn(user) => self.begin_own_try(login, user).await?,
            Visitor::Unknown | Visitor::Pending(_) => {
                self.begin_passkey_try(login, owner.as_ref()).await?
            }
        };
        let mut tried = match permit {
            Permit::Granted(tried) => tried,
            Permit::Denied(throttled) => {
                self.reject_try(login, owner).await;
                return Ok(PasskeyCheck::Throttled(throttled));
            }
        };
        let purposes = [Purpose::LogIn, Purpose::SecondFactor, Purpose::Confirm];
        let client = &response.response.client_data_json;
        let taken = passkeys.take(client, browser, &purposes).await?;
        let (Some(taken), Some(row), Some(owner)) = (taken, row, owner) else {
            tried.is_wrong = true;
            return Ok(PasskeyCheck::Wrong(None));
        };
        let purpose = taken.purpose;
        let proof = self.show_passkey(login, (&taken, row), response).await?;
        let Some(mut proof) = proof else {
            tried.is_wrong = true;
            if let Some(user) = self.load(owner.clone()).await? {
                self.note_failed(login, user);
            }
            return Ok(PasskeyCheck::Wrong(Some(owner)));
        };
        Ok(match (purpose, visitor) {
            (Purpose::LogIn, _) => {
                proof.tried = Some(Box::new(tried));
                PasskeyCheck::LogIn(proof)
            }
            (Purpose::SecondFactor, Visitor::Pending(pending)) if pending.user().id() == owner => {
                let (pending, tried) = (*pending, Box::new(tried));
                let shown = FactorTry { pending, tried };
                PasskeyCheck::LogIn(self.second_factor_shown(shown, proof.methods))
            }
            (Purpose::Confirm, Visitor::LoggedIn(user)) if user.id() == owner => {
                proof.tried = Some(Box::new(tried));
                PasskeyCheck::Confirm(proof)
            }
            // The log-in that it was for has ended meanwhile.
            _ => {
                tried.is_wrong = true;
                PasskeyCheck::Wrong(Some(owner))
            }
        })
    }

    async fn passkey_visitor(&self, login: &Login<U>) -> Result<Visitor<U>> {
        if let Some(pending) = login.pending().await? {
            return Ok(Visitor::Pending(Box::new(pending)));
        }
        Ok(match login.current_user().await? {
            Some(user) => Visitor::LoggedIn(user),
            None => Visitor::Unknown,
        })
    }

    /// Checks the response with the passkey of this row. `None` if it is wrong.
    async fn show_passkey(
        &self,
        login: &Login<U>,
        (taken, mut row): (&Taken, Model),
        response: &AuthenticationResponse,
    ) -> Result<Option<Proof<U>>> {
        let passkeys = self.passkeys()?;
        let owner = UserId::from(row.user_id.clone());
        if taken.user.as_ref().is_some_and(|user| *user != owner) {
            return Ok(None);
        }
        // A user who was not known before is known by the handle.
        let handle = response.response.user_handle.as_deref();
        let is_handle_right = match handle.filter(|handle| !handle.is_empty()) {
            Some(handle) => handle == Passkey::from(row.clone()).user_handle(),
            None => taken.user.is_some(),
        };
        if !is_handle_right {
            return Ok(None);
        }
        let Some(user) = self.load(owner.clone()).await? else {
            return Ok(None);
        };
        // Before the check, so that a change in between ends this log-in too.
        let epoch = self.epoch_of(&user).await?;
        for _ in 0..TRIES {
            let shown = passkeys.0.relying_party.finish_authentication(
                &taken.state,
                response,
                &row.credential,
            )?;
            let shown = match shown {
                Ok(shown) => shown,
                Err(rejected) => {
                    let passkey = &row.id;
                    tracing::info!(user = owner.as_str(), passkey, %rejected, "a passkey was rejected");
                    if rejected == Rejected::CounterWentBack {
                        let event = Event::PasskeyCloneSuspected;
                        login.visit().emit_for(event, Some(owner)).await;
                    }
                    return Ok(None);
                }
            };
            if passkeys
                .note_use(&row, shown.credential, shown.is_synced)
                .await?
            {
                let methods = match shown.is_verified {
                    true => Methods::VERIFIED_PASSKEY,
                    false => Methods::PASSKEY,
                };
                return Ok(Some(Proof::new(user, epoch, methods)));
            }
            // Used or removed at the same moment. The counter may have grown.
            match passkeys.find(&owner, &row.id).await? {
                Some(now) => row = now,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Counts a try at a passkey, if it is wrong, for the browser or else for its network alone: a
    /// passkey cannot be guessed, so no account needs to wait for it, and nobody can block one.
    async fn begin_passkey_try(&self, login: &Login<U>, owner: Option<&UserId>) -> Result<Permit> {
        let devices = match owner {
            Some(owner) => self.known_devices(login, owner),
            None => Vec::new(),
        };
        let now = login.visit().settings().clock.now();
        let (throttle, from) = (&self.0.throttle, login.address());
        throttle.begin_passkey(from, &devices, now).await
    }
}

impl<U> std::fmt::Debug for PasskeyCheck<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasskeyCheck")
    }
}
