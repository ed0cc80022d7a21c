//! How passwords are hashed, and which may be chosen.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};
use vestibule::password::{
    Blocklist, BreachedPasswords, HashingLimits, PasswordAlgorithm, PasswordConfig, Peppers,
};

use super::parse_duration;

/// How passwords are hashed, and which may be chosen.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Passwords")]
pub(crate) struct PasswordSettings {
    /// Algorithm for new passwords. Older passwords are rehashed when their users log in
    #[arg(
        long,
        env = "VESTIBULE_PASSWORD_ALGORITHM",
        value_name = "NAME",
        default_value = "argon2id",
        global = true
    )]
    pub(crate) password_algorithm: Algorithm,

    /// How long a temporary password works that an admin or the operator has given a user
    #[arg(
        long,
        env = "VESTIBULE_TEMPORARY_PASSWORDS_LAST",
        value_name = "TIME",
        default_value = "72h",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) temporary_passwords_last: Duration,

    /// Memory of an Argon2id hash, in KiB. Less makes a stolen database easier to crack
    #[arg(
        long,
        env = "VESTIBULE_ARGON2_MEMORY_KIB",
        value_name = "KIB",
        default_value_t = 19 * 1024,
        global = true
    )]
    pub(crate) argon2_memory_kib: u32,

    /// Number of passes of an Argon2id hash over its memory
    #[arg(
        long,
        env = "VESTIBULE_ARGON2_PASSES",
        value_name = "COUNT",
        default_value_t = 2,
        global = true
    )]
    pub(crate) argon2_passes: u32,

    /// Cost of a bcrypt hash, 4 to 16. Each step doubles its time
    #[arg(
        long,
        env = "VESTIBULE_BCRYPT_COST",
        value_name = "COST",
        default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(4..=16),
        global = true
    )]
    pub(crate) bcrypt_cost: u32,

    /// Maximum bcrypt cost of an old hash, 16 to 31. With hashes above 16, a few log-in attempts keep
    /// all hashing threads busy
    #[arg(
        long,
        env = "VESTIBULE_MAX_BCRYPT_COST",
        value_name = "COST",
        default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(16..=31),
        global = true
    )]
    pub(crate) max_bcrypt_cost: u32,

    /// Whether bcrypt hashes, old and new, are of the password's SHA-256, so that passwords may be
    /// longer than 72 bytes: Flask-Bcrypt's BCRYPT_HANDLE_LONG_PASSWORDS
    #[arg(
        long,
        env = "VESTIBULE_BCRYPT_LONG_PASSWORDS",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) bcrypt_long_passwords: bool,

    /// File of more passwords that nobody may choose, one on each line. Common ones are rejected
    /// anyway
    #[arg(
        long,
        env = "VESTIBULE_PASSWORD_BLOCKLIST",
        value_name = "FILE",
        global = true
    )]
    pub(crate) password_blocklist: Option<PathBuf>,

    /// Words that a password may not consist of, separated by commas: products, the company, the
    /// place. The site's name and host are among them anyway
    #[arg(
        long,
        env = "VESTIBULE_PASSWORD_CONTEXT_WORDS",
        value_name = "WORDS",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) password_context_words: Vec<String>,

    /// Where to look up whether a new password was in a breach: a sorted file of SHA-1 hashes, one
    /// on each line; or a service such as https://api.pwnedpasswords.com, which learns five digits
    /// of the hash
    /// [default: nowhere]
    #[arg(
        long,
        env = "VESTIBULE_BREACHED_PASSWORDS",
        value_name = "FILE|URL",
        hide_env_values = true,
        global = true
    )]
    pub(crate) breached_passwords: Option<String>,

    /// Whether to reject new passwords while that look-up fails. Otherwise they are accepted, and a
    /// warning is logged
    #[arg(
        long,
        env = "VESTIBULE_BREACHED_PASSWORDS_FAIL_CLOSED",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) breached_passwords_fail_closed: bool,

    /// File of secrets (peppers) that are mixed into passwords, one on each line: a version and a
    /// key, `1 KEY`. The highest version makes new hashes. Without its key, a password cannot be
    /// checked
    #[arg(
        long,
        env = "VESTIBULE_PEPPER_FILE",
        value_name = "FILE",
        global = true
    )]
    pub(crate) pepper_file: Option<PathBuf>,

    /// How many threads hash passwords; 0 means one fewer than there are cores
    #[arg(
        long,
        env = "VESTIBULE_HASHING_THREADS",
        value_name = "COUNT",
        default_value_t = 0,
        global = true
    )]
    pub(crate) hashing_threads: usize,

    /// How many log-ins may wait for a hashing thread. Others get 503
    #[arg(
        long,
        env = "VESTIBULE_HASHING_QUEUE",
        value_name = "COUNT",
        default_value_t = 64,
        global = true
    )]
    pub(crate) hashing_queue: usize,

    /// How long they may wait before they get 503
    #[arg(
        long,
        env = "VESTIBULE_HASHING_PATIENCE",
        value_name = "TIME",
        default_value = "5s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) hashing_patience: Duration,
}

