//! Recovery codes: for users who have lost what their other factors need.
//!
//! A code has 80 random bits, so a fast hash is enough: nobody can try that many. The digest is
//! also of the realm and the user, so a code of one user is nothing for another. Each code works
//! once: using it removes its row, and of several uses at a time one wins. A new set ends the old.

mod migration;
mod row;

pub(super) use migration::CREATE_RECOVERY_CODES;

use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};

use crate::clock::Clock;
use crate::credentials::factors::kinds::select_kind;
use crate::crypto::digest::sha256_in;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::database::{Database, retried};
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::Methods;
use row::{Column, Entity};

/// The number of codes in a set.
const CODES: usize = 10;

/// The characters of a code, of 5 random bits each.
pub(crate) const CODE_CHARS: usize = 16;

/// The characters of a group, when a code is shown.
const GROUP_CHARS: usize = 4;

/// The recovery codes of a site's users. Clones share them.
#[derive(Clone)]
pub(crate) struct RecoveryCodes(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
    clock: Clock,
    random: Random,
}

impl RecoveryCodes {
    /// The codes of the users in this realm.
    pub(crate) fn new(database: Database, realm: &str, clock: Clock, random: Random) -> Self {
        Self(Arc::new(Inner {
            database,
            realm: realm.to_owned(),
            clock,
            random,
        }))
    }

    /// A new set of codes, in groups to be read. It ends the old set.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn renew(&self, user: &UserId) -> Result<Vec<Secret>> {
        let inner = &self.0;
        let mut codes = Vec::with_capacity(CODES);
        for _ in 0..CODES {
            let chars = inner.random.readable::<CODE_CHARS>()?;
            codes.push(Secret::from(String::from_iter(chars)));
        }
        let now = inner.clock.now().as_millis();
        let row = |code: &Secret| row::ActiveModel {
            digest: ActiveValue::Set(self.digest(user, code.expose())),
            realm: ActiveValue::Set(inner.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            created_at: ActiveValue::Set(now),
        };
        let attempt = || async {
            let transaction = inner.database.connection().begin().await;
            let transaction = transaction.map_err(Error::from_db)?;
            self.forget(user, &transaction).await?;
            Entity::insert_many(codes.iter().map(row))
                .exec_without_returning(&transaction)
                .await
                .map_err(Error::from_db)?;
            transaction.commit().await.map_err(Error::from_db)
        };
        retried(attempt).await?;
        Ok(codes.iter().map(|code| grouped(code.expose())).collect())
    }

    /// Uses up a code, without its groups. Returns whether it was there: of several calls, one gets
    /// `true`.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn use_code(&self, user: &UserId, code: &str) -> Result<bool> {
        let gone = Entity::delete_by_id(self.digest(user, code))
            .exec(self.0.database.connection())
            .await;
        Ok(gone.map_err(Error::from_db)?.rows_affected == 1)
    }

    /// The number of codes that a user has left.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn count(&self, user: &UserId) -> Result<u64> {
        let codes = Entity::find().filter(self.is_of(user));
        let count = codes.count(self.0.database.connection()).await;
        count.map_err(Error::from_db)
    }

    /// Removes all codes of a user.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let removed = Entity::delete_many()
            .filter(self.is_of(user))
            .exec(connection)
            .await;
        removed.map(drop).map_err(Error::from_db)
    }

    /// Selects whether a user has codes, for [`kinds`](crate::credentials::factors::kinds).
    pub(in crate::credentials) fn kind_of(&self, user: &UserId) -> SelectStatement {
        select_kind::<Entity>(Methods::RECOVERY_CODE, None, self.is_of(user))
    }

    fn is_of(&self, user: &UserId) -> Expr {
        let is_user = Column::UserId.eq(user.as_str());
        is_user.and(Column::Realm.eq(&*self.0.realm))
    }

    fn digest(&self, user: &UserId, code: &str) -> String {
        let domain = format!("vestibule recovery code {}/{user} ", self.0.realm);
        HEXLOWER.encode(&sha256_in(&domain, code.as_bytes()))
    }
}

/// A code as it is shown: `abcd-efgh-ijkm-npqr`.
fn grouped(code: &str) -> Secret {
    let mut grouped = String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP_CHARS);
    for (i, c) in code.chars().enumerate() {
        if i > 0 && i % GROUP_CHARS == 0 {
            grouped.push('-');
        }
        grouped.push(c);
    }
    Secret::from(grouped)
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes")
    }
}
