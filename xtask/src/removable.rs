//! Whether a flow can be deleted: its folder and its lines in the list of flows.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::{run, target_folder};

/// Deletes a flow in a copy of the workspace, and checks that the library compiles without it.
pub(crate) fn check(flow: &str) -> anyhow::Result<()> {
    let copy = target_folder()?.join("without-a-flow");
    if copy.exists() {
        std::fs::remove_dir_all(&copy)?;
    }
    copy_tracked_files(&copy)?;
    let flows = copy.join("vestibule/src/flows");
    std::fs::remove_dir_all(flows.join(flow))?;
    let list = flows.join("mod.rs");
    let text = std::fs::read_to_string(&list)?;
    let its_lines = [format!("mod {flow};"), format!("{flow}::flow(),")];
    let is_its = |line: &&str| its_lines.iter().any(|its| its == line.trim());
    ensure!(
        text.lines().filter(is_its).count() == 2,
        "{flow} has a mod and a line"
    );
    let without: Vec<_> = text.lines().filter(|line| !is_its(line)).collect();
    std::fs::write(&list, without.join("\n"))?;
    let mut check = Command::new("cargo");
    check
        .args(["check", "--package", "vestibule", "--all-features", "--lib"])
        .env("CARGO_TARGET_DIR", target_folder()?)
        .current_dir(&copy);
    run(&mut check)
}

fn copy_tracked_files(to: &Path) -> anyhow::Result<()> {
    let listed = Command::new("git").args(["ls-files", "-z"]).output()?;
    ensure!(listed.status.success(), "git lists no files");
    for file in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let copied = to.join(file);
        let folder = copied.parent().context("a file is in a folder")?;
        std::fs::create_dir_all(folder)?;
        std::fs::copy(file, &copied).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}
