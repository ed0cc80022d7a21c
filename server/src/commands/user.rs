//! `vestibule user …`: the operator's commands for users.

mod factors;
mod invitations;

use std::io::{BufRead, IsTerminal, Write};

use anyhow::bail;
use clap::Subcommand;
use vestibule::accounts::{Account, Actor, ChangeOutcome};
use vestibule::credentials::Username;
use vestibule::crypto::secret::Secret;
use vestibule::flows::Site;

use super::{find, open, operator, report, role_name, say};
use crate::settings::Settings;

/// Commands for users. They ask for passwords without echo, or read one line from standard input.
/// They never take passwords from the command line, which other users of the machine can see.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user. Asks for the password, or reads it from standard input
    Add {
        /// Username, 3 to 64 letters and digits
        name: String,
    },
    /// List all users with state and roles
    List,
    /// Give a user a new password and end all their sessions. Forgets their wrong passwords. Where
    /// there is mail, send-reset-link is better: nobody but the user knows the password then
    SetPassword {
        /// Username or mail address
        name: String,
        /// Require the user to choose another one at the next log-in
        #[arg(long)]
        must_change: bool,
    },
    /// Send a user a link to choose a new password, to their mail address
    SendResetLink {
        /// Username or mail address
        name: String,
    },
    /// Mark a user's mail address as verified, without a mail
    VerifyEmail {
        /// Username or mail address
        name: String,
    },
    /// Approve an account that waits for it; its user can log in
    Approve {
        /// Username or mail address
        name: String,
    },
    /// Reject an account that waits for approval, and delete it
    Reject {
        /// Username or mail address
        name: String,
    },
    /// Invite somebody to create an account, by a mail with a link that works for a week
    Invite {
        /// Mail address
        address: String,
        /// Role that the new account gets
        #[arg(long)]
        role: Option<String>,
    },
    /// List all invitations, newest first: id, address, state, role, sender, end
    Invitations,
    /// Send an invitation again, with a new link
    ResendInvitation {
        /// Mail address, or id of the invitation
        invitation: String,
    },
    /// Revoke an invitation; its link no longer works
    RevokeInvitation {
        /// Mail address, or id of the invitation
        invitation: String,
    },
    /// Require a user to choose another password before they can do anything else
    DemandNewPassword {
        /// Username or mail address
        name: String,
    },
    /// Disable an account and end all its sessions
    Disable {
        /// Username or mail address
        name: String,
    },
    /// Enable an account again
    Enable {
        /// Username or mail address
        name: String,
    },
    /// Give a user a role. With the role `admin` they can use the pages below /admin
    Grant {
        /// Username or mail address
        name: String,
        /// Name of the role
        role: String,
    },
    /// Take a role from a user. A running program applies this within 2 seconds
    Revoke {
        /// Username or mail address
        name: String,
        /// Name of the role
        role: String,
    },
    /// Show what happened to an account, newest first: log-ins, failed log-ins, changes
    Log {
        /// Username or mail address
        name: String,
        /// Number of lines
        #[arg(long, default_value_t = 50)]
        lines: u64,
    },
    /// List or remove a user's second factors
    #[command(subcommand)]
    Factors(factors::FactorsCommand),
    /// Delete an account permanently and end all its sessions
    Delete {
        /// Username or mail address
        name: String,
        /// Do not ask to type the name again
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) async fn run(command: UserCommand, settings: &Settings) -> anyhow::Result<()> {
    let site = open(settings).await?;
    match command {
        UserCommand::Add { name } => add(&site, &name).await,
        UserCommand::List => list(&site).await,
        UserCommand::SetPassword { name, must_change } => {
            let account = find(&site, &name).await?;
            let email = account.email.as_deref().unwrap_or_default();
            let password = ask_password(&site, &[account.name(), email]).await?;
            let operator = operator(&site);
            let change = match must_change {
                true => {
                    operator
                        .set_temporary_password(&account.id, &password)
                        .await?
                }
                false => operator.set_password(&account.id, &password).await?,
            };
            if change == ChangeOutcome::Done {
                // Wrong tries at the old password must not count against the new one.
                let credentials = site.credentials();
                credentials.clear_throttle(account.name()).await?;
            }
            let then = match must_change {
                true => ", and must choose another one at the next log-in",
                false => "",
            };
            let name = account.name();
            let done = format!("{name} has a new password{then}; all sessions are ended.");
            report(&change, done)
        }
        UserCommand::SendResetLink { name } => {
            needs_mail(&site)?;
            let account = find(&site, &name).await?;
            let change = site.send_reset_link(Actor::operator(), &account.id).await?;
            let done = format!(
                "A link for a new password is on its way to the mail address of {}.",
                account.name()
            );
            report(&change, done)
        }
        UserCommand::VerifyEmail { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).verify_email(&account.id).await?;
            let email = account.email.as_deref().unwrap_or_default();
            let done = format!("{email} is verified as the address of {}.", account.name());
            report(&change, done)
        }
        UserCommand::Approve { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).approve(&account.id).await?;
            report(&change, format!("{} is approved.", account.name()))
        }
        UserCommand::Reject { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).reject(&account.id).await?;
            let done = format!("{} is rejected and deleted.", account.name());
            report(&change, done)
        }
        UserCommand::Invite { address, role } => {
            invitations::invite(&site, &address, role.as_deref()).await
        }
        UserCommand::Invitations => invitations::list(&site).await,
        UserCommand::ResendInvitation { invitation } => {
            invitations::resend(&site, &invitation).await
        }
        UserCommand::RevokeInvitation { invitation } => {
            invitations::revoke(&site, &invitation).await
        }
        UserCommand::DemandNewPassword { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).demand_new_password(&account.id).await?;
            let name = account.name();
            let done = format!("{name} must choose another password before anything else.");
            report(&change, done)
        }
        UserCommand::Disable { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).disable(&account.id).await?;
            let done = format!("{} is disabled; all sessions are ended.", account.name());
            report(&change, done)?;
            warn_without_admin(&site).await
        }
        UserCommand::Enable { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).enable(&account.id).await?;
            report(&change, format!("{} is enabled.", account.name()))
        }
        UserCommand::Grant { name, role } => {
            let account = find(&site, &name).await?;
            let change = operator(&site)
                .grant_role(&account.id, &role_name(&role)?)
                .await?;
            report(
                &change,
                format!(
                    "{} has the role {role}, and is logged out everywhere.",
                    account.name()
                ),
            )
        }
        UserCommand::Revoke { name, role } => {
            let account = find(&site, &name).await?;
            let change = operator(&site)
                .revoke_role(&account.id, &role_name(&role)?)
                .await?;
            let done = format!("{} no longer has the role {role}.", account.name());
            report(&change, done)?;
            warn_without_admin(&site).await
        }
        UserCommand::Factors(command) => factors::run(command, &site).await,
        UserCommand::Log { name, lines } => log(&site, &name, lines).await,
        UserCommand::Delete { name, yes } => delete(&site, &name, yes).await,
    }
}

