//! Revoking sessions and remembered logins.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::SqlStore;
use super::remembered::{delete_remembered, remembered_id_bytes};
use super::sessions::{delete_session, id_bytes};
use crate::error::{Error, Result};
use crate::session::rows::{remembered, session};
use crate::session::{Invalidation, RememberedId, SessionId, UserId};

impl SqlStore {
    pub(super) async fn try_revoke(&self, id: SessionId) -> Result<bool> {
        let remembered_id = self.remembered_of(id).await?;
        let feed = self.database.feed();
        let invalidation = feed.invalidate_on_drop(Invalidation::Session(id));
        let Some(remembered_id) = remembered_id else {
            let was_there = delete_session(id, self.database.connection()).await?;
            if !was_there {
                invalidation.cancel();
            }
            return Ok(was_there);
        };
        let _invalidated_too = feed.invalidate_on_drop(Invalidation::Remembered(remembered_id));
        let transaction = self.begin().await?;
        let had_login = delete_remembered(remembered_id, &transaction).await?;
        let was_there = delete_session(id, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        if !was_there && !had_login {
            invalidation.cancel();
        }
        Ok(was_there || had_login)
    }

    pub(super) async fn try_revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        let feed = self.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::Remembered(id));
        let transaction = self.begin().await?;
        let was_there = delete_remembered(id, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(was_there)
    }

    pub(super) async fn try_revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        let feed = self.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::User(user_id));
        let mut sessions = session::Entity::delete_many()
            .filter(session::Column::Realm.eq(realm))
            .filter(session::Column::UserId.eq(user_id.as_str()));
        let mut logins = remembered::Entity::delete_many()
            .filter(remembered::Column::Realm.eq(realm))
            .filter(remembered::Column::UserId.eq(user_id.as_str()));
        if let Some(keep) = keep {
            // The session to keep may have been renewed meanwhile, and then has another id.
            let renewed = Condition::any()
                .add(session::Column::RenewedFrom.is_null())
                .add(session::Column::RenewedFrom.ne(id_bytes(keep)));
            sessions = sessions
                .filter(session::Column::Id.ne(id_bytes(keep)))
                .filter(renewed);
            if let Some(remembered_id) = self.remembered_of(keep).await? {
                logins =
                    logins.filter(remembered::Column::Id.ne(remembered_id_bytes(remembered_id)));
            }
        }
        let transaction = self.begin().await?;
        // Remembered logins first. A concurrent resume then either finds its login gone, or has
        // committed, and its session is deleted below.
        logins.exec(&transaction).await.map_err(Error::from_db)?;
        let ended = sessions.exec(&transaction).await.map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(ended.rows_affected)
    }
}