impl PasswordSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut PasswordConfig) -> anyhow::Result<()> {
        config.algorithm = self.algorithm();
        config.long_bcrypt = self.bcrypt_long_passwords;
        config.max_bcrypt_cost = self.max_bcrypt_cost;
        config.hashing = self.hashing();
        if let Some(file) = &self.pepper_file {
            config.peppers = Peppers::from_file(file)?;
        }
        if let Some(file) = &self.password_blocklist {
            config.policy.blocklist = Blocklist::from_file(file)?;
        }
        let words = self.password_context_words.iter();
        let words = words.map(|word| word.trim().to_owned());
        config.policy.context_words.extend(words);
        if let Some(file_or_url) = &self.breached_passwords {
            let breached = breached_passwords(file_or_url)?;
            let breached = breached.fail_closed(self.breached_passwords_fail_closed);
            config.policy.breached = Some(breached);
        } else if self.breached_passwords_fail_closed {
            bail!(
                "`--breached-passwords-fail-closed` has no effect, because nothing is looked up; \
                 say where with `--breached-passwords`"
            );
        }
        Ok(())
    }

    /// How new passwords are hashed.
    pub(crate) fn algorithm(&self) -> PasswordAlgorithm {
        match self.password_algorithm {
            Algorithm::Argon2id => PasswordAlgorithm::Argon2id {
                memory_kib: self.argon2_memory_kib,
                passes: self.argon2_passes,
            },
            Algorithm::Bcrypt => PasswordAlgorithm::Bcrypt {
                cost: self.bcrypt_cost,
            },
        }
    }

    /// How many passwords are hashed at a time, and how many requests may wait.
    pub(crate) fn hashing(&self) -> HashingLimits {
        let mut limits = HashingLimits::default();
        if self.hashing_threads > 0 {
            limits.threads = self.hashing_threads;
        }
        limits.queue = self.hashing_queue;
        limits.patience = self.hashing_patience;
        limits
    }
}

fn breached_passwords(file_or_url: &str) -> anyhow::Result<BreachedPasswords> {
    if file_or_url.contains("://") {
        return breach_service(file_or_url);
    }
    Ok(BreachedPasswords::from_file(file_or_url)?)
}

#[cfg(feature = "breach-service")]
fn breach_service(url: &str) -> anyhow::Result<BreachedPasswords> {
    Ok(BreachedPasswords::from_url(url)?)
}

#[cfg(not(feature = "breach-service"))]
fn breach_service(_: &str) -> anyhow::Result<BreachedPasswords> {
    bail!(
        "this build looks up breached passwords only in a file: build it with the feature \
         `breach-service`"
    )
}

/// Algorithms for new passwords.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Algorithm {
    /// Argon2id
    Argon2id,
    /// bcrypt, as Flask-Bcrypt
    Bcrypt,
}
