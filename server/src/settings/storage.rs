//! Where the program keeps users, sessions and its secret key.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::parse_duration;

/// Where the program keeps users, sessions and its secret key.
#[derive(Debug, Clone, Args)]
pub(crate) struct StorageSettings {
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

    /// What the names of the tables begin with, such as vestibule_: they then go beside tables of
    /// another app in the same database [default: nothing]
    #[arg(
        long,
        env = "VESTIBULE_TABLE_PREFIX",
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) table_prefix: String,

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

    /// File with the key that signs messages in cookies; made at the first start. The first line
    /// signs, and each line verifies: `vestibule secret-key rotate`
    #[arg(
        long,
        env = "VESTIBULE_SECRET_KEY_FILE",
        value_name = "FILE",
        default_value = "instance/secret_key",
        global = true
    )]
    pub(crate) secret_key_file: PathBuf,

    /// How long lines of the security log are kept
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
