//! Authenticator apps: codes by time (TOTP, RFC 6238).
//!
//! A user may have several apps, each with a secret of its own. The secret is encrypted, for its row
//! and its user, with a key derived from the site's secret key; the first key encrypts it again when
//! a code is used. Each step works once: using its code raises the app's last step, by one
//! conditional update, so of two requests with the same code one wins, on any number of nodes.

mod code;
mod enrolment;
mod migration;
mod row;

pub(crate) use code::DIGITS;
#[cfg(any(test, feature = "testing"))]
pub(crate) use code::code_at;
pub(crate) use enrolment::{Enrolment, Nonce};
pub(super) use migration::CREATE_TOTP_APPS;

use std::fmt;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SelectStatement};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use zeroize::Zeroizing;

use crate::clock::{Clock, Timestamp};
use crate::credentials::factors::kinds::select_kind;
use crate::credentials::factors::{Factor, FactorKind};
use crate::crypto::cipher::Cipher;
use crate::crypto::key::{DerivedKey, SecretKey};
use crate::crypto::random::Random;
use crate::database::{Database, changed};
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::Methods;
use row::{Column, Entity, Model};

/// The maximum number of apps of a user. Each is one more secret that a guess may match.
pub(crate) const MAX_APPS: u64 = 10;

/// The maximum length of an app's name, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 64;

/// A secret: 160 bits, as RFC 4226 recommends (4, R6).
pub(crate) type SecretBytes = Zeroizing<[u8; 20]>;

/// Encrypted secrets do not expire.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The authenticator apps of a site's users. Clones share them.
#[derive(Clone)]
pub(crate) struct TotpApps(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
    cipher: Cipher,
    enrolment_key: DerivedKey,
    clock: Clock,
    random: Random,
}

/// Whether an app was added.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Addition {
    /// It was, with this id.
    Added(String),
    /// The code is wrong.
    WrongCode,
    /// The user has as many as they may.
    TooMany,
}

impl TotpApps {
    /// The apps of the users in this realm.
    pub(crate) fn new(
        database: Database,
        realm: &str,
        key: &SecretKey,
        clock: Clock,
        random: Random,
    ) -> Self {
        Self(Arc::new(Inner {
            database,
            realm: realm.to_owned(),
            cipher: key.cipher("vestibule totp secrets v1"),
            enrolment_key: key.derived("vestibule totp enrolment v1"),
            clock,
            random,
        }))
    }

