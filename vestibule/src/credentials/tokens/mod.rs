//! Single-use tokens: what a link in a mail proves.
//!
//! A token is 256 random bits. The table has its SHA-256, together with the purpose, so that a token
//! for one purpose is nothing for another, and a copy of the table opens nothing. It is for one user
//! and one address, works until it expires, and once: of any number of uses at a time, the one that
//! removes the row wins.
//!
//! A token for a new password also ends when the user's [epoch](crate::login::Epoch) changes, as by
//! a new password, when they have another address, and when they log in.

mod migration;
mod purpose;
mod row;
mod sweep;
#[cfg(test)]
mod tests;

pub use migration::TOKEN_MIGRATIONS;
use purpose::CodeKind;
pub(crate) use purpose::Purpose;

use std::fmt;
use std::sync::Arc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use zeroize::Zeroizing;

use crate::clock::{Clock, Regularly, Timestamp};
use crate::crypto::digest::{hmac_sha256, sha256_in};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::database::{Database, changed};
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::mail::Email;
use row::{Column, Entity};

/// How many tokens of a user are listed. No user has as many.
const MAX_LISTED: u64 = 500;

/// The tokens of a site. Clones share them.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
    code_key: Zeroizing<[u8; 32]>,
    clock: Clock,
    random: Random,
    swept: Regularly,
}

/// A new token.
pub(crate) struct Issued {
    pub(crate) token: Secret,
    /// 8 letters and digits, or digits alone, if the purpose has a code.
    pub(crate) code: Option<Secret>,
}

/// A token that works.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) user: UserId,
    pub(crate) address: Email,
    pub(crate) epoch: i64,
    purpose: Purpose,
    digest: String,
    /// The digest of its code.
    code: Option<String>,
    created_at: i64,
}

/// Letters and digits have 40 bits, and digits alone 26. The throttle leaves few tries at either.
pub(crate) const CODE_CHARS: usize = 8;

/// How many times a code of a log-in may be tried.
const CODE_TRIES: i32 = 5;

