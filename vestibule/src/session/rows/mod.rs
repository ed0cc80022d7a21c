//! From a session or remembered login to its row, and back.

mod entity;

pub(crate) use entity::{data, remembered, session};

use std::time::Duration;

use sea_orm::ActiveValue::Set;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{
    Methods, RememberDigest, RememberSeed, RememberedId, RememberedLogin, Session, SessionId,
};

pub(crate) fn of_session(session: Session) -> session::ActiveModel {
    session::ActiveModel {
        id: Set(session.id.as_bytes().to_vec()),
        public_id: Set(session.public_id),
        realm: Set(session.realm),
        user_id: Set(session.user_id.to_string()),
        user_epoch: Set(session.user_epoch),
        created_at: Set(session.created_at.as_millis()),
        authenticated_at: Set(session.authenticated_at.as_millis()),
        methods: Set(session.methods.bits().into()),
        confirmed_by: Set(session.confirmed_by.bits().into()),
        is_fresh: Set(session.is_fresh),
        remembered_id: Set(session.remembered.map(|id| id.as_bytes().to_vec())),
        is_from_replaced_token: Set(session.is_from_replaced_token),
        renewed_from: Set(session.renewed_from.map(|id| id.as_bytes().to_vec())),
        user_agent: Set(session.user_agent),
        address: Set(session.address.map(|address| address.to_string())),
        last_seen_at: Set(session.last_seen_at.as_millis()),
        expires_at: Set(session.expires_at.as_millis()),
    }
}

pub(crate) fn to_session(row: session::Model) -> Result<Session> {
    let mut session = Session::new(
        SessionId::from_bytes(digest(row.id)?),
        row.public_id,
        row.user_id.into(),
        row.user_epoch,
        Timestamp::from_millis(row.created_at),
        Duration::ZERO,
    );
    session.realm = row.realm;
    session.authenticated_at = Timestamp::from_millis(row.authenticated_at);
    session.methods = methods(row.methods);
    session.confirmed_by = methods(row.confirmed_by);
    session.is_fresh = row.is_fresh;
    session.remembered = match row.remembered_id {
        Some(id) => Some(RememberedId::from_bytes(digest(id)?)),
        None => None,
    };
    session.is_from_replaced_token = row.is_from_replaced_token;
    session.renewed_from = match row.renewed_from {
        Some(id) => Some(SessionId::from_bytes(digest(id)?)),
        None => None,
    };
    session.user_agent = row.user_agent;
    session.address = row.address.and_then(|address| address.parse().ok());
    session.last_seen_at = Timestamp::from_millis(row.last_seen_at);
    session.expires_at = Timestamp::from_millis(row.expires_at);
    Ok(session)
}

pub(crate) fn of_remembered(remembered: &RememberedLogin) -> remembered::ActiveModel {
    remembered::ActiveModel {
        id: Set(remembered.id.as_bytes().to_vec()),
        realm: Set(remembered.realm.clone()),
        user_id: Set(remembered.user_id.to_string()),
        user_epoch: Set(remembered.user_epoch),
        token: Set(remembered.token.as_bytes().to_vec()),
        previous: Set(remembered
            .previous
            .map(|previous| previous.as_bytes().to_vec())),
        seed: Set(remembered.seed.as_bytes().to_vec()),
        rotated_at: Set(remembered.rotated_at.as_millis()),
        created_at: Set(remembered.created_at.as_millis()),
        methods: Set(remembered.methods.bits().into()),
        confirmed_by: Set(remembered.confirmed_by.bits().into()),
        expires_at: Set(remembered.expires_at.as_millis()),
        duration: Set(i64::try_from(remembered.duration.as_millis()).unwrap_or(i64::MAX)),
    }
}

pub(crate) fn to_remembered(row: remembered::Model) -> Result<RememberedLogin> {
    Ok(RememberedLogin {
        id: RememberedId::from_bytes(digest(row.id)?),
        realm: row.realm,
        user_id: row.user_id.into(),
        user_epoch: row.user_epoch,
        token: RememberDigest::from_bytes(digest(row.token)?),
        previous: match row.previous {
            Some(previous) => Some(RememberDigest::from_bytes(digest(previous)?)),
            None => None,
        },
        seed: RememberSeed::from_bytes(digest(row.seed)?),
        rotated_at: Timestamp::from_millis(row.rotated_at),
        created_at: Timestamp::from_millis(row.created_at),
        methods: methods(row.methods),
        confirmed_by: methods(row.confirmed_by),
        expires_at: Timestamp::from_millis(row.expires_at),
        duration: Duration::from_millis(u64::try_from(row.duration).unwrap_or(0)),
    })
}

/// A number that is not a valid set of methods counts as no method.
fn methods(bits: i32) -> Methods {
    u16::try_from(bits).map_or(Methods::NONE, Methods::from_bits)
}

pub(crate) fn digest(bytes: Vec<u8>) -> Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| Error::store("a row of the session tables has a digest of another length"))
}
