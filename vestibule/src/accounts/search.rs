//! Searching accounts, fast with any number of them.

use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use crate::access::{RoleName, nearest};
use crate::accounts::entity::{user, user_role};
use crate::accounts::{Account, Accounts, Cursor, rows};
use crate::credentials::Username;
use crate::error::{Error, Result};

/// Which accounts to find. `Default` is all of them.
///
/// ```
/// use vestibule::accounts::{UserFilter, UserState};
///
/// let mut filter = UserFilter::default();
/// filter.text = "al".to_owned();
/// filter.state = Some(UserState::Disabled);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserFilter {
    /// The beginning of a username, compared in its canonical form. With an `@`, a whole email
    /// address or username. Empty for all accounts.
    pub text: String,
    /// Only accounts in this state.
    pub state: Option<UserState>,
    /// Only accounts with this role.
    pub role: Option<RoleName>,
}

/// A state of accounts. An account that must change its password is also active or disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserState {
    /// The user can log in.
    Active,
    /// The operator or an admin has disabled the account.
    Disabled,
    /// The user must choose a new password before anything else.
    MustChangePassword,
    /// An administrator must approve the account before its user can log in. A registration with a
    /// mail address alone counts once the address is verified.
    AwaitsApproval,
    /// The user has closed the account, and it is erased later.
    Closed,
}

impl UserState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::Disabled,
        Self::MustChangePassword,
        Self::AwaitsApproval,
        Self::Closed,
    ];

    /// Its name in queries: `active`, `disabled`, `must_change_password`, `awaits_approval` or
    /// `closed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::MustChangePassword => "must_change_password",
            Self::AwaitsApproval => "awaits_approval",
            Self::Closed => "closed",
        }
    }
}

/// Up to this many users of a role are found by the role, then sorted. If more users have it, all
/// users are read in the order of the list until a page is full; among ten million users, at least
/// one in a thousand has the role then.
const FEW: u64 = 10_000;

