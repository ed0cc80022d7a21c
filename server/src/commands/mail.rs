//! `vestibule mail …`: the outbox, and a mail to try the settings out.

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use vestibule::mail::{Email, Mail, MailState, Mailer, QueuedMail};

use super::{open, public_url, say};
use crate::settings::{MailSettings, Settings};

/// Commands for mail.
#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// List the mails of the outbox, newest first: id, written at, kind, recipient, state, due or
    /// done at, tries, and the last error
    List {
        /// Only mails in this state
        #[arg(long, value_name = "STATE")]
        state: Option<State>,
    },
    /// Let the running program send all mails that wait or failed, at once
    Retry,
    /// Send a mail now, to find out whether the settings work
    Test {
        /// Mail address to send it to
        address: Email,
    },
}

/// The states of a mail.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum State {
    /// It is sent soon, or tried again later
    Waiting,
    /// The mail server has accepted it
    Sent,
    /// It is not tried again
    Failed,
}

pub(crate) async fn run(command: MailCommand, settings: &Settings) -> anyhow::Result<()> {
    match command {
        MailCommand::List { state } => list(settings, state).await,
        MailCommand::Retry => {
            let again = open(settings).await?.retry_mails().await?;
            say(format!(
                "{again} mails are due now; the running program sends them within seconds."
            ))
        }
        MailCommand::Test { address } => test(settings, address).await,
    }
}

async fn list(settings: &Settings, state: Option<State>) -> anyhow::Result<()> {
    const PAGE: u64 = 500;
    let site = open(settings).await?;
    if !site.has_mail() {
        bail!("{}", MailSettings::NO_MAIL);
    }
    let state = state.map(|state| match state {
        State::Waiting => MailState::Waiting,
        State::Sent => MailState::Sent,
        State::Failed => MailState::Failed,
    });
    let mut after: Option<String> = None;
    loop {
        let page = site.queued_mails(state, after.as_deref(), PAGE).await?;
        for mail in &page {
            say(line(mail))?;
        }
        after = match page.last() {
            Some(last) => Some(last.id.clone()),
            None => return Ok(()),
        };
    }
}

fn line(mail: &QueuedMail) -> String {
    let error = mail.last_error.as_deref().unwrap_or_default();
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        mail.id,
        mail.created_at,
        mail.kind,
        mail.to,
        mail.state.as_str(),
        mail.due_at,
        mail.tries,
        super::printable(error),
    )
}

async fn test(settings: &Settings, address: Email) -> anyhow::Result<()> {
    let mailer = settings.mailer(&public_url(settings)?)?;
    let mailer = mailer.context(MailSettings::NO_MAIL)?;
    let site = &settings.pages.site_name;
    let subject = format!("Test mail from {site}");
    let text = format!("{site} can send mail. An operator sent this mail to find that out.\n");
    let mail = Mail::new(address.clone(), &subject, text);
    let sent = mailer.send(mail).await;
    sent.with_context(|| format!("the mail to {address} was not sent"))?;
    say(format!("Done: {mailer} accepted the mail to {address}."))
}
