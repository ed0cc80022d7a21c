//! Log-ins by a password, by a password and a code, and by a passkey.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::bench::Effort;
use crate::bench::load::median;

/// What `bench-factors` has measured: medians over the rounds, in milliseconds.
pub(super) struct Factors {
    pub(super) password: LogIn,
    pub(super) code: LogIn,
    pub(super) passkey: LogIn,
    /// The 99th percentiles of log-ins by passkey.
    pub(super) idle_p99: f64,
    pub(super) flooded_p99: f64,
    /// The median of their quotients in each round.
    pub(super) slowed: f64,
}

pub(super) struct LogIn {
    pub(super) ms: f64,
    pub(super) cpu_ms: f64,
    /// Sent to the database.
    pub(super) statements: f64,
}

pub(super) fn measure(release: &Path, effort: Effort) -> anyhow::Result<Factors> {
    let mut rounds = Vec::new();
    for _ in 0..effort.rounds {
        let mut command = Command::new(release.join("bench-factors"));
        let output = command.stderr(Stdio::inherit()).output()?;
        rounds.push(String::from_utf8(output.stdout)?);
    }
    let column = |name: &str, at: usize| -> anyhow::Result<Vec<f64>> {
        let values = rounds.iter().map(|round| {
            let line = round.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split('\t').nth(at));
            let value = value.with_context(|| format!("no {name} in {round:?}"))?;
            Ok(value.parse()?)
        });
        values.collect()
    };
    let log_in = |name: &str| {
        anyhow::Ok(LogIn {
            ms: median(column(name, 1)?),
            cpu_ms: median(column(name, 2)?),
            statements: median(column(name, 3)?),
        })
    };
    let (idle, flooded) = (column("flood", 1)?, column("flood", 2)?);
    let slowed = idle
        .iter()
        .zip(&flooded)
        .map(|(idle, flooded)| flooded / idle);
    Ok(Factors {
        password: log_in("password")?,
        code: log_in("code")?,
        passkey: log_in("passkey")?,
        slowed: median(slowed.collect()),
        idle_p99: median(idle),
        flooded_p99: median(flooded),
    })
}
