//! `cargo xtask bench-build`: what a clean build of an app takes, beside the same app on
//! axum-login.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::{run, target_folder, workspace};

/// One thing that is built from nothing.
struct Build {
    name: &'static str,
    /// Of the workspace; `None`: the workspace itself.
    manifest: Option<&'static str>,
    arguments: &'static [&'static str],
}

const PEER: &str = "bench/axum-login/Cargo.toml";
const OURS: &str = "bench/build/Cargo.toml";

/// The first is what the others are compared with.
const DEBUG: [Build; 4] = [
    Build {
        name: "axum-login 0.18, tower-sessions, sqlx (SQLite)",
        manifest: Some(PEER),
        arguments: &[],
    },
    Build {
        name: "Vestibule, the login manager alone",
        manifest: Some(OURS),
        arguments: &["--no-default-features", "--bin", "bench-build-manager"],
    },
    Build {
        name: "Vestibule, default features",
        manifest: Some(OURS),
        arguments: &["--bin", "bench-build-site"],
    },
    Build {
        name: "The program, by `cargo run`",
        manifest: None,
        arguments: &["--package", "vestibule-server"],
    },
];

const OPTIMISED: [Build; 3] = [
    Build {
        name: "The program, `--release`",
        manifest: None,
        arguments: &["--package", "vestibule-server", "--release"],
    },
    Build {
        name: "The program, `--release --all-features`",
        manifest: None,
        arguments: &[
            "--package",
            "vestibule-server",
            "--release",
            "--features",
            "mysql,postgres,redis",
        ],
    },
    Build {
        name: "The program, `--profile dist`",
        manifest: None,
        arguments: &["--package", "vestibule-server", "--profile", "dist"],
    },
];

/// What a build took.
struct Took {
    cpu: Duration,
    waiting: Duration,
}

/// Builds each from nothing and prints one table. `is_whole`: the optimised builds too.
pub(crate) fn run_all(is_whole: bool) -> anyhow::Result<()> {
    let mut builds: Vec<_> = DEBUG.iter().collect();
    if is_whole {
        builds.extend(&OPTIMISED);
    }
    // The app is a workspace of its own, and takes the versions that this one has.
    let root = workspace()?;
    fs::copy(root.join("Cargo.lock"), root.join("bench/build/Cargo.lock"))?;
    // So that no build waits for the network.
    for manifest in ["Cargo.toml", PEER, OURS] {
        let mut fetch = Command::new("cargo");
        run(fetch
            .args(["fetch", "--manifest-path"])
            .arg(root.join(manifest)))?;
    }
    let took = builds.iter().map(|build| build.measure());
    let took = took.collect::<anyhow::Result<Vec<_>>>()?;
    let peer = took.first().context("there is a peer")?.cpu;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| build from nothing | CPU time | beside axum-login | waiting |\n|---|---:|---:|---:|"
    )?;
    for (build, took) in builds.iter().zip(&took) {
        let ratio = took.cpu.as_secs_f64() / peer.as_secs_f64();
        let (cpu, waiting) = (took.cpu.as_secs(), took.waiting.as_secs());
        writeln!(
            out,
            "| {} | {cpu} s | {ratio:.2} | {waiting} s |",
            build.name
        )?;
    }
    Ok(())
}

impl Build {
    fn measure(&self) -> anyhow::Result<Took> {
        let empty = tempfile::Builder::new()
            .prefix("bench-build-")
            .tempdir_in(target_folder()?)?;
        let mut build = Command::new("cargo");
        build.arg("build").args(self.arguments);
        build.arg("--manifest-path");
        build.arg(workspace()?.join(self.manifest.unwrap_or("Cargo.toml")));
        build.env("CARGO_TARGET_DIR", empty.path());
        let (before, started) = (cpu_of_children()?, Instant::now());
        run(&mut build)?;
        Ok(Took {
            cpu: cpu_of_children()? - before,
            waiting: started.elapsed(),
        })
    }
}

/// The processor time of all processes that this one has started and waited for, and of theirs: the
/// fields `cutime` and `cstime` of proc(5).
fn cpu_of_children() -> anyhow::Result<Duration> {
    const TICKS_A_SECOND: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat")?;
    // The program's name, in parentheses, may have spaces.
    let (_, fields) = text.rsplit_once(')').context("a program's name")?;
    let times: Vec<f64> = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    ensure!(times.len() == 2, "proc(5) has `cutime` and `cstime`");
    Ok(Duration::from_secs_f64(
        times.iter().sum::<f64>() / TICKS_A_SECOND,
    ))
}
