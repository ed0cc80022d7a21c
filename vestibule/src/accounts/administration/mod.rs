//! Changes of accounts and roles, by the hand of somebody.

mod roles;
mod sessions;
mod users;

use std::fmt;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, TransactionTrait};

use crate::accounts::entity::role;
use crate::accounts::security_log::Entry;
use crate::accounts::{ADMIN, Account, Accounts, Action, Actor, rows};
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::UserId;

/// Changes accounts and roles by the hand of an [`Actor`], from [`Accounts::by`].
///
/// One change is one transaction, with its line in the security log, and those of roles and of
/// who may log in happen one after the other: of two admins who take the role from one another
/// one succeeds. The session store is told after that: where it fails, what it should have ended
/// is refused all the same, as the user has begun a new
/// [`session_epoch`](crate::login::User::session_epoch), or is gone.
#[derive(Debug)]
pub struct Administration<'a> {
    accounts: &'a Accounts,
    actor: Actor,
}

/// What came of a change. As text it says so, in a sentence for whoever wanted it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum ChangeOutcome {
    /// It is done, and in the security log.
    Done,
    /// It was so already.
    AlreadySo,
    /// There is no such user.
    NoSuchUser,
    /// There is no such role; the one that was probably meant.
    NoSuchRole(Option<String>),
    /// The role does not have this permission; the one that was probably meant.
    NoSuchPermission(Option<String>),
    /// The user has no such session, or no more.
    NoSuchSession,
    /// There is a role, or a user, by this name already.
    NameTaken,
    /// It would leave the site without anybody who can administer it.
    LastAdmin,
    /// The role `admin` is always there.
    BuiltIn,
    /// The actor has lost the right to it meanwhile.
    ActorLacksRole,
}

/// Why a change is not made: there is something to say instead, or something broke.
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

    /// Begins a change, if the actor may still make it.
    ///
    /// It first writes to the one row that is always there, so that no other change comes
    /// between what is read here and what is written.
    async fn begin(&self) -> Stopped<DatabaseTransaction> {
        let transaction = self.accounts.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let lock = role::Entity::update_many()
            .col_expr(role::Column::Name, Expr::value(ADMIN))
            .filter(role::Column::Name.eq(ADMIN));
        if !changed(lock, &transaction).await? {
            let gone = "the role `admin` is missing from the table `roles`; put it back";
            return Err(Error::internal(gone).into());
        }
        let Some(requirement) = self.actor.requirement() else {
            return Ok(transaction);
        };
        let actor = rows::find(&requirement.id, &transaction).await?;
        let may = actor.is_some_and(|actor| {
            !actor.is_disabled
                && !actor.must_change_password
                && actor.session_epoch == requirement.session_epoch
                && actor.rights.has_role(requirement.role.as_str())
        });
        match may {
            true => Ok(transaction),
            false => Err(ChangeOutcome::ActorLacksRole.into()),
        }
    }

    /// Begins a change of a user.
    async fn begin_on(&self, id: &UserId) -> Stopped<(DatabaseTransaction, Account)> {
        let transaction = self.begin().await?;
        match rows::find(id, &transaction).await? {
            Some(account) => Ok((transaction, account)),
            None => Err(ChangeOutcome::NoSuchUser.into()),
        }
    }

    /// Ends a change: it and its line in the security log are there from now on.
    async fn done(
        &self,
        transaction: DatabaseTransaction,
        action: Action,
        user: Option<&Account>,
        detail: Option<String>,
    ) -> Stopped<ChangeOutcome> {
        let entry = Entry {
            action,
            user,
            detail,
        };
        self.accounts
            .commit(transaction, &self.actor, entry)
            .await?;
        Ok(ChangeOutcome::Done)
    }

    /// Ends the sessions of a user, and what remembers their browsers, where that is what a change
    /// came to.
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

impl fmt::Display for ChangeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, nearest) = match self {
            Self::NoSuchRole(nearest) => ("There is no such role.", nearest),
            Self::NoSuchPermission(nearest) => ("The role has no such permission.", nearest),
            Self::Done => ("It is done.", &None),
            Self::AlreadySo => ("Nothing to do: it was so already.", &None),
            Self::NoSuchUser => ("There is no such user.", &None),
            Self::NoSuchSession => ("The user has no such session, or no more.", &None),
            Self::NameTaken => ("This name is taken already.", &None),
            Self::LastAdmin => (
                "This is the last admin. Give the role admin to somebody else first, so that the \
                 site can still be administered.",
                &None,
            ),
            Self::BuiltIn => (
                "The role admin is always there, and cannot be removed.",
                &None,
            ),
            Self::ActorLacksRole => ("You have no longer the right to this.", &None),
        };
        f.write_str(what)?;
        match nearest {
            Some(nearest) => write!(f, " Did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}