async fn log(site: &Site, name: &str, lines: u64) -> anyhow::Result<()> {
    let account = find(site, name).await?;
    let found = site.accounts().security_log(Some(&account.id), None, lines);
    for line in found.await? {
        let times = match line.times {
            1 => String::new(),
            times => format!("{times} times"),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        say(format!(
            "{}\t{}\t{}\t{times}\t{}\t{}\t{}",
            line.at,
            line.action,
            text(&line.detail),
            line.actor,
            text(&line.address),
            text(&line.browser),
        ))?;
    }
    Ok(())
}

async fn delete(site: &Site, name: &str, yes: bool) -> anyhow::Result<()> {
    let account = find(site, name).await?;
    let username = account.name();
    if !yes {
        let asked = format!("To delete {username} permanently, type the name again:");
        writeln!(std::io::stderr(), "{asked}")?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        if line.trim() != username {
            bail!("the name did not match {username}; nothing was deleted");
        }
    }
    let change = operator(site).delete(&account.id).await?;
    if change == ChangeOutcome::Done {
        site.credentials().forget(&account.id).await?;
    }
    report(
        &change,
        format!("{username} is deleted; all sessions are ended."),
    )?;
    warn_without_admin(site).await
}

/// Warns if no user is left who can use the admin pages.
async fn warn_without_admin(site: &Site) -> anyhow::Result<()> {
    if site.accounts().has_active_admin().await? {
        return Ok(());
    }
    say(
        "Nobody can use the pages below /admin now; `vestibule user grant NAME admin` changes that.",
    )
}

async fn add(site: &Site, name: &str) -> anyhow::Result<()> {
    let username: Username = name.parse()?;
    if site.accounts().find(username.as_str()).await?.is_some() {
        bail!("the username {name} is taken");
    }
    let password = ask_password(site, &[name]).await?;
    let change = operator(site).add(&username, &password).await?;
    if change == ChangeOutcome::NameTaken {
        bail!("the username {name} is taken, or looks like one that is");
    }
    report(&change, format!("{} is added.", username.as_str()))
}

async fn list(site: &Site) -> anyhow::Result<()> {
    const PAGE: u64 = 500;
    let mut after: Option<String> = None;
    loop {
        let page = site.accounts().list(after.as_deref(), PAGE).await?;
        for account in &page {
            let state = state(account);
            let roles = account.rights.roles().join(",");
            say(format!("{}\t{state}\t{roles}", account.name()))?;
        }
        after = match page.last() {
            Some(last) => Some(last.canonical_username.clone()),
            None => return Ok(()),
        };
    }
}

/// The state of an account, in words.
fn state(account: &Account) -> &'static str {
    match (account.is_disabled, account.must_change_password) {
        (true, true) => "disabled, must change password",
        (true, false) => "disabled",
        (false, _) if account.closes_at.is_some() => "closed",
        (false, _) if account.awaits_approval => "awaits approval",
        (false, true) => "must change password",
        (false, false) => "active",
    }
}

/// Fails if the site sends no mail.
fn needs_mail(site: &Site) -> anyhow::Result<()> {
    match site.has_mail() {
        true => Ok(()),
        false => bail!("this site sends no mail; set --smtp-url or --mail-folder"),
    }
}

/// Asks twice at a terminal; otherwise reads one line from standard input. `words` belong to the
/// account.
async fn ask_password(site: &Site, words: &[&str]) -> anyhow::Result<Secret> {
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
    if let Some(objection) = site.password_policy().review(&password, words).await {
        bail!("{objection}");
    }
    Ok(password)
}
