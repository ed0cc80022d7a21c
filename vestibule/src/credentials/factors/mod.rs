//! The second factors that Vestibule keeps: which a user has, and whether one was shown.
//!
//! Each kind has its own folder and table: [`totp`](crate::credentials::totp),
//! [`recovery_codes`](crate::credentials::recovery_codes),
//! [`trusted_browsers`](crate::credentials::trusted_browsers), `passkeys`. A recovery code stands in
//! for another factor, and a user who has nothing else has no factor.

mod change;
mod code;
pub(super) mod kinds;
mod show;
mod trust;

pub(crate) use change::AddedTotp;
pub(crate) use code::FactorCode;

use sea_orm::ConnectionTrait;

use crate::clock::{Clock, Timestamp};
use crate::credentials::Credentials;
use crate::credentials::factor_resets::{CREATE_FACTOR_RESETS, FactorResets};
#[cfg(feature = "passkeys")]
use crate::credentials::passkeys::{PasskeyRemoval, Passkeys};
use crate::credentials::recovery_codes::{CREATE_RECOVERY_CODES, RecoveryCodes};
use crate::credentials::totp::{CREATE_TOTP_APPS, TotpApps};
use crate::credentials::trusted_browsers::{CREATE_TRUSTED_BROWSERS, TrustedBrowsers};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::database::{Database, Migrations};
use crate::error::{Error, Result};
use crate::login::{CurrentUser, User, UserId};
use crate::session::Methods;

/// The migrations of the tables of second factors, for
/// [`Database::migrate`](crate::database::Database::migrate). A [`Site`](crate::flows::Site) runs
/// them itself.
pub const FACTOR_MIGRATIONS: Migrations = Migrations {
    owner: "factors",
    steps: &[
        CREATE_TOTP_APPS,
        CREATE_RECOVERY_CODES,
        CREATE_TRUSTED_BROWSERS,
        CREATE_FACTOR_RESETS,
    ],
};

/// The second factors of a site's users. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Factors {
    database: Database,
    pub(crate) totp: TotpApps,
    pub(crate) recovery_codes: RecoveryCodes,
    pub(crate) trusted_browsers: TrustedBrowsers,
    pub(crate) resets: FactorResets,
    #[cfg(feature = "passkeys")]
    passkeys: Option<Passkeys>,
}

/// A second factor of a user, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Factor {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: FactorKind,
    /// The name that the user has given it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used at a log-in; `None` if it never was.
    pub last_used_at: Option<Timestamp>,
}

/// The kinds of second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactorKind {
    /// An authenticator app.
    Totp,
    /// A passkey.
    Passkey,
}

/// The outcome of removing a factor.
#[derive(Debug)]
#[must_use]
pub(crate) enum FactorRemoval {
    Removed(Factor),
    /// Nothing happened: the user has no such factor, or is no longer logged in.
    NotFound,
    /// Nothing happened: it is the only passkey of a user who has no password.
    OnlyCredential,
}

impl FactorKind {
    /// Its name in JSON and in the security log: `totp` or `passkey`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    /// The method that it proves.
    fn method(self) -> Methods {
        match self {
            Self::Totp => Methods::TOTP,
            Self::Passkey => Methods::PASSKEY,
        }
    }
}

impl Factors {
    /// The factors of the users in this realm.
    pub(crate) fn new(
        database: &Database,
        realm: &str,
        key: &SecretKey,
        clock: &Clock,
        random: &Random,
    ) -> Self {
        let (clock, random) = (|| clock.clone(), || random.clone());
        Self {
            database: database.clone(),
            totp: TotpApps::new(database.clone(), realm, key, clock(), random()),
            recovery_codes: RecoveryCodes::new(database.clone(), realm, clock(), random()),
            trusted_browsers: TrustedBrowsers::new(database.clone(), realm, clock(), random()),
            resets: FactorResets::new(database.clone(), realm),
            #[cfg(feature = "passkeys")]
            passkeys: None,
        }
    }

    /// Keeps passkeys too.
    #[cfg(feature = "passkeys")]
    pub(crate) fn passkeys(mut self, passkeys: Passkeys) -> Self {
        self.passkeys = Some(passkeys);
        self
    }

