//! Invitations: a link by mail, with which one person creates an account.
//!
//! The table has the SHA-256 of the link's token, so a copy of it opens nothing. An invitation works
//! once, for [a week](INVITATION_LASTS), and while the admin who sent it still has the right to
//! invite: somebody who is about to lose the role must not keep a way back. Another admin can send
//! it again; then it is theirs.

mod registration;

use std::collections::HashSet;
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};
use zeroize::Zeroizing;

pub(crate) use registration::InvitedRegistration;

use crate::accounts::entity::invitation;
use crate::accounts::{Account, Accounts, Cursor, rows};
use crate::clock::Timestamp;
use crate::crypto::digest::sha256_in;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::login::{User, UserId};
use crate::mail::Email;

/// How long an invitation works.
pub(crate) const INVITATION_LASTS: Duration = Duration::from_hours(7 * 24);

const TOKEN_BYTES: usize = 32;

/// An invitation to create an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// Its id, which opens nothing.
    pub id: String,
    /// The mail address that it was sent to.
    pub address: String,
    /// The role that comes with it.
    pub role: Option<String>,
    /// The id of the user who sent it; `None` for the operator.
    pub inviter_id: Option<UserId>,
    /// The username of the user who sent it, at that time.
    pub inviter: String,
    /// When it was first sent.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The id of the account that was registered with it.
    pub user_id: Option<UserId>,
    /// Whether it works.
    pub state: InvitationState,
}

/// Whether an invitation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvitationState {
    /// It works.
    Open,
    /// Somebody has registered with it.
    Used,
    /// It was revoked.
    Revoked,
    /// A week has passed.
    Expired,
    /// The user who sent it has lost the role for that, or is disabled. It works again if another
    /// admin resends it.
    InviterLacksRole,
}

impl InvitationState {
    /// Its name in JSON and at the command line, such as `inviter_lacks_role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::InviterLacksRole => "inviter_lacks_role",
        }
    }
}

/// An invitation that works, found by its token.
#[derive(Debug, Clone)]
pub(crate) struct WorkingInvitation {
    pub(crate) address: Email,
    digest: String,
}

impl Accounts {
    /// Up to `limit` invitations, the newest first. The cursor is one of their ids.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn invitations(&self, cursor: Cursor<'_>, limit: u64) -> Result<Vec<Invitation>> {
        let (id, connection) = (invitation::Column::Id, self.inner.database.connection());
        let find = invitation::Entity::find();
        let find = match cursor {
            Cursor::Start => find.order_by_desc(id),
            Cursor::After(key) => find.filter(id.lt(key)).order_by_desc(id),
            Cursor::Before(key) => find.filter(id.gt(key)).order_by_asc(id),
        };
        let found = find.limit(limit).all(connection).await;
        let mut found = found.map_err(Error::from_db)?;
        if matches!(cursor, Cursor::Before(_)) {
            found.reverse();
        }
        let now = self.inner.clock.now();
        let mut may_invite = HashSet::new();
        let mut invitations = Vec::with_capacity(found.len());
        for row in found {
            // Few admins invite, so each is read once.
            let inviter = (row.inviter_id.clone(), row.inviter_role.clone());
            if !may_invite.contains(&inviter) && inviter_may_invite(&row, connection).await? {
                may_invite.insert(inviter.clone());
            }
            invitations.push(invitation_of(row, may_invite.contains(&inviter), now));
        }
        Ok(invitations)
    }

    /// The invitation with this token, if it works. Does not use it up.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn find_invitation(
        &self,
        token: &Secret,
    ) -> Result<Option<WorkingInvitation>> {
        let connection = self.inner.database.connection();
        let Some(row) = find_by_token(token, connection).await? else {
            return Ok(None);
        };
        let may_invite = inviter_may_invite(&row, connection).await?;
        if state_of(&row, may_invite, self.inner.clock.now()) != InvitationState::Open {
            return Ok(None);
        }
        let address = row.address.parse().map_err(Error::internal)?;
        Ok(Some(WorkingInvitation {
            address,
            digest: row.digest,
        }))
    }

    /// The account that was registered with the invitation with this token.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn find_invited(&self, token: &Secret) -> Result<Option<Account>> {
        let row = find_by_token(token, self.inner.database.connection()).await?;
        match row.and_then(|row| row.user_id) {
            Some(id) => self.find_by_id(&id.into()).await,
            None => Ok(None),
        }
    }

    /// A new token, and its digest.
    pub(super) fn new_invitation_token(&self) -> Result<(Secret, String)> {
        let bytes = Zeroizing::new(self.inner.random.bytes::<TOKEN_BYTES>()?);
        let token = Secret::from(BASE64URL_NOPAD.encode(&bytes[..]));
        Ok((token, digest_of(&bytes[..])))
    }
}

fn digest_of(bytes: &[u8]) -> String {
    HEXLOWER.encode(&sha256_in("vestibule invitation ", bytes))
}

async fn find_by_token(
    token: &Secret,
    connection: &impl ConnectionTrait,
) -> Result<Option<invitation::Model>> {
    match BASE64URL_NOPAD.decode(token.expose().trim().as_bytes()) {
        Ok(bytes) if bytes.len() == TOKEN_BYTES => {
            find_by_digest(&digest_of(&bytes), connection).await
        }
        _ => Ok(None),
    }
}

async fn find_by_digest(
    digest: &str,
    connection: &impl ConnectionTrait,
) -> Result<Option<invitation::Model>> {
    invitation::Entity::find()
        .filter(invitation::Column::Digest.eq(digest))
        .one(connection)
        .await
        .map_err(Error::from_db)
}

/// An update of invitations that were neither used nor revoked.
pub(super) fn still_open() -> UpdateMany<invitation::Entity> {
    invitation::Entity::update_many()
        .filter(invitation::Column::UsedAt.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
}

/// Whether the user who sent an invitation still has the role for that. The operator always may.
pub(super) async fn inviter_may_invite(
    row: &invitation::Model,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let Some(id) = &row.inviter_id else {
        return Ok(true);
    };
    let inviter = rows::find(&id.as_str().into(), connection).await?;
    let role = row.inviter_role.as_deref().unwrap_or_default();
    Ok(inviter.is_some_and(|inviter| inviter.is_active() && inviter.rights.has_role(role)))
}

fn state_of(row: &invitation::Model, may_invite: bool, now: Timestamp) -> InvitationState {
    if row.used_at.is_some() {
        InvitationState::Used
    } else if row.revoked_at.is_some() {
        InvitationState::Revoked
    } else if row.expires_at <= now.as_millis() {
        InvitationState::Expired
    } else if !may_invite {
        InvitationState::InviterLacksRole
    } else {
        InvitationState::Open
    }
}

fn invitation_of(row: invitation::Model, may_invite: bool, now: Timestamp) -> Invitation {
    Invitation {
        state: state_of(&row, may_invite, now),
        id: row.id,
        address: row.address,
        role: row.role_name,
        inviter_id: row.inviter_id.map(UserId::from),
        inviter: row.inviter_name,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        user_id: row.user_id.map(UserId::from),
    }
}
