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

/// What the clients of a flood send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tries {
    /// The right passwords of as many users as there are clients: a throttle lets few tries at one
    /// account be made at once.
    LogIns,
    /// Wrong passwords of one user.
    WrongAtOne,
    /// Wrong passwords of 10,000 names that nobody has.
    WrongAtMany,
}

/// One of the users who log in in a flood.
pub(super) fn username(number: u32) -> String {
    format!("{USERNAME}{number}")
}

impl Tries {
    /// What is sent, as an expression in Lua, in which `n` counts up.
    fn body(self) -> String {
        match self {
            Self::LogIns => {
                let body = form(USERNAME, PASSWORD);
                let (before, after) = body.split_once(USERNAME).unwrap_or_default();
                format!("'{before}{USERNAME}' .. n % {CLIENTS} .. '{after}'")
            }
            Self::WrongAtOne => format!("'{}'", form(USERNAME, "not the password of anybody")),
            Self::WrongAtMany => "'username=nobody' .. n % 10000 .. '&password=wrong'".to_owned(),
        }
    }
}

/// Log-ins a second beside raw hashes a second on as many threads, the medians of the rounds.
pub(super) struct Rates {
    pub(super) logins: f64,
    /// By libsodium, as the log-ins.
    pub(super) raw: f64,
    /// By RustCrypto's argon2.
    pub(super) raw_argon2: f64,
    pub(super) argon2_cffi: f64,
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
    for _ in 0..effort.rounds {
        argon2s.push(raw("argon2")?);
        let mut cffi = Command::new(argon2_cffi.join("bin/python"));
        cffis.push(hashes(cffi.arg(&script).args([&threads, &seconds]))?);
        // Before and after, as a machine is now faster and now slower.
        let before = raw("libsodium")?;
        let flood = Flood::start(contender, Tries::LogIns, effort)?.end()?;
        let after = raw("libsodium")?;
        logins.push(flood.requests_per_second);
        raws.push(f64::midpoint(before, after));
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
    })
}

/// What one log-in takes, in milliseconds: the medians over the rounds of the medians in each.
pub(super) struct OneByOne {
    pub(super) log_in: f64,
    pub(super) over_raw_hash: f64,
    pub(super) over_own_hash: f64,
}

/// Log-ins of one client without cookies, in turn with raw hashes, at servers that say how long
/// they hashed. The servers take turns.
pub(super) fn one_by_one<const N: usize>(
    timed: [&Contender; N],
    release: &Path,
    effort: Effort,
) -> anyhow::Result<[OneByOne; N]> {
    const PAIRS_A_SECOND: u32 = 40;
    let mut columns: [[Vec<f64>; 3]; N] = std::array::from_fn(|_| Default::default());
    for _ in 0..effort.rounds {
        for (contender, columns) in timed.iter().zip(&mut columns) {
            let mut client = Command::new(release.join("bench-log-in"));
            client.args([contender.server.address(), &form(USERNAME, PASSWORD)]);
            client.arg((effort.seconds * PAIRS_A_SECOND).to_string());
            let output = client.stderr(Stdio::inherit()).output()?;
            let text = String::from_utf8(output.stdout)?;
            let mut words = text.split_whitespace();
            for column in columns {
                column.push(words.next().context("a time")?.parse()?);
            }
        }
    }
    Ok(columns.map(|columns| {
        let [log_in, over_raw_hash, over_own_hash] = columns.map(median);
        OneByOne {
            log_in,
            over_raw_hash,
            over_own_hash,
        }
    }))
}

/// The protected page with and without a flood.
pub(super) fn page(contender: &Contender, tries: Tries, effort: Effort) -> anyhow::Result<Flooded> {
    let url = contender.server.url("/welcome");
    let (mut idle, mut flooded, mut logins) = (Vec::new(), Vec::new(), Vec::new());
    // Before all floods: some servers work at one for long after it.
    for _ in 0..effort.rounds {
        idle.push(wrk(&url, contender.cookie(), effort)?);
    }
    for _ in 0..effort.rounds {
        let flood = Flood::start(contender, tries, effort)?;
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

/// The rate that a program says which hashes.
fn hashes(command: &mut Command) -> anyhow::Result<f64> {
    let text = String::from_utf8(command.output()?.stdout)?;
    let rate = text.split_whitespace().next();
    Ok(rate.context("a rate")?.parse()?)
}

/// wrk that logs in.
struct Flood {
    wrk: Child,
    _script: tempfile::NamedTempFile,
}

impl Flood {
    fn start(contender: &Contender, tries: Tries, effort: Effort) -> anyhow::Result<Self> {
        let script = tempfile::NamedTempFile::new()?;
        fs::write(
            script.path(),
            format!(
                "wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'\nlocal n = 0\n\
                 request = function()\n  n = n + 1\n  return wrk.format('POST', nil, nil, {})\n\
                 end\n",
                tries.body()
            ),
        )?;
        let mut command = Command::new("wrk");
        command.args(["--threads", "1", "--connections", CLIENTS, "--latency"]);
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