    /// The factors of a user, the oldest first. Recovery codes are none.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn list(&self, user: &UserId) -> Result<Vec<Factor>> {
        #[cfg_attr(
            not(feature = "passkeys"),
            allow(unused_mut, reason = "it has no passkeys")
        )]
        let mut factors = self.totp.list(user).await?;
        #[cfg(feature = "passkeys")]
        if let Some(passkeys) = &self.passkeys {
            let passkeys = passkeys.list(user).await?;
            factors.extend(passkeys.into_iter().map(Factor::from));
            factors.sort_by_key(|factor| factor.created_at);
        }
        Ok(factors)
    }

    /// Whether a user has a factor.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn has_any(&self, user: &UserId) -> Result<bool> {
        Ok(self.kinds(user).await?.has_factor())
    }

    /// Removes a factor. With `keeps_passkey`, does not remove the only passkey of the user.
    ///
    /// # Errors
    /// When the database failed.
    async fn remove(&self, user: &UserId, id: &str, keeps_passkey: bool) -> Result<FactorRemoval> {
        let factors = self.list(user).await?;
        let Some(factor) = factors.into_iter().find(|factor| factor.id == id) else {
            return Ok(FactorRemoval::NotFound);
        };
        let is_removed = match factor.kind {
            FactorKind::Totp => self.totp.remove(user, id).await?.is_some(),
            #[cfg(feature = "passkeys")]
            FactorKind::Passkey => match &self.passkeys {
                Some(passkeys) => match passkeys.remove(user, id, keeps_passkey).await? {
                    PasskeyRemoval::Removed => true,
                    PasskeyRemoval::NotFound => false,
                    PasskeyRemoval::IsOnlyOne => return Ok(FactorRemoval::OnlyCredential),
                },
                None => false,
            },
            #[cfg(not(feature = "passkeys"))]
            FactorKind::Passkey => {
                let _ = keeps_passkey;
                false
            }
        };
        Ok(match is_removed {
            true => FactorRemoval::Removed(factor),
            false => FactorRemoval::NotFound,
        })
    }

    /// Removes all factors of a user, the recovery codes and the trusted browsers. Returns the number
    /// of factors.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(&self, user: &UserId) -> Result<u64> {
        self.forget_in(user, self.database.connection()).await
    }

    /// As [`forget`](Self::forget), as a part of a transaction.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget_in(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<u64> {
        #[cfg_attr(
            not(feature = "passkeys"),
            allow(unused_mut, reason = "it has no passkeys")
        )]
        let mut removed = self.totp.forget(user, connection).await?;
        #[cfg(feature = "passkeys")]
        if let Some(passkeys) = &self.passkeys {
            removed += passkeys.forget(user, connection).await?;
        }
        self.recovery_codes.forget(user, connection).await?;
        self.trusted_browsers.forget(user, connection).await?;
        self.resets.remove_in(user, connection).await?;
        Ok(removed)
    }
}

impl<U: User> Credentials<U> {
    /// Keeps second factors.
    pub(crate) fn with_factors(mut self, factors: Factors) -> Self {
        self.settings().factors = Some(factors);
        self
    }

    /// The second factors that the site keeps.
    ///
    /// # Errors
    /// When it keeps none ([`Error::is_config`]).
    pub(crate) fn factors(&self) -> Result<&Factors> {
        let factors = self.0.factors.as_ref();
        factors.ok_or_else(|| Error::config("only the credentials of a `Site` keep second factors"))
    }

    /// The passkeys.
    ///
    /// # Errors
    /// When the site has none ([`Error::is_config`]).
    #[cfg(feature = "passkeys")]
    pub(crate) fn passkeys(&self) -> Result<&Passkeys> {
        let passkeys = self.factors()?.passkeys.as_ref();
        passkeys.ok_or_else(|| Error::config("this site has no passkeys"))
    }

    /// The methods by which a user can show a second factor, the last used first. Empty if they
    /// have none that the site keeps.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn factor_methods(&self, user: &UserId) -> Result<Vec<Methods>> {
        let Some(factors) = &self.0.factors else {
            return Ok(Vec::new());
        };
        Ok(factors.kinds(user).await?.methods())
    }

    /// The methods by which the user of a pending log-in can complete it: their second factors, or a
    /// code from a mail if they have none.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn pending_methods(&self, user: &UserId) -> Result<Vec<Methods>> {
        let methods = self.factor_methods(user).await?;
        if !methods.is_empty() || !self.0.mail_codes {
            return Ok(methods);
        }
        let user = self.load(user.clone()).await?;
        let may_get_one = user.is_some_and(|user| user.has_verified_email());
        Ok(match may_get_one {
            true => vec![Methods::MAIL_CODE],
            false => methods,
        })
    }

    /// Whether a user has a second factor that the site keeps.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn has_factor(&self, user: &UserId) -> Result<bool> {
        match &self.0.factors {
            Some(factors) => factors.has_any(user).await,
            None => Ok(false),
        }
    }
}

/// Whether the user has shown two factors in this session, and a second factor just now. A change
/// of factors needs that: a password alone must not remove what protects against its theft.
pub(crate) fn has_just_shown_factor<U: User>(user: &CurrentUser<U>) -> bool {
    let last = user.session().map(|session| session.confirmed_by);
    user.is_fresh()
        && user.methods().has_second_factor()
        && last.is_some_and(Methods::shows_possession)
}
