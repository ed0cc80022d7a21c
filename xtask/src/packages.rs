//! Debian packages that tests and benchmarks need.

use std::process::{Command, Stdio};

use anyhow::Context;

/// Installs `package` where its `program` is missing.
pub(crate) fn install(program: &str, package: &str) -> anyhow::Result<()> {
    if is_there(program) {
        return Ok(());
    }
    apt_get(&["update", "--quiet"])?;
    apt_get(&[
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        package,
    ])
    .with_context(|| format!("`{program}` is missing: install it, by apt or otherwise"))
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // Some answer --version with a failure; that they answer is enough.
    found.is_ok()
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let sudo = is_there("sudo").then_some("sudo");
    let mut words = sudo.into_iter().chain(["apt-get"]);
    let mut command = Command::new(words.next().unwrap_or("apt-get"));
    command.args(words).args(arguments);
    crate::run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}
