//! Debian packages that tests and benchmarks need.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, bail};

/// Of pairs of a program and its package, the packages whose programs are missing.
pub(crate) fn missing<'a>(wanted: &[(&str, &'a str)]) -> Vec<&'a str> {
    let missing = wanted.iter().filter(|(program, _)| !is_there(program));
    missing.map(|(_, package)| *package).collect()
}

/// Installs these packages, in one go. An ordinary user needs sudo.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let advice = format!(
        "packages are missing; install them as root: \
         `apt-get install --no-install-recommends {names}`"
    );
    let as_root: &[&str] = match (is_root()?, is_there("sudo")) {
        (true, _) => &["env"],
        (false, true) => &["sudo", "env"],
        (false, false) => bail!("{advice}"),
    };
    // sudo passes no variable of its own environment on, so `env` sets it.
    let words = [as_root, &["DEBIAN_FRONTEND=noninteractive", "apt-get"]].concat();
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new(words[0]);
        crate::run(command.args(&words[1..]).args(arguments)).context(advice.clone())
    };
    apt_get(&["update", "--quiet"])?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt_get(&[&install[..], packages].concat())
}

/// Whether this is root.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    let id = Command::new("id").arg("-u").output()?;
    Ok(id.stdout.trim_ascii() == b"0")
}

/// Lets this process and its children find the programs of administrators, such as nginx and
/// mariadbd, which Debian leaves out of the `PATH` of ordinary users. A process cannot safely change
/// its own environment, so it starts again.
#[cfg(unix)]
pub(crate) fn find_system_programs() -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;

    let Some(path) = with_system_folders(&std::env::var_os("PATH").unwrap_or_default())? else {
        return Ok(());
    };
    let mut again = Command::new(std::env::current_exe()?);
    again.args(std::env::args_os().skip(1)).env("PATH", path);
    Err(again.exec()).context("cannot start again with another PATH")
}

#[cfg(not(unix))]
pub(crate) fn find_system_programs() -> anyhow::Result<()> {
    Ok(())
}

/// This `PATH` with the folders of administrators at its end, unless it has all of them.
#[cfg(unix)]
fn with_system_folders(path: &std::ffi::OsStr) -> anyhow::Result<Option<std::ffi::OsString>> {
    let mut folders: Vec<_> = std::env::split_paths(path).collect();
    let count = folders.len();
    for system in ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from) {
        if !folders.contains(&system) {
            folders.push(system);
        }
    }
    let is_longer = folders.len() > count;
    Ok(is_longer
        .then(|| std::env::join_paths(folders))
        .transpose()?)
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

#[cfg(all(test, unix))]
mod tests {
    use super::with_system_folders;

    #[test]
    fn programs_of_administrators_are_found_with_the_path_of_an_ordinary_user() {
        let path = with_system_folders("/usr/bin:/usr/sbin".as_ref()).unwrap();

        let path = path.unwrap();
        assert_eq!(path, "/usr/bin:/usr/sbin:/usr/local/sbin:/sbin");
        assert_eq!(
            with_system_folders(&path).unwrap(),
            None,
            "it starts again once"
        );
    }
}
