//! Messages with an expiry, which is signed or encrypted together with them.

use crate::clock::Timestamp;

const EXPIRY_BYTES: usize = 8;

/// `payload`, preceded by its expiry.
pub(super) fn dated(payload: &[u8], expires_at: Timestamp) -> Vec<u8> {
    let mut message = expires_at.as_millis().to_be_bytes().to_vec();
    message.extend_from_slice(payload);
    message
}

/// The payload of a message, or `None` if it has expired.
pub(super) fn unexpired(message: &[u8], now: Timestamp) -> Option<&[u8]> {
    let (expires_at, payload) = message.split_first_chunk::<EXPIRY_BYTES>()?;
    let expires_at = Timestamp::from_millis(i64::from_be_bytes(*expires_at));
    (now < expires_at).then_some(payload)
}
