//! Every setting of the program, one area in each file.

mod listen;
mod logging;
mod mail;
mod pages;
mod passwords;
mod registration;
mod serving;
mod sessions;
mod storage;
mod throttle;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use clap::Args;
use vestibule::clock::Timestamp;

pub(crate) use self::listen::ListenAddress;
pub(crate) use self::logging::{LogFormat, LoggingSettings};
pub(crate) use self::mail::MailSettings;
pub(crate) use self::pages::PageSettings;
pub(crate) use self::passwords::PasswordSettings;
pub(crate) use self::registration::RegistrationSettings;
pub(crate) use self::serving::ServingSettings;
pub(crate) use self::sessions::SessionSettings;
pub(crate) use self::storage::StorageSettings;
pub(crate) use self::throttle::ThrottleSettings;

/// The settings. Each has a flag, an environment variable, and a key in the settings file.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings file")]
pub(crate) struct Settings {
    /// Settings file in TOML. Its keys are the names of the flags: database_url = "…"
    /// [default: vestibule.toml, if it exists]
    #[arg(long, env = "VESTIBULE_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) serving: ServingSettings,
    #[command(flatten)]
    pub(crate) storage: StorageSettings,
    #[command(flatten)]
    pub(crate) pages: PageSettings,
    #[command(flatten)]
    pub(crate) registration: RegistrationSettings,
    #[command(flatten)]
    pub(crate) mail: MailSettings,
    #[command(flatten)]
    pub(crate) sessions: SessionSettings,
    #[command(flatten)]
    pub(crate) passwords: PasswordSettings,
    #[command(flatten)]
    pub(crate) throttle: ThrottleSettings,
    #[command(flatten)]
    pub(crate) logging: LoggingSettings,
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an address and a port, like 127.0.0.1:5000 or [::1]:5000".to_owned())
}

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    match parse_duration_or_none(text)? {
        Duration::ZERO => Err("it must be more than 0".to_owned()),
        duration => Ok(duration),
    }
}

/// Midnight (UTC) at the beginning of a day.
fn parse_date(text: &str) -> Result<Timestamp, String> {
    let midnight = humantime::parse_rfc3339(&format!("{text}T00:00:00Z"))
        .map_err(|_| "write it like 2027-03-31".to_owned())?;
    let since = midnight.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Timestamp::from_millis(0) + since)
}

/// As [`parse_duration`], but accepts 0.
fn parse_duration_or_none(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it like 30s, 12h or 14days"))
}
