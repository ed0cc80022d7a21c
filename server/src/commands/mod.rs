//! The commands of the operator, except serving.

pub(crate) mod doctor;
pub(crate) mod password;
pub(crate) mod role;
pub(crate) mod routes;
pub(crate) mod secret_key;
pub(crate) mod session;
pub(crate) mod throttle;
pub(crate) mod user;

use std::fmt::Display;
use std::io::Write;

use anyhow::{Context, bail};
use vestibule::access::RoleName;
use vestibule::accounts::{Account, Actor, Administration, ChangeOutcome};
use vestibule::flows::Site;

use crate::settings::{ListenAddress, Settings};

/// Opens the site for a command that does not serve it.
async fn open(settings: &Settings) -> anyhow::Result<Site> {
    // A password may not consist of words of this address's host. No link or redirect uses it.
    let public_url = match settings.serving.public_url()? {
        Some(public_url) => public_url,
        None => match &settings.serving.listen {
            ListenAddress::Tcp(address) => format!("https://{address}").parse()?,
            ListenAddress::Unix(_) => "https://localhost".parse()?,
        },
    };
    settings.open_site(public_url).await
}

/// Changes by the operator at the command line.
fn operator(site: &Site) -> Administration<'_> {
    site.accounts().by(Actor::operator())
}

/// Finds the user with this name. The error suggests the name that was probably meant.
async fn find(site: &Site, name: &str) -> anyhow::Result<Account> {
    let accounts = site.accounts();
    if let Some(account) = accounts.find(name).await? {
        return Ok(account);
    }
    match accounts.nearest_username(name).await? {
        Some(nearest) => bail!("there is no user {name}; did you mean {nearest}?"),
        None => bail!("there is no user {name}; `vestibule user list` shows all users"),
    }
}

/// Parses the name of a role.
fn role_name(name: &str) -> anyhow::Result<RoleName> {
    name.parse()
        .with_context(|| format!("`{name}` cannot be the name of a role"))
}

/// Prints `done`, or fails with the reason why the change was not made.
fn report(change: &ChangeOutcome, done: impl Display) -> anyhow::Result<()> {
    match change {
        ChangeOutcome::Done => say(done),
        ChangeOutcome::AlreadySo => say(change),
        ChangeOutcome::NoSuchRole(None) => {
            bail!("{change} `vestibule role list` shows all roles.")
        }
        refused => bail!("{refused}"),
    }
}

fn say(line: impl Display) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        // The reader has closed the pipe, as `| head` does.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}
