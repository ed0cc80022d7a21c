//! Changes to accounts and roles by an actor.

mod approval;
mod close;
mod emails;
mod factors;
mod import;
mod invitations;
mod reset_link;
mod roles;
mod sessions;
mod username;
mod users;

pub(crate) use factors::DueReset;

use std::fmt;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::entity::role;
use crate::accounts::security_log::Entry;
use crate::accounts::{ADMIN, Account, Accounts, Action, Actor, rows};
use crate::clock::Timestamp;
use crate::database::{Transaction, changed};
use crate::error::{Error, Result};
use crate::login::{User, UserId};
use crate::mail::outbox::when;
use crate::session::Invalidation;

/// Changes accounts and roles on behalf of an [`Actor`], from [`Accounts::by`].
///
/// Each change is one transaction, including its line in the security log. Changes to roles and to
/// who may log in run one after the other, so if two admins remove each other's role, only one
/// succeeds. The sessions are ended in the store afterwards. If that fails, they are still
/// rejected, because the user has a new [`session_epoch`](crate::login::User::session_epoch), or no
/// longer exists.
#[derive(Debug)]
pub struct Administration<'a> {
    accounts: &'a Accounts,
    actor: Actor,
}

/// The outcome of a change. Its `Display` is a sentence for the actor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum ChangeOutcome {
    /// The change was made, and is in the security log.
    Done,
    /// Nothing to change.
    AlreadySo,
    /// The change will be made at this time, unless the user cancels it.
    Planned(Timestamp),
    /// The user does not exist.
    NoSuchUser,
    /// The role does not exist. Holds the role that was probably meant.
    NoSuchRole(Option<String>),
    /// The role does not have this permission. Holds the one that was probably meant.
    NoSuchPermission(Option<String>),
    /// The user does not have this session, or it has already ended.
    NoSuchSession,
    /// A role or a user with this name exists already.
    NameTaken,
    /// Another account has this email address.
    EmailTaken,
    /// The account has no username, so it needs its email address: nobody can remove it, and its user
    /// can change it only with a link from a mail. Or nobody has verified the address yet.
    NeedsEmail,
    /// The account has no email address.
    NoEmail,
    /// The account is disabled or closed, or waits for approval.
    NotActive,
    /// An invitation to this address is open already.
    AlreadyInvited,
    /// The invitation does not exist, was used or was revoked.
    NoOpenInvitation,
    /// The address has had as many mails of this kind as it may get in an hour.
    TooManyMails,
    /// The actor is the user, who cannot do this to their own account.
    NotOneself,
    /// Nobody could administer the site any more.
    LastAdmin,
    /// The role `admin` cannot be removed.
    BuiltIn,
    /// The actor has lost the required role meanwhile, or may change only their own account.
    ActorLacksRole,
    /// The hash of the password cannot be checked: it is malformed, of an unknown kind, asks for too
    /// much, or has more than 255 characters.
    UnusableHash,
}

/// The reason for not making a change: another outcome, or an error.
enum Stop {
    Instead(ChangeOutcome),
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl From<ChangeOutcome> for Stop {
    fn from(instead: ChangeOutcome) -> Self {
        Self::Instead(instead)
    }
}

type Stopped<T> = std::result::Result<T, Stop>;

fn settled(outcome: Stopped<ChangeOutcome>) -> Result<ChangeOutcome> {
    match outcome {
        Ok(change) | Err(Stop::Instead(change)) => Ok(change),
        Err(Stop::Broken(error)) => Err(error),
    }
}

impl<'a> Administration<'a> {
    pub(super) fn new(accounts: &'a Accounts, actor: Actor) -> Self {
        Self { accounts, actor }
    }

    /// Begins a change, if the actor may still make it. Rejects a user without a role.
    async fn begin(&self) -> Stopped<Transaction> {
        self.begin_to(None).await
    }

    /// Begins a change to the account `own`, if users may make it themselves.
    ///
    /// First writes to a row that always exists, so that no other change can happen between reading
    /// and writing here.
    async fn begin_to(&self, own: Option<&UserId>) -> Stopped<Transaction> {
        let transaction = self.accounts.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        lock_rights(&transaction).await?;
        let Some(requirement) = self.actor.requirement() else {
            return Ok(transaction);
        };
        let actor = rows::find(&requirement.id, &transaction).await?;
        let may = actor.is_some_and(|actor| {
            actor.is_active()
                && !actor.must_change_password
                && actor.session_epoch == requirement.session_epoch
                && match &requirement.role {
                    Some(role) => actor.rights.has_role(role.as_str()),
                    None => own == Some(&requirement.id),
                }
        });
        match may {
            true => Ok(transaction),
            false => Err(ChangeOutcome::ActorLacksRole.into()),
        }
    }

