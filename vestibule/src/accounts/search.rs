//! Searching accounts efficiently, even among very many.

use sea_orm::sea_query::LikeExpr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::nearest;
use crate::accounts::entity::user;
use crate::accounts::{Account, Accounts, Email, rows};
use crate::credentials::Username;
use crate::error::{Error, Result};

impl Accounts {
    /// Up to `limit` accounts, ordered by [`canonical_username`](Account::canonical_username),
    /// starting after `after`.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn list(&self, after: Option<&str>, limit: u64) -> Result<Vec<Account>> {
        self.search("", after, limit).await
    }

    /// As [`list`](Self::list), but only accounts whose canonical username begins with that of
    /// `text`. If `text` has an `@`, only those with exactly this email address or username. Uses
    /// an index, so it is fast with any number of accounts.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn search(
        &self,
        text: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<Account>> {
        let after = after.unwrap_or_default();
        let name = user::Column::CanonicalUsername;
        let mut find = user::Entity::find();
        let text = text.trim();
        if text.contains(char::is_control) || after.contains(char::is_control) {
            return Ok(Vec::new());
        }
        if text.contains('@') {
            // Some users have an email address as their username.
            let is_it = Condition::any()
                .add(user::Column::Email.eq(text))
                .add(name.eq(Username::canonical_form(text)));
            find = find.filter(is_it).filter(name.gt(after));
        } else if text.is_empty() {
            find = find.filter(name.gt(after));
        } else {
            let prefix = Username::canonical_prefix(text);
            find = find.filter(name.like(beginning_with(&prefix)));
            // If names are compared by code point, those with the same prefix are adjacent in the
            // index. Use one lower bound, because SQLite would use the first of two.
            let by_code_points =
                self.inner.database.connection().get_database_backend() != DbBackend::Postgres;
            find = match by_code_points {
                true if after < &*prefix => find.filter(name.gte(&*prefix)),
                _ => find.filter(name.gt(after)),
            };
            if by_code_points {
                find = find.filter(name.lt(format!("{prefix}{}", char::MAX)));
            }
        }
        let found = find
            .order_by_asc(name)
            .limit(limit)
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        rows::with_rights(found, self.inner.database.connection()).await
    }

    /// The account with this email address, spelled exactly like this. Nobody has verified that the
    /// user reads mail there.
    ///
    /// # Errors
    /// When the database failed, or several accounts have this address ([`Error::is_config`]): which
    /// one is meant is unknown.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<Account>> {
        let connection = self.inner.database.connection();
        let found = user::Entity::find().filter(user::Column::Email.eq(email.as_str()));
        let found = found.limit(2).all(connection).await;
        let found = found.map_err(Error::from_db)?;
        match &found[..] {
            [] => Ok(None),
            [one] => rows::find(&one.id.as_str().into(), connection).await,
            _ => Err(Error::config(
                "several accounts have this email address; give each its own",
            )),
        }
    }

    /// The username that was probably meant by `name`, from the first ones with the same beginning.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn nearest_username(&self, name: &str) -> Result<Option<String>> {
        const LOOK_AT: u64 = 1_000;
        let beginning: String = name.chars().take(2).collect();
        let mut names = Vec::new();
        for prefix in [Some(Username::canonical_prefix(&beginning)), None] {
            let mut find = user::Entity::find();
            if let Some(prefix) = prefix {
                let name = user::Column::CanonicalUsername;
                find = find.filter(name.like(beginning_with(&prefix)));
            }
            let found: Vec<String> = find
                .select_only()
                .column(user::Column::Username)
                .limit(LOOK_AT)
                .into_tuple()
                .all(self.inner.database.connection())
                .await
                .map_err(Error::from_db)?;
            names.extend(found);
        }
        let nearest = nearest(name, names.iter().map(String::as_str));
        Ok(nearest.map(str::to_owned))
    }
}

/// The pattern for texts with this prefix.
fn beginning_with(prefix: &str) -> LikeExpr {
    let mut pattern = String::new();
    for c in prefix.chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}
