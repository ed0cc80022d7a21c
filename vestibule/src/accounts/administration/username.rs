//! Changing a username.

use sea_orm::UpdateMany;
use sea_orm::sea_query::Expr;

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::accounts::Action;
use crate::accounts::entity::user;
use crate::credentials::Username;
use crate::database::is_duplicate;
use crate::error::{Error, Result};
use crate::login::UserId;

impl Administration<'_> {
    /// Changes the name of a user, or gives one to a user who has only a mail address. Their
    /// sessions stay. The former name is reserved for them for
    /// [`FORMER_NAMES_RESERVED_FOR`](crate::accounts::Accounts::FORMER_NAMES_RESERVED_FOR).
    ///
    /// The outcome is [`NameTaken`](ChangeOutcome::NameTaken) if another user has the name, had it
    /// until recently, or has one that looks like it. It is
    /// [`NeedsEmail`](ChangeOutcome::NeedsEmail) for a registration by mail address alone that
    /// waits for its user to verify the address.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn set_username(&self, id: &UserId, username: &Username) -> Result<ChangeOutcome> {
        settled(self.try_set_username(id, username).await)
    }

    async fn try_set_username(&self, id: &UserId, username: &Username) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on_own(id).await?;
        if account.username.as_deref() == Some(username.as_str()) {
            return Ok(ChangeOutcome::AlreadySo);
        }
        // With a name, its password would count, which a stranger may have chosen.
        if account.is_waiting() {
            return Ok(ChangeOutcome::NeedsEmail);
        }
        let accounts = self.accounts;
        let update: UpdateMany<user::Entity> = accounts
            .update(id)
            .col_expr(user::Column::Username, Expr::value(username.as_str()))
            .col_expr(
                user::Column::CanonicalUsername,
                Expr::value(username.canonical()),
            )
            .col_expr(
                user::Column::Skeleton,
                Expr::value(Username::skeleton_of(username.as_str())),
            );
        match update.exec(&transaction).await {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => return Ok(ChangeOutcome::NameTaken),
            Err(error) => return Err(Error::from_db(error).into()),
        }
        // After the update, which has waited for a user who changed this name just now.
        if accounts
            .is_reserved(username, Some(id), &transaction)
            .await?
        {
            return Ok(ChangeOutcome::NameTaken);
        }
        accounts.release(username, &transaction).await?;
        if account.canonical_username != username.canonical() {
            accounts.reserve(&account, &transaction).await?;
        }
        let detail = Some(username.as_str().to_owned());
        let action = Action::UsernameChanged;
        self.done(transaction, action, Some(&account), detail).await
    }
}
