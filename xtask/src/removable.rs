//! Whether a flow can be deleted: its folder and its lines in the list of flows.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::test::clippy;
use crate::{EVERYTHING, run, target_folder, workspace};

/// Deletes a flow in a copy of the workspace, and lints what is left. A warning is an error, so
/// nothing unused may be left either.
pub(crate) fn check(flow: &str) -> anyhow::Result<()> {
    let target = target_folder()?;
    let copy = target.join("without-a-flow");
    copy_workspace_to(&copy)?;
    let flows = copy.join("vestibule/src/flows");
    fs::remove_dir_all(flows.join(flow))?;
    let list = flows.join("mod.rs");
    remove_line(&list, &format!("mod {flow};"))?;
    remove_line(&list, &format!("{flow}::flow(),"))?;
    let mut lints = clippy(&[&EVERYTHING[..], &["--all-targets"]].concat());
    // Not the target folder of the workspace: cargo tells the two by the time of their files alone,
    // and would take what it has linted here for the workspace.
    let build = target.join("without-a-flow-build");
    run(lints.current_dir(&copy).env("CARGO_TARGET_DIR", build))
}

/// Copies the files that git does not ignore, in place of an older copy.
pub(crate) fn copy_workspace_to(copy: &Path) -> anyhow::Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let workspace = workspace()?;
    let mut list = Command::new("git");
    list.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let listed = list.current_dir(workspace).output()?;
    ensure!(listed.status.success(), "git lists no files");
    for file in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let (from, to) = (workspace.join(file), copy.join(file));
        // git still lists a deleted file until the deletion is committed.
        if from.exists() {
            fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
            fs::copy(&from, &to).with_context(|| format!("cannot copy {file}"))?;
        }
    }
    Ok(())
}

/// Removes a line that the file has once.
fn remove_line(file: &Path, line: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(file)?;
    let kept: Vec<_> = text.lines().filter(|kept| kept.trim() != line).collect();
    let removed = text.lines().count() - kept.len();
    ensure!(
        removed == 1,
        "{file:?} has the line `{line}` {removed} times"
    );
    Ok(fs::write(file, kept.join("\n"))?)
}
