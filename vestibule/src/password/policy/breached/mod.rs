//! Passwords that breaches of other sites brought to light.

mod entry;
mod failure;
mod file;
#[cfg(feature = "breach-service")]
mod service;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::error::Result;
use crate::password::policy::breached::entry::HashDigits;
use crate::password::policy::breached::failure::Failure;
use crate::password::policy::breached::file::HashFile;
#[cfg(feature = "breach-service")]
use crate::password::policy::breached::service::Service;
use crate::password::policy::objection::Objection;

/// The passwords that breaches of other sites brought to light, in a file or at a service. Clones
/// share it. [`PasswordPolicy::breached`](crate::password::PasswordPolicy::breached) takes it.
///
/// It knows passwords by their SHA-1, as the list of [Have I Been Pwned] does, and compares the
/// whole password, normalized (NFC) and in the case it was typed. At most 8 look-ups go on at a
/// time, off the async threads.
///
/// No password, digest or part of one is in a log, an error or `Debug`.
///
/// [Have I Been Pwned]: https://haveibeenpwned.com/Passwords
#[derive(Clone)]
pub struct BreachedPasswords {
    source: Arc<Source>,
    fail_closed: bool,
    timeout: Duration,
    permits: Arc<Semaphore>,
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    File(HashFile),
    #[cfg(feature = "breach-service")]
    Service(Service),
}

/// So many look-ups go on at a time; the rest waits, as long as the time-out allows.
const MAX_CONCURRENT: usize = 8;

impl BreachedPasswords {
    /// Looks into a text file, sorted by hash, with a line for each password: the hexadecimal
    /// digits of its SHA-1, all 40 or at least the first 16, as many in every line, and after
    /// them, if wanted, `:` and how often the password was found. A count of 0 says that it was
    /// not. The case of the digits does not matter.
    ///
    /// That is what the downloader of Have I Been Pwned writes into one file. The file may be as
    /// large as that: a look-up reads some forty lines of it. It is opened anew for each look-up,
    /// so that a newer one can be moved to its place.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, or is of another form or not sorted, as far as some
    /// hundred lines tell ([`Error::is_config`](crate::Error::is_config)); the message names it.
    ///
    /// ```
    /// use vestibule::crypto::secret::Secret;
    /// use vestibule::password::{BreachedPasswords, Objection, PasswordPolicy};
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("pwned.txt");
    /// std::fs::write(&path, "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:384\n")?;
    /// let mut policy = PasswordPolicy::default();
    /// policy.breached = Some(BreachedPasswords::from_file(&path)?.fail_closed(true));
    ///
    /// let password = Secret::from("correct horse battery staple");
    /// assert_eq!(policy.review(&password, &[]).await, Some(Objection::Breached));
    /// # Ok(()) }
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::new(Source::File(HashFile::open(path.as_ref())?)))
    }

    /// Asks a service that speaks the [k-anonymity protocol] of Have I Been Pwned, such as
    /// `https://api.pwnedpasswords.com`: `GET {base}/range/{the first 5 digits}`, with
    /// `Add-Padding: true`. It answers with all hashes that begin so, and these five digits of the
    /// SHA-1 are all that it learns of a password; and that somebody chose one just now.
    ///
    /// `base` has no user, query or fragment. Https goes by Mozilla's root certificates. No
    /// redirect is followed, no proxy of the environment is used, and an answer of more than 1 MiB
    /// is none.
    ///
    /// # Errors
    /// When `base` is no such address, or is plain http to a host that is not this machine: the
    /// digits must not travel in the open ([`Error::is_config`](crate::Error::is_config)).
    ///
    /// ```
    /// use std::time::Duration;
    /// use vestibule::password::{BreachedPasswords, PasswordPolicy};
    ///
    /// # fn main() -> Result<(), vestibule::Error> {
    /// let service = BreachedPasswords::from_url("https://api.pwnedpasswords.com")?;
    /// let mut policy = PasswordPolicy::default();
    /// policy.breached = Some(service.timeout(Duration::from_secs(1)));
    ///
    /// assert!(BreachedPasswords::from_url("http://api.pwnedpasswords.com").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// [k-anonymity protocol]: https://haveibeenpwned.com/API/v3#PwnedPasswords
    #[cfg(feature = "breach-service")]
    pub fn from_url(base: &str) -> Result<Self> {
        Ok(Self::new(Source::Service(Service::new(base)?)))
    }

    fn new(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            fail_closed: false,
            timeout: Duration::from_secs(2),
            permits: Arc::new(Semaphore::new(MAX_CONCURRENT)),
        }
    }

    /// Whether a password is refused, with [`Objection::Unchecked`], when the file or the service
    /// fails. Default: no; it is accepted, and the log has a warning. With `true` nobody can choose
    /// a password while the service is down.
    pub fn fail_closed(mut self, fail_closed: bool) -> Self {
        self.fail_closed = fail_closed;
        self
    }

    /// How long a look-up may take, with the wait for others and all that a service does. Default:
    /// 2 seconds. Whoever chooses a password waits as long.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Why this normalized password may not be chosen, if it may not.
    pub(super) async fn objection(&self, normal: &str) -> Option<Objection> {
        let look_up = self.look_up(HashDigits::of(normal));
        let found = tokio::time::timeout(self.timeout, look_up).await;
        match found.unwrap_or(Err(Failure::TimedOut)) {
            Ok(is_found) => is_found.then_some(Objection::Breached),
            Err(failure) => {
                let (source, is_refused) = (&*self.source, self.fail_closed);
                tracing::warn!(
                    %source,
                    cause = %failure,
                    is_refused,
                    "could not look up whether a password was in a breach"
                );
                is_refused.then_some(Objection::Unchecked)
            }
        }
    }

    async fn look_up(&self, digits: HashDigits) -> Result<bool, Failure> {
        let began_at = Instant::now();
        // Fails for a semaphore only that somebody closed.
        let permit = self.permits.clone().acquire_owned().await;
        let this = self.clone();
        let look_up = move || {
            // Kept until the thread is free again, also where nobody waits for it any more.
            let _permit = permit;
            // Nobody waits for it any longer.
            let left = this.timeout.saturating_sub(began_at.elapsed());
            if left.is_zero() {
                return Err(Failure::TimedOut);
            }
            match &*this.source {
                Source::File(file) => file.contains(&digits),
                #[cfg(feature = "breach-service")]
                Source::Service(service) => service.contains(&digits, left),
            }
        };
        let found = tokio::task::spawn_blocking(look_up).await;
        found.unwrap_or(Err(Failure::Panicked))
    }
}

/// Of the same source, and with the same settings.
impl PartialEq for BreachedPasswords {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
            && self.fail_closed == other.fail_closed
            && self.timeout == other.timeout
    }
}

impl Eq for BreachedPasswords {}

impl fmt::Debug for BreachedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreachedPasswords")
            .field("source", &self.source)
            .field("fail_closed", &self.fail_closed)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.fmt(f),
            #[cfg(feature = "breach-service")]
            Self::Service(service) => service.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
