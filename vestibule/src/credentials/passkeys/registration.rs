//! New passkeys: of a user who is logged in, and of one who registers with a passkey alone.

use sea_orm::{ActiveModelTrait, ActiveValue, ConnectionTrait};
use serde_json::Value;
use uuid::Uuid;

use super::ceremony::{Purpose, Taken};
use super::relying_party::{NewUser, Registered, Verification};
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

/// A new passkey that was checked, and that has no owner yet.
pub(crate) struct CheckedPasskey {
    passkeys: Passkeys,
    digest: String,
    user_handle: String,
    credential_id: String,
    registered: Registered,
    name: String,
}

impl Passkeys {
    /// Begins a registration in this browser. Returns the options for the browser; `None` if the
    /// user has [`MAX_PASSKEYS`]. If the user `has_password`, the passkey may be one that does not
    /// verify them, as a second factor.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn begin_registration(
        &self,
        (user, name): (&UserId, &str),
        has_password: bool,
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
            None => self.new_handle()?,
        };
        let existing: Vec<_> = rows.into_iter().map(|row| row.credential).collect();
        let new = NewUser {
            handle,
            name,
            verification: match has_password {
                true => Verification::Preferred,
                false => Verification::Required,
            },
        };
        let begun = self.0.relying_party.begin_registration(&new, &existing)?;
        let purpose = Purpose::Register;
        let options = self
            .begin(purpose, Some(user), Some(handle), begun, browser)
            .await?;
        Ok(Some(options))
    }

    /// Begins the registration of a visitor who will have this name, and who has no account yet. The
    /// passkey will be their only credential, so the authenticator must store it, and must verify
    /// the user.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn begin_account(&self, name: &str, browser: &Secret) -> Result<Value> {
        let new = NewUser {
            handle: self.new_handle()?,
            name,
            verification: Verification::Required,
        };
        let begun = self.0.relying_party.begin_registration(&new, &[])?;
        let (purpose, handle) = (Purpose::NewAccount, Some(new.handle));
        self.begin(purpose, None, handle, begun, browser).await
    }

    /// Checks the passkey of a visitor who registers in this browser. `None` if it is wrong, did not
    /// verify the user, or belongs to somebody.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn check_of_account(
        &self,
        response: &RegistrationResponse,
        name: &str,
        browser: &Secret,
    ) -> Result<Option<CheckedPasskey>> {
        let client = &response.response.client_data_json;
        let begun = self.take(client, browser, &[Purpose::NewAccount]).await?;
        let Some(begun) = begun else {
            return Ok(None);
        };
        let checked = self.check(&begun, response, name)?;
        let Some(checked) = checked.filter(|checked| checked.registered.is_verified) else {
            return Ok(None);
        };
        let owned = self.find_by_digest(&checked.digest).await?;
        Ok(owned.is_none().then_some(checked))
    }

    fn new_handle(&self) -> Result<Uuid> {
        Ok(uuid::Builder::from_random_bytes(self.0.random.bytes()?).into_uuid())
    }

    /// Checks the response of a registration. `None` if it is wrong.
    fn check(
        &self,
        begun: &Taken,
        response: &RegistrationResponse,
        name: &str,
    ) -> Result<Option<CheckedPasskey>> {
        let (Some(handle), Some(credential_id)) = (
            &begun.user_handle,
            credential_id(&response.id, &response.raw_id, &response.kind),
        ) else {
            return Ok(None);
        };
        let relying_party = &self.0.relying_party;
        let registered = match relying_party.finish_registration(&begun.state, response)? {
            Ok(registered) => registered,
            Err(rejected) => {
                let user = begun.user.as_ref().map(UserId::as_str);
                tracing::info!(user, %rejected, "a passkey was not added");
                return Ok(None);
            }
        };
        Ok(Some(CheckedPasskey {
            passkeys: self.clone(),
            digest: digest(&credential_id),
            user_handle: handle.clone(),
            credential_id: response.raw_id.clone(),
            registered,
            name: name.to_owned(),
        }))
    }

    /// Finishes a registration of this browser and user.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn finish_registration(
        &self,
        (user, has_password): (&UserId, bool),
        response: &RegistrationResponse,
        name: &str,
        browser: &Secret,
    ) -> Result<NewPasskey> {
        let client = &response.response.client_data_json;
        let begun = self.take(client, browser, &[Purpose::Register]).await?;
        let Some(begun) = begun.filter(|begun| begun.user.as_ref() == Some(user)) else {
            return Ok(NewPasskey::Rejected);
        };
        let checked = self.check(&begun, response, name)?;
        let may_be_only_one = |checked: &CheckedPasskey| checked.registered.is_verified;
        let Some(checked) = checked.filter(|one| has_password || may_be_only_one(one)) else {
            return Ok(NewPasskey::Rejected);
        };
        if self.count(user).await? >= MAX_PASSKEYS as u64 {
            return Ok(NewPasskey::TooMany);
        }
        let added = checked.add_to(user, self.0.database.connection()).await?;
        Ok(added.map_or(NewPasskey::Rejected, NewPasskey::Added))
    }
}

impl CheckedPasskey {
    /// Adds it to the passkeys of this user. `None` if it belongs to somebody.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn add_to(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<Option<Passkey>> {
        let inner = &self.passkeys.0;
        let now = inner.clock.now();
        let row = ActiveModel {
            id: ActiveValue::Set(new_id(now, &inner.random)?),
            digest: ActiveValue::Set(self.digest.clone()),
            realm: ActiveValue::Set(inner.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            user_handle: ActiveValue::Set(self.user_handle.clone()),
            credential_id: ActiveValue::Set(self.credential_id.clone()),
            credential: ActiveValue::Set(self.registered.credential.clone()),
            revision: ActiveValue::Set(0),
            name: ActiveValue::Set(self.name.clone()),
            is_synced: ActiveValue::Set(self.registered.is_synced),
            created_at: ActiveValue::Set(now.as_millis()),
            last_used_at: ActiveValue::Set(None),
        };
        match row.insert(connection).await {
            Ok(row) => Ok(Some(row.into())),
            Err(error) if is_duplicate(&error) => Ok(None),
            Err(error) => Err(Error::from_db(error)),
        }
    }
}
