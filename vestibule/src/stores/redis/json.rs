//! Converting sessions and remembered logins to the values in Redis, and back.

use std::time::Duration;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{
    Methods, RememberDigest, RememberSeed, RememberedId, RememberedLogin, Session, SessionId,
};

/// The parts of a session that never change. Freshness and last use are separate fields.
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

/// A remembered login without its token and expiry, which are separate fields.
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
pub(crate) type SessionFields = (Option<String>, Option<String>, Option<i64>);
/// The fields of a remembered login: its data, its token, its expiry.
pub(crate) type LoginFields = (Option<String>, Option<String>, Option<i64>);

pub(crate) fn of_session(session: &Session) -> Result<String> {
    to_json(&SessionData {
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
    })
}

/// `None` if nothing is stored.
pub(crate) fn to_session(fields: SessionFields) -> Result<Option<Session>> {
    let (Some(data), Some(fresh), Some(seen)) = fields else {
        return Ok(None);
    };
    let data: SessionData = serde_json::from_str(&data).map_err(Error::store)?;
    let mut session = Session::new(
        SessionId::from_bytes(digest(&data.id)?),
        data.public_id,
        data.user_id.into(),
        data.user_epoch,
        Timestamp::from_millis(data.created_at),
        Duration::ZERO,
    );
    session.realm = data.realm;
    session.authenticated_at = Timestamp::from_millis(data.authenticated_at);
    session.methods = Methods::from_bits(data.methods);
    session.confirmed_by = Methods::from_bits(data.confirmed_by);
    session.is_fresh = fresh == "1";
    session.remembered = match data.remembered {
        Some(id) => Some(RememberedId::from_bytes(digest(&id)?)),
        None => None,
    };
    session.is_from_replaced_token = data.is_from_replaced_token;
    session.renewed_from = match data.renewed_from {
        Some(id) => Some(SessionId::from_bytes(digest(&id)?)),
        None => None,
    };
    session.user_agent = data.user_agent;
    session.address = data.address.and_then(|address| address.parse().ok());
    session.last_seen_at = Timestamp::from_millis(seen);
    session.expires_at = Timestamp::from_millis(data.expires_at);
    Ok(Some(session))
}

pub(crate) fn of_login(login: &RememberedLogin) -> Result<String> {
    to_json(&LoginData {
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
    })
}

/// `None` if nothing is stored.
pub(crate) fn to_login(fields: LoginFields) -> Result<Option<RememberedLogin>> {
    let (Some(data), Some(token), Some(ends)) = fields else {
        return Ok(None);
    };
    let data: LoginData = serde_json::from_str(&data).map_err(Error::store)?;
    let mut login = RememberedLogin::new(
        RememberedId::from_bytes(digest(&data.id)?),
        RememberDigest::from_bytes(digest(&token)?),
        data.user_id.into(),
        data.user_epoch,
        Timestamp::from_millis(data.created_at),
        Duration::from_millis(data.duration),
    );
    login.realm = data.realm;
    login.previous = match data.previous {
        Some(previous) => Some(RememberDigest::from_bytes(digest(&previous)?)),
        None => None,
    };
    login.seed = RememberSeed::from_bytes(digest(&data.seed)?);
    login.methods = Methods::from_bits(data.methods);
    login.confirmed_by = Methods::from_bits(data.confirmed_by);
    login.rotated_at = Timestamp::from_millis(data.rotated_at);
    login.expires_at = Timestamp::from_millis(ends);
    Ok(Some(login))
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

#[cfg(test)]
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
