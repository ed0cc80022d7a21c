//! Accounts that wait for an administrator's approval.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait};

use crate::accounts::entity::{user, user_role};
use crate::accounts::{ADMIN, Accounts};
use crate::database::Transaction;
use crate::error::{Error, Result};
use crate::mail::Email;
use crate::mail::outbox::Letter;

/// An admin gets a mail about waiting accounts at most once in this time.
const ONE_IN: Duration = Duration::from_hours(24);

/// This many admins get one.
const MOST_ADMINS: u64 = 20;

impl Accounts {
    /// Whether an administrator must approve each account that a visitor registers without an
    /// invitation. Default: no.
    pub(crate) fn approves_registrations(mut self, approves: bool) -> Self {
        Arc::make_mut(&mut self.inner).approves_registrations = approves;
        self
    }

    /// Puts mails to the admins into the outbox: that an account waits.
    pub(super) async fn put_approval_mails(&self, transaction: &Transaction) -> Result<()> {
        let Some(outbox) = &self.inner.outbox else {
            return Ok(());
        };
        let emails: Vec<Option<String>> = user::Entity::find()
            .join(JoinType::InnerJoin, user::Relation::Roles.def())
            .filter(user_role::Column::RoleName.eq(ADMIN))
            .filter(user::Column::IsDisabled.eq(false))
            .filter(user::Column::AwaitsApproval.eq(false))
            .filter(user::Column::Email.is_not_null())
            .select_only()
            .column(user::Column::Email)
            .limit(MOST_ADMINS)
            .into_tuple()
            .all(transaction)
            .await
            .map_err(Error::from_db)?;
        let emails = emails.into_iter().flatten();
        for email in emails.filter_map(|email| email.parse::<Email>().ok()) {
            let letter = Letter::new("approval_needed", email, "").once_in(ONE_IN);
            outbox.put_in(&letter, transaction).await?;
        }
        Ok(())
    }
}
