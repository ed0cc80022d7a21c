//! A session store of one's own, over the embedded database redb. It follows the rules of the
//! book's chapter "Writing a store": each call is one transaction, and redb runs one transaction
//! that writes at a time.

use std::error::Error as StdError;
use std::path::Path;
use std::sync::Arc;

use redb::{
    Database, MultimapTable, MultimapTableDefinition, ReadableDatabase, ReadableMultimapTable,
    ReadableTable, Table, TableDefinition, WriteTransaction,
};
use vestibule::clock::Timestamp;
use vestibule::login::UserId;
use vestibule::session::{
    DataChanges, DataOutcome, DataValues, Ended, Invalidation, InvalidationFeed, Listed,
    RememberDigest, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId,
    SessionStore, Update, changed_data,
};
use vestibule::{Error, Result};

type Key = &'static [u8];

/// Sessions as JSON, by their id.
const SESSIONS: TableDefinition<Key, &str> = TableDefinition::new("sessions");
/// The app's own values of a session as JSON, by its id.
const DATA: TableDefinition<Key, &str> = TableDefinition::new("data");
/// Remembered logins as JSON, by their id.
const LOGINS: TableDefinition<Key, &str> = TableDefinition::new("logins");
/// The ids of the sessions and logins that belong to something, by [`key`].
const INDEX: MultimapTableDefinition<Key, Key> = MultimapTableDefinition::new("index");

type Fallible<T> = std::result::Result<T, Box<dyn StdError + Send + Sync>>;

/// Sessions in a file of redb. Clones share it. A file is open in one process only.
#[derive(Clone)]
pub(crate) struct RedbStore {
    database: Arc<Database>,
    feed: InvalidationFeed,
}

impl RedbStore {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: impl AsRef<Path>) -> Result<Self> {
        let store = Self {
            database: Arc::new(Database::create(path).map_err(Error::store)?),
            feed: InvalidationFeed::in_process(),
        };
        let transaction = store.database.begin_write().map_err(Error::store)?;
        Rows::of(&transaction).map_err(Error::store)?;
        transaction.commit().map_err(Error::store)?;
        Ok(store)
    }

    /// Reads and writes in one transaction, on a thread that may wait for the disk. That thread
    /// goes on when the client hangs up, so the feed hears of every change. An error undoes the
    /// whole transaction.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Rows<'_>) -> Fallible<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.clone();
        let write = move || -> Fallible<T> {
            let transaction = store.database.begin_write()?;
            let mut rows = Rows::of(&transaction)?;
            let answer = work(&mut rows)?;
            let changed = std::mem::take(&mut rows.changed);
            drop(rows);
            let committed = transaction.commit();
            // After the commit: whoever reads a session from now on reads the new one.
            for id in changed {
                store.feed.invalidate(Invalidation::Session(id));
            }
            Ok(committed.map(|()| answer)?)
        };
        let written = tokio::task::spawn_blocking(write).await;
        written.map_err(Error::store)?.map_err(Error::store)
    }

    /// Reads from one snapshot, without waiting for those who write.
    fn read(
        &self,
        table: TableDefinition<Key, &'static str>,
        id: &[u8],
    ) -> Fallible<Option<String>> {
        text(&self.database.begin_read()?.open_table(table)?, id)
    }
}

fn text(table: &impl ReadableTable<Key, &'static str>, id: &[u8]) -> Fallible<Option<String>> {
    Ok(table.get(id)?.map(|text| text.value().to_owned()))
}

fn to_session(json: Option<String>) -> Result<Option<Session>> {
    json.map(|json| Session::from_json(&json)).transpose()
}

fn to_login(json: Option<String>) -> Result<Option<RememberedLogin>> {
    json.map(|json| RememberedLogin::from_json(&json))
        .transpose()
}

/// The tables in one transaction.
struct Rows<'t> {
    sessions: Table<'t, Key, &'static str>,
    data: Table<'t, Key, &'static str>,
    logins: Table<'t, Key, &'static str>,
    index: MultimapTable<'t, Key, Key>,
    /// The sessions that changed or ended, for the feed.
    changed: Vec<SessionId>,
}

/// A key of the index. Neither a realm nor a kind has a NUL, and ids of sessions have one length.
fn key(kind: &str, of: &[u8], and_of: &str) -> Vec<u8> {
    [kind.as_bytes(), of, and_of.as_bytes()].join(&0)
}

/// The keys under which a session is in the index.
fn keys_of(session: &Session) -> Vec<Vec<u8>> {
    let user = key("user", session.realm.as_bytes(), session.user_id.as_str());
    let login = session.remembered.map(|id| key("login", id.as_bytes(), ""));
    let renewed = session.renewed_from.map(|id| key("was", id.as_bytes(), ""));
    [user].into_iter().chain(login).chain(renewed).collect()
}

impl<'t> Rows<'t> {
    fn of(transaction: &'t WriteTransaction) -> Fallible<Self> {
        Ok(Self {
            sessions: transaction.open_table(SESSIONS)?,
            data: transaction.open_table(DATA)?,
            logins: transaction.open_table(LOGINS)?,
            index: transaction.open_multimap_table(INDEX)?,
            changed: Vec::new(),
        })
    }

