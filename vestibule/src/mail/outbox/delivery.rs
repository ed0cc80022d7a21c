//! Sending what is in the outbox.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::RwLock;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::queued::{SENDING, UNSENT};
use super::row::{Column, Entity, Model};
use super::{MailState, Outbox, Values};
use crate::clock::{Regularly, Timestamp};
use crate::database::changed;
use crate::error::{Error, Result};
use crate::mail::{Email, Mail, SharedMailer};

/// Writes out a mail: its kind, the recipient, the tag of the language, what it needs.
pub(crate) type Compose = Arc<dyn Fn(&str, Email, &str, Values) -> Result<Mail> + Send + Sync>;

/// Sends what is in the outbox. Clones share it.
#[derive(Clone)]
pub(crate) struct Delivery(Arc<Inner>);

struct Inner {
    outbox: Outbox,
    mailer: SharedMailer,
    compose: Compose,
    swept: Regularly,
    stop: CancellationToken,
    /// Held for reading while mails are sent.
    sending: RwLock<()>,
    /// The ids of the mails that this node is sending. It does not begin them again, even if their
    /// lease ends because the clock jumps.
    under_way: Mutex<HashSet<String>>,
}

/// How many mails are sent at once.
const AT_ONCE: usize = 8;

/// How long a node has a mail to itself. Longer than a mailer may take.
pub(super) const LEASE: Duration = Duration::from_secs(150);
const SEND_WITHIN: Duration = Duration::from_secs(120);

/// How often to look for mails that another node has written, and how soon at the earliest for
/// those that are due again.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_AFTER: Duration = Duration::from_millis(100);

/// How long to wait after each failed try. The last wait repeats, until the mail is
/// [given up](MAX_TRIES).
const WAITS: [Duration; 7] = [
    Duration::from_secs(4),
    Duration::from_secs(20),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(4),
];
const MAX_TRIES: i64 = 20;

const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// The length of an error that a row keeps.
const MAX_ERROR_CHARS: usize = 500;

impl Delivery {
    pub(crate) fn new(outbox: Outbox, mailer: SharedMailer, compose: Compose) -> Self {
        Self(Arc::new(Inner {
            outbox,
            mailer,
            compose,
            swept: Regularly::default(),
            stop: CancellationToken::new(),
            sending: RwLock::default(),
            under_way: Mutex::default(),
        }))
    }

    /// Sends in the background, until [`stop`](Self::stop).
    pub(crate) fn start(&self) {
        let this = self.clone();
        tokio::spawn(async move {
            let _sending = this.0.sending.read().await;
            let mut under_way = JoinSet::new();
            while !this.0.stop.is_cancelled() {
                if let Err(error) = this.begin_due(&mut under_way).await {
                    tracing::warn!(%error, "the outbox could not be read");
                }
                this.sweep_if_due().await;
                let next = this.wait_for_next(under_way.len()).await;
                let written = this.0.outbox.0.written.notified();
                tokio::select! {
                    () = this.0.stop.cancelled() => {}
                    Some(outcome) = under_way.join_next() => {
                        if let Err(error) = done(outcome) {
                            tracing::warn!(%error, "a mail could not be marked in the outbox");
                        }
                    }
                    _ = timeout(next, written) => {}
                }
            }
            while under_way.join_next().await.is_some() {}
        });
    }

    /// Begins no more mails, and returns once those under way are sent.
    pub(crate) async fn stop(&self) {
        self.0.stop.cancel();
        drop(self.0.sending.write().await);
    }

    /// As [`stop`](Self::stop), without waiting.
    pub(crate) fn stop_soon(&self) {
        self.0.stop.cancel();
    }

