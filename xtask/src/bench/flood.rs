//! A flood of log-ins: how many there are a second, and what is left for those who are logged in.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

use crate::bench::load::{Contender, Sample, median, wrk};
use crate::bench::server::form;
use crate::bench::{Effort, PASSWORD, USERNAME};

/// How many log in at once, again and again.
pub(super) const CLIENTS: &str = "64";

/// Log-ins a second beside raw hashes a second on as many threads, the medians of the rounds.
pub(super) struct Rates {
    pub(super) logins: f64,
    /// By libsodium, as the log-ins.
    pub(super) raw: f64,
    /// By RustCrypto's argon2.
    pub(super) raw_argon2: f64,
    pub(super) argon2_cffi: f64,
    /// What one takes, in milliseconds, and how much of that is not the hash: the medians over the
    /// rounds of the medians in each.
    pub(super) login_ms: f64,
    pub(super) over_raw_ms: f64,
    /// Medians of the shares in each round.
    pub(super) of_raw: f64,
    pub(super) of_argon2_cffi: f64,
}

/// What is left of the protected page, the medians of the rounds.
pub(super) struct Flooded {
    pub(super) idle: Sample,
    pub(super) flooded: Sample,
    pub(super) logins: f64,
    pub(super) peak_mb: f64,
}

/// How many threads hash in ours.
pub(super) fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.saturating_sub(1).max(1)
}

pub(super) fn rates(
    contender: &Contender,
    release: &Path,
    argon2_cffi: &Path,
    effort: Effort,
) -> anyhow::Result<Rates> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/argon2-cffi/hash.py");
    let (threads, seconds) = (threads().to_string(), effort.seconds.to_string());
    let raw = |by: &str| {
        let mut raw = Command::new(release.join("bench-hash"));
        hashes(raw.args([by, &threads, &seconds]))
    };
    let (mut logins, mut raws) = (Vec::new(), Vec::new());
    let (mut argon2s, mut cffis) = (Vec::new(), Vec::new());
    let (mut login_ms, mut over_raw_ms) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let (raw_argon2, _) = raw("argon2")?;
        let mut cffi = Command::new(argon2_cffi.join("bin/python"));
        let (cffi, _) = hashes(cffi.arg(&script).args([&threads, &seconds]))?;
        // Before and after, as a machine is now faster and now slower.
        let (before, _) = raw("libsodium")?;
        let flood = Flood::start(contender, CLIENTS, effort)?.end()?;
        let (between, between_ms) = raw("libsodium")?;
        let one = Flood::start(contender, "1", effort)?.end()?;
        let (_, after_ms) = raw("libsodium")?;
        logins.push(flood.requests_per_second);
        raws.push(f64::midpoint(before, between));
        argon2s.push(raw_argon2);
        cffis.push(cffi);
        login_ms.push(one.median_ms);
        over_raw_ms.push(one.median_ms - f64::midpoint(between_ms, after_ms));
    }
    let shares = |of: &[f64]| {
        let shares = logins.iter().zip(of).map(|(logins, of)| logins / of);
        median(shares.collect())
    };
    Ok(Rates {
        of_raw: shares(&raws),
        of_argon2_cffi: shares(&cffis),
        logins: median(logins),
        raw: median(raws),
        raw_argon2: median(argon2s),
        argon2_cffi: median(cffis),
        login_ms: median(login_ms),
        over_raw_ms: median(over_raw_ms),
    })
}

/// The protected page with and without a flood.
pub(super) fn page(contender: &Contender, effort: Effort) -> anyhow::Result<Flooded> {
    let url = contender.server.url("/welcome");
    let (mut idle, mut flooded, mut logins) = (Vec::new(), Vec::new(), Vec::new());
    // Before all floods: some servers work at one for long after it.
    for _ in 0..effort.rounds {
        idle.push(wrk(&url, contender.cookie(), effort)?);
    }
    for _ in 0..effort.rounds {
        let flood = Flood::start(contender, CLIENTS, effort)?;
        flooded.push(wrk(&url, contender.cookie(), effort)?);
        logins.push(flood.end()?.requests_per_second);
    }
    Ok(Flooded {
        idle: Sample::median(&idle),
        flooded: Sample::median(&flooded),
        logins: median(logins),
        peak_mb: contender.server.peak_memory_mb()?,
    })
}

/// The output of a program that hashes: its rate, and the time of one.
fn hashes(command: &mut Command) -> anyhow::Result<(f64, f64)> {
    let text = String::from_utf8(command.output()?.stdout)?;
    let mut words = text.split_whitespace();
    let rate = words.next().context("a rate")?.parse()?;
    let time = words.nth(1).context("a time")?.parse()?;
    Ok((rate, time))
}

/// wrk that logs in.
struct Flood {
    wrk: Child,
    _script: tempfile::NamedTempFile,
}

impl Flood {
    fn start(contender: &Contender, clients: &str, effort: Effort) -> anyhow::Result<Self> {
        let script = tempfile::NamedTempFile::new()?;
        fs::write(
            script.path(),
            format!(
                "wrk.method = 'POST'\nwrk.body = '{}'\n\
                 wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'\n",
                form(USERNAME, PASSWORD)
            ),
        )?;
        let mut command = Command::new("wrk");
        command.args(["--threads", "1", "--connections", clients, "--latency"]);
        command.args(["--timeout", "60s"]);
        command.arg(format!("--duration={}s", effort.seconds));
        command.arg("--script").arg(script.path());
        command.arg(contender.server.url("/login"));
        let wrk = command.stdout(Stdio::piped()).spawn()?;
        Ok(Self {
            wrk,
            _script: script,
        })
    }

    fn end(self) -> anyhow::Result<Sample> {
        let output = self.wrk.wait_with_output()?;
        Sample::read(&String::from_utf8(output.stdout)?)
    }
}