    fn session(&self, id: &[u8]) -> Fallible<Option<Session>> {
        Ok(to_session(text(&self.sessions, id)?)?)
    }

    fn login(&self, id: &[u8]) -> Fallible<Option<RememberedLogin>> {
        Ok(to_login(text(&self.logins, id)?)?)
    }

    /// The ids under a key of the index.
    fn ids(&self, key: &[u8]) -> Fallible<Vec<Vec<u8>>> {
        let ids = self.index.get(key)?;
        ids.map(|id| Ok(id?.value().to_vec())).collect()
    }

    fn sessions_of(&self, key: &[u8]) -> Fallible<Vec<Session>> {
        let ids = self.ids(key)?;
        let found = ids.iter().map(|id| self.session(id).transpose());
        found.flatten().collect()
    }

    /// The session with this id, or the one renewed from it.
    fn find(&self, id: SessionId) -> Fallible<Option<Session>> {
        match self.session(id.as_bytes())? {
            Some(session) => Ok(Some(session)),
            None => Ok(self.sessions_of(&key("was", id.as_bytes(), ""))?.pop()),
        }
    }

    /// Adds a session with a new id.
    fn add(&mut self, session: &Session, data: &DataValues) -> Fallible<()> {
        if self.session(session.id.as_bytes())?.is_some() {
            return Err("a session by this id is there already".into());
        }
        for key in keys_of(session) {
            self.index.insert(&*key, &session.id.as_bytes()[..])?;
        }
        self.write_data(session.id, data)?;
        self.put(session)
    }

    /// Writes a session over itself. Its keys in the index never change.
    fn put(&mut self, session: &Session) -> Fallible<()> {
        let json = session.to_json()?;
        self.sessions.insert(&session.id.as_bytes()[..], &*json)?;
        Ok(())
    }

    fn remove(&mut self, session: &Session) -> Fallible<()> {
        let id = &session.id.as_bytes()[..];
        for key in keys_of(session) {
            self.index.remove(&*key, id)?;
        }
        self.sessions.remove(id)?;
        self.data.remove(id)?;
        self.changed.push(session.id);
        Ok(())
    }

    fn put_login(&mut self, login: &RememberedLogin) -> Fallible<()> {
        let (id, json) = (&login.id.as_bytes()[..], login.to_json()?);
        let key = key("logins", login.realm.as_bytes(), login.user_id.as_str());
        self.index.insert(&*key, id)?;
        self.logins.insert(id, &*json)?;
        Ok(())
    }

    /// Ends a remembered login and its sessions. Returns whether it was there.
    fn end_login(&mut self, id: &[u8]) -> Fallible<bool> {
        let Some(login) = self.login(id)? else {
            return Ok(false);
        };
        for session in self.sessions_of(&key("login", id, ""))? {
            self.remove(&session)?;
        }
        let key = key("logins", login.realm.as_bytes(), login.user_id.as_str());
        self.index.remove(&*key, id)?;
        self.logins.remove(id)?;
        Ok(true)
    }

    fn end_session(&mut self, id: SessionId) -> Fallible<bool> {
        let Some(session) = self.find(id)? else {
            return Ok(false);
        };
        self.remove(&session)?;
        if let Some(login) = session.remembered {
            self.end_login(login.as_bytes())?;
        }
        Ok(true)
    }

    fn end_user(&mut self, realm: &str, user: &UserId, keep: Option<SessionId>) -> Fallible<u64> {
        let kept = keep.map(|id| self.find(id)).transpose()?.flatten();
        let kept_login = kept.as_ref().and_then(|session| session.remembered);
        let mut ended = 0;
        for session in self.sessions_of(&key("user", realm.as_bytes(), user.as_str()))? {
            if kept.as_ref().is_none_or(|kept| kept.id != session.id) {
                self.remove(&session)?;
                ended += 1;
            }
        }
        for id in self.ids(&key("logins", realm.as_bytes(), user.as_str()))? {
            if kept_login.is_none_or(|kept| kept.as_bytes()[..] != id[..]) {
                self.end_login(&id)?;
            }
        }
        Ok(ended)
    }

    fn change_login(
        &mut self,
        id: RememberedId,
        change: impl FnOnce(&mut RememberedLogin),
    ) -> Fallible<u64> {
        let login = self.login(id.as_bytes())?;
        let changed = login.map(|mut login| {
            change(&mut login);
            self.put_login(&login)
        });
        Ok(changed.transpose()?.is_some().into())
    }

    /// Sets when sessions were last used; or without a time, that they are no longer fresh.
    fn update(&mut self, ids: &[SessionId], seen_at: Option<Timestamp>) -> Fallible<u64> {
        let mut updated = 0;
        for id in ids {
            let Some(mut session) = self.session(id.as_bytes())? else {
                continue;
            };
            session.is_fresh &= seen_at.is_some();
            session.last_seen_at = seen_at.unwrap_or(session.last_seen_at);
            if seen_at.is_none() {
                self.changed.push(*id);
            }
            self.put(&session)?;
            updated += 1;
        }
        Ok(updated)
    }