    /// Adds an app whose first code is right.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn add(
        &self,
        user: &UserId,
        name: &str,
        enrolment: &Enrolment,
        code: &str,
    ) -> Result<Addition> {
        let inner = &self.0;
        let (now, connection) = (inner.clock.now(), inner.database.connection());
        let Some(step) = code::matching_step(&enrolment.secret, code, now)? else {
            return Ok(Addition::WrongCode);
        };
        if self.count(user).await? >= MAX_APPS {
            return Ok(Addition::TooMany);
        }
        let row = row::ActiveModel {
            id: ActiveValue::Set(enrolment.id.clone()),
            realm: ActiveValue::Set(inner.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            name: ActiveValue::Set(name.to_owned()),
            secret: ActiveValue::Set(self.encrypted(&enrolment.id, user, &enrolment.secret)?),
            created_at: ActiveValue::Set(now.as_millis()),
            last_used_at: ActiveValue::Set(None),
            // The code that adds the app is used, and logs nobody in.
            last_step: ActiveValue::Set(step),
        };
        let ignore = OnConflict::column(Column::Id)
            .do_nothing_on([Column::Id])
            .to_owned();
        Entity::insert(row)
            .on_conflict(ignore)
            .exec_without_returning(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(Addition::Added(enrolment.id.clone()))
    }

    /// Uses up a code. Returns whether it was right: of several calls with one code, one gets
    /// `true`.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn use_code(&self, user: &UserId, code: &str) -> Result<bool> {
        let inner = &self.0;
        let (now, connection) = (inner.clock.now(), inner.database.connection());
        for app in self
            .of(user)
            .all(connection)
            .await
            .map_err(Error::from_db)?
        {
            let Some(secret) = self.decrypted(&app, user) else {
                tracing::error!(
                    user = user.as_str(),
                    app = app.id,
                    "the secret of an authenticator app cannot be decrypted: is its key missing?"
                );
                continue;
            };
            let Some(step) = code::matching_step(&secret, code, now)? else {
                continue;
            };
            let mut used = Entity::update_many()
                .col_expr(Column::LastStep, Expr::value(step))
                .col_expr(Column::LastUsedAt, Expr::value(now.as_millis()))
                .filter(Column::Id.eq(&*app.id))
                .filter(Column::LastStep.lt(step));
            if !inner
                .cipher
                .is_by_first_key(&self.name_of(&app.id, user), &app.secret)
            {
                let secret = self.encrypted(&app.id, user, &secret)?;
                used = used.col_expr(Column::Secret, Expr::value(secret));
            }
            if changed(used, connection).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The apps of a user, the oldest first.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn list(&self, user: &UserId) -> Result<Vec<Factor>> {
        let apps = self.of(user).order_by_asc(Column::CreatedAt);
        let apps = apps.order_by_asc(Column::Id);
        let apps = apps.all(self.0.database.connection()).await;
        let factor = |app: Model| Factor {
            id: app.id,
            kind: FactorKind::Totp,
            name: app.name,
            created_at: Timestamp::from_millis(app.created_at),
            last_used_at: app.last_used_at.map(Timestamp::from_millis),
        };
        Ok(apps
            .map_err(Error::from_db)?
            .into_iter()
            .map(factor)
            .collect())
    }

    /// Removes an app of this user. Returns its name, or `None` if they have no such app.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn remove(&self, user: &UserId, id: &str) -> Result<Option<String>> {
        let connection = self.0.database.connection();
        let found = self
            .of(user)
            .filter(Column::Id.eq(id))
            .one(connection)
            .await;
        let Some(app) = found.map_err(Error::from_db)? else {
            return Ok(None);
        };
        let gone = Entity::delete_by_id(app.id).exec(connection).await;
        let gone = gone.map_err(Error::from_db)?.rows_affected == 1;
        Ok(gone.then_some(app.name))
    }

    /// Removes all apps of a user. Returns their number.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<u64> {
        let removed = Entity::delete_many()
            .filter(Column::Realm.eq(&*self.0.realm))
            .filter(Column::UserId.eq(user.as_str()))
            .exec(connection)
            .await;
        Ok(removed.map_err(Error::from_db)?.rows_affected)
    }

    /// The number of secrets that the first key has not encrypted. Reads all of them.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn count_under_old_keys(&self) -> Result<u64> {
        const PAGE: u64 = 1_000;
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let apps = Entity::find()
                .filter(Column::Realm.eq(&*self.0.realm))
                .filter(Column::Id.gt(&*after))
                .order_by_asc(Column::Id)
                .limit(PAGE)
                .all(self.0.database.connection())
                .await
                .map_err(Error::from_db)?;
            let Some(last) = apps.last() else {
                return Ok(count);
            };
            after.clone_from(&last.id);
            let is_old = |app: &&Model| {
                let name = self.name_of(&app.id, &app.user_id.as_str().into());
                !self.0.cipher.is_by_first_key(&name, &app.secret)
            };
            count += u64::try_from(apps.iter().filter(is_old).count()).unwrap_or(u64::MAX);
        }
    }

    /// The number of a user's apps.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn count(&self, user: &UserId) -> Result<u64> {
        let count = self.of(user).count(self.0.database.connection()).await;
        count.map_err(Error::from_db)
    }

    /// Selects whether a user has an app, for [`kinds`](crate::credentials::factors::kinds).
    pub(in crate::credentials) fn kind_of(&self, user: &UserId) -> SelectStatement {
        select_kind::<Entity>(Methods::TOTP, Some(Column::LastUsedAt), self.is_of(user))
    }

    fn of(&self, user: &UserId) -> Select<Entity> {
        Entity::find().filter(self.is_of(user))
    }

    fn is_of(&self, user: &UserId) -> Expr {
        let is_user = Column::UserId.eq(user.as_str());
        is_user.and(Column::Realm.eq(&*self.0.realm))
    }

    fn encrypted(&self, id: &str, user: &UserId, secret: &SecretBytes) -> Result<String> {
        let name = self.name_of(id, user);
        self.0
            .cipher
            .encrypt(&name, &secret[..], NEVER, &self.0.random)
    }

    fn decrypted(&self, app: &Model, user: &UserId) -> Option<SecretBytes> {
        let name = self.name_of(&app.id, user);
        let secret = self
            .0
            .cipher
            .decrypt(&name, &app.secret, self.0.clock.now());
        let secret = Zeroizing::new(secret?);
        <[u8; 20]>::try_from(&secret[..]).ok().map(Zeroizing::new)
    }

    /// What a secret is encrypted for: nobody can move it to another row or user. Only the id of the
    /// user can have any text, so it comes last.
    fn name_of(&self, id: &str, user: &UserId) -> String {
        format!("{id} {} {user}", self.0.realm)
    }
}

impl fmt::Debug for TotpApps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpApps")
    }
}
