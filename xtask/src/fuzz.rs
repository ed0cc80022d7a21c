//! `cargo xtask fuzz`: the fuzz targets in `fuzz/`, one after the other.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::{run, target_folder, workspace};

/// Fuzzes each target, or only this one, for so long. Fails at the first input for which a property
/// does not hold; libFuzzer writes it to `fuzz/artifacts`.
pub(crate) fn run_all(duration: Duration, only: Option<&str>) -> anyhow::Result<()> {
    let all = targets()?;
    let chosen: Vec<_> = all
        .iter()
        .filter(|target| only.is_none_or(|only| only == *target))
        .collect();
    if chosen.is_empty() {
        bail!("there are these targets: {}", all.join(", "));
    }
    for target in chosen {
        fuzz(target, duration)?;
    }
    Ok(())
}

/// The seeds have a folder for each target.
fn targets() -> anyhow::Result<Vec<String>> {
    let folders = fs::read_dir(workspace()?.join("fuzz/seeds"))?;
    let names = folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.collect::<anyhow::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// No code of ours is `unsafe`, so no sanitizer: without one the stable compiler does. What the
/// fuzzer finds worth keeping goes to the target folder, and is where the next run begins.
fn fuzz(target: &str, duration: Duration) -> anyhow::Result<()> {
    let workspace = workspace()?;
    let found = target_folder()?.join("fuzz/corpus").join(target);
    fs::create_dir_all(&found)?;
    let mut command = Command::new("cargo");
    command.args(["fuzz", "run", "--sanitizer", "none", "--debug-assertions"]);
    command
        .arg("--target-dir")
        .arg(target_folder()?.join("fuzz"));
    command.arg(target).arg(found);
    command.arg(workspace.join("fuzz/seeds").join(target));
    command.args(["--", "-max_len=2048", "-timeout=10", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={}", duration.as_secs()));
    run(command.current_dir(workspace)).context("is it installed? `cargo install cargo-fuzz`")
}
