//! Showing a second factor by a code.

use crate::credentials::factors::FactorCode;
use crate::credentials::throttle::Permit;
use crate::credentials::{Activity, Check, Credentials, Proof, SecondFactor};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::login::pending::PendingLogin;
use crate::login::{CurrentUser, Event, Login, User};

impl<U: User> Credentials<U> {
    /// Checks a code at a log-in that needs a second factor, and uses the code up.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn check_factor(
        &self,
        login: &Login<U>,
        pending: PendingLogin<U>,
        code: &FactorCode,
    ) -> Result<Check<U>> {
        let tried = match self.try_factor(login, pending, code.method()).await? {
            SecondFactor::MayTry(tried) => tried,
            SecondFactor::Throttled(throttled) => return Ok(Check::Throttled(throttled)),
        };
        let user = tried.user().clone();
        if self.use_code(login, &user, code).await? {
            return Ok(Check::Proved(
                self.second_factor_shown(tried, code.method()),
            ));
        }
        self.note_failed(login, user.clone());
        Ok(Check::Wrong(Some(user.id())))
    }

    /// Checks a code of a user who is logged in, and uses the code up.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn check_own_factor(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
        code: &FactorCode,
    ) -> Result<Check<U>> {
        let id = user.id();
        let permit = match self.begin_factor_try(login, &id, code.method()).await? {
            Permit::Granted(of_factor) => match self.begin_own_try(login, user).await? {
                Permit::Granted(tried) => Ok((of_factor, tried)),
                Permit::Denied(throttled) => Err(throttled),
            },
            Permit::Denied(throttled) => Err(throttled),
        };
        let (mut of_factor, mut tried) = match permit {
            Ok(tries) => tries,
            Err(throttled) => {
                self.reject_try(login, Some(id)).await;
                return Ok(Check::Throttled(throttled));
            }
        };
        // Count as wrong, even if the client hangs up, until the code is right.
        (of_factor.is_wrong, tried.is_wrong) = (true, true);
        if self.use_code(login, user, code).await? {
            tried.is_wrong = false;
            self.0.throttle.factor_shown(&self.0.realm, &id);
            let mut proof = Proof::new(U::clone(user), self.epoch_of(user).await?, code.method());
            proof.tried = Some(Box::new(tried));
            return Ok(Check::Proved(proof));
        }
        self.note_failed(login, U::clone(user));
        Ok(Check::Wrong(Some(id)))
    }

    /// Uses up a code from a mail. It never replaces another factor, and a change of password or of
    /// address ends it.
    async fn use_mail_code(&self, user: &U, code: &str) -> Result<bool> {
        let id = user.id();
        if !self.0.mail_codes || self.has_factor(&id).await? {
            return Ok(false);
        }
        let tokens = &self.mail_tokens()?.tokens;
        let code = Secret::from(code.to_owned());
        let Some(found) = tokens.use_login_code(&id, &code).await? else {
            return Ok(false);
        };
        let owner = self.find_by_email(&found.address).await?;
        let is_owner = owner.is_some_and(|owner| owner.id() == id);
        Ok(is_owner && self.epoch_of(user).await? == found.epoch)
    }

    async fn use_code(&self, login: &Login<U>, user: &U, code: &FactorCode) -> Result<bool> {
        let (factors, id) = (self.factors()?, user.id());
        match code {
            FactorCode::Totp(code) => factors.totp.use_code(&id, code).await,
            FactorCode::Mail(code) => self.use_mail_code(user, code).await,
            FactorCode::Recovery(code) => {
                // They stand in for another factor.
                if !factors.has_any(&id).await?
                    || !factors.recovery_codes.use_code(&id, code).await?
                {
                    return Ok(false);
                }
                let (event, activity) = (Event::RecoveryCodeUsed, Activity::RecoveryCodeUsed);
                self.report_factor(login, user, event, activity).await;
                Ok(true)
            }
        }
    }
}
