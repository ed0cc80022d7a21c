//! Lines that anybody can cause: log-ins, and users' changes to their own account.
//!
//! They are limited, so that nobody can fill the log. Lines of admins have no limit.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Action, Entry, log_line};
use crate::accounts::entity::{security_log, user};
use crate::accounts::{Account, Accounts, Actor};
use crate::clock::Timestamp;
use crate::crypto::ids::first_id;
use crate::database::{Transaction, changed, retried};
use crate::error::{Error, Result};

/// The number of lines for each user, action and hour. What comes after them is counted: in the line
/// of the same place, or in one more line.
const LINES_PER_HOUR: usize = 10;

/// The detail of the line that counts the rest.
const THE_REST: &str = "the rest of this hour";

const HOUR_MILLIS: i64 = 3_600_000;

impl Accounts {
    /// Writes a line about an account that changes nothing else.
    pub(in crate::accounts) async fn add_own(
        &self,
        account: &Account,
        actor: &Actor,
        action: Action,
        detail: Option<&str>,
    ) -> Result<()> {
        let add = async || {
            let entry = Entry {
                action,
                user: Some(account),
                detail: detail.map(str::to_owned),
            };
            let transaction = self.inner.database.connection().begin().await;
            let transaction = transaction.map_err(Error::from_db)?;
            self.commit_own(transaction, actor, entry).await
        };
        retried(add).await
    }

    /// As [`commit`](Self::commit), of what a user does to their own account. Lines of the same
    /// action are limited.
    pub(in crate::accounts) async fn commit_own(
        &self,
        transaction: Transaction,
        actor: &Actor,
        entry: Entry<'_>,
    ) -> Result<()> {
        let is_added = self.add_own_line(&transaction, actor, &entry).await?;
        self.put_notice(&transaction, actor, &entry).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        self.wake_outbox();
        if is_added {
            log_line(actor, &entry);
            self.sweep_security_log_if_due();
        }
        Ok(())
    }

    /// Adds a line for a user's change to their own account, or counts it in an existing line.
    /// Returns whether a line was added.
    ///
    /// First writes to the user's row, so that calls for one user run one after the other.
    /// Otherwise parallel calls would add more lines than calls in sequence.
    async fn add_own_line(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        entry: &Entry<'_>,
    ) -> Result<bool> {
        let Some(account) = entry.user else {
            return Err(Error::internal("a line that is limited needs its user"));
        };
        let lock = user::Entity::update_many()
            .col_expr(user::Column::Id, Expr::value(account.id.as_str()))
            .filter(user::Column::Id.eq(account.id.as_str()));
        if !changed(lock, transaction).await? {
            // The user was deleted meanwhile. There is no row to lock, and nothing to do.
            return Ok(false);
        }
        let lines = self.own_lines_of_this_hour(transaction, entry).await?;
        let is_full = lines.len() >= LINES_PER_HOUR;
        // Failed log-ins are one line for each network, whatever the limit. Others are counted where
        // they came from, so that many from one place do not hide those from another.
        let is_counted = is_full || entry.action == Action::LoginFailed;
        let same = lines.iter().find(|line| line.is_from(actor));
        let rest = || lines.iter().find(|line| line.is_rest());
        if let Some(line) = same.or_else(rest).filter(|_| is_counted) {
            let times = Expr::col(security_log::Column::Times).add(1);
            let count = security_log::Entity::update_many()
                .col_expr(security_log::Column::Times, times)
                .filter(security_log::Column::Id.eq(line.id.as_str()));
            changed(count, transaction).await?;
            return Ok(false);
        }
        if !is_full {
            self.add_line(transaction, actor, entry, Some(1)).await?;
            return Ok(true);
        }
        let rest = Entry {
            action: entry.action,
            user: entry.user,
            detail: Some(THE_REST.to_owned()),
        };
        let actor = actor.clone().nowhere();
        self.add_line(transaction, &actor, &rest, Some(1)).await?;
        Ok(true)
    }

    /// The lines of this user, action and hour that count for the limit, at most one more than the
    /// limit.
    async fn own_lines_of_this_hour(
        &self,
        transaction: &Transaction,
        entry: &Entry<'_>,
    ) -> Result<Vec<security_log::Model>> {
        use security_log::Column;

        let now = self.inner.clock.now().as_millis();
        let hour = Timestamp::from_millis(now - now.rem_euclid(HOUR_MILLIS));
        // Do not lock here. On MySQL a locking read locks gaps, and two users could wait for each
        // other.
        security_log::Entity::find()
            .filter(Column::UserId.eq(entry.user.map(|user| user.id.as_str())))
            .filter(Column::Id.gte(first_id(hour)))
            .filter(Column::Action.eq(entry.action.as_str()))
            .filter(Column::Times.is_not_null())
            // The newest is the one that counts.
            .order_by_desc(Column::Id)
            .limit(LINES_PER_HOUR as u64 + 1)
            .all(transaction)
            .await
            .map_err(Error::from_db)
    }
}

impl security_log::Model {
    fn is_rest(&self) -> bool {
        self.detail.as_deref() == Some(THE_REST)
    }

    /// Whether this line is of the same place.
    fn is_from(&self, actor: &Actor) -> bool {
        let place = (self.address.as_deref(), self.browser.as_deref());
        place == (actor.address(), actor.browser()) && !self.is_rest()
    }
}
