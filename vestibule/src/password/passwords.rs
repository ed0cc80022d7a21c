//! [`Passwords`], the hashing service, and its settings.

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

/// Hashes and checks passwords. Clones share the threads and the queue.
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
    /// The maximum length of a password, in characters of normalization form C. Longer ones are
    /// rejected before hashing.
    pub const MAX_CHARS: usize = MAX_CHARS;

    /// The highest bcrypt cost for new hashes, and for stored ones unless
    /// [`max_bcrypt_cost`](Self::max_bcrypt_cost) raises it.
    pub const MAX_BCRYPT_COST: u32 = MAX_BCRYPT_COST;

    /// Hashes new passwords with `algorithm`, and checks hashes of every supported kind.
    ///
    /// # Errors
    /// When the parameters are out of range ([`Error::is_config`](crate::Error::is_config)).
    pub fn new(algorithm: PasswordAlgorithm) -> Result<Self> {
        Self::with_random(algorithm, Random::system())
    }

    /// As [`new`](Self::new), but takes salts from `random`, for tests.
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
        // The counted kinds belong to the old peppers.
        self.decoys = Arc::new(self.decoys.without_kinds());
        self
    }

    /// Whether bcrypt hashes, stored and new, are of the password's SHA-256 in hexadecimal digits,
    /// so that passwords may be longer than 72 bytes. Default: no. This is Flask-Bcrypt's
    /// `BCRYPT_HANDLE_LONG_PASSWORDS`.
    ///
    /// A hash does not record this setting, so changing it later invalidates every bcrypt hash.
    /// An attacker who has SHA-256 digests from another breach can try them instead of passwords,
    /// unless you use [`peppers`](Self::peppers).
    pub fn long_bcrypt(mut self, long_bcrypt: bool) -> Self {
        self.read_options.long_bcrypt = long_bcrypt;
        self
    }

    /// The highest bcrypt cost that a stored hash may have, 16 to 31. Default: 16, which takes
    /// seconds; each step doubles the time. A user whose hash costs more cannot log in.
    ///
    /// A higher value lets a few visitors block everyone else: each log-in attempt on an expensive
    /// hash keeps a thread busy, and a hash that has started cannot be cancelled.
    pub fn max_bcrypt_cost(mut self, cost: u32) -> Self {
        // New hashes must stay checkable.
        self.read_options.max_bcrypt_cost = cost.max(MAX_BCRYPT_COST);
        self
    }

    /// How many threads hash, how many log-ins may wait for them, and for how long.
    pub fn limits(mut self, limits: HashingLimits) -> Self {
        self.service = HashingService::new(limits, self.function);
        self
    }

    /// The key that decides which kind of hash an unknown user's password is checked against, when
    /// users have several kinds. Default: a random key of this process.
    ///
    /// Set it in production. With a random key an unknown name gets another kind on each node and
    /// after each restart, and that change of timing reveals that no such user exists.
    pub fn secret_key(mut self, key: &SecretKey) -> Self {
        let key = key.derived_for_digests("vestibule password decoys v1");
        self.decoys = Arc::new(Decoys::new(*key));
        self
    }

    /// The hash to store for `password`.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or when the password is
    /// one that [`PasswordPolicy::objection`](crate::password::PasswordPolicy::objection) rejects:
    /// longer than [`MAX_CHARS`](Self::MAX_CHARS), or indistinguishable from another one in bcrypt.
    pub async fn hash(&self, password: &Secret) -> Result<PasswordHash> {
        self.hash_for(&Claimant::default(), password).await
    }

    /// As [`hash`](Self::hash), queued fairly for `claimant`.
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
                "the policy rejects this password; check it before hashing",
            ));
        };
        let salt = self.random.bytes()?;
        let peppers = self.peppers.clone();
        let work = move |memory: &mut Memory| new_hash(kind, salt, &password, &peppers, memory);
        let text = self.service.run(claimant, work).await??;
        Ok(PasswordHash::from_stored(text))
    }

    /// [Advice](crate::password::password_advice) on an accepted password. A hashing thread
    /// computes it in its turn. `None` if the queue is full.
    #[cfg(feature = "sql")]
    pub(crate) async fn advice(
        &self,
        claimant: &Claimant<'_>,
        password: Secret,
        words: Vec<String>,
    ) -> Option<String> {
        let advise = move || {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            crate::password::password_advice(&password, &words)
        };
        self.service
            .run_beside(claimant, advise)
            .await
            .ok()
            .flatten()
    }

    /// Whether `password` has more than [`MAX_CHARS`](Self::MAX_CHARS). Such a password belongs to
    /// no user, so you can reject it without looking one up.
    pub fn is_too_long(password: &Secret) -> bool {
        normalized(password).is_none()
    }

    /// The maximum length of a new password in bytes, if the algorithm has one: 72 for bcrypt
    /// without a pepper or [`long_bcrypt`](Self::long_bcrypt).
    pub fn max_bytes(&self) -> Option<usize> {
        let is_whole = self.kind().prehash == Prehash::None;
        self.function.max_password_bytes().filter(|_| is_whole)
    }

    /// The versions of the peppers.
    #[cfg(feature = "sql")]
    pub(crate) fn pepper_versions(&self) -> Vec<u32> {
        self.peppers.versions().collect()
    }

    /// The kind of new hashes.
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
                "it is malformed, of an unknown kind, or exceeds the limits; set a new \
                 password for that user",
            )
        })?;
        match stored.prehash {
            Prehash::Pepper(version) if !self.peppers.has(version) => Err(Error::unusable_hash(
                format!("it was made with the pepper of version {version}, which is not set"),
            )),
            _ => Ok(stored),
        }
    }

    /// The number of hashes computed so far.
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
