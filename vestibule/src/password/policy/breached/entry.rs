//! The entries of lists of breached passwords.

use data_encoding::HEXUPPER;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// The 40 digits of a password's SHA-1, in upper case. The lists use SHA-1. Its weakness does not
/// matter here, because no password is stored as SHA-1.
pub(super) struct HashDigits(pub(super) Zeroizing<String>);

impl HashDigits {
    pub(super) const LEN: usize = 40;

    pub(super) fn of(normal: &str) -> Self {
        let digest: Zeroizing<[u8; 20]> = Zeroizing::new(Sha1::digest(normal).into());
        Self(Zeroizing::new(HEXUPPER.encode(&*digest)))
    }
}

/// A line of a list: hexadecimal digits, and optionally how often the password was found.
pub(super) struct Entry<'a> {
    pub(super) digits: &'a [u8],
    pub(super) count: Option<&'a [u8]>,
}

impl<'a> Entry<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (digits, count) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], Some(&line[colon + 1..])),
            None => (line, None),
        };
        let is_count = |count: &[u8]| !count.is_empty() && count.iter().all(u8::is_ascii_digit);
        let is_entry = digits.iter().all(u8::is_ascii_hexdigit) && count.is_none_or(is_count);
        is_entry.then_some(Self { digits, count })
    }

    /// Whether it is padding, which a service adds so that the length of its answer does not reveal
    /// the prefix that was asked for.
    pub(super) fn is_padding(&self) -> bool {
        self.count
            .is_some_and(|count| count.iter().all(|digit| *digit == b'0'))
    }
}
