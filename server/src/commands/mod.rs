//! The commands of the operator, except serving.

pub(crate) mod doctor;
pub(crate) mod mail;
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
use vestibule::web::PublicUrl;

use crate::settings::Settings;

/// Opens the site for a command that does not serve it.
async fn open(settings: &Settings) -> anyhow::Result<Site> {
    settings.open_site_for_command(public_url(settings)?).await
}

/// The address of the site that the program serves with these settings. Links in mails have it, and
/// a password may not consist of words of its host.
fn public_url(settings: &Settings) -> anyhow::Result<PublicUrl> {
    let serving = &settings.serving;
    if let Some(public_url) = serving.public_url()? {
        return Ok(public_url);
    }
    // Without a public URL the program serves only browsers on this machine.
    let local = serving.public_url_at(&serving.listen);
    Ok(local.or_else(|_| "https://localhost".parse())?)
}

/// Changes by the operator at the command line.
fn operator(site: &Site) -> Administration<'_> {
    site.accounts().by(Actor::operator())
}

/// Finds the user with this name or mail address. The error suggests the name that was probably meant.
async fn find(site: &Site, name: &str) -> anyhow::Result<Account> {
    let accounts = site.accounts();
    if let Some(account) = accounts.find_by_name_or_email(name).await? {
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
        ChangeOutcome::AlreadySo | ChangeOutcome::Planned(_) => say(change),
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

/// A text that a browser or a mail server sent, without characters that break the line, move a terminal's cursor or
/// reverse its text (the bidirectional controls of Unicode's UAX 9).
fn printable(text: &str) -> String {
    let is_bidirectional = |c: char| matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let printable = |c: char| match c.is_control() || is_bidirectional(c) {
        true => char::REPLACEMENT_CHARACTER,
        false => c,
    };
    text.chars().map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_a_browser_wrote_does_not_move_the_cursor() {
        assert_eq!(printable("Firefox 佐藤"), "Firefox 佐藤");
        let evil = "a\u{1b}[2Jb\u{9b}Hc\td\u{202e}e\r\n";
        assert_eq!(
            printable(evil),
            "a\u{fffd}[2Jb\u{fffd}Hc\u{fffd}d\u{fffd}e\u{fffd}\u{fffd}"
        );
    }
}
