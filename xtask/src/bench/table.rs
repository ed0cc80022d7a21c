//! The table, in Markdown.

use std::io::Write;

use crate::bench::Effort;
use crate::bench::flood::{self, Flooded, OneByOne, Rates};
use crate::bench::load::Measured;

#[derive(Default)]
pub(super) struct Table(String);

impl Table {
    pub(super) fn time(&mut self, what: &str, ms: f64) {
        self.row([what, &format!("{ms:.1} ms"), "", "", ""]);
    }

    pub(super) fn memory(&mut self, what: &str, mb: f64) {
        self.row([what, &format!("{mb:.1} MB"), "", "", ""]);
    }

    pub(super) fn load(&mut self, measured: &Measured) {
        let share = |share: f64| format!("{share:.3}");
        self.row([
            &format!("{}: {}", measured.app.name, measured.route),
            &format!("{:.0} requests/s", measured.requests_per_second),
            &format!("{:.2} ms", measured.p99_ms),
            &share(measured.of_bare_axum),
            &measured.of_own_bare.map(share).unwrap_or_default(),
        ]);
    }

    pub(super) fn login_rates(&mut self, rates: &Rates) {
        let threads = flood::threads();
        let clients = flood::CLIENTS;
        for (by, rate) in [
            ("libsodium, as Vestibule here", rates.raw),
            ("RustCrypto's argon2, memory reused", rates.raw_argon2),
            ("argon2-cffi", rates.argon2_cffi),
        ] {
            let what = format!("raw Argon2id, {threads} threads: {by}");
            self.row([&what, &format!("{rate:.1}/s"), "", "", ""]);
        }
        let shares = format!(
            "{:.3} of the raw hash, {:.2} times argon2-cffi",
            rates.of_raw, rates.of_argon2_cffi
        );
        let what = format!("Vestibule, SQLite: log-ins, {clients} clients ({shares})");
        self.row([&what, &format!("{:.1}/s", rates.logins), "", "", ""]);
    }

    pub(super) fn one_by_one(&mut self, times: &OneByOne) {
        let what = format!(
            "Vestibule, SQLite: one log-in without cookies, median ({:.2} ms over its own hash, {:.2} ms over a \
             raw hash in turn)",
            times.over_own_hash, times.over_raw_hash
        );
        self.time(&what, times.log_in);
    }

    pub(super) fn flooded(&mut self, app: &str, flooded: &Flooded) {
        let (idle, during) = (flooded.idle, flooded.flooded);
        let page = match during.requests_per_second > 0.0 {
            true => format!(
                "{:.2} of its rate without, {:.1} times its p99 of {:.2} ms",
                during.requests_per_second / idle.requests_per_second,
                during.p99_ms / idle.p99_ms,
                idle.p99_ms
            ),
            false => "no answer".to_owned(),
        };
        let what = format!(
            "{app}: protected page in a flood of {} log-ins at once ({page}; {:.1} log-ins/s; at \
             most {:.0} MB)",
            flood::CLIENTS,
            flooded.logins,
            flooded.peak_mb
        );
        let rate = format!("{:.0} requests/s", during.requests_per_second);
        self.row([&what, &rate, &format!("{:.2} ms", during.p99_ms), "", ""]);
    }

    /// One that has no figures: mostly a server that did not outlive its flood.
    pub(super) fn lost(&mut self, app: &str, error: &anyhow::Error) {
        let clients = flood::CLIENTS;
        let what = format!("{app}: a flood of {clients} log-ins at once (no figures: {error})");
        self.row([&what, "", "", "", ""]);
    }

    fn row(&mut self, cells: [&str; 5]) {
        self.0 += &format!("| {} |\n", cells.join(" | "));
    }

    pub(super) fn print(&self, measured: &[Measured], effort: Effort) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut out = std::io::stdout();
        writeln!(
            out,
            "\n{cores} cores for server and wrk together; median of {} rounds of {} s\n\n\
             | what | measured | p99 | over the bare axum route | over its own bare route |\n\
             |---|---:|---:|---:|---:|\n{}",
            effort.rounds, effort.seconds, self.0
        )?;
        for measured in measured {
            let Some(goal) = measured.goal else { continue };
            let is_met = match measured.of_bare_axum >= goal {
                true => "met",
                false => "missed",
            };
            writeln!(
                out,
                "{}: {}: {:.3} of the bare axum route, the goal of {goal} is {is_met}",
                measured.app.name, measured.route, measured.of_bare_axum
            )?;
        }
        Ok(())
    }
}
