//! `vestibule password …`: how passwords should be hashed here.

use std::time::Duration;

use clap::Subcommand;
use vestibule::password::PasswordAlgorithm;

use super::say;
use crate::settings::{Settings, parse_duration};

/// Commands for the hashing of passwords.
#[derive(Debug, Subcommand)]
pub(crate) enum PasswordCommand {
    /// Measure this machine and print the settings for a given time per hash. Run it on the machine
    /// that will serve, while it is idle
    Calibrate {
        /// How long a hash should take
        #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = parse_duration)]
        target: Duration,
    },
}

pub(crate) fn run(command: &PasswordCommand, settings: &Settings) -> anyhow::Result<()> {
    let PasswordCommand::Calibrate { target } = command;
    let algorithm = settings.passwords.algorithm().calibrated(*target)?;
    let took = algorithm.measure()?;
    let threads = settings.passwords.hashing().threads;
    match algorithm {
        PasswordAlgorithm::Argon2id { memory_kib, passes } => {
            say("password_algorithm = \"argon2id\"")?;
            say(format!("argon2_memory_kib = {memory_kib}"))?;
            say(format!("argon2_passes = {passes}"))?;
        }
        PasswordAlgorithm::Bcrypt { cost } => {
            say("password_algorithm = \"bcrypt\"")?;
            say(format!("bcrypt_cost = {cost}"))?;
        }
        _ => {}
    }
    let millis = took.as_secs_f64() * 1_000.0;
    let mib = f64::from(algorithm.memory_kib()) / 1_024.0;
    #[expect(clippy::cast_precision_loss, reason = "as many as there are cores")]
    let threads_number = threads as f64;
    let logins = threads_number / took.as_secs_f64();
    say(format!(
        "# {millis:.1} ms a hash; {mib:.1} MiB for each of {threads} threads; {logins:.0} log-ins/s"
    ))?;
    if algorithm == algorithm.owasp_minimum() && took > *target {
        say("# This is OWASP's minimum: less than it takes here is too weak")?;
    }
    Ok(())
}
