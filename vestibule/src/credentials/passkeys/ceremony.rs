//! Ceremonies: from the options to the response, once.

use data_encoding::HEXLOWER;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};
use serde_json::Value;
use uuid::Uuid;

use super::relying_party::Begun;
use super::response::ClientData;
use super::row::ceremony::{ActiveModel, Column, Entity};
use super::{CEREMONY_LASTS, Passkeys};
use crate::crypto::digest::sha256_in;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::login::UserId;

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Add a passkey to the account of the user who is logged in.
    Register,
    /// Register an account that has this passkey and no password.
    NewAccount,
    /// Log in by the passkey alone. The user is not known before.
    LogIn,
    /// Show the second factor of a pending log-in.
    SecondFactor,
    /// Confirm the log-in of a session.
    Confirm,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::NewAccount => "new_account",
            Self::LogIn => "log_in",
            Self::SecondFactor => "second_factor",
            Self::Confirm => "confirm",
        }
    }
}

/// A ceremony that was begun in this browser, and is used up.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) purpose: Purpose,
    pub(super) user: Option<UserId>,
    pub(super) user_handle: Option<String>,
    pub(super) state: String,
}

impl Passkeys {
    /// Stores a ceremony of this browser. Returns the options.
    pub(super) async fn begin(
        &self,
        purpose: Purpose,
        user: Option<&UserId>,
        handle: Option<Uuid>,
        begun: Begun,
        browser: &Secret,
    ) -> Result<Value> {
        let now = self.0.clock.now();
        let row = ActiveModel {
            digest: ActiveValue::Set(self.ceremony_digest(&begun.challenge, browser)),
            purpose: ActiveValue::Set(self.purpose_in_realm(purpose)),
            user_id: ActiveValue::Set(user.map(UserId::to_string)),
            user_handle: ActiveValue::Set(handle.map(|handle| handle.to_string())),
            state: ActiveValue::Set(begun.state),
            expires_at: ActiveValue::Set((now + CEREMONY_LASTS).as_millis()),
        };
        row.insert(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        self.sweep_if_due(now);
        Ok(begun.options)
    }

    /// Uses up the ceremony with the challenge in this client data, if it began in this browser, for
    /// one of these purposes. Of any number of calls, one gets it.
    pub(super) async fn take(
        &self,
        client_data: &str,
        browser: &Secret,
        purposes: &[Purpose],
    ) -> Result<Option<Taken>> {
        let client_data = ClientData::parse(client_data);
        let Some(challenge) = client_data.and_then(|client| client.challenge()) else {
            return Ok(None);
        };
        let digest = self.ceremony_digest(&challenge, browser);
        let connection = self.0.database.connection();
        let found = Entity::find_by_id(&*digest)
            .filter(Column::ExpiresAt.gt(self.0.clock.now().as_millis()))
            .one(connection)
            .await
            .map_err(Error::from_db)?;
        let Some(row) = found else { return Ok(None) };
        let is_its = |purpose: &&Purpose| self.purpose_in_realm(**purpose) == row.purpose;
        let Some(purpose) = purposes.iter().find(is_its) else {
            return Ok(None);
        };
        let gone = Entity::delete_by_id(digest)
            .exec(connection)
            .await
            .map_err(Error::from_db)?;
        Ok((gone.rows_affected == 1).then(|| Taken {
            purpose: *purpose,
            user: row.user_id.map(UserId::from),
            user_handle: row.user_handle,
            state: row.state,
        }))
    }

    /// Ends the ceremonies of a user.
    pub(super) async fn end_ceremonies(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let of_realm = Column::Purpose.starts_with(format!("{}/", self.0.realm));
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_str()).and(of_realm))
            .exec(connection)
            .await
            .map(drop)
            .map_err(Error::from_db)
    }

    /// Two realms may have users of the same id.
    fn purpose_in_realm(&self, purpose: Purpose) -> String {
        format!("{}/{}", self.0.realm, purpose.as_str())
    }

    fn ceremony_digest(&self, challenge: &[u8], browser: &Secret) -> String {
        // The secret has always the same length.
        let secret = [browser.expose().as_bytes(), challenge].concat();
        let domain = format!("vestibule passkey ceremony {} ", self.0.realm);
        HEXLOWER.encode(&sha256_in(&domain, &secret))
    }
}