impl Tokens {
    /// The tokens of the users in this realm.
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
            code_key: key.derived_for_digests("vestibule mail codes v1"),
            clock,
            random,
            swept: Regularly::default(),
        }))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// A new token for this user and address, as a part of a transaction. It ends the older ones
    /// for the purpose.
    ///
    /// # Errors
    /// When the database or the operating system's generator failed.
    pub(crate) async fn issue(
        &self,
        purpose: Purpose,
        (user, epoch): (&UserId, i64),
        address: &Email,
        connection: &impl ConnectionTrait,
    ) -> Result<Issued> {
        let code = match purpose.code() {
            Some(kind) => Some(self.new_code(kind)?),
            None => None,
        };
        let of_user = (user, epoch);
        self.issue_with(purpose, of_user, address, code, connection)
            .await
    }

    /// A new token for the address of a user who registers. In place of a code there is the secret
    /// of the browser: see [`is_of_browser`](Self::is_of_browser).
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub(crate) async fn issue_to_browser(
        &self,
        of_user: (&UserId, i64),
        address: &Email,
        browser: &Secret,
        connection: &impl ConnectionTrait,
    ) -> Result<Issued> {
        let (purpose, code) = (Purpose::VerifyEmail, Some(browser.clone()));
        let issued = self.issue_with(purpose, of_user, address, code, connection);
        Ok(Issued {
            token: issued.await?.token,
            code: None,
        })
    }

    async fn issue_with(
        &self,
        purpose: Purpose,
        (user, epoch): (&UserId, i64),
        address: &Email,
        code: Option<Secret>,
        connection: &impl ConnectionTrait,
    ) -> Result<Issued> {
        let inner = &self.0;
        let now = inner.clock.now();
        if purpose.has_one() {
            self.end(user, &[purpose], connection).await?;
        }
        let bytes = Zeroizing::new(inner.random.bytes::<32>()?);
        let row = row::ActiveModel {
            digest: ActiveValue::Set(self.digest(purpose, &bytes[..])),
            purpose: ActiveValue::Set(self.name(purpose)),
            user_id: ActiveValue::Set(user.to_string()),
            address: ActiveValue::Set(address.as_str().to_owned()),
            epoch: ActiveValue::Set(epoch),
            code: ActiveValue::Set(code.as_ref().map(|code| self.code_digest(user, code))),
            tries: ActiveValue::Set(0),
            created_at: ActiveValue::Set(now.as_millis()),
            expires_at: ActiveValue::Set((now + purpose.lasts()).as_millis()),
        };
        Entity::insert(row)
            .exec_without_returning(connection)
            .await
            .map_err(Error::from_db)?;
        self.sweep_if_due(now);
        Ok(Issued {
            token: Secret::from(BASE64URL_NOPAD.encode(&bytes[..])),
            code,
        })
    }

    /// The token, if it works for this purpose. Does not use it up.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn find(&self, purpose: Purpose, token: &Secret) -> Result<Option<Found>> {
        let Ok(bytes) = BASE64URL_NOPAD.decode(token.expose().trim().as_bytes()) else {
            return Ok(None);
        };
        if bytes.len() != 32 {
            return Ok(None);
        }
        let is_it = Column::Digest.eq(self.digest(purpose, &bytes));
        self.find_where(purpose, is_it).await
    }

    /// The token of this user with this code, if it works for this purpose.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn find_by_code(
        &self,
        purpose: Purpose,
        user: &UserId,
        code: &Secret,
    ) -> Result<Option<Found>> {
        let typed: String = code
            .expose()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        if typed.len() != CODE_CHARS {
            return Ok(None);
        }
        let code = Secret::from(typed.to_ascii_lowercase());
        let is_it = Column::UserId
            .eq(user.as_str())
            .and(Column::Code.eq(self.code_digest(user, &code)));
        self.find_where(purpose, is_it).await
    }

    /// Uses up the code of a log-in, if it is right. Each call counts as a try before the code is
    /// compared, so that of any number at a time only so many are. Returns what the code was sent
    /// for.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn use_login_code(
        &self,
        user: &UserId,
        code: &Secret,
    ) -> Result<Option<Found>> {
        let (purpose, connection) = (Purpose::LoginCode, self.0.database.connection());
        let count = Entity::update_many()
            .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Purpose.eq(self.name(purpose)))
            .filter(Column::Tries.lt(CODE_TRIES));
        if !changed(count, connection).await? {
            return Ok(None);
        }
        let Some(found) = self.find_by_code(purpose, user, code).await? else {
            return Ok(None);
        };
        Ok(self.redeem(&found, connection).await?.then_some(found))
    }

    /// Whether a token was [issued to this browser](Self::issue_to_browser).
    pub(crate) fn is_of_browser(&self, found: &Found, browser: &Secret) -> bool {
        let digest = self.code_digest(&found.user, browser);
        found.code.as_deref() == Some(&*digest)
    }

    async fn find_where(&self, purpose: Purpose, is_it: Expr) -> Result<Option<Found>> {
        let found = Entity::find()
            .filter(is_it)
            .filter(Column::Purpose.eq(self.name(purpose)))
            .filter(Column::ExpiresAt.gt(self.0.clock.now().as_millis()))
            .one(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.and_then(|row| {
            Some(Found {
                address: row.address.parse().ok()?,
                user: row.user_id.into(),
                epoch: row.epoch,
                purpose,
                digest: row.digest,
                code: row.code,
                created_at: row.created_at,
            })
        }))
    }

    /// The address that a token of this user works for, if there is one.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn pending_address(
        &self,
        purpose: Purpose,
        user: &UserId,
    ) -> Result<Option<Email>> {
        let found = self.pending(purpose, user).await?;
        Ok(found.map(|found| found.address))
    }

    /// A token of this user that works, if there is one.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn pending(&self, purpose: Purpose, user: &UserId) -> Result<Option<Found>> {
        let is_it = Column::UserId.eq(user.as_str());
        self.find_where(purpose, is_it).await
    }

    /// Uses up a token. Returns whether it was still there: of several calls, one gets `true`.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn redeem(
        &self,
        found: &Found,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let gone = Entity::delete_many()
            .filter(Column::Digest.eq(&*found.digest))
            .filter(Column::Purpose.eq(self.name(found.purpose)))
            .exec(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(gone.rows_affected == 1)
    }

    /// Ends all tokens of a user for these purposes.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn end(
        &self,
        user: &UserId,
        purposes: &[Purpose],
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let purposes = purposes.iter().map(|purpose| self.name(*purpose));
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Purpose.is_in(purposes))
            .exec(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(())
    }

    /// Ends the tokens of the same user and purpose that are as new as this one, or newer.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn end_since(
        &self,
        found: &Found,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        Entity::delete_many()
            .filter(Column::UserId.eq(found.user.as_str()))
            .filter(Column::Purpose.eq(self.name(found.purpose)))
            .filter(Column::CreatedAt.gte(found.created_at))
            .exec(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(())
    }

    /// The tokens of a user that still work, without what would let somebody use them: the purpose,
    /// the address, and when each expires.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn list(&self, user: &UserId) -> Result<Vec<(String, String, Timestamp)>> {
        let realm = format!("{}/", self.0.realm);
        let rows: Vec<(String, String, i64)> = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Purpose.starts_with(&*realm))
            .filter(Column::ExpiresAt.gt(self.0.clock.now().as_millis()))
            .select_only()
            .columns([Column::Purpose, Column::Address, Column::ExpiresAt])
            .limit(MAX_LISTED)
            .into_tuple()
            .all(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        let without_realm = |(purpose, address, expires_at): (String, String, i64)| {
            let purpose = purpose.strip_prefix(&*realm).unwrap_or(&purpose).to_owned();
            (purpose, address, Timestamp::from_millis(expires_at))
        };
        Ok(rows.into_iter().map(without_realm).collect())
    }

    /// Removes all tokens of a deleted user.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(&self, user: &UserId) -> Result<()> {
        let removed = Entity::delete_many()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Purpose.starts_with(format!("{}/", self.0.realm)))
            .exec(self.0.database.connection())
            .await;
        removed.map(drop).map_err(Error::from_db)
    }

    /// The purpose in the realm, because two realms may have users of the same id.
    fn name(&self, purpose: Purpose) -> String {
        format!("{}/{}", self.0.realm, purpose.as_str())
    }

    fn digest(&self, purpose: Purpose, bytes: &[u8]) -> String {
        let domain = format!("vestibule token {} ", self.name(purpose));
        HEXLOWER.encode(&sha256_in(&domain, bytes))
    }

    fn new_code(&self, kind: CodeKind) -> Result<Secret> {
        Ok(Secret::from(match kind {
            CodeKind::LettersAndDigits => {
                String::from_iter(self.0.random.readable::<CODE_CHARS>()?)
            }
            CodeKind::Digits => {
                let number = u64::from_le_bytes(self.0.random.bytes()?);
                // The bias of the remainder is below 2^-37.
                format!("{:08}", number % 100_000_000)
            }
        }))
    }

    fn code_digest(&self, user: &UserId, code: &Secret) -> String {
        let message = format!("{} {}/{user}", code.expose(), self.0.realm);
        HEXLOWER.encode(&hmac_sha256(&self.0.code_key[..], message.as_bytes()))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}
