//! The Python with Flask-Login that the tests compare with.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::{packages, run, target_folder};

/// Installs what `requirements.txt` names, where that is not there yet.
pub(crate) fn install() -> anyhow::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let requirements = workspace.join("vestibule/tests/flask_login/requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    let folder = target_folder()?.join("flask-login");
    let installed = folder.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    packages::install_python_venv()?;
    let mut venv = Command::new("python3");
    run(venv.args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    run(pip.arg(&requirements)).context("tests compare with Flask-Login, which pip installs")?;
    // Written last, so that half an installation is begun again.
    Ok(fs::write(installed, wanted)?)
}