    fn values(&self, id: SessionId) -> Fallible<DataValues> {
        let json = text(&self.data, id.as_bytes())?;
        Ok(json.map_or(Ok(DataValues::new()), |json| serde_json::from_str(&json))?)
    }

    fn write_data(&mut self, id: SessionId, values: &DataValues) -> Fallible<()> {
        let json = serde_json::to_string(values)?;
        self.data.insert(&id.as_bytes()[..], &*json)?;
        Ok(())
    }

    fn sweep(&mut self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Fallible<u64> {
        let (mut sessions, mut logins) = (Vec::new(), Vec::new());
        for row in self.sessions.iter()? {
            sessions.push(Session::from_json(row?.1.value())?);
        }
        for row in self.logins.iter()? {
            logins.push(RememberedLogin::from_json(row?.1.value())?);
        }
        sessions.retain(|session| session.realm == realm && expiry.is_over(session, now));
        logins.retain(|login| login.realm == realm && login.expires_at <= now);
        for session in &sessions {
            self.remove(session)?;
        }
        for login in &logins {
            self.end_login(login.id.as_bytes())?;
        }
        Ok((sessions.len() + logins.len()) as u64)
    }
}

impl SessionStore for RedbStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        self.write(move |rows| {
            // The replaced session first: the new one may have its public id.
            if let Some(id) = replaced.session {
                rows.end_session(id)?;
            }
            if let Some(id) = replaced.remembered {
                rows.end_login(id.as_bytes())?;
            }
            if let Some(login) = remembered {
                rows.put_login(&login)?;
            }
            rows.add(&session, &data)
        })
        .await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        to_session(self.read(SESSIONS, id.as_bytes()).map_err(Error::store)?)
    }

    async fn list(&self, listed: Listed<'_>) -> Result<Vec<Session>> {
        let key = match listed {
            Listed::Remembered(id) => key("login", id.as_bytes(), ""),
            Listed::User { realm, user_id, .. } | Listed::PublicId { realm, user_id, .. } => {
                key("user", realm.as_bytes(), user_id.as_str())
            }
        };
        let found = self.write(move |rows| rows.sessions_of(&key)).await?;
        Ok(listed.among(&found))
    }

    async fn update(&self, update: Update<'_>) -> Result<u64> {
        let (ids, seen_at) = match update {
            Update::LastSeen(ids, at) => (ids.to_vec(), Some(at)),
            Update::Stale(id) => (vec![id], None),
            Update::RememberedUntil(id, at) => {
                let extend = move |login: &mut RememberedLogin| login.expires_at = at;
                return self.write(move |rows| rows.change_login(id, extend)).await;
            }
        };
        self.write(move |rows| rows.update(&ids, seen_at)).await
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        match ended {
            Ended::Session(id) => Ok(self.write(move |rows| rows.end_session(id)).await?.into()),
            Ended::Remembered(id) => {
                let end = self.write(move |rows| rows.end_login(id.as_bytes()));
                Ok(end.await?.into())
            }
            Ended::User {
                realm,
                user_id,
                keep,
            } => {
                let (realm, user_id) = (realm.to_owned(), user_id.clone());
                self.write(move |rows| rows.end_user(&realm, &user_id, keep))
                    .await
            }
        }
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        self.write(move |rows| {
            let Some(before) = rows.session(old.as_bytes())? else {
                return Ok(false);
            };
            let data = rows.values(old)?;
            rows.remove(&before)?;
            rows.add(&session, &data)?;
            Ok(true)
        })
        .await
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        to_login(self.read(LOGINS, id.as_bytes()).map_err(Error::store)?)
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        self.write(move |rows| {
            let before = rows.login(remembered.id.as_bytes())?;
            if before.is_none_or(|before| before.token != seen) {
                return Ok(false);
            }
            for other in rows.sessions_of(&key("login", remembered.id.as_bytes(), ""))? {
                if other.is_from_replaced_token == session.is_from_replaced_token {
                    rows.remove(&other)?;
                }
            }
            rows.put_login(&remembered)?;
            rows.add(&session, &data)?;
            Ok(true)
        })
        .await
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        self.write(move |rows| match rows.find(id)? {
            Some(session) => rows.values(session.id),
            None => Ok(DataValues::new()),
        })
        .await
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        let changes = changes.clone();
        self.write(move |rows| {
            let Some(session) = rows.find(id)? else {
                return Ok(DataOutcome::NoSession);
            };
            let Some(after) = changed_data(&rows.values(session.id)?, &changes) else {
                return Ok(DataOutcome::TooMuch);
            };
            rows.write_data(session.id, &after)?;
            Ok(DataOutcome::Written)
        })
        .await
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let realm = realm.to_owned();
        self.write(move |rows| rows.sweep(&realm, expiry, now))
            .await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        Some(&self.feed)
    }
}

/// An app gives the store to its login manager: `LoginManager::new(find, store)`.
fn main() -> Result<()> {
    RedbStore::open("sessions.redb").map(drop)
}
