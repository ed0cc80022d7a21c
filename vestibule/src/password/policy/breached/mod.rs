//! [`BreachedPasswords`]: passwords exposed in breaches of other sites.

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

/// Passwords exposed in breaches of other sites, in a file or at a service. Set it as
/// [`PasswordPolicy::breached`](crate::password::PasswordPolicy::breached). Clones share it.
///
/// It compares the SHA-1 of the whole password, normalized (NFC) and with its case kept, as the
/// list of [Have I Been Pwned] does. At most 8 look-ups run at a time, off the async threads.
///
/// Logs, errors and `Debug` never contain a password, a digest or a part of one.
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

/// How many look-ups run at a time. The others wait, up to the time-out.
const MAX_CONCURRENT: usize = 8;

impl BreachedPasswords {
    /// Looks passwords up in a text file, sorted by hash, with one password per line. A line has
    /// the hexadecimal digits of the SHA-1, in either case: all 40 or at least the first 16, and
    /// equally many in every line. A `:` and how often the password was found may follow; with a
    /// count of 0 the line is ignored.
    ///
    /// The downloader of Have I Been Pwned writes such a file. Its size does not matter: a look-up
    /// reads about forty lines. Each look-up opens the file again, so you can replace it by moving
    /// a newer one over it.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, or turns out to be unsorted or in another format in
    /// a sample of some hundred lines ([`Error::is_config`](crate::Error::is_config)). The message
    /// names the file.
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

    /// Looks passwords up at a service with the [k-anonymity protocol] of Have I Been Pwned, such
    /// as `https://api.pwnedpasswords.com`. It sends `GET {base}/range/{the first 5 digits}` with
    /// `Add-Padding: true`, and the service answers with all hashes that start with these digits.
    /// Five digits of the SHA-1 are all that the service learns of a password, apart from the time
    /// at which someone chose it.
    ///
    /// `base` has no user, query or fragment. For https it trusts Mozilla's root certificates. It
    /// follows no redirects, ignores the environment's proxies, and treats an answer of more than
    /// 1 MiB as a failure.
    ///
    /// # Errors
    /// When `base` is not such an address, or is plain http to another machine, which would expose
    /// the digits ([`Error::is_config`](crate::Error::is_config)).
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

    /// Whether to reject a password with [`Objection::Unchecked`] when the file or the service
    /// fails. Default: no; the password is accepted, and a warning is logged. With `true`, users
    /// cannot choose a password while the service is down.
    pub fn fail_closed(mut self, fail_closed: bool) -> Self {
        self.fail_closed = fail_closed;
        self
    }

    /// How long a look-up may take, including the wait for other look-ups. Default: 2 seconds. A
    /// user who chooses a password waits that long at most.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Looks up a normalized password, and returns why it is rejected, if it is.
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
        // Acquiring fails only if the semaphore is closed, and nothing closes it.
        let permit = self.permits.clone().acquire_owned().await;
        let this = self.clone();
        let look_up = move || {
            // Held until the thread is free again, even if the caller has stopped waiting.
            let _permit = permit;
            // The caller has timed out already.
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

/// Equal if the source and the settings are equal.
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
