//! Sessions and remembered logins as JSON, for stores that keep text.

use std::time::Duration;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{
    Methods, RememberDigest, RememberSeed, RememberedId, RememberedLogin, Session, SessionId,
};

impl Session {
    /// The session as JSON, for a store that keeps text or bytes. It holds no secret.
    ///
    /// # Errors
    /// Never, in practice.
    pub fn to_json(&self) -> Result<String> {
        to_json(&WholeSession {
            data: SessionData::of(self),
            is_fresh: self.is_fresh,
            last_seen_at: self.last_seen_at.as_millis(),
        })
    }

    /// Reads what [`to_json`](Self::to_json) wrote, in this version or an older one.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(json: &str) -> Result<Self> {
        let whole: WholeSession = serde_json::from_str(json).map_err(Error::store)?;
        let mut session = whole.data.into_session(whole.last_seen_at)?;
        session.is_fresh = whole.is_fresh;
        Ok(session)
    }
}

impl RememberedLogin {
    /// The remembered login as JSON, for a store that keeps text or bytes. Keep it where only the
    /// app can read it: its [`seed`](Self::seed) is a secret of the login.
    ///
    /// # Errors
    /// Never, in practice.
    pub fn to_json(&self) -> Result<String> {
        to_json(&WholeLogin {
            data: LoginData::of(self),
            token: hex(self.token.as_bytes()),
            expires_at: self.expires_at.as_millis(),
        })
    }

    /// Reads what [`to_json`](Self::to_json) wrote, in this version or an older one.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(json: &str) -> Result<Self> {
        let whole: WholeLogin = serde_json::from_str(json).map_err(Error::store)?;
        whole.data.into_login(&whole.token, whole.expires_at)
    }
}

#[derive(Serialize, Deserialize)]
struct WholeSession {
    #[serde(flatten)]
    data: SessionData,
    is_fresh: bool,
    last_seen_at: i64,
}

#[derive(Serialize, Deserialize)]
struct WholeLogin {
    #[serde(flatten)]
    data: LoginData,
    token: String,
    expires_at: i64,
}

/// The parts of a session that never change. In Redis, freshness and last use are separate fields.
#[derive(Serialize, Deserialize)]
struct SessionData {
    id: String,
    public_id: String,
    realm: String,
    user_id: String,
    user_epoch: i64,
    created_at: i64,
    authenticated_at: i64,
    /// Missing in entries of older versions, which were proved by a password.
    #[serde(default = "password")]
    methods: u16,
    #[serde(default = "password")]
    confirmed_by: u16,
    expires_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remembered: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_from_replaced_token: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    renewed_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// A remembered login without its token and expiry, which are separate fields in Redis.
#[derive(Serialize, Deserialize)]
struct LoginData {
    id: String,
    realm: String,
    user_id: String,
    user_epoch: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    seed: String,
    rotated_at: i64,
    created_at: i64,
    #[serde(default = "password")]
    methods: u16,
    #[serde(default = "password")]
    confirmed_by: u16,
    duration: u64,
}

/// The fields of a session: its data, its freshness, its last use.
#[cfg(feature = "redis")]
pub(crate) type SessionFields = (Option<String>, Option<String>, Option<i64>);
/// The fields of a remembered login: its data, its token, its expiry.
#[cfg(feature = "redis")]
pub(crate) type LoginFields = (Option<String>, Option<String>, Option<i64>);

impl SessionData {
    fn of(session: &Session) -> Self {
        SessionData {
            id: hex(session.id.as_bytes()),
            public_id: session.public_id.clone(),
            realm: session.realm.clone(),
            user_id: session.user_id.to_string(),
            user_epoch: session.user_epoch,
            created_at: session.created_at.as_millis(),
            authenticated_at: session.authenticated_at.as_millis(),
            methods: session.methods.bits(),
            confirmed_by: session.confirmed_by.bits(),
            expires_at: session.expires_at.as_millis(),
            remembered: session.remembered.map(|id| hex(id.as_bytes())),
            is_from_replaced_token: session.is_from_replaced_token,
            renewed_from: session.renewed_from.map(|id| hex(id.as_bytes())),
            user_agent: session.user_agent.clone(),
            address: session.address.map(|address| address.to_string()),
        }
    }

