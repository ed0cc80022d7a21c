//! What the outbox has, for the operator.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::row::{Column, Entity, Model};
use super::{HOUR, Outbox};
use crate::clock::Timestamp;
use crate::database::delete_in_batches;
use crate::error::{Error, Result};
use crate::mail::Email;

/// The state of a mail in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MailState {
    /// It is sent soon, or tried again later.
    Waiting,
    /// The mail server has it.
    Sent,
    /// It is not tried again: the server rejects it, too many tries failed, or its time is over.
    Failed,
}

impl MailState {
    /// Its name at the command line and in the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The names that the database has for it.
    fn stored(self) -> &'static [&'static str] {
        match self {
            Self::Waiting => &UNSENT,
            Self::Sent => &["sent"],
            Self::Failed => &["failed"],
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "sent" => Self::Sent,
            "failed" => Self::Failed,
            _ => Self::Waiting,
        }
    }
}

/// The state of a mail that a node sends now. To the operator it waits, but `retry_all` leaves it
/// alone, or a second node would send it too.
pub(super) const SENDING: &str = "sending";

/// The states of mails that are sent when they are due.
pub(super) const UNSENT: [&str; 2] = ["waiting", SENDING];

/// A mail in the outbox, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuedMail {
    /// Its id, which is also in its `Message-ID`.
    pub id: String,
    /// What it is about, as [`Mail::kind`](crate::mail::Mail::kind).
    pub kind: String,
    /// The recipient.
    pub to: String,
    /// Whether it was sent.
    pub state: MailState,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is tried next; if it is sent or has failed, when that was.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub tries: u64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// How long the rows of mails are kept that are sent, or have failed.
const SENT_KEPT_FOR: u32 = 24 * 7;
const FAILED_KEPT_FOR: u32 = 24 * 30;

impl Outbox {
    /// At most `limit` mails, the newest first; with `after`, the id of a mail, those that are
    /// older. Without `state`, all.
    pub(crate) async fn list(
        &self,
        state: Option<MailState>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<QueuedMail>> {
        let mut query = Entity::find().order_by_desc(Column::Id).limit(limit);
        if let Some(state) = state {
            query = query.filter(Column::State.is_in(state.stored().iter().copied()));
        }
        if let Some(after) = after {
            query = query.filter(Column::Id.lt(after));
        }
        let rows = query.all(self.0.database.connection()).await;
        Ok(rows
            .map_err(Error::from_db)?
            .into_iter()
            .map(queued)
            .collect())
    }

    /// How many mails are in this state.
    pub(crate) async fn count(&self, state: MailState) -> Result<u64> {
        Entity::find()
            .filter(Column::State.is_in(state.stored().iter().copied()))
            .count(self.0.database.connection())
            .await
            .map_err(Error::from_db)
    }

    /// How many mails wait, and when the first of them is due.
    pub(super) async fn waiting(&self) -> Result<(u64, Option<Timestamp>)> {
        let found: Option<(i64, Option<i64>)> = Entity::find()
            .select_only()
            .column_as(Column::Id.count(), "count")
            .column_as(Column::DueAt.min(), "next")
            .filter(Column::State.is_in(UNSENT))
            .into_tuple()
            .one(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        let (count, next) = found.unwrap_or_default();
        let count = u64::try_from(count).unwrap_or(0);
        Ok((count, next.map(Timestamp::from_millis)))
    }

    /// At most `limit` mails to this address, the newest first; with `after`, the id of a mail, those
    /// that are older.
    pub(crate) async fn list_to(
        &self,
        email: &Email,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<QueuedMail>> {
        let mut query = Entity::find()
            .filter(Column::Recipient.eq(email.as_str()))
            .order_by_desc(Column::Id)
            .limit(limit);
        if let Some(after) = after {
            query = query.filter(Column::Id.lt(after));
        }
        let rows = query.all(self.0.database.connection()).await;
        let rows = rows.map_err(Error::from_db)?.into_iter();
        Ok(rows.map(queued).collect())
    }

    /// Lets all that wait, and all that have failed and whose time is not over, be sent at once.
    /// Returns how many.
    pub(crate) async fn retry_all(&self) -> Result<u64> {
        let now = self.0.clock.now().as_millis();
        let again = Entity::update_many()
            .col_expr(Column::State, Expr::value(MailState::Waiting.as_str()))
            .col_expr(Column::DueAt, Expr::value(now))
            .col_expr(Column::Tries, Expr::value(0))
            .filter(Column::State.is_in([MailState::Waiting.as_str(), MailState::Failed.as_str()]))
            .filter(Column::ExpiresAt.gt(now))
            .exec(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        self.wake();
        Ok(again.rows_affected)
    }

    /// Removes the rows of mails that were sent or given up long ago, in batches.
    pub(super) async fn sweep(&self) -> Result<u64> {
        let now = self.0.clock.now();
        let mut removed = 0;
        for (state, hours) in [
            (MailState::Sent, SENT_KEPT_FOR),
            (MailState::Failed, FAILED_KEPT_FOR),
        ] {
            let until = (now - HOUR * hours).as_millis();
            let is_old = Column::State
                .eq(state.as_str())
                .and(Column::DueAt.lt(until));
            let connection = self.0.database.connection();
            removed += delete_in_batches::<Entity>(Column::Id, is_old, connection).await?;
        }
        Ok(removed)
    }
}

fn queued(row: Model) -> QueuedMail {
    QueuedMail {
        id: row.id,
        kind: row.kind,
        to: row.recipient,
        state: MailState::of(&row.state),
        created_at: Timestamp::from_millis(row.created_at),
        due_at: Timestamp::from_millis(row.due_at),
        tries: u64::try_from(row.tries).unwrap_or(0),
        last_error: row.last_error,
    }
}
