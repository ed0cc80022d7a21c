//! The table of the app's own values.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::SqlStore;
use super::sessions::{has_or_had_id, id_bytes, insert_session};
use crate::database::changed;
use crate::error::{Error, Result};
use crate::session::rows::{data, session};
use crate::session::{DataChanges, DataOutcome, DataValues, Session, SessionId, changed_data};

impl SqlStore {
    pub(super) async fn load_values(&self, id: SessionId) -> Result<DataValues> {
        let found = session_and_data(id, self.database.connection()).await?;
        Ok(found.map(|(_, data)| data).unwrap_or_default())
    }

    pub(super) async fn try_change_data(
        &self,
        id: SessionId,
        changes: &DataChanges,
    ) -> Result<DataOutcome> {
        let transaction = self.begin().await?;
        // An update that changes nothing locks the session: until the values are written, no other
        // transaction can revoke or renew it, or write values to it.
        let lock = session::Entity::update_many()
            .col_expr(
                session::Column::UserEpoch,
                Expr::col(session::Column::UserEpoch),
            )
            .filter(has_or_had_id(id));
        if !changed(lock, &transaction).await? {
            return Ok(DataOutcome::NoSession);
        }
        let Some((id, before)) = session_and_data(id, &transaction).await? else {
            return Ok(DataOutcome::NoSession);
        };
        if changed_data(&before, changes).is_none() {
            return Ok(DataOutcome::TooMuch);
        }
        let removed = changes.iter().filter(|(_, value)| value.is_none());
        let removed: Vec<_> = removed.map(|(name, _)| name.as_str()).collect();
        if !removed.is_empty() {
            data::Entity::delete_many()
                .filter(data::Column::SessionId.eq(id.clone()))
                .filter(data::Column::Name.is_in(removed))
                .exec(&transaction)
                .await
                .map_err(Error::from_db)?;
        }
        let set = changes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        write_data(&id, set, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(DataOutcome::Written)
    }
}

/// Inserts a session together with its first values.
pub(super) async fn insert_session_with_data(
    data: DataValues,
    session: Session,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    let id = id_bytes(session.id);
    insert_session(session, connection).await?;
    write_data(&id, data, connection).await
}

/// The current id of the session, and its values.
async fn session_and_data(
    id: SessionId,
    connection: &impl ConnectionTrait,
) -> Result<Option<(Vec<u8>, DataValues)>> {
    let found = session::Entity::find()
        .filter(has_or_had_id(id))
        .find_with_related(data::Entity)
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    let Some((session, data)) = found.into_iter().next() else {
        return Ok(None);
    };
    let values = data.into_iter().map(|row| (row.name, row.value)).collect();
    Ok(Some((session.id, values)))
}

/// Inserts or replaces these values of a session. Its other values stay.
async fn write_data(
    id: &[u8],
    values: impl IntoIterator<Item = (String, String)>,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    let rows = values.into_iter().map(|(name, value)| data::ActiveModel {
        session_id: Set(id.to_vec()),
        name: Set(name),
        value: Set(value),
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let replace = OnConflict::columns([data::Column::SessionId, data::Column::Name])
        .update_column(data::Column::Value)
        .to_owned();
    data::Entity::insert_many(rows)
        .on_conflict(replace)
        .exec_without_returning(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(())
}
