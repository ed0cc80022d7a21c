//! What tests and benchmarks need of Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::{packages, run, target_folder};

/// Installs what the file `requirements` of this repository names, where that is not there yet.
/// Returns the virtual environment, which is called `name`. `options` are pip's.
pub(crate) fn install(name: &str, requirements: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let requirements = workspace.join(requirements);
    let wanted = fs::read_to_string(&requirements)?;
    let folder = target_folder()?.join(name);
    let installed = folder.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    if !packages::has_python_venv() {
        packages::install(&["python3-venv"])?;
    }
    let mut venv = Command::new("python3");
    run(venv.args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet"]).args(options);
    run(pip.arg("--requirement").arg(&requirements))
        .with_context(|| format!("pip installs no {name}"))?;
    // Written last, so that half an installation is begun again.
    fs::write(installed, wanted)?;
    Ok(folder)
}
