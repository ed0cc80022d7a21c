//! Where the program keeps users, sessions and its secret key.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{parse_duration, parse_duration_or_none};

/// Where the program keeps users, sessions and its secret key.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub(crate) struct StorageSettings {
    /// Database of users and sessions: sqlite://FILE?mode=rwc, postgres://USER:PASSWORD@HOST/NAME,
    /// mysql://… or mariadb://…
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

    /// Prefix of the names of all tables, such as vestibule_, to share a database with another app
    /// [default: none]
    #[arg(
        long,
        env = "VESTIBULE_TABLE_PREFIX",
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) table_prefix: String,

    /// Redis or Valkey for the sessions: redis://HOST:PORT, or some nodes of a cluster,
    /// redis+cluster://HOST:PORT,HOST:PORT; with TLS rediss://… and rediss+cluster://…
    /// [default: the database]
    #[arg(
        long,
        env = "VESTIBULE_SESSION_STORE",
        value_name = "URL",
        hide_env_values = true,
        hide_default_value = true,
        global = true
    )]
    pub(crate) session_store: Option<String>,

    /// How long to wait at the start for a database or a session store that is not up yet; 0 means
    /// not at all
    #[arg(
        long,
        env = "VESTIBULE_WAIT_FOR_STORES",
        value_name = "TIME",
        default_value = "60s",
        value_parser = parse_duration_or_none,
        global = true
    )]
    pub(crate) wait_for_stores: Duration,

    /// File with the key that signs messages in cookies. The first start makes it. The first line
    /// signs, and each line verifies: `vestibule secret-key rotate`
    #[arg(
        long,
        env = "VESTIBULE_SECRET_KEY_FILE",
        value_name = "FILE",
        default_value = "instance/secret_key",
        global = true
    )]
    pub(crate) secret_key_file: PathBuf,

    /// How long to keep lines of the security log
    #[arg(
        long,
        env = "VESTIBULE_SECURITY_LOG_RETENTION",
        value_name = "TIME",
        default_value = "365days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) security_log_retention: Duration,
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};
    use vestibule::accounts::Accounts;

    use super::StorageSettings;

    #[test]
    fn the_security_log_is_kept_as_long_as_by_the_library() {
        let command = StorageSettings::augment_args(clap::Command::new("vestibule"));
        let matches = command.get_matches_from(["vestibule"]);
        let settings = StorageSettings::from_arg_matches(&matches).unwrap();

        let retention = settings.security_log_retention;
        assert_eq!(retention, Accounts::SECURITY_LOG_RETENTION);
    }
}
