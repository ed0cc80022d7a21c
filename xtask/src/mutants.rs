//! `cargo xtask mutants`: whether the tests notice changes of the code that keeps strangers out.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::{removable, run, target_folder};

/// What one run tries at most.
const MOST: usize = 300;

/// Tries each change that `.cargo/mutants.toml` chooses, or those of one shard, such as `3/12`, in
/// a copy of the workspace. The report is in `mutants.out` in the target folder.
pub(crate) fn run_all(shard: Option<&str>) -> anyhow::Result<()> {
    let target = target_folder()?;
    let copy = target.join("mutants");
    removable::copy_workspace_to(&copy)?;
    let mutants = || {
        let mut command = Command::new("cargo");
        command.arg("mutants").current_dir(&copy);
        command
    };
    let listed = mutants().arg("--list").output()?;
    let count = String::from_utf8_lossy(&listed.stdout).lines().count();
    ensure!(
        (1..=MOST).contains(&count),
        "{count} changes; is cargo-mutants installed (`cargo install cargo-mutants`)? Of more than \
         {MOST}, choose fewer in .cargo/mutants.toml"
    );
    let mut command = mutants();
    // Not the target folder of the workspace: cargo tells the two by the time of their files alone,
    // and the next test there would run a changed program.
    command.env("CARGO_TARGET_DIR", target.join("mutants-build"));
    // Nobody debugs them, and eleven test programs are linked for each change.
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    command.args(["--in-place", "--output"]).arg(&target);
    if let Some(shard) = shard {
        command.args(["--sharding", "round-robin", "--shard", shard]);
    }
    run(&mut command).context("some changes were not noticed: see mutants.out/missed.txt")
}
