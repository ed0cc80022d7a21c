//! How long sessions last, and how many there may be.

use std::time::Duration;

use clap::{Args, ValueEnum};
use vestibule::flows::SessionConfig;
use vestibule::login::{SessionLimit, SessionProtection};

use super::parse_duration;

/// How long sessions last, and how many there may be.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sessions")]
pub(crate) struct SessionSettings {
    /// Separates cookies and sessions from those of another app on the same host, if the public URLs
    /// of both have the same path: up to 32 letters, digits and -. Changing it logs everybody out
    #[arg(
        long,
        env = "VESTIBULE_REALM",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) realm: String,

    /// End a session that was not used for this long
    #[arg(
        long,
        env = "VESTIBULE_SESSION_IDLE",
        value_name = "TIME",
        default_value = "14days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) session_idle: Duration,

    /// End a session this long after the log-in, even if it is in use
    #[arg(
        long,
        env = "VESTIBULE_SESSION_ABSOLUTE",
        value_name = "TIME",
        default_value = "30days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) session_absolute: Duration,

    /// Maximum number of sessions of a user; 0 means no limit
    #[arg(
        long,
        env = "VESTIBULE_MAX_SESSIONS",
        value_name = "COUNT",
        default_value_t = 0,
        global = true
    )]
    pub(crate) max_sessions: u16,

    /// What happens when a user logs in with that many sessions
    #[arg(
        long,
        env = "VESTIBULE_AT_MAX_SESSIONS",
        value_name = "MODE",
        default_value = "end-oldest",
        global = true
    )]
    pub(crate) at_max_sessions: AtMaxSessions,

    /// How many sessions to cache in memory; 0 means none
    #[arg(
        long,
        env = "VESTIBULE_CACHED_SESSIONS",
        value_name = "COUNT",
        default_value_t = 10_000,
        global = true
    )]
    pub(crate) cached_sessions: usize,

    /// What happens when a session's cookie comes from another browser
    #[arg(
        long,
        env = "VESTIBULE_SESSION_PROTECTION",
        value_name = "MODE",
        default_value = "basic",
        global = true
    )]
    pub(crate) session_protection: Protection,

    /// How long "remember me" lasts; at most 400 days
    #[arg(
        long,
        env = "VESTIBULE_REMEMBER_FOR",
        value_name = "TIME",
        default_value = "30days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) remember_for: Duration,

    /// Ask for the password again after this long, before changes by an admin and before a user ends
    /// sessions
    #[arg(
        long,
        env = "VESTIBULE_FRESH_FOR",
        value_name = "TIME",
        default_value = "15min",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) fresh_for: Duration,
}

impl SessionSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut SessionConfig) {
        config.realm.clone_from(&self.realm);
        config.expiry.idle = self.session_idle;
        config.expiry.absolute = self.session_absolute;
        config.limit = match self.at_max_sessions {
            AtMaxSessions::EndOldest => SessionLimit::end_oldest(self.max_sessions),
            AtMaxSessions::Refuse => SessionLimit::reject(self.max_sessions),
        };
        config.cached = self.cached_sessions;
        config.protection = match self.session_protection {
            Protection::Off => SessionProtection::Off,
            Protection::Basic => SessionProtection::Basic,
            Protection::Strong => SessionProtection::Strong,
        };
        config.remember.duration = self.remember_for;
        config.fresh_for = self.fresh_for;
    }
}

/// What happens when a user who has the maximum number of sessions logs in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AtMaxSessions {
    /// The session that was least recently used ends
    EndOldest,
    /// The log-in is rejected
    Refuse,
}

/// What happens when a session's cookie comes from another browser.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Protection {
    /// Nothing
    Off,
    /// It needs the password again where that matters
    Basic,
    /// It ends
    Strong,
}
