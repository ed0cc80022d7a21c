//! The service that hashes passwords, and its settings.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::password::hash::{
    Decoys, Function, Kind, MAX_BCRYPT_COST, Memory, ParsedHash, PasswordAlgorithm, PasswordHash,
    Peppers, Prehash, ReadOptions, is_unambiguous, new_hash,
};
use crate::password::normalization::{MAX_CHARS, normalized};
use crate::password::pool::{Claimant, HashingLimits, HashingService};

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
    pub(super) peppers: Arc<Peppers>,
    read_options: ReadOptions,
    pub(super) decoys: Arc<Decoys>,
    random: Random,
    pub(super) service: HashingService,
}

impl Passwords {
    /// The most characters of a password, in normalization form C; longer ones are refused before
    /// hashing.
    pub const MAX_CHARS: usize = MAX_CHARS;

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
            read_options: ReadOptions {
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
        self.decoys = Arc::new(self.decoys.without_kinds());
        self
    }

    /// Whether bcrypt's hashes, those that are there and new ones, are of the password's SHA-256
    /// as hexadecimal digits, so that it may be longer than 72 bytes. Flask-Bcrypt's
    /// `BCRYPT_HANDLE_LONG_PASSWORDS`. Default: no. The hashes do not say it, so to change it
    /// later makes all of them wrong. Whoever has such digests of the same passwords from another
    /// breach can try them in place of passwords, unless there are [`peppers`](Self::peppers).
    pub fn long_bcrypt(mut self, long_bcrypt: bool) -> Self {
        self.read_options.long_bcrypt = long_bcrypt;
        self
    }

    /// The highest cost of bcrypt that a stored hash may have, 16 to 31. Default: 16, which takes
    /// seconds; each step doubles the time. A user whose hash has more cannot log in. Where there
    /// are such hashes, whoever tries to log in keeps a thread busy for so long, and what has begun
    /// is not given up: a few visitors keep out all others.
    pub fn max_bcrypt_cost(mut self, cost: u32) -> Self {
        // What is written can be checked.
        self.read_options.max_bcrypt_cost = cost.max(MAX_BCRYPT_COST);
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
            |password: &Zeroizing<String>| is_unambiguous(kind.prehash, self.function, password);
        let Some(password) = normalized(password).filter(fits) else {
            return Err(Error::internal(
                "a password that the policy does not allow reached the hashing",
            ));
        };
        let salt = self.random.bytes()?;
        let peppers = self.peppers.clone();
        let work = move |memory: &mut Memory| new_hash(kind, salt, &password, &peppers, memory);
        let text = self.service.run(claimant, work).await??;
        Ok(PasswordHash::from_stored(text))
    }

    /// Whether `password` has more than [`MAX_CHARS`](Self::MAX_CHARS): then it is nobody's, and
    /// there is no need to ask whose.
    pub fn is_too_long(password: &Secret) -> bool {
        normalized(password).is_none()
    }

    /// The most bytes a new password may have, where that is less than
    /// [`MAX_CHARS`](Self::MAX_CHARS) of them can have.
    pub fn max_bytes(&self) -> Option<usize> {
        let is_whole = self.kind().prehash == Prehash::None;
        self.function.max_password_bytes().filter(|_| is_whole)
    }

    /// The versions of the peppers.
    #[cfg(feature = "sql")]
    pub(crate) fn pepper_versions(&self) -> Vec<u32> {
        self.peppers.versions().collect()
    }

    /// What a new hash is.
    pub(super) fn kind(&self) -> Kind {
        let is_bcrypt = matches!(self.function, Function::Bcrypt { .. });
        let prehash = match self.peppers.newest() {
            Some(version) => Prehash::Pepper(version),
            None if is_bcrypt && self.read_options.long_bcrypt => Prehash::Sha256Hex,
            None => Prehash::None,
        };
        Kind::new(prehash, self.function)
    }

    pub(super) fn parse(&self, hash: &PasswordHash) -> Result<ParsedHash> {
        let stored = ParsedHash::parse(hash.as_str(), self.read_options);
        let stored = stored.map_err(|_| {
            Error::unusable_hash(
                "it is malformed, of an unknown kind, or asks for too much; set that user's \
                 password anew",
            )
        })?;
        match stored.prehash {
            Prehash::Pepper(version) if !self.peppers.has(version) => {
                Err(Error::unusable_hash(format!(
                    "it was made with the pepper of version {version}, which is not among those \
                     that are set"
                )))
            }
            _ => Ok(stored),
        }
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
