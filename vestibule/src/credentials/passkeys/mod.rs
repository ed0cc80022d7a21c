//! Passkeys: key pairs in an authenticator, for this site alone (W3C WebAuthn Level 3).
//!
//! The table has the public keys of each user, by the user's id as text. The private keys never
//! leave their authenticators, so a copy of the table opens nothing.
//!
//! # Ceremonies
//! A registration or a log-in takes two requests: one for the options with a random challenge, one
//! with the authenticator's response. In between the `ceremony` is a row, for five minutes, and it
//! can be used once: of any number of uses at a time, the one that deletes the row wins. The row is
//! found by the challenge and by a secret in a cookie of the browser, so nobody can finish another
//! browser's ceremony.
//!
//! # What it protects against
//! - Phishing: browsers show a passkey to its own domain only, and we check the origin.
//! - Copies of an authenticator: a counter that does not grow rejects the log-in.
//! - Passkeys of another user, reused challenges, and ceremonies of another purpose.

mod authenticators;
mod ceremony;
mod check;
mod migration;
mod registration;
mod relying_party;
mod response;
mod row;
mod sweep;
mod webauthn;

pub use authenticators::PasskeyAuthenticators;
pub(crate) use check::PasskeyCheck;
pub use migration::PASSKEY_MIGRATIONS;
pub(crate) use registration::{CheckedPasskey, NewPasskey};
pub(crate) use response::{AuthenticationResponse, RegistrationResponse};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::clock::{Clock, Regularly, Timestamp};
use crate::credentials::factors::kinds::select_kind;
use crate::credentials::{Factor, FactorKind};
use crate::crypto::digest::sha256;
use crate::crypto::random::Random;
use crate::database::{Database, changed, retried};
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::Methods;
use relying_party::RelyingParty;
use row::passkey::{Column, Entity, Model};
use webauthn::WebAuthn;

/// How long a visitor may take with the authenticator.
const CEREMONY_LASTS: Duration = Duration::from_mins(5);

/// The most passkeys of a user.
pub(crate) const MAX_PASSKEYS: usize = 20;

/// The most characters of a passkey's name.
pub(crate) const MAX_NAME_CHARS: usize = 64;

/// The passkeys of a site. Clones share them.
#[derive(Clone)]
pub(crate) struct Passkeys(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
    relying_party: Box<dyn RelyingParty>,
    clock: Clock,
    random: Random,
    swept: Regularly,
}

/// Where passkeys are for.
pub(crate) struct Site<'a> {
    /// The RP ID: the host, or a parent domain.
    pub(crate) rp_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) origin: &'a str,
    /// `None` if any authenticator may make passkeys.
    pub(crate) authenticators: Option<&'a PasskeyAuthenticators>,
}

/// A passkey of a user, without its key.
#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    /// Whether it is backed up, and so on several devices.
    pub(crate) is_synced: bool,
    /// The credential id, in base64url.
    pub(crate) credential_id: String,
    handle: String,
}

/// Whether a passkey was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum PasskeyRemoval {
    Removed,
    /// It was not, because it is the user's only one, and they have no password.
    IsOnlyOne,
    NotFound,
}

impl Passkey {
    /// The id under which authenticators know the user, in base64url.
    pub(crate) fn user_handle(&self) -> String {
        let handle = Uuid::try_parse(&self.handle).unwrap_or_default();
        BASE64URL_NOPAD.encode(handle.as_bytes())
    }
}