impl Accounts {
    /// Up to `limit` accounts, ordered by [`canonical_username`](Account::canonical_username),
    /// starting after `after`. Those without a username come first, the oldest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn list(&self, after: Option<&str>, limit: u64) -> Result<Vec<Account>> {
        self.search(&UserFilter::default(), after, limit).await
    }

    /// Up to `limit` accounts that match `filter`, ordered by
    /// [`canonical_username`](Account::canonical_username). The cursor is one of these names; an
    /// `Option` starts after its name. Uses indexes, so it is fast with any number of accounts.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn search<'k>(
        &self,
        filter: &UserFilter,
        cursor: impl Into<Cursor<'k>>,
        limit: u64,
    ) -> Result<Vec<Account>> {
        let cursor = cursor.into();
        let Some(find) = self.matching(filter, cursor).await? else {
            return Ok(Vec::new());
        };
        let name = user::Column::CanonicalUsername;
        let find = match cursor {
            Cursor::Before(_) => find.order_by_desc(name),
            _ => find.order_by_asc(name),
        };
        let connection = self.inner.database.connection();
        let mut found = find.limit(limit).all(connection).await;
        if let (Cursor::Before(_), Ok(found)) = (cursor, &mut found) {
            found.reverse();
        }
        rows::with_rights(found.map_err(Error::from_db)?, connection).await
    }

    /// The number of accounts that match `filter`, at most `most`. The database stops counting
    /// there, so this is fast with any number of accounts.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn count(&self, filter: &UserFilter, most: u64) -> Result<u64> {
        if let UserFilter {
            text,
            state: None,
            role: Some(role),
        } = filter
            && text.trim().is_empty()
        {
            return self.count_holders(role, most).await;
        }
        match self.matching(filter, Cursor::Start).await? {
            Some(find) => {
                let ids = find.select_only().column(user::Column::Id).limit(most);
                self.count_rows(ids.into_query()).await
            }
            None => Ok(0),
        }
    }

    async fn count_holders(&self, role: &RoleName, most: u64) -> Result<u64> {
        let holders = holders(role).limit(most).into_query();
        self.count_rows(holders).await
    }

    async fn count_rows(&self, rows: SelectStatement) -> Result<u64> {
        let connection = self.inner.database.connection();
        let count = Query::select()
            .expr_as(Func::count(Expr::col(Asterisk)), "found")
            .from_subquery(rows, "rows_found")
            .to_owned();
        let row = connection.query_one(&count).await;
        let row = row.map_err(Error::from_db)?;
        let row = row.ok_or_else(|| Error::internal("a count has no row"))?;
        let count: i64 = row.try_get("", "found").map_err(Error::from_db)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The query for accounts that match `filter` on this side of the cursor. `None` if no account
    /// can match.
    async fn matching(
        &self,
        filter: &UserFilter,
        cursor: Cursor<'_>,
    ) -> Result<Option<Select<user::Entity>>> {
        let name = user::Column::CanonicalUsername;
        let text = filter.text.trim();
        let key = match cursor {
            Cursor::Start => "",
            Cursor::After(key) | Cursor::Before(key) => key,
        };
        if text.contains(char::is_control) || key.contains(char::is_control) {
            return Ok(None);
        }
        let mut find = user::Entity::find();
        if let Some(state) = filter.state {
            find = find.filter(match state {
                UserState::Active => user::Column::IsDisabled
                    .eq(false)
                    .and(user::Column::AwaitsApproval.eq(false))
                    .and(user::Column::ClosesAt.is_null()),
                UserState::Disabled => user::Column::IsDisabled.eq(true),
                UserState::Closed => user::Column::ClosesAt.is_not_null(),
                UserState::MustChangePassword => user::Column::MustChangePassword.eq(true),
                // Not registrations by address alone that nobody has verified.
                UserState::AwaitsApproval => user::Column::AwaitsApproval.eq(true).and(
                    user::Column::Username
                        .ne("")
                        .or(user::Column::EmailVerifiedAt.is_not_null()),
                ),
            });
        }
        if let Some(role) = &filter.role {
            let few = self.count_holders(role, FEW + 1).await? <= FEW;
            find = find.filter(has_role(role, few));
        }
        // Use one bound of each kind, because SQLite would use the first of two.
        let (mut from, mut until) = (None, None);
        match cursor {
            Cursor::Start => {}
            Cursor::After(key) => from = Some(name.gt(key)),
            Cursor::Before(key) => until = Some(name.lt(key)),
        }
        if text.contains('@') {
            // Some users have an email address as their username.
            let is_it = Condition::any()
                .add(user::Column::Email.eq(text))
                .add(name.eq(Username::canonical_form(text)));
            find = find.filter(is_it);
        } else if !text.is_empty() {
            let prefix = &*Username::canonical_prefix(text);
            find = find.filter(name.like(beginning_with(prefix)));
            // If names are compared by code point, those with the same prefix are adjacent in the
            // index.
            let by_code_points =
                self.inner.database.connection().get_database_backend() != DbBackend::Postgres;
            let end = format!("{prefix}{}", char::MAX);
            if by_code_points && !matches!(cursor, Cursor::After(key) if key >= prefix) {
                from = Some(name.gte(prefix));
            }
            if by_code_points && !matches!(cursor, Cursor::Before(key) if *key < *end) {
                until = Some(name.lt(end));
            }
        }
        for bound in [from, until].into_iter().flatten() {
            find = find.filter(bound);
        }
        Ok(Some(find))
    }

    /// The username that is most similar to `name`, among the first with the same beginning.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn nearest_username(&self, name: &str) -> Result<Option<String>> {
        const LOOK_AT: u64 = 1_000;
        let beginning: String = name.chars().take(2).collect();
        let mut names = Vec::new();
        for prefix in [Some(Username::canonical_prefix(&beginning)), None] {
            let mut find = user::Entity::find().filter(user::Column::Username.ne(""));
            if let Some(prefix) = prefix {
                let name = user::Column::CanonicalUsername;
                find = find.filter(name.like(beginning_with(&prefix)));
            }
            let found: Vec<String> = find
                .select_only()
                .column(user::Column::Username)
                .limit(LOOK_AT)
                .into_tuple()
                .all(self.inner.database.connection())
                .await
                .map_err(Error::from_db)?;
            names.extend(found);
        }
        let nearest = nearest(name, names.iter().map(String::as_str));
        Ok(nearest.map(str::to_owned))
    }
}

/// The ids of the users with a role.
fn holders(role: &RoleName) -> Select<user_role::Entity> {
    user_role::Entity::find()
        .select_only()
        .column(user_role::Column::UserId)
        .filter(user_role::Column::RoleName.eq(role.as_str()))
}

/// Whether a user has a role: by going through its `few` users, or by looking at one user after the
/// other. SQLite does as it is told; the others decide for themselves.
fn has_role(role: &RoleName, few: bool) -> Condition {
    if few {
        let holders = holders(role).into_query();
        return user::Column::Id.in_subquery(holders).into();
    }
    let user_id = Expr::col((user_role::Entity, user_role::Column::UserId));
    let own = user_id.equals((user::Entity, user::Column::Id));
    let held = holders(role).filter(own).into_query();
    Condition::all().add(Expr::exists(held))
}

/// The pattern for texts with this prefix.
fn beginning_with(prefix: &str) -> LikeExpr {
    let mut pattern = String::new();
    for c in prefix.chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}
