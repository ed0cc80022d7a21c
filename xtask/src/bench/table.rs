//! The table, in Markdown.

use std::io::Write;

use crate::bench::Effort;
use crate::bench::factors::Factors;
use crate::bench::flood::{self, Flooded, OneByOne, Rates, Tries};
use crate::bench::load::{App, Measured};

#[derive(Default)]
pub(super) struct Table {
    rows: String,
    /// What was asked for, and whether it is so.
    goals: String,
}

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
        if let Some(goal) = measured.goal {
            let what = format!("{}: {goal} of the bare axum route", measured.route);
            let share = measured.of_bare_axum;
            self.goal(&what, share, share >= goal);
        }
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
        let goal = "log-ins: 0.95 of the raw hash";
        self.goal(goal, rates.of_raw, rates.of_raw >= 0.95);
        let goal = "log-ins: 1.3 times argon2-cffi";
        self.goal(goal, rates.of_argon2_cffi, rates.of_argon2_cffi >= 1.3);
    }

    /// Log-ins by each factor, hashing left out.
    pub(super) fn factors(&mut self, factors: &Factors) {
        for (by, log_in) in [
            ("password", &factors.password),
            ("password and code", &factors.code),
            ("passkey", &factors.passkey),
        ] {
            let what = format!(
                "complete site, SQLite: one log-in by {by}, without the hash, median ({:.2} ms of \
                 CPU, {} statements)",
                log_in.cpu_ms, log_in.statements
            );
            self.time(&what, log_in.ms);
        }
        let what = "complete site, SQLite: log-in by passkey, p99";
        self.time(what, factors.idle_p99);
        self.time(
            &format!("{what}, in a flood of passwords"),
            factors.flooded_p99,
        );
        let more = factors.code.ms - factors.password.ms;
        let goal = "a code: 3 ms over the password at most";
        self.goal(goal, more, more <= 3.0);
        let more = factors.code.statements - factors.password.statements;
        let goal = "a code: 6 statements over the password at most";
        self.goal(goal, more, more <= 6.0);
        let cpu = factors.passkey.cpu_ms;
        self.goal("a passkey: 2 ms of CPU at most", cpu, cpu <= 2.0);
        let goal = "a passkey in a flood of passwords: 3 times the p99 without at most";
        self.goal(goal, factors.slowed, factors.slowed <= 3.0);
    }

    /// Log-ins that a throttle counts in SQL and in memory, and without one.
    pub(super) fn one_by_one(&mut self, [sql, memory, off]: &[OneByOne; 3]) {
        for (counting, times) in [
            ("counted in SQL", sql),
            ("counted in memory", memory),
            ("without the throttle", off),
        ] {
            let what = format!(
                "Vestibule, SQLite: one log-in without cookies, {counting}, median ({:.2} ms over \
                 its own hash, {:.2} ms over a raw hash in turn)",
                times.over_own_hash, times.over_raw_hash
            );
            self.time(&what, times.log_in);
        }
        let over = memory.over_raw_hash;
        self.goal(
            "one log-in: 1 ms over the raw hash at most",
            over,
            over <= 1.0,
        );
        for (counting, times) in [("SQL", sql), ("memory", memory)] {
            let cost = times.over_own_hash - off.over_own_hash;
            let goal = format!("one log-in: the throttle in {counting} takes 0.3 ms at most");
            self.goal(&goal, cost, cost <= 0.3);
        }
    }

    pub(super) fn flooded(&mut self, app: &App, tries: Tries, flooded: &Flooded) {
        let (idle, during) = (flooded.idle, flooded.flooded);
        let rate = during.requests_per_second / idle.requests_per_second;
        let p99 = during.p99_ms / idle.p99_ms;
        let page = match during.requests_per_second > 0.0 {
            true => format!(
                "{rate:.2} of its rate without, {p99:.1} times its p99 of {:.2} ms",
                idle.p99_ms
            ),
            false => "no answer".to_owned(),
        };
        let (app, is_ours) = (app.name, app.is_ours);
        let (sent, name) = match tries {
            Tries::LogIns => ("log-ins", "in a flood"),
            Tries::WrongAtOne => ("wrong passwords of one user", "in a flood at one user"),
            Tries::WrongAtMany => (
                "wrong passwords of 10,000 names",
                "in a flood at many names",
            ),
        };
        let what = format!(
            "{app}: protected page in a flood of {} {sent} at once ({page}; {:.1} answers/s; at \
             most {:.0} MB)",
            flood::CLIENTS,
            flooded.logins,
            flooded.peak_mb
        );
        let shown = format!("{:.0} requests/s", during.requests_per_second);
        self.row([&what, &shown, &format!("{:.2} ms", during.p99_ms), "", ""]);
        if is_ours {
            let flood = |goal| format!("{app} {name}: {goal}");
            if tries == Tries::LogIns {
                self.goal(&flood("0.7 of its rate"), rate, rate >= 0.7);
            }
            self.goal(&flood("3 times its p99 at most"), p99, p99 <= 3.0);
            let peak = flooded.peak_mb;
            self.goal(&flood("less than 80 MB"), peak, peak < 80.0);
        }
    }

    /// One that has no figures: mostly a server that did not outlive its flood.
    pub(super) fn lost(&mut self, app: &str, error: &anyhow::Error) {
        let clients = flood::CLIENTS;
        let what = format!("{app}: a flood of {clients} log-ins at once (no figures: {error})");
        self.row([&what, "", "", "", ""]);
    }

    fn goal(&mut self, what: &str, measured: f64, is_met: bool) {
        let verdict = if is_met { "met" } else { "missed" };
        self.goals += &format!("{what}: {measured:.3}, {verdict}\n");
    }

    fn row(&mut self, cells: [&str; 5]) {
        self.rows += &format!("| {} |\n", cells.join(" | "));
    }

    pub(super) fn print(&self, effort: Effort) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(
            std::io::stdout(),
            "\n{cores} cores for server and wrk together; median of {} rounds of {} s\n\n\
             | what | measured | p99 | over the bare axum route | over its own bare route |\n\
             |---|---:|---:|---:|---:|\n{}\nThe goals:\n{}",
            effort.rounds,
            effort.seconds,
            self.rows,
            self.goals
        )?;
        Ok(())
    }
}
