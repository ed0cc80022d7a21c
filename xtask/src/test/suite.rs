//! The test programs that cargo builds.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{EVERYTHING, workspace};

/// A test program.
pub(super) struct Suite {
    /// The file with its main module, from the workspace's root: `vestibule/tests/attacks/main.rs`.
    pub(super) source: String,
    program: PathBuf,
    /// Where cargo would run it.
    package: PathBuf,
}

/// Builds the tests of all packages. Running the programs directly, and not by `cargo test` with
/// a choice of suites, keeps cargo from building the dependencies again: it leaves out packages
/// that have no such suite, and with them the features that they ask for.
pub(super) fn build() -> anyhow::Result<Vec<Suite>> {
    let mut build = Command::new("cargo");
    build.arg("test").args(EVERYTHING);
    build.args(["--lib", "--bins", "--tests", "--no-run"]);
    build.args(["--message-format", "json-render-diagnostics"]);
    let built = build.stderr(Stdio::inherit()).output()?;
    if !built.status.success() {
        bail!("the tests do not build");
    }
    let mut suites = Vec::new();
    for line in String::from_utf8(built.stdout)?.lines() {
        suites.extend(read(&serde_json::from_str(line)?)?);
    }
    Ok(suites)
}

/// Reads a message of cargo, which may be about something else.
fn read(message: &Value) -> anyhow::Result<Option<Suite>> {
    let text = |value: &Value| value.as_str().map(PathBuf::from);
    let is_test = message["profile"]["test"] == true;
    let Some(program) = text(&message["executable"]).filter(|_| is_test) else {
        return Ok(None);
    };
    let source = text(&message["target"]["src_path"]).context("a source")?;
    let package = text(&message["manifest_path"]).context("a manifest")?;
    Ok(Some(Suite {
        source: source.strip_prefix(workspace()?)?.display().to_string(),
        program,
        package: package.parent().context("a folder")?.to_owned(),
    }))
}

/// The suite with this source.
pub(super) fn named<'a>(source: &str, suites: &'a [Suite]) -> anyhow::Result<&'a Suite> {
    let found = suites.iter().find(|suite| suite.source == source);
    found.with_context(|| format!("there is no test program of {source}"))
}

impl Suite {
    /// Runs all its tests.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.package);
        command.env("CARGO_MANIFEST_DIR", &self.package);
        command
    }

    /// Runs those of its tests whose names are chosen.
    pub(super) fn command_for(&self, is_chosen: impl Fn(&str) -> bool) -> anyhow::Result<Command> {
        let list = self
            .command()
            .args(["--list", "--format", "terse"])
            .output()?;
        let list = String::from_utf8(list.stdout)?;
        let all = list.lines().filter_map(|line| line.strip_suffix(": test"));
        let chosen: Vec<_> = all.filter(|name| is_chosen(name)).collect();
        // Without a name all would run.
        anyhow::ensure!(!chosen.is_empty(), "no test of {} is chosen", self.source);
        let mut command = self.command();
        command.arg("--exact").args(chosen);
        Ok(command)
    }
}
