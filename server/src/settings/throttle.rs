//! How many wrong passwords are allowed, and how long the next one must wait.

use std::time::Duration;

use clap::{Args, ValueEnum};
use vestibule::flows::ThrottleConfig;

use super::parse_duration;

/// How many wrong passwords are allowed, and how long the next one must wait.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Throttle")]
pub(crate) struct ThrottleSettings {
    /// Count wrong passwords and make the next one wait; off only if a proxy limits log-ins
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE",
        value_name = "MODE",
        default_value = "on",
        global = true
    )]
    pub(crate) throttle: OnOff,

    /// Wrong passwords in a row at one account before the first wait, in browsers that it does not
    /// know
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE_ACCOUNT_TRIES",
        value_name = "COUNT",
        default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=100),
        global = true
    )]
    pub(crate) throttle_account_tries: u32,

    /// The longest wait at one account
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE_LONGEST_WAIT",
        value_name = "TIME",
        default_value = "15min",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) throttle_longest_wait: Duration,

    /// Wrong passwords in a row after which only browsers that the account knows may try, until
    /// `vestibule throttle clear`
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE_CLOSED_AFTER",
        value_name = "COUNT",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..),
        global = true
    )]
    pub(crate) throttle_closed_after: u32,

    /// Wrong passwords from one network (/24 or /64), at any account, before the first wait
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE_NETWORK_TRIES",
        value_name = "COUNT",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..),
        global = true
    )]
    pub(crate) throttle_network_tries: u32,

    /// Registrations from one network (/24 or /64) before the first wait
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE_REGISTRATIONS",
        value_name = "COUNT",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..),
        global = true
    )]
    pub(crate) throttle_registrations: u32,

    /// Wrong passwords per minute from all unknown browsers together before they have to wait
    #[arg(
        long,
        env = "VESTIBULE_THROTTLE_TRIES_PER_MINUTE",
        value_name = "COUNT",
        default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(3..=1_000_000),
        global = true
    )]
    pub(crate) throttle_tries_per_minute: u32,
}

impl ThrottleSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut ThrottleConfig) {
        config.is_on = matches!(self.throttle, OnOff::On);
        let limits = &mut config.limits;
        limits.account.free = self.throttle_account_tries;
        limits.account.longest = self.throttle_longest_wait;
        limits.account.closed_after = Some(self.throttle_closed_after);
        limits.network.burst = self.throttle_network_tries;
        limits.registrations.burst = self.throttle_registrations;
        // Of the tries in a minute, two thirds may come at once, and the rest one by one.
        let each = self.throttle_tries_per_minute / 3;
        limits.overall.burst = self.throttle_tries_per_minute - each;
        limits.overall.each = Duration::from_mins(1) / each.max(1);
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OnOff {
    On,
    Off,
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};
    use vestibule::flows::ThrottleConfig;

    use super::ThrottleSettings;

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let command = ThrottleSettings::augment_args(clap::Command::new("vestibule"));
        let matches = command.get_matches_from(["vestibule"]);
        let settings = ThrottleSettings::from_arg_matches(&matches).unwrap();
        let mut config = ThrottleConfig::default();

        settings.configure(&mut config);

        assert!(config.is_on);
        assert_eq!(config.limits, ThrottleConfig::default().limits);
    }
}
