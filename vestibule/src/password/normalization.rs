//! The normalized password: what is counted, compared and hashed.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::crypto::secret::Secret;

/// The maximum length of a password, in characters of normalization form C.
pub(super) const MAX_CHARS: usize = 256;

/// The password in normalization form C (NIST SP 800-63B-4, 3.1.1.2), or `None` if it is too long.
pub(super) fn normalized(password: &Secret) -> Option<Zeroizing<String>> {
    let password = password.expose();
    // NFC composes at most four characters into one, each of at most four bytes. Longer input is
    // rejected before normalizing it, so that a huge password costs nothing.
    if password.len() > MAX_CHARS * 16 {
        return None;
    }
    let normal = Zeroizing::new(password.nfc().collect::<String>());
    (normal.chars().count() <= MAX_CHARS).then_some(normal)
}

/// Whether both are the same password once normalized.
#[cfg(feature = "sql")]
pub(crate) fn is_same(one: &Secret, other: &Secret) -> bool {
    let (one, other) = (normalized(one), normalized(other));
    one.is_some() && one == other
}
