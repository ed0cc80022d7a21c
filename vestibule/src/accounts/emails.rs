//! Who owns a mail address.
//!
//! The column `canonical_email` is unique. It has the canonical form of the address of its owner.
//! An account whose address another account owns has that form too, with `#` and its own id after
//! it, so it is never found by the address. Of accounts that shared an address before addresses were
//! unique, none owns it, and one has the form with `#` alone: a mark that it is shared. `NULL` is for an account without an address, and for one
//! that the start has not filled in yet.
//!
//! An address is owned by the account that named it first, until somebody shows that they read mail
//! there: then it is theirs, and nobody can take it any more.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::accounts::entity::user;
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor, rows};
use crate::credentials::{EmailChange, EmailUsers};
use crate::database::{changed, is_duplicate, retried};
use crate::error::{Error, Result};
use crate::login::{Sender, UserId};
use crate::mail::Email;
use crate::session::Invalidation;

/// How many accounts one statement reads.
const PAGE: u64 = 1_000;

/// Stands between an address and the id of an account that does not own it. No canonical domain has
/// it.
const NOT_OWNER: char = '#';

/// An account whose mail address another account owns, or has too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedEmail {
    /// The account's username.
    pub username: String,
    /// The address.
    pub email: String,
    /// Where the next page begins.
    pub after: String,
}

/// What the column has for an account that does not own this address.
pub(super) fn not_owned(email: &Email, id: &str) -> String {
    format!("{}{NOT_OWNER}{id}", email.canonical())
}

/// The account that owns an address.
pub(super) async fn owner_of(
    email: &Email,
    connection: &impl ConnectionTrait,
) -> Result<Option<Account>> {
    rows::find_one(owned(email).into(), connection).await
}

/// Matches the account that owns an address.
pub(super) fn owned(email: &Email) -> Expr {
    user::Column::CanonicalEmail.eq(email.canonical())
}

/// Takes an address from an account other than `but` that owns it without having verified it.
/// Returns whether nobody else owns it now.
pub(super) async fn take_over(
    email: &Email,
    but: Option<&UserId>,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let owner = owner_of(email, connection).await?;
    let Some(owner) = owner.filter(|owner| Some(&owner.id) != but) else {
        return Ok(true);
    };
    if owner.email_verified_at.is_some() {
        return Ok(false);
    }
    // Nobody has shown that they read mail there. Now somebody else has.
    let give_up = user::Entity::update_many()
        .col_expr(
            user::Column::CanonicalEmail,
            Expr::value(not_owned(email, owner.id.as_str())),
        )
        .filter(user::Column::Id.eq(owner.id.as_str()))
        .filter(user::Column::CanonicalEmail.eq(email.canonical()))
        .filter(user::Column::EmailVerifiedAt.is_null());
    changed(give_up, connection).await
}

impl EmailUsers<Account> for Accounts {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Account>> {
        owner_of(email, self.inner.database.connection()).await
    }

    async fn set_verified_email(
        &self,
        account: &Account,
        email: &Email,
        from: &Sender,
    ) -> Result<EmailChange<Account>> {
        retried(|| self.try_set_verified(account, email, from)).await
    }
}

