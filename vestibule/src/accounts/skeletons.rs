//! The skeletons of usernames: no new name may look like another user's.
//!
//! The column is unique. It is NULL for an account if an older account has the same skeleton.
//! Log-ins never use it.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany,
};

use crate::accounts::entity::user;
use crate::accounts::{Accounts, rows};
use crate::credentials::Username;
use crate::database::{is_duplicate, retried};
use crate::error::{Error, Result};

/// How many accounts one statement reads, and how many one statement writes.
pub(super) const PAGE: usize = 5_000;
const BATCH: usize = 500;

/// An account whose name looks like that of an older account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookAlike {
    /// Its username.
    pub username: String,
    /// The unique form of the username.
    pub canonical_username: String,
    /// The username of the older account. `None` if it was deleted meanwhile.
    pub looks_like: Option<String>,
}

/// An account without a skeleton, and the skeleton of its name.
#[derive(Clone)]
struct Unfilled {
    id: String,
    username: String,
    canonical_username: String,
    created_at: i64,
    skeleton: String,
}

impl Accounts {
    /// Fills in missing [skeletons](Username::skeleton_of), the oldest accounts first. Accounts
    /// lack one if they are older than skeletons, or were added by SQL. If another account has the
    /// skeleton, the column stays empty, and [`look_alikes`](Self::look_alikes) lists the account.
    /// Call it after the migrations; [`Site::open`](crate::flows::Site::open) does.
    ///
    /// It reads some thousand accounts at a time. Several nodes may run it at the same time.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn fill_skeletons(&self) -> Result<()> {
        let mut after: Option<Unfilled> = None;
        loop {
            let since = after.as_ref().map(|last| {
                let later = user::Column::CreatedAt.gt(last.created_at);
                let same = user::Column::CreatedAt.eq(last.created_at);
                later.or(same.and(user::Column::Id.gt(&*last.id)))
            });
            let page = unfilled()
                .filter(Condition::all().add_option(since))
                .order_by_asc(user::Column::CreatedAt)
                .order_by_asc(user::Column::Id);
            let page = self.read(page, PAGE).await?;
            if after.is_none() && page.len() == PAGE {
                tracing::info!("the skeletons of usernames are filled in, which takes a while");
            }
            for batch in page.chunks(BATCH) {
                self.fill(batch).await?;
            }
            after = match page.into_iter().last() {
                Some(last) => Some(last),
                None => return Ok(()),
            };
        }
    }

    /// Up to `limit` accounts whose name looks like that of an older account, ordered by
    /// [`canonical_username`](LookAlike::canonical_username), starting after `after`. New accounts
    /// cannot be among them.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn look_alikes(&self, after: Option<&str>, limit: usize) -> Result<Vec<LookAlike>> {
        let page = unfilled()
            .filter(user::Column::CanonicalUsername.gt(after.unwrap_or_default()))
            .order_by_asc(user::Column::CanonicalUsername);
        let page = self.read(page, limit).await?;
        let owners = self.owners_of(&page).await?;
        let look_alike = |account: Unfilled| LookAlike {
            looks_like: owners.get(&account.skeleton).cloned(),
            username: account.username,
            canonical_username: account.canonical_username,
        };
        Ok(page.into_iter().map(look_alike).collect())
    }

    /// Whether an account has this name, or one that looks like it, or had it until recently.
    pub(super) async fn has_name_like(&self, typed: &str) -> Result<bool> {
        let Some(by_name) = rows::by_name(typed) else {
            return Ok(false);
        };
        let skeleton = Username::skeleton_of(typed);
        let found: Option<String> = user::Entity::find()
            .filter(
                Condition::any()
                    .add(by_name)
                    .add(user::Column::Skeleton.eq(skeleton)),
            )
            .select_only()
            .column(user::Column::Id)
            .into_tuple()
            .one(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.is_some() || self.was_taken_before(typed).await?)
    }
}

impl Accounts {
    async fn read(&self, page: Select<user::Entity>, limit: usize) -> Result<Vec<Unfilled>> {
        let rows: Vec<(String, String, String, i64)> = page
            .select_only()
            .columns([
                user::Column::Id,
                user::Column::Username,
                user::Column::CanonicalUsername,
                user::Column::CreatedAt,
            ])
            .limit(u64::try_from(limit).unwrap_or(u64::MAX))
            .into_tuple()
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        let rows = rows.into_iter();
        let unfilled = rows.map(|(id, username, canonical_username, created_at)| Unfilled {
            skeleton: Username::skeleton_of(&username),
            id,
            username,
            canonical_username,
            created_at,
        });
        Ok(unfilled.collect())
    }

    /// The usernames of the accounts that have the skeletons of these accounts, by skeleton.
    async fn owners_of(&self, accounts: &[Unfilled]) -> Result<HashMap<String, String>> {
        let skeletons = accounts.iter().map(|account| &*account.skeleton);
        let owners: Vec<(String, String)> = user::Entity::find()
            .filter(user::Column::Skeleton.is_in(skeletons))
            .select_only()
            .columns([user::Column::Skeleton, user::Column::Username])
            .into_tuple()
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(owners.into_iter().collect())
    }

    /// Writes the skeletons of these accounts, except those that another account has.
    async fn fill(&self, batch: &[Unfilled]) -> Result<()> {
        let taken = self.owners_of(batch).await?;
        let mut new = HashSet::new();
        let batch: Vec<_> = (batch.iter())
            .filter(|account| !account.skeleton.is_empty())
            .filter(|account| !taken.contains_key(&account.skeleton))
            .filter(|account| new.insert(&account.skeleton))
            .collect();
        if batch.is_empty() || self.try_fill(&batch).await? {
            return Ok(());
        }
        // Another account got one of them just now. Find out which.
        for account in batch {
            self.try_fill(&[account]).await?;
        }
        Ok(())
    }

    /// Writes all of these skeletons, or none if one of them is taken.
    async fn try_fill(&self, batch: &[&Unfilled]) -> Result<bool> {
        let mut skeleton = CaseStatement::new();
        for account in batch {
            let is_it = Expr::col(user::Column::Id).eq(&*account.id);
            skeleton = skeleton.case(is_it, &*account.skeleton);
        }
        let ids = batch.iter().map(|account| &*account.id);
        let update: UpdateMany<user::Entity> = user::Entity::update_many()
            .col_expr(user::Column::Skeleton, skeleton.into())
            .filter(user::Column::Id.is_in(ids))
            .filter(user::Column::Skeleton.is_null());
        let written = retried(|| {
            let update = update.clone();
            async {
                match update.exec(self.inner.database.connection()).await {
                    Ok(_) => Ok(true),
                    Err(error) if is_duplicate(&error) => Ok(false),
                    Err(error) => Err(Error::from_db(error)),
                }
            }
        });
        written.await
    }
}

fn unfilled() -> Select<user::Entity> {
    user::Entity::find().filter(user::Column::Skeleton.is_null())
}
