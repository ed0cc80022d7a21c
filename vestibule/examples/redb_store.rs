//! A session store of one's own, over the embedded database redb, by the rules of the book's chapter
//! "Writing a store". Each call is one transaction. Without a feed, each request reads its session.

use std::path::Path;
use std::sync::Arc;

use redb::{
    Database, MultimapTable, MultimapTableDefinition, ReadableDatabase, ReadableMultimapTable,
    ReadableTable, Table, TableDefinition, WriteTransaction,
};
use vestibule::clock::Timestamp;
use vestibule::login::UserId;
use vestibule::session::{
    DataChanges, DataOutcome, DataValues, Ended, Listed, RememberDigest, RememberedId,
    RememberedLogin, Replaced, Session, SessionExpiry, SessionId, SessionStore, Update,
    changed_data,
};
use vestibule::{Error, Result};

type Key = &'static [u8];
type Json = TableDefinition<'static, Key, &'static str>;
/// Sessions as JSON, by their id.
const SESSIONS: Json = TableDefinition::new("sessions");
/// The app's own values of a session as JSON, by its id.
const DATA: Json = TableDefinition::new("data");
/// Remembered logins as JSON, by their id.
const LOGINS: Json = TableDefinition::new("logins");
/// The ids of the sessions and logins that belong to something, by [`key`].
const INDEX: MultimapTableDefinition<Key, Key> = MultimapTableDefinition::new("index");

type Fallible<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Sessions in a file of redb. Clones share it. A file is open in one process only.
#[derive(Debug, Clone)]
pub struct RedbStore(Arc<Database>);

impl RedbStore {
    /// Opens the file, or makes it and its tables.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let database = Database::create(path).map_err(Error::store)?;
        write(&database, |_| Ok(())).map_err(Error::store)?;
        Ok(Self(Arc::new(database)))
    }

    /// Works in one transaction, on a thread that may wait for the disk and outlives the request.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Rows<'_>) -> Fallible<T> + Send + 'static,
    ) -> Result<T> {
        let database = self.0.clone();
        let written = tokio::task::spawn_blocking(move || write(&database, work)).await;
        written.map_err(Error::store)?.map_err(Error::store)
    }

    /// Reads from one snapshot, without waiting for those who write.
    fn read<T>(&self, table: Json, id: &[u8], read: fn(&str) -> Result<T>) -> Result<Option<T>> {
        let found = || get(&self.0.begin_read()?.open_table(table)?, id, read);
        found().map_err(Error::store)
    }
}

