//! Former usernames, reserved for a while, so that nobody poses as the user who had the name.
//!
//! Checks come after the change that takes a name, in its transaction, and write to the row that
//! they find: so they wait for a user who gives up the name at the same moment.

use std::time::Duration;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use crate::accounts::entity::former_username::{ActiveModel, Column, Entity};
use crate::accounts::{Account, Accounts};
use crate::clock::Timestamp;
use crate::credentials::Username;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::UserId;

/// How many names are reserved for a user, besides their own.
const MAX_RESERVED: usize = 3;

impl Accounts {
    /// How long a former username is reserved for the user who had it: 90 days.
    pub const FORMER_NAMES_RESERVED_FOR: Duration = Duration::from_hours(90 * 24);

    /// Whether this name, or one that looks like it, is reserved for a user other than `id`.
    pub(super) async fn is_reserved(
        &self,
        username: &Username,
        id: Option<&UserId>,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let (canonical, skeleton) = (
            username.canonical(),
            Username::skeleton_of(username.as_str()),
        );
        let now = self.inner.clock.now().as_millis();
        let mut found = Entity::update_many()
            .col_expr(Column::ReservedUntil, Expr::col(Column::ReservedUntil))
            .filter(
                Condition::any()
                    .add(Column::CanonicalUsername.eq(canonical))
                    .add(Column::Skeleton.eq(skeleton)),
            )
            .filter(Column::ReservedUntil.gt(now));
        if let Some(id) = id {
            found = found.filter(Column::UserId.ne(id.as_str()));
        }
        changed(found, connection).await
    }

    /// As [`is_reserved`](Self::is_reserved), for anybody and without waiting.
    pub(super) async fn was_taken_before(&self, typed: &str) -> Result<bool> {
        let now = self.inner.clock.now().as_millis();
        let found = Entity::find()
            .filter(
                Condition::any()
                    .add(Column::CanonicalUsername.eq(Username::canonical_form(typed)))
                    .add(Column::Skeleton.eq(Username::skeleton_of(typed))),
            )
            .filter(Column::ReservedUntil.gt(now))
            .one(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.is_some())
    }

    /// Reserves the name of a user who takes another one. Nothing for a user who had only a mail
    /// address.
    pub(super) async fn reserve(
        &self,
        account: &Account,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let Some(username) = &account.username else {
            return Ok(());
        };
        let until = self.inner.clock.now() + Self::FORMER_NAMES_RESERVED_FOR;
        let row = ActiveModel {
            canonical_username: ActiveValue::Set(account.canonical_username.clone()),
            skeleton: ActiveValue::Set(Username::skeleton_of(username)),
            user_id: ActiveValue::Set(account.id.to_string()),
            reserved_until: ActiveValue::Set(until.as_millis()),
        };
        // An expired row of another user may be there.
        let replace = OnConflict::column(Column::CanonicalUsername)
            .update_columns([Column::Skeleton, Column::UserId, Column::ReservedUntil])
            .to_owned();
        Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(connection)
            .await
            .map_err(Error::from_db)?;
        // Otherwise a user could reserve any number of names.
        let mut names = former_usernames(&account.id, connection).await?;
        let too_many = names.split_off(names.len().min(MAX_RESERVED));
        let too_many = too_many.into_iter().map(|(name, _)| name);
        let released = Entity::delete_many()
            .filter(Column::CanonicalUsername.is_in(too_many))
            .filter(Column::UserId.eq(account.id.as_str()))
            .exec(connection)
            .await;
        released.map(drop).map_err(Error::from_db)
    }

    /// The names that are reserved for a user, in their canonical form, and until when, the newest
    /// first.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn former_usernames(&self, id: &UserId) -> Result<Vec<(String, Timestamp)>> {
        former_usernames(id, self.inner.database.connection()).await
    }

    /// Ends the reservation of a name that its user takes back.
    pub(super) async fn release(
        &self,
        username: &Username,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let released = Entity::delete_by_id(username.canonical().to_owned())
            .exec(connection)
            .await;
        released.map(drop).map_err(Error::from_db)
    }

    /// Removes the reservations that a deleted user has, or that are over.
    pub(super) async fn forget_former_usernames(
        &self,
        id: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let now = self.inner.clock.now().as_millis();
        let over = Condition::any()
            .add(Column::UserId.eq(id.as_str()))
            .add(Column::ReservedUntil.lte(now));
        let removed = Entity::delete_many().filter(over).exec(connection).await;
        removed.map(drop).map_err(Error::from_db)
    }
}

async fn former_usernames(
    id: &UserId,
    connection: &impl ConnectionTrait,
) -> Result<Vec<(String, Timestamp)>> {
    let rows = Entity::find()
        .filter(Column::UserId.eq(id.as_str()))
        .order_by_desc(Column::ReservedUntil)
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    let rows = rows.into_iter();
    let names = rows.map(|row| {
        let until = Timestamp::from_millis(row.reserved_until);
        (row.canonical_username, until)
    });
    Ok(names.collect())
}
