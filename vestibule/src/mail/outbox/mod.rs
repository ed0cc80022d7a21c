//! The outbox: mails that wait to be sent, as rows of a table.
//!
//! A mail is written in the transaction of the change that it reports, so that there is neither a
//! mail without the change nor a change without the mail. [`Delivery`] sends what is due.
//!
//! # States
//! `waiting`, until the mail is `sent`, or `failed` because the server rejects it, too many tries
//! failed, or the time is over in which its link works. A node that sends a mail makes it `sending`,
//! and moves its due time past the time that sending may take: that is its lease. If the node
//! crashes between sending and marking, the lease ends and the mail is sent a second time. So does
//! another node whose clock is ahead by more than the lease. Nothing else sends a mail twice.
//!
//! # What the rows tell
//! Recipient, kind and times. What is in the mail, such as the link, is encrypted with a key of the
//! site, and is erased when the mail is sent.
//!
//! # Limits
//! A mail is not written if the site has no texts for its kind, because the flow is off, or if the
//! user has turned off mails of its kind (`turned_off`).
//!
//! At most [`PER_HOUR`] mails of a kind to one address in an hour, and where a stranger can cause
//! them, one in a minute. More are not written.

mod delivery;
mod migration;
mod notice;
mod queued;
mod row;
#[cfg(test)]
mod tests;
mod turned_off;

pub(crate) use delivery::{Compose, Delivery};
pub use migration::MIGRATIONS;
pub(crate) use notice::{Notice, when};
pub use queued::{MailState, QueuedMail};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};
use tokio::sync::Notify;

use crate::clock::{Clock, Timestamp};
use crate::crypto::cipher::Cipher;
use crate::crypto::digest::sha256;
use crate::crypto::ids::new_id;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::mail::Email;
use crate::session::UserId;
use row::{Column, Entity};

/// How many mails of a kind one address gets in an hour.
pub(crate) const PER_HOUR: u64 = 5;

const HOUR: Duration = Duration::from_hours(1);

/// The mails that wait to be sent. Clones share them.
#[derive(Clone)]
pub(crate) struct Outbox(Arc<Inner>);

struct Inner {
    database: Database,
    cipher: Cipher,
    clock: Clock,
    random: Random,
    written: Notify,
    /// Unset until the site is complete. Then everything is written.
    site: OnceLock<OfSite>,
}

/// What the outbox knows of its site.
struct OfSite {
    realm: String,
    /// The mails that it has texts for.
    kinds: Vec<&'static str>,
}

/// What a mail needs to be written out, by name: `link`, `name`, ….
pub(crate) type Values = BTreeMap<String, String>;

/// A mail to be put into the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// What it is about. Its texts begin with `mail-` and this name.
    pub(crate) kind: &'static str,
    pub(crate) to: Email,
    /// The tag of its language.
    pub(crate) language: String,
    pub(crate) values: Values,
    /// How long it is worth sending.
    pub(crate) lasts: Duration,
    /// At most one of the kind to this address in each such time, for a mail that a stranger can
    /// cause.
    pub(crate) once_in: Option<Duration>,
    /// The user who may have turned off mails of this kind.
    pub(crate) optional_for: Option<UserId>,
}

/// How long a mail that only informs is worth sending.
const LASTS: Duration = Duration::from_hours(3 * 24);

impl Letter {
    /// A mail that only informs.
    pub(crate) fn new(kind: &'static str, to: Email, language: &str) -> Self {
        Self {
            kind,
            to,
            language: language.to_owned(),
            values: Values::new(),
            lasts: LASTS,
            once_in: None,
            optional_for: None,
        }
    }

    /// Adds a value for its text.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Is sent only within this time, because its link does not work longer.
    pub(crate) fn lasting(mut self, lasts: Duration) -> Self {
        self.lasts = lasts;
        self
    }

    /// At most one of its kind to one address within this time.
    pub(crate) fn once_in(mut self, time: Duration) -> Self {
        self.once_in = Some(time);
        self
    }

    /// Is not written if this user has turned off mails of its kind.
    pub(crate) fn optional_for(mut self, user: &UserId) -> Self {
        self.optional_for = Some(user.clone());
        self
    }
}

impl Outbox {
    pub(crate) fn new(database: Database, key: &SecretKey, clock: Clock, random: Random) -> Self {
        Self(Arc::new(Inner {
            database,
            cipher: key.cipher("vestibule outbox v1"),
            clock,
            random,
            written: Notify::new(),
            site: OnceLock::new(),
        }))
    }

