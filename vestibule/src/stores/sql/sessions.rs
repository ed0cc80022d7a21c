//! The table of sessions.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::SqlStore;
use crate::clock::Timestamp;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::session::rows::{self, session};
use crate::session::{Invalidation, ListedSession, RememberedId, Session, SessionId, UserId};

impl SqlStore {
    pub(super) async fn load_session(&self, id: SessionId) -> Result<Option<Session>> {
        let found = session::Entity::find_by_id(id_bytes(id))
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(rows::to_session).transpose()
    }

    pub(super) async fn list_sessions(
        &self,
        realm: &str,
        user_id: &UserId,
        after: Option<ListedSession>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let follows = after.map(|after| {
            let (seen_at, id) = (after.last_seen_at.as_millis(), id_bytes(after.id));
            let of_same_time = session::Column::LastSeenAt
                .eq(seen_at)
                .and(session::Column::Id.lt(id));
            session::Column::LastSeenAt.lt(seen_at).or(of_same_time)
        });
        let found = of_user(realm, user_id)
            .filter(Condition::all().add_option(follows))
            .order_by_desc(session::Column::LastSeenAt)
            .order_by_desc(session::Column::Id)
            .limit(u64::try_from(limit).unwrap_or(u64::MAX))
            .all(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.into_iter().map(rows::to_session).collect()
    }

    pub(super) async fn list_sessions_by_public_id(
        &self,
        realm: &str,
        user_id: &UserId,
        public_id: &str,
    ) -> Result<Vec<Session>> {
        let found = of_user(realm, user_id)
            .filter(session::Column::PublicId.eq(public_id))
            .all(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.into_iter().map(rows::to_session).collect()
    }

    pub(super) async fn list_sessions_of_remembered(
        &self,
        id: RememberedId,
    ) -> Result<Vec<Session>> {
        let found = session::Entity::find()
            .filter(session::Column::RememberedId.eq(id.as_bytes().to_vec()))
            .all(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.into_iter().map(rows::to_session).collect()
    }

    pub(super) async fn try_touch(
        &self,
        ids: &[SessionId],
        last_seen_at: Timestamp,
    ) -> Result<u64> {
        let updated = session::Entity::update_many()
            .col_expr(
                session::Column::LastSeenAt,
                Expr::value(last_seen_at.as_millis()),
            )
            .filter(session::Column::Id.is_in(ids.iter().map(|id| id_bytes(*id))))
            .exec(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(updated.rows_affected)
    }

    pub(super) async fn mark_session_stale(&self, id: SessionId) -> Result<bool> {
        let feed = self.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::Session(id));
        let update = session::Entity::update_many()
            .col_expr(session::Column::IsFresh, Expr::value(false))
            .filter(session::Column::Id.eq(id_bytes(id)));
        changed(update, self.database.connection()).await
    }

    pub(super) async fn try_renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let feed = self.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::Session(old));
        let update = session::Entity::update_many()
            .set(rows::of_session(session))
            .filter(session::Column::Id.eq(id_bytes(old)));
        changed(update, self.database.connection()).await
    }

    /// The remembered login that a session came from. It never changes while the session exists, so
    /// it may be read outside a transaction.
    pub(super) async fn remembered_of(&self, id: SessionId) -> Result<Option<RememberedId>> {
        let found: Option<Option<Vec<u8>>> = session::Entity::find()
            .filter(has_or_had_id(id))
            .select_only()
            .column(session::Column::RememberedId)
            .into_tuple()
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found
            .flatten()
            .map(|id| Ok(RememberedId::from_bytes(rows::digest(id)?)))
            .transpose()
    }
}

fn of_user(realm: &str, user_id: &UserId) -> Select<session::Entity> {
    session::Entity::find()
        .filter(session::Column::Realm.eq(realm))
        .filter(session::Column::UserId.eq(user_id.as_str()))
}

pub(super) async fn insert_session(
    session: Session,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    session::Entity::insert(rows::of_session(session))
        .exec_without_returning(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(())
}

/// Deletes a session. Returns whether it was there.
pub(super) async fn delete_session(
    id: SessionId,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let deleted = session::Entity::delete_many()
        .filter(has_or_had_id(id))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(deleted.rows_affected > 0)
}

/// Matches the session with this id, or the one that was renewed from it.
pub(super) fn has_or_had_id(id: SessionId) -> Condition {
    Condition::any()
        .add(session::Column::Id.eq(id_bytes(id)))
        .add(session::Column::RenewedFrom.eq(id_bytes(id)))
}

pub(super) fn id_bytes(id: SessionId) -> Vec<u8> {
    id.as_bytes().to_vec()
}
