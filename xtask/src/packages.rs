//! Debian packages that tests and benchmarks need.

use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context;

/// Installs `package` where its `program` is missing.
pub(crate) fn install(program: &str, package: &str) -> anyhow::Result<()> {
    if is_there(program) {
        return Ok(());
    }
    apt_install(package)
        .with_context(|| format!("`{program}` is missing: install it, by apt or otherwise"))
}

/// Installs `python3 -m venv`, which Debian leaves out of Python, where it is missing.
pub(crate) fn install_python_venv() -> anyhow::Result<()> {
    let imported = quiet("python3", &["-c", "import ensurepip, venv"]);
    if imported.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    apt_install("python3-venv")
        .context("`python3 -m venv` is missing: install it, by apt or otherwise")
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

pub(crate) fn apt_install(package: &str) -> anyhow::Result<()> {
    apt_get(&["update", "--quiet"])?;
    apt_get(&[
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        package,
    ])
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let sudo = is_there("sudo").then_some("sudo");
    let mut words = sudo.into_iter().chain(["apt-get"]);
    let mut command = Command::new(words.next().unwrap_or("apt-get"));
    command.args(words).args(arguments);
    crate::run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}