    /// Sends all that is due now. Returns how many were sent.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn send_due(&self) -> Result<usize> {
        let _sending = self.0.sending.read().await;
        let (mut under_way, mut sent) = (JoinSet::new(), 0);
        loop {
            self.begin_due(&mut under_way).await?;
            match under_way.join_next().await {
                Some(outcome) => sent += usize::from(done(outcome)?),
                None => return Ok(sent),
            }
        }
    }

    /// Begins to send what is due, as far as there are places. A mail that takes long takes up one
    /// place, and delays no other mail.
    async fn begin_due(&self, under_way: &mut JoinSet<Result<bool>>) -> Result<()> {
        while under_way.len() < AT_ONCE && !self.0.stop.is_cancelled() {
            let due = self.due(AT_ONCE - under_way.len()).await?;
            if due.is_empty() {
                break;
            }
            for mail in due {
                let Some(begun) = self.begin(&mail.id) else {
                    continue;
                };
                if self.claim(&mail).await? {
                    let this = self.clone();
                    under_way.spawn(async move {
                        let _begun = begun;
                        this.send_one(mail).await
                    });
                }
            }
        }
        Ok(())
    }

    /// Notes that this node sends a mail, until the result is dropped. `None` if it does already.
    fn begin(&self, id: &str) -> Option<Begun> {
        let is_new = self.0.under_way().insert(id.to_owned());
        is_new.then(|| Begun(self.0.clone(), id.to_owned()))
    }

    /// At most `limit` that are due, the first due first, without those under way.
    async fn due(&self, limit: usize) -> Result<Vec<Model>> {
        let outbox = &self.0.outbox.0;
        let now = outbox.clock.now().as_millis();
        let under_way: Vec<String> = self.0.under_way().iter().cloned().collect();
        let mut due = Vec::new();
        // The index has those of one state in their order. Of both, a database would sort all.
        for state in UNSENT {
            let more = Entity::find()
                .filter(Column::State.eq(state))
                .filter(Column::DueAt.lte(now))
                .filter(Column::Id.is_not_in(&under_way))
                .order_by_asc(Column::DueAt)
                .limit((limit - due.len()) as u64)
                .all(outbox.database.connection())
                .await;
            due.extend(more.map_err(Error::from_db)?);
        }
        Ok(due)
    }

    /// Whether this node has the mail to itself now, and no other node.
    async fn claim(&self, mail: &Model) -> Result<bool> {
        let outbox = &self.0.outbox.0;
        let lease_ends = outbox.clock.now() + LEASE;
        let claim = Entity::update_many()
            .col_expr(Column::State, Expr::value(SENDING))
            .col_expr(Column::DueAt, Expr::value(lease_ends.as_millis()))
            .col_expr(Column::Tries, Expr::value(mail.tries + 1))
            .filter(Column::Id.eq(&*mail.id))
            .filter(Column::State.eq(&*mail.state))
            .filter(Column::DueAt.eq(mail.due_at))
            .filter(Column::Tries.eq(mail.tries));
        changed(claim, outbox.database.connection()).await
    }

    /// Sends a mail that this node has claimed. Returns whether it was sent.
    async fn send_one(&self, mail: Model) -> Result<bool> {
        let outbox = &self.0.outbox.0;
        let tries = mail.tries + 1;
        let outcome = self.write_and_send(&mail, outbox.clock.now()).await;
        let (state, due_at, last_error) = match &outcome {
            Ok(()) => (MailState::Sent, outbox.clock.now(), None),
            Err(error) => {
                let again = again(error, tries, &mail, outbox.clock.now());
                let said: String = error.to_string().chars().take(MAX_ERROR_CHARS).collect();
                match again {
                    Some(at) => (MailState::Waiting, at, Some(said)),
                    None => (MailState::Failed, outbox.clock.now(), Some(said)),
                }
            }
        };
        count(&mail, state, &outcome);
        let mut mark = Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::DueAt, Expr::value(due_at.as_millis()))
            .col_expr(Column::LastError, Expr::value(last_error))
            .filter(Column::Id.eq(&*mail.id))
            // Only while it is ours: another node may have it, if this took too long.
            .filter(Column::Tries.eq(tries));
        if state == MailState::Sent {
            mark = mark.col_expr(Column::Sealed, Expr::value(None::<String>));
        }
        changed(mark, outbox.database.connection()).await?;
        Ok(outcome.is_ok())
    }

    async fn write_and_send(&self, mail: &Model, now: Timestamp) -> Result<()> {
        if now >= Timestamp::from_millis(mail.expires_at) {
            return Err(Error::undeliverable(
                "the time is over in which it was of use",
            ));
        }
        let cipher = &self.0.outbox.0.cipher;
        let sealed = mail.sealed.as_deref().unwrap_or_default();
        let values = cipher.decrypt(&mail.id, sealed, now);
        let values = values.and_then(|values| serde_json::from_slice::<Values>(&values).ok());
        let values = values.ok_or_else(|| {
            Error::undeliverable("its text was encrypted with another secret key, or is damaged")
        })?;
        let to: Email = mail.recipient.parse().map_err(Error::undeliverable)?;
        let written = (self.0.compose)(&mail.kind, to, &mail.language, values)?;
        let written = written
            .of_kind(&mail.kind)
            .written(&mail.id, Timestamp::from_millis(mail.created_at));
        let sending = timeout(SEND_WITHIN, self.0.mailer.send(written)).await;
        sending.map_err(|_| Error::mail("sending took too long"))?
    }

    /// How long until the next mail is due, at most [`LOOK_EVERY`]. Sets the gauge of waiting mails.
    async fn wait_for_next(&self, under_way: usize) -> Duration {
        let outbox = &self.0.outbox;
        if under_way >= AT_ONCE {
            return LOOK_EVERY;
        }
        let Ok((waiting, next)) = outbox.waiting().await else {
            return LOOK_EVERY;
        };
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("vestibule_mails_waiting").set(waiting as f64);
        let wait = next.map(|next| next.since(outbox.0.clock.now()));
        wait.map_or(LOOK_EVERY, |wait| wait.clamp(LOOK_AFTER, LOOK_EVERY))
    }

    async fn sweep_if_due(&self) {
        let outbox = &self.0.outbox;
        if !self.0.swept.is_due(SWEEP_EVERY, outbox.0.clock.now()) {
            return;
        }
        match outbox.sweep().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old mails swept from the outbox"),
            Err(error) => tracing::warn!(%error, "old mails not swept from the outbox"),
        }
    }
}

