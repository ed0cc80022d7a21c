//! Properties that hold for any bytes that a visitor, a proxy or a store sends.
//!
//! Each function takes such bytes and panics if its property does not hold. The fuzz targets in
//! `fuzz/` call them with the bytes that reach new code, and `tests/properties.rs` with random
//! changes of the same seeds.

mod cookies;
#[cfg(feature = "sql")]
mod forms;
mod forwarded;
mod next;
#[cfg(feature = "redis")]
mod redis_entries;
mod stored_hashes;
mod tokens;

pub use cookies::cookies;
#[cfg(feature = "sql")]
pub use forms::forms;
pub use forwarded::forwarded;
pub use next::next;
#[cfg(feature = "redis")]
pub use redis_entries::redis_entries;
pub use stored_hashes::stored_hashes;
pub use tokens::tokens;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A header with a value for each line. Lines that HTTP does not allow are left out.
fn header_lines(name: &HeaderName, lines: &[u8]) -> HeaderMap {
    let lines = lines.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    values.map(|value| (name.clone(), value)).collect()
}
