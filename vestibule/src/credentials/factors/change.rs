//! Changing one's own factors.

use crate::credentials::factors::{FactorKind, FactorRemoval};
use crate::credentials::totp::{Addition, Enrolment};
use crate::credentials::{Activity, Credentials};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::login::{CurrentUser, Event, Login, User};

/// Whether an authenticator app was added.
#[derive(Debug)]
#[must_use]
pub(crate) enum AddedTotp {
    /// It was, with this id. `is_first` says whether it is the user's only factor.
    Added { id: String, is_first: bool },
    /// The code is wrong.
    WrongCode,
    /// The user has as many apps as they may.
    TooMany,
    /// The session has ended meanwhile.
    NoSession,
}

impl<U: User> Credentials<U> {
    /// Adds an authenticator app whose code is right for one of these secrets. The session has then
    /// shown this factor, under a new token. The first factor of a user logs them out everywhere
    /// else, because those browsers have shown none.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn add_totp(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
        name: &str,
        (offered, code): (&[Enrolment], &str),
    ) -> Result<AddedTotp> {
        let (factors, id) = (self.factors()?, user.id());
        if !login.is_still_logged_in().await? {
            return Ok(AddedTotp::NoSession);
        }
        let is_first = !factors.has_any(&id).await?;
        for enrolment in offered {
            match factors.totp.add(&id, name, enrolment, code).await? {
                Addition::WrongCode => {}
                Addition::TooMany => return Ok(AddedTotp::TooMany),
                Addition::Added(factor) => {
                    let app = (FactorKind::Totp, name);
                    self.factor_added(login, user, app, is_first).await?;
                    return Ok(AddedTotp::Added {
                        id: factor,
                        is_first,
                    });
                }
            }
        }
        Ok(AddedTotp::WrongCode)
    }

    /// What follows from a new factor, which the user has shown by adding it.
    pub(in crate::credentials) async fn factor_added(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
        (kind, name): (FactorKind, &str),
        is_first: bool,
    ) -> Result<()> {
        // A session that was confirmed elsewhere meanwhile shows the factor itself.
        let _confirmed = login.confirm_by(kind.method()).await?;
        self.end_trust(&user.id()).await?;
        self.cancel_factors_reset(login, user).await?;
        if is_first {
            login.log_out_elsewhere().await?;
        }
        let detail = detail(kind, name);
        let activity = Activity::FactorAdded(&detail);
        self.report_factor(login, user, Event::FactorAdded, activity)
            .await;
        Ok(())
    }

    /// Removes a factor of the user, and logs them out everywhere else: somebody may have what they
    /// lost. With the last factor, the recovery codes end. A user without a password keeps their
    /// last passkey.
    ///
    /// # Errors
    /// When a store failed.
    pub(crate) async fn remove_factor(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
        factor: &str,
    ) -> Result<FactorRemoval> {
        let (factors, id) = (self.factors()?, user.id());
        if !login.is_still_logged_in().await? {
            return Ok(FactorRemoval::NotFound);
        }
        self.cancel_factors_reset(login, user).await?;
        let keeps_passkey = !self.has_password(&id).await?;
        let removed = match factors.remove(&id, factor, keeps_passkey).await? {
            FactorRemoval::Removed(removed) => removed,
            FactorRemoval::NotFound => {
                login.report_not_theirs("own factor").await;
                return Ok(FactorRemoval::NotFound);
            }
            FactorRemoval::OnlyCredential => return Ok(FactorRemoval::OnlyCredential),
        };
        if !factors.has_any(&id).await? {
            let connection = factors.database.connection();
            factors.recovery_codes.forget(&id, connection).await?;
        }
        self.end_trust(&id).await?;
        login.log_out_elsewhere().await?;
        let detail = detail(removed.kind, &removed.name);
        let activity = Activity::FactorRemoved(&detail);
        self.report_factor(login, user, Event::FactorRemoved, activity)
            .await;
        Ok(FactorRemoval::Removed(removed))
    }

    /// A new set of recovery codes, for a user who has a factor. It ends the old set. `None` if the
    /// user has no factor or is no longer logged in.
    ///
    /// # Errors
    /// When a store or the operating system's generator failed.
    pub(crate) async fn renew_recovery_codes(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
    ) -> Result<Option<Vec<Secret>>> {
        let (factors, id) = (self.factors()?, user.id());
        if !login.is_still_logged_in().await? || !factors.has_any(&id).await? {
            return Ok(None);
        }
        let codes = factors.recovery_codes.renew(&id).await?;
        let (event, activity) = (Event::RecoveryCodesRenewed, Activity::RecoveryCodesRenewed);
        self.report_factor(login, user, event, activity).await;
        Ok(Some(codes))
    }

    /// Cancels a reset of the user's factors that is planned: they have shown one, so they have not lost
    /// them all. Returns whether one was planned.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn cancel_factors_reset(&self, login: &Login<U>, user: &U) -> Result<bool> {
        let Some(factors) = &self.0.factors else {
            return Ok(false);
        };
        if !factors.resets.remove(&user.id()).await? {
            return Ok(false);
        }
        let event = Event::FactorsResetCancelled;
        self.report_factor(login, user, event, Activity::FactorsResetCancelled)
            .await;
        Ok(true)
    }

    /// Emits the event of a change of factors, and notes it in the activity log. The change is made,
    /// so a failure is logged alone.
    pub(super) async fn report_factor(
        &self,
        login: &Login<U>,
        user: &U,
        event: Event,
        activity: Activity<'_>,
    ) {
        let id = user.id();
        if let Some(log) = self.0.users.log()
            && let Err(error) = log.note(user, activity, &login.sender()).await
        {
            let user = id.as_str();
            tracing::error!(?event, user, %error, "a change of factors is not in the log");
        }
        login.visit().emit_for(event, Some(id)).await;
    }
}

/// A factor, as in the activity log.
fn detail(kind: FactorKind, name: &str) -> String {
    format!("{}: {name}", kind.as_str())
}
