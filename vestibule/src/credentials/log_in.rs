//! Every log-in: from a proof to the next step.

use crate::credentials::{Credentials, FactorTry, Proof};
use crate::error::Result;
use crate::login::pending::PendingLogin;
use crate::login::visit::LogInOptions;
use crate::login::{ConfirmOutcome, Event, Login, Next, User};
use crate::session::Methods;

/// The next step after a proof.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Step<U> {
    /// The user is logged in.
    LoggedIn {
        /// The user.
        user: U,
        /// The page they were going to.
        next: Next,
    },
    /// The user must show a second factor. Until then they are not logged in, and this browser has
    /// a [`PendingLogin`].
    SecondFactor,
    /// The user is not active, and nothing happened. Answer as for a wrong credential.
    Inactive,
    /// The user has the maximum number of sessions, and nothing happened.
    TooManySessions,
    /// The pending log-in was used, was ended or has expired meanwhile, and nothing happened. The
    /// visitor must begin again.
    Expired,
}

impl<U: User> Credentials<U> {
    /// Uses up a proof: logs the user in, or returns what else is needed.
    ///
    /// # Errors
    /// When a store failed, or the response has begun
    /// ([`Error::is_config`](crate::Error::is_config)).
    pub async fn proceed(&self, login: &Login<U>, mut proof: Proof<U>) -> Result<Step<U>> {
        self.check_realm(login)?;
        let (id, tried) = (proof.user.id(), proof.tried.take());
        let step = self.step(login, proof).await;
        self.settle(login, &id, tried, &step);
        step
    }

    async fn step(&self, login: &Login<U>, proof: Proof<U>) -> Result<Step<U>> {
        let (visit, headers) = (login.visit(), login.headers());
        let Proof {
            user,
            epoch,
            methods,
            intent,
            pending,
            continued,
            tried: _,
        } = proof;
        if !user.is_active() && !user.is_closed() {
            visit.emit_for(Event::Inactive, Some(user.id())).await;
            return Ok(Step::Inactive);
        }
        let so_far = pending
            .as_ref()
            .map_or(Methods::NONE, |pending| pending.methods());
        let mut methods = so_far | methods;
        #[cfg(feature = "sql")]
        if methods.shows_possession() {
            self.cancel_factors_reset(login, &user).await?;
        }
        if continued.is_none()
            && self
                .needs_second_factor(login, (&user, epoch), &mut methods)
                .await?
        {
            // Another factor is still needed. This pending log-in is used up, and the next one ends
            // at the same time.
            if let Some(pending) = &pending
                && !visit.use_pending(pending).await?
            {
                return Ok(Step::Expired);
            }
            let until = pending.as_ref().map(PendingLogin::expires_at);
            visit
                .begin_pending(&user, epoch, methods, &intent, until, headers)
                .await?;
            return Ok(Step::SecondFactor);
        }
        if let Some(pending) = &pending {
            if !visit.has_room_for(&user, epoch).await? {
                visit.emit_too_many(user.id()).await;
                return Ok(Step::TooManySessions);
            }
            if !visit.use_pending(pending).await? {
                return Ok(Step::Expired);
            }
        }
        let user = match user.is_closed() {
            false => user,
            true => match self.reopen(login, &user).await? {
                Some(user) => user,
                None => return Ok(Step::Inactive),
            },
        };
        let remember_for = visit.settings().sessions.remember.duration;
        let options = LogInOptions {
            remember: intent.remember.then_some(remember_for),
            is_fresh: true,
            methods: Some(methods),
            continued,
            epoch: Some(epoch),
        };
        let has_begun = visit.log_in(&user, options, headers).await?;
        let next = intent.next;
        #[cfg(feature = "sql")]
        if has_begun {
            self.end_reset_links(user.id());
        }
        Ok(match has_begun {
            true => Step::LoggedIn { user, next },
            false => Step::TooManySessions,
        })
    }

