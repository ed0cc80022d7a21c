//! Which kinds of factors a user has, in one statement.

use sea_orm::sea_query::{Expr, Func, Query, SelectStatement, UnionType};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::Factors;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::Methods;

/// A user's factors of one kind, or their recovery codes.
#[derive(Debug, Clone, Copy)]
struct OfKind {
    method: Methods,
    last_used_at: Option<Timestamp>,
}

/// The kinds of factors that a user has.
#[derive(Debug, Clone, Default)]
pub(crate) struct FactorKinds(Vec<OfKind>);

impl FactorKinds {
    /// Whether the user has a factor. Recovery codes are none.
    pub(crate) fn has_factor(&self) -> bool {
        let mut methods = self.0.iter().map(|kind| kind.method);
        methods.any(|method| method != Methods::RECOVERY_CODE)
    }

    /// The methods by which the user can show one, the last used first. Empty without a factor.
    pub(crate) fn methods(mut self) -> Vec<Methods> {
        if !self.has_factor() {
            return Vec::new();
        }
        // Those that were never used come last, and after them the recovery codes.
        self.0.sort_by_key(|kind| {
            let is_recovery = kind.method == Methods::RECOVERY_CODE;
            (is_recovery, std::cmp::Reverse(kind.last_used_at))
        });
        self.0.into_iter().map(|kind| kind.method).collect()
    }
}

impl Factors {
    /// The kinds of factors that a user has, and whether they have recovery codes.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn kinds(&self, user: &UserId) -> Result<FactorKinds> {
        let mut select = self.totp.kind_of(user);
        #[cfg(feature = "passkeys")]
        if let Some(passkeys) = &self.passkeys {
            select.union(UnionType::All, passkeys.kind_of(user));
        }
        select.union(UnionType::All, self.recovery_codes.kind_of(user));
        let rows = self.database.connection().query_all(&select).await;
        let mut kinds = FactorKinds::default();
        for row in rows.map_err(Error::from_db)? {
            let read = || {
                let name: String = row.try_get_by_index(0)?;
                let count: i64 = row.try_get_by_index(1)?;
                let last_used_at: Option<i64> = row.try_get_by_index(2)?;
                Ok((name, count, last_used_at))
            };
            let (name, count, last_used_at) = read().map_err(Error::from_db)?;
            let method = KINDS.into_iter().find(|kind| kind.names().eq([&*name]));
            if let (Some(method), 1..) = (method, count) {
                kinds.0.push(OfKind {
                    method,
                    last_used_at: last_used_at.map(Timestamp::from_millis),
                });
            }
        }
        Ok(kinds)
    }
}

/// The kinds that the statement asks for.
const KINDS: [Methods; 3] = [Methods::TOTP, Methods::PASSKEY, Methods::RECOVERY_CODE];

/// Selects the name of a kind, the number of a user's rows in its table, and the last use.
pub(in crate::credentials) fn select_kind<E: EntityTrait>(
    method: Methods,
    last_used_at: Option<E::Column>,
    is_of: Expr,
) -> SelectStatement {
    let name: String = method.names().collect();
    let last_used_at = match last_used_at {
        Some(column) => Func::max(Expr::col(column)).into(),
        None => Expr::cust("NULL"),
    };
    Query::select()
        .expr(Expr::cust(format!("'{name}'")))
        .expr(Expr::cust("COUNT(*)"))
        .expr(last_used_at)
        .from(E::default())
        .and_where(is_of)
        .to_owned()
}
