//! Flask-Bcrypt's part: hashing passwords and checking them.
//!
//! [`Passwords`] hashes by Argon2id or bcrypt, on a few threads of its own, and checks the hashes
//! of both, of scrypt and of PBKDF2, in the forms of Flask-Bcrypt, Werkzeug, Django and passlib.
//! [`PasswordPolicy`] says which passwords may be chosen. Whoever wants Flask-Bcrypt's two
//! functions and nothing else finds them in [`bcrypt`].
//!
//! # What it protects against
//! A stolen database (slow, salted hashes; with [`Peppers`] it is worth nothing alone), a flood of
//! log-ins (bounded threads, memory and queue, in which each address and each account waits behind
//! itself; past that the caller gets [`Error::is_busy`](crate::Error::is_busy)), guessing who
//! has an account by the time an answer takes (an unknown user costs a hash too, of the kinds that
//! users have), a crafted hash that asks for gigabytes (bounded parameters), very long passwords
//! (refused before hashing).
//!
//! # What it does not
//! Slow down the guessing of one account's password.
//!
//! # What is hashed
//! The UTF-8 of the password in Unicode normalization form C (NIST SP 800-63B-4, 3.1.1.2), so
//! that an `é` is the same from every keyboard. Nothing is trimmed, folded or cut.

mod hash;
mod policy;
mod pool;

pub use hash::{PasswordAlgorithm, Peppers, bcrypt};
pub use policy::{Blocklist, BreachedPasswords, Objection, PasswordPolicy, password_advice};
pub use pool::{Claimant, HashingLimits};

use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::crypto::digest::{constant_time_eq, sha256};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
pub(crate) use crate::password::hash::Kinds;
use crate::password::hash::{
    Before, Decoys, Function, Kind, MAX_BCRYPT_COST, Memory, Reading, Stored,
};
use crate::password::pool::HashingService;

/// A password's hash as it is stored: a text with algorithm, cost and salt, and the version of the
/// pepper if there is one, `{pepper:1}$argon2id$…`.
///
/// `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as a store kept it.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store. Keep it out of logs and errors.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Hashes passwords and checks them. Clones share the threads and the queue.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), vestibule::Error> {
/// use vestibule::crypto::secret::Secret;
/// use vestibule::password::Passwords;
///
/// let passwords = Passwords::new(Default::default())?;
/// let hash = passwords.hash(&Secret::from("correct horse battery staple")).await?;
///
/// assert!(passwords.verify(&Secret::from("correct horse battery staple"), Some(&hash)).await?);
/// assert!(!passwords.verify(&Secret::from("Tr0ub4dor&3"), Some(&hash)).await?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Passwords {
    algorithm: PasswordAlgorithm,
    function: Function,
    peppers: Arc<Peppers>,
    reading: Reading,
    decoys: Arc<Decoys>,
    random: Random,
    service: HashingService,
}

/// What came of checking a password, from [`Passwords::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum HashCheck {
    /// It is not the one.
    Wrong,
    /// It is.
    Right,
    /// It is; but today it would be hashed otherwise: by another algorithm, with other parameters
    /// or under another pepper. [`hash`](Passwords::hash) it anew, and replace the old hash if it
    /// still is what is stored.
    Outdated,
}

impl Passwords {
    /// The most characters of a password, in normalization form C; longer ones are refused before
    /// hashing.
    pub const MAX_CHARS: usize = 256;

    /// The highest cost of bcrypt for new hashes, and for stored ones unless
    /// [`max_bcrypt_cost`](Self::max_bcrypt_cost) says otherwise.
    pub const MAX_BCRYPT_COST: u32 = MAX_BCRYPT_COST;

    /// Hashes by `algorithm`; checks the hashes of every kind.
    ///
    /// # Errors
    /// When the parameters are out of range ([`Error::is_config`](crate::Error::is_config)).
    pub fn new(algorithm: PasswordAlgorithm) -> Result<Self> {
        Self::with_random(algorithm, Random::system())
    }