    /// Sets the realm of the site's users and the mails that it has texts for. Others are not
    /// written.
    pub(crate) fn belongs_to(&self, realm: &str, kinds: Vec<&'static str>) {
        let realm = realm.to_owned();
        self.0.site.set(OfSite { realm, kinds }).ok();
    }

    fn has_texts_for(&self, kind: &str) -> bool {
        let site = self.0.site.get();
        site.is_none_or(|site| site.kinds.contains(&kind))
    }

    /// Puts a mail into the outbox, by itself.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn put(&self, letter: &Letter) -> Result<bool> {
        let is_put = self.put_in(letter, self.0.database.connection()).await?;
        self.wake();
        Ok(is_put)
    }

    /// Puts a mail into the outbox, as a part of this transaction. Call [`wake`](Self::wake) after
    /// its commit. Returns whether the limits let the mail pass.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn put_in(
        &self,
        letter: &Letter,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let inner = &self.0;
        let now = inner.clock.now();
        if !self.has_texts_for(letter.kind) {
            return Ok(false);
        }
        if let Some(user) = &letter.optional_for
            && self.is_turned_off(user, letter.kind, connection).await?
        {
            return Ok(false);
        }
        let recent = Entity::find()
            .filter(Column::Recipient.eq(letter.to.as_str()))
            .filter(Column::Kind.eq(letter.kind))
            .filter(Column::CreatedAt.gt((now - HOUR).as_millis()))
            .count(connection)
            .await
            .map_err(Error::from_db)?;
        if recent >= PER_HOUR {
            return Ok(self.dropped(letter));
        }
        // Mails that are due at once are sent in the order of their ids.
        let id = new_id(now, &inner.random)?;
        let values = serde_json::to_vec(&letter.values).map_err(Error::internal)?;
        let expires_at = now + letter.lasts;
        let sealed = inner
            .cipher
            .encrypt(&id, &values, expires_at, &inner.random)?;
        let row = row::ActiveModel {
            id: ActiveValue::Set(id.clone()),
            kind: ActiveValue::Set(letter.kind.to_owned()),
            recipient: ActiveValue::Set(letter.to.as_str().to_owned()),
            language: ActiveValue::Set(letter.language.clone()),
            sealed: ActiveValue::Set(Some(sealed)),
            once: ActiveValue::Set(letter.once_in.map(|time| once(letter, time, now))),
            created_at: ActiveValue::Set(now.as_millis()),
            state: ActiveValue::Set(MailState::Waiting.as_str().to_owned()),
            due_at: ActiveValue::Set(now.as_millis()),
            tries: ActiveValue::Set(0),
            expires_at: ActiveValue::Set(expires_at.as_millis()),
            last_error: ActiveValue::Set(None),
        };
        // A second one would be an error of the whole transaction, if it were not ignored.
        let ignore = OnConflict::column(Column::Once)
            .do_nothing_on([Column::Id])
            .to_owned();
        Entity::insert(row)
            .on_conflict(ignore)
            .exec_without_returning(connection)
            .await
            .map_err(Error::from_db)?;
        if letter.once_in.is_none() {
            return Ok(true);
        }
        // MySQL counts an ignored row as a written one.
        let is_written = Entity::find_by_id(id).count(connection).await;
        Ok(match is_written.map_err(Error::from_db)? {
            0 => self.dropped(letter),
            _ => true,
        })
    }

    fn dropped(&self, letter: &Letter) -> bool {
        metrics::counter!("vestibule_mails_limited_total", "kind" => letter.kind).increment(1);
        tracing::info!(
            kind = letter.kind,
            "a mail was not written: there are enough to its address"
        );
        false
    }

    /// Tells the task that sends.
    pub(crate) fn wake(&self) {
        self.0.written.notify_one();
    }
}

/// The same for all mails of a kind to one address in the same stretch of time. The address is a
/// digest, because it may be longer than the column.
fn once(letter: &Letter, time: Duration, now: Timestamp) -> String {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1);
    let stretch = now.as_millis().div_euclid(millis);
    let digest = sha256(letter.to.canonical().as_bytes());
    let address = data_encoding::HEXLOWER.encode(&digest[..16]);
    format!("{} {address} {stretch}", letter.kind)
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}
