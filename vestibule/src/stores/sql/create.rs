//! Creating a session at a log-in, in place of the browser's earlier one.

use super::SqlStore;
use super::data::insert_session_with_data;
use super::remembered::{delete_remembered, insert_remembered};
use super::sessions::{delete_session, insert_session};
use crate::error::{Error, Result};
use crate::session::{DataValues, Invalidation, RememberedLogin, Replaced, Session};

impl SqlStore {
    pub(super) async fn try_create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        // A log-in lost in a power cut can be repeated, unless it carried values stored nowhere
        // else. A lost revocation cannot: the replaced sessions would come back.
        let may_be_lost = replaced == Replaced::default() && data.is_empty();
        let connection = match may_be_lost {
            true => self.database.unsynced(),
            false => self.database.connection(),
        };
        if may_be_lost && remembered.is_none() {
            return insert_session(session, connection).await;
        }
        let remembered_id = match replaced.session {
            Some(id) => self.remembered_of(id).await?,
            None => None,
        };
        let mut logins: Vec<_> = remembered_id
            .into_iter()
            .chain(replaced.remembered)
            .collect();
        // The session usually came from the remembered login that is replaced with it.
        logins.dedup();
        let feed = self.database.feed();
        let _invalidated: Vec<_> = logins
            .iter()
            .map(|id| Invalidation::Remembered(*id))
            .chain(replaced.session.map(Invalidation::Session))
            .map(|changed| feed.invalidate_on_drop(changed))
            .collect();
        let transaction = connection.begin().await.map_err(Error::from_db)?;
        for id in logins {
            delete_remembered(id, &transaction).await?;
        }
        if let Some(remembered) = remembered {
            insert_remembered(&remembered, &transaction).await?;
        }
        if let Some(id) = replaced.session {
            delete_session(id, &transaction).await?;
        }
        insert_session_with_data(data, session, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)
    }
}
