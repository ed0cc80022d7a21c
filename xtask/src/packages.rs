//! Debian packages that tests and benchmarks need.

use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context;

/// Of pairs of a program and its package, the packages whose programs are missing.
pub(crate) fn missing<'a>(wanted: &[(&str, &'a str)]) -> Vec<&'a str> {
    let missing = wanted.iter().filter(|(program, _)| !is_there(program));
    missing.map(|(_, package)| *package).collect()
}

/// Installs these packages, in one go.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    apt_get(&["update", "--quiet"])?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt_get(&[&install[..], packages].concat())
}

/// Whether there is `python3 -m venv`, which Debian leaves out of Python.
pub(crate) fn has_python_venv() -> bool {
    let imported = quiet("python3", &["-c", "import ensurepip, venv"]);
    imported.is_ok_and(|status| status.success())
}

fn is_there(program: &str) -> bool {
    // Some answer --version with a failure; that they answer is enough.
    quiet(program, &["--version"]).is_ok()
}

fn quiet(program: &str, arguments: &[&str]) -> std::io::Result<ExitStatus> {
    let mut command = Command::new(program);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.args(arguments).status()
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let sudo = is_there("sudo").then_some("sudo");
    let mut words = sudo.into_iter().chain(["apt-get"]);
    let mut command = Command::new(words.next().unwrap_or("apt-get"));
    command.args(words).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    crate::run(&mut command).context("packages are missing: install them, by apt or otherwise")
}