    /// Opens a closed account again, because its user has shown all factors.
    async fn reopen(&self, login: &Login<U>, user: &U) -> Result<Option<U>> {
        let visit = login.visit();
        let reopened = self.0.users.table().reopen(user, &login.sender()).await?;
        let event = match reopened {
            Some(_) => Event::AccountReopened,
            None => Event::Inactive,
        };
        visit.emit_for(event, Some(user.id())).await;
        Ok(reopened)
    }

    /// Makes a proof that the user of a pending log-in has shown a second factor, by these methods.
    /// Does not check the factor: do that first, after
    /// [`try_second_factor`](Self::try_second_factor).
    ///
    /// ```no_run
    /// # use vestibule::accounts::Account;
    /// # use vestibule::credentials::{Credentials, SecondFactor, Step};
    /// # use vestibule::session::Methods;
    /// # use vestibule::{Error, Login};
    /// # fn is_right(_: &Account, _: &str) -> bool { false }
    /// async fn code(
    ///     credentials: Credentials<Account>,
    ///     login: Login<Account>,
    ///     code: String,
    /// ) -> Result<bool, Error> {
    ///     let Some(pending) = login.pending().await? else {
    ///         return Ok(false);
    ///     };
    ///     let SecondFactor::MayTry(tried) = credentials.try_second_factor(&login, pending).await?
    ///     else {
    ///         return Ok(false);
    ///     };
    ///     if !is_right(tried.user(), &code) {
    ///         return Ok(false);
    ///     }
    ///     let proof = credentials.second_factor_shown(tried, Methods::OTHER);
    ///     Ok(matches!(credentials.proceed(&login, proof).await?, Step::LoggedIn { .. }))
    /// }
    /// ```
    pub fn second_factor_shown(&self, tried: FactorTry<U>, methods: Methods) -> Proof<U> {
        let FactorTry { pending, mut tried } = tried;
        tried.is_wrong = false;
        self.0
            .throttle
            .factor_shown(&self.0.realm, &pending.user().id());
        Proof {
            user: pending.user().clone(),
            epoch: pending.epoch(),
            methods,
            intent: pending.intent().clone(),
            pending: Some(pending),
            continued: None,
            tried: Some(tried),
        }
    }

    /// Uses up a proof to make the log-in of this session fresh again, under a new token. A proof
    /// of a user other than the logged-in one confirms nothing.
    ///
    /// # Errors
    /// As [`proceed`](Self::proceed).
    pub async fn confirm(&self, login: &Login<U>, mut proof: Proof<U>) -> Result<ConfirmOutcome> {
        if let Some(tried) = proof.tried.take() {
            self.0.throttle.confirmed(*tried);
        }
        let current = login.current_user().await?;
        if current.is_none_or(|current| current.id() != proof.user.id()) {
            return Ok(ConfirmOutcome::NoSession);
        }
        #[cfg(feature = "sql")]
        if proof.methods.shows_possession() {
            self.cancel_factors_reset(login, &proof.user).await?;
        }
        login.confirm_by(proof.methods).await
    }

    /// Whether a user without a second factor must enter a code from a mail.
    #[cfg(feature = "sql")]
    fn needs_mail_code(&self, user: &U, methods: Methods) -> bool {
        self.0.mail_codes && user.has_verified_email() && !methods.contains(Methods::MAIL_CODE)
    }

    /// Whether the user must show another factor. A browser that they trust is noted in `methods`.
    async fn needs_second_factor(
        &self,
        login: &Login<U>,
        (user, epoch): (&U, i64),
        methods: &mut Methods,
    ) -> Result<bool> {
        if methods.has_second_factor() {
            return Ok(false);
        }
        #[cfg(feature = "sql")]
        {
            let has_factor = self.has_factor(&user.id()).await?;
            if has_factor || self.needs_mail_code(user, *methods) {
                if !self.is_trusted(login, user, epoch).await? {
                    return Ok(true);
                }
                // In place of a mail code, it stands for no second factor.
                if has_factor {
                    *methods |= Methods::TRUSTED_BROWSER;
                }
            }
        }
        #[cfg(not(feature = "sql"))]
        let _ = (login, epoch);
        match &self.0.second_factor {
            Some(needs) => needs(user.clone()).await,
            None => Ok(false),
        }
    }
}
