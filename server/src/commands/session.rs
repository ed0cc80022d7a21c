//! `vestibule session …`: the sessions of a user, and those that have expired.

use anyhow::bail;
use clap::Subcommand;
use vestibule::Session;
use vestibule::accounts::ChangeOutcome;
use vestibule::flows::Site;

use super::{find, open, operator, printable, report, say};
use crate::settings::Settings;

/// Commands for sessions. A running program rejects an ended session within 2 seconds.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List a user's sessions, most recently used first: id, last use, log-in, address, browser,
    /// and the credentials shown at the log-in
    List {
        /// Username or mail address
        name: String,
    },
    /// End one session of a user, and its "remember me"
    Revoke {
        /// Username or mail address
        name: String,
        /// Id of the session, from `vestibule session list`
        session: String,
    },
    /// End all sessions of a user, and every "remember me"
    RevokeAll {
        /// Username or mail address
        name: String,
    },
    /// End all sessions of all users, and every "remember me": after a theft, or after a restored
    /// backup, which brings back ended sessions
    RevokeEveryone,
    /// Delete expired sessions. A running program does this by itself
    Sweep,
}

pub(crate) async fn run(command: SessionCommand, settings: &Settings) -> anyhow::Result<()> {
    let site = open(settings).await?;
    match command {
        SessionCommand::List { name } => {
            let account = find(&site, &name).await?;
            let mut after = None;
            loop {
                let sessions = site.accounts();
                let sessions = sessions.sessions(&account, after.as_deref(), PAGE).await?;
                for session in &sessions {
                    say(line(session))?;
                }
                match sessions.last() {
                    Some(last) if sessions.len() == PAGE => after = Some(last.public_id.clone()),
                    _ => return Ok(()),
                }
            }
        }
        SessionCommand::Revoke { name, session } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).end_session(&account.id, &session).await?;
            if change == ChangeOutcome::NoSuchSession {
                let name = account.name();
                bail!("{change} `vestibule session list {name}` shows all sessions.");
            }
            report(&change, format!("The session {session} is ended."))
        }
        SessionCommand::RevokeAll { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).end_sessions(&account.id).await?;
            let done = format!("All sessions of {} are ended.", account.name());
            report(&change, done)
        }
        SessionCommand::RevokeEveryone => {
            let ended = revoke_everyone(&site).await?;
            say(format!("All sessions of {ended} users are ended."))
        }
        SessionCommand::Sweep => {
            let swept = operator(&site).sweep_sessions().await?;
            say(format!(
                "{swept} expired sessions and remembered logins are removed."
            ))
        }
    }
}

/// How many sessions or users to read at a time.
const PAGE: usize = 500;

/// Ends all sessions of each user. Returns the number of users.
async fn revoke_everyone(site: &Site) -> anyhow::Result<u64> {
    let (mut ended, mut after) = (0, None);
    loop {
        let accounts = site.accounts().list(after.as_deref(), PAGE as u64).await?;
        for account in &accounts {
            // A user who has been deleted meanwhile has no sessions.
            if operator(site).end_sessions(&account.id).await? == ChangeOutcome::Done {
                ended += 1;
            }
        }
        match accounts.last() {
            Some(last) => after = Some(last.canonical_username.clone()),
            None => return Ok(ended),
        }
    }
}

fn line(session: &Session) -> String {
    let address = session.address.map(|address| address.to_string());
    let browser = session.user_agent.as_deref();
    let browser = browser.filter(|text| !text.is_empty());
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}",
        session.public_id,
        session.last_seen_at,
        session.created_at,
        address.as_deref().unwrap_or("unknown"),
        browser.map_or("unknown".to_owned(), printable),
        session.methods,
    )
}