/// An error undoes the whole transaction, because it is dropped.
fn write<T>(database: &Database, work: impl FnOnce(&mut Rows<'_>) -> Fallible<T>) -> Fallible<T> {
    let transaction = database.begin_write()?;
    let answer = work(&mut Rows::of(&transaction)?)?;
    transaction.commit()?;
    Ok(answer)
}

fn get<T>(
    table: &impl ReadableTable<Key, &'static str>,
    id: &[u8],
    read: fn(&str) -> Result<T>,
) -> Fallible<Option<T>> {
    Ok(table.get(id)?.map(|json| read(json.value())).transpose()?)
}

/// The tables in one transaction.
struct Rows<'t> {
    sessions: Table<'t, Key, &'static str>,
    data: Table<'t, Key, &'static str>,
    logins: Table<'t, Key, &'static str>,
    index: MultimapTable<'t, Key, Key>,
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
        })
    }

    fn session(&self, id: &[u8]) -> Fallible<Option<Session>> {
        get(&self.sessions, id, Session::from_json)
    }

    fn login(&self, id: &[u8]) -> Fallible<Option<RememberedLogin>> {
        get(&self.logins, id, RememberedLogin::from_json)
    }

    /// The ids under a key of the index.
    fn ids(&self, key: &[u8]) -> Fallible<Vec<Vec<u8>>> {
        let ids = self.index.get(key)?.map(|id| Ok(id?.value().to_vec()));
        ids.collect()
    }

    fn sessions_of(&self, key: &[u8]) -> Fallible<Vec<Session>> {
        let ids = self.ids(key)?.into_iter();
        ids.filter_map(|id| self.session(&id).transpose()).collect()
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
        let json = serde_json::to_string(data)?;
        self.data.insert(&session.id.as_bytes()[..], &*json)?;
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
        Ok(())
    }

    fn put_login(&mut self, login: &RememberedLogin) -> Fallible<()> {
        let (id, json) = (&login.id.as_bytes()[..], login.to_json()?);
        let key = key("logins", login.realm.as_bytes(), login.user_id.as_str());
        self.index.insert(&*key, id)?;
        self.logins.insert(id, &*json)?;
        Ok(())
    }

    /// Ends a remembered login and its sessions. Returns how many logins there were.
    fn end_login(&mut self, id: &[u8]) -> Fallible<u64> {
        for session in self.sessions_of(&key("login", id, ""))? {
            self.remove(&session)?;
        }
        let Some(login) = self.login(id)? else {
            return Ok(0);
        };
        let key = key("logins", login.realm.as_bytes(), login.user_id.as_str());
        self.index.remove(&*key, id)?;
        self.logins.remove(id)?;
        Ok(1)
    }

    fn end_session(&mut self, id: SessionId) -> Fallible<u64> {
        let Some(session) = self.find(id)? else {
            return Ok(0);
        };
        self.remove(&session)?;
        let login = session.remembered;
        login.map(|id| self.end_login(id.as_bytes())).transpose()?;
        Ok(1)
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

    /// Changes the sessions that exist. Returns how many.
    fn change(&mut self, ids: &[SessionId], change: impl Fn(&mut Session)) -> Fallible<u64> {
        let mut changed = 0;
        for id in ids {
            if let Some(mut session) = self.session(id.as_bytes())? {
                change(&mut session);
                self.put(&session)?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    fn values(&self, id: SessionId) -> Fallible<DataValues> {
        let read = |json: &str| serde_json::from_str(json).map_err(Error::store);
        Ok(get(&self.data, id.as_bytes(), read)?.unwrap_or_default())
    }

    fn sweep(&mut self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Fallible<u64> {
        let sessions = self
            .sessions
            .iter()?
            .map(|row| Ok(Session::from_json(row?.1.value())?));
        let mut sessions: Vec<_> = sessions.collect::<Fallible<_>>()?;
        let logins = self.logins.iter()?;
        let logins = logins.map(|row| Ok(RememberedLogin::from_json(row?.1.value())?));
        let mut logins: Vec<_> = logins.collect::<Fallible<_>>()?;
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
            let (old, login) = (replaced.session, replaced.remembered);
            old.map(|id| rows.end_session(id)).transpose()?;
            login.map(|id| rows.end_login(id.as_bytes())).transpose()?;
            remembered.map(|login| rows.put_login(&login)).transpose()?;
            rows.add(&session, &data)
        })
        .await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        self.read(SESSIONS, id.as_bytes(), Session::from_json)
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
        match update {
            Update::LastSeen(ids, at) => {
                let ids = ids.to_vec();
                self.write(move |rows| rows.change(&ids, |session| session.last_seen_at = at))
                    .await
            }
            Update::Stale(id) => {
                self.write(move |rows| rows.change(&[id], |session| session.is_fresh = false))
                    .await
            }
            Update::RememberedUntil(id, at) => {
                self.write(move |rows| {
                    let Some(mut login) = rows.login(id.as_bytes())? else {
                        return Ok(0);
                    };
                    login.expires_at = at;
                    rows.put_login(&login)?;
                    Ok(1)
                })
                .await
            }
        }
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        match ended {
            Ended::Session(id) => self.write(move |rows| rows.end_session(id)).await,
            Ended::Remembered(id) => self.write(move |rows| rows.end_login(id.as_bytes())).await,
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
        self.read(LOGINS, id.as_bytes(), RememberedLogin::from_json)
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
        self.write(move |rows| {
            let found = rows.find(id)?.map(|session| rows.values(session.id));
            Ok(found.transpose()?.unwrap_or_default())
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
            let json = serde_json::to_string(&after)?;
            rows.data.insert(&session.id.as_bytes()[..], &*json)?;
            Ok(DataOutcome::Written)
        })
        .await
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let realm = realm.to_owned();
        self.write(move |rows| rows.sweep(&realm, expiry, now))
            .await
    }
}