    /// As [`new`](Self::new), with the salts from `random`; a test sets it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_random(algorithm: PasswordAlgorithm, random: Random) -> Result<Self> {
        let function = algorithm.function()?;
        Ok(Self {
            algorithm,
            function,
            peppers: Arc::default(),
            reading: Reading {
                long_bcrypt: false,
                max_bcrypt_cost: MAX_BCRYPT_COST,
            },
            decoys: Arc::new(Decoys::new(random.bytes()?)),
            random,
            service: HashingService::new(HashingLimits::default(), function),
        })
    }

    /// Mixes a secret into each new hash. Default: none.
    pub fn peppers(mut self, peppers: Peppers) -> Self {
        self.peppers = Arc::new(peppers);
        // What is known of other peppers' hashes is of no use.
        self.decoys = Arc::new(self.decoys.forgetful());
        self
    }

    /// Whether bcrypt's hashes, those that are there and new ones, are of the password's SHA-256
    /// as hexadecimal digits, so that it may be longer than 72 bytes. Flask-Bcrypt's
    /// `BCRYPT_HANDLE_LONG_PASSWORDS`. Default: no. The hashes do not say it, so to change it
    /// later makes all of them wrong. Whoever has such digests of the same passwords from another
    /// breach can try them in place of passwords, unless there are [`peppers`](Self::peppers).
    pub fn long_bcrypt(mut self, long_bcrypt: bool) -> Self {
        self.reading.long_bcrypt = long_bcrypt;
        self
    }

    /// The highest cost of bcrypt that a stored hash may have, 16 to 31. Default: 16, which takes
    /// seconds; each step doubles the time. A user whose hash has more cannot log in. Where there
    /// are such hashes, whoever tries to log in keeps a thread busy for so long, and what has begun
    /// is not given up: a few visitors keep out all others.
    pub fn max_bcrypt_cost(mut self, cost: u32) -> Self {
        // What is written can be checked.
        self.reading.max_bcrypt_cost = cost.max(MAX_BCRYPT_COST);
        self
    }

    /// How many threads hash, and how many log-ins may wait for them, and how long.
    pub fn limits(mut self, limits: HashingLimits) -> Self {
        self.service = HashingService::new(limits, self.function);
        self
    }

    /// What chooses the kind of hash that an unknown user's password is checked against, where
    /// users have several. Default: a key of this process. With several nodes, or restarts, a
    /// name would change its kind with it, and so show that it is nobody's.
    pub fn secret_key(mut self, key: &SecretKey) -> Self {
        let key = key.derived("vestibule password decoys v1");
        self.decoys = Arc::new(Decoys::new(*key));
        self
    }

    /// The hash to store for `password`.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or the password is
    /// one that [`PasswordPolicy::objection`] would have named: longer than
    /// [`MAX_CHARS`](Self::MAX_CHARS), or one that bcrypt takes for another.
    pub async fn hash(&self, password: &Secret) -> Result<PasswordHash> {
        self.hash_for(&Claimant::default(), password).await
    }

    /// The same, for somebody whose place in the queue it takes.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn hash_for(
        &self,
        claimant: &Claimant<'_>,
        password: &Secret,
    ) -> Result<PasswordHash> {
        let kind = self.kind();
        let fits =
            |password: &Zeroizing<String>| is_told_apart(kind.before, self.function, password);
        let Some(password) = normalized(password).filter(fits) else {
            return Err(Error::internal(
                "a password that the policy does not allow reached the hashing",
            ));
        };
        let salt = self.random.bytes()?;
        let peppers = self.peppers.clone();
        let work = move |memory: &mut Memory| new_hash(kind, salt, &password, &peppers, memory);
        let text = self.service.run(claimant, work).await??;
        Ok(PasswordHash(text))
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash (there is no such
    /// user, or one without a password) the answer is "no" and takes as long.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn verify(&self, password: &Secret, hash: Option<&PasswordHash>) -> Result<bool> {
        let check = self.check(&Claimant::default(), password, hash).await?;
        Ok(check != HashCheck::Wrong)
    }

    /// The same, for somebody, and with a word on whether the hash is still good enough.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or the hash is
    /// malformed, asks for more than the bounds, or is under a pepper that is missing
    /// ([`Error::is_unusable_hash`](crate::Error::is_unusable_hash)): never "yes".
    pub async fn check(
        &self,
        claimant: &Claimant<'_>,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<HashCheck> {
        let Some(normal) = normalized(password) else {
            return Ok(HashCheck::Wrong);
        };
        let is_somebody = hash.is_some();
        let stored = match hash {
            Some(hash) => self.parse(hash)?,
            None => {
                let today = self.kind();
                let kind = claimant
                    .account
                    .map(|name| self.decoys.kind_of(name, today));
                kind.unwrap_or(today).decoy()
            }
        };
        let is_todays = Kind::of(&stored) == self.kind();
        let stored = Arc::new(stored);
        // What another library may have hashed, with a turn of its own.
        let typed = password.expose();
        let typed = (typed != *normal).then(|| Zeroizing::new(typed.to_owned()));
        let is_right = self.is_right(claimant, &stored, normal).await?;
        let is_right_as_typed = match typed {
            Some(typed) if !is_right => self.is_right(claimant, &stored, typed).await?,
            _ => false,
        };
        Ok(match (is_right, is_right_as_typed) {
            _ if !is_somebody => HashCheck::Wrong,
            (true, _) if is_todays => HashCheck::Right,
            (false, false) => HashCheck::Wrong,
            _ => HashCheck::Outdated,
        })
    }

    async fn is_right(
        &self,
        claimant: &Claimant<'_>,
        stored: &Arc<Stored>,
        password: Zeroizing<String>,
    ) -> Result<bool> {
        let (stored, peppers) = (stored.clone(), self.peppers.clone());
        let work = move |memory: &mut Memory| {
            let digest = digest(&stored, &password, &peppers, memory)?;
            Ok(constant_time_eq(&digest, &stored.digest)
                && is_told_apart(stored.before, stored.function, &password))
        };
        self.service.run(claimant, work).await?
    }

    /// Whether `password` has more than [`MAX_CHARS`](Self::MAX_CHARS): then it is nobody's, and
    /// there is no need to ask whose.
    pub fn is_too_long(password: &Secret) -> bool {
        normalized(password).is_none()
    }

    /// Takes note of all hashes that users have: of how many of each kind there are. An unknown
    /// user's password costs what one of theirs costs.
    pub fn note_stored<'a>(&self, hashes: impl IntoIterator<Item = &'a PasswordHash>) {
        let mut kinds = Kinds::default();
        for hash in hashes {
            self.count(hash, &mut kinds);
        }
        self.note(kinds);
    }

    /// The same, where they do not all come at once.
    pub(crate) fn note(&self, kinds: Kinds) {
        self.decoys.note(kinds);
    }

    /// One more, unless it cannot be checked.
    pub(crate) fn count(&self, hash: &PasswordHash, kinds: &mut Kinds) {
        if let Ok(stored) = self.parse(hash) {
            kinds.add(Kind::of(&stored));
        }
    }

    /// Whether a new hash would be of another kind.
    ///
    /// # Errors
    /// When it cannot be checked ([`Error::is_unusable_hash`]).
    #[cfg(feature = "sql")]
    pub(crate) fn is_outdated(&self, hash: &PasswordHash) -> Result<bool> {
        let stored = self.parse(hash)?;
        Ok(Kind::of(&stored) != self.kind())
    }

    /// The most bytes a new password may have, where that is less than
    /// [`MAX_CHARS`](Self::MAX_CHARS) of them can have.
    pub fn max_bytes(&self) -> Option<usize> {
        let is_whole = self.kind().before == Before::Nothing;
        self.function.max_bytes().filter(|_| is_whole)
    }

    /// The versions of the peppers.
    #[cfg(feature = "sql")]
    pub(crate) fn pepper_versions(&self) -> Vec<u32> {
        self.peppers.versions().collect()
    }

    /// What a new hash is.
    fn kind(&self) -> Kind {
        let is_bcrypt = matches!(self.function, Function::Bcrypt { .. });
        let before = match self.peppers.newest() {
            Some(version) => Before::Pepper(version),
            None if is_bcrypt && self.reading.long_bcrypt => Before::Sha256Hex,
            None => Before::Nothing,
        };
        Kind::new(before, self.function)
    }

    fn parse(&self, hash: &PasswordHash) -> Result<Stored> {
        let stored = Stored::parse(&hash.0, self.reading);
        let stored = stored.map_err(|_| {
            Error::unusable_hash(
                "it is malformed, of an unknown kind, or asks for too much; set that user's \
                 password anew",
            )
        })?;
        match stored.before {
            Before::Pepper(version) if !self.peppers.has(version) => {
                Err(Error::unusable_hash(format!(
                    "it was made with the pepper of version {version}, which is not among those \
                     that are set"
                )))
            }
            _ => Ok(stored),
        }
    }

    /// Whether an unknown user by this name costs what a user with this hash costs.
    #[cfg(test)]
    pub(crate) fn costs_like(&self, account: &str, hash: &PasswordHash) -> bool {
        let kind = self.parse(hash).map(|stored| Kind::of(&stored));
        kind.is_ok_and(|kind| self.decoys.kind_of(account, self.kind()) == kind)
    }

    /// How many hashes have been computed.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.service.runs()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("algorithm", &self.algorithm)
            .field("peppers", &self.peppers)
            .field("limits", &self.service.limits())
            .finish_non_exhaustive()
    }
}

