//! The app's own values of a session, as this request reads and writes them.

use crate::error::Result;
use crate::login::User;
use crate::login::visit::Visit;
use crate::login::visit::state::DataRead;
use crate::session::{DataChanges, DataOutcome, DataValues, SessionId, apply_changes};

impl<U: User> Visit<U> {
    /// The values of a session. Reads the store once per request.
    pub(in crate::login) async fn data_of(&self, id: SessionId) -> Result<DataValues> {
        let mut read = self.data.lock().await;
        if let Some(read) = self.what_was_read(&read, id) {
            return Ok(read.values.clone());
        }
        let values = self.settings().store.load_data(id).await?;
        *read = Some(Box::new(DataRead {
            session: id,
            values: values.clone(),
        }));
        Ok(values)
    }

    pub(in crate::login) async fn change_data_of(
        &self,
        id: SessionId,
        changes: &DataChanges,
    ) -> Result<DataOutcome> {
        let mut read = self.data.lock().await;
        let before = read.take().filter(|read| read.session == id);
        let outcome = self.settings().store.change_data(id, changes).await?;
        if outcome != DataOutcome::NoSession
            && let Some(mut before) = before
        {
            if outcome == DataOutcome::Written {
                apply_changes(changes, &mut before.values);
            }
            *read = Some(before);
        }
        Ok(outcome)
    }

    /// Whether the values of this session were read in this request.
    pub(in crate::login) async fn has_read_data_of(&self, id: SessionId) -> bool {
        let read = self.data.lock().await;
        self.what_was_read(&read, id).is_some()
    }

    /// The values read in this request. After the response has begun, as in a stream, they may be
    /// outdated, so the store is read again.
    fn what_was_read<'a>(
        &self,
        read: &'a Option<Box<DataRead>>,
        id: SessionId,
    ) -> Option<&'a DataRead> {
        let read = read.as_deref().filter(|read| read.session == id)?;
        (!self.state().is_answered).then_some(read)
    }
}
