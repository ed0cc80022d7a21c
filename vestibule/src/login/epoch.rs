//! The number that ends a user's sessions when it changes.

use crate::crypto::digest::sha256_in;

/// The return type of [`User::session_epoch`](crate::login::User::session_epoch). A session keeps
/// the epoch of its log-in, and ends when its user's epoch changes.
///
/// It is the number in a column of your table, or it follows the password hash. With a column, you
/// end sessions by incrementing it; with the hash, you need no column.
///
/// ```
/// use vestibule::login::Epoch;
///
/// // A row has the columns `epoch` and `password_hash`.
/// # let (epoch, password_hash) = (3_i64, "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1a");
/// let counted = Epoch::from(epoch);
/// let of_hash = Epoch::of(password_hash);
/// # assert_ne!(counted, of_hash);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Epoch(i64);

/// Stored sessions contain the result of [`Epoch::of`], so changing this ends all of them.
const DOMAIN: &str = "vestibule session epoch v1\0";

impl Epoch {
    /// The epoch of a password hash: a new password ends all sessions of the user.
    ///
    /// Every other change of the hash ends them too: a log-in that replaces an outdated hash ends
    /// the user's sessions in other browsers. Pass `log_in` the user with the new hash then, or its
    /// own session ends too; `Credentials` does so.
    ///
    /// It is 64 bits of the hash's SHA-256. Nobody can compute the hash from it, or use it to test
    /// passwords without the random salt in the hash. Do not use it for hashes without a salt.
    pub fn of(password_hash: impl AsRef<[u8]>) -> Self {
        let digest = sha256_in(DOMAIN, password_hash.as_ref());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        Self(i64::from_be_bytes(bytes))
    }
}

impl From<i64> for Epoch {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl From<Epoch> for i64 {
    fn from(epoch: Epoch) -> Self {
        epoch.0
    }
}

#[cfg(test)]
mod tests {
    use super::Epoch;
    use crate::password::PasswordHash;

    /// The digest from `printf 'vestibule session epoch v1\0$2b$…' | sha256sum`.
    #[test]
    fn the_epoch_of_a_hash_is_the_same_in_every_version() {
        let hash = "$2b$04$sr5XfHxZjKGv5QQLCUMezuzuIjW6.xDf4AUnskqGPCPqfbqBwC1bi";

        assert_eq!(i64::from(Epoch::of(hash)), -7_167_483_060_412_443_312);
        assert_eq!(Epoch::of(PasswordHash::from_stored(hash)), Epoch::of(hash));
    }
}
