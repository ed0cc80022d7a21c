//! The ids of new rows: UUIDs, version 7 (RFC 9562). They are random, and ordered by time, which
//! keeps the index efficient.

use crate::clock::Timestamp;
use crate::crypto::random::Random;
use crate::error::Result;

/// A new id.
///
/// # Errors
/// When the operating system's random generator failed.
pub(crate) fn new_id(now: Timestamp, random: &Random) -> Result<String> {
    Ok(id(now, &random.bytes()?))
}

/// The smallest id of a row that was made at this time or later.
pub(crate) fn first_id(at: Timestamp) -> String {
    id(at, &[0; 10])
}

fn id(at: Timestamp, random: &[u8; 10]) -> String {
    let millis = u64::try_from(at.as_millis()).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, random);
    id.into_uuid().to_string()
}
