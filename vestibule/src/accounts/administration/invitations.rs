//! Inviting people, sending an invitation again, and revoking it.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::access::RoleName;
use crate::accounts::Action;
use crate::accounts::emails::owner_of;
use crate::accounts::entity::invitation;
use crate::accounts::invitations::{INVITATION_LASTS, still_open};
use crate::accounts::roles::check_role;
use crate::crypto::ids::new_id;
use crate::crypto::secret::Secret;
use crate::database::{Transaction, changed};
use crate::error::{Error, Result};
use crate::mail::Email;
use crate::mail::outbox::Letter;

/// Writes the mail with a token.
type Write<'w> = dyn Fn(&Email, &Secret) -> Letter + Send + Sync + 'w;

/// Invitations are kept this long after they expire.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// The length of the column for details.
const MAX_DETAIL_CHARS: usize = 255;

impl Administration<'_> {
    /// Invites somebody to create an account with this role, by mail.
    pub(crate) async fn invite(
        &self,
        address: &Email,
        role: Option<&RoleName>,
        write: &Write<'_>,
    ) -> Result<ChangeOutcome> {
        settled(self.try_invite(address, role, write).await)
    }

    async fn try_invite(
        &self,
        address: &Email,
        role: Option<&RoleName>,
        write: &Write<'_>,
    ) -> Stopped<ChangeOutcome> {
        let transaction = self.begin().await?;
        if let Some(role) = role
            && let Err(nearest) = check_role(role, &transaction).await?
        {
            return Ok(ChangeOutcome::NoSuchRole(nearest));
        }
        if has_account(address, &transaction).await? {
            return Ok(ChangeOutcome::EmailTaken);
        }
        let accounts = self.accounts;
        let now = accounts.inner.clock.now();
        let open = invitation::Entity::find()
            .filter(invitation::Column::CanonicalAddress.eq(address.canonical()))
            .filter(invitation::Column::UsedAt.is_null())
            .filter(invitation::Column::RevokedAt.is_null())
            .filter(invitation::Column::ExpiresAt.gt(now.as_millis()));
        let open = open.one(&transaction).await.map_err(Error::from_db)?;
        if open.is_some() {
            return Ok(ChangeOutcome::AlreadyInvited);
        }
        invitation::Entity::delete_many()
            .filter(invitation::Column::ExpiresAt.lt((now - KEPT).as_millis()))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let (token, digest) = accounts.new_invitation_token()?;
        let inviter = self.inviter();
        let row = invitation::ActiveModel {
            id: ActiveValue::Set(new_id(now, &accounts.inner.random)?),
            digest: ActiveValue::Set(digest),
            address: ActiveValue::Set(address.as_str().to_owned()),
            canonical_address: ActiveValue::Set(address.canonical().to_owned()),
            role_name: ActiveValue::Set(role.map(RoleName::to_string)),
            inviter_id: ActiveValue::Set(inviter.id),
            inviter_name: ActiveValue::Set(inviter.name),
            inviter_role: ActiveValue::Set(inviter.role),
            created_at: ActiveValue::Set(now.as_millis()),
            expires_at: ActiveValue::Set((now + INVITATION_LASTS).as_millis()),
            used_at: ActiveValue::Set(None),
            user_id: ActiveValue::Set(None),
            revoked_at: ActiveValue::Set(None),
        };
        let row = row.insert(&transaction).await.map_err(Error::from_db)?;
        self.mailed(transaction, row, &write(address, &token)).await
    }

    /// Sends an invitation again, with a new link in place of the former one, for another week. It
    /// is the actor's from then on.
    pub(crate) async fn resend_invitation(
        &self,
        id: &str,
        write: &Write<'_>,
    ) -> Result<ChangeOutcome> {
        settled(self.try_resend(id, write).await)
    }

    async fn try_resend(&self, id: &str, write: &Write<'_>) -> Stopped<ChangeOutcome> {
        let (transaction, row) = self.begin_on_invitation(id).await?;
        let address: Email = row.address.parse().map_err(Error::internal)?;
        if has_account(&address, &transaction).await? {
            return Ok(ChangeOutcome::EmailTaken);
        }
        let accounts = self.accounts;
        let expires_at = accounts.inner.clock.now() + INVITATION_LASTS;
        let (token, digest) = accounts.new_invitation_token()?;
        let inviter = self.inviter();
        let renew = still_open()
            .col_expr(invitation::Column::Digest, Expr::value(digest))
            .col_expr(invitation::Column::InviterId, Expr::value(inviter.id))
            .col_expr(invitation::Column::InviterName, Expr::value(inviter.name))
            .col_expr(invitation::Column::InviterRole, Expr::value(inviter.role))
            .col_expr(
                invitation::Column::ExpiresAt,
                Expr::value(expires_at.as_millis()),
            )
            .filter(invitation::Column::Id.eq(id));
        if !changed(renew, &transaction).await? {
            return Ok(ChangeOutcome::NoOpenInvitation);
        }
        self.mailed(transaction, row, &write(&address, &token))
            .await
    }

    /// Revokes an invitation: its link no longer works.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn revoke_invitation(&self, id: &str) -> Result<ChangeOutcome> {
        settled(self.try_revoke_invitation(id).await)
    }

    async fn try_revoke_invitation(&self, id: &str) -> Stopped<ChangeOutcome> {
        let (transaction, row) = self.begin_on_invitation(id).await?;
        let now = self.accounts.inner.clock.now().as_millis();
        let revoke = still_open()
            .col_expr(invitation::Column::RevokedAt, Expr::value(now))
            .filter(invitation::Column::Id.eq(id));
        if !changed(revoke, &transaction).await? {
            return Ok(ChangeOutcome::NoOpenInvitation);
        }
        let action = Action::InvitationRevoked;
        self.done(transaction, action, None, Some(detail_of(&row)))
            .await
    }

    async fn begin_on_invitation(&self, id: &str) -> Stopped<(Transaction, invitation::Model)> {
        let transaction = self.begin().await?;
        if id.contains(char::is_control) {
            return Err(ChangeOutcome::NoOpenInvitation.into());
        }
        let row = invitation::Entity::find_by_id(id).one(&transaction).await;
        match row.map_err(Error::from_db)? {
            Some(row) if row.used_at.is_none() && row.revoked_at.is_none() => {
                Ok((transaction, row))
            }
            _ => Err(ChangeOutcome::NoOpenInvitation.into()),
        }
    }

    /// Commits an invitation together with its mail.
    async fn mailed(
        &self,
        transaction: Transaction,
        row: invitation::Model,
        letter: &Letter,
    ) -> Stopped<ChangeOutcome> {
        if !self
            .accounts
            .mail_out()?
            .put_in(letter, &transaction)
            .await?
        {
            return Ok(ChangeOutcome::TooManyMails);
        }
        self.done(transaction, Action::Invited, None, Some(detail_of(&row)))
            .await
    }

    fn inviter(&self) -> Inviter {
        let requirement = self.actor.requirement();
        let role = requirement.and_then(|requirement| requirement.role.as_ref());
        Inviter {
            id: self.actor.id().map(ToString::to_string),
            name: self.actor.name().to_owned(),
            role: role.map(RoleName::to_string),
        }
    }
}

struct Inviter {
    id: Option<String>,
    name: String,
    role: Option<String>,
}

/// Whether an account has this address. One that waits until somebody verifies the address gives it
/// up to the invited person.
async fn has_account(address: &Email, connection: &impl ConnectionTrait) -> Result<bool> {
    let owner = owner_of(address, connection).await?;
    Ok(owner.is_some_and(|owner| !owner.is_waiting()))
}

fn detail_of(row: &invitation::Model) -> String {
    let detail = match &row.role_name {
        Some(role) => format!("{role}: {}", row.address),
        None => row.address.clone(),
    };
    detail.chars().take(MAX_DETAIL_CHARS).collect()
}
