//! The [`SessionStore`] trait, which delegates to the methods in the other files. Methods named
//! `try_…` are retried when the database aborts them to break a deadlock.

use super::{BATCH_ROWS, MIGRATIONS, SqlStore};
use crate::clock::Timestamp;
use crate::database::retried;
use crate::error::Result;
use crate::session::{
    DataChanges, DataOutcome, DataValues, Ended, InvalidationFeed, Listed, RememberDigest,
    RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId, SessionStore,
    SqlTable, Update,
};

impl SessionStore for SqlStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let create =
            || self.try_create(session.clone(), data.clone(), remembered.clone(), replaced);
        retried(create).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        self.load_session(id).await
    }

    async fn list(&self, listed: Listed<'_>) -> Result<Vec<Session>> {
        match listed {
            Listed::User {
                realm,
                user_id,
                after,
                limit,
            } => self.list_sessions(realm, user_id, after, limit).await,
            Listed::Remembered(id) => self.list_sessions_of_remembered(id).await,
            Listed::PublicId {
                realm,
                user_id,
                public_id,
            } => {
                self.list_sessions_by_public_id(realm, user_id, public_id)
                    .await
            }
        }
    }

    async fn update(&self, update: Update<'_>) -> Result<u64> {
        match update {
            Update::LastSeen(ids, last_seen_at) => {
                let mut touched = 0;
                for ids in ids.chunks(BATCH_ROWS) {
                    touched += retried(|| self.try_touch(ids, last_seen_at)).await?;
                }
                Ok(touched)
            }
            Update::Stale(id) => Ok(self.mark_session_stale(id).await?.into()),
            Update::RememberedUntil(id, expires_at) => {
                Ok(self.extend_remembered_login(id, expires_at).await?.into())
            }
        }
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        match ended {
            Ended::Session(id) => Ok(retried(|| self.try_revoke(id)).await?.into()),
            Ended::Remembered(id) => Ok(retried(|| self.try_revoke_remembered(id)).await?.into()),
            Ended::User {
                realm,
                user_id,
                keep,
            } => retried(|| self.try_revoke_user(realm, user_id, keep)).await,
        }
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        retried(|| self.try_renew(session.clone(), old)).await
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        self.load_remembered_login(id).await
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let resume = || self.try_resume(session.clone(), data.clone(), remembered.clone(), seen);
        retried(resume).await
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        self.sweep_expired(realm, expiry, now).await
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        self.load_values(id).await
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        retried(|| Box::pin(self.try_change_data(id, changes))).await
    }

    async fn check_writes(&self) -> Result<()> {
        self.database.check_writes(MIGRATIONS).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        Some(self.database.feed())
    }

    fn sql_table(&self) -> Option<SqlTable> {
        Some(SqlTable::new(self.database.feed().clone()))
    }
}