impl Passkeys {
    /// The passkeys of the users in this realm.
    ///
    /// # Errors
    /// When browsers would not accept the RP ID at the origin, or a root certificate of an
    /// authenticator is malformed.
    pub(crate) fn new(
        database: Database,
        realm: &str,
        site: &Site<'_>,
        (clock, random): (Clock, Random),
    ) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            database,
            realm: realm.to_owned(),
            relying_party: Box::new(WebAuthn::new(site)?),
            clock,
            random,
            swept: Regularly::default(),
        })))
    }

    /// The RP ID.
    pub(crate) fn rp_id(&self) -> &str {
        self.0.relying_party.id()
    }

    /// The passkeys of a user, the oldest first.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn list(&self, user: &UserId) -> Result<Vec<Passkey>> {
        let rows = self.rows_of(user).await?;
        Ok(rows.into_iter().map(Passkey::from).collect())
    }

    /// Gives a passkey of this user another name. Returns whether they have it.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn rename(&self, user: &UserId, id: &str, name: &str) -> Result<bool> {
        let update = Entity::update_many()
            .col_expr(Column::Name, Expr::value(name))
            .filter(self.is_of(user).and(Column::Id.eq(id)));
        // MySQL counts only rows that changed.
        let renamed = changed(update, self.0.database.connection()).await?;
        Ok(renamed || self.find(user, id).await?.is_some())
    }

    /// Removes a passkey of this user. With `keeps_one`, does not remove their only one.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn remove(
        &self,
        user: &UserId,
        id: &str,
        keeps_one: bool,
    ) -> Result<PasskeyRemoval> {
        retried(|| self.try_remove(user, id, keeps_one)).await
    }

    async fn try_remove(&self, user: &UserId, id: &str, keeps_one: bool) -> Result<PasskeyRemoval> {
        let transaction = self.0.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        if keeps_one {
            // Locks the rows of the user, so that of two removals at a time one sees the other.
            let lock = Entity::update_many()
                .col_expr(Column::Realm, Expr::value(&*self.0.realm))
                .filter(self.is_of(user));
            lock.exec(&transaction).await.map_err(Error::from_db)?;
            let others = Entity::find()
                .filter(self.is_of(user).and(Column::Id.ne(id)))
                .count(&transaction);
            if others.await.map_err(Error::from_db)? == 0 {
                return Ok(PasskeyRemoval::IsOnlyOne);
            }
        }
        let gone = Entity::delete_many()
            .filter(self.is_of(user).and(Column::Id.eq(id)))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(match gone.rows_affected {
            1 => PasskeyRemoval::Removed,
            _ => PasskeyRemoval::NotFound,
        })
    }

    /// Removes all passkeys and ceremonies of a user. Returns the number of passkeys.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<u64> {
        self.end_ceremonies(user, connection).await?;
        let removed = Entity::delete_many()
            .filter(self.is_of(user))
            .exec(connection)
            .await;
        Ok(removed.map_err(Error::from_db)?.rows_affected)
    }

    /// The passkey with a credential id, of any user.
    async fn find_by_credential(&self, credential_id: &[u8]) -> Result<Option<Model>> {
        self.find_by_digest(&digest(credential_id)).await
    }

    async fn find_by_digest(&self, digest: &str) -> Result<Option<Model>> {
        Entity::find()
            .filter(Column::Digest.eq(digest))
            .filter(Column::Realm.eq(&*self.0.realm))
            .one(self.0.database.connection())
            .await
            .map_err(Error::from_db)
    }

    /// Notes the use of a passkey, unless the row was written or removed since it was read.
    async fn note_use(&self, used: &Model, credential: String, is_synced: bool) -> Result<bool> {
        let now = self.0.clock.now().as_millis();
        let update = Entity::update_many()
            .col_expr(Column::Credential, Expr::value(credential))
            .col_expr(Column::IsSynced, Expr::value(is_synced))
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .col_expr(Column::Revision, Expr::value(used.revision + 1))
            .filter(Column::Id.eq(&*used.id))
            .filter(Column::Revision.eq(used.revision));
        changed(update, self.0.database.connection()).await
    }

    async fn find(&self, user: &UserId, id: &str) -> Result<Option<Model>> {
        Entity::find()
            .filter(self.is_of(user).and(Column::Id.eq(id)))
            .one(self.0.database.connection())
            .await
            .map_err(Error::from_db)
    }

    async fn rows_of(&self, user: &UserId) -> Result<Vec<Model>> {
        Entity::find()
            .filter(self.is_of(user))
            .order_by_asc(Column::Id)
            .all(self.0.database.connection())
            .await
            .map_err(Error::from_db)
    }

    /// The number of a user's passkeys.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn count(&self, user: &UserId) -> Result<u64> {
        Entity::find()
            .filter(self.is_of(user))
            .count(self.0.database.connection())
            .await
            .map_err(Error::from_db)
    }

    /// Selects whether a user has a passkey, for [`kinds`](crate::credentials::factors::kinds).
    pub(in crate::credentials) fn kind_of(&self, user: &UserId) -> SelectStatement {
        select_kind::<Entity>(Methods::PASSKEY, Some(Column::LastUsedAt), self.is_of(user))
    }

    fn is_of(&self, user: &UserId) -> Expr {
        let is_user = Column::UserId.eq(user.as_str());
        is_user.and(Column::Realm.eq(&*self.0.realm))
    }
}

/// The form in which a credential id is unique.
fn digest(credential_id: &[u8]) -> String {
    HEXLOWER.encode(&sha256(credential_id))
}

impl From<Passkey> for Factor {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            kind: FactorKind::Passkey,
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

impl From<Model> for Passkey {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            is_synced: row.is_synced,
            credential_id: row.credential_id,
            handle: row.user_handle,
        }
    }
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkeys")
    }
}
