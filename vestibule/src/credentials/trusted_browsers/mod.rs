//! Trusted browsers: for 30 days, their user need not show a second factor in them.
//!
//! The browser has a cookie with 256 random bits, and the table their SHA-256, with realm and user:
//! in the browser of somebody else, or for another user, the cookie is nothing. A new
//! [epoch](crate::login::Epoch) of the user ends the trust, as by a new password, and so does each
//! change of factors.

mod migration;
mod row;

pub(super) use migration::CREATE_TRUSTED_BROWSERS;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use crate::clock::{Clock, Timestamp};
use crate::crypto::ids::new_id;
use crate::crypto::random::Random;
use crate::database::{Database, changed};
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::SessionToken;
use row::{Column, Entity, Model};

/// How long a browser is trusted.
pub(crate) const TRUSTED_FOR: Duration = Duration::from_hours(30 * 24);

/// The most that is kept of a browser's name, in characters.
const MAX_BROWSER_CHARS: usize = 100;

/// The most browsers of a user that are listed.
const MAX_LISTED: u64 = 100;

/// The trusted browsers of a site's users. Clones share them.
#[derive(Clone)]
pub(crate) struct TrustedBrowsers(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
    clock: Clock,
    random: Random,
}

/// A trusted browser of a user.
#[derive(Debug, Clone)]
pub(crate) struct TrustedBrowser {
    pub(crate) id: String,
    /// Such as `Firefox on Linux`, if known.
    pub(crate) browser: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
}

impl TrustedBrowsers {
    /// The browsers of the users in this realm.
    pub(crate) fn new(database: Database, realm: &str, clock: Clock, random: Random) -> Self {
        Self(Arc::new(Inner {
            database,
            realm: realm.to_owned(),
            clock,
            random,
        }))
    }

    /// Trusts a browser. Returns the token for its cookie.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn add(
        &self,
        (user, epoch): (&UserId, i64),
        browser: Option<String>,
    ) -> Result<SessionToken> {
        let inner = &self.0;
        let (now, connection) = (inner.clock.now(), inner.database.connection());
        let token = SessionToken::generate(&inner.random)?;
        let browser = browser.map(|name| name.chars().take(MAX_BROWSER_CHARS).collect());
        // There is one for each choice of a user, so this is often enough.
        Entity::delete_many()
            .filter(Column::ExpiresAt.lte(now.as_millis()))
            .exec(connection)
            .await
            .map_err(Error::from_db)?;
        let row = row::ActiveModel {
            digest: ActiveValue::Set(self.digest(user, &token)),
            id: ActiveValue::Set(new_id(now, &inner.random)?),
            realm: ActiveValue::Set(inner.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            epoch: ActiveValue::Set(epoch),
            browser: ActiveValue::Set(browser),
            created_at: ActiveValue::Set(now.as_millis()),
            last_used_at: ActiveValue::Set(None),
            expires_at: ActiveValue::Set((now + TRUSTED_FOR).as_millis()),
        };
        Entity::insert(row)
            .exec_without_returning(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(token)
    }

    /// Whether this user trusts the browser with this token, in this epoch. Notes the use.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn is_trusted(
        &self,
        (user, epoch): (&UserId, i64),
        token: &SessionToken,
    ) -> Result<bool> {
        let now = self.0.clock.now().as_millis();
        let used = Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .filter(Column::Digest.eq(self.digest(user, token)))
            .filter(Column::Epoch.eq(epoch))
            .filter(Column::ExpiresAt.gt(now));
        changed(used, self.0.database.connection()).await
    }

    /// The trusted browsers of a user in this epoch, the newest first.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn list(&self, user: &UserId, epoch: i64) -> Result<Vec<TrustedBrowser>> {
        let rows = self
            .of(user)
            .filter(Column::Epoch.eq(epoch))
            .filter(Column::ExpiresAt.gt(self.0.clock.now().as_millis()))
            .order_by_desc(Column::Id)
            .limit(MAX_LISTED)
            .all(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        let browser = |row: Model| TrustedBrowser {
            id: row.id,
            browser: row.browser,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            expires_at: Timestamp::from_millis(row.expires_at),
        };
        Ok(rows.into_iter().map(browser).collect())
    }

    /// Ends the trust in one browser. Returns whether the user had it.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn remove(&self, user: &UserId, id: &str) -> Result<bool> {
        let gone = Entity::delete_many()
            .filter(Column::Realm.eq(&*self.0.realm))
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Id.eq(id))
            .exec(self.0.database.connection())
            .await;
        Ok(gone.map_err(Error::from_db)?.rows_affected > 0)
    }

    /// Ends the trust in all browsers of a user.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let removed = Entity::delete_many()
            .filter(Column::Realm.eq(&*self.0.realm))
            .filter(Column::UserId.eq(user.as_str()))
            .exec(connection)
            .await;
        removed.map(drop).map_err(Error::from_db)
    }

    fn of(&self, user: &UserId) -> Select<Entity> {
        Entity::find()
            .filter(Column::Realm.eq(&*self.0.realm))
            .filter(Column::UserId.eq(user.as_str()))
    }

    fn digest(&self, user: &UserId, token: &SessionToken) -> String {
        let domain = format!("vestibule trusted browser {}/{user} ", self.0.realm);
        HEXLOWER.encode(token.id(&domain).as_bytes())
    }
}

impl fmt::Debug for TrustedBrowsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrustedBrowsers")
    }
}
