//! Creating an account with an invitation.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};

use super::{WorkingInvitation, find_by_digest, inviter_may_invite, still_open};
use crate::access::RoleName;
use crate::accounts::account::{NewAccount, NewCredential};
use crate::accounts::administration::lock_rights;
use crate::accounts::emails::take_over;
use crate::accounts::entity::{invitation, user_role};
use crate::accounts::roles::check_role;
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor};
use crate::credentials::Username;
use crate::database::{changed, retried};
use crate::error::{Error, Result};
use crate::login::{Sender, UserId};
use crate::mail::Email;

/// The outcome of a registration with an invitation.
#[derive(Debug)]
#[must_use]
pub(crate) enum InvitedRegistration {
    Registered(UserId),
    NameTaken,
    /// The invitation was used, was revoked or has expired meanwhile.
    Dead,
}

impl Accounts {
    /// Creates an account with an invitation, and uses it up: both or neither. `username` is `None`
    /// where users have only an address. `email` is the address that the visitor entered, if any.
    /// The account owns the invited address as a verified one if it is this or none.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn register_invited(
        &self,
        username: Option<&Username>,
        email: Option<&Email>,
        credential: NewCredential<'_>,
        invitation: &WorkingInvitation,
        from: &Sender,
    ) -> Result<InvitedRegistration> {
        let attempt = || self.try_register_invited(username, email, credential, invitation, from);
        let registered = retried(attempt).await?;
        if !matches!(registered, InvitedRegistration::NameTaken) {
            return Ok(registered);
        }
        if let Some(username) = username
            && self.has_name_like(username.as_str()).await?
        {
            return Ok(registered);
        }
        // The name is free: somebody else named the address at the same moment.
        retried(attempt).await
    }

    async fn try_register_invited(
        &self,
        username: Option<&Username>,
        email: Option<&Email>,
        credential: NewCredential<'_>,
        invitation: &WorkingInvitation,
        from: &Sender,
    ) -> Result<InvitedRegistration> {
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        // So that the inviter cannot lose the role between the check and the commit.
        lock_rights(&transaction).await?;
        let now = self.inner.clock.now();
        let redeem = still_open()
            .col_expr(invitation::Column::UsedAt, Expr::value(now.as_millis()))
            .filter(invitation::Column::Digest.eq(&*invitation.digest))
            .filter(invitation::Column::ExpiresAt.gt(now.as_millis()));
        if !changed(redeem, &transaction).await? {
            return Ok(InvitedRegistration::Dead);
        }
        let row = find_by_digest(&invitation.digest, &transaction).await?;
        let Some(row) = row else {
            return Ok(InvitedRegistration::Dead);
        };
        if !inviter_may_invite(&row, &transaction).await? {
            return Ok(InvitedRegistration::Dead);
        }
        let is_invited = email.is_none_or(|email| *email == invitation.address);
        if is_invited && !take_over(&invitation.address, None, &transaction).await? {
            return Ok(InvitedRegistration::Dead);
        }
        let new = NewAccount {
            email: email.or(Some(&invitation.address)),
            has_verified_email: is_invited,
            username,
            must_change_password: false,
            awaits_approval: false,
        };
        let Some(account) = self.insert(new, credential, &transaction).await? else {
            return Ok(InvitedRegistration::NameTaken);
        };
        let role = self
            .grant_invited_role(&row, &account, &transaction)
            .await?;
        let used_by = invitation::Entity::update_many()
            .col_expr(invitation::Column::UserId, Expr::value(account.id.as_str()))
            .filter(invitation::Column::Id.eq(&*row.id));
        changed(used_by, &transaction).await?;
        let entry = Entry {
            action: Action::AccountAdded,
            user: Some(&account),
            detail: Some(match role {
                Some(role) => format!("invited by {}, with the role {role}", row.inviter_name),
                None => format!("invited by {}", row.inviter_name),
            }),
        };
        let themself = Actor::themself(&account).sent_by(from);
        self.commit(transaction, &themself, entry).await?;
        Ok(InvitedRegistration::Registered(account.id))
    }

    /// Grants the role of an invitation, unless it was removed meanwhile.
    async fn grant_invited_role(
        &self,
        row: &invitation::Model,
        account: &Account,
        connection: &impl ConnectionTrait,
    ) -> Result<Option<RoleName>> {
        let role = row.role_name.as_deref().and_then(|role| role.parse().ok());
        let Some(role): Option<RoleName> = role else {
            return Ok(None);
        };
        if check_role(&role, connection).await?.is_err() {
            return Ok(None);
        }
        let granted = user_role::ActiveModel {
            user_id: ActiveValue::Set(account.id.to_string()),
            role_name: ActiveValue::Set(role.to_string()),
            granted_at: ActiveValue::Set(self.inner.clock.now().as_millis()),
        };
        granted.insert(connection).await.map_err(Error::from_db)?;
        Ok(Some(role))
    }

    /// Lets the invitation of an account that is deleted again be used once more.
    pub(in crate::accounts) async fn reopen_invitation(
        &self,
        id: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let reopen = invitation::Entity::update_many()
            .col_expr(invitation::Column::UsedAt, Expr::value(None::<i64>))
            .col_expr(invitation::Column::UserId, Expr::value(None::<String>))
            .filter(invitation::Column::UserId.eq(id.as_str()));
        changed(reopen, connection).await?;
        Ok(())
    }
}
