//! `vestibule session …`: the sessions of a user.

use clap::Subcommand;

use super::{find, open, operator, say, tell};
use crate::settings::Settings;

/// What can be done with sessions. What is ended is refused from the next request on.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List a user's sessions, the last seen first: id, last seen, since, address, browser
    List { name: String },
    /// End one session of a user, by its id, and forget its browser
    Revoke { name: String, session: String },
    /// End all sessions of a user, and forget their browsers
    RevokeAll { name: String },
}

pub(crate) async fn run(command: SessionCommand, settings: &Settings) -> anyhow::Result<()> {
    let site = open(settings).await?;
    match command {
        SessionCommand::List { name } => {
            let account = find(&site, &name).await?;
            for session in site.accounts().sessions(&account).await? {
                let address = session.address.map(|address| address.to_string());
                let browser = session.user_agent.filter(|text| !text.is_empty());
                say(format!(
                    "{}\t{}\t{}\t{}\t{}",
                    session.public_id,
                    session.last_seen_at,
                    session.created_at,
                    address.as_deref().unwrap_or("unknown"),
                    browser.as_deref().map_or("unknown".to_owned(), printable),
                ))?;
            }
            Ok(())
        }
        SessionCommand::Revoke { name, session } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).end_session(&account.id, &session).await?;
            tell(change, format!("The session {session} is ended."), "")
        }
        SessionCommand::RevokeAll { name } => {
            let account = find(&site, &name).await?;
            let change = operator(&site).end_sessions(&account.id).await?;
            let done = format!("All sessions of {} are ended.", account.username);
            tell(change, done, "")
        }
    }
}

/// What a browser wrote, without what would move the cursor of a terminal.
fn printable(text: &str) -> String {
    let printable = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(printable).collect()
}