/// The text of a password that is counted, compared and hashed, unless it is too long.
fn normalized(password: &Secret) -> Option<Zeroizing<String>> {
    let password = password.expose();
    // A character comes of four at the most, which have at most four bytes: a huge password costs
    // nothing.
    if password.len() > Passwords::MAX_CHARS * 16 {
        return None;
    }
    let normal = Zeroizing::new(password.nfc().collect::<String>());
    (normal.chars().count() <= Passwords::MAX_CHARS).then_some(normal)
}

/// Whether two texts are one password.
#[cfg(feature = "sql")]
pub(crate) fn is_same(one: &Secret, other: &Secret) -> bool {
    let (one, other) = (normalized(one), normalized(other));
    one.is_some() && one == other
}

/// The text of a new hash.
fn new_hash(
    kind: Kind,
    salt: [u8; 16],
    password: &str,
    peppers: &Peppers,
    memory: &mut Memory,
) -> Result<String> {
    let mut stored = kind.decoy();
    stored.salt = salt.to_vec();
    stored.digest = digest(&stored, password, peppers, memory)?;
    let text = stored.to_text();
    text.ok_or_else(|| Error::internal("new hashes are of a kind that is written"))
}

/// The digest that `stored` would have if it were of this password.
fn digest(
    stored: &Stored,
    password: &str,
    peppers: &Peppers,
    memory: &mut Memory,
) -> Result<Vec<u8>> {
    let before = match stored.before {
        Before::Nothing => None,
        Before::Sha256Hex => Some(Zeroizing::new(
            HEXLOWER.encode(&sha256(password.as_bytes())),
        )),
        Before::Pepper(version) => {
            let peppered = peppers.apply(version, password.as_bytes());
            Some(peppered.ok_or_else(|| Error::internal("this pepper was there before"))?)
        }
    };
    let password = before.as_ref().map_or(password, |before| before);
    let (salt, len) = (&stored.salt, stored.digest.len());
    stored
        .function
        .digest(password.as_bytes(), salt, len, memory)
}

/// Whether no shorter password has the same hash. A digest that is taken before is of all of it.
fn is_told_apart(before: Before, function: Function, password: &str) -> bool {
    before != Before::Nothing || function.tells_apart(password.as_bytes())
}

#[cfg(test)]
mod tests;