    fn into_session(self, last_seen_at: i64) -> Result<Session> {
        let mut session = Session::new(
            SessionId::from_bytes(digest(&self.id)?),
            self.public_id,
            self.user_id.into(),
            self.user_epoch,
            Timestamp::from_millis(self.created_at),
            Duration::ZERO,
        );
        session.realm = self.realm;
        session.authenticated_at = Timestamp::from_millis(self.authenticated_at);
        session.methods = Methods::from_bits(self.methods);
        session.confirmed_by = Methods::from_bits(self.confirmed_by);
        session.remembered = match self.remembered {
            Some(id) => Some(RememberedId::from_bytes(digest(&id)?)),
            None => None,
        };
        session.is_from_replaced_token = self.is_from_replaced_token;
        session.renewed_from = match self.renewed_from {
            Some(id) => Some(SessionId::from_bytes(digest(&id)?)),
            None => None,
        };
        session.user_agent = self.user_agent;
        session.address = self.address.and_then(|address| address.parse().ok());
        session.last_seen_at = Timestamp::from_millis(last_seen_at);
        session.expires_at = Timestamp::from_millis(self.expires_at);
        Ok(session)
    }
}

impl LoginData {
    fn of(login: &RememberedLogin) -> Self {
        LoginData {
            id: hex(login.id.as_bytes()),
            realm: login.realm.clone(),
            user_id: login.user_id.to_string(),
            user_epoch: login.user_epoch,
            previous: login.previous.map(|previous| hex(previous.as_bytes())),
            seed: hex(login.seed.as_bytes()),
            rotated_at: login.rotated_at.as_millis(),
            created_at: login.created_at.as_millis(),
            methods: login.methods.bits(),
            confirmed_by: login.confirmed_by.bits(),
            duration: u64::try_from(login.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn into_login(self, token: &str, expires_at: i64) -> Result<RememberedLogin> {
        let mut login = RememberedLogin::new(
            RememberedId::from_bytes(digest(&self.id)?),
            RememberDigest::from_bytes(digest(token)?),
            self.user_id.into(),
            self.user_epoch,
            Timestamp::from_millis(self.created_at),
            Duration::from_millis(self.duration),
        );
        login.realm = self.realm;
        login.previous = match self.previous {
            Some(previous) => Some(RememberDigest::from_bytes(digest(&previous)?)),
            None => None,
        };
        login.seed = RememberSeed::from_bytes(digest(&self.seed)?);
        login.methods = Methods::from_bits(self.methods);
        login.confirmed_by = Methods::from_bits(self.confirmed_by);
        login.rotated_at = Timestamp::from_millis(self.rotated_at);
        login.expires_at = Timestamp::from_millis(expires_at);
        Ok(login)
    }
}

#[cfg(feature = "redis")]
pub(crate) fn of_session(session: &Session) -> Result<String> {
    to_json(&SessionData::of(session))
}

/// `None` if nothing is stored.
#[cfg(feature = "redis")]
pub(crate) fn to_session(fields: SessionFields) -> Result<Option<Session>> {
    let (Some(data), Some(fresh), Some(seen)) = fields else {
        return Ok(None);
    };
    let data: SessionData = serde_json::from_str(&data).map_err(Error::store)?;
    let mut session = data.into_session(seen)?;
    session.is_fresh = fresh == "1";
    Ok(Some(session))
}

#[cfg(feature = "redis")]
pub(crate) fn of_login(login: &RememberedLogin) -> Result<String> {
    to_json(&LoginData::of(login))
}

/// `None` if nothing is stored.
#[cfg(feature = "redis")]
pub(crate) fn to_login(fields: LoginFields) -> Result<Option<RememberedLogin>> {
    let (Some(data), Some(token), Some(ends)) = fields else {
        return Ok(None);
    };
    let data: LoginData = serde_json::from_str(&data).map_err(Error::store)?;
    Ok(Some(data.into_login(&token, ends)?))
}

fn password() -> u16 {
    Methods::PASSWORD.bits()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

pub(crate) fn digest(text: &str) -> Result<[u8; 32]> {
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(Error::store)?;
    bytes
        .try_into()
        .map_err(|_| Error::store("an entry of the session store has a digest of another length"))
}

fn to_json(data: &impl Serialize) -> Result<String> {
    serde_json::to_string(data).map_err(Error::internal)
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::{to_login, to_session};
    use crate::session::Methods;

    /// An entry as the previous version wrote it.
    #[test]
    fn an_entry_without_methods_was_proved_by_a_password() {
        let id = "00".repeat(32);
        let session = format!(
            r#"{{"id":"{id}","public_id":"a","realm":"","user_id":"1","user_epoch":0,
                "created_at":1,"authenticated_at":1,"expires_at":2}}"#
        );
        let login = format!(
            r#"{{"id":"{id}","realm":"","user_id":"1","user_epoch":0,"seed":"{id}",
                "rotated_at":1,"created_at":1,"duration":1}}"#
        );

        let session = to_session((Some(session), Some("1".to_owned()), Some(1)));
        let login = to_login((Some(login), Some(id), Some(2)));

        let (session, login) = (session.unwrap().unwrap(), login.unwrap().unwrap());
        for methods in [
            session.methods,
            session.confirmed_by,
            login.methods,
            login.confirmed_by,
        ] {
            assert_eq!(methods, Methods::PASSWORD);
        }
    }
}