impl Accounts {
    async fn try_set_verified(
        &self,
        account: &Account,
        email: &Email,
        from: &Sender,
    ) -> Result<EmailChange<Account>> {
        let transaction = self.inner.database.connection().begin_to_write().await;
        let transaction = transaction.map_err(Error::from_db)?;
        if !take_over(email, Some(&account.id), &transaction).await? {
            return Ok(EmailChange::Taken);
        }
        let Some(current) = rows::find(&account.id, &transaction).await? else {
            return Ok(EmailChange::Gone);
        };
        let now = self.inner.clock.now();
        let update = self
            .update(&account.id)
            .col_expr(user::Column::Email, Expr::value(email.as_str()))
            .col_expr(user::Column::CanonicalEmail, Expr::value(email.canonical()))
            .col_expr(user::Column::EmailVerifiedAt, Expr::value(now.as_millis()));
        match update.exec(&transaction).await {
            Ok(updated) if updated.rows_affected > 0 => {}
            Ok(_) => return Ok(EmailChange::Gone),
            Err(error) if is_duplicate(&error) => return Ok(EmailChange::Taken),
            Err(error) => return Err(Error::from_db(error)),
        }
        if current.is_waiting() && current.awaits_approval {
            // Not at the registration, because strangers can name any address.
            self.put_approval_mails(&transaction).await?;
        }
        let is_new = Email::of(current.email.as_deref()).as_ref() != Some(email);
        let entry = Entry {
            action: match is_new {
                true => Action::EmailChanged,
                false => Action::EmailVerified,
            },
            // As they were, so that the mail about the change goes to the former address.
            user: Some(&current),
            detail: Some(email.as_str().to_owned()),
        };
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::User(&account.id));
        let themself = Actor::themself(&current).sent_by(from);
        self.commit_own(transaction, &themself, entry).await?;
        Ok(EmailChange::Changed(Account {
            email: Some(email.as_str().to_owned()),
            email_verified_at: Some(now),
            ..current
        }))
    }

    /// Fills in the canonical forms of the addresses of accounts that are older than these, or were
    /// added by SQL. Of accounts that share an address, none owns it. Call it after the migrations;
    /// [`Site::open`](crate::flows::Site::open) does.
    ///
    /// It reads a thousand accounts at a time. Several nodes may run it at the same time.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn fill_canonical_emails(&self) -> Result<()> {
        let mut after = String::new();
        loop {
            let page: Vec<(String, String)> = user::Entity::find()
                .filter(user::Column::CanonicalEmail.is_null())
                .filter(user::Column::Email.is_not_null())
                .filter(user::Column::Id.gt(&*after))
                .order_by_asc(user::Column::Id)
                .select_only()
                .columns([user::Column::Id, user::Column::Email])
                .limit(PAGE)
                .into_tuple()
                .all(self.inner.database.connection())
                .await
                .map_err(Error::from_db)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after.clone_from(last);
            for (id, text) in page {
                if let Ok(email) = text.parse::<Email>() {
                    retried(|| self.fill_email(&id, &email)).await?;
                }
            }
        }
    }

    async fn fill_email(&self, id: &str, email: &Email) -> Result<()> {
        let connection = self.inner.database.connection();
        let write = |id: &str, text: String| {
            user::Entity::update_many()
                .col_expr(user::Column::CanonicalEmail, Expr::value(text))
                .filter(user::Column::Id.eq(id))
        };
        if !self.is_shared(email).await? {
            let own = write(id, email.canonical().to_owned())
                .filter(user::Column::CanonicalEmail.is_null())
                .exec(connection)
                .await;
            match own {
                Ok(_) => return Ok(()),
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(Error::from_db(error)),
            }
        }
        // Its owner was filled in just before, and owns it no more, unless they have verified it.
        if let Some(owner) = owner_of(email, connection).await? {
            let give_up = write(owner.id.as_str(), not_owned(email, ""))
                .filter(user::Column::EmailVerifiedAt.is_null())
                .exec(connection)
                .await;
            match give_up {
                Ok(_) => {}
                // Another node has marked it.
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(Error::from_db(error)),
            }
        }
        let share = write(id, not_owned(email, id)).filter(user::Column::CanonicalEmail.is_null());
        changed(share, connection).await?;
        Ok(())
    }

    /// Whether accounts shared this address before addresses were unique.
    async fn is_shared(&self, email: &Email) -> Result<bool> {
        let found: Option<String> = user::Entity::find()
            .filter(user::Column::CanonicalEmail.eq(not_owned(email, "")))
            .select_only()
            .column(user::Column::Id)
            .into_tuple()
            .one(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.is_some())
    }

    /// Up to `limit` accounts that do not own their mail address, because other accounts have it
    /// too, ordered by address, starting after `after`. They cannot log in with it, nor get a
    /// forgotten password back.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn shared_emails(&self, after: Option<&str>, limit: u64) -> Result<Vec<SharedEmail>> {
        let rows: Vec<(String, Option<String>, Option<String>)> = user::Entity::find()
            .filter(
                Condition::all()
                    .add(user::Column::CanonicalEmail.like(format!("%@%{NOT_OWNER}%")))
                    .add(user::Column::CanonicalEmail.gt(after.unwrap_or_default())),
            )
            .order_by_asc(user::Column::CanonicalEmail)
            .select_only()
            .columns([
                user::Column::Username,
                user::Column::Email,
                user::Column::CanonicalEmail,
            ])
            .limit(limit)
            .into_tuple()
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        let shared = rows
            .into_iter()
            .map(|(username, email, after)| SharedEmail {
                username,
                email: email.unwrap_or_default(),
                after: after.unwrap_or_default(),
            });
        Ok(shared.collect())
    }

    /// What the column `canonical_email` gets for this address, and whether the account owns it.
    pub(super) async fn claimed(
        &self,
        email: &Email,
        id: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<(String, bool)> {
        let owner = owner_of(email, connection).await?;
        Ok(match owner {
            Some(owner) if owner.id != *id => (not_owned(email, id.as_str()), false),
            _ => (email.canonical().to_owned(), true),
        })
    }
}