/// A mail that this node is sending.
struct Begun(Arc<Inner>, String);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.under_way().remove(&self.1);
    }
}

impl Inner {
    fn under_way(&self) -> MutexGuard<'_, HashSet<String>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a mail was sent whose task has ended.
fn done(outcome: std::result::Result<Result<bool>, JoinError>) -> Result<bool> {
    outcome.map_err(Error::internal)?
}

/// When to try again; `None` if never.
fn again(error: &Error, tries: i64, mail: &Model, now: Timestamp) -> Option<Timestamp> {
    if error.is_undeliverable() || error.is_template() || tries >= MAX_TRIES {
        return None;
    }
    let failed = usize::try_from(tries - 1).unwrap_or(0);
    let wait = WAITS.get(failed).or(WAITS.last())?;
    let at = now + *wait;
    (at < Timestamp::from_millis(mail.expires_at)).then_some(at)
}

fn count(mail: &Model, state: MailState, outcome: &Result<()>) {
    metrics::counter!("vestibule_mails_total", "state" => state.as_str()).increment(1);
    match (outcome, state) {
        (Ok(()), _) => tracing::debug!(id = mail.id, kind = mail.kind, "a mail was sent"),
        (Err(error), MailState::Failed) => {
            tracing::error!(id = mail.id, kind = mail.kind, %error, "a mail is given up");
        }
        (Err(error), _) => {
            tracing::warn!(id = mail.id, kind = mail.kind, %error, "a mail is tried again later");
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delivery")
    }
}
