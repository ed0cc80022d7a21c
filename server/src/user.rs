//! `vestibule user …`: users by the operator's hand.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use clap::Subcommand;
use vestibule::accounts::{Account, Registration, Username};
use vestibule::crypto::secret::Secret;
use vestibule::flows::Site;

use crate::settings::Settings;

/// What can be done with users. Passwords are asked for without echo, or read as one line from
/// standard input; never taken from the command line, which other users of the machine can see.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user; asks for the password, or reads it from standard input
    Add { name: String },
    /// List all users: name, state
    List,
    /// Give a user a new password and end all their sessions
    SetPassword { name: String },
    /// Shut a user's account and end all their sessions
    Disable { name: String },
    /// Open a user's account again
    Enable { name: String },
}

pub(crate) async fn run(command: UserCommand, settings: &Settings) -> anyhow::Result<()> {
    // Nobody is sent there by a command; any address will do.
    let nowhere = "https://vestibule.invalid".parse()?;
    let site = settings.open_site(nowhere).await?;
    let accounts = site.accounts();
    match command {
        UserCommand::Add { name } => add(&site, &name).await,
        UserCommand::List => list(&site).await,
        UserCommand::SetPassword { name } => {
            let account = find(&site, &name).await?;
            let password = ask_password(&site, &account.username)?;
            accounts.set_password(&account.id, &password).await?;
            say(&format!(
                "{} has a new password; all sessions are ended.",
                account.username
            ))
        }
        UserCommand::Disable { name } => {
            let account = find(&site, &name).await?;
            accounts.set_disabled(&account.id, true).await?;
            say(&format!(
                "{} is disabled; all sessions are ended.",
                account.username
            ))
        }
        UserCommand::Enable { name } => {
            let account = find(&site, &name).await?;
            accounts.set_disabled(&account.id, false).await?;
            say(&format!("{} is enabled.", account.username))
        }
    }
}

async fn add(site: &Site, name: &str) -> anyhow::Result<()> {
    let username: Username = name.parse()?;
    if site.accounts().find(&username).await?.is_some() {
        bail!("the username {name} is taken");
    }
    let password = ask_password(site, name)?;
    match site.accounts().register(&username, &password).await? {
        Registration::Registered(account) => say(&format!("{} is added.", account.username)),
        Registration::NameTaken => bail!("the username {name} is taken"),
    }
}

async fn list(site: &Site) -> anyhow::Result<()> {
    const PAGE: u64 = 500;
    let mut after: Option<Username> = None;
    loop {
        let page = site.accounts().list(after.as_ref(), PAGE).await?;
        for account in &page {
            let state = if account.is_disabled {
                "disabled"
            } else {
                "active"
            };
            say(&format!("{}\t{state}", account.username))?;
        }
        after = match page.last() {
            Some(last) => Some(last.username.parse()?),
            None => return Ok(()),
        };
    }
}

async fn find(site: &Site, name: &str) -> anyhow::Result<Account> {
    let found = match name.parse::<Username>() {
        Ok(username) => site.accounts().find(&username).await?,
        Err(_) => None,
    };
    found.with_context(|| {
        format!("there is no user {name}; `vestibule user list` shows all there are")
    })
}

/// Asks twice at a terminal; reads one line where standard input is something else.
fn ask_password(site: &Site, name: &str) -> anyhow::Result<Secret> {
    let password = if std::io::stdin().is_terminal() {
        let first = Secret::from(rpassword::prompt_password("Password: ")?);
        let again = Secret::from(rpassword::prompt_password("Once more: ")?);
        if first.expose() != again.expose() {
            bail!("the two passwords differ; nothing was changed");
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Secret::from(line.trim_end_matches(['\r', '\n']))
    };
    if let Some(objection) = site.password_policy().objection(&password, &[name]) {
        bail!("{objection}");
    }
    Ok(password)
}

fn say(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        // Whoever reads has seen enough, as with `| head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => Ok(result?),
    }
}
