//! The one form of a password that is counted, compared and hashed.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::crypto::secret::Secret;

/// The most characters of a password, in normalization form C.
pub(super) const MAX_CHARS: usize = 256;

/// The text of a password that is counted, compared and hashed, unless it is too long.
pub(super) fn normalized(password: &Secret) -> Option<Zeroizing<String>> {
    let password = password.expose();
    // A character comes of four at the most, which have at most four bytes: a huge password costs
    // nothing.
    if password.len() > MAX_CHARS * 16 {
        return None;
    }
    let normal = Zeroizing::new(password.nfc().collect::<String>());
    (normal.chars().count() <= MAX_CHARS).then_some(normal)
}

/// Whether two texts are one password.
#[cfg(feature = "sql")]
pub(crate) fn is_same(one: &Secret, other: &Secret) -> bool {
    let (one, other) = (normalized(one), normalized(other));
    one.is_some() && one == other
}
