//! The [`SessionStore`] trait: each call is one function of the script `store.lua`.

use super::{BATCH, RedisStore, login_arguments, millis, session_arguments, with_data};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::json::{self, LoginFields, SessionFields, hex};
use crate::session::{
    DataChanges, DataOutcome, DataValues, Ended, Invalidation, InvalidationFeed, Listed,
    MAX_DATA_BYTES, RememberDigest, RememberedId, RememberedLogin, Replaced, Session,
    SessionExpiry, SessionId, SessionStore, Update,
};

impl SessionStore for RedisStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let came_of = match replaced.session {
            Some(id) => self.login_of(id).await?,
            None => None,
        };
        let invalidation = [
            replaced.session.map(Invalidation::Session),
            came_of.map(Invalidation::Remembered),
            replaced.remembered.map(Invalidation::Remembered),
        ];
        let _invalidated = invalidation
            .map(|changed| changed.map(|changed| self.feed.invalidate_on_drop(changed)));
        let [json, fresh, seen] = &session_arguments(&session)?;
        let [login, token, ends] = &match &remembered {
            Some(login) => login_arguments(login)?,
            None => [const { String::new() }; 3],
        };
        let id = replaced.session.map(|id| hex(id.as_bytes()));
        let login_id = replaced.remembered.map(|id| hex(id.as_bytes()));
        let (id, login_id) = (id.unwrap_or_default(), login_id.unwrap_or_default());
        let arguments: [&str; 8] = [json, fresh, seen, login, token, ends, &id, &login_id];
        match self
            .calls
            .run("create", &with_data(&arguments, &data))
            .await?
        {
            true => Ok(()),
            false => Err(Error::store("a session with this id already exists")),
        }
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        let id = hex(id.as_bytes());
        let fields: SessionFields = self.calls.read("s", &id, ["data", "fresh", "seen"]).await?;
        json::to_session(fields)
    }

    async fn list(&self, listed: Listed<'_>) -> Result<Vec<Session>> {
        match listed {
            Listed::User {
                realm,
                user_id,
                after,
                limit,
            } => {
                let limit = limit.to_string();
                let (seen, id) = match after {
                    Some(after) => (millis(after.last_seen_at), hex(after.id.as_bytes())),
                    None => (String::new(), String::new()),
                };
                let arguments: [&str; 5] = [realm, user_id.as_str(), &limit, &seen, &id];
                self.calls.list("list_user", &arguments).await
            }
            Listed::Remembered(id) => {
                let id = hex(id.as_bytes());
                self.calls.list("list_remembered", &[&id]).await
            }
            Listed::PublicId {
                realm,
                user_id,
                public_id,
            } => {
                let arguments: [&str; 3] = [realm, user_id.as_str(), public_id];
                self.calls.list("load_by_public_id", &arguments).await
            }
        }
    }

    async fn update(&self, update: Update<'_>) -> Result<u64> {
        match update {
            Update::LastSeen(ids, last_seen_at) => {
                let (seen, mut touched) = (millis(last_seen_at), 0);
                for some in ids.chunks(BATCH) {
                    let ids: Vec<_> = some.iter().map(|id| hex(id.as_bytes())).collect();
                    let ids = ids.iter().map(String::as_str);
                    let arguments: Vec<_> = std::iter::once(seen.as_str()).chain(ids).collect();
                    touched += self.calls.run::<u64>("touch", &arguments).await?;
                }
                Ok(touched)
            }
            Update::Stale(id) => {
                let _invalidated = self.feed.invalidate_on_drop(Invalidation::Session(id));
                let is_there: bool = self.calls.run("mark_stale", &[&hex(id.as_bytes())]).await?;
                Ok(is_there.into())
            }
            Update::RememberedUntil(id, expires_at) => {
                let (id, ends) = (hex(id.as_bytes()), millis(expires_at));
                let is_there: bool = self.calls.run("extend", &[&id, &ends]).await?;
                Ok(is_there.into())
            }
        }
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        match ended {
            Ended::Session(id) => {
                // The other sessions of the same remembered login end too.
                let came_of = self.login_of(id).await?;
                let invalidation = self.feed.invalidate_on_drop(Invalidation::Session(id));
                let _invalidated_too = came_of.map(|login| {
                    self.feed
                        .invalidate_on_drop(Invalidation::Remembered(login))
                });
                let was_there: bool = self.calls.run("revoke", &[&hex(id.as_bytes())]).await?;
                if !was_there {
                    invalidation.cancel();
                }
                Ok(was_there.into())
            }
            Ended::Remembered(id) => {
                let _invalidated = self.feed.invalidate_on_drop(Invalidation::Remembered(id));
                let id = hex(id.as_bytes());
                let was_there: bool = self.calls.run("revoke_remembered", &[&id]).await?;
                Ok(was_there.into())
            }
            Ended::User {
                realm,
                user_id,
                keep,
            } => {
                let _invalidated = self.feed.invalidate_on_drop(Invalidation::User(user_id));
                let keep = keep.map(|id| hex(id.as_bytes())).unwrap_or_default();
                let arguments: [&str; 3] = [realm, user_id.as_str(), &keep];
                self.calls.run("revoke_user", &arguments).await
            }
        }
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let _invalidated = self.feed.invalidate_on_drop(Invalidation::Session(old));
        let [json, fresh, seen] = &session_arguments(&session)?;
        let old = hex(old.as_bytes());
        self.calls.run("renew", &[json, fresh, seen, &old]).await
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        let id = hex(id.as_bytes());
        let fields: LoginFields = self.calls.read("r", &id, ["data", "token", "ends"]).await?;
        json::to_login(fields)
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen_token: RememberDigest,
    ) -> Result<bool> {
        let [json, fresh, seen] = &session_arguments(&session)?;
        let [login, token, ends] = &login_arguments(&remembered)?;
        let known = hex(seen_token.as_bytes());
        let arguments: [&str; 7] = [json, fresh, seen, login, token, ends, &known];
        self.calls
            .run("resume", &with_data(&arguments, &data))
            .await
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let (idle, now) = (millis(now - expiry.idle), millis(now));
        let some = BATCH.to_string();
        let mut swept = 0;
        loop {
            let arguments: [&str; 4] = [realm, &idle, &now, &some];
            match self.calls.run::<u64>("sweep", &arguments).await? {
                0 => return Ok(swept),
                some => swept += some,
            }
        }
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        self.calls.run("load_data", &[&hex(id.as_bytes())]).await
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        let (set, removed): (Vec<_>, Vec<_>) =
            changes.iter().partition(|(_, value)| value.is_some());
        let (max, count) = (MAX_DATA_BYTES.to_string(), removed.len().to_string());
        let id = hex(id.as_bytes());
        let mut arguments: Vec<&str> = vec![&id, &max, &count];
        arguments.extend(removed.iter().map(|(name, _)| name.as_str()));
        for (name, value) in set {
            arguments.push(name);
            arguments.extend(value.as_deref());
        }
        let outcome: String = self.calls.run("change_data", &arguments).await?;
        match outcome.as_str() {
            "written" => Ok(DataOutcome::Written),
            "too much" => Ok(DataOutcome::TooMuch),
            _ => Ok(DataOutcome::NoSession),
        }
    }

    async fn check_writes(&self) -> Result<()> {
        self.calls.run::<()>("check_writes", &[]).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        Some(&self.feed)
    }
}
