//! Accounts that their users have closed: opening them again, and erasing them.
//!
//! Whether an account is opened or erased is decided by its time alone, in one statement: until
//! `closes_at` it can be opened, after that it can be erased. A node that erases one has it to
//! itself until `erasing_until`, so two nodes never call the app for the same account.

use std::collections::BTreeSet;
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};

use crate::accounts::entity::{security_log, user};
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor, rows};
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::{Sender, UserId};
use crate::session::Invalidation;

/// How long a node has an account to itself, and how long after a failure the next try comes.
const LEASE: Duration = Duration::from_mins(10);

/// How many lines of the security log one statement changes.
const BATCH_LINES: u64 = 500;

/// The lines whose detail tells who somebody was.
const PERSONAL: [Action; 3] = [
    Action::EmailChanged,
    Action::EmailVerified,
    Action::UsernameChanged,
];

impl Accounts {
    /// Opens a closed account again, if its time is not over.
    pub(super) async fn try_reopen(
        &self,
        account: &Account,
        from: &Sender,
    ) -> Result<Option<Account>> {
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let now = self.inner.clock.now().as_millis();
        let update = self
            .update(&account.id)
            .col_expr(user::Column::ClosesAt, Expr::value(None::<i64>))
            .filter(user::Column::ClosesAt.gt(now))
            .filter(user::Column::IsDisabled.eq(false))
            .filter(user::Column::SessionEpoch.eq(account.session_epoch));
        if !changed(update, &transaction).await? {
            return Ok(None);
        }
        let entry = Entry {
            action: Action::AccountReopened,
            user: Some(account),
            detail: None,
        };
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::User(&account.id));
        let themself = Actor::themself(account).sent_by(from);
        self.commit_own(transaction, &themself, entry).await?;
        Ok(Some(Account {
            closes_at: None,
            ..account.clone()
        }))
    }

    /// A closed account whose time is over, which this node has to itself for ten minutes. `None`
    /// if there is none. Every account is returned once within this time, so call it until then.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn claim_closed(&self) -> Result<Option<Account>> {
        let connection = self.inner.database.connection();
        loop {
            let now = self.inner.clock.now();
            let is_free = Condition::any()
                .add(user::Column::ErasingUntil.is_null())
                .add(user::Column::ErasingUntil.lte(now.as_millis()));
            let due: Option<String> = user::Entity::find()
                .filter(user::Column::ClosesAt.lte(now.as_millis()))
                .filter(is_free.clone())
                .order_by_asc(user::Column::ClosesAt)
                .select_only()
                .column(user::Column::Id)
                .limit(1)
                .into_tuple()
                .one(connection)
                .await
                .map_err(Error::from_db)?;
            let Some(id) = due else {
                return Ok(None);
            };
            let claim: UpdateMany<user::Entity> = user::Entity::update_many()
                .col_expr(
                    user::Column::ErasingUntil,
                    Expr::value((now + LEASE).as_millis()),
                )
                .filter(user::Column::Id.eq(&*id))
                .filter(user::Column::ClosesAt.lte(now.as_millis()))
                .filter(is_free);
            let is_ours = changed(claim, connection).await?;
            if is_ours && let Some(account) = rows::find(&UserId::from(id), connection).await? {
                return Ok(Some(account));
            }
        }
    }

    /// Erases a closed account whose time is over: the account with its password and roles, its
    /// former names, and its name in the security log. Returns whether it was still there.
    ///
    /// # Errors
    /// When the database or the session store failed. Call it again then.
    pub(crate) async fn erase(&self, account: &Account) -> Result<bool> {
        let id = &account.id;
        // Before the row goes: if the process ends in between, the account is erased again later.
        self.remove_name_from_log(account).await?;
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let now = self.inner.clock.now().as_millis();
        let gone = user::Entity::delete_many()
            .filter(user::Column::Id.eq(id.as_str()))
            .filter(user::Column::ClosesAt.lte(now))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        if gone.rows_affected == 0 {
            return Ok(false);
        }
        self.forget_former_usernames(id, &transaction).await?;
        self.commit_erased(transaction, &Actor::erasure(), account)
            .await?;
        // Somebody may have tried the name meanwhile.
        self.remove_name_from_log(account).await?;
        let (sessions, realm) = (&self.inner.sessions, &self.inner.realm);
        sessions.revoke_user_and_pending(realm, id, None).await?;
        Ok(true)
    }

    /// Removes a user's names and addresses from the lines about them and of what they did. Their id
    /// stays.
    async fn remove_name_from_log(&self, account: &Account) -> Result<()> {
        use security_log::Column;

        let id = account.id.as_str();
        for name in self.names_in_log(account).await? {
            let by_them = Condition::all()
                .add(Column::ActorName.eq(name))
                .add(Column::ActorId.eq(id));
            let nameless = [(Column::ActorName, Some(String::new()))];
            self.clear_lines(&by_them, &nameless).await?;
        }
        let personal = PERSONAL.map(Action::as_str);
        let details = Condition::all()
            .add(Column::UserId.eq(id))
            .add(Column::Action.is_in(personal))
            .add(Column::Detail.is_not_null());
        self.clear_lines(&details, &[(Column::Detail, None)])
            .await?;
        let about_them = Condition::all()
            .add(Column::UserId.eq(id))
            .add(Column::Username.is_not_null());
        self.clear_lines(&about_them, &[(Column::Username, None)])
            .await
    }

    /// The names that a user has and had, as far as the log knows: usernames, or mail addresses while
    /// they had no username.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn names_in_log(&self, account: &Account) -> Result<BTreeSet<String>> {
        use security_log::Column;

        let names: Vec<Option<String>> = security_log::Entity::find()
            .filter(Column::UserId.eq(account.id.as_str()))
            .select_only()
            .distinct()
            .column(Column::Username)
            .into_tuple()
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        let names = names.into_iter().flatten();
        let names = names.chain([account.name().to_owned()]);
        // An empty one is a name that was removed.
        Ok(names.filter(|name| !name.is_empty()).collect())
    }

    /// Writes these values into all lines that match, in batches. They must not match afterwards.
    async fn clear_lines(
        &self,
        matching: &Condition,
        values: &[(security_log::Column, Option<String>)],
    ) -> Result<()> {
        use security_log::Column;

        let connection = self.inner.database.connection();
        loop {
            let ids: Vec<String> = security_log::Entity::find()
                .filter(matching.clone())
                .select_only()
                .column(Column::Id)
                .limit(BATCH_LINES)
                .into_tuple()
                .all(connection)
                .await
                .map_err(Error::from_db)?;
            if ids.is_empty() {
                return Ok(());
            }
            let mut clear = security_log::Entity::update_many();
            for (column, value) in values {
                clear = clear.col_expr(*column, Expr::value(value.clone()));
            }
            changed(clear.filter(Column::Id.is_in(ids)), connection).await?;
        }
    }
}
