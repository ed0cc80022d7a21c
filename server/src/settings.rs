//! Every setting of the program, in one place.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use vestibule::password::{HashingLimits, PasswordAlgorithm};
use vestibule::web::{PublicUrl, TrustedProxies};

/// The settings. Each is a flag, `--database-url`; an environment variable,
/// `VESTIBULE_DATABASE_URL`; and a key of the settings file, `database_url`. The flag goes
/// before the environment, the environment before the file, the file before the default.
/// Paths are relative to the folder that the program is started in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// Settings file, TOML, with the names of these flags as keys: database_url = "…"
    /// [default: vestibule.toml, if it is there]
    #[arg(long, env = "VESTIBULE_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Address and port to listen on
    #[arg(
        long,
        env = "VESTIBULE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:5000",
        value_parser = parse_address,
        global = true
    )]
    pub(crate) listen: SocketAddr,

    /// Address and port at which a monitor reads the metrics, /metrics for Prometheus, without
    /// logging in [default: none]
    #[arg(
        long,
        env = "VESTIBULE_METRICS_LISTEN",
        value_name = "ADDRESS",
        value_parser = parse_address,
        global = true
    )]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Address at which browsers reach the app; https anywhere but on this machine
    /// [default: http:// and the address to listen on]
    #[arg(long, env = "VESTIBULE_PUBLIC_URL", value_name = "URL", global = true)]
    pub(crate) public_url: Option<PublicUrl>,

    /// Database of users and sessions, such as sqlite://FILE?mode=rwc
    /// [default: sqlite://instance/site.db?mode=rwc]
    #[arg(
        long,
        env = "VESTIBULE_DATABASE_URL",
        value_name = "URL",
        default_value = "sqlite://instance/site.db?mode=rwc",
        hide_env_values = true,
        hide_default_value = true,
        global = true
    )]
    pub(crate) database_url: String,

    /// Where sessions are kept, if not in the database: redis://HOST:PORT, or some nodes of a
    /// cluster, redis+cluster://HOST:PORT,HOST:PORT; with TLS rediss://… and rediss+cluster://…
    #[arg(
        long,
        env = "VESTIBULE_SESSION_STORE",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub(crate) session_store: Option<String>,

    /// File with the key that signs messages in cookies; made at the first start
    #[arg(
        long,
        env = "VESTIBULE_SECRET_KEY_FILE",
        value_name = "FILE",
        default_value = "instance/secret_key",
        global = true
    )]
    pub(crate) secret_key_file: PathBuf,

    /// Name of the site, on its pages
    #[arg(
        long,
        env = "VESTIBULE_SITE_NAME",
        value_name = "NAME",
        default_value = "Vestibule",
        global = true
    )]
    pub(crate) site_name: String,

    /// Folder of templates that replace the built-in ones of the same name
    #[arg(
        long,
        env = "VESTIBULE_TEMPLATES",
        value_name = "FOLDER",
        global = true
    )]
    pub(crate) templates: Option<PathBuf>,

    /// End a session that is not used for this long
    #[arg(
        long,
        env = "VESTIBULE_SESSION_IDLE",
        value_name = "TIME",
        default_value = "14days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) session_idle: Duration,

    /// End a session this long after the log-in, however busy it is
    #[arg(
        long,
        env = "VESTIBULE_SESSION_ABSOLUTE",
        value_name = "TIME",
        default_value = "30days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) session_absolute: Duration,

    /// How many sessions a user may have at a time; 0 is no limit
    #[arg(
        long,
        env = "VESTIBULE_MAX_SESSIONS",
        value_name = "COUNT",
        default_value_t = 0,
        global = true
    )]
    pub(crate) max_sessions: u16,

    /// What happens with one session more than that
    #[arg(
        long,
        env = "VESTIBULE_AT_MAX_SESSIONS",
        value_name = "MODE",
        default_value = "end-oldest",
        global = true
    )]
    pub(crate) at_max_sessions: AtMaxSessions,

    /// How many sessions to keep in memory between requests; 0 for none
    #[arg(
        long,
        env = "VESTIBULE_CACHED_SESSIONS",
        value_name = "COUNT",
        default_value_t = 10_000,
        global = true
    )]
    pub(crate) cached_sessions: usize,

    /// What happens to a session that comes from another browser
    #[arg(
        long,
        env = "VESTIBULE_SESSION_PROTECTION",
        value_name = "MODE",
        default_value = "basic",
        global = true
    )]
    pub(crate) session_protection: Protection,

    /// Remember a browser this long after the log-in, if its user asks; at most 400 days
    #[arg(
        long,
        env = "VESTIBULE_REMEMBER_FOR",
        value_name = "TIME",
        default_value = "30days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) remember_for: Duration,

    /// Ask for the password again this long after it was entered, on pages that want it fresh
    /// (changes by an admin, ending sessions)
    #[arg(
        long,
        env = "VESTIBULE_FRESH_FOR",
        value_name = "TIME",
        default_value = "15min",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) fresh_for: Duration,

    /// Proxies whose X-Forwarded-For is believed: addresses or networks, with commas between
    /// [default: none]
    #[arg(
        long,
        env = "VESTIBULE_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) trusted_proxies: TrustedProxies,

    /// Algorithm for new passwords; those hashed otherwise are hashed anew when their users log in
    #[arg(
        long,
        env = "VESTIBULE_PASSWORD_ALGORITHM",
        value_name = "NAME",
        default_value = "argon2id",
        global = true
    )]
    pub(crate) password_algorithm: Algorithm,

    /// Memory of an Argon2id hash, in KiB; less makes a stolen database easier to crack
    #[arg(
        long,
        env = "VESTIBULE_ARGON2_MEMORY_KIB",
        value_name = "KIB",
        default_value_t = 19 * 1024,
        global = true
    )]
    pub(crate) argon2_memory_kib: u32,

    /// Passes of an Argon2id hash over its memory
    #[arg(
        long,
        env = "VESTIBULE_ARGON2_PASSES",
        value_name = "COUNT",
        default_value_t = 2,
        global = true
    )]
    pub(crate) argon2_passes: u32,

    /// Cost of a bcrypt hash, 4 to 16: each step doubles its time
    #[arg(
        long,
        env = "VESTIBULE_BCRYPT_COST",
        value_name = "COST",
        default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(4..=16),
        global = true
    )]
    pub(crate) bcrypt_cost: u32,

    /// Highest cost of bcrypt that an old hash may have, 16 to 31: while there are hashes of more
    /// than 16, a few who try to log in keep out all others
    #[arg(
        long,
        env = "VESTIBULE_MAX_BCRYPT_COST",
        value_name = "COST",
        default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(16..=31),
        global = true
    )]
    pub(crate) max_bcrypt_cost: u32,

    /// Whether bcrypt's hashes, old and new, are of the password's SHA-256, so that it may be
    /// longer than 72 bytes: BCRYPT_HANDLE_LONG_PASSWORDS of Flask-Bcrypt
    #[arg(
        long,
        env = "VESTIBULE_BCRYPT_LONG_PASSWORDS",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) bcrypt_long_passwords: bool,

    /// File of passwords that may not be chosen, one a line, beside those that everybody tries
    #[arg(
        long,
        env = "VESTIBULE_PASSWORD_BLOCKLIST",
        value_name = "FILE",
        global = true
    )]
    pub(crate) password_blocklist: Option<PathBuf>,

    /// Where to look up whether a chosen password was found in a breach: a file of SHA-1 hashes,
    /// sorted, one a line; or a service such as https://api.pwnedpasswords.com, which learns five
    /// digits of the hash [default: nowhere]
    #[arg(
        long,
        env = "VESTIBULE_BREACHED_PASSWORDS",
        value_name = "FILE|URL",
        hide_env_values = true,
        global = true
    )]
    pub(crate) breached_passwords: Option<String>,

    /// Whether a password is refused while that fails; otherwise it is accepted, and logged that
    /// it was not looked up
    #[arg(
        long,
        env = "VESTIBULE_BREACHED_PASSWORDS_FAIL_CLOSED",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) breached_passwords_fail_closed: bool,

    /// File of secrets that are mixed into passwords, a line of version and key each: `1 KEY`.
    /// The highest version hashes, the others check; without its key a password is lost
    #[arg(
        long,
        env = "VESTIBULE_PEPPER_FILE",
        value_name = "FILE",
        global = true
    )]
    pub(crate) pepper_file: Option<PathBuf>,

    /// How many threads hash passwords; 0 is one fewer than there are cores
    #[arg(
        long,
        env = "VESTIBULE_HASHING_THREADS",
        value_name = "COUNT",
        default_value_t = 0,
        global = true
    )]
    pub(crate) hashing_threads: usize,

    /// How many log-ins may wait for those; the rest is told to try again
    #[arg(
        long,
        env = "VESTIBULE_HASHING_QUEUE",
        value_name = "COUNT",
        default_value_t = 64,
        global = true
    )]
    pub(crate) hashing_queue: usize,

    /// How long they may wait
    #[arg(
        long,
        env = "VESTIBULE_HASHING_PATIENCE",
        value_name = "TIME",
        default_value = "5s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) hashing_patience: Duration,

    /// Close a connection whose request headers take longer than this
    #[arg(
        long,
        env = "VESTIBULE_HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) header_timeout: Duration,

    /// Give up a request that takes longer than this from its headers to its answer
    #[arg(
        long,
        env = "VESTIBULE_REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) request_timeout: Duration,

    /// What to log: error, warn, info, debug, trace, or a filter such as vestibule=debug
    #[arg(
        long,
        env = "VESTIBULE_LOG",
        value_name = "FILTER",
        default_value = "warn,vestibule=info",
        global = true
    )]
    pub(crate) log: String,

    /// How to write the log
    #[arg(
        long,
        env = "VESTIBULE_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true
    )]
    pub(crate) log_format: LogFormat,
}

impl Settings {
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

    /// How much hashing there may be at a time.
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

/// Algorithms for new passwords.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Algorithm {
    /// Argon2id
    Argon2id,
    /// bcrypt, as Flask-Bcrypt
    Bcrypt,
}

/// What happens with one session more than a user may have.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AtMaxSessions {
    /// The session that was seen longest ago ends
    EndOldest,
    /// The log-in is refused
    Refuse,
}

/// What happens to a session that comes from another browser.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Protection {
    /// Nothing
    Off,
    /// It needs the password again where it matters
    Basic,
    /// It ends
    Strong,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of text for each event
    Text,
    /// A JSON object for each event
    Json,
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an address and a port, like 127.0.0.1:5000 or [::1]:5000".to_owned())
}

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be more than nothing".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 30s, 12h or 14days")),
    }
}