    /// Begins a change to a user that they may not make themselves.
    async fn begin_on(&self, id: &UserId) -> Stopped<(Transaction, Account)> {
        self.found(id, self.begin().await?).await
    }

    /// Begins a change to a user that they may make themselves.
    async fn begin_on_own(&self, id: &UserId) -> Stopped<(Transaction, Account)> {
        self.found(id, self.begin_to(Some(id)).await?).await
    }

    async fn found(
        &self,
        id: &UserId,
        transaction: Transaction,
    ) -> Stopped<(Transaction, Account)> {
        match rows::find(id, &transaction).await? {
            Some(account) => Ok((transaction, account)),
            None => Err(ChangeOutcome::NoSuchUser.into()),
        }
    }

    /// Commits a change with its line in the security log.
    async fn done(
        &self,
        transaction: Transaction,
        action: Action,
        user: Option<&Account>,
        detail: Option<String>,
    ) -> Stopped<ChangeOutcome> {
        let entry = Entry {
            action,
            user,
            detail,
        };
        let (accounts, actor) = (self.accounts, &self.actor);
        match user {
            // Limited, because users could fill the log with changes to their own account. Deleting
            // it happens only once.
            Some(user) if actor.is_themself() && action != Action::AccountDeleted => {
                let feed = accounts.inner.database.feed();
                let _invalidated = feed.invalidate_on_drop(Invalidation::User(&user.id));
                accounts.commit_own(transaction, actor, entry).await?;
            }
            _ => accounts.commit(transaction, actor, entry).await?,
        }
        Ok(ChangeOutcome::Done)
    }

    /// If the change was made, ends the user's sessions and remembered logins.
    async fn revoked(&self, outcome: Stopped<ChangeOutcome>, id: &UserId) -> Result<ChangeOutcome> {
        let change = settled(outcome)?;
        if change == ChangeOutcome::Done {
            let accounts = self.accounts;
            let sessions = &accounts.inner.sessions;
            sessions
                .revoke_user_and_pending(&accounts.inner.realm, id, None)
                .await?;
        }
        Ok(change)
    }
}

/// Lets no other change to rights happen until the end of this transaction.
pub(super) async fn lock_rights(transaction: &Transaction) -> Result<()> {
    let lock = role::Entity::update_many()
        .col_expr(role::Column::Name, Expr::value(ADMIN))
        .filter(role::Column::Name.eq(ADMIN));
    match changed(lock, transaction).await? {
        true => Ok(()),
        false => Err(Error::internal(
            "the role `admin` is missing from the table `roles`; put it back",
        )),
    }
}

impl fmt::Display for ChangeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, nearest) = match self {
            Self::Planned(at) => {
                return write!(
                    f,
                    "All second factors will be removed on {}, unless the user uses or adds one \
                     before then.",
                    when(*at)
                );
            }
            Self::NoSuchRole(nearest) => ("There is no such role.", nearest),
            Self::NoSuchPermission(nearest) => ("The role has no such permission.", nearest),
            Self::Done => ("Done.", &None),
            Self::AlreadySo => ("Nothing to change.", &None),
            Self::NoSuchUser => ("There is no such user.", &None),
            Self::NoSuchSession => ("That session has already ended.", &None),
            Self::NameTaken => ("This name is taken.", &None),
            Self::EmailTaken => ("Another account has this email address.", &None),
            Self::NeedsEmail => (
                "This account has no username, so it needs its email address.",
                &None,
            ),
            Self::NoEmail => ("The account has no email address.", &None),
            Self::NotActive => (
                "The account is disabled or closed, or waits for approval.",
                &None,
            ),
            Self::AlreadyInvited => (
                "This address has an open invitation. Resend or revoke that one.",
                &None,
            ),
            Self::NoOpenInvitation => (
                "This invitation does not exist, was used or was revoked.",
                &None,
            ),
            Self::TooManyMails => (
                "This address has had enough emails of this kind for now. Try again in an hour.",
                &None,
            ),
            Self::NotOneself => ("You can't do this to your own account.", &None),
            Self::LastAdmin => (
                "This is the last admin. Give somebody else the role admin first.",
                &None,
            ),
            Self::BuiltIn => ("The role admin can't be removed.", &None),
            Self::UnusableHash => (
                "This password hash can't be checked: it is malformed or of an unknown kind.",
                &None,
            ),
            Self::ActorLacksRole => ("You no longer have permission to do this.", &None),
        };
        f.write_str(what)?;
        match nearest {
            Some(nearest) => write!(f, " Did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}
