//! New passkeys.

use sea_orm::{ActiveModelTrait, ActiveValue};
use serde_json::Value;
use uuid::Uuid;

use super::ceremony::Purpose;
use super::relying_party::NewUser;
use super::response::credential_id;
use super::row::passkey::ActiveModel;
use super::{MAX_PASSKEYS, Passkey, Passkeys, RegistrationResponse, digest};
use crate::crypto::ids::new_id;
use crate::crypto::secret::Secret;
use crate::database::is_duplicate;
use crate::error::{Error, Result};
use crate::login::UserId;

/// The outcome of a registration.
#[derive(Debug)]
#[must_use]
pub(crate) enum NewPasskey {
    Added(Passkey),
    /// The response is wrong, or somebody has this passkey already.
    Rejected,
    /// The user has [`MAX_PASSKEYS`].
    TooMany,
}

impl Passkeys {
    /// Begins a registration in this browser. Returns the options for the browser; `None` if the
    /// user has [`MAX_PASSKEYS`].
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn begin_registration(
        &self,
        (user, name): (&UserId, &str),
        browser: &Secret,
    ) -> Result<Option<Value>> {
        let rows = self.rows_of(user).await?;
        if rows.len() >= MAX_PASSKEYS {
            return Ok(None);
        }
        let known = rows
            .first()
            .and_then(|row| Uuid::try_parse(&row.user_handle).ok());
        let handle = match known {
            Some(handle) => handle,
            None => uuid::Builder::from_random_bytes(self.0.random.bytes()?).into_uuid(),
        };
        let existing: Vec<_> = rows.into_iter().map(|row| row.credential).collect();
        let new = NewUser { handle, name };
        let begun = self.0.relying_party.begin_registration(&new, &existing)?;
        let purpose = Purpose::Register;
        let options = self
            .begin(purpose, Some(user), Some(handle), begun, browser)
            .await?;
        Ok(Some(options))
    }

    /// Finishes a registration of this browser and user.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn finish_registration(
        &self,
        user: &UserId,
        response: &RegistrationResponse,
        name: &str,
        browser: &Secret,
    ) -> Result<NewPasskey> {
        let client = &response.response.client_data_json;
        let begun = self.take(client, browser, &[Purpose::Register]).await?;
        let Some(begun) = begun.filter(|begun| begun.user.as_ref() == Some(user)) else {
            return Ok(NewPasskey::Rejected);
        };
        let (Some(handle), Some(credential_id)) = (
            begun.user_handle,
            credential_id(&response.id, &response.raw_id, &response.kind),
        ) else {
            return Ok(NewPasskey::Rejected);
        };
        let registered = match self
            .0
            .relying_party
            .finish_registration(&begun.state, response)?
        {
            Ok(registered) => registered,
            Err(rejected) => {
                tracing::info!(user = user.as_str(), %rejected, "a passkey was not added");
                return Ok(NewPasskey::Rejected);
            }
        };
        if self.count(user).await? >= MAX_PASSKEYS as u64 {
            return Ok(NewPasskey::TooMany);
        }
        let (inner, now) = (&self.0, self.0.clock.now());
        let row = ActiveModel {
            id: ActiveValue::Set(new_id(now, &inner.random)?),
            digest: ActiveValue::Set(digest(&credential_id)),
            realm: ActiveValue::Set(inner.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            user_handle: ActiveValue::Set(handle),
            credential_id: ActiveValue::Set(response.raw_id.clone()),
            credential: ActiveValue::Set(registered.credential),
            revision: ActiveValue::Set(0),
            name: ActiveValue::Set(name.to_owned()),
            is_synced: ActiveValue::Set(registered.is_synced),
            created_at: ActiveValue::Set(now.as_millis()),
            last_used_at: ActiveValue::Set(None),
        };
        match row.insert(inner.database.connection()).await {
            Ok(row) => Ok(NewPasskey::Added(row.into())),
            Err(error) if is_duplicate(&error) => Ok(NewPasskey::Rejected),
            Err(error) => Err(Error::from_db(error)),
        }
    }
}
