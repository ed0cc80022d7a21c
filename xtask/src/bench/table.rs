//! The table, in Markdown.

use std::io::Write;

use crate::bench::Effort;
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
